//! What can be wrong with a script, in bash's words.
//!
//! An error says what to print after the shell's own prefix (`mesash: line 3: `), line by line, and whether
//! more input could still make the script right.

use super::ast::Text;
use super::symbol::NameError;
use bstr::{BString, ByteSlice, ByteVec};

/// Why a command can't be read.
#[derive(Debug, Clone)]
pub struct ParseError {
    pub verdict: Verdict,
    pub kind: ParseErrorKind,
    /// The line that the message names.
    pub line: u32,
    /// The input line that bash shows after the message.
    pub source_line: Option<Text>,
    /// It stands in the list of an array, which gives the status 1.
    pub in_array: bool,
}

/// Could more input help?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The input ended inside of something: a line editor asks for another line.
    Incomplete(Open),
    /// No.
    Wrong,
    /// No, and it stands in a `$(…)`: that ends more than the command.
    WrongInside,
}

/// What the end of the input left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    SingleQuote,
    DoubleQuote,
    Backtick,
    /// `${`
    Brace,
    /// `$(`, `<(`, `((`, an extended pattern
    Parenthesis,
    /// `$[`, a subscript
    Bracket,
    HereDoc,
    /// A compound command, or an operator that needs a right side.
    Command,
    /// A backslash was the last byte.
    Continuation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// Syntax error near this token.
    Unexpected(Text),
    /// The end of the input came too early.
    UnexpectedEnd,
    /// The end of the input came before this closing byte.
    Unmatched(u8),
    /// An error inside `[[ … ]]`, in bash's words: none to three messages. Bash takes it as the end
    /// of the input: a script ends there with the status that it has, `eval` and `source` give 2.
    /// Where the input does end there ([`Verdict::Incomplete`]), a script's status isn't 0.
    Cond(Box<[CondMessage]>),
    /// The header of `for ((…))`, which has not three parts.
    ForHeader { message: Text, header: Text },
    /// Another complaint, whole.
    Message(Text),
    /// Nesting is deeper than the parser allows.
    TooDeep,
    /// A name that is new cannot be had.
    Name(NameError),
    /// The reader of the input failed.
    Input(Text),
}

/// One of the messages about a `[[ … ]]`, each of which names a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CondMessage {
    pub line: u32,
    pub text: Text,
}

impl ParseError {
    pub fn is_incomplete(&self) -> bool {
        matches!(self.verdict, Verdict::Incomplete(_))
    }

    /// What bash prints, one message a line, each with the line of input that it names.
    pub fn numbered(&self) -> Vec<(u32, BString)> {
        match &self.kind {
            ParseErrorKind::Cond(messages) => messages
                .iter()
                .map(|message| (message.line, BString::from(message.text.as_bytes())))
                .collect(),
            _ => self.messages().into_iter().map(|message| (self.line, message)).collect(),
        }
    }

    /// The messages alone.
    pub fn messages(&self) -> Vec<BString> {
        let mut lines = Vec::with_capacity(2);
        match &self.kind {
            ParseErrorKind::Unexpected(token) => {
                let mut text = BString::from("syntax error near unexpected token `");
                text.extend_from_slice(&printable(token));
                text.push(b'\'');
                lines.push(text);
            }
            ParseErrorKind::UnexpectedEnd => {
                lines.push(BString::from("syntax error: unexpected end of file"));
            }
            ParseErrorKind::Unmatched(byte) => {
                let mut text = BString::from("unexpected EOF while looking for matching `");
                text.push(*byte);
                text.push(b'\'');
                lines.push(text);
            }
            ParseErrorKind::Cond(messages) => {
                lines.extend(messages.iter().map(|message| BString::from(message.text.as_bytes())));
            }
            ParseErrorKind::ForHeader { message, header } => {
                lines.push(BString::from(message.as_bytes()));
                let mut text = BString::from("syntax error: `((");
                text.extend_from_slice(header);
                text.extend_from_slice(b"))'");
                lines.push(text);
            }
            ParseErrorKind::Message(text) | ParseErrorKind::Input(text) => {
                lines.push(BString::from(text.as_bytes()));
            }
            ParseErrorKind::TooDeep => {
                lines.push(BString::from("syntax error: commands are nested too deeply"));
            }
            ParseErrorKind::Name(error) => lines.push(error.to_string().into()),
        }
        if let Some(source) = &self.source_line {
            let mut text = BString::from("`");
            text.extend_from_slice(source.as_bytes());
            text.push(b'\'');
            lines.push(text);
        }
        lines
    }
}

/// `token`, as `$'…'` if it has bytes that can't be shown.
fn printable(token: &[u8]) -> BString {
    let shown = |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER;
    if token
        .utf8_chunks()
        .all(|chunk| chunk.invalid().is_empty() && chunk.valid().chars().all(shown))
    {
        return BString::from(token);
    }
    let mut quoted = BString::from("$'");
    for chunk in token.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\x07' => quoted.extend_from_slice(b"\\a"),
                '\x08' => quoted.extend_from_slice(b"\\b"),
                '\x1b' => quoted.extend_from_slice(b"\\E"),
                '\x0c' => quoted.extend_from_slice(b"\\f"),
                '\n' => quoted.extend_from_slice(b"\\n"),
                '\r' => quoted.extend_from_slice(b"\\r"),
                '\t' => quoted.extend_from_slice(b"\\t"),
                '\x0b' => quoted.extend_from_slice(b"\\v"),
                '\\' | '\'' => {
                    quoted.push(b'\\');
                    quoted.push_char(character);
                }
                character if character.is_control() => {
                    let mut buffer = [0; 4];
                    for byte in character.encode_utf8(&mut buffer).bytes() {
                        quoted.extend_from_slice(format!("\\{byte:03o}").as_bytes());
                    }
                }
                character => quoted.push_char(character),
            }
        }
        for byte in chunk.invalid() {
            quoted.extend_from_slice(format!("\\{byte:03o}").as_bytes());
        }
    }
    quoted.push(b'\'');
    quoted
}

/// A complaint that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub line: u32,
    /// With `warning: ` in front.
    pub text: BString,
}
