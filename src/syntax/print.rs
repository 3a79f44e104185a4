//! Commands as text, in the layout of bash: `declare -f`, `type`, `BASH_COMMAND`, `jobs`.
//!
//! Byte for byte what bash 5.2 prints, its oddities included: where here-documents stand, the text
//! isn't always one that could be read back.

mod command;
mod here;
mod redirect;

use super::ast::{AndOr, Command, Function, List, Pipeline, Text, TextPiece, WordText};
use bstr::BString;
use here::Documents;

/// Columns of one level.
const INDENT: usize = 4;

/// The definition of a function, as `declare -f` prints it, without a newline at the end.
pub fn function(function: &Function) -> BString {
    let mut printer = Printer::default();
    if super::token::is_reserved(&function.name) {
        printer.put(b"function ");
    }
    printer.put(&function.name);
    printer.put(b" () \n{ \n");
    printer.function_body(&function.body);
    printer.out
}

/// The definition of a function as the environment carries it: without indentation.
pub fn exported(function: &Function) -> BString {
    let mut printer = Printer { flat: true, ..Printer::default() };
    printer.put(&function.name);
    printer.put(b" () { ");
    printer.function_body(&function.body);
    printer.out
}

/// A command, as `BASH_COMMAND` and `set -x` of compound commands have it.
pub fn command(command: &Command) -> BString {
    let mut printer = Printer::default();
    printer.command(command);
    printer.flush(b"");
    printer.out
}

/// A pipeline.
pub fn pipeline(pipeline: &Pipeline) -> BString {
    let mut printer = Printer::default();
    printer.pipeline(pipeline);
    printer.flush(b"");
    printer.out
}

/// Pipelines joined by `&&` and `||`, as `jobs` prints them.
pub fn and_or(and_or: &AndOr) -> BString {
    let mut printer = Printer::default();
    printer.and_or(and_or);
    printer.flush(b"");
    printer.out
}

/// A list on one line, where that is possible.
pub fn list(list: &List) -> BString {
    let mut printer = Printer::default();
    printer.list(list);
    printer.flush(b"");
    printer.out
}

/// What stands between the parentheses of `$(…)`: a blank first where two would stand together.
pub fn substitution(body: &List) -> BString {
    let mut text = list(body);
    if text.first() == Some(&b'(') {
        text.insert(0, b' ');
    }
    text
}

/// The text of a word.
pub fn text_of(text: &WordText) -> Text {
    match text {
        WordText::Plain(text) => text.clone(),
        WordText::Pieces(_) => {
            let mut all = BString::default();
            push_text(&mut all, text);
            super::reader::text(&all)
        }
    }
}

/// Appends the text of a word.
pub fn push_text(out: &mut BString, text: &WordText) {
    match text {
        WordText::Plain(text) => out.extend_from_slice(text),
        WordText::Pieces(pieces) => {
            for piece in pieces {
                match piece {
                    TextPiece::Plain(text) => out.extend_from_slice(text),
                    TextPiece::Command(body) => out.extend_from_slice(&substitution(body)),
                }
            }
        }
    }
}

#[derive(Default)]
struct Printer<'a> {
    out: BString,
    /// Columns.
    indent: usize,
    /// One column is all the indentation there is.
    flat: bool,
    /// Within a function each command has a line of its own.
    functions: u32,
    /// The next command goes on in the line where it stands.
    inline: bool,
    /// How many lists, and-or lists and pipelines of more than one command are being printed.
    connections: u32,
    documents: Documents<'a>,
}

impl<'a> Printer<'a> {
    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    /// A line break and `text` at the current indentation.
    fn line(&mut self, text: &[u8]) {
        self.put(b"\n");
        self.put_indent();
        self.put(text);
    }

    fn put_indent(&mut self) {
        let len = self.out.len();
        let indent = if self.flat { self.indent.min(1) } else { self.indent };
        self.out.resize(len + indent, b' ');
    }

    /// `;` unless something already ends the command.
    fn semicolon(&mut self) {
        if !matches!(self.out.last(), None | Some(b'&' | b'\n')) {
            self.put(b";");
        }
    }

    fn text(&mut self, text: &WordText) {
        push_text(&mut self.out, text);
    }
}
