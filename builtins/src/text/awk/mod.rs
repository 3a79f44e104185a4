//! `awk`: POSIX awk with the widely used parts of gawk.

mod array;
mod ast;
mod format;
mod lex;
mod parse;
mod regex;
mod run;
mod value;

use std::collections::HashSet;
use std::thread;

use crate::prelude::*;

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
        flag('c', "traditional", "(accepted)"),
        flag('P', "posix", "(accepted)"),
        flag('r', "re-interval", "(accepted)"),
        flag('b', "characters-as-bytes", "(accepted)"),
        flag('S', "sandbox", "(accepted)"),
        flag('t', "lint-old", "(accepted)"),
        flag('N', "use-lc-numeric", "(accepted)"),
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
    let mut text = Vec::new();
    let mut given = false;
    let mut in_place = false;
    let mut included = HashSet::new();
    for option in args.given() {
        let Some(value) = &option.value else { continue };
        match option.opt.short {
            Some('f') => text.extend(program_file(ctx, value)?),
            Some('e') => text.extend_from_slice(value),
            Some('i') if value == "inplace" => {
                in_place = true;
                continue;
            }
            Some('i') => text.extend(library(ctx, value, &mut included)?),
            _ => continue,
        }
        text.push(b'\n');
        // A library beside which nothing is given leaves the program to the first operand.
        given |= option.opt.short != Some('i');
    }
    let mut operands = args.operands();
    if !given {
        let Some((program, rest)) = operands.split_first() else {
            return Err(usage("no program text given"));
        };
        text.extend_from_slice(program);
        operands = rest;
    }
    let text = with_includes(ctx, &text, &mut included)?;
    let program = match parse::parse(&text) {
        Ok(program) => program,
        Err(error) => return Err(refused(ctx, &text, &error)),
    };
    for (line, warning) in &program.warnings {
        ctx.complain(format!("cmd. line:{line}: warning: {warning}"))?;
    }
    let host = ctx.host;
    thread::scope(|scope| {
        let mut machine = run::Machine::new(ctx, host, &program, scope)?;
        machine.set_arguments(operands);
        machine.in_place = in_place;
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
fn refused(ctx: &mut Context<'_>, text: &[u8], error: &lex::SyntaxError) -> CommandError {
    let place = format!("cmd. line:{}: ", error.line);
    let Some(at) = error.at else {
        let status = if error.message.starts_with("fatal") { 2 } else { 1 };
        let message = place + &error.message;
        return CommandError::Fail(message.into_bytes(), ExitStatus(status));
    };
    let head = text.get(..at).unwrap_or(text);
    let start = head.rfind_byte(b'\n').map_or(0, |newline| newline + 1);
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.get(..rest.find_byte(b'\n').unwrap_or(rest.len())).unwrap_or_default();
    // A failed complaint changes nothing: the status tells.
    let _ = ctx.complain_bytes(&[place.as_bytes(), line].concat());
    let caret = format!("{place}{}^ {}", " ".repeat(at - start), error.message);
    CommandError::Fail(caret.into_bytes(), ExitStatus::FAILURE)
}

/// The program with its lines `@include "FILE"` replaced by what the files hold.
fn with_includes(
    ctx: &mut Context<'_>,
    text: &[u8],
    included: &mut HashSet<BString>,
) -> Result<Vec<u8>, CommandError> {
    if text.find(b"@include").is_none() {
        return Ok(text.to_vec());
    }
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match include_name(line) {
            Some(name) => {
                out.extend(library(ctx, &name, included)?);
                out.push(b'\n');
            }
            None => out.extend_from_slice(line),
        }
    }
    Ok(out)
}

/// The file that a line names, if it is an `@include` and nothing else.
fn include_name(line: &[u8]) -> Option<BString> {
    let rest = line.trim().strip_prefix(b"@include")?.trim_start();
    let (name, after) = rest.strip_prefix(b"\"")?.split_once_str("\"")?;
    let after = after.trim_start();
    (after.is_empty() || after.starts_with(b"#") || after == b";").then(|| name.into())
}

/// A library's text: once, however often it is included; its name may lack `.awk`.
fn library(
    ctx: &mut Context<'_>,
    name: &BString,
    included: &mut HashSet<BString>,
) -> Result<Vec<u8>, CommandError> {
    let mut file = name.clone();
    let mut text = program_file(ctx, &file);
    if text.is_err() {
        file.extend_from_slice(b".awk");
        // What cannot be found is told by the name that was given.
        text = program_file(ctx, &file).or(text);
    }
    let text = text?;
    if !included.insert(file) {
        return Ok(Vec::new());
    }
    with_includes(ctx, &text, included)
}

fn program_file(ctx: &mut Context<'_>, name: &BString) -> Result<Vec<u8>, CommandError> {
    let read = |ctx: &mut Context<'_>| -> FsResult<Bytes> {
        if name == "-" {
            return ctx.stdin.rest();
        }
        ctx.open(name)?.rest()
    };
    read(ctx).map(|text| text.to_vec()).map_err(|error| {
        let name = String::from_utf8_lossy(name);
        let message = format!("fatal: cannot open source file `{name}' for reading: {error}");
        CommandError::Fail(message.into_bytes(), ExitStatus(2))
    })
}
