//! `-c`, `-r` and `-u`.

use std::collections::HashMap;
use std::io::{self, Write};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use mesafs::filesystem::SeekFrom;
use tar::{Archive, EntryType};

use super::layout::{Layout, sealed};
use super::options::Action;
use super::read::{Line, Source, cannot_open, fault, open};
use super::transform::Role;
use super::{BLOCK_BYTES, Run, fatal, misuse, names};
use crate::files::{group_name, user_name};
use crate::prelude::*;
use crate::stream::FileStream;
use crate::time::{Moment, format as format_time};

/// An archive's length is a multiple of so many bytes: 20 blocks.
const RECORD_BYTES: u64 = 10_240;
const PIECE_BYTES: usize = 128 << 10;

enum Sink {
    Plain(Output),
    Gzip(Box<GzEncoder<Output>>),
}

/// The archive being written.
struct Writer {
    sink: Sink,
    written: u64,
    /// The archive itself, which is not packed.
    own: Option<(u64, u64)>,
    to_stdout: bool,
    /// Files that were packed, if they may be named twice: the second is a link to the first.
    packed: Option<HashMap<(u64, u64), BString>>,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.written += bytes.len() as u64;
        match &mut self.sink {
            Sink::Plain(out) => out.put(bytes)?,
            Sink::Gzip(encoder) => encoder.write_all(bytes)?,
        }
        Ok(())
    }

    fn pad(&mut self, to: u64) -> Result<(), CommandError> {
        let rest = self.written % to;
        if rest > 0 {
            let zeros = vec![0; usize::try_from(to - rest).unwrap_or(0)];
            self.put(&zeros)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(u64, Output), CommandError> {
        self.put(&[0; 2 * BLOCK_BYTES])?;
        self.pad(RECORD_BYTES)?;
        let written = self.written;
        let mut out = match self.sink {
            Sink::Plain(out) => out,
            Sink::Gzip(encoder) => encoder.finish().map_err(io_fault)?,
        };
        out.flush()?;
        Ok((written, out))
    }
}

fn io_fault(error: io::Error) -> CommandError {
    error.into()
}

pub(super) fn create(ctx: &mut Context<'_>, run: &mut Run) -> Result<(), CommandError> {
    if run.options.members.is_empty() {
        return Err(misuse("Cowardly refusing to create an empty archive", 2));
    }
    let to_stdout = run.options.archive == "-";
    if to_stdout && ctx.stdout.is_terminal() {
        let text = "Refusing to write archive contents to terminal (missing -f option?)";
        return Err(fatal(text));
    }
    let mut own = None;
    let out = if to_stdout {
        let again = Output::standard(ctx.stdout.stream().clone(), ctx.cancel.clone());
        std::mem::replace(&mut ctx.stdout, again)
    } else {
        let out = ctx.create(&run.options.archive);
        let out = out.map_err(|error| cannot_open(&run.options.archive, &error))?;
        let stat = ctx.path(&run.options.archive).and_then(|path| ctx.fs.metadata(&path));
        own = stat.ok().map(|stat| (stat.device, stat.inode));
        out
    };
    let sink = match run.options.gzip {
        true => {
            let builder = GzBuilder::new().operating_system(3);
            Sink::Gzip(Box::new(builder.write(out, Compression::default())))
        }
        false => Sink::Plain(out),
    };
    let packed = (run.options.members.len() > 1).then(HashMap::new);
    let mut writer = Writer { sink, written: 0, own, to_stdout, packed };
    members(ctx, run, &mut writer, &HashMap::new())?;
    end(ctx, run, writer)
}

fn end(ctx: &mut Context<'_>, run: &Run, writer: Writer) -> Result<(), CommandError> {
    let (written, _) = writer.finish()?;
    if run.options.totals {
        let kib = written.div_ceil(1024);
        ctx.stderr.put(format!("Total bytes written: {written} ({kib}KiB, ?/s)\n").as_bytes())?;
    }
    Ok(())
}

/// Finds the end of an archive and writes on there.
pub(super) fn append(ctx: &mut Context<'_>, run: &mut Run) -> Result<(), CommandError> {
    if run.options.members.is_empty() {
        return Err(misuse("Cowardly refusing to create an empty archive", 2));
    }
    if run.options.archive == "-" {
        return Err(misuse("Options '-Aru' are incompatible with '-f -'", 2));
    }
    if run.options.gzip {
        return Err(misuse("Cannot update compressed archives", 2));
    }
    let path = ctx.path(&run.options.archive)?;
    if ctx.fs.metadata(&path).is_err() {
        return create(ctx, run);
    }
    let source = open(ctx, &run.options)?;
    if matches!(source, Source::Gzip(_)) {
        return Err(fatal("Cannot update compressed archives"));
    }
    let mut archive = Archive::new(source);
    let mut newest: HashMap<Vec<u8>, i64> = HashMap::new();
    let mut at = 0;
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return fault(ctx, run, &error, true),
    };
    for entry in entries {
        ctx.check()?;
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                fault(ctx, run, &error, at == 0)?;
                return Err(fatal("The archive is damaged"));
            }
        };
        let size = if entry.header().entry_type().is_file() { entry.size() } else { 0 };
        at = entry.raw_file_position() + size.next_multiple_of(BLOCK_BYTES as u64);
        let name = entry.path_bytes().into_owned();
        let mtime = entry.header().mtime().ok().and_then(|s| i64::try_from(s).ok()).unwrap_or(0);
        newest.insert(name, mtime);
    }
    drop(archive);
    let options = OpenOptions { read: true, write: true, ..OpenOptions::default() };
    let handle = ctx.fs.open(&path, &options).map_err(|e| cannot_open(&run.options.archive, &e))?;
    handle.set_len(at)?;
    handle.seek(SeekFrom::Start(at))?;
    let own = handle.metadata().ok().map(|stat| (stat.device, stat.inode));
    let out = Output::standard(std::sync::Arc::new(FileStream(handle)), ctx.cancel.clone());
    let mut writer =
        Writer { sink: Sink::Plain(out), written: at, own, to_stdout: false, packed: None };
    members(ctx, run, &mut writer, &newest)?;
    end(ctx, run, writer)
}

