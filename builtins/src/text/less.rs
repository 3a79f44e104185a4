//! `less`, `more`: show text page by page on a terminal; anywhere else they are `cat`.

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
    value('n', "lines", "NUM", "how many lines a page has"),
    short('p', "(ignored)"),
    short('q', "(ignored)"),
    short('s', "show several blank lines as one"),
    short('u', "(ignored)"),
    short('w', "(ignored)"),
];

pub const LESS: Command = Command {
    name: "less",
    synopsis: "less [OPTION]... [FILE]...",
    summary: "Show FILEs page by page: Enter or space for the next page, q to leave.",
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

/// A page where nobody says how high the terminal is.
const ROWS: usize = 24;

struct Pager {
    /// Lines of a page; `None` where there are no pages.
    page: Option<usize>,
    on_page: usize,
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
    let number =
        |text: Option<&BStr>| text.and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
    let terminal = ctx.stdout.is_terminal();
    let keys = terminal && ctx.stdin.stream().is_terminal();
    let rows =
        number(args.value('n')).or_else(|| Some(number(ctx.var("LINES"))?.saturating_sub(1)));
    let mut pager = Pager {
        page: keys.then(|| rows.unwrap_or(ROWS - 1).max(1)),
        on_page: 0,
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
        if pager.page.is_some_and(|page| pager.on_page >= page) {
            pager.on_page = 0;
            if !next_page(ctx)? {
                return Ok(false);
            }
        }
        pager.on_page += 1;
        if pager.numbers {
            ctx.stdout.put(format!("{:>7} ", pager.line).as_bytes())?;
        }
        if pager.raw {
            ctx.stdout.put_bytes(line)?;
        } else {
            ctx.stdout.put(&visible(&line))?;
        }
    }
    Ok(true)
}

/// Asks at the end of a page.
fn next_page(ctx: &mut Context<'_>) -> Result<bool, CommandError> {
    ctx.stdout.put(b"\x1b[7m:\x1b[m")?;
    ctx.stdout.flush()?;
    let answer = ctx.stdin.line(b'\n')?;
    ctx.stdout.put(b"\r\x1b[K")?;
    Ok(answer.is_some_and(|answer| !answer.starts_with(b"q") && !answer.starts_with(b"Q")))
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
