//! `comm`: compare two sorted files line by line.
use std::cmp::Ordering;

use crate::prelude::*;

pub const COMM: Command = Command {
    name: "comm",
    synopsis: "comm [OPTION]... FILE1 FILE2",
    summary: "Compare sorted files FILE1 and FILE2 line by line.\n\nWhen FILE1 or FILE2 (not both) is -, read standard input.",
    options: &[
        short('1', "suppress column 1 (lines unique to FILE1)"),
        short('2', "suppress column 2 (lines unique to FILE2)"),
        short('3', "suppress column 3 (lines that appear in both files)"),
        long("check-order", "check that the input is correctly sorted"),
        long("nocheck-order", "do not check that the input is correctly sorted"),
        long("output-delimiter", "separate columns with STR").takes(Takes::Value("STR")),
        long("total", "output a summary"),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example {
        about: "Lines that both have.",
        script: "printf 'a\\nb\\n' > one; printf 'b\\nc\\n' | comm -12 one -",
        prints: "b\n",
    }],
    run: comm,
    ..Command::BASE
};

/// How strictly the order of a file is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    Never,
    /// Only where the files differ.
    Lazily,
    Always,
}

struct Side {
    input: Input,
    line: Option<Bytes>,
    number: usize,
    disordered: bool,
}

impl Side {
    fn advance(&mut self, delimiter: u8) -> FsResult<()> {
        let next = self.input.line(delimiter)?.map(|line| match line.last() {
            Some(last) if *last == delimiter => line.slice(..line.len() - 1),
            _ => line,
        });
        if let (Some(before), Some(after)) = (&self.line, &next) {
            self.disordered |= before > after;
        }
        self.line = next;
        Ok(())
    }
}

fn comm(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let [first, second] = match args.operands() {
        [] => return Err(usage("missing operand")),
        [only] => return Err(usage(format!("missing operand after {}", marked(only)))),
        [first, second] => [first, second],
        [_, _, extra, ..] => return Err(usage(format!("extra operand {}", marked(extra)))),
    };
    let delimiter = if args.has('z') { 0 } else { b'\n' };
    let separator = match args.value("output-delimiter") {
        Some(text) if text.is_empty() => vec![0],
        Some(text) => text.to_vec(),
        None => b"\t".to_vec(),
    };
    let check = match (args.has("check-order"), args.has("nocheck-order")) {
        (true, _) => Check::Always,
        (_, true) => Check::Never,
        _ => Check::Lazily,
    };
    let shown = [!args.has('1'), !args.has('2'), !args.has('3')];
    let mut one = open(ctx, first, 1, delimiter)?;
    let mut two = open(ctx, second, 2, delimiter)?;
    let mut totals = [0u64; 3];
    let mut said = [false; 2];
    let mut unpaired = false;
    loop {
        let order = match (&one.line, &two.line) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.cmp(b),
        };
        let (column, line) = match order {
            Ordering::Less => (0, one.line.clone()),
            Ordering::Greater => (1, two.line.clone()),
            Ordering::Equal => (2, one.line.clone()),
        };
        unpaired |= column != 2;
        if let (Some(line), Some(total)) = (line, totals.get_mut(column)) {
            *total += 1;
            if shown.get(column) == Some(&true) {
                let tabs = shown.iter().take(column).filter(|shown| **shown).count();
                ctx.stdout.put(&separator.repeat(tabs))?;
                ctx.stdout.put(&line)?;
                ctx.stdout.put(&[delimiter])?;
            }
        }
        if order != Ordering::Greater {
            one.advance(delimiter)?;
        }
        if order != Ordering::Less {
            two.advance(delimiter)?;
        }
        for (side, said) in [&one, &two].into_iter().zip(&mut said) {
            let tell = match check {
                Check::Never => false,
                Check::Always => side.disordered,
                Check::Lazily => side.disordered && unpaired,
            };
            if tell && !std::mem::replace(said, true) {
                ctx.stdout.flush()?;
                let message = format!("file {} is not in sorted order", side.number);
                if check == Check::Always {
                    return Err(failure(message));
                }
                ctx.complain(message)?;
            }
        }
    }
    if args.has("total") {
        let [one, two, both] = totals;
        let line =
            [one, two, both].map(|total| total.to_string().into_bytes()).join(&separator[..]);
        ctx.stdout.put(&[&line[..], &separator, b"total", &[delimiter]].concat())?;
    }
    if said.contains(&true) {
        ctx.stdout.flush()?;
        return Err(failure("input is not in sorted order"));
    }
    Ok(ExitStatus::SUCCESS)
}

fn open(
    ctx: &mut Context<'_>,
    operand: &BString,
    number: usize,
    delimiter: u8,
) -> Result<Side, CommandError> {
    let input = if operand == "-" {
        let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
        std::mem::replace(&mut ctx.stdin, again)
    } else {
        let failed = |error| failure(format!("{}: {error}", quoted_name(operand)));
        ctx.open(operand).map_err(failed)?
    };
    let mut side = Side { input, line: None, number, disordered: false };
    match side.advance(delimiter) {
        Ok(()) => Ok(side),
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        Err(error) => Err(failure(format!("{}: {error}", quoted_name(operand)))),
    }
}
