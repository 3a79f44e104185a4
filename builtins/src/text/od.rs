//! `od`: dump files in octal and other formats.

mod format;

use format::Format;

use super::operands::{parse, with_input};
use crate::prelude::*;

pub const OD: Command = Command {
    name: "od",
    synopsis: "od [OPTION]... [FILE]...\nod [-abcdfilosx]... [FILE] [[+]OFFSET[.][b]]",
    summary: "Write an unambiguous representation, octal bytes by default,\nof FILE to standard output.",
    options: &[
        value(
            'A',
            "address-radix",
            "RADIX",
            "output format for file offsets; RADIX is one of [doxn]",
        ),
        long("endian", "swap input bytes according the specified order")
            .takes(Takes::Value("{big|little}")),
        value('j', "skip-bytes", "BYTES", "skip BYTES input bytes first"),
        value('N', "read-bytes", "BYTES", "limit dump to BYTES input bytes"),
        flag(
            'S',
            "strings",
            "show only NUL terminated strings of at least BYTES printable characters",
        )
        .takes(Takes::Value("BYTES")),
        value('t', "format", "TYPE", "select output format or formats"),
        flag('v', "output-duplicates", "do not use * to mark line suppression"),
        flag(
            'w',
            "width",
            "output BYTES bytes per output line; 32 is implied when BYTES is not specified",
        )
        .takes(Takes::Optional("BYTES")),
        short('a', "same as -t a, select named characters"),
        short('b', "same as -t o1, select octal bytes"),
        short('c', "same as -t c, select printable characters or backslash escapes"),
        short('d', "same as -t u2, select unsigned decimal 2-byte units"),
        short('f', "same as -t fF, select floats"),
        short('i', "same as -t dI, select decimal ints"),
        short('l', "same as -t dL, select decimal longs"),
        short('o', "same as -t o2, select octal 2-byte units"),
        short('s', "same as -t d2, select decimal 2-byte units"),
        short('x', "same as -t x2, select hexadecimal 2-byte units"),
    ],
    examples: &[Example {
        about: "Bytes in hexadecimal.",
        script: "printf 'abc' | od -An -tx1",
        prints: " 61 62 63\n",
    }],
    order: Order::Raw,
    run: od,
    ..Command::BASE
};

/// The longest line, in bytes.
const WIDTH_MAX: usize = 1 << 20;

struct Dump {
    formats: Vec<Format>,
    radix: u8,
    width: usize,
    duplicates: bool,
    /// Bytes that are left to be read, if they are limited.
    left: Option<u64>,
    offset: u64,
    line: Vec<u8>,
    previous: Option<Vec<u8>>,
    /// A `*` stands for lines like the last one.
    starred: bool,
}

fn od(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let Some(args) = parse(ctx, &OD, args.operands())? else { return Ok(ExitStatus::SUCCESS) };
    let size = |letter: char, name: &str| match args.value(letter) {
        None => Ok(None),
        Some(text) => match crate::size::parse_size(text).or_else(|| hexadecimal(text)) {
            Some(size) => Ok(Some(size)),
            None => Err(failure(format!("invalid {name} argument {}", quoted(text)))),
        },
    };
    let radix = match args.value('A').map(|text| text.as_bytes()) {
        None => b'o',
        Some([radix @ (b'd' | b'o' | b'x' | b'n'), ..]) => *radix,
        Some(other) => {
            let shown = other.as_bstr();
            return Err(failure(format!(
                "invalid output address radix '{shown}'; it must be one character from [doxn]"
            )));
        }
    };
    let mut formats = Vec::new();
    for given in args.given() {
        let kind: &[u8] = match (given.opt.short, &given.value) {
            (Some('t'), Some(value)) => value,
            (Some('a'), _) => b"a",
            (Some('b'), _) => b"o1",
            (Some('c'), _) => b"c",
            (Some('d'), _) => b"u2",
            (Some('f'), _) => b"fF",
            (Some('i'), _) => b"dI",
            (Some('l'), _) => b"dL",
            (Some('o'), _) => b"o2",
            (Some('s'), _) => b"d2",
            (Some('x'), _) => b"x2",
            _ => continue,
        };
        Format::parse(kind, &mut formats).map_err(failure)?;
    }
    if formats.is_empty() {
        Format::parse(b"o2", &mut formats).map_err(failure)?;
    }
    if args.value("endian").is_some_and(|endian| endian == "big") {
        formats.iter_mut().for_each(Format::big_endian);
    }
    let unit = formats.iter().map(Format::size).max().unwrap_or(1);
    let width = match (args.has('w'), size('w', "-w")?) {
        (false, _) => 16,
        (true, None) => 32,
        (true, Some(width)) => usize::try_from(width).unwrap_or(WIDTH_MAX).min(WIDTH_MAX),
    };
    let width = if width == 0 || width % unit != 0 {
        if args.has('w') {
            ctx.complain(format!("warning: invalid width {width}; using {unit} instead"))?;
        }
        if args.has('w') { unit } else { 16 / unit * unit }
    } else {
        width
    };
    let skip = size('j', "-j")?.unwrap_or(0);
    let mut dump = Dump {
        formats,
        radix,
        width,
        duplicates: args.has('v'),
        left: size('N', "-N")?,
        offset: skip,
        line: Vec::with_capacity(width),
        previous: None,
        starred: false,
    };
    format::align(&mut dump.formats, width);
    if let Some(least) = size('S', "-S")? {
        return strings(ctx, &args, &mut dump, least, skip);
    }
    let (status, opened) = each(ctx, args.operands(), skip, &mut dump)?;
    if opened {
        dump.finish(ctx)?;
    }
    Ok(status)
}

