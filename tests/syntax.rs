//! The parser and the printer against bash: what is wrong with a script, in the same words; how a
//! function is laid out; what is no expression.

use mesash::syntax::arith;
use mesash::syntax::ast::CommandKind;
use mesash::syntax::options::{ParseEnv, ParserOptions};
use mesash::syntax::parser::Parser;
use mesash::syntax::print;
use mesash::syntax::symbol::Interner;
use std::process::Command;
use std::sync::Arc;

/// Scripts, one a line, in which `\n` stands for a newline.
const BROKEN: &str = include_str!("syntax/broken.txt");
const EXPRESSIONS: &str = include_str!("syntax/expressions.txt");
const FUNCTIONS: [&str; 3] = [
    include_str!("syntax/layout.sh"),
    include_str!("syntax/documents.sh"),
    include_str!("syntax/semicolons.sh"),
];

/// What bash says on standard error, and on standard output.
fn bash(args: &[&str]) -> (String, String) {
    let mut command = Command::new("bash");
    let output = command.args(args).env("LC_ALL", "C.UTF-8").output();
    let output = output.unwrap_or_else(|error| panic!("bash doesn't run: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stderr), text(&output.stdout))
}

/// The warnings and errors of a whole script as `bash -n -c` prints them.
fn complaints(script: &str) -> String {
    let mut parser = Parser::from_bytes(script, Arc::new(Interner::new()));
    let mut all = String::new();
    loop {
        let command = parser.next_command(ParseEnv::default());
        for warning in parser.take_warnings() {
            all += &format!("bash: line {}: warning: {}\n", warning.line, warning.text);
        }
        match command {
            Ok(Some(_)) => {}
            Ok(None) => return all,
            Err(error) => {
                for message in error.messages() {
                    all += &format!("bash: -c: line {}: {message}\n", error.line);
                }
                return all;
            }
        }
    }
}

#[test]
fn broken_scripts_get_the_words_of_bash() {
    let mut wrong = Vec::new();
    for line in BROKEN.lines() {
        let script = line.replace("\\n", "\n");
        let (expected, _) = bash(&["-n", "-c", &script]);
        let found = complaints(&script);
        if found != expected {
            wrong.push(format!("{line}\nbash: {expected}here: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions_are_laid_out_as_bash_lays_them_out() {
    for script in FUNCTIONS {
        let interner = Arc::new(Interner::new());
        let mut parser = Parser::from_bytes(script, interner);
        let options = ParserOptions { extglob: true, ..ParserOptions::default() };
        let env = ParseEnv { options, ..ParseEnv::default() };
        let mut count = 0;
        while let Some(command) = parser.next_command(env).expect("the script parses") {
            for item in &command.list.items {
                for command in &*item.and_or.first.commands {
                    let CommandKind::Function(function) = &command.kind else { continue };
                    let name = function.name.to_string();
                    let ask = format!("{script}\ndeclare -f {name}");
                    let (_, expected) = bash(&["-O", "extglob", "-c", &ask]);
                    assert_eq!(format!("{}\n", print::function(function)), expected, "{name}");
                    count += 1;
                }
            }
        }
        assert!(count > 10);
    }
}

#[test]
fn texts_that_are_no_expression_get_the_words_of_bash() {
    let interner = Interner::new();
    for text in EXPRESSIONS.lines() {
        let (expected, _) = bash(&["-c", "x=1 y=2 a=(1 2); let \"$1\"", "bash", text]);
        let expected = expected.split_once("let: ").map(|(_, message)| message.trim_end());
        let found = arith::parse(text.as_bytes(), &interner).err().map(|faulty| {
            let error = faulty.error;
            let text = error.end.map_or(text, |end| text.get(..end as usize).unwrap_or(text));
            let token = text.get(error.at as usize..).unwrap_or_default();
            format!("{text}: {} (error token is \"{token}\")", error.message)
        });
        assert_eq!(found.as_deref(), expected, "{text}");
    }
}
