//! Regular expressions as awk has them: ERE over strings whose escapes awk expands itself.

use std::ops::Range;

use bytes::Bytes;

use crate::cancel::Cancel;
use crate::regex::{self, Captures, Flags, Syntax};

/// A compiled pattern. Awk's have no back-references, so that matching cannot fail.
#[derive(Debug)]
pub(super) struct Regex {
    compiled: regex::Regex,
    source: Bytes,
    /// All of the pattern, if no character of it is an operator: found by bytes.
    literal: Option<Box<memchr::memmem::Finder<'static>>>,
    cancel: Cancel,
}

impl Regex {
    /// # Errors
    /// What is wrong, in glibc's words, as gawk tells it.
    pub fn new(pattern: &[u8], ignore_case: bool, bytes: bool) -> Result<Self, String> {
        let flags = Flags { ignore_case, bytes, ..Flags::default() };
        let expanded = expand_escapes(pattern);
        let shown = String::from_utf8_lossy(pattern);
        let compiled = regex::Regex::new(&expanded, &Syntax::AWK, flags)
            .map_err(|reason| format!("{reason}: /{shown}/"))?;
        let plain = |byte: &u8| !b"\\^$.[]|()*+?{}".contains(byte);
        let literal = (!ignore_case && !expanded.is_empty() && expanded.iter().all(plain))
            .then(|| Box::new(memchr::memmem::Finder::new(&expanded).into_owned()));
        Ok(Self {
            compiled,
            source: Bytes::copy_from_slice(pattern),
            literal,
            cancel: Cancel::new(),
        })
    }

    /// The pattern as it was given.
    pub fn source(&self) -> &Bytes {
        &self.source
    }

    pub fn is_match(&self, text: &[u8]) -> bool {
        match &self.literal {
            Some(finder) => finder.find(text).is_some(),
            None => self.compiled.is_match(text, &self.cancel).unwrap_or(false),
        }
    }

    pub fn find_at(&self, text: &[u8], start: usize) -> Option<Range<usize>> {
        if let Some(finder) = &self.literal {
            let at = start + finder.find(text.get(start..)?)?;
            return Some(at..at + finder.needle().len());
        }
        self.compiled.find_at(text, start, &self.cancel).ok().flatten()
    }

    /// The match at or after `start` and its groups; the first is the whole.
    pub fn captures_at(&self, text: &[u8], start: usize) -> Option<Vec<Option<Range<usize>>>> {
        let mut captures = Captures::new();
        let found = self.compiled.captures_at(text, start, &self.cancel, &mut captures);
        if !found.unwrap_or(false) {
            return None;
        }
        Some((0..=self.compiled.groups()).map(|group| captures.get(group)).collect())
    }
}

/// Awk's own escapes (`\n`, `\t`, `\"`, `\/`, octal, hexadecimal) as the characters that they mean,
/// escaped again where they would be operators; what the matcher knows (`\.`, `\y`, `\<`) stays.
fn expand_escapes(pattern: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some(letter) = tail.first() else {
            out.extend_from_slice(b"\\\\");
            break;
        };
        let taken = match letter {
            b'0'..=b'7' => {
                1 + tail.iter().skip(1).take(2).take_while(|b| matches!(b, b'0'..=b'7')).count()
            }
            b'x' => 1 + tail.iter().skip(1).take(2).take_while(|b| b.is_ascii_hexdigit()).count(),
            _ => 1,
        };
        let (escape, after) = tail.split_at(taken);
        rest = after;
        match letter {
            // gawk's word boundary; `\b` alone is a backspace.
            b'y' => out.extend_from_slice(b"\\b"),
            b'n' | b't' | b'r' | b'a' | b'b' | b'f' | b'v' | b'"' | b'/' | b'x' | b'0'..=b'7' => {
                let mut raw = vec![b'\\'];
                raw.extend_from_slice(escape);
                for value in super::lex::unescape(&raw, &mut |_| {}) {
                    if b"\\^$.[]|()*+?{}".contains(&value) {
                        out.push(b'\\');
                    }
                    out.push(value);
                }
            }
            // An ordinary character needs no backslash; the matcher's own letters keep theirs.
            b'B' | b'w' | b'W' | b's' | b'S' | b'<' | b'>' | b'`' | b'\'' => {
                out.extend_from_slice(&[b'\\', *letter]);
            }
            letter if letter.is_ascii_alphanumeric() => out.push(*letter),
            letter if letter.is_ascii() => out.extend_from_slice(&[b'\\', *letter]),
            letter => out.push(*letter),
        }
    }
    out
}
