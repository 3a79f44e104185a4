//! `truncate`: shrink or extend the size of files.
use crate::prelude::*;
use crate::text::number::{NumberFault, integer, size_suffix};

pub const TRUNCATE: Command = Command {
    name: "truncate",
    synopsis: "truncate OPTION... FILE...",
    summary: "Shrink or extend the size of each FILE to the specified size.\n\nA FILE argument that does not exist is created.\n\nSIZE may be prefixed by +, - (extend, reduce by), <, > (at most, at least),\n/ or % (round down, up to multiple of).",
    options: &[
        flag('c', "no-create", "do not create any files"),
        flag('o', "io-blocks", "treat SIZE as number of IO blocks instead of bytes"),
        value('r', "reference", "RFILE", "base size on RFILE"),
        value('s', "size", "SIZE", "set or adjust the file size by SIZE bytes"),
    ],
    examples: &[Example {
        about: "Keep the first bytes.",
        script: "echo hello > f; truncate -s 4 f; cat f",
        prints: "hell",
    }],
    run: truncate,
    ..Command::BASE
};

/// What an IO block counts.
const BLOCK_BYTES: i128 = 4096;

/// How the size given is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Absolute,
    /// `+` and `-`; the number has the sign.
    By,
    AtMost,
    AtLeast,
    Down,
    Up,
}

fn truncate(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut relation = Relation::Absolute;
    let mut size = None;
    for text in args.values('s') {
        size = Some(parse_size(text, &mut relation)?);
    }
    let reference = args.value('r');
    if reference.is_none() && size.is_none() {
        return Err(usage("you must specify either ‘--size’ or ‘--reference’"));
    }
    if reference.is_some() && size.is_some() && relation == Relation::Absolute {
        return Err(usage("you must specify a relative ‘--size’ with ‘--reference’"));
    }
    if args.has('o') && size.is_none() {
        return Err(usage("‘--io-blocks’ was specified but ‘--size’ was not"));
    }
    if args.operands().is_empty() {
        return Err(usage("missing file operand"));
    }
    let base = match reference {
        None => None,
        Some(name) => {
            let stat = ctx.path(name).and_then(|path| ctx.fs.metadata(&path));
            let stat =
                stat.map_err(|error| failure(format!("cannot stat {}: {error}", quoted(name))))?;
            Some(i128::from(stat.size))
        }
    };
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        ctx.check()?;
        let wanted = Wanted { relation, size, base, blocks: args.has('o') };
        if let Err(message) = one(ctx, operand, args.has('c'), wanted) {
            ctx.complain(message)?;
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn parse_size(text: &[u8], relation: &mut Relation) -> Result<i128, CommandError> {
    let blank = |letter: char| letter.is_ascii_whitespace() || letter == '\x0b';
    let mut rest = text.trim_start_with(blank);
    let prefix = match rest.first() {
        Some(b'<') => Some(Relation::AtMost),
        Some(b'>') => Some(Relation::AtLeast),
        Some(b'/') => Some(Relation::Down),
        Some(b'%') => Some(Relation::Up),
        _ => None,
    };
    if let Some(prefix) = prefix {
        *relation = prefix;
        rest = rest.get(1..).unwrap_or_default().trim_start_with(blank);
    }
    if matches!(rest.first(), Some(b'+' | b'-')) {
        if *relation != Relation::Absolute {
            return Err(usage("multiple relative modifiers specified"));
        }
        *relation = Relation::By;
    }
    let invalid = |reason: &str| failure(format!("Invalid number: {}{reason}", marked(rest)));
    let too_large = || invalid(": Value too large for defined data type");
    // Not a unit here.
    let suffix = |suffix: &[u8]| if suffix == b"b" { None } else { size_suffix(suffix) };
    let size = match integer(rest, suffix) {
        Ok(size) => i64::try_from(size).map_err(|_| too_large())?,
        Err(NumberFault::TooLarge) => return Err(too_large()),
        Err(NumberFault::Invalid) => return Err(invalid("")),
    };
    if size == 0 && matches!(relation, Relation::Down | Relation::Up) {
        return Err(failure("division by zero"));
    }
    Ok(i128::from(size))
}

#[derive(Clone, Copy)]
struct Wanted {
    relation: Relation,
    size: Option<i128>,
    base: Option<i128>,
    blocks: bool,
}

fn one(
    ctx: &Context<'_>,
    operand: &BString,
    keep_missing: bool,
    wanted: Wanted,
) -> Result<(), String> {
    let shown = quoted(operand);
    let options = OpenOptions {
        write: true,
        create: !keep_missing,
        mode: 0o666 & !ctx.umask,
        ..OpenOptions::default()
    };
    let stream = match ctx.open_stream(operand, &options) {
        Err(error) if keep_missing && error.errno() == Errno::NoEnt => return Ok(()),
        Err(error) => return Err(format!("cannot open {shown} for writing: {error}")),
        Ok(stream) => stream,
    };
    let own = stream.metadata().map_err(|error| format!("cannot fstat {shown}: {error}"))?.size;
    let length = wanted.length(i128::from(own), operand)?;
    let Some(file) = stream.file() else {
        let error = "Invalid argument";
        return Err(format!("failed to truncate {shown} at {length} bytes: {error}"));
    };
    file.set_len(length)
        .map_err(|error| format!("failed to truncate {shown} at {length} bytes: {error}"))
}

impl Wanted {
    fn length(&self, own: i128, operand: &BString) -> Result<u64, String> {
        let max = i128::from(i64::MAX);
        let mut size = self.size.unwrap_or(0);
        if self.blocks {
            size *= BLOCK_BYTES;
            if size > max || size < -max {
                let blocks = size / BLOCK_BYTES;
                return Err(format!(
                    "overflow in {blocks} * {BLOCK_BYTES} byte blocks for file {}",
                    quoted(operand)
                ));
            }
        }
        let base = self.base.unwrap_or(own);
        let length = match self.relation {
            Relation::Absolute => {
                if self.size.is_some() {
                    size
                } else {
                    base
                }
            }
            Relation::AtMost => base.min(size),
            Relation::AtLeast => base.max(size),
            Relation::Down => base / size * size,
            Relation::Up => {
                let length = (base + size - 1) / size * size;
                if length > max {
                    return Err(format!("overflow rounding up size of file {}", quoted(operand)));
                }
                length
            }
            Relation::By => {
                if base + size > max {
                    return Err(format!("overflow extending size of file {}", quoted(operand)));
                }
                base + size
            }
        };
        Ok(u64::try_from(length.max(0)).unwrap_or(0))
    }
}
