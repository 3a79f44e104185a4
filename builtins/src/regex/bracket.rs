//! Bracket expressions and the character classes of a UTF-8 locale.

use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, HirKind,
};

use super::ast::Set;
use super::error::RegexError;

/// A class by its POSIX name, as a pattern of regex-syntax. `C.UTF-8` has the properties of Unicode
/// here; digits are only the ASCII ones.
fn named(name: &[u8]) -> Option<(&'static str, &'static str)> {
    Some(match name {
        b"alpha" => (r"[\p{Alphabetic}\p{M}\p{Nd}--0-9]", "[A-Za-z]"),
        b"digit" => ("[0-9]", "[0-9]"),
        b"alnum" => (r"[\p{Alphabetic}\p{M}\p{Nd}]", "[0-9A-Za-z]"),
        b"upper" => (r"[\p{Uppercase}\p{Lt}]", "[A-Z]"),
        b"lower" => (r"\p{Lowercase}", "[a-z]"),
        b"space" => (
            r"[\t-\r \u{1680}\u{2000}-\u{2006}\u{2008}-\u{200a}\u{2028}\u{2029}\u{205f}\u{3000}]",
            r"[\t-\r ]",
        ),
        b"blank" => (r"[\t \u{1680}\u{2000}-\u{2006}\u{2008}-\u{200a}\u{205f}\u{3000}]", r"[\t ]"),
        b"punct" => {
            (r"[[\P{C}\p{Co}\p{Cf}]--[\p{Alphabetic}\p{M}\p{Nd}\p{Z}]]", r"[!-/:-@\[-`{-~]")
        }
        b"cntrl" => (r"[\p{Cc}\u{2028}\u{2029}]", r"[\x00-\x1f\x7f]"),
        b"print" => (r"[[\P{C}\p{Co}\p{Cf}]--[\u{2028}\u{2029}]]", "[ -~]"),
        b"graph" => (r"[[\P{C}\p{Co}\p{Cf}]--\p{Z}]", "[!-~]"),
        b"xdigit" => ("[0-9A-Fa-f]", "[0-9A-Fa-f]"),
        // GNU's `\w`.
        b"word" => (r"[\p{Alphabetic}\p{M}\p{Nd}_]", "[0-9A-Za-z_]"),
        _ => return None,
    })
}

fn parse_class(pattern: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class.clone()),
        HirKind::Class(Class::Bytes(class)) => class.to_unicode_class(),
        _ => None,
    }
}

/// The members of a class, `None` for an unknown name.
pub(super) fn class(name: &[u8], bytes: bool) -> Option<ClassUnicode> {
    let (unicode, ascii) = named(name)?;
    parse_class(if bytes { ascii } else { unicode })
}

/// The characters with a property of Unicode, by its name; `None` for an unknown one.
pub(super) fn property(name: &str) -> Option<ClassUnicode> {
    let plain =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b' ');
    parse_class(&format!(r"\p{{{name}}}")).filter(|_| plain)
}

/// A set of characters while it is built. Ranges of bytes that are no text stand in `raw`.
#[derive(Debug)]
pub(super) struct Builder {
    members: ClassUnicode,
    raw: ClassBytes,
}

impl Builder {
    pub fn of_class(class: ClassUnicode) -> Self {
        Self { members: class, raw: ClassBytes::empty() }
    }

    pub fn add(&mut self, mut class: ClassUnicode, negated: bool) {
        if negated {
            class.negate();
        }
        self.members.union(&class);
    }

    pub fn push(&mut self, start: char, end: char) {
        self.members.push(ClassUnicodeRange::new(start, end));
    }

    /// The finished set.
    pub fn finish(
        mut self,
        negated: bool,
        ignore_case: bool,
        bytes: bool,
        terminator: Option<u8>,
    ) -> Set {
        if bytes {
            let mut class = self.raw;
            for range in self.members.iter() {
                if let Ok(start) = u8::try_from(range.start()) {
                    let end = u8::try_from(range.end()).unwrap_or(0xff);
                    class.push(ClassBytesRange::new(start, end));
                }
            }
            if ignore_case {
                class.case_fold_simple();
            }
            if negated {
                class.negate();
            }
            return Set::Bytes(class).without(terminator);
        }
        if ignore_case {
            self.members.case_fold_simple();
        }
        if negated {
            self.members.negate();
        }
        Set::Unicode(self.members).without(terminator)
    }
}

