//! `--transform`: names of members, and what links lead to, changed by sed's `s` command.

use bstr::{BString, ByteSlice};

use crate::cancel::Cancel;
use crate::regex::{Captures, Flags, Regex, Syntax};

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
    parts: Vec<Part>,
    /// From the match with this number on; counted from 1.
    number: usize,
    all: bool,
    roles: Roles,
}

#[derive(Debug, Clone, Copy)]
struct Roles {
    members: bool,
    symbolic: bool,
    hard: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Group(usize),
    /// `\U`, `\L`, `\u`, `\l`, `\E`
    Case(u8),
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
                    return Err(format!("Unknown flag in transform expression: {flag}"));
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
        let (mut all, mut number, mut extended) = (false, 0usize, false);
        for flag in after.get(..end).unwrap_or_default() {
            match flag {
                b'g' => all = true,
                b'i' => flags.ignore_case = true,
                b'x' => extended = true,
                digit @ b'0'..=b'9' => {
                    let digit = usize::from(digit - b'0');
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
        let parts = parts_of(&replacement);
        let highest = parts.iter().map(|part| if let Part::Group(n) = part { *n } else { 0 }).max();
        if highest.is_some_and(|highest| highest > regex.groups()) {
            return Err("Invalid transform replacement: back reference out of range".to_owned());
        }
        transforms.push(Transform { regex, parts, number: number.max(1), all, roles });
        rest = after.get(end + 1..).unwrap_or_default();
    }
    if transforms.is_empty() { Err(INVALID.to_owned()) } else { Ok(transforms) }
}

/// What stands before the delimiter, which loses a backslash in front, and what follows it.
fn until(text: &[u8], delimiter: u8) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        match (*text.get(at)?, text.get(at + 1)) {
            (byte, _) if byte == delimiter => return Some((out, text.get(at + 1..)?)),
            (b'\\', Some(next)) => {
                if *next != delimiter {
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

fn parts_of(replacement: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = Vec::new();
    let mut bytes = replacement.iter().copied();
    while let Some(byte) = bytes.next() {
        let special = match byte {
            b'&' => Part::Group(0),
            b'\\' => match bytes.next() {
                Some(digit @ b'0'..=b'9') => Part::Group(usize::from(digit - b'0')),
                Some(letter @ (b'U' | b'L' | b'u' | b'l' | b'E')) => Part::Case(letter),
                Some(b'n') => Part::Text(b"\n".to_vec()),
                Some(b't') => Part::Text(b"\t".to_vec()),
                Some(other) => Part::Text(vec![other]),
                None => Part::Text(b"\\".to_vec()),
            },
            byte => Part::Text(vec![byte]),
        };
        match special {
            Part::Text(more) => text.extend(more),
            other => {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(other);
            }
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
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
        if wanted { transform.replaced(&name, cancel) } else { name }
    })
}

impl Transform {
    fn replaced(&self, name: &BString, cancel: &Cancel) -> BString {
        let mut out = Vec::with_capacity(name.len());
        let mut captures = Captures::new();
        let (mut from, mut copied, mut count) = (0, 0, 0);
        while from <= name.len() {
            let found = self.regex.captures_at(name, from, cancel, &mut captures);
            let Some(whole) = found.ok().filter(|found| *found).and_then(|_| captures.get(0))
            else {
                break;
            };
            count += 1;
            if count >= self.number {
                out.extend_from_slice(name.get(copied..whole.start).unwrap_or_default());
                self.expand(name, &captures, &mut out);
                copied = whole.end;
                if !self.all {
                    break;
                }
            }
            from = if whole.end > whole.start { whole.end } else { whole.end + 1 };
        }
        out.extend_from_slice(name.get(copied..).unwrap_or_default());
        out.into()
    }

    fn expand(&self, name: &[u8], captures: &Captures, out: &mut Vec<u8>) {
        let (mut mode, mut next) = (b'E', None);
        for part in &self.parts {
            let text = match part {
                Part::Text(text) => text.as_slice(),
                Part::Group(group) => {
                    let span = captures.get(*group);
                    span.and_then(|span| name.get(span)).unwrap_or_default()
                }
                Part::Case(letter @ (b'u' | b'l')) => {
                    next = Some(*letter);
                    continue;
                }
                Part::Case(letter) => {
                    (mode, next) = (*letter, None);
                    continue;
                }
            };
            for byte in text {
                let letter = next.take().unwrap_or(mode);
                out.push(match letter {
                    b'U' | b'u' => byte.to_ascii_uppercase(),
                    b'L' | b'l' => byte.to_ascii_lowercase(),
                    _ => *byte,
                });
            }
        }
    }
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
