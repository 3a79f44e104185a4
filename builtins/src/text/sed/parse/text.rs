//! What stands between delimiters, and escapes.

use bstr::{BString, ByteSlice};

use super::Parser;
use crate::regex::{Case, Part, control};

impl Parser<'_> {
    /// What stands up to `delimiter`, which is taken. An escaped delimiter loses its backslash; in a
    /// pattern (`regex`) `\n` and its like become what they mean. `None` if it never ends.
    pub(super) fn delimited(&mut self, delimiter: u8, regex: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        // Where a bracket expression began: a delimiter inside of it is a member.
        let mut bracket: Option<usize> = None;
        loop {
            match self.take()? {
                byte if byte == delimiter && bracket.is_none() => return Some(out),
                b'\n' if regex && bracket.is_none() => return None,
                b'[' if regex && bracket.is_none() => {
                    out.push(b'[');
                    if self.peek() == Some(b'^') {
                        out.extend(self.take());
                    }
                    bracket = Some(out.len());
                }
                b'[' if bracket.is_some() && matches!(self.peek(), Some(b':' | b'.' | b'=')) => {
                    self.bracket_class(&mut out);
                }
                b']' if bracket.is_some_and(|start| out.len() > start) => {
                    out.push(b']');
                    bracket = None;
                }
                b'\\' => {
                    let next = self.take()?;
                    if next == delimiter {
                        // `s,a\,b,…`: the character itself; `\n` with the delimiter n is a newline.
                        if !regex && next == b'&' {
                            out.push(b'\\');
                        }
                        out.push(next);
                    } else if regex {
                        self.regex_escape(next, &mut out);
                    } else {
                        out.extend_from_slice(&[b'\\', next]);
                    }
                }
                byte => out.push(byte),
            }
        }
    }

    /// `[:alpha:]` and the like inside a bracket expression, from behind its `[` on.
    fn bracket_class(&mut self, out: &mut Vec<u8>) {
        out.push(b'[');
        let kind = self.peek().unwrap_or(b':');
        let rest = self.text().get(self.at + 1..).unwrap_or_default();
        let Some(len) = rest.find([kind, b']']) else { return };
        let class = self.text().get(self.at..self.at + len + 3).unwrap_or_default().to_vec();
        self.at += class.len();
        out.extend(class);
    }

    /// An escape of a pattern: what the matcher doesn't know becomes the character itself.
    fn regex_escape(&mut self, letter: u8, out: &mut Vec<u8>) {
        match letter {
            b'n' => out.push(b'\n'),
            b'\n' => out.push(b'\n'),
            b'a' | b'f' | b'r' | b't' | b'v' => {
                let mut text = BString::default();
                escaped(letter, &mut text);
                out.extend_from_slice(&text);
            }
            b'c' | b'd' | b'o' | b'x' => {
                let rest = self.text().get(self.at..).unwrap_or_default();
                match coded(letter, rest) {
                    Some((byte, used)) => {
                        self.at += used;
                        // Made by a code, it is never an operator.
                        if b"\\^$.[]|()*+?{}/".contains(&byte) {
                            out.push(b'\\');
                        }
                        out.push(byte);
                    }
                    None => out.extend_from_slice(&[b'\\', letter]),
                }
            }
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }
}

/// A pattern in which GNU's operators (`\+`, `\w`, `\<`) are the characters themselves.
pub(super) fn without_extensions(pattern: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        let Some((letter, tail)) = tail.split_first().filter(|_| *byte == b'\\') else {
            out.push(*byte);
            continue;
        };
        rest = tail;
        // In an ERE the first three mean themselves with a backslash, in a BRE without one.
        match letter {
            b'+' | b'?' | b'|' => out.extend_from_slice(&[b'[', *letter, b']']),
            b'w' | b'W' | b's' | b'S' | b'b' | b'B' | b'<' | b'>' | b'`' | b'\'' => {
                out.push(*letter);
            }
            _ => out.extend_from_slice(&[b'\\', *letter]),
        }
    }
    out
}

/// The byte that `\cX`, `\dNNN`, `\oNNN` or `\xHH` stands for, and how much of `rest` it took.
fn coded(letter: u8, rest: &[u8]) -> Option<(u8, usize)> {
    if letter == b'c' {
        return rest.first().map(|byte| (byte.to_ascii_uppercase() ^ 0x40, 1));
    }
    let (radix, most) = match letter {
        b'd' => (10, 3),
        b'o' => (8, 3),
        _ => (16, 2),
    };
    let digits = rest.iter().take(most).map_while(|byte| char::from(*byte).to_digit(radix));
    let (mut value, mut used) = (0, 0);
    for digit in digits {
        value = value * radix + digit;
        used += 1;
    }
    (used > 0).then_some((value as u8, used))
}

/// `\X` in text: `a`, `i`, `c`.
pub(super) fn escaped(letter: u8, out: &mut BString) {
    out.push(control(letter).unwrap_or(letter));
}

/// The pieces of a replacement.
pub(super) fn replacement(raw: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = BString::default();
    let mut put = |text: &mut BString, part: Part| {
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(text)));
        }
        parts.push(part);
    };
    let mut rest = raw;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail.first()) {
            (b'&', _) => put(&mut text, Part::Group(0)),
            (b'\\', Some(letter)) => {
                rest = tail.get(1..).unwrap_or_default();
                match letter {
                    b'0'..=b'9' => put(&mut text, Part::Group(usize::from(letter - b'0'))),
                    b'n' => text.push(b'\n'),
                    b'c' | b'd' | b'o' | b'x' => match coded(*letter, rest) {
                        Some((byte, used)) => {
                            text.push(byte);
                            rest = rest.get(used..).unwrap_or_default();
                        }
                        None => text.push(*letter),
                    },
                    letter => match Case::from_letter(*letter) {
                        Some(case) => put(&mut text, Part::Case(case)),
                        None => escaped(*letter, &mut text),
                    },
                }
            }
            _ => text.push(*byte),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// The characters of a side of `y`.
pub(super) fn translation(raw: &[u8]) -> Vec<BString> {
    let mut letters = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let escape = match rest {
            [b'\\', b'\\', ..] => Some(b'\\'),
            [b'\\', b'n', ..] => Some(b'\n'),
            [b'\\', b'\n', ..] => Some(b'\n'),
            [b'\\', b't', ..] => Some(b'\t'),
            [b'\\', b'r', ..] => Some(b'\r'),
            [b'\\', b'a', ..] => Some(7),
            [b'\\', b'f', ..] => Some(12),
            [b'\\', b'v', ..] => Some(11),
            // A backslash that means nothing is dropped.
            [b'\\', letter, ..] if letter.is_ascii() => Some(*letter),
            _ => None,
        };
        match escape {
            Some(byte) => {
                letters.push(BString::from(vec![byte]));
                rest = rest.get(2..).unwrap_or_default();
            }
            None => {
                let len = rest.char_indices().next().map_or(1, |(_, end, _)| end);
                let (letter, tail) = rest.split_at(len);
                letters.push(letter.into());
                rest = tail;
            }
        }
    }
    letters
}
