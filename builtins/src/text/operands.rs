//! What filters share: inputs one after the other, `-` for standard input, `==> name <==` headers,
//! and the obsolete `-3` and `+3` of `head` and `tail`.

use crate::args::{Parsed, help_text, version_text};
use crate::prelude::*;

/// How one input went: a fault of reading is said and the next one goes on; one of writing ends
/// the command.
pub(super) type Each = Result<Option<FsError>, CommandError>;

/// All of it was read.
pub(super) const DONE: Each = Ok(None);

/// A fault of the input; a cancel ends the command.
pub(super) fn fault(error: FsError) -> Each {
    if error.errno() == Errno::Canceled { Err(error.into()) } else { Ok(Some(error)) }
}

/// Opens an operand, `-` being standard input, and hands it to `work`.
pub(super) fn with_input<T>(
    ctx: &mut Context<'_>,
    operand: &BStr,
    work: impl FnOnce(&mut Context<'_>, &mut Input) -> Result<T, CommandError>,
) -> Result<Result<T, FsError>, CommandError> {
    if operand == "-" {
        let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
        let mut stdin = std::mem::replace(&mut ctx.stdin, again);
        let done = work(ctx, &mut stdin);
        ctx.stdin = stdin;
        return done.map(Ok);
    }
    match ctx.open(operand) {
        Ok(mut input) => work(ctx, &mut input).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

/// Works through the operands (standard input if there are none), saying what cannot be opened or
/// read in the words of `head` and `tail`. `work` is told which one it has.
pub(super) fn each_input(
    ctx: &mut Context<'_>,
    operands: &[BString],
    headers: bool,
    mut work: impl FnMut(&mut Context<'_>, &mut Input, usize) -> Each,
) -> CommandResult {
    let stdin = [BString::from("-")];
    let operands = if operands.is_empty() { &stdin[..] } else { operands };
    let mut status = ExitStatus::SUCCESS;
    let mut first = true;
    for (nth, operand) in operands.iter().enumerate() {
        let shown = if operand == "-" { BStr::new("standard input") } else { operand.as_bstr() };
        let header = |ctx: &mut Context<'_>, first: &mut bool| -> Result<(), CommandError> {
            if headers {
                let lead: &[u8] = if *first { b"==> " } else { b"\n==> " };
                ctx.stdout.put(&[lead, shown.as_bytes(), b" <==\n"].concat())?;
            }
            *first = false;
            Ok(())
        };
        let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
            header(ctx, &mut first)?;
            work(ctx, input, nth)
        })?;
        let message = match done {
            Ok(None) => continue,
            Ok(Some(error)) => format!("error reading {}: {error}", quoted(shown)),
            Err(error) => format!("cannot open {} for reading: {error}", quoted(shown)),
        };
        ctx.stdout.flush()?;
        ctx.complain(message)?;
        status = ExitStatus::FAILURE;
    }
    Ok(status)
}

/// Turns an obsolete first argument (`-3`, `-3c`, and with `plus` `+3`) into `-n 3` and the like.
pub(super) fn modern(argv: &[BString], sign: &[u8]) -> Vec<BString> {
    let obsolete = |arg: &BString| {
        let (lead, rest) = arg.split_first()?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let known = sign.contains(lead) && digits > 0;
        let (number, letters) = rest.split_at(digits);
        let plain = letters.iter().all(|byte| b"cbklqvzf".contains(byte));
        (known && plain).then(|| (*lead, number.to_vec(), letters.to_vec()))
    };
    let Some((lead, number, letters)) = argv.first().and_then(obsolete) else {
        return argv.to_vec();
    };
    let bytes = letters.iter().any(|byte| b"cbk".contains(byte));
    let mut count = BString::from(number);
    if lead == b'+' {
        count.insert(0, b'+');
    }
    if letters.contains(&b'k') {
        count.push(b'K');
    } else if letters.contains(&b'b') {
        count.push(b'b');
    }
    let mut modern: Vec<BString> = vec![if bytes { "-c" } else { "-n" }.into(), count];
    let flags = letters.iter().filter(|byte| b"qvzf".contains(byte));
    modern.extend(flags.map(|&letter| BString::from(vec![b'-', letter])));
    modern.extend_from_slice(&argv[1..]);
    modern
}

/// Reads arguments that a raw command has rewritten. `None` after `--help` or `--version`.
pub(crate) fn parse(
    ctx: &mut Context<'_>,
    command: &Command,
    argv: &[BString],
) -> Result<Option<Args>, CommandError> {
    let table = Command { order: Order::Permute, ..*command };
    let text = match Args::parse(&table, argv).map_err(usage)? {
        Parsed::Run(args) => return Ok(Some(args)),
        Parsed::Help => help_text(command),
        Parsed::Version => version_text(command),
    };
    ctx.stdout.put(text.as_bytes())?;
    Ok(None)
}

/// Works through the operands (standard input if there are none), saying `NAME: REASON` of what
/// cannot be opened or read.
pub(super) fn each_file(
    ctx: &mut Context<'_>,
    operands: &[BString],
    mut work: impl FnMut(&mut Context<'_>, &mut Input) -> Each,
) -> CommandResult {
    let stdin = [BString::from("-")];
    let operands = if operands.is_empty() { &stdin[..] } else { operands };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        let done = with_input(ctx, operand.as_bstr(), &mut work)?;
        if let Ok(Some(error)) | Err(error) = done {
            ctx.stdout.flush()?;
            ctx.complain(format!("{}: {error}", quoted_name(operand)))?;
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

/// Hands every chunk of an input to `work`.
pub(super) fn each_chunk(
    ctx: &mut Context<'_>,
    input: &mut Input,
    mut work: impl FnMut(&mut Context<'_>, Bytes) -> Result<(), CommandError>,
) -> Each {
    loop {
        match input.chunk() {
            Ok(chunk) if chunk.is_empty() => return DONE,
            Ok(chunk) => work(ctx, chunk)?,
            Err(error) => return fault(error),
        }
    }
}

/// Hands every line of an input, without its `delimiter`, to `work`.
pub(super) fn each_line(
    ctx: &mut Context<'_>,
    input: &mut Input,
    delimiter: u8,
    mut work: impl FnMut(&mut Context<'_>, &[u8]) -> Result<(), CommandError>,
) -> Each {
    loop {
        match input.line(delimiter) {
            Ok(Some(line)) => work(ctx, line.strip_suffix(&[delimiter]).unwrap_or(&line))?,
            Ok(None) => return DONE,
            Err(error) => return fault(error),
        }
    }
}

/// Turns obsolete widths and tab lists (`-72`, `-b72`, `-4,8`) into the argument of `option`.
/// `flags` are the letters that may stand before the digits, `taking` those whose argument may be
/// the next word.
pub(super) fn modern_number(
    argv: &[BString],
    option: &str,
    flags: &[u8],
    taking: &[u8],
) -> Vec<BString> {
    let mut modern = Vec::with_capacity(argv.len() + 1);
    let mut words = argv.iter();
    while let Some(word) = words.next() {
        let letters = match word.strip_prefix(b"-") {
            Some(b"-") => {
                modern.push(word.clone());
                break;
            }
            Some(letters) => letters,
            None => {
                modern.push(word.clone());
                continue;
            }
        };
        let lead = letters.iter().take_while(|letter| flags.contains(letter)).count();
        let (before, rest) = letters.split_at(lead);
        match rest.first() {
            Some(b'0'..=b'9') => {
                if !before.is_empty() {
                    modern.push([b"-", before].concat().into());
                }
                modern.push([option.as_bytes(), rest].concat().into());
            }
            Some(letter) if rest.len() == 1 && taking.contains(letter) => {
                modern.push(word.clone());
                modern.extend(words.next().cloned());
            }
            _ => modern.push(word.clone()),
        }
    }
    modern.extend(words.cloned());
    modern
}
