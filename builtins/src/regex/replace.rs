//! What a match becomes: the replacement of sed's `s`, which others have too (tar's `--transform`).

use bstr::{BString, ByteSlice};

use super::{Captures, MatchError, Regex};
use crate::cancel::Cancel;

/// A piece of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(BString),
    /// What a group matched; 0 is the whole match.
    Group(usize),
    Case(Case),
}

/// `\U`, `\L`, `\u`, `\l`, `\E`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    Upper,
    Lower,
    UpperNext,
    LowerNext,
    End,
}

/// The control character that an escape of sed's stands for: `a`, `f`, `n`, `r`, `t`, `v`.
#[must_use]
pub fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 7,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        _ => return None,
    })
}

/// What becomes of which matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    pub parts: Vec<Part>,
    /// From the match with this number on; counted from 1.
    pub number: u64,
    /// Each match from there on, instead of that one.
    pub all: bool,
}

impl Case {
    #[must_use]
    pub fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'U' => Self::Upper,
            b'L' => Self::Lower,
            b'u' => Self::UpperNext,
            b'l' => Self::LowerNext,
            b'E' => Self::End,
            _ => return None,
        })
    }
}

impl Replacement {
    /// The highest group that is named.
    #[must_use]
    pub fn highest_group(&self) -> usize {
        let groups = self.parts.iter().filter_map(|part| match part {
            Part::Group(group) => Some(*group),
            _ => None,
        });
        groups.max().unwrap_or(0)
    }

    /// The text after the replacement; `None` if nothing was replaced.
    ///
    /// # Errors
    /// [`MatchError`].
    pub fn replaced(
        &self,
        regex: &Regex,
        text: &[u8],
        cancel: &Cancel,
    ) -> Result<Option<Vec<u8>>, MatchError> {
        let mut out = Vec::new();
        let mut captures = Captures::new();
        let (mut from, mut copied, mut seen) = (0, 0, 0);
        let mut last_end = None;
        let mut any = false;
        while from <= text.len() {
            if !regex.captures_at(text, from, cancel, &mut captures)? {
                break;
            }
            let Some(whole) = captures.get(0) else { break };
            // An empty match right behind another match is none.
            if whole.is_empty() && last_end == Some(whole.start) {
                from = next_character(text, whole.end);
                continue;
            }
            seen += 1;
            last_end = Some(whole.end);
            if seen >= self.number {
                out.extend_from_slice(text.get(copied..whole.start).unwrap_or_default());
                expand(&self.parts, text, &captures, &mut out);
                copied = whole.end;
                any = true;
                if !self.all {
                    break;
                }
            }
            from = if whole.is_empty() { next_character(text, whole.end) } else { whole.end };
        }
        if !any {
            return Ok(None);
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        Ok(Some(out))
    }
}

fn next_character(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.char_indices().next().map_or(1, |(_, end, _)| end)
}

/// What the case letters ask of the text that follows.
#[derive(Default)]
struct Casing {
    /// `\U` or `\L`, until `\E`.
    all: Option<Case>,
    /// `\u` or `\l`, for one character.
    next: Option<Case>,
}

fn expand(parts: &[Part], text: &[u8], captures: &Captures, out: &mut Vec<u8>) {
    let mut casing = Casing::default();
    for part in parts {
        match part {
            Part::Text(literal) => casing.put(literal, out),
            Part::Group(group) => {
                let span = captures.get(*group).unwrap_or(0..0);
                casing.put(text.get(span).unwrap_or_default(), out);
            }
            Part::Case(case @ (Case::Upper | Case::Lower)) => {
                casing.all = Some(*case);
                casing.next = None;
            }
            Part::Case(case @ (Case::UpperNext | Case::LowerNext)) => casing.next = Some(*case),
            Part::Case(Case::End) => casing = Casing::default(),
        }
    }
}

impl Casing {
    fn put(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if self.all.is_none() && self.next.is_none() {
            out.extend_from_slice(text);
            return;
        }
        for (start, end, letter) in text.char_indices() {
            let raw = text.get(start..end).unwrap_or_default();
            let upper = match self.next.take().or(self.all) {
                Some(Case::Upper | Case::UpperNext) => true,
                Some(Case::Lower | Case::LowerNext) => false,
                _ => {
                    out.extend_from_slice(raw);
                    continue;
                }
            };
            if raw.len() > 1 && letter == char::REPLACEMENT_CHARACTER {
                out.extend_from_slice(raw);
                continue;
            }
            if raw.len() == 1 && !raw.is_ascii() {
                out.extend_from_slice(raw);
                continue;
            }
            let mapped: String = if upper {
                letter.to_uppercase().collect()
            } else {
                letter.to_lowercase().collect()
            };
            // One character becomes one character, as towupper(3) has it.
            let single = mapped.chars().nth(1).is_none();
            out.extend_from_slice(if single { mapped.as_bytes() } else { raw });
        }
    }
}
