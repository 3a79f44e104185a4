//! What stands where in a text, for a line editor that shows it: found by the parser as it reads.
//!
//! A traced input notes each word, operator, string, expansion and comment with its place. What stands
//! in another (a string in a word) is noted before it. What comes from an alias has no place.

use super::error::Verdict;
use super::options::{NoAliases, ParseEnv, ParserOptions};
use super::parser::Parser;
use super::scan::RawWord;
use super::symbol::Interner;
use super::token::{Place, is_reserved};
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

/// What a part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexemeKind {
    /// A reserved word where it is one.
    Keyword,
    /// The word that names a command.
    Command,
    /// `x=…` before a command.
    Assignment,
    Argument,
    /// `;`, `|`, `(` and the like.
    Operator,
    /// `>`, `2>`, `<<`.
    Redirect,
    String,
    /// `$x`, `${…}`, `$(`, backquotes.
    Expansion,
    Comment,
    HereDoc,
    /// Where the parser could not go on.
    Fault,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lexeme {
    /// In bytes of the text.
    pub span: Range<usize>,
    pub kind: LexemeKind,
}

/// A text taken apart.
#[derive(Debug, Clone, Default)]
pub struct Lexed {
    /// By where they begin; what stands in another comes after it.
    pub lexemes: Vec<Lexeme>,
    /// The text can't be completed to something right.
    pub wrong: bool,
    /// It could, by more lines.
    pub incomplete: bool,
}

/// Takes `text` apart. Its names end up in `interner`, which should be nobody else's.
pub fn lex(text: &[u8], options: ParserOptions, interner: &Arc<Interner>) -> Lexed {
    let mut parser = Parser::from_bytes(text, Arc::clone(interner));
    parser.trace();
    let env = ParseEnv { options, aliases: &NoAliases };
    let mut lexed = Lexed::default();
    loop {
        match parser.next_command(env) {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                lexed.incomplete = matches!(error.verdict, Verdict::Incomplete(_));
                lexed.wrong = !lexed.incomplete;
                break;
            }
        }
    }
    // The end of the input ends a here-document, with a warning: more lines would be its own.
    lexed.incomplete |= !lexed.wrong && !parser.take_warnings().is_empty();
    let fault = parser.offset().min(text.len());
    let mut noted: Vec<(usize, Lexeme)> = parser.take_trace().into_iter().enumerate().collect();
    noted.sort_by_key(|(at, lexeme)| (lexeme.span.start, Reverse(lexeme.span.end), Reverse(*at)));
    lexed.lexemes = noted.into_iter().map(|(_, lexeme)| lexeme).collect();
    for lexeme in &mut lexed.lexemes {
        lexeme.span.end = lexeme.span.end.min(text.len());
    }
    lexed.lexemes.retain(|lexeme| lexeme.span.start < lexeme.span.end);
    if lexed.wrong {
        let last = lexed.lexemes.iter().rfind(|lexeme| lexeme.span.end <= fault);
        if let Some(span) = last.map(|lexeme| lexeme.span.clone()) {
            lexed.lexemes.push(Lexeme { span, kind: LexemeKind::Fault });
        }
    }
    lexed
}

/// What a word is by where it stands; `raw` is `None` if its end is missing.
pub(super) fn word_kind(raw: Option<&RawWord>, place: Place) -> LexemeKind {
    let reserved = raw.is_some_and(|raw| raw.plain && is_reserved(&raw.text));
    match place {
        Place::Command | Place::Prefix => match raw {
            Some(raw) if raw.assignment_name_len().is_some() => LexemeKind::Assignment,
            _ if reserved && place == Place::Command => LexemeKind::Keyword,
            _ => LexemeKind::Command,
        },
        Place::Condition if reserved => LexemeKind::Keyword,
        _ => LexemeKind::Argument,
    }
}

#[cfg(test)]
mod tests {
    use super::LexemeKind::*;
    use super::*;

    fn kinds(text: &str) -> Vec<(&str, LexemeKind)> {
        let lexed = lex(text.as_bytes(), ParserOptions::default(), &Arc::default());
        lexed.lexemes.into_iter().map(|one| (&text[one.span], one.kind)).collect()
    }

    #[test]
    fn a_text_is_taken_apart() {
        let table: &[(&str, &[(&str, LexemeKind)])] = &[
            ("ls -l", &[("ls", Command), ("-l", Argument)]),
            ("if x; then", &[("if", Keyword), ("x", Command), (";", Operator), ("then", Keyword)]),
            (
                "a=1 b 2>c",
                &[
                    ("a=1", Assignment),
                    ("b", Command),
                    ("2", Redirect),
                    (">", Redirect),
                    ("c", Argument),
                ],
            ),
            (
                "echo \"a$b\"",
                &[("echo", Command), ("\"a$b\"", Argument), ("\"a$b\"", String), ("$b", Expansion)],
            ),
            ("echo 'open", &[("echo", Command), ("'open", Argument), ("'open", String)]),
            (
                "x=$(ls) # no",
                &[
                    ("x=$(ls)", Assignment),
                    ("$(", Expansion),
                    ("ls", Command),
                    (")", Operator),
                    ("# no", Comment),
                ],
            ),
            ("a | b", &[("a", Command), ("|", Operator), ("b", Command)]),
            (
                "echo $1 ${x}",
                &[
                    ("echo", Command),
                    ("$1", Argument),
                    ("$1", Expansion),
                    ("${x}", Argument),
                    ("${x}", Expansion),
                ],
            ),
            ("echo )", &[("echo", Command), (")", Operator), (")", Fault)]),
        ];
        for (text, wanted) in table {
            assert_eq!(kinds(text), *wanted, "{text}");
        }
    }

    #[test]
    fn what_is_missing_and_what_is_wrong_differ() {
        let of = |text: &str| {
            let lexed = lex(text.as_bytes(), ParserOptions::default(), &Arc::default());
            (lexed.incomplete, lexed.wrong)
        };
        assert_eq!(of("echo"), (false, false));
        assert_eq!(of("for x in a"), (true, false));
        assert_eq!(of("cat <<E\na\nE\n"), (false, false));
        assert_eq!(of("fi"), (false, true));
        assert_eq!(of("( ( (( 1 + (2) )) )"), (true, false));
    }
}