/// An end point of a range.
enum Point {
    Char(char),
    Byte(u8),
    /// `[:alpha:]` or `[=a=]`: cannot end a range.
    Many,
}

/// Reads a bracket expression whose text after `[` starts `text`; the set (unfinished), whether it
/// is negated, and how many bytes it took.
pub(super) fn parse(
    text: &[u8],
    escapes: bool,
    classes: bool,
    bytes: bool,
) -> Result<(Builder, bool, usize), RegexError> {
    let mut at = 0;
    let negated = text.first() == Some(&b'^');
    at += usize::from(negated);
    if at >= text.len() {
        return Err(RegexError::BadPattern);
    }
    let mut set = Builder::of_class(ClassUnicode::empty());
    let mut first = true;
    loop {
        let Some(&byte) = text.get(at) else { return Err(RegexError::Bracket) };
        if byte == b']' && !first {
            return Ok((set, negated, at + 1));
        }
        // Where a range cannot go on, `-` is only the last member.
        let last = text.get(at + 1).is_none_or(|&next| next == b']');
        if byte == b'-' && !first && !last {
            return Err(RegexError::RangeEnd);
        }
        first = false;
        let (start, taken) = point(&text[at..], escapes, classes, bytes, &mut set)?;
        at += taken;
        let range = text.get(at) == Some(&b'-') && text.get(at + 1).is_some_and(|&b| b != b']');
        if !range {
            match start {
                Point::Char(letter) => set.push(letter, letter),
                Point::Byte(byte) => set.raw.push(ClassBytesRange::new(byte, byte)),
                Point::Many => {}
            }
            continue;
        }
        let (end, taken) = point(&text[at + 1..], escapes, classes, bytes, &mut set)?;
        at += 1 + taken;
        match (start, end) {
            (Point::Char(start), Point::Char(end)) if start <= end => set.push(start, end),
            (Point::Byte(start), Point::Byte(end)) if start <= end => {
                set.raw.push(ClassBytesRange::new(start, end));
            }
            (Point::Char(start), Point::Byte(end)) if start.is_ascii() => {
                set.push(start, '\u{7f}');
                set.raw.push(ClassBytesRange::new(0x80, end));
            }
            _ => return Err(RegexError::RangeEnd),
        }
    }
}

fn point(
    text: &[u8],
    escapes: bool,
    classes: bool,
    bytes: bool,
    set: &mut Builder,
) -> Result<(Point, usize), RegexError> {
    match text {
        [b'[', kind @ (b':' | b'.' | b'='), rest @ ..] if classes => {
            let close = [*kind, b']'];
            let Some(end) = memchr::memmem::find(rest, &close) else {
                // `[[:` without an end is an ordinary `[` for `:`.
                if *kind == b':' {
                    return Ok((Point::Char('['), 1));
                }
                return Err(RegexError::Bracket);
            };
            let (name, length) = (&rest[..end], 2 + end + 2);
            if *kind == b':' {
                let class =
                    class(name, bytes).filter(|_| name != b"word").ok_or(RegexError::ClassName)?;
                set.members.union(&class);
                return Ok((Point::Many, length));
            }
            let (letter, taken) = bstr::decode_utf8(name);
            match letter {
                Some(letter) if taken == name.len() => {
                    if *kind == b'=' {
                        set.push(letter, letter);
                        return Ok((Point::Many, length));
                    }
                    Ok((Point::Char(letter), length))
                }
                _ => Err(RegexError::Collation),
            }
        }
        [b'\\', _, ..] if escapes => {
            let (point, taken) = character(&text[1..], bytes)?;
            Ok((point, 1 + taken))
        }
        _ => character(text, bytes),
    }
}

fn character(text: &[u8], bytes: bool) -> Result<(Point, usize), RegexError> {
    let Some(&byte) = text.first() else { return Err(RegexError::Bracket) };
    if byte.is_ascii() {
        return Ok((Point::Char(char::from(byte)), 1));
    }
    if bytes {
        return Ok((Point::Byte(byte), 1));
    }
    match bstr::decode_utf8(text) {
        (Some(letter), taken) => Ok((Point::Char(letter), taken)),
        (None, _) => Ok((Point::Byte(byte), 1)),
    }
}