fn hexadecimal(text: &BStr) -> Option<u64> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    u64::from_str_radix(digits.to_str().ok()?, 16).ok()
}

/// Feeds the operands, one after the other, to the dump. Whether any could be opened.
fn each(
    ctx: &mut Context<'_>,
    operands: &[BString],
    mut skip: u64,
    dump: &mut Dump,
) -> Result<(ExitStatus, bool), CommandError> {
    let stdin = [BString::from("-")];
    let operands = if operands.is_empty() { &stdin[..] } else { operands };
    let mut status = ExitStatus::SUCCESS;
    let mut opened = false;
    for operand in operands {
        let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
            loop {
                if dump.left == Some(0) {
                    return Ok(None);
                }
                let mut chunk = match input.chunk() {
                    Ok(chunk) if chunk.is_empty() => return Ok(None),
                    Ok(chunk) => chunk,
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => return Ok(Some(error)),
                };
                let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
                drop(chunk.split_to(skipped));
                skip -= skipped as u64;
                if let Some(left) = dump.left {
                    let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
                    input.unread(chunk.split_off(wanted));
                    dump.left = Some(left - wanted as u64);
                }
                dump.feed(ctx, &chunk)?;
            }
        })?;
        opened |= done.is_ok();
        let error = match done {
            Ok(None) => continue,
            Ok(Some(error)) | Err(error) => error,
        };
        ctx.stdout.flush()?;
        ctx.complain(format!("{}: {error}", quoted_name(operand)))?;
        status = ExitStatus::FAILURE;
    }
    if skip > 0 {
        return Err(failure("cannot skip past end of combined input"));
    }
    Ok((status, opened))
}

impl Dump {
    fn feed(&mut self, ctx: &mut Context<'_>, data: &[u8]) -> Result<(), CommandError> {
        let mut rest = data;
        while !rest.is_empty() {
            let taken = (self.width - self.line.len()).min(rest.len());
            let (head, tail) = rest.split_at(taken);
            self.line.extend_from_slice(head);
            rest = tail;
            if self.line.len() == self.width {
                self.row(ctx)?;
            }
        }
        Ok(())
    }

    fn address(&self) -> Vec<u8> {
        match self.radix {
            b'o' => format!("{:07o}", self.offset).into_bytes(),
            b'd' => format!("{:07}", self.offset).into_bytes(),
            b'x' => format!("{:06x}", self.offset).into_bytes(),
            _ => Vec::new(),
        }
    }

    fn row(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let line = std::mem::take(&mut self.line);
        let whole = line.len() == self.width;
        if whole && !self.duplicates && self.previous.as_ref() == Some(&line) {
            if !std::mem::replace(&mut self.starred, true) {
                ctx.stdout.put(b"*\n")?;
            }
        } else {
            self.starred = false;
            let address = self.address();
            for (at, format) in self.formats.iter().enumerate() {
                let margin = if at == 0 { address.clone() } else { vec![b' '; address.len()] };
                let mut out = margin;
                format.row(&line, self.width, &mut out);
                out.push(b'\n');
                ctx.stdout.put(&out)?;
            }
        }
        self.offset += line.len() as u64;
        if whole {
            self.previous = Some(line);
        }
        Ok(())
    }

    fn finish(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if !self.line.is_empty() {
            self.row(ctx)?;
        }
        if self.radix != b'n' {
            let mut address = self.address();
            address.push(b'\n');
            ctx.stdout.put(&address)?;
        }
        Ok(())
    }
}

/// `-S`: strings that end with a NUL.
fn strings(
    ctx: &mut Context<'_>,
    args: &Args,
    dump: &mut Dump,
    least: u64,
    skip: u64,
) -> CommandResult {
    let mut text = Vec::new();
    let mut start = skip;
    let mut offset = skip;
    let mut left = dump.left;
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut to_skip = skip;
    for operand in operands {
        let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
            loop {
                let chunk = match input.chunk() {
                    Ok(chunk) if chunk.is_empty() => return Ok(None),
                    Ok(chunk) => chunk,
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => return Ok(Some(error)),
                };
                for byte in chunk {
                    if to_skip > 0 {
                        to_skip -= 1;
                        continue;
                    }
                    match &mut left {
                        Some(0) => return Ok(None),
                        Some(left) => *left -= 1,
                        None => {}
                    }
                    offset += 1;
                    if matches!(byte, b' '..=b'~') {
                        if text.is_empty() {
                            start = offset - 1;
                        }
                        text.push(byte);
                        continue;
                    }
                    if byte == 0 && text.len() as u64 >= least {
                        dump.offset = start;
                        let mut out = dump.address();
                        if !out.is_empty() {
                            out.push(b' ');
                        }
                        out.extend_from_slice(&text);
                        out.push(b'\n');
                        ctx.stdout.put(&out)?;
                    }
                    text.clear();
                }
            }
        })?;
        if let Ok(Some(error)) | Err(error) = done {
            ctx.complain(format!("{}: {error}", quoted_name(operand)))?;
            return Ok(ExitStatus::FAILURE);
        }
    }
    Ok(ExitStatus::SUCCESS)
}
