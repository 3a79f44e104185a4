//! `column`: columnate lists.

mod fill;
mod options;
mod table;
mod tree;
pub(super) mod width;

use options::{Mode, Rules};

use super::operands::with_input;
use crate::budget::Resource;
use crate::prelude::*;

pub const COLUMN: Command = Command {
    name: "column",
    synopsis: "column [options] [<file>...]",
    summary: "Columnate lists.",
    options: &[
        flag('t', "table", "create a table"),
        value('n', "table-name", "NAME", "table name for JSON output"),
        value('O', "table-order", "COLUMNS", "specify order of output columns"),
        value('N', "table-columns", "NAMES", "comma separated columns names"),
        value('l', "table-columns-limit", "NUM", "maximal number of input columns"),
        value(
            'E',
            "table-noextreme",
            "COLUMNS",
            "don't count long text from the columns to column width",
        ),
        flag('d', "table-noheadings", "don't print header"),
        flag('e', "table-header-repeat", "repeat header for each page"),
        value('H', "table-hide", "COLUMNS", "don't print the columns"),
        value('R', "table-right", "COLUMNS", "right align text in these columns"),
        value('T', "table-truncate", "COLUMNS", "truncate text in the columns when necessary"),
        value('W', "table-wrap", "COLUMNS", "wrap text in the columns when necessary"),
        flag('L', "keep-empty-lines", "don't ignore empty lines"),
        flag('J', "json", "use JSON output format for table"),
        value('r', "tree", "COLUMN", "column to use tree-like output for the table"),
        value('i', "tree-id", "COLUMN", "line ID to specify child-parent relation"),
        value('p', "tree-parent", "COLUMN", "parent to specify child-parent relation"),
        value('c', "output-width", "WIDTH", "width of output in number of characters"),
        value(
            'o',
            "output-separator",
            "STRING",
            "columns separator for table output (default is two spaces)",
        ),
        value('s', "separator", "STRING", "possible table delimiters"),
        flag('x', "fillrows", "fill rows before columns"),
        flag('h', "help", ""),
        flag('V', "version", ""),
    ],
    examples: &[
        Example {
            about: "A table.",
            script: "printf 'a bb\\nccc d\\n' | column -t",
            prints: "a    bb\nccc  d\n",
        },
        Example {
            about: "Another separator, and names for the columns.",
            script: "echo root:0 | column -t -s: -N USER,UID -o ' | '",
            prints: "USER | UID\nroot | 0\n",
        },
    ],
    run: column,
    ..Command::BASE
};

/// A line of the input.
struct Line {
    text: Vec<u8>,
    number: usize,
}

fn column(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('h') || args.has('V') {
        let text = match args.has('h') {
            true => crate::args::help_text(&COLUMN),
            false => crate::args::version_text(&COLUMN),
        };
        ctx.stdout.put(text.as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let rules = options::rules(ctx, args)?;
    let standard = [BString::from("-")];
    let operands = if args.operands().is_empty() { &standard[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    // Widths are known only when all has been read.
    let mut held = ctx.budget.hold(Resource::Memory, 0)?;
    let mut lines: Vec<Line> = Vec::new();
    for operand in operands {
        let done = with_input(ctx, operand.as_bstr(), |_, input| {
            let mut number = 0;
            loop {
                number += 1;
                let line = match input.line(b'\n') {
                    Ok(Some(line)) => line,
                    Ok(None) => return Ok(None),
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => return Ok(Some(error)),
                };
                let text = line.strip_suffix(b"\n").unwrap_or(&line);
                let blank = text.iter().all(u8::is_ascii_whitespace);
                if blank && !rules.keeps_empty {
                    continue;
                }
                held.grow(2 * text.len() as u64 + 64)?;
                // Text in an unknown encoding is shown by its bytes.
                let text = if blank { Vec::new() } else { width::readable(text) };
                lines.push(Line { text, number });
            }
        })?;
        match done {
            Ok(None) => {}
            // A directory has no lines.
            Ok(Some(error)) if error.errno() == Errno::IsDir => {}
            Ok(Some(error)) | Err(error) => {
                ctx.complain(format!("{operand}: {error}"))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    // What could be read is shown, and then that counts.
    if lines.is_empty() {
        return Ok(status);
    }
    match rules.mode {
        Mode::Table => table::print(ctx, &rules, &lines)?,
        Mode::Rows | Mode::Columns => fill::print(ctx, &rules, &lines)?,
    }
    Ok(ExitStatus::SUCCESS)
}

impl Rules {
    fn across(&self) -> bool {
        self.mode == Mode::Rows
    }
}
