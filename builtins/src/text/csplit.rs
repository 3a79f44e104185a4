//! `csplit`: split a file into sections determined by context lines.

mod name;
mod pattern;
mod section;

use pattern::{Pattern, What};
use section::Sections;

use super::number::{no_suffix, within};
use crate::prelude::*;

pub const CSPLIT: Command = Command {
    name: "csplit",
    synopsis: "csplit [OPTION]... FILE PATTERN...",
    summary: "Output pieces of FILE separated by PATTERN(s) to files 'xx00', 'xx01', ...,\nand output byte counts of each piece to standard output.\n\nRead standard input if FILE is -\n\nPATTERN is INTEGER (up to that line), /REGEXP/[OFFSET] (up to a matching line),\n%REGEXP%[OFFSET] (skip to one), {INTEGER} or {*} (repeat the one before).",
    options: &[
        value('b', "suffix-format", "FORMAT", "use sprintf FORMAT instead of %02d"),
        value('f', "prefix", "PREFIX", "use PREFIX instead of 'xx'"),
        flag('k', "keep-files", "do not remove output files on errors"),
        long("suppress-matched", "suppress the lines matching PATTERN"),
        value('n', "digits", "DIGITS", "use specified number of digits instead of 2"),
        flag('s', "quiet", "do not print counts of output file sizes"),
        flag('q', "silent", "do not print counts of output file sizes"),
        flag('z', "elide-empty-files", "remove empty output files"),
    ],
    examples: &[Example {
        about: "Before each line with a number sign.",
        script: "printf 'a\\n# b\\nc\\n# d\\n' | csplit - '/^#/' '{*}'; cat xx01",
        prints: "2\n6\n4\n# b\nc\n",
    }],
    run: csplit,
    ..Command::BASE
};

fn csplit(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut digits = 2;
    for text in args.values('n') {
        let count = within(text, "invalid number", 0..=255, no_suffix)?;
        digits = usize::try_from(count).unwrap_or(2);
    }
    let prefix = args.value('f').unwrap_or(BStr::new("xx"));
    let names = name::Names::new(prefix, args.value('b'), digits)?;
    let (file, patterns) = match args.operands() {
        [] => return Err(usage("missing operand")),
        [only] => return Err(usage(format!("missing operand after {}", marked(only)))),
        [file, patterns @ ..] => (file, patterns),
    };
    let input = if file == "-" {
        let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
        std::mem::replace(&mut ctx.stdin, again)
    } else {
        ctx.open(file).map_err(|error| {
            failure(format!("cannot open {} for reading: {error}", quoted(file)))
        })?
    };
    let patterns = pattern::parse(ctx, patterns)?;
    let mut sections = Sections::new(
        input,
        names,
        args.has('z'),
        !(args.has('s') || args.has('q')),
        args.has("suppress-matched"),
    );
    match run(ctx, &mut sections, &patterns) {
        Ok(()) => Ok(ExitStatus::SUCCESS),
        Err(error) => {
            // The message comes before the count of the section that was being written.
            let error = match error {
                CommandError::Fail(message, status) => {
                    ctx.stdout.flush()?;
                    ctx.complain_bytes(&message)?;
                    CommandError::Exit(status)
                }
                other => other,
            };
            sections.finish(ctx)?;
            if !args.has('k') {
                sections.remove(ctx);
            }
            Err(error)
        }
    }
}

fn run(
    ctx: &mut Context<'_>,
    sections: &mut Sections,
    patterns: &[Pattern],
) -> Result<(), CommandError> {
    for pattern in patterns {
        let mut turn = 0u64;
        loop {
            match &pattern.what {
                What::Line(line) => sections.up_to_line(ctx, pattern, *line, turn)?,
                What::Match { regex, offset, skip } => {
                    if !sections.up_to_match(ctx, pattern, regex, *offset, *skip, turn)? {
                        return Ok(());
                    }
                }
            }
            turn += 1;
            ctx.check()?;
            if pattern.repeat.is_some_and(|repeat| turn > repeat) {
                break;
            }
        }
    }
    sections.rest(ctx)
}
