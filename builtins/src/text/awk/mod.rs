//! `awk`: POSIX awk with the widely used parts of gawk.

mod array;
mod ast;
mod format;
mod lex;
mod origins;
mod parse;
mod regex;
mod run;
mod source;
mod value;

use std::thread;

use crate::prelude::*;
use origins::Origins;
use source::Source;

pub const AWK: Command = Command {
    name: "awk",
    synopsis: "awk [OPTION]... 'PROGRAM' [FILE]...\nawk [OPTION]... -f PROGRAM-FILE [FILE]...",
    summary: "Run PROGRAM for each record of the FILEs, or of standard input.\n\nAn operand NAME=VALUE sets a variable before the next file.",
    options: &[
        value('F', "field-separator", "FS", "separate fields by FS"),
        value('v', "assign", "VAR=VALUE", "set a variable before BEGIN"),
        value('f', "file", "PROGRAM-FILE", "read the program from a file; repeatable"),
        value('e', "source", "PROGRAM", "the program's text; repeatable, beside -f"),
        value(
            'i',
            "include",
            "LIBRARY",
            "rewrite the FILEs by what is printed, if LIBRARY is inplace",
        ),
        value('E', "exec", "PROGRAM-FILE", "as -f, for scripts that begin with #!"),
        value('l', "load", "LIBRARY", "(accepted)"),
        flag('c', "traditional", "(accepted)"),
        flag('P', "posix", "(accepted)"),
        flag('r', "re-interval", "(accepted)"),
        flag('b', "characters-as-bytes", "a character is a byte"),
        flag('L', "lint", "tell names that have no value").takes(Takes::Optional("fatal|invalid")),
        flag('S', "sandbox", "refuse commands and redirections"),
        flag('O', "optimize", "(accepted)"),
        flag('s', "no-optimize", "(accepted)"),
        flag('t', "lint-old", "(accepted)"),
        flag('N', "use-lc-numeric", "(accepted)"),
        short('V', "the same as --version"),
        short('h', "the same as --help"),
    ],
    words: &[],
    examples: &[
        Example {
            about: "Add up a column.",
            script: "printf 'a 1\\nb 2\\n' | awk '{ sum += $2 } END { print sum }'",
            prints: "3\n",
        },
        Example {
            about: "Print some fields of lines that match.",
            script: "printf 'x:1:p\\ny:2:q\\n' | awk -F: '/y/ { print $3, $1 }'",
            prints: "q y\n",
        },
    ],
    order: Order::First,
    usage_status: 1,
    subcommands: &[],
    usage_shows_synopsis: false,
    run: awk,
};

pub const GAWK: Command = Command { name: "gawk", ..AWK };

fn awk(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('V') || args.has('h') {
        let help = if args.has('h') {
            crate::args::help_text(&AWK)
        } else {
            crate::args::version_text(&AWK)
        };
        ctx.stdout.put(help.as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let mut source = Source::default();
    let mut given = false;
    let mut in_place = false;
    for option in args.given() {
        let Some(value) = &option.value else { continue };
        match option.opt.short {
            Some('f' | 'E') => source.file(ctx, value)?,
            Some('e') => source.argument(ctx, value)?,
            Some('i') if value == "inplace" => {
                in_place = true;
                continue;
            }
            Some('i') => source.library(ctx, value)?,
            Some('l') => continue,
            _ => continue,
        }
        // A library beside which nothing is given leaves the program to the first operand.
        given |= option.opt.short != Some('i');
    }
    let mut operands = args.operands();
    if !given {
        let Some((program, rest)) = operands.split_first() else {
            return Err(usage("no program text given"));
        };
        source.argument(ctx, program)?;
        operands = rest;
    }
    let Source { text, origins, .. } = source;
    let bytes = args.has('b') || ctx.bytes_locale();
    let program = match parse::parse(&text, bytes) {
        Ok(program) => ast::Program { origins, ..program },
        Err(error) => return Err(refused(ctx, &text, &error, &origins)),
    };
    for (line, warning) in &program.warnings {
        let place = program.origins.place(*line);
        ctx.complain_bytes(&[place.as_slice(), b"warning: ", warning.as_bytes()].concat())?;
    }
    let host = ctx.host;
    thread::scope(|scope| {
        let mut machine = run::Machine::new(ctx, host, &program, scope)?;
        machine.set_arguments(operands);
        machine.in_place = in_place;
        machine.sandbox = args.has('S');
        machine.bytes = bytes;
        machine.lint = args.has('L');
        for option in args.given() {
            let Some(value) = &option.value else { continue };
            match option.opt.short {
                Some('F') => {
                    machine.preset(b"FS", value)?;
                }
                Some('v') => {
                    let Some((name, value)) = value.split_once_str("=") else {
                        let text = format!("`{value}' argument to `-v' not in `var=value' form");
                        return Err(CommandError::Fail(text.into_bytes(), ExitStatus::FAILURE));
                    };
                    if !machine.preset(name, value)? {
                        let shown = String::from_utf8_lossy(name).into_owned();
                        let message = format!("fatal: `{shown}' is not a legal variable name");
                        return Err(CommandError::Fail(message.into_bytes(), ExitStatus(2)));
                    }
                }
                _ => {}
            }
        }
        machine.run()
    })
}

/// Says what is wrong with a program: its line, and a caret below the place.
fn refused(
    ctx: &mut Context<'_>,
    text: &[u8],
    error: &lex::SyntaxError,
    origins: &Origins,
) -> CommandError {
    let place = origins.place(error.line);
    let Some(at) = error.at else {
        let status = if error.message.starts_with("fatal") { 2 } else { 1 };
        let message = [place.as_slice(), error.message.as_bytes()].concat();
        if error.message.contains("is not allowed outside a loop") {
            // gawk says this twice. A failed complaint changes nothing.
            let _ = ctx.complain_bytes(&message);
        }
        return CommandError::Fail(message, ExitStatus(status));
    };
    let head = text.get(..at).unwrap_or(text);
    let start = head.rfind_byte(b'\n').map_or(0, |newline| newline + 1);
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.get(..rest.find_byte(b'\n').unwrap_or(rest.len())).unwrap_or_default();
    // A failed complaint changes nothing: the status tells.
    let _ = ctx.complain_bytes(&[place.as_slice(), line].concat());
    let caret = format!("{}^ {}", " ".repeat(at - start), error.message);
    CommandError::Fail([place.as_slice(), caret.as_bytes()].concat(), ExitStatus::FAILURE)
}
