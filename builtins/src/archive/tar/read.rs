//! Opens an archive, and writes lists of what is in it.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use tar::{Entry, EntryType};

use super::options::Options;
use super::{Run, fatal, names};
use crate::archive::bytes::{Reading, of_stream};
use crate::files::letters;
use crate::prelude::*;
use crate::time::{Moment, format as format_time};

/// An archive being read, expanded if it is compressed.
pub(super) enum Source {
    Plain(Reading),
    Gzip(Box<MultiGzDecoder<Reading>>),
}

impl Source {
    /// How many bytes of the archive were taken, compressed as they are.
    pub fn taken(&self) -> u64 {
        match self {
            Self::Plain(reading) => reading.taken,
            Self::Gzip(decoder) => decoder.get_ref().taken,
        }
    }
}

impl Source {
    /// Whether there is not a byte of it.
    pub fn is_empty(&mut self) -> FsResult<bool> {
        match self {
            Self::Plain(reading) => Ok(reading.peek(1)?.is_empty()),
            Self::Gzip(_) => Ok(false),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reading) => reading.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
        }
    }
}

pub(super) fn open(ctx: &mut Context<'_>, options: &Options) -> Result<Source, CommandError> {
    let input = match options.archive.as_slice() {
        b"-" => {
            let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
            std::mem::replace(&mut ctx.stdin, again)
        }
        name => ctx.open(name).map_err(|error| cannot_open(name, &error))?,
    };
    let mut reading = Reading::new(input);
    let head = reading.peek(6)?.to_vec();
    if head.starts_with(b"\x1f\x8b") {
        return Ok(Source::Gzip(Box::new(MultiGzDecoder::new(reading))));
    }
    if options.gzip {
        ctx.stderr.put(b"\ngzip: stdin: not in gzip format\n")?;
        return Err(fatal("Child returned status 1"));
    }
    for (magic, name) in
        [(&b"BZh"[..], "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd")]
    {
        if head.starts_with(magic) {
            return Err(fatal(format!("{name}: this compression is not available here")));
        }
    }
    Ok(Source::Plain(reading))
}

pub(super) fn cannot_open(name: &[u8], error: &FsError) -> CommandError {
    fatal(format!("{}: Cannot open: {error}", name.as_bstr()))
}

/// Why an archive cannot be read on; `first` if nothing of it was.
pub(super) fn fault(
    ctx: &mut Context<'_>,
    run: &mut Run,
    error: &io::Error,
    first: bool,
) -> Result<(), CommandError> {
    if let Some(error) = of_stream(error) {
        return Err(error);
    }
    let text = error.to_string();
    let ends = ["EOF", "failed to read entire block", "unexpected end"];
    let cut =
        error.kind() == io::ErrorKind::UnexpectedEof || ends.iter().any(|word| text.contains(word));
    if text.contains("gzip") || text.contains("deflate") {
        ctx.stderr.put(b"\ngzip: stdin: invalid compressed data--format violated\n")?;
        return Err(fatal("Child returned status 1"));
    }
    if first {
        run.complain(ctx, "This does not look like a tar archive")?;
        // A whole block was passed over.
        return if cut { Ok(()) } else { run.complain(ctx, "Skipping to next header") };
    }
    if cut {
        return Err(fatal("Unexpected EOF in archive"));
    }
    run.complain(ctx, "Skipping to next header")
}

/// One line of a list, long with `-tv`, `-cvv` and `-xvv`.
pub(super) struct Line<'a> {
    pub name: &'a [u8],
    pub kind: EntryType,
    pub mode: u32,
    pub user: BString,
    pub group: BString,
    pub size: u64,
    pub mtime_s: i64,
    pub link: Option<&'a [u8]>,
}

impl Run {
    pub fn list_line(&mut self, line: &Line<'_>, long: bool) -> Vec<u8> {
        let mut out = Vec::new();
        if !long {
            out.extend(names::shown(line.name));
            out.push(b'\n');
            return out;
        }
        let letter = match line.kind {
            EntryType::Directory => 'd',
            EntryType::Symlink => 'l',
            EntryType::Link => 'h',
            EntryType::Char => 'c',
            EntryType::Block => 'b',
            EntryType::Fifo => 'p',
            _ => '-',
        };
        let owner = format!("{}/{}", line.user, line.group);
        let size = line.size.to_string();
        let width = owner.chars().count() + 1 + size.len();
        self.width = self.width.max(width);
        let gap = self.width - width + size.len();
        out.extend_from_slice(
            format!("{letter}{} {owner} {size:>gap$} ", letters(line.mode)).as_bytes(),
        );
        if let Some(moment) =
            Moment::new(line.mtime_s.saturating_mul(1_000_000_000), &self.options.zone)
        {
            let layout: &[u8] =
                if self.options.full_time { b"%Y-%m-%d %H:%M:%S" } else { b"%Y-%m-%d %H:%M" };
            format_time(layout, &moment, &mut out);
        }
        out.push(b' ');
        out.extend(names::shown(line.name));
        if let Some(link) = line.link {
            let arrow: &[u8] = if line.kind == EntryType::Link { b" link to " } else { b" -> " };
            out.extend_from_slice(arrow);
            out.extend(names::shown(link));
        }
        out.push(b'\n');
        out
    }

    /// The line of a member of an archive.
    pub fn line_of<R: Read>(&mut self, entry: &Entry<'_, R>, name: &[u8], long: bool) -> Vec<u8> {
        let header = entry.header();
        let text = |name: Option<&[u8]>, id: Option<u64>| -> BString {
            match name.filter(|name| !name.is_empty() && !self.options.numeric) {
                Some(name) => name.into(),
                None => id.unwrap_or(0).to_string().into(),
            }
        };
        let user = text(header.username_bytes(), header.uid().ok());
        let group = text(header.groupname_bytes(), header.gid().ok());
        let link = entry.link_name_bytes();
        let kind = header.entry_type();
        let line = Line {
            name,
            kind,
            mode: header.mode().unwrap_or(0) & 0o7777,
            user,
            group,
            size: if kind.is_hard_link() { 0 } else { entry.size() },
            mtime_s: header.mtime().ok().and_then(|s| i64::try_from(s).ok()).unwrap_or(0),
            link: link.as_deref().filter(|_| kind.is_symlink() || kind.is_hard_link()),
        };
        self.list_line(&line, long)
    }
}
