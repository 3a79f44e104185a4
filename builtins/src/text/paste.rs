//! `paste`: merge lines of files.
use crate::prelude::*;

pub const PASTE: Command = Command {
    name: "paste",
    synopsis: "paste [OPTION]... [FILE]...",
    summary: "Write lines consisting of the sequentially corresponding lines from\neach FILE, separated by TABs, to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        value('d', "delimiters", "LIST", "reuse characters from LIST instead of TABs"),
        flag('s', "serial", "paste one file at a time instead of in parallel"),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example {
        about: "Three in a row.",
        script: "seq 6 | paste -d, - - -",
        prints: "1,2,3\n4,5,6\n",
    }],
    run: paste,
    ..Command::BASE
};

/// An input, or standard input, which several operands may share.
enum Source {
    Stdin,
    File(Input),
    Ended,
}

fn paste(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let list = args.value('d').map_or(b"\t".to_vec(), |list| list.to_vec());
    let delimiters = delimiters(&list)?;
    let newline = if args.has('z') { 0 } else { b'\n' };
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    let mut sources = Vec::new();
    for operand in operands {
        if operand == "-" {
            sources.push((operand, Source::Stdin));
            continue;
        }
        match ctx.open(operand) {
            Ok(input) => sources.push((operand, Source::File(input))),
            Err(error) => {
                ctx.complain(format!("{}: {error}", quoted_name(operand)))?;
                status = ExitStatus::FAILURE;
                if !args.has('s') {
                    return Ok(status);
                }
            }
        }
    }
    if args.has('s') {
        for (operand, mut source) in sources {
            match serial(ctx, &mut source, &delimiters, newline) {
                Err(CommandError::Stream(error)) if error.errno() == Errno::IsDir => {
                    ctx.complain(format!("{}: {error}", quoted_name(operand)))?;
                    status = ExitStatus::FAILURE;
                }
                done => done?,
            }
        }
        return Ok(status);
    }
    parallel(ctx, &mut sources, &delimiters, newline)?;
    Ok(status)
}

/// The delimiters one by one; an empty one joins without anything between.
fn delimiters(list: &[u8]) -> Result<Vec<Vec<u8>>, CommandError> {
    let mut all = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let (piece, used) = match rest {
            [b'\\'] => {
                let shown = list.as_bstr();
                return Err(failure(format!(
                    "delimiter list ends with an unescaped backslash: {shown}"
                )));
            }
            [b'\\', b'0', ..] => (Vec::new(), 2),
            [b'\\', b'n', ..] => (vec![b'\n'], 2),
            [b'\\', b't', ..] => (vec![b'\t'], 2),
            [b'\\', b'r', ..] => (vec![b'\r'], 2),
            [b'\\', b'b', ..] => (vec![8], 2),
            [b'\\', b'f', ..] => (vec![12], 2),
            [b'\\', b'v', ..] => (vec![11], 2),
            [b'\\', other, ..] => (vec![*other], 2),
            _ => {
                let len = rest.char_indices().next().map_or(1, |(_, end, _)| end);
                (rest.get(..len).unwrap_or_default().to_vec(), len)
            }
        };
        all.push(piece);
        rest = rest.get(used..).unwrap_or_default();
    }
    if all.is_empty() {
        all.push(Vec::new());
    }
    Ok(all)
}

fn line(ctx: &mut Context<'_>, source: &mut Source, newline: u8) -> FsResult<Option<Bytes>> {
    let line = match source {
        Source::Stdin => ctx.stdin.line(newline)?,
        Source::File(input) => input.line(newline)?,
        Source::Ended => None,
    };
    let Some(line) = line else {
        if !matches!(source, Source::Stdin) {
            *source = Source::Ended;
        }
        return Ok(None);
    };
    Ok(Some(match line.last() {
        Some(last) if *last == newline => line.slice(..line.len() - 1),
        _ => line,
    }))
}

fn serial(
    ctx: &mut Context<'_>,
    source: &mut Source,
    delimiters: &[Vec<u8>],
    newline: u8,
) -> Result<(), CommandError> {
    let mut between = delimiters.iter().cycle();
    let mut first = true;
    while let Some(line) = line(ctx, source, newline)? {
        if !std::mem::take(&mut first) {
            let delimiter = between.next().map(Vec::as_slice).unwrap_or_default();
            ctx.stdout.put(delimiter)?;
        }
        ctx.stdout.put(&line)?;
    }
    Ok(ctx.stdout.put(&[newline])?)
}

fn parallel(
    ctx: &mut Context<'_>,
    sources: &mut [(&BString, Source)],
    delimiters: &[Vec<u8>],
    newline: u8,
) -> Result<(), CommandError> {
    loop {
        let mut row = Vec::new();
        let mut any = false;
        let mut between = delimiters.iter().cycle();
        for (at, (_, source)) in sources.iter_mut().enumerate() {
            if at > 0 {
                row.extend_from_slice(between.next().map(Vec::as_slice).unwrap_or_default());
            }
            if let Some(line) = line(ctx, source, newline)? {
                row.extend_from_slice(&line);
                any = true;
            }
        }
        if !any {
            return Ok(());
        }
        row.push(newline);
        ctx.stdout.put(&row)?;
    }
}