/// Something to pack: where it is, and the name that it has in the archive.
struct Task {
    name: BString,
    path: VPath,
}

fn members(
    ctx: &mut Context<'_>,
    run: &mut Run,
    writer: &mut Writer,
    newest: &HashMap<Vec<u8>, i64>,
) -> Result<(), CommandError> {
    let members = run.options.members.clone();
    if let Some(time) = run.options.mtime_s.filter(|_| run.options.verbose > 0)
        && let Some(typed) = &run.options.mtime_text
    {
        let mut shown = Vec::new();
        if let Some(moment) = Moment::new(time.saturating_mul(1_000_000_000), &run.options.zone) {
            format_time(b"%Y-%m-%d %H:%M:%S", &moment, &mut shown);
        }
        let shown = shown.as_bstr();
        ctx.complain(format!("Option --mtime: Treating date '{typed}' as {shown}"))?;
    }
    let mut packed = Vec::new();
    for member in members {
        let path = member.folder.join(&member.name)?;
        let mut pending = vec![Task { name: member.name.clone(), path }];
        while let Some(task) = pending.pop() {
            ctx.check()?;
            if names::is_excluded(&run.options, &task.name) {
                continue;
            }
            if let Some(inner) = pack(ctx, run, writer, &task, newest)? {
                pending.extend(inner.into_iter().rev());
            }
            packed.push(task.path);
        }
    }
    if run.options.remove {
        for path in packed.iter().rev() {
            if let Err(error) = ctx.fs.remove(path, false) {
                run.complain(ctx, format!("{path}: Cannot unlink: {error}"))?;
            }
        }
    }
    Ok(())
}

