//! A script as text: whatever parses is printed as text that parses to the same again.
//!
//! But for `<x {`: redirections are printed last, as bash does, and what follows one is no reserved word. And but for
//! `!` or `time` of nothing, which only the end of a line or `;` may follow: bash prints `( ! )` for one that stands last
//! in a group, and neither shell reads that. And but for `"${x-$'"'}"`, of which both print `"${x-"}"`.
#![no_main]

use std::sync::Arc;

use mesash::syntax::ast::CompleteCommand;
use mesash::syntax::options::ParseEnv;
use mesash::syntax::parser::Parser;
use mesash::syntax::print;
use mesash::syntax::symbol::Interner;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(read) = commands(data) else { return };
    // NULs are left out when a script is read.
    let data: Vec<u8> = data.iter().copied().filter(|byte| *byte != 0).collect();
    if hides_reserved(&data) || inverts_nothing(&data) || unquotes(&data) {
        return;
    }
    let printed = printed(&read);
    let contains = |what: &[u8]| printed.windows(what.len()).any(|part| part == what);
    let here = contains(b"<<");
    // Of `a && b <<E &` the body stands before the `&`, in bash too.
    if here && contains(b"\n &") {
        return;
    }
    let again = commands(&printed)
        .unwrap_or_else(|| panic!("what was printed does not parse:\n{}", printed.escape_ascii()));
    let twice = self::printed(&again);
    // What follows `<<E &` stands on a line of its own, behind the body, and is read as a command of its own.
    let same = here && words(&printed).eq(words(&twice));
    assert!(same || printed == twice, "{}\n{}", printed.escape_ascii(), twice.escape_ascii());
});

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| b" \t\n".contains(byte)).filter(|word| !word.is_empty())
}

/// Whether a reserved word may stand right after a redirection.
fn hides_reserved(text: &[u8]) -> bool {
    let redirects = |word: &&[u8]| word.iter().any(|byte| b"<>".contains(byte));
    // A carriage return is part of a word.
    let words: Vec<&[u8]> = words(text).collect();
    words.iter().enumerate().filter(|(_, word)| redirects(word)).any(|(at, word)| {
        // The operator may stand apart from its word.
        let behind = at
            + 1
            + usize::from(word.ends_with(b"<") || word.ends_with(b">") || word.ends_with(b"&"));
        words
            .get(behind)
            .is_some_and(|next| RESERVED.iter().any(|reserved| next.starts_with(reserved)))
    })
}

/// Whether a line or a command may end right behind `!`, `time` or an option of `time`.
fn inverts_nothing(text: &[u8]) -> bool {
    let contains = |text: &[u8], what: &[u8]| text.windows(what.len()).any(|part| part == what);
    text.split(|byte| b"\n;#".contains(byte)).any(|command| {
        // A backslash continues the line.
        let end = command.iter().rposition(|byte| !b" \t\\".contains(byte));
        let command = &command[..end.map_or(0, |end| end + 1)];
        let option = command.ends_with(b"-p") || command.ends_with(b"--");
        command.ends_with(b"!")
            || command.ends_with(b"time")
            || option && contains(command, b"time")
    })
}

/// Whether `$'` may stand in a `${` in double quotes or a here-document.
fn unquotes(text: &[u8]) -> bool {
    let find = |text: &[u8], what| text.windows(2).position(|two| two == what);
    let quotes =
        text.iter().position(|byte| *byte == b'"').into_iter().chain(find(text, b"<<")).min();
    let Some(text) = quotes.map(|at| &text[at..]) else { return false };
    find(text, b"${").is_some_and(|at| find(&text[at..], b"$'").is_some())
}

const RESERVED: &[&[u8]] = &[
    b"!",
    b"{",
    b"}",
    b"[[",
    b"case",
    b"coproc",
    b"do",
    b"elif",
    b"else",
    b"esac",
    b"fi",
    b"for",
    b"function",
    b"if",
    b"in",
    b"select",
    b"then",
    b"time",
    b"until",
    b"while",
];

/// All commands, if all of them parse.
fn commands(text: &[u8]) -> Option<Vec<CompleteCommand>> {
    let mut parser = Parser::from_bytes(text, Arc::new(Interner::default()));
    let mut commands = Vec::new();
    loop {
        match parser.next_command(ParseEnv::default()) {
            // A here-document that the end of the input ends prints its delimiter, and a warning was all.
            Ok(Some(command)) => commands.push(command),
            Ok(None) => return parser.take_warnings().is_empty().then_some(commands),
            Err(_) => return None,
        }
    }
}

fn printed(commands: &[CompleteCommand]) -> Vec<u8> {
    let mut text = Vec::new();
    for command in commands {
        text.extend_from_slice(&print::list(&command.list));
        text.push(b'\n');
    }
    text
}
