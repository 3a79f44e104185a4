//! Lists of ranges as `cut` takes them: `1,3-5,7-`.

use crate::quote::marked;

/// Sorted, disjoint ranges of positions from 1, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(usize, usize)>);

impl Ranges {
    /// Reads a list. The message says what is wrong in `cut`'s words.
    pub fn parse(text: &[u8], fields: bool) -> Result<Self, String> {
        let (what, from_one) = if fields {
            ("field", "fields are numbered from 1")
        } else {
            ("byte/character", "byte/character positions are numbered from 1")
        };
        let position = |digits: &[u8], whole: &[u8]| {
            let invalid = || {
                let kind = if fields { "field value" } else { "byte/character position" };
                format!("invalid {kind} {}", marked(whole))
            };
            if !digits.iter().all(u8::is_ascii_digit) {
                return Err(invalid());
            }
            let number = digits.iter().try_fold(0usize, |n, digit| {
                n.checked_mul(10)?.checked_add(usize::from(digit - b'0'))
            });
            match number {
                None => {
                    let kind = if fields { "number" } else { "offset" };
                    Err(format!("{what} {kind} {} is too large", marked(digits)))
                }
                Some(0) => Err(from_one.to_owned()),
                Some(number) => Ok(number),
            }
        };
        let mut ranges = Vec::new();
        for part in text.split(|byte| matches!(byte, b',' | b' ' | b'\t')) {
            let range = match part.iter().position(|&byte| byte == b'-') {
                None if part.is_empty() => return Err(from_one.to_owned()),
                None => {
                    let at = position(part, part)?;
                    (at, at)
                }
                Some(dash) => {
                    let (first, last) = (&part[..dash], &part[dash + 1..]);
                    if last.contains(&b'-') {
                        let kind = if fields { "field" } else { "byte or character" };
                        return Err(format!("invalid {kind} range"));
                    }
                    if first.is_empty() && last.is_empty() {
                        return Err("invalid range with no endpoint: -".into());
                    }
                    let first = if first.is_empty() { 1 } else { position(first, part)? };
                    let last = if last.is_empty() { usize::MAX } else { position(last, part)? };
                    if last < first {
                        return Err("invalid decreasing range".into());
                    }
                    (first, last)
                }
            };
            ranges.push(range);
        }
        ranges.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= *end => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Ok(Self(merged))
    }

    /// The positions that are in no range.
    pub fn complement(&self) -> Self {
        let mut next = 1;
        let mut ranges = Vec::new();
        for &(first, last) in &self.0 {
            if next < first {
                ranges.push((next, first - 1));
            }
            next = last.saturating_add(1);
        }
        if next < usize::MAX {
            ranges.push((next, usize::MAX));
        }
        Self(ranges)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, (usize, usize)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_merged_and_complemented() -> Result<(), String> {
        let ranges = Ranges::parse(b"7-,3,1-2,2-3", true)?;
        assert_eq!(ranges.0, [(1, 3), (7, usize::MAX)].map(|r| r).to_vec());
        assert_eq!(ranges.complement().0, vec![(4, 6)]);
        assert_eq!(Ranges::parse(b"0", true), Err("fields are numbered from 1".into()));
        assert_eq!(Ranges::parse(b"2-1", true), Err("invalid decreasing range".into()));
        Ok(())
    }
}