/// Packs one file; what is in a folder is handed back.
fn pack(
    ctx: &mut Context<'_>,
    run: &mut Run,
    writer: &mut Writer,
    task: &Task,
    newest: &HashMap<Vec<u8>, i64>,
) -> Result<Option<Vec<Task>>, CommandError> {
    let name = run.safe_name(ctx, &task.name, "member names")?;
    let mut shown = name.clone();
    let mut name = run.transformed(ctx, name, Role::Member);
    let stat = match run.options.dereference {
        true => ctx.fs.metadata(&task.path),
        false => ctx.fs.symlink_metadata(&task.path),
    };
    let stat = match stat {
        Ok(stat) => stat,
        Err(error) => {
            run.complain(ctx, format!("{}: Cannot stat: {error}", task.name))?;
            return Ok(None);
        }
    };
    if writer.own == Some((stat.device, stat.inode)) {
        ctx.stdout.flush()?;
        ctx.complain_bytes(&[task.name.as_slice(), b": file is the archive; not dumped"].concat())?;
        return Ok(None);
    }
    if stat.is_directory() {
        for name in [&mut name, &mut shown] {
            if !name.ends_with(b"/") {
                name.push(b'/');
            }
        }
    }
    if run.options.show_transformed {
        shown.clone_from(&name);
    }
    let mtime_s = stat.mtime_ns.div_euclid(1_000_000_000);
    let old = newest.get(name.as_slice()).copied();
    let fresh = run.options.action != Action::Update || old.is_none_or(|old| mtime_s > old);
    if fresh {
        write_member(ctx, run, writer, task, [&name, &shown], &stat)?;
    }
    if !stat.is_directory() || !(run.options.recursion) {
        return Ok(None);
    }
    let entries = match ctx.fs.read_dir(&task.path) {
        Ok(entries) => entries,
        Err(error) => {
            run.complain(ctx, format!("{}: Cannot open: {error}", task.name))?;
            return Ok(None);
        }
    };
    let base = task.name.strip_suffix(b"/").filter(|name| !name.is_empty()).unwrap_or(&task.name);
    let slash: &[u8] = if base.ends_with(b"/") { b"" } else { b"/" };
    let inner = entries.into_iter().map(|entry| {
        let name = BString::from([base, slash, &entry.name].concat());
        Ok(Task { path: task.path.join(&entry.name)?, name })
    });
    Ok(Some(inner.collect::<FsResult<Vec<_>>>()?))
}

