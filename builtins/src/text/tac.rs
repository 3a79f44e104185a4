//! `tac`: concatenate and print files in reverse.
use super::operands::with_input;
use crate::budget::Resource;
use crate::prelude::*;

pub const TAC: Command = Command {
    name: "tac",
    synopsis: "tac [OPTION]... [FILE]...",
    summary: "Write each FILE to standard output, last line first.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('b', "before", "attach the separator before instead of after"),
        flag('r', "regex", "interpret the separator as a regular expression"),
        value('s', "separator", "STRING", "use STRING as the separator instead of newline"),
    ],
    examples: &[Example {
        about: "The last line first.",
        script: "printf 'a\\nb\\n' | tac",
        prints: "b\na\n",
    }],
    run: tac,
    ..Command::BASE
};

fn tac(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let separator: Vec<u8> = args.value('s').map_or(b"\n".to_vec(), |text| text.to_vec());
    let regex = match args.has('r') {
        true => {
            let compiled = crate::regex::Regex::new(
                &separator,
                &crate::regex::Syntax::BASIC,
                crate::regex::Flags::default(),
            );
            Some(compiled.map_err(|error| failure(error.to_string()))?)
        }
        false => None,
    };
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        let read = with_input(ctx, operand.as_bstr(), |ctx, input| {
            // A file's end comes first, so all of it is held.
            let mut held = ctx.budget.hold(Resource::Memory, 0)?;
            let mut text = Vec::new();
            loop {
                match input.chunk() {
                    Ok(chunk) if chunk.is_empty() => return Ok(Ok((text, held))),
                    Ok(chunk) => {
                        held.grow(chunk.len() as u64)?;
                        text.extend_from_slice(&chunk);
                    }
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => return Ok(Err(error)),
                }
            }
        })?;
        let message = match read {
            Ok(Ok((text, _held))) => {
                let ends = ends(&text, &separator, regex.as_ref(), ctx)?;
                reversed(ctx, &text, &ends, args.has('b'))?;
                continue;
            }
            Ok(Err(error)) => format!("{}: read error: {error}", quoted_name(operand)),
            Err(error) => {
                format!("failed to open {} for reading: {error}", quoted(operand))
            }
        };
        ctx.stdout.flush()?;
        ctx.complain(message)?;
        status = ExitStatus::FAILURE;
    }
    Ok(status)
}

/// Where the separators are, in order.
fn ends(
    text: &[u8],
    separator: &[u8],
    regex: Option<&crate::regex::Regex>,
    ctx: &Context<'_>,
) -> Result<Vec<std::ops::Range<usize>>, CommandError> {
    let Some(regex) = regex else {
        if separator.is_empty() {
            return Ok(memchr::memchr_iter(0, text).map(|at| at..at + 1).collect());
        }
        let found = memchr::memmem::find_iter(text, separator);
        return Ok(found.map(|at| at..at + separator.len()).collect());
    };
    let mut all = Vec::new();
    let mut from = 0;
    while let Some(found) = regex.find_at(text, from, &ctx.cancel)? {
        from = found.end.max(found.start + 1);
        if !found.is_empty() {
            all.push(found);
        }
    }
    Ok(all)
}

fn reversed(
    ctx: &mut Context<'_>,
    text: &[u8],
    ends: &[std::ops::Range<usize>],
    before: bool,
) -> Result<(), CommandError> {
    let mut end = text.len();
    for separator in ends.iter().rev() {
        let cut = if before { separator.start } else { separator.end };
        if cut < end || (before && cut <= end) {
            ctx.stdout.put(text.get(cut..end).unwrap_or_default())?;
        }
        end = cut;
    }
    Ok(ctx.stdout.put(text.get(..end).unwrap_or_default())?)
}
