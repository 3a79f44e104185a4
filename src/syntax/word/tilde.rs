//! Tildes: which prefix of a word names a home directory.

use super::WordRole;
use crate::syntax::ast::{Tilde, Word, WordFlags, WordPart};
use crate::syntax::reader::text;
use bstr::ByteSlice;

/// Where tildes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    /// At the beginning.
    Start,
    /// At the beginning and after each `:`.
    Value,
    /// At the beginning, and after the first `=` and each `:` after it.
    Assignment,
}

pub(super) fn places(role: WordRole, assignment: bool) -> Places {
    match role {
        WordRole::Value => Places::Value,
        WordRole::Argument if assignment => Places::Assignment,
        WordRole::Argument | WordRole::Element | WordRole::Plain => Places::Start,
    }
}

/// Finds the tildes of a word that brace expansion made, whose parts have none yet.
/// Parts that braces brought together are one text.
pub fn recognise_tilde(word: &mut Word) {
    let mut parts = Vec::with_capacity(word.parts.len());
    for part in std::mem::take(&mut word.parts) {
        match (parts.last_mut(), part) {
            (Some(WordPart::Literal(before)), WordPart::Literal(more)) => {
                *before = text(&[before.as_bytes(), more.as_bytes()].concat());
            }
            (_, part) => parts.push(part),
        }
    }
    split(&mut parts, Places::Start);
    if parts.iter().any(|part| matches!(part, WordPart::Tilde(_))) {
        word.flags.0 &= !WordFlags::CONST.0;
        word.flags |= WordFlags::TILDE;
    }
    word.parts = parts.into();
}

/// Makes tildes at `places` of the word into parts of their own.
pub(super) fn split(parts: &mut Vec<WordPart>, places: Places) {
    let any = |part: &WordPart| matches!(part, WordPart::Literal(text) if text.contains(&b'~'));
    if !parts.iter().any(any) {
        return;
    }
    let old = std::mem::take(parts);
    let count = old.len();
    let mut armed = true;
    let mut after_equals = places == Places::Value;
    for (index, part) in old.into_iter().enumerate() {
        let WordPart::Literal(literal) = part else {
            armed = false;
            parts.push(part);
            continue;
        };
        let last = index + 1 == count;
        let mut from = 0;
        let mut at = 0;
        while let Some(&byte) = literal.get(at) {
            if armed && byte == b'~' {
                let in_value = places != Places::Start && after_equals;
                let rest = literal.get(at + 1..).unwrap_or_default();
                let stop = |byte: &u8| matches!(byte, b'/' | b':');
                let end = rest.iter().position(stop);
                // A prefix that goes on in quotes or in an expansion is no tilde.
                if end.is_some() || last {
                    let user = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
                    push_literal(parts, literal.get(from..at).unwrap_or_default());
                    let assignment = in_value && places == Places::Assignment;
                    parts.push(WordPart::Tilde(Tilde { user: text(user), assignment }));
                    at += 1 + user.len();
                    from = at;
                    armed = false;
                    continue;
                }
            }
            armed = match byte {
                b'=' if places == Places::Assignment && !after_equals => {
                    after_equals = true;
                    true
                }
                b':' => after_equals,
                _ => false,
            };
            at += 1;
        }
        push_literal(parts, literal.get(from..).unwrap_or_default());
    }
}

fn push_literal(parts: &mut Vec<WordPart>, literal: &[u8]) {
    if !literal.is_empty() {
        parts.push(WordPart::Literal(text(literal)));
    }
}
