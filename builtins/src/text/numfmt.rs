//! `numfmt`: convert numbers from and to human-readable strings.

mod format;
mod number;
mod options;

use options::{Invalid, Rules};

use super::operands::fault;
use crate::prelude::*;

pub const NUMFMT: Command = Command {
    name: "numfmt",
    synopsis: "numfmt [OPTION]... [NUMBER]...",
    summary: "Reformat NUMBER(s), or the numbers from standard input if none are specified.\n\nUNIT is none, auto (1K = 1000, 1Ki = 1024), si (1K = 1000), iec (1K = 1024) or\niec-i (1Ki = 1024).  FORMAT is %[0]['][-][N][.][N]f.",
    options: &[
        long("debug", "print warnings about invalid input"),
        value('d', "delimiter", "X", "use X instead of whitespace for field delimiter"),
        long("field", "replace the numbers in these input fields (default=1)")
            .takes(Takes::Value("FIELDS")),
        long("format", "use printf style floating-point FORMAT").takes(Takes::Value("FORMAT")),
        long("from", "auto-scale input numbers to UNITs; default is 'none'")
            .takes(Takes::Value("UNIT")),
        long("from-unit", "specify the input unit size (instead of the default 1)")
            .takes(Takes::Value("N")),
        long("grouping", "use locale-defined grouping of digits (none here)"),
        long("header", "print (without converting) the first N header lines; N defaults to 1")
            .takes(Takes::Optional("N")),
        long("invalid", "failure mode for invalid numbers: abort (default), fail, warn, ignore")
            .takes(Takes::Value("MODE")),
        long("padding", "pad the output to N characters; negative N will left-align")
            .takes(Takes::Value("N")),
        long("round", "use METHOD for rounding when scaling: up, down, from-zero (default), towards-zero, nearest")
            .takes(Takes::Value("METHOD")),
        long("suffix", "add SUFFIX to output numbers, and accept optional SUFFIX in input numbers")
            .takes(Takes::Value("SUFFIX")),
        long("to", "auto-scale output numbers to UNITs").takes(Takes::Value("UNIT")),
        long("to-unit", "the output unit size (instead of the default 1)")
            .takes(Takes::Value("N")),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[
        Example { about: "For people.", script: "numfmt --to=iec 2048", prints: "2.0K\n" },
        Example {
            about: "A field of a table, for programs.",
            script: "echo 'disk 1.5K' | numfmt --field=2 --from=si",
            prints: "disk 1500\n",
        },
    ],
    run: numfmt,
    ..Command::BASE
};

/// The status where a number could not be converted.
const UNCONVERTED: ExitStatus = ExitStatus(2);

fn numfmt(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let rules = options::rules(ctx, args)?;
    let mut work = Work { rules, all_valid: true };
    if args.operands().is_empty() {
        stdin(ctx, &mut work)?;
    } else {
        if work.rules.debug && work.rules.header > 0 {
            ctx.complain("--header ignored with command-line input")?;
        }
        for operand in args.operands() {
            work.line(ctx, operand)?;
            ctx.stdout.put(&[work.rules.end])?;
        }
    }
    let failed = !work.all_valid && matches!(work.rules.invalid, Invalid::Abort | Invalid::Fail);
    if !work.all_valid && work.rules.debug {
        ctx.complain("failed to convert some of the input numbers")?;
    }
    Ok(if failed { UNCONVERTED } else { ExitStatus::SUCCESS })
}

fn stdin(ctx: &mut Context<'_>, work: &mut Work) -> Result<(), CommandError> {
    let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
    let mut input = std::mem::replace(&mut ctx.stdin, again);
    let end = work.rules.end;
    for _ in 0..work.rules.header {
        match input.line(end) {
            Ok(Some(line)) => ctx.stdout.put(&line)?,
            Ok(None) => return Ok(()),
            Err(error) => return fault(error).map(drop),
        }
    }
    // The last line keeps its missing end.
    let read = loop {
        match input.line(end) {
            Ok(Some(line)) => {
                let text = line.strip_suffix(&[end]).unwrap_or(&line);
                work.line(ctx, text)?;
                if text.len() < line.len() {
                    ctx.stdout.put(&[end])?;
                }
            }
            Ok(None) => break None,
            Err(error) => break fault(error)?,
        }
    };
    match read {
        None => Ok(()),
        Some(error) => Err(failure(format!("error reading input: {error}"))),
    }
}

struct Work {
    rules: Rules,
    all_valid: bool,
}

impl Work {
    /// Converts the fields of one line.
    fn line(&mut self, ctx: &mut Context<'_>, line: &[u8]) -> Result<(), CommandError> {
        let mut rest = line;
        let mut number = 1;
        loop {
            let length = match self.rules.delimiter {
                Some(delimiter) => rest.iter().take_while(|&&byte| byte != delimiter).count(),
                None => {
                    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n');
                    let lead = rest.iter().take_while(blank).count();
                    lead + rest.iter().skip(lead).take_while(|byte| !blank(byte)).count()
                }
            };
            let (field, tail) = rest.split_at(length);
            self.field(ctx, field, number)?;
            match tail.split_first() {
                None => return Ok(()),
                Some((_, tail)) => {
                    ctx.stdout.put(&[self.rules.delimiter.unwrap_or(b' ')])?;
                    rest = tail;
                }
            }
            number += 1;
        }
    }

    fn field(
        &mut self,
        ctx: &mut Context<'_>,
        field: &[u8],
        number: usize,
    ) -> Result<(), CommandError> {
        let wanted = |&(first, last): &(usize, usize)| (first..=last).contains(&number);
        let wanted = match &self.rules.fields {
            Some(ranges) => ranges.iter().any(wanted),
            None => true,
        };
        if !wanted {
            return Ok(ctx.stdout.put(field)?);
        }
        match self.rules.convert(field, number) {
            Ok(text) => Ok(ctx.stdout.put(&text)?),
            Err(message) => {
                self.all_valid = false;
                ctx.stdout.flush()?;
                match self.rules.invalid {
                    Invalid::Abort => {
                        return Err(CommandError::Fail(message.into_bytes(), UNCONVERTED));
                    }
                    Invalid::Fail | Invalid::Warn => ctx.complain(message)?,
                    Invalid::Ignore => {}
                }
                Ok(ctx.stdout.put(field)?)
            }
        }
    }
}
