//! A script as text: whatever parses is printed as text that parses to the same again.
//!
//! But for what bash prints so that it can't read it, and we too. `<x {`: redirections come last, and what follows one is
//! no reserved word. `!` or `time` of nothing, which only the end of a line or `;` may follow: one that stands last in a
//! group gives `( ! )`. `"${x-$'"'}"`, which gives `"${x-"}"`. And `a && b <<E & c`, whose body stands before the `&`.
#![no_main]

use std::sync::Arc;

use mesash::syntax::ast::CompleteCommand;
use mesash::syntax::dump::Dump;
use mesash::syntax::options::ParseEnv;
use mesash::syntax::parser::Parser;
use mesash::syntax::print;
use mesash::syntax::symbol::Interner;
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let names = Arc::new(Interner::default());
    let Some(read) = commands(data, &names) else { return };
    let dump = Dump { names: &names };
    let tree: Value = read.iter().map(|command| dump.complete_command(command)).collect();
    if has(&tree, &hides_reserved) || has(&tree, &is_of_nothing) || unquotes(data) {
        return;
    }
    let here = has(&tree, &is_here_document);
    let printed = printed(&read);
    let contains = |what: &[u8]| printed.windows(what.len()).any(|part| part == what);
    if here && contains(b"\n &") {
        return;
    }
    let again = commands(&printed, &names)
        .unwrap_or_else(|| panic!("what was printed does not parse:\n{}", printed.escape_ascii()));
    let twice = self::printed(&again);
    // What follows `<<E &` stands on a line of its own, behind the body, and is read as a command of its own.
    let same = here && words(&printed).eq(words(&twice));
    assert!(same || printed == twice, "{}\n{}", printed.escape_ascii(), twice.escape_ascii());
});

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| b" \t\n".contains(byte)).filter(|word| !word.is_empty())
}

/// Whether the tree has a node that is `wanted`.
fn has(node: &Value, wanted: &impl Fn(&Value) -> bool) -> bool {
    wanted(node)
        || match node {
            Value::Array(nodes) => nodes.iter().any(|node| has(node, wanted)),
            Value::Object(fields) => fields.values().any(|node| has(node, wanted)),
            _ => false,
        }
}

/// Whether a command's redirections stand before a reserved word.
fn hides_reserved(node: &Value) -> bool {
    let words = [&node["assignments"][0], &node["words"][0]];
    let first = words.into_iter().find(|word| !word.is_null());
    !node["redirects"].is_null()
        && first.and_then(|word| word["text"].as_str()).is_some_and(|word| RESERVED.contains(&word))
}

/// Whether it is `!` or `time` alone.
fn is_of_nothing(node: &Value) -> bool {
    node["type"] == "pipeline" && node["commands"].as_array().is_some_and(Vec::is_empty)
}

fn is_here_document(node: &Value) -> bool {
    !node["delimiter"].is_null()
}

/// Whether `$'` may stand in a `${` in double quotes or a here-document.
fn unquotes(text: &[u8]) -> bool {
    let find = |text: &[u8], what| text.windows(2).position(|two| two == what);
    let quotes =
        text.iter().position(|byte| *byte == b'"').into_iter().chain(find(text, b"<<")).min();
    let Some(text) = quotes.map(|at| &text[at..]) else { return false };
    find(text, b"${").is_some_and(|at| find(&text[at..], b"$'").is_some())
}

const RESERVED: &[&str] = &[
    "!", "{", "}", "[[", "case", "coproc", "do", "elif", "else", "esac", "fi", "for", "function",
    "if", "in", "select", "then", "time", "until", "while",
];

/// All commands, if all of them parse.
fn commands(text: &[u8], names: &Arc<Interner>) -> Option<Vec<CompleteCommand>> {
    let mut parser = Parser::from_bytes(text, Arc::clone(names));
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
