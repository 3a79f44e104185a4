//! Names of members: what is safe, what is meant, what is left out.

use bstr::{BString, ByteSlice};

use super::options::{Member, Options};
use crate::pattern::{Options as GlobOptions, Pattern};

/// Splits off what would lead out of the folder: a leading `/`, and everything up to the last `..`.
pub(super) fn split_unsafe(name: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    let mut at = 0;
    while at <= name.len() {
        let part_end =
            name.get(at..).and_then(|rest| rest.find_byte(b'/')).map_or(name.len(), |n| at + n);
        if name.get(at..part_end) == Some(b"..") {
            end = part_end;
        }
        if part_end >= name.len() {
            break;
        }
        at = part_end + 1;
    }
    while name.get(end) == Some(&b'/') {
        end += 1;
    }
    name.split_at(end)
}

/// A name without its first parts; `None` if nothing is left.
pub(super) fn stripped(name: &[u8], count: usize) -> Option<BString> {
    let mut rest = name;
    for _ in 0..count {
        let at = rest.find_byte(b'/')?;
        rest = rest.get(at..)?.trim_start_with(|letter| letter == '/');
    }
    (!rest.is_empty()).then(|| rest.into())
}

/// Whether a pattern fits the name or a folder above it, from any part of it on.
pub(super) fn is_excluded(options: &Options, name: &[u8]) -> bool {
    if options.excluded.is_empty() {
        return false;
    }
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let starts = std::iter::once(0).chain(name.find_iter(b"/").map(|at| at + 1));
    let ends: Vec<usize> = name.find_iter(b"/").chain(std::iter::once(name.len())).collect();
    starts.into_iter().any(|start| {
        ends.iter().filter(|end| **end > start).any(|end| {
            let part = name.get(start..*end).unwrap_or_default();
            options.excluded.iter().any(|pattern| pattern.is_match(part))
        })
    })
}

/// Whether a member is meant by the operands; all are if there are none.
pub(super) fn is_meant(members: &mut [Member], options: &(bool, bool), name: &[u8]) -> bool {
    let (wildcards, recursion) = *options;
    if members.is_empty() {
        return true;
    }
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let mut meant = false;
    for member in members {
        let wanted = member.name.strip_suffix(b"/").unwrap_or(&member.name);
        let below = |rest: &[u8]| rest.is_empty() || (recursion && rest.starts_with(b"/"));
        let hit = match wildcards {
            true => {
                let pattern = Pattern::new(wanted, GlobOptions::default());
                let mut ends = name.find_iter(b"/").chain(std::iter::once(name.len()));
                ends.any(|end| pattern.is_match(name.get(..end).unwrap_or_default()))
            }
            false => name.strip_prefix(wanted).is_some_and(below),
        };
        if hit {
            member.found = true;
            meant = true;
        }
    }
    meant
}

/// A name as lists show it: control characters are escaped.
pub(super) fn shown(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for (start, end, letter) in name.char_indices() {
        let bytes = name.get(start..end).unwrap_or_default();
        match letter {
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\u{7}' => out.extend_from_slice(b"\\a"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{b}' => out.extend_from_slice(b"\\v"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            letter if letter.is_control() || (letter == '\u{fffd}' && bytes.len() < 3) => {
                bytes
                    .iter()
                    .for_each(|byte| out.extend_from_slice(format!("\\{byte:03o}").as_bytes()));
            }
            _ => out.extend_from_slice(bytes),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lead_out() {
        let cases: &[(&[u8], &[u8], &[u8])] = &[
            (b"a/b", b"", b"a/b"),
            (b"/a/b", b"/", b"a/b"),
            (b"//a", b"//", b"a"),
            (b"../a", b"../", b"a"),
            (b"a/../../b", b"a/../../", b"b"),
            (b"a/..", b"a/..", b""),
            (b"a..b/..c", b"", b"a..b/..c"),
            (b"..", b"..", b""),
            (b"", b"", b""),
        ];
        for (name, prefix, rest) in cases {
            assert_eq!(split_unsafe(name), (*prefix, *rest));
        }
        assert_eq!(stripped(b"a/b/c", 1), Some("b/c".into()));
        assert_eq!(stripped(b"a/", 1), None);
        assert_eq!(stripped(b"a", 1), None);
    }
}
