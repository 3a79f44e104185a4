//! The one pattern engine: globs, `case`, `[[ == ]]`, `${x#p}`, `find -name`.
//!
//! A [`Pattern`] is compiled once from pieces that are active or quoted, and matched against bytes.
//! Where text and pattern are UTF-8 a character is a code point, as in `C.UTF-8`; if either is not,
//! both are taken byte by byte, which is what bash does. Always true: matching is polynomial in
//! text and pattern (sets of positions instead of backtracking), and what `!(…)` could still make
//! slow is bounded by steps and stops when cancelled.

mod bracket;
mod extended;
mod names;
mod parse;
mod simple;
mod text;

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use crate::cancel::Cancel;
use bracket::Bracket;
use extended::Extended;
use simple::Segments;
use text::Text;

/// How a pattern is read and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Letters match in either case.
    pub nocase: bool,
    /// `?(…)`, `*(…)`, `+(…)`, `@(…)` and `!(…)` are special.
    pub extglob: bool,
    /// A character is a byte, whatever the bytes are.
    pub bytes: bool,
}

/// Which of several matches is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Shortest,
    Longest,
}

/// The pieces of a pattern, before it is compiled.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    bytes: Vec<u8>,
    /// For each byte whether it is quoted.
    quoted: Vec<bool>,
}

impl Builder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text in which pattern characters count, and a backslash quotes what follows it.
    pub fn active(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.quoted.resize(self.bytes.len(), false);
    }

    /// Adds text that stands for itself.
    pub fn quoted(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.quoted.resize(self.bytes.len(), true);
    }

    #[must_use]
    pub fn build(self, options: Options) -> Pattern {
        Pattern::from_parts(self.bytes, self.quoted, options)
    }
}

/// A compiled pattern.
pub struct Pattern {
    bytes: Vec<u8>,
    quoted: Vec<bool>,
    options: Options,
    /// Whether the pattern is UTF-8 itself.
    utf8: bool,
    program: Program,
    /// The pattern taken byte by byte; compiled only if a text asks for it.
    bytewise: OnceLock<Box<Program>>,
}

/// One thing that a pattern matches.
#[derive(Debug)]
enum Node {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These characters, in either case; they are in lower case here.
    Folded(Vec<u32>),
    /// `?`
    Any,
    /// `[…]`
    Bracket(Box<Bracket>),
    /// `*`
    Star,
    Group(Kind, Vec<Vec<Node>>),
}

/// Which of the extended patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `?(…)`
    Optional,
    /// `*(…)`
    Any,
    /// `+(…)`
    Some,
    /// `@(…)`
    One,
    /// `!(…)`
    Not,
}

#[derive(Debug)]
enum Program {
    /// No pattern character at all.
    Literal(Vec<u8>),
    Simple(Segments),
    Extended(Extended),
}

impl Program {
    fn new(bytes: &[u8], quoted: &[bool], options: Options, utf8: bool) -> Self {
        let nodes = parse::parse(bytes, quoted, options, utf8);
        match nodes.as_slice() {
            [] => return Self::Literal(Vec::new()),
            [Node::Bytes(bytes)] => return Self::Literal(bytes.clone()),
            _ => {}
        }
        if nodes.iter().any(|node| matches!(node, Node::Group(..))) {
            Self::Extended(Extended::new(nodes))
        } else {
            Self::Simple(Segments::new(nodes))
        }
    }
}

impl Pattern {
    /// Compiles a pattern that is active as a whole.
    #[must_use]
    pub fn new(pattern: &[u8], options: Options) -> Self {
        Self::from_parts(pattern.to_vec(), vec![false; pattern.len()], options)
    }

    fn from_parts(bytes: Vec<u8>, quoted: Vec<bool>, options: Options) -> Self {
        let utf8 = !options.bytes && std::str::from_utf8(&bytes).is_ok();
        let program = Program::new(&bytes, &quoted, options, utf8);
        Self { bytes, quoted, options, utf8, program, bytewise: OnceLock::new() }
    }

