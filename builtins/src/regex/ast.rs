//! A pattern as read: what both engines are made from.

use regex_syntax::hir::{ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange};

/// A node of a pattern. Depth is bounded by the parser.
#[derive(Debug, Clone)]
pub enum Node {
    Empty,
    /// A character's bytes, or one byte that is no character.
    Literal(Vec<u8>),
    Set(Set),
    Look(Look),
    Group(u32, Box<Node>),
    BackReference(u32),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        min: u32,
        max: Option<u32>,
        greed: Greed,
        of: Box<Node>,
    },
    /// What follows (or precedes) matches, or does not. Perl's only, as are the next two.
    Around {
        ahead: bool,
        negated: bool,
        of: Box<Node>,
    },
    /// Once it has matched, nothing else is tried in it.
    Atomic(Box<Node>),
    /// The match is said to begin here.
    Keep,
}

/// Which count a repetition tries first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greed {
    Greedy,
    Lazy,
}

/// A place between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    WordBoundary,
    NotWordBoundary,
    WordStart,
    WordEnd,
    /// No word character before; what is after does not matter.
    NoWordBefore,
    NoWordAfter,
    AsciiWordBoundary,
    NotAsciiWordBoundary,
}

/// One character or byte out of many.
#[derive(Debug, Clone)]
pub enum Set {
    Unicode(ClassUnicode),
    Bytes(ClassBytes),
}

impl Set {
    /// Every character but `terminator`.
    pub fn any(bytes: bool, terminator: Option<u8>) -> Self {
        if bytes {
            Self::Bytes(ClassBytes::new([ClassBytesRange::new(0, 0xff)])).without(terminator)
        } else {
            let all = ClassUnicodeRange::new('\0', '\u{10ffff}');
            Self::Unicode(ClassUnicode::new([all])).without(terminator)
        }
    }

    #[must_use]
    pub fn without(mut self, terminator: Option<u8>) -> Self {
        if let Some(byte) = terminator {
            match &mut self {
                Self::Unicode(class) => {
                    let letter = char::from(byte);
                    class.difference(&ClassUnicode::new([ClassUnicodeRange::new(letter, letter)]));
                }
                Self::Bytes(class) => {
                    class.difference(&ClassBytes::new([ClassBytesRange::new(byte, byte)]));
                }
            }
        }
        self
    }

    /// The length in bytes of the member that `text` starts with.
    pub fn take(&self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Bytes(class) => {
                let byte = *text.first()?;
                class.iter().any(|range| (range.start()..=range.end()).contains(&byte)).then_some(1)
            }
            Self::Unicode(class) => {
                let (letter, length) = bstr::decode_utf8(text);
                let letter = letter?;
                let ranges = class.ranges();
                let at = ranges.partition_point(|range| range.end() < letter);
                ranges.get(at).filter(|range| range.start() <= letter).map(|_| length)
            }
        }
    }
}

impl Node {
    /// The only thing in a list, or the list.
    pub fn concat(mut nodes: Vec<Node>) -> Node {
        match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        }
    }

    /// Whether it takes the backtracking engine to tell what it matches.
    pub fn needs_backtracking(&self) -> bool {
        match self {
            Self::BackReference(_) | Self::Around { .. } | Self::Atomic(_) | Self::Keep => true,
            Self::Group(_, of) | Self::Repeat { of, .. } => of.needs_backtracking(),
            Self::Concat(nodes) | Self::Alternate(nodes) => {
                nodes.iter().any(Self::needs_backtracking)
            }
            _ => false,
        }
    }

    /// How many bytes it matches, if that is always the same.
    fn fixed_length(&self) -> Option<usize> {
        match self {
            Self::Empty | Self::Look(_) => Some(0),
            Self::Literal(bytes) => Some(bytes.len()),
            Self::Set(Set::Bytes(_)) => Some(1),
            Self::Set(Set::Unicode(class)) => {
                class.ranges().last().is_none_or(|range| range.end().is_ascii()).then_some(1)
            }
            Self::Group(_, of) => of.fixed_length(),
            Self::BackReference(_) | Self::Around { .. } | Self::Atomic(_) | Self::Keep => None,
            Self::Concat(nodes) => nodes.iter().map(Self::fixed_length).sum(),
            Self::Alternate(nodes) => {
                let first = nodes.first()?.fixed_length()?;
                nodes.iter().all(|node| node.fixed_length() == Some(first)).then_some(first)
            }
            Self::Repeat { min, max, of, .. } => {
                (Some(*min) == *max).then(|| Some(of.fixed_length()? * *min as usize))?
            }
        }
    }

    /// Whether the first match that a greedy engine finds is surely the longest: all parts have a
    /// fixed length, but for at most one greedy repetition of a single character.
    pub fn first_is_longest(&self) -> bool {
        match self {
            Self::Group(_, of) => of.first_is_longest(),
            Self::Concat(nodes) => {
                let mut open = nodes.iter().filter(|node| node.fixed_length().is_none());
                match (open.next(), open.next()) {
                    (None, _) => true,
                    (Some(only), None) => only.first_is_longest(),
                    _ => false,
                }
            }
            Self::Repeat { of, .. } => {
                matches!(**of, Self::Literal(_) | Self::Set(_)) || self.fixed_length().is_some()
            }
            Self::Set(_) => true,
            _ => self.fixed_length().is_some(),
        }
    }
}
