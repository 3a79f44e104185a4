//! `cmp`: compare two files byte by byte.
use super::number::{integer, size_suffix};
use crate::args::{Parsed, help_text, version_text};
use crate::prelude::*;

pub const CMP: Command = Command {
    name: "cmp",
    synopsis: "cmp [OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]",
    summary: "Compare two files byte by byte.\n\nThe optional SKIP1 and SKIP2 specify the number of bytes to skip\nat the beginning of each file (zero by default).\n\nIf a FILE is '-' or missing, read standard input.\nExit status is 0 if inputs are the same, 1 if different, 2 if trouble.",
    options: &[
        flag('b', "print-bytes", "print differing bytes"),
        short('c', ""),
        long("print-chars", ""),
        value(
            'i',
            "ignore-initial",
            "SKIP",
            "skip first SKIP bytes of both inputs, or of SKIP1:SKIP2 so many of each",
        ),
        flag('l', "verbose", "output byte numbers and differing byte values"),
        value('n', "bytes", "LIMIT", "compare at most LIMIT bytes"),
        flag('s', "quiet", "suppress all normal output"),
        long("silent", ""),
        flag('v', "version", ""),
    ],
    examples: &[
        Example {
            about: "Where files first differ.",
            script: "echo abc > x; echo abd > y; cmp x y",
            prints: "x y differ: byte 3, line 1\n",
        },
        Example {
            about: "All bytes that differ.",
            script: "echo abc > x; echo xbd > y; cmp -l x y",
            prints: "1 141 170\n3 143 144\n",
        },
    ],
    order: Order::Raw,
    usage_status: 2,
    run: cmp,
    ..Command::BASE
};

/// The status of trouble.
const TROUBLE: ExitStatus = ExitStatus(2);

fn misuse(message: impl std::fmt::Display) -> CommandError {
    let message = format!("{message}\ncmp: Try 'cmp --help' for more information.");
    CommandError::Fail(message.into_bytes(), TROUBLE)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// The first difference.
    First,
    /// All of them.
    All,
    Silent,
}

struct Side {
    name: BString,
    input: Input,
    chunk: Bytes,
    /// How many bytes are to be compared, where that is known.
    size: Option<u64>,
}

