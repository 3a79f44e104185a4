//! The parser by itself. What bash makes of the same scripts is compared in `tests/syntax.rs`.

use super::ast::{CommandKind, Word, WordPart};
use super::error::{Open, ParseError, Verdict};
use super::input::{LineKind, LineSource, Lines};
use super::options::{Aliases, ParseEnv, ParserOptions};
use super::parser::Parser;
use super::print;
use super::reader::NESTING_MAX;
use super::symbol::Interner;
use proptest::prelude::*;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Each command printed.
fn printed(script: &[u8]) -> Result<Vec<String>, ParseError> {
    let mut parser = Parser::from_bytes(script, Arc::new(Interner::new()));
    let mut commands = Vec::new();
    while let Some(command) = parser.next_command(ParseEnv::default())? {
        commands.push(print::list(&command.list).to_string());
    }
    Ok(commands)
}

fn first_words(script: &str) -> Vec<Word> {
    let mut parser = Parser::from_bytes(script, Arc::new(Interner::new()));
    let command = parser.next_command(ParseEnv::default()).unwrap().unwrap();
    let item = command.list.items.first().unwrap();
    match &item.and_or.first.commands.first().unwrap().kind {
        CommandKind::Simple(simple) => simple.words.to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_printed_reads_back_as_the_same() {
    for script in [
        "a; b & c && d || ! e | f |& g",
        "if a; then b; elif c; then d; else e; fi > x 2>&1",
        "for i in 1 2; do echo $i; done; for i; do x; done; for ((i=0;i<3;i++)); do z; done",
        "case $x in a|b) c;; (d) ;; e) f ;& *) g ;;& esac",
        "{ a; (b; c) } <y; [[ a == b && ( -f c || ! d ) ]]; ((i++)); until x; do y; done",
        "a=(1 2 [5]=x) b[1]+=3 echo \"$(c; d)\" `e` <(f) ${x:-$(y)} $((1+2)) {fd}>z 3<&-",
        "f() { a; } > x; function g { b; }; coproc c { d; }; time -p ! e; select x in y; do z; done",
    ] {
        let once = printed(script.as_bytes()).unwrap().join("\n");
        let twice = printed(once.as_bytes()).unwrap().join("\n");
        assert_eq!(once, twice, "{script}");
    }
}

#[test]
fn a_here_document_follows_the_line_that_asks_for_it() {
    let script = b"cat <<A; x=$(cat <<B\nb\nB\n) \"c\nd\"\na\nA\nnext\n";
    let commands = printed(script).unwrap();
    assert_eq!(commands.len(), 2);
    assert!(commands[0].contains("<<A\na\nA\n"), "{}", commands[0]);
    assert!(commands[0].contains("<<B\nb\nB\n"), "{}", commands[0]);
    assert_eq!(commands[1], "next");
}

/// Lines of a text, counted.
struct Counted(Lines<&'static str>, Arc<AtomicUsize>);

impl LineSource for Counted {
    fn read_line(&mut self, line: &mut Vec<u8>, kind: LineKind) -> io::Result<bool> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.read_line(line, kind)
    }
}

#[test]
fn nothing_behind_the_line_of_a_command_is_read() {
    let count = Arc::new(AtomicUsize::new(0));
    let text = "echo a; echo b\nif x\nthen y; fi\nrest\n";
    let source = Counted(Lines::new(text), Arc::clone(&count));
    let mut parser = Parser::new(source, Arc::new(Interner::new()));
    for (lines, end) in [(1, 15), (3, 31)] {
        let command = parser.next_command(ParseEnv::default()).unwrap().unwrap();
        assert_eq!((count.load(Ordering::Relaxed), command.span.end), (lines, end));
    }
}

#[test]
fn incomplete_is_told_from_wrong() {
    let verdict = |script: &str| printed(script.as_bytes()).unwrap_err().verdict;
    for (script, open) in [
        ("if a; then\n", Open::Command),
        ("a &&\n", Open::Command),
        ("echo 'a\n", Open::SingleQuote),
        ("echo \"a\n", Open::DoubleQuote),
        ("echo `a\n", Open::Backtick),
        ("echo ${a\n", Open::Brace),
        ("echo $(a\n", Open::Parenthesis),
        ("a=(1\n", Open::Parenthesis),
        ("echo $[1\n", Open::Bracket),
    ] {
        assert_eq!(verdict(script), Verdict::Incomplete(open), "{script}");
    }
    for script in ["fi\n", "a | | b\n", "( )\n", "case x in a b) ;; esac\n", "[[ a b ]]\n"] {
        assert_eq!(verdict(script), Verdict::Wrong, "{script}");
    }
}

#[test]
fn nesting_ends_in_an_error_and_not_on_the_stack() {
    let deep = |open: &str, close: &str| {
        let mut script = b"echo ".to_vec();
        script.extend(open.bytes().cycle().take(open.len() * 10_000));
        script.push(b'x');
        script.extend(close.bytes().cycle().take(close.len() * 10_000));
        script
    };
    let scripts = [("$(", ")"), ("${x:-", "}"), ("\"${x:-", "}\""), ("$((", "))"), ("{a,", "}")];
    let scripts = scripts.map(|(open, close)| deep(open, close));
    let stack = NESTING_MAX as usize * 16 * 1024;
    let run = move || scripts.iter().map(|script| printed(script).unwrap_err()).collect::<Vec<_>>();
    let errors = std::thread::Builder::new().stack_size(stack).spawn(run).unwrap().join().unwrap();
    for error in errors {
        assert_eq!(error.messages()[0], "syntax error: commands are nested too deeply");
    }
}

struct OneAlias(&'static str, &'static str);

impl Aliases for OneAlias {
    fn alias(&self, name: &[u8]) -> Option<Vec<u8>> {
        (name == self.0.as_bytes()).then(|| self.1.as_bytes().to_vec())
    }
}

#[test]
fn aliases_are_text() {
    for (name, value, script, expected) in [
        ("a", "echo ", "a a b", "echo echo b"),
        ("a", "a x", "a y", "a x y"),
        ("a", "echo \"x", "a y\"", "echo \"x y\""),
        ("a", "echo 2", "a>x", "echo 2 > x"),
        ("a", "b &", "a& c", "b && c"),
        ("a", "if", "a b; then c; fi", "if b; then\n    c;\nfi"),
        ("a", "b", "\\a; 'a'; x=1 a; c a", "\\a; 'a'; x=1 b; c a"),
        ("a", "for i in", "a x y; do z; done", "for i in x y;\ndo\n    z;\ndone"),
    ] {
        let alias = OneAlias(name, value);
        let options = ParserOptions { expand_aliases: true, ..ParserOptions::default() };
        let mut parser = Parser::from_bytes(script, Arc::new(Interner::new()));
        let command = parser.next_command(ParseEnv { options, aliases: &alias }).unwrap().unwrap();
        assert_eq!(print::list(&command.list), expected, "{script}");
    }
}

#[test]
fn words_come_apart_at_quotes_and_expansions() {
    let words = first_words("a 'b'\"c\" \"d$e\" f$((1)) ~/g {h,i} $'\\x41\\0z' k=~");
    let shape: Vec<String> = words
        .iter()
        .map(|word| {
            let name = |part: &WordPart| match part {
                WordPart::Literal(text) => format!("l:{text}"),
                WordPart::Quoted(text) => format!("q:{text}"),
                WordPart::DoubleQuoted(parts) => format!("d{}", parts.len()),
                WordPart::Arith(_) => "arith".to_owned(),
                WordPart::Tilde(_) => "tilde".to_owned(),
                WordPart::Brace(_) => "brace".to_owned(),
                other => format!("{other:?}"),
            };
            word.parts.iter().map(name).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        shape,
        ["l:a", "q:bc", "d2", "l:f arith", "tilde l:/g", "brace", "q:A", "l:k= tilde"]
    );
}

/// Pieces of scripts, which often make a right one.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "a",
        "b ",
        " ",
        "\n",
        ";",
        "&",
        "&&",
        "||",
        "|",
        "(",
        ")",
        "{ ",
        "}",
        "if ",
        "then ",
        "fi",
        "for x in ",
        "do ",
        "done",
        "case x in ",
        "esac",
        ";;",
        "$(",
        "${x",
        ":-",
        "}",
        "$((",
        "))",
        "((",
        "[[ ",
        " ]]",
        "'",
        "\"",
        "\\",
        "`",
        "$x",
        "<<E\n",
        "E\n",
        "b >f ",
        "<(",
        "a=(",
        "#",
        "~",
        "{a,b}",
        "*",
        "@(",
        "f() ",
        "! ",
        "time ",
        "\u{e9}",
        "[1]=",
        "$'",
        "+=",
        "b <<<a ",
        "b 2>&1 ",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    /// No input makes the parser panic or go on for ever.
    #[test]
    fn any_bytes_are_read_or_refused(script in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = printed(&script);
    }

    /// What parses and is printed parses again, as the same commands.
    #[test]
    fn printed_scripts_parse_back(script in pieces()) {
        // Where bodies of here-documents stand in printed lists is bash's own affair.
        prop_assume!(!script.windows(2).any(|pair| pair == b"<<"));
        // A backslash stands for itself at the end of the input, and only there.
        prop_assume!(!script.ends_with(b"\\"));
        if let Ok(commands) = printed(&script) {
            for command in commands {
                let again = printed(command.as_bytes());
                prop_assert!(again.is_ok(), "{command:?}: {again:?}");
                prop_assert_eq!(again.unwrap_or_default().join("\n"), command);
            }
        }
    }
}
