//! `rev`: reverse lines characterwise.
use super::operands::with_input;
use crate::prelude::*;

pub const REV: Command = Command {
    name: "rev",
    synopsis: "rev [OPTION] [FILE]...",
    summary: "Reverse lines characterwise.",
    options: &[flag('0', "zero", "use the NUL byte as the line separator")],
    examples: &[Example { about: "Backwards.", script: "echo abc | rev", prints: "cba\n" }],
    run: rev,
    ..Command::BASE
};

fn rev(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let delimiter = if args.has('0') { 0 } else { b'\n' };
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
            loop {
                match input.line(delimiter) {
                    Ok(Some(line)) => reverse(ctx, &line, delimiter)?,
                    Ok(None) => return Ok(None),
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => return Ok(Some(error)),
                }
            }
        })?;
        let message = match done {
            Ok(None) => continue,
            Ok(Some(error)) => format!("{operand}: {error}"),
            Err(error) => format!("cannot open {operand}: {error}"),
        };
        ctx.complain(message)?;
        status = ExitStatus::FAILURE;
    }
    Ok(status)
}

fn reverse(ctx: &mut Context<'_>, line: &[u8], delimiter: u8) -> Result<(), CommandError> {
    let (text, end) = match line.strip_suffix(&[delimiter]) {
        Some(text) => (text, &[delimiter][..]),
        None => (line, &b""[..]),
    };
    let mut out = Vec::with_capacity(line.len());
    for (start, stop, _) in text.char_indices().rev() {
        out.extend_from_slice(text.get(start..stop).unwrap_or_default());
    }
    out.extend_from_slice(end);
    Ok(ctx.stdout.put(&out)?)
}
