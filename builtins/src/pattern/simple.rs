//! Patterns without groups: stretches of fixed shape with stars between them.
//!
//! Each stretch is looked for once, leftmost or rightmost, so matching is linear but for the length
//! of a stretch.

use super::text::{Text, fold};
use super::{Node, Reach};
use std::ops::Range;

/// A pattern as what stands before, between and after its stars.
#[derive(Debug)]
pub(super) struct Segments {
    /// One more than there are stars; any may be empty.
    parts: Vec<Vec<Node>>,
}

impl Segments {
    pub fn new(nodes: Vec<Node>) -> Self {
        let mut parts = vec![Vec::new()];
        for node in nodes {
            match (node, parts.last_mut()) {
                (Node::Star, _) => parts.push(Vec::new()),
                (node, Some(part)) => part.push(node),
                (_, None) => {}
            }
        }
        Self { parts }
    }

    pub fn starts_with_star(&self) -> bool {
        self.parts.len() > 1 && self.parts.first().is_some_and(Vec::is_empty)
    }

    /// The first part, those between two stars, and the last one if there is a star.
    fn split(&self) -> (&[Node], &[Vec<Node>], Option<&[Node]>) {
        match self.parts.as_slice() {
            [] => (&[], &[], None),
            [only] => (only, &[], None),
            [first, middle @ .., last] => (first, middle, Some(last)),
        }
    }

    pub fn is_match(&self, text: &Text<'_>) -> bool {
        let (first, middle, last) = self.split();
        let Some(mut at) = forward(first, text, 0) else { return false };
        let Some(last) = last else { return at == text.len() };
        let Some(end) = backward(last, text, text.len()) else { return false };
        for part in middle {
            match find(part, text, at) {
                Some(found) => at = found.end,
                None => return false,
            }
        }
        at <= end
    }

    /// The end of the shortest or longest match that starts at `from`.
    pub fn prefix(&self, text: &Text<'_>, from: usize, reach: Reach) -> Option<usize> {
        let (first, middle, last) = self.split();
        let mut at = forward(first, text, from)?;
        let Some(last) = last else { return Some(at) };
        for part in middle {
            at = find(part, text, at)?.end;
        }
        match reach {
            Reach::Shortest => find(last, text, at).map(|found| found.end),
            Reach::Longest => rfind(last, text, at, text.len()).map(|found| found.end),
        }
    }

    /// The start of the shortest or longest match that ends with the text.
    pub fn suffix(&self, text: &Text<'_>, reach: Reach) -> Option<usize> {
        let (first, middle, last) = self.split();
        let Some(last) = last else { return backward(first, text, text.len()) };
        let mut at = backward(last, text, text.len())?;
        for part in middle.iter().rev() {
            at = rfind(part, text, 0, at)?.start;
        }
        match reach {
            Reach::Shortest => rfind(first, text, 0, at).map(|found| found.start),
            Reach::Longest => find(first, text, 0).filter(|f| f.end <= at).map(|f| f.start),
        }
    }

    /// The leftmost match from `from` on, the longest there.
    pub fn find(&self, text: &Text<'_>, from: usize) -> Option<Range<usize>> {
        let (first, _, _) = self.split();
        // If nothing fits behind the leftmost place of the first part, nothing does further right.
        let start = find(first, text, from)?.start;
        Some(start..self.prefix(text, start, Reach::Longest)?)
    }
}

/// The end of `part` laid at `at`, if it matches there.
pub(super) fn forward(part: &[Node], text: &Text<'_>, mut at: usize) -> Option<usize> {
    for node in part {
        at = node_forward(node, text, at)?;
    }
    Some(at)
}

pub(super) fn node_forward(node: &Node, text: &Text<'_>, at: usize) -> Option<usize> {
    match node {
        Node::Bytes(bytes) => text.bytes.get(at..)?.starts_with(bytes).then(|| at + bytes.len()),
        Node::Folded(characters) => characters.iter().try_fold(at, |at, wanted| {
            text.next(at).filter(|(character, _)| fold(*character) == *wanted).map(|(_, end)| end)
        }),
        Node::Any => text.next(at).map(|(_, end)| end),
        Node::Bracket(bracket) => {
            text.next(at).filter(|(character, _)| bracket.matches(*character)).map(|(_, end)| end)
        }
        Node::Star | Node::Group(..) => None,
    }
}

/// The start of `part` laid so that it ends at `at`, if it matches there.
pub(super) fn backward(part: &[Node], text: &Text<'_>, mut at: usize) -> Option<usize> {
    for node in part.iter().rev() {
        at = node_backward(node, text, at)?;
    }
    Some(at)
}

pub(super) fn node_backward(node: &Node, text: &Text<'_>, at: usize) -> Option<usize> {
    match node {
        Node::Bytes(bytes) => text.bytes.get(..at)?.ends_with(bytes).then(|| at - bytes.len()),
        Node::Folded(characters) => characters.iter().rev().try_fold(at, |at, wanted| {
            let found = text.previous(at).filter(|(character, _)| fold(*character) == *wanted);
            found.map(|(_, start)| start)
        }),
        Node::Any => text.previous(at).map(|(_, start)| start),
        Node::Bracket(bracket) => {
            let found = text.previous(at).filter(|(character, _)| bracket.matches(*character));
            found.map(|(_, start)| start)
        }
        Node::Star | Node::Group(..) => None,
    }
}

/// The leftmost place of `part` from `from` on.
fn find(part: &[Node], text: &Text<'_>, from: usize) -> Option<Range<usize>> {
    match part {
        [] => Some(from..from),
        [Node::Bytes(bytes)] => {
            let at = from + memchr::memmem::find(text.bytes.get(from..)?, bytes)?;
            Some(at..at + bytes.len())
        }
        [Node::Bytes(bytes), rest @ ..] => {
            let mut start = from;
            loop {
                let at = start + memchr::memmem::find(text.bytes.get(start..)?, bytes)?;
                if let Some(end) = forward(rest, text, at + bytes.len()) {
                    return Some(at..end);
                }
                start = at + 1;
            }
        }
        _ => {
            let mut start = from;
            loop {
                if let Some(end) = forward(part, text, start) {
                    return Some(start..end);
                }
                (_, start) = text.next(start)?;
            }
        }
    }
}

/// The rightmost place of `part` that ends by `to`, from `from` on.
fn rfind(part: &[Node], text: &Text<'_>, from: usize, to: usize) -> Option<Range<usize>> {
    if from > to {
        return None;
    }
    match part {
        [] => Some(to..to),
        [Node::Bytes(bytes)] => {
            let at = from + memchr::memmem::rfind(text.bytes.get(from..to)?, bytes)?;
            Some(at..at + bytes.len())
        }
        _ => {
            let mut end = to;
            loop {
                if let Some(start) = backward(part, text, end)
                    && start >= from
                {
                    return Some(start..end);
                }
                if end <= from {
                    return None;
                }
                (_, end) = text.previous(end)?;
            }
        }
    }
}
