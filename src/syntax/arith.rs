//! Arithmetic expressions: from text to a tree, with bash's complaints.
//!
//! The tree is complete before anything is evaluated; an error brings what stands to its left. Where a script has expansions in an
//! expression, a `Shadow` of its text stands in, with a mark for each expansion.

mod lex;
mod number;
mod parse;

use super::ast::{Arith, ArithTree, Text, WordPart};
use super::symbol::Interner;
use lex::Lexer;
use std::ops::Range;
use std::sync::Arc;

/// How deep parentheses, unary operators, choices and assignments may nest.
pub const ARITH_NESTING_MAX: u32 = 512;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArithSyntaxError {
    /// In bash's words, without the expression and the error token.
    pub message: &'static str,
    /// Where the error token starts, which reaches to the end of the text.
    pub at: u32,
    /// Where bash ends the text if it shows no more than a constant that is wrong.
    pub end: Option<u32>,
}

/// An error, and the operands to its left: bash has evaluated them when it meets the error.
#[derive(Debug, Clone)]
pub struct Faulty {
    pub error: ArithSyntaxError,
    pub before: Vec<Arith>,
}

/// Parses `text`, which was expanded already.
///
/// # Errors
/// What bash says, and where.
pub fn parse(text: &[u8], interner: &Interner) -> Result<ArithTree, Faulty> {
    let mut parser = parse::Parser::new(Lexer::new(text, &[], interner));
    match parser.whole() {
        Ok(root) => Ok(ArithTree { root: Arc::new(root) }),
        Err(error) => Err(Faulty { error, before: parser.before() }),
    }
}

/// The text of an expression with a mark where an expansion stands.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    bytes: Vec<u8>,
    operands: Vec<WordPart>,
}

/// Begins a mark; scripts hold no NUL. Two bytes follow that give the number of the operand.
const MARK: u8 = 0;

/// The most expansions in one expression that is parsed before they are expanded.
const OPERANDS_MAX: usize = 1 << 14;

impl Shadow {
    pub fn text(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    pub fn operand(&mut self, part: WordPart) {
        let index = self.operands.len();
        let low = |bits: usize| u8::try_from(bits & 0x7f).unwrap_or_default() | 0x80;
        self.bytes.extend_from_slice(&[MARK, low(index >> 7), low(index)]);
        self.operands.push(part);
    }
}

/// The tree of an expression and the expansions that are its operands. `None` if it can only be
/// parsed once they are expanded.
pub(super) fn parse_shadow(
    shadow: Shadow,
    interner: &Interner,
) -> Option<(ArithTree, Box<[WordPart]>)> {
    if shadow.operands.len() > OPERANDS_MAX {
        return None;
    }
    let mut parser = parse::Parser::new(Lexer::new(&shadow.bytes, &shadow.operands, interner));
    let root = Arc::new(parser.whole().ok()?);
    let operands =
        parser.operands().iter().filter_map(|index| shadow.operands.get(*index).cloned()).collect();
    Some((ArithTree { root }, operands))
}

/// An error of the parser.
fn error(message: &'static str, at: usize) -> ArithSyntaxError {
    ArithSyntaxError { message, at: position(at), end: None }
}

/// Needed by the lexer to give subscripts their text.
fn owned(bytes: &[u8]) -> Text {
    super::reader::text(bytes)
}

/// A constant is wrong: bash shows the text up to its end.
fn constant_error(message: &'static str, range: Range<usize>) -> ArithSyntaxError {
    ArithSyntaxError { message, at: position(range.start), end: Some(position(range.end)) }
}

fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
