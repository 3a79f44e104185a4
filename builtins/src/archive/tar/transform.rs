//! `--transform`: names of members, and what links lead to, changed by sed's `s` command.

use bstr::{BString, ByteSlice};

use crate::cancel::Cancel;
use crate::regex::{Case, Flags, Part, Regex, Replacement, Syntax, control};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Member,
    SymbolicTarget,
    HardTarget,
}

/// One `s/REGEXP/REPLACEMENT/FLAGS`.
#[derive(Debug)]
pub(super) struct Transform {
    regex: Regex,
    with: Replacement,
    roles: Roles,
}

#[derive(Debug, Clone, Copy)]
struct Roles {
    members: bool,
    symbolic: bool,
    hard: bool,
}

impl Roles {
    const ALL: Self = Self { members: true, symbolic: true, hard: true };

    /// A capital takes a role away.
    fn set(&mut self, letter: u8) -> bool {
        let on = letter.is_ascii_lowercase();
        match letter.to_ascii_lowercase() {
            b'r' => self.members = on,
            b's' => self.symbolic = on,
            b'h' => self.hard = on,
            _ => return false,
        }
        true
    }
}

/// Reads expressions that `;` separates; `flags=…` says what the ones after it are for.
///
/// # Errors
/// What is wrong, in tar's words.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Transform>, String> {
    const INVALID: &str = "Invalid transform expression";
    let mut transforms = Vec::new();
    let mut usual = Roles::ALL;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(flags) = rest.strip_prefix(b"flags=") {
            let end = flags.find_byte(b';').unwrap_or(flags.len());
            for flag in flags.get(..end).unwrap_or_default() {
                if !usual.set(*flag) {
                    let flag = char::from(*flag);
                    return Err(format!("Unknown transform flag: {flag}"));
                }
            }
            rest = flags.get(end + 1..).unwrap_or_default();
            continue;
        }
        let (Some(b's'), Some(delimiter)) = (rest.first(), rest.get(1).copied()) else {
            return Err(INVALID.to_owned());
        };
        let after = rest.get(2..).unwrap_or_default();
        let (pattern, after) = until(after, delimiter).ok_or(INVALID)?;
        let (replacement, after) = until(after, delimiter).ok_or(INVALID)?;
        let end = after.find_byte(b';').unwrap_or(after.len());
        let mut roles = usual;
        let mut flags = Flags::default();
        let (mut all, mut number, mut extended) = (false, 0u64, false);
        for flag in after.get(..end).unwrap_or_default() {
            match flag {
                b'g' => all = true,
                b'i' => flags.ignore_case = true,
                b'x' => extended = true,
                digit @ b'0'..=b'9' => {
                    let digit = u64::from(digit - b'0');
                    number = number.saturating_mul(10).saturating_add(digit);
                }
                flag if roles.set(*flag) => {}
                flag => {
                    let flag = char::from(*flag);
                    return Err(format!("Unknown flag in transform expression: {flag}"));
                }
            }
        }
        let syntax = if extended { Syntax::EXTENDED } else { Syntax::BASIC };
        let regex = Regex::new(&pattern, &syntax, flags)
            .map_err(|reason| format!("Invalid transform expression: {reason}"))?;
        let with = Replacement { parts: parts_of(&replacement), number: number.max(1), all };
        if with.highest_group() > regex.groups() {
            return Err("Invalid transform replacement: back reference out of range".to_owned());
        }
        transforms.push(Transform { regex, with, roles });
        rest = after.get(end + 1..).unwrap_or_default();
    }
    if transforms.is_empty() { Err(INVALID.to_owned()) } else { Ok(transforms) }
}

/// What stands before the delimiter, and what follows it. A slash loses the backslash in front, other
/// delimiters keep it.
fn until(text: &[u8], delimiter: u8) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        match (*text.get(at)?, text.get(at + 1)) {
            (byte, _) if byte == delimiter => return Some((out, text.get(at + 1..)?)),
            (b'\\', Some(next)) => {
                if *next != b'/' {
                    out.push(b'\\');
                }
                out.push(*next);
                at += 2;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// The pieces of a replacement. Of sed's escapes tar has no codes (`\x41`); what it doesn't know keeps
/// its backslash.
fn parts_of(replacement: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = Vec::new();
    let mut bytes = replacement.iter().copied();
    while let Some(byte) = bytes.next() {
        let letter = if byte == b'\\' { bytes.next() } else { None };
        let special = match (byte, letter) {
            (b'&', _) => Part::Group(0),
            (_, None) => {
                text.push(byte);
                continue;
            }
            (_, Some(digit @ b'0'..=b'9')) => Part::Group(usize::from(digit - b'0')),
            (_, Some(letter)) => match Case::from_letter(letter) {
                Some(case) => Part::Case(case),
                None => {
                    match (letter, control(letter)) {
                        (b'&' | b'\\', _) => text.push(letter),
                        (_, Some(control)) => text.push(control),
                        (_, None) => text.extend_from_slice(&[byte, letter]),
                    }
                    continue;
                }
            },
        };
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text).into()));
        }
        parts.push(special);
    }
    if !text.is_empty() {
        parts.push(Part::Text(text.into()));
    }
    parts
}

/// The name after all expressions, one after the other. Matching stops where `cancel` says so, and
/// then nothing more changes.
pub(super) fn apply(
    transforms: &[Transform],
    name: BString,
    role: Role,
    cancel: &Cancel,
) -> BString {
    transforms.iter().fold(name, |name, transform| {
        let roles = transform.roles;
        let wanted = match role {
            Role::Member => roles.members,
            Role::SymbolicTarget => roles.symbolic,
            Role::HardTarget => roles.hard,
        };
        if !wanted {
            return name;
        }
        match transform.with.replaced(&transform.regex, &name, cancel) {
            Ok(Some(changed)) => changed.into(),
            Ok(None) | Err(_) => name,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(expression: &str, name: &str) -> String {
        let transforms = parse(expression.as_bytes()).expect("an expression");
        apply(&transforms, name.into(), Role::Member, &Cancel::new()).to_string()
    }

    #[test]
    fn names_change_as_sed_changes_lines() {
        assert_eq!(changed("s,^,p/,", "a"), "p/a");
        assert_eq!(changed("s/a/b/", "aa"), "ba");
        assert_eq!(changed("s/a/b/2", "aa"), "ab");
        assert_eq!(changed("s/a/[&]/g", "aa"), "[a][a]");
        assert_eq!(changed("s/(.)(.)/\\2\\u\\1/x", "ab"), "bA");
        assert_eq!(changed("s/A/x/i;s|x|y|", "a/a"), "y/a");
        assert_eq!(changed("s/x*/-/g", "ab"), "-a-b-");
        assert_eq!(changed("s/a*/-/g", "baaac"), "-b-c-");
        assert_eq!(changed("s/x*/-/g", "é"), "-é-");
        assert_eq!(changed("s/b/\\t\\q\\x41\\&\\//", "abc"), "a\t\\q\\x41&/c");
        assert_eq!(changed("s,b,x\\,y,", "abc"), "ax\\,yc");
        assert_eq!(changed("s/.*/\\U&\\E!/", "ab"), "AB!");
        assert_eq!(changed("s/a/b/R", "a"), "a");
        assert_eq!(changed("flags=r;s/a/b/", "a"), "b");
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "foo", "s/a", "s/a/b", "s/a/b/q", "s/\\(/x/", "s/a/\\1/"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
