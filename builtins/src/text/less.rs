//! `less`, `more`: show text page by page on a terminal (`crate::pager`); anywhere else they are `cat`.

use std::sync::Arc;

use crate::pager::Paged;
use crate::prelude::*;

const OPTIONS: &[Opt] = &[
    short('E', "(ignored)"),
    short('e', "(ignored)"),
    flag('F', "quit-if-one-screen", "leave if the text fits the screen (always so)"),
    short('G', "(ignored)"),
    short('I', "(ignored)"),
    short('J', "(ignored)"),
    short('K', "(ignored)"),
    short('M', "(ignored)"),
    flag('N', "LINE-NUMBERS", "show line numbers"),
    flag('R', "RAW-CONTROL-CHARS", "write control characters as they are"),
    flag('r', "raw-control-chars", "write control characters as they are"),
    flag('S', "chop-long-lines", "(ignored)"),
    flag('X', "no-init", "(ignored)"),
    short('c', "(ignored)"),
    short('d', "(ignored)"),
    short('f', "(ignored)"),
    short('g', "(ignored)"),
    short('i', "(ignored)"),
    short('l', "(ignored)"),
    short('m', "(ignored)"),
    value('n', "lines", "NUM", "(ignored)"),
    short('p', "(ignored)"),
    short('q', "(ignored)"),
    short('s', "show several blank lines as one"),
    short('u', "(ignored)"),
    short('w', "(ignored)"),
];

pub const LESS: Command = Command {
    name: "less",
    synopsis: "less [OPTION]... [FILE]...",
    summary: "Show FILEs page by page: space for the next page, b back, Enter for a line,\n/ to search, a for all, q to leave.",
    options: OPTIONS,
    examples: &[Example {
        about: "In a pipe it passes text on.",
        script: "printf 'a\\nb\\n' | less | wc -l",
        prints: "2\n",
    }],
    run: less,
    ..Command::BASE
};

pub const MORE: Command = Command {
    name: "more",
    synopsis: "more [OPTION]... FILE...",
    examples: &[Example {
        about: "In a pipe it passes text on.",
        script: "echo text > f; more < f | cat",
        prints: "text\n",
    }],
    run: more,
    ..LESS
};

struct Pager {
    /// `None` where there are no pages.
    pages: Option<Arc<Paged>>,
    numbers: bool,
    squeeze: bool,
    raw: bool,
    line: u64,
    blank: bool,
}

fn less(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    pages(ctx, args, false)
}

fn more(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    pages(ctx, args, true)
}

/// `more` names each file where its text goes on to another command.
fn pages(ctx: &mut Context<'_>, args: &Args, more: bool) -> CommandResult {
    let terminal = ctx.stdout.is_terminal();
    let mut pager = Pager {
        pages: ctx.page_always(),
        numbers: args.has('N'),
        squeeze: args.has('s'),
        raw: !terminal || args.has('R') || args.has('r'),
        line: 0,
        blank: false,
    };
    // `+10`, `+/word`: where to start, which only a terminal needs.
    let files: Vec<BString> =
        args.operands().iter().filter(|name| !name.starts_with(b"+")).cloned().collect();
    if files.is_empty() {
        if ctx.stdin.stream().is_terminal() {
            return Err(failure("Missing filename (\"less --help\" for help)"));
        }
        let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
        let mut input = std::mem::replace(&mut ctx.stdin, again);
        show(ctx, &mut pager, &mut input)?;
        return Ok(ExitStatus::SUCCESS);
    }
    for name in &files {
        let opened = match name.as_slice() {
            b"-" => Ok(Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone())),
            _ => readable(ctx, name),
        };
        match opened {
            Ok(mut input) => {
                if more && !terminal {
                    let line = [b"::::::::::::::\n", name.as_slice(), b"\n::::::::::::::\n"];
                    ctx.stdout.put(&line.concat())?;
                }
                if !show(ctx, &mut pager, &mut input)? {
                    break;
                }
            }
            Err(error) if more && error.errno() == Errno::IsDir => {
                ctx.stdout.put(format!("\n*** {name}: directory ***\n\n").as_bytes())?;
            }
            Err(error) if more => {
                ctx.stdout.flush()?;
                ctx.complain(format!("cannot open {name}: {error}"))?;
            }
            Err(error) => {
                // Without a terminal less says this where its text goes.
                let line = format!("{name}: {error}\n");
                ctx.stdout.put(line.as_bytes())?;
            }
        }
    }
    Ok(ExitStatus::SUCCESS)
}

fn readable(ctx: &Context<'_>, name: &BString) -> FsResult<Input> {
    let path = ctx.path(name)?;
    if ctx.fs.metadata(&path)?.is_directory() {
        return Err(FsError::new(Errno::IsDir, mesafs::Operation::Open, path));
    }
    ctx.open(name)
}

/// Shows one text. False if the reader has left.
fn show(ctx: &mut Context<'_>, pager: &mut Pager, input: &mut Input) -> Result<bool, CommandError> {
    while let Some(line) = input.line(b'\n')? {
        ctx.check()?;
        let blank = line.as_ref() == b"\n";
        if pager.squeeze && blank && pager.blank {
            continue;
        }
        pager.blank = blank;
        pager.line += 1;
        if pager.pages.as_ref().is_some_and(|pages| pages.is_left()) {
            return Ok(false);
        }
        if pager.numbers {
            ctx.stdout.put(format!("{:>7} ", pager.line).as_bytes())?;
        }
        if pager.raw {
            ctx.stdout.put_bytes(line)?;
        } else {
            ctx.stdout.put(&visible(&line))?;
        }
        if pager.pages.is_some() {
            ctx.stdout.flush()?;
        }
    }
    Ok(true)
}

/// A line in which no control character reaches the terminal: `^[` for ESC.
fn visible(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    for &byte in line {
        match byte {
            b'\n' | b'\t' => out.push(byte),
            0..32 => out.extend_from_slice(&[b'^', byte + 64]),
            127 => out.extend_from_slice(b"^?"),
            byte => out.push(byte),
        }
    }
    out
}
