//! Brace expansion: which `{…}` of a word are lists or ranges.

use crate::syntax::ast::{Brace, BraceRange, WordPart};
use crate::syntax::reader::{Parsed, Reader, text};
use std::collections::HashMap;

/// The longest text of a range.
const RANGE_BYTES_MAX: usize = 1024;

/// A byte of unquoted text, or a part that braces can't look into.
type Item<'a> = Result<u8, &'a WordPart>;

/// Makes the braces of a word, which are in its literals so far, into parts of their own.
pub(super) fn expand(reader: &mut Reader<'_, '_>, parts: Vec<WordPart>) -> Parsed<Vec<WordPart>> {
    let opens = |part: &WordPart| matches!(part, WordPart::Literal(text) if text.contains(&b'{'));
    let closes = |part: &WordPart| matches!(part, WordPart::Literal(text) if text.contains(&b'}'));
    if !parts.iter().any(opens) || !parts.iter().any(closes) {
        return Ok(parts);
    }
    let mut items: Vec<Item<'_>> = Vec::new();
    for part in &parts {
        match part {
            WordPart::Literal(text) => items.extend(text.iter().map(|byte| Ok(*byte))),
            part => items.push(Err(part)),
        }
    }
    let matching = matching(&items);
    Braces { items: &items, matching: &matching }.read(reader, 0, items.len())
}

/// The closing brace of each opening one.
fn matching(items: &[Item<'_>]) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut matching = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        match item {
            Ok(b'{') => open.push(at),
            Ok(b'}') => {
                if let Some(start) = open.pop() {
                    matching.insert(start, at);
                }
            }
            _ => {}
        }
    }
    matching
}

struct Braces<'a> {
    items: &'a [Item<'a>],
    matching: &'a HashMap<usize, usize>,
}

impl Braces<'_> {
    fn read(&self, reader: &mut Reader<'_, '_>, from: usize, to: usize) -> Parsed<Vec<WordPart>> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut at = from;
        while at < to {
            match self.items.get(at) {
                Some(Ok(b'{')) => {
                    if let Some(end) = self.matching.get(&at).copied().filter(|end| *end < to)
                        && let Some(brace) = reader.nested(|reader| self.brace(reader, at, end))?
                    {
                        flush(&mut parts, &mut literal);
                        parts.push(WordPart::Brace(Box::new(brace)));
                        at = end + 1;
                        continue;
                    }
                    literal.push(b'{');
                }
                Some(Ok(byte)) => literal.push(*byte),
                Some(Err(part)) => {
                    flush(&mut parts, &mut literal);
                    parts.push((*part).clone());
                }
                None => break,
            }
            at += 1;
        }
        flush(&mut parts, &mut literal);
        Ok(parts)
    }

    /// What the braces at `open` and `close` are; `None` if they are only text.
    fn brace(
        &self,
        reader: &mut Reader<'_, '_>,
        open: usize,
        close: usize,
    ) -> Parsed<Option<Brace>> {
        let commas = self.commas(open, close);
        if commas.is_empty() {
            return Ok(self.range(open, close).map(Brace::Range));
        }
        let mut alternatives = Vec::with_capacity(commas.len() + 1);
        let mut from = open + 1;
        for to in commas.into_iter().chain([close]) {
            alternatives.push(self.read(reader, from, to)?.into());
            from = to + 1;
        }
        Ok(Some(Brace::List(alternatives.into())))
    }

    /// The commas between `open` and `close` that are in no other braces.
    fn commas(&self, open: usize, close: usize) -> Vec<usize> {
        let mut commas = Vec::new();
        let mut at = open + 1;
        while at < close {
            match self.items.get(at) {
                Some(Ok(b'{')) => at = self.matching.get(&at).copied().unwrap_or(at),
                Some(Ok(b',')) => commas.push(at),
                _ => {}
            }
            at += 1;
        }
        commas
    }

    fn range(&self, open: usize, close: usize) -> Option<BraceRange> {
        if close - open > RANGE_BYTES_MAX {
            return None;
        }
        let whole: Vec<u8> =
            self.items.get(open..=close)?.iter().map(|item| item.ok()).collect::<Option<_>>()?;
        let inside = std::str::from_utf8(whole.get(1..whole.len() - 1)?).ok()?;
        let mut ends = inside.split("..");
        let (first, last, step) = (ends.next()?, ends.next()?, ends.next());
        if ends.next().is_some() {
            return None;
        }
        let step = match step {
            Some(step) => integer(step)?,
            None => 1,
        };
        let letter = |end: &str| match end.as_bytes() {
            [byte] if byte.is_ascii_alphabetic() => Some(i64::from(*byte)),
            _ => None,
        };
        let (first_value, last_value, letters) = match (letter(first), letter(last)) {
            (Some(first), Some(last)) => (first, last, true),
            (None, None) => (integer(first)?, integer(last)?, false),
            _ => return None,
        };
        let size = i64::try_from(step.unsigned_abs()).ok()?.max(1);
        let step = if last_value < first_value { -size } else { size };
        let width = if !letters && (is_padded(first) || is_padded(last)) {
            u32::try_from(first.len().max(last.len())).ok()?
        } else {
            0
        };
        Some(BraceRange {
            first: first_value,
            last: last_value,
            step,
            letters,
            width,
            text: text(&whole),
        })
    }
}

fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A zero in front, of more than one digit.
fn is_padded(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.len() > 1 && digits.starts_with('0')
}

fn flush(parts: &mut Vec<WordPart>, literal: &mut Vec<u8>) {
    if !literal.is_empty() {
        parts.push(WordPart::Literal(text(literal)));
        literal.clear();
    }
}