fn cmp(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let table = Command { order: Order::Permute, ..CMP };
    let args = match Args::parse(&table, args.operands()).map_err(misuse)? {
        Parsed::Run(given) if given.has('v') => {
            ctx.stdout.put(version_text(&CMP).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        Parsed::Run(given) => given,
        Parsed::Help | Parsed::Version => {
            ctx.stdout.put(help_text(&CMP).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
    };
    let (mut limit, mut skips) = (u64::MAX, [0u64; 2]);
    for given in args.given() {
        let text = given.value.clone().unwrap_or_default();
        match given.opt.short {
            Some('i') => {
                let (one, two) = match text.find_byte(b':') {
                    Some(at) => (&text[..at], &text[at + 1..]),
                    None => (&text[..], &text[..]),
                };
                skips = [skip(skips[0], one)?, skip(skips[1], two)?];
            }
            Some('n') => {
                let bytes = count(&text);
                let bytes = bytes.ok_or_else(|| {
                    misuse(format!("invalid --bytes value {}", ascii_quoted(&text)))
                })?;
                limit = limit.min(bytes);
            }
            _ => {}
        }
    }
    let silent = args.has('s') || args.has("silent");
    if silent && args.has('l') {
        return Err(misuse("options -l and -s are incompatible"));
    }
    let style = match (silent, args.has('l')) {
        (true, _) => Style::Silent,
        (_, true) => Style::All,
        _ => Style::First,
    };
    let bytes = args.has('b') || args.has('c') || args.has("print-chars");
    let Some(one) = args.operands().first() else {
        let last = args.given().last().map(|given| match (given.opt.short, given.opt.long) {
            (Some(letter), _) => format!("-{letter}"),
            (None, name) => format!("--{}", name.unwrap_or_default()),
        });
        return Err(misuse(format!(
            "missing operand after '{}'",
            last.unwrap_or_else(|| ctx.name.to_string())
        )));
    };
    let dash = BString::from("-");
    let two = args.operands().get(1).unwrap_or(&dash);
    for (slot, text) in skips.iter_mut().zip(args.operands().iter().skip(2)) {
        *slot = skip(*slot, text)?;
    }
    if let Some(extra) = args.operands().get(4) {
        return Err(misuse(format!("extra operand {}", ascii_quoted(extra))));
    }
    // The same file at the same place.
    if one == two && skips[0] == skips[1] && one == "-" {
        return Ok(ExitStatus::SUCCESS);
    }
    let mut sides = Vec::with_capacity(2);
    for (name, skip) in [one, two].into_iter().zip(skips) {
        match Side::open(ctx, name, skip) {
            Ok(side) => sides.push(side),
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(_) if silent => return Err(CommandError::Exit(TROUBLE)),
            Err(error) => return Err(trouble(name, &error)),
        }
    }
    let [mut one, mut two] = match <[Side; 2]>::try_from(sides) {
        Ok(sides) => sides,
        Err(_) => return Err(CommandError::Exit(TROUBLE)),
    };
    compare(ctx, &mut one, &mut two, limit, style, bytes)
}

fn trouble(name: &BString, error: &FsError) -> CommandError {
    CommandError::Fail(format!("{}: {error}", quoted_as_needed(name)).into_bytes(), TROUBLE)
}

/// diffutils quotes values with ASCII's apostrophes.
fn ascii_quoted(text: &[u8]) -> String {
    format!("'{}'", text.as_bstr())
}

fn count(text: &[u8]) -> Option<u64> {
    // `b` is no unit here.
    let suffix = |suffix: &[u8]| if suffix == b"b" { None } else { size_suffix(suffix) };
    let number = integer(text, suffix).ok()?;
    u64::try_from(number).ok().filter(|number| i64::try_from(*number).is_ok())
}

fn skip(before: u64, text: &[u8]) -> Result<u64, CommandError> {
    let bytes = count(text)
        .ok_or_else(|| misuse(format!("invalid --ignore-initial value {}", ascii_quoted(text))))?;
    Ok(before.max(bytes))
}

impl Side {
    fn open(ctx: &mut Context<'_>, name: &BString, skip: u64) -> FsResult<Self> {
        let mut input = if name == "-" {
            let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
            std::mem::replace(&mut ctx.stdin, again)
        } else {
            ctx.open(name)?
        };
        let stat = input.stream().metadata();
        let regular = stat.ok().filter(|stat| stat.kind == FileKind::File);
        let size = regular.map(|stat| stat.size.saturating_sub(skip));
        let mut left = skip;
        while left > 0 {
            let mut chunk = input.chunk()?;
            if chunk.is_empty() {
                break;
            }
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
            left -= taken as u64;
            input.unread(chunk.split_off(taken));
        }
        Ok(Self { name: name.clone(), input, chunk: Bytes::new(), size })
    }

    fn fill(&mut self) -> FsResult<()> {
        if self.chunk.is_empty() {
            self.chunk = self.input.chunk()?;
        }
        Ok(())
    }
}

fn compare(
    ctx: &mut Context<'_>,
    one: &mut Side,
    two: &mut Side,
    limit: u64,
    style: Style,
    bytes: bool,
) -> CommandResult {
    // Numbers of bytes are as wide as the largest that can come.
    let largest = [one.size, two.size].into_iter().flatten().chain([limit]).min();
    let largest = largest.unwrap_or(limit).min(i64::MAX.unsigned_abs());
    let width = largest.to_string().len();
    let (mut at, mut lines, mut last) = (0u64, 0u64, b'\n');
    let mut status = ExitStatus::SUCCESS;
    loop {
        for side in [&mut *one, &mut *two] {
            match side.fill() {
                Ok(()) => {}
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => {
                    ctx.stdout.flush()?;
                    return Err(trouble(&side.name, &error));
                }
            }
        }
        let left = usize::try_from(limit - at).unwrap_or(usize::MAX);
        let len = one.chunk.len().min(two.chunk.len()).min(left);
        if len == 0 {
            break;
        }
        let (left, right) = (one.chunk.split_to(len), two.chunk.split_to(len));
        if left != right {
            status = ExitStatus::FAILURE;
            match style {
                Style::Silent => return Ok(status),
                Style::First => {
                    let pairs = left.iter().zip(&right);
                    let same = pairs.take_while(|(a, b)| a == b).count();
                    let before = left.get(..same).unwrap_or_default();
                    let line = lines + newlines(before) + 1;
                    let place = at + same as u64 + 1;
                    let (a, b) = (left[same], right[same]);
                    let mut text =
                        format!("{} {} differ: byte {place}, line {line}", one.name, two.name);
                    if bytes {
                        text += &format!(" is {a:3o} {} {b:3o} {}", visible(a), visible(b));
                    }
                    text.push('\n');
                    ctx.stdout.put(text.as_bytes())?;
                    return Ok(status);
                }
                Style::All => {
                    for (nth, (&a, &b)) in left.iter().zip(&right).enumerate() {
                        if a == b {
                            continue;
                        }
                        let place = at + nth as u64 + 1;
                        let text = match bytes {
                            true => format!(
                                "{place:width$} {a:3o} {:4} {b:3o} {}\n",
                                visible(a),
                                visible(b)
                            ),
                            false => format!("{place:width$} {a:3o} {b:3o}\n"),
                        };
                        ctx.stdout.put(text.as_bytes())?;
                    }
                }
            }
        }
        at += len as u64;
        lines += newlines(&left);
        last = left.last().copied().unwrap_or(last);
    }
    if at == limit || (one.chunk.is_empty() && two.chunk.is_empty()) {
        return Ok(status);
    }
    if style != Style::Silent {
        let shorter = if one.chunk.is_empty() { &one.name } else { &two.name };
        let shown = quoted_as_needed(shorter);
        let message = match style {
            _ if at == 0 => format!("EOF on {shown} which is empty"),
            Style::All => format!("EOF on {shown} after byte {at}"),
            _ if last == b'\n' => format!("EOF on {shown} after byte {at}, line {lines}"),
            _ => format!("EOF on {shown} after byte {at}, in line {}", lines + 1),
        };
        ctx.stdout.flush()?;
        ctx.complain(message)?;
    }
    Ok(ExitStatus::FAILURE)
}

fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// A byte as `cat -v` shows it.
fn visible(byte: u8) -> String {
    let (meta, byte) = if byte >= 128 { ("M-", byte - 128) } else { ("", byte) };
    match byte {
        127 => format!("{meta}^?"),
        0..32 => format!("{meta}^{}", char::from(byte + 64)),
        byte => format!("{meta}{}", char::from(byte)),
    }
}