fn write_member(
    ctx: &mut Context<'_>,
    run: &mut Run,
    writer: &mut Writer,
    task: &Task,
    [name, shown]: [&BString; 2],
    stat: &FsStat,
) -> Result<(), CommandError> {
    let kind = match stat.kind {
        FileKind::Directory => EntryType::Directory,
        FileKind::Symlink => EntryType::Symlink,
        FileKind::File => EntryType::Regular,
        FileKind::CharDevice | FileKind::Pipe => {
            ctx.stdout.flush()?;
            let text = format!("{}: Unknown file type; file ignored", task.name);
            return run.complain(ctx, text);
        }
    };
    let mut link = match kind {
        EntryType::Symlink => {
            let target = ctx.fs.read_link(&task.path)?;
            Some(run.transformed(ctx, target, Role::SymbolicTarget))
        }
        _ => None,
    };
    let mut kind = kind;
    if let Some(packed) = writer.packed.as_mut().filter(|_| kind == EntryType::Regular) {
        match packed.get(&(stat.device, stat.inode)) {
            Some(first) => {
                kind = EntryType::Link;
                link = Some(first.clone());
            }
            None => drop(packed.insert((stat.device, stat.inode), name.clone())),
        }
    }
    let target = link.as_ref().map(|link| link.as_slice());
    if let Some((name, reason)) = run.options.layout.refuses(name, target) {
        return run.complain(ctx, format!("{name}: {reason}; not dumped"));
    }
    // The file is opened first: its size is the one that is written.
    let handle = match kind {
        EntryType::Regular => match ctx.fs.open(&task.path, &OpenOptions::reading()) {
            Ok(handle) => Some(handle),
            Err(error) => return run.complain(ctx, format!("{}: Cannot open: {error}", task.name)),
        },
        _ => None,
    };
    let size = match &handle {
        Some(handle) => handle.metadata()?.size,
        None => 0,
    };
    let options = &run.options;
    let uid = ctx.identity.uid;
    let user = options.owner.clone().unwrap_or_else(|| user_name(ctx, uid));
    let group = options.group.clone().unwrap_or_else(|| group_name(ctx, ctx.identity.gid));
    let mtime_s = options.mtime_s.unwrap_or(stat.mtime_ns.div_euclid(1_000_000_000));
    if options.verbose > 0 {
        let long = options.verbose > 1;
        let owner = |name: &BString, id: u32| match options.numeric {
            true => id.to_string().into(),
            false => name.clone(),
        };
        let line = Line {
            name: shown,
            kind,
            mode: stat.mode,
            user: owner(&user, id(&user, uid)),
            group: owner(&group, id(&group, ctx.identity.gid)),
            size,
            mtime_s,
            link: link.as_ref().map(|link| link.as_slice()),
        };
        let line = run.list_line(&line, long);
        let out = if writer.to_stdout { &mut ctx.stderr } else { &mut ctx.stdout };
        out.put(&line)?;
    }
    let layout = run.options.layout;
    let mut header = layout.header();
    if layout == Layout::Ustar {
        // GNU fills these in this format only.
        let _ = header.set_device_major(0).and_then(|()| header.set_device_minor(0));
    }
    header.set_mode(stat.mode);
    header.set_uid(u64::from(id(&user, uid)));
    header.set_gid(u64::from(id(&group, ctx.identity.gid)));
    header.set_size(size);
    header.set_mtime(u64::try_from(mtime_s).unwrap_or(0));
    header.set_entry_type(kind);
    if !run.options.numeric && layout != Layout::V7 {
        // Names that are too long are left out; the numbers stay.
        let _ = header.set_username(&user.to_str_lossy());
        let _ = header.set_groupname(&group.to_str_lossy());
    }
    let mtime_ns = match run.options.mtime_s {
        Some(seconds) => seconds.saturating_mul(1_000_000_000),
        None => stat.mtime_ns,
    };
    let target = link.as_ref().map(|link| link.as_slice());
    writer.put(&layout.before(name, target, mtime_ns, stat.mode))?;
    if let Some(link) = &link {
        let len = link.len().min(100);
        let field = &mut header.as_old_mut().linkname;
        field.iter_mut().zip(link.iter().take(len)).for_each(|(to, from)| *to = *from);
    }
    layout.set_name(&mut header, name);
    writer.put(&sealed(header))?;
    let Some(handle) = handle else { return Ok(()) };
    let mut left = size;
    while left > 0 {
        ctx.check()?;
        let want = usize::try_from(left).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let piece = handle.read(want)?;
        if piece.is_empty() {
            // It was cut meanwhile: zeros stand for what is gone.
            let text = format!("{}: File shrank by {left} bytes; padding with zeros", task.name);
            run.complain(ctx, text)?;
            let zeros = vec![0; want];
            writer.put(&zeros)?;
            left -= want as u64;
            continue;
        }
        writer.put(&piece)?;
        left = left.saturating_sub(piece.len() as u64);
    }
    writer.pad(BLOCK_BYTES as u64)
}

/// `--owner=NAME` is a name or a number.
fn id(name: &BString, known: u32) -> u32 {
    match name.as_slice() {
        b"root" => 0,
        name => name.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(known),
    }
}
