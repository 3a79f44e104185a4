//! `pr`: pages and columns of files for printing.

mod line;
mod options;
mod page;
mod source;

use page::Printer;
use source::Source;

use crate::prelude::*;

pub const PR: Command = Command {
    name: "pr",
    synopsis: "pr [OPTION]... [FILE]...",
    summary: "Paginate or columnate FILE(s) for printing.\n\nWith no FILE, or when FILE is -, read standard input.\n+FIRST[:LAST] begins and stops printing at those pages; -COLUMN prints so many columns down.",
    options: &[
        long("pages", "begin and stop printing at these pages").takes(Takes::Value("FIRST[:LAST]")),
        long("columns", "output COLUMN columns, down and balanced, unless -a is used")
            .takes(Takes::Value("COLUMN")),
        flag('a', "across", "print columns across rather than down"),
        short('b', "(ignored: columns are always balanced)"),
        flag('c', "show-control-chars", "use hat notation (^G) and octal backslash notation"),
        flag('d', "double-space", "double space the output"),
        value('D', "date-format", "FORMAT", "use FORMAT for the header date"),
        flag('e', "expand-tabs", "expand input CHARs (TABs) to tab WIDTH (8)")
            .takes(Takes::Optional("CHAR[WIDTH]")),
        flag('F', "form-feed", "use form feeds instead of newlines to separate pages"),
        short('f', "the same as -F"),
        value('h', "header", "HEADER", "use a centered HEADER instead of the file name"),
        flag('i', "output-tabs", "replace spaces with CHARs (TABs) to tab WIDTH (8)")
            .takes(Takes::Optional("CHAR[WIDTH]")),
        flag('J', "join-lines", "merge full lines: no truncation, no column alignment"),
        value('l', "length", "PAGE_LENGTH", "set the page length to so many (66) lines"),
        flag('m', "merge", "print all files in parallel, one in each column"),
        flag('n', "number-lines", "number lines, with so many (5) digits, then SEP (TAB)")
            .takes(Takes::Optional("SEP[DIGITS]")),
        value(
            'N',
            "first-line-number",
            "NUMBER",
            "start counting with NUMBER at the first line printed",
        ),
        value('o', "indent", "MARGIN", "offset each line with so many spaces"),
        flag('r', "no-file-warnings", "omit the warning when a file cannot be opened"),
        flag('s', "separator", "separate columns by CHAR (TAB); no truncation unless -w is set")
            .takes(Takes::Optional("CHAR")),
        flag('S', "sep-string", "separate columns by STRING").takes(Takes::Optional("STRING")),
        flag('t', "omit-header", "omit page headers and trailers"),
        flag('T', "omit-pagination", "omit headers and trailers, and pages made by form feeds"),
        flag('v', "show-nonprinting", "use octal backslash notation"),
        value(
            'w',
            "width",
            "PAGE_WIDTH",
            "set the page width to so many (72) characters, for several columns",
        ),
        value(
            'W',
            "page-width",
            "PAGE_WIDTH",
            "set the page width to so many (72) characters always",
        ),
    ],
    examples: &[
        Example {
            about: "Three columns, separated by commas.",
            script: "seq 6 | pr -3 -t -s,",
            prints: "1,3,5\n2,4,6\n",
        },
        Example {
            about: "Two files beside each other.",
            script: "seq 3 > a; seq 4 6 > b; pr -m -t -w 20 a b",
            prints: "1\t  4\n2\t  5\n3\t  6\n",
        },
    ],
    order: Order::Raw,
    run: pr,
    ..Command::BASE
};

fn pr(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let Some((style, operands)) = options::read(ctx, args.operands())? else {
        return Ok(ExitStatus::SUCCESS);
    };
    let stdin = [BString::from("-")];
    let operands = if operands.is_empty() { &stdin[..] } else { &operands[..] };
    let mut status = ExitStatus::SUCCESS;
    let mut sources = Vec::new();
    for operand in operands {
        match Source::open(ctx, operand) {
            Ok(source) if style.merge => sources.push(source),
            Ok(source) => Printer::new(ctx, &style, vec![source])?.run(ctx)?,
            Err(error) if error.errno() == Errno::IsDir => {
                ctx.stdout.flush()?;
                return Err(failure(format!("{}: {error}", quoted_name(operand))));
            }
            Err(error) => {
                status = ExitStatus::FAILURE;
                if style.warns {
                    ctx.stdout.flush()?;
                    ctx.complain(format!("{}: {error}", quoted_name(operand)))?;
                }
            }
        }
    }
    if !sources.is_empty() {
        Printer::new(ctx, &style, sources)?.run(ctx)?;
    }
    Ok(status)
}