    /// The only text that the pattern matches, if there is just one.
    #[must_use]
    pub fn literal(&self) -> Option<&[u8]> {
        match &self.program {
            Program::Literal(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether it begins with `*` or `*(…)`, or is empty.
    #[must_use]
    pub fn starts_with_any(&self) -> bool {
        match &self.program {
            Program::Literal(bytes) => bytes.is_empty(),
            Program::Simple(segments) => segments.starts_with_star(),
            Program::Extended(extended) => extended.starts_with_any(),
        }
    }

    /// Whether all of `text` matches.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        match &self.program {
            Program::Literal(bytes) => bytes == text,
            _ => self.on(text).is_match(),
        }
    }

    /// The pattern laid on `text`, for one or more questions.
    #[must_use]
    pub fn on<'a>(&'a self, text: &'a [u8]) -> Matcher<'a> {
        let bytes = self.options.bytes;
        let utf8 = text.is_ascii() || (!bytes && self.utf8 && std::str::from_utf8(text).is_ok());
        let program = if (utf8 && self.utf8) || self.bytes.is_ascii() {
            &self.program
        } else {
            self.bytewise.get_or_init(|| {
                Box::new(Program::new(&self.bytes, &self.quoted, self.options, false))
            })
        };
        Matcher { program, text: Text::new(text, utf8), cancel: None, matchable: OnceLock::new() }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&bstr::BStr::new(&self.bytes)).finish()
    }
}

/// A pattern and the text that it is asked about.
#[derive(Debug)]
pub struct Matcher<'a> {
    program: &'a Program,
    text: Text<'a>,
    cancel: Option<&'a Cancel>,
    /// Where a match may start at all; for extended patterns.
    matchable: OnceLock<Vec<usize>>,
}

impl<'a> Matcher<'a> {
    /// Gives up, without a match, once `cancel` is set.
    #[must_use]
    pub fn until(mut self, cancel: &'a Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Whether all of the text matches.
    #[must_use]
    pub fn is_match(&self) -> bool {
        match self.program {
            Program::Literal(bytes) => bytes == self.text.bytes,
            Program::Simple(segments) => segments.is_match(&self.text),
            Program::Extended(extended) => extended.is_match(&self.text, self.cancel),
        }
    }

    /// The end of the shortest or longest start of the text that matches.
    #[must_use]
    pub fn prefix(&self, reach: Reach) -> Option<usize> {
        match self.program {
            Program::Literal(bytes) => self.text.bytes.starts_with(bytes).then_some(bytes.len()),
            Program::Simple(segments) => segments.prefix(&self.text, 0, reach),
            Program::Extended(extended) => extended.end(&self.text, 0, reach, self.cancel),
        }
    }

    /// The start of the shortest or longest end of the text that matches.
    #[must_use]
    pub fn suffix(&self, reach: Reach) -> Option<usize> {
        let whole = self.text.bytes;
        match self.program {
            Program::Literal(bytes) => whole.ends_with(bytes).then(|| whole.len() - bytes.len()),
            Program::Simple(segments) => segments.suffix(&self.text, reach),
            Program::Extended(extended) => extended.start(&self.text, reach, self.cancel),
        }
    }

    /// The leftmost match from `from` (a character's start) on, the longest one there.
    #[must_use]
    pub fn find(&self, from: usize) -> Option<Range<usize>> {
        match self.program {
            Program::Literal(bytes) => {
                let at = from + memchr::memmem::find(self.text.bytes.get(from..)?, bytes)?;
                Some(at..at + bytes.len())
            }
            Program::Simple(segments) => segments.find(&self.text, from),
            Program::Extended(extended) => {
                let starts =
                    self.matchable.get_or_init(|| extended.starts(&self.text, self.cancel));
                let first = starts.partition_point(|start| *start < from);
                let start = *starts.get(first)?;
                let end = extended.end(&self.text, start, Reach::Longest, self.cancel)?;
                Some(start..end)
            }
        }
    }
}

#[cfg(test)]
mod tests;
