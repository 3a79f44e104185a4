//! The arrays of `tr`: escapes, ranges, classes, `[=c=]` and `[c*n]` (POSIX `tr`, extended description).

use crate::quote::marked;

#[derive(Debug, Clone)]
enum Item {
    Byte(u8),
    Range(u8, u8),
    Class(Class),
    /// `[=c=]`
    Equal(u8),
    Repeat(u8, usize),
    /// `[c*]`: as many as are needed.
    Fill(u8),
}

#[derive(Debug, Clone, Copy)]
enum Class {
    Lower,
    Upper,
    Other(fn(u8) -> bool),
}

#[derive(Debug, Clone)]
pub(super) struct Set(Vec<Item>);

impl Set {
    /// Reads an array. The message is in GNU's words.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let bytes = unescape(text);
        let mut items = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if let Some((item, end)) = bracketed(&bytes, at)? {
                items.push(item);
                at = end;
                continue;
            }
            let (byte, _) = bytes[at];
            if let Some(&(last, _)) = bytes.get(at + 2)
                && bytes[at + 1] == (b'-', false)
            {
                if last < byte {
                    let shown = format!("{}-{}", visible(byte), visible(last));
                    return Err(format!(
                        "range-endpoints of '{shown}' are in reverse collating sequence order"
                    ));
                }
                items.push(Item::Range(byte, last));
                at += 3;
                continue;
            }
            items.push(Item::Byte(byte));
            at += 1;
        }
        if items.iter().filter(|item| matches!(item, Item::Fill(_))).count() > 1 {
            return Err("only one [c*] repeat construct may appear in string2".into());
        }
        Ok(Self(items))
    }

    pub fn has_fill(&self) -> bool {
        self.0.iter().any(|item| matches!(item, Item::Fill(_)))
    }

    pub fn has_equivalence(&self) -> bool {
        self.0.iter().any(|item| matches!(item, Item::Equal(_)))
    }

    pub fn ends_in_class(&self) -> bool {
        matches!(self.0.last(), Some(Item::Class(_)))
    }

    /// The bytes in order; `[c*]` fills up to `len` of them.
    pub fn members(&self, len: usize) -> Vec<u8> {
        let fixed: usize = self.0.iter().map(Item::len).sum();
        let mut members = Vec::with_capacity(fixed.max(len));
        for item in &self.0 {
            match item {
                Item::Byte(byte) | Item::Equal(byte) => members.push(*byte),
                Item::Range(first, last) => members.extend(*first..=*last),
                Item::Class(class) => members.extend((0..=255).filter(|&byte| class.has(byte))),
                Item::Repeat(byte, count) => members.extend(std::iter::repeat_n(*byte, *count)),
                Item::Fill(byte) => {
                    members.extend(std::iter::repeat_n(*byte, len.saturating_sub(fixed)));
                }
            }
        }
        members
    }

    /// In a second array only `[:lower:]` and `[:upper:]` may stand, against each other.
    pub fn check_classes(&self, first: &Self, complement: bool) -> Result<(), String> {
        let mut offset = 0;
        for item in &self.0 {
            if let Item::Class(class) = item {
                if matches!(class, Class::Other(_)) {
                    return Err("when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'".into());
                }
                let across = first.item_at(offset);
                if complement || !matches!(across, Some(Item::Class(Class::Lower | Class::Upper))) {
                    return Err("misaligned [:upper:] and/or [:lower:] construct".into());
                }
            }
            offset += item.len();
        }
        Ok(())
    }

    fn item_at(&self, offset: usize) -> Option<&Item> {
        let mut at = 0;
        self.0.iter().find(|item| {
            let here = at == offset;
            at += item.len();
            here
        })
    }
}

impl Item {
    fn len(&self) -> usize {
        match self {
            Self::Byte(_) | Self::Equal(_) => 1,
            Self::Range(first, last) => usize::from(last - first) + 1,
            Self::Class(class) => (0..=255).filter(|&byte| class.has(byte)).count(),
            Self::Repeat(_, count) => *count,
            Self::Fill(_) => 0,
        }
    }
}

impl Class {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Lower => byte.is_ascii_lowercase(),
            Self::Upper => byte.is_ascii_uppercase(),
            Self::Other(has) => has(byte),
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"lower" => Self::Lower,
            b"upper" => Self::Upper,
            b"alnum" => Self::Other(|byte| byte.is_ascii_alphanumeric()),
            b"alpha" => Self::Other(|byte| byte.is_ascii_alphabetic()),
            b"blank" => Self::Other(|byte| matches!(byte, b' ' | b'\t')),
            b"cntrl" => Self::Other(|byte| byte.is_ascii_control()),
            b"digit" => Self::Other(|byte| byte.is_ascii_digit()),
            b"graph" => Self::Other(|byte| byte.is_ascii_graphic()),
            b"print" => Self::Other(|byte| byte == b' ' || byte.is_ascii_graphic()),
            b"punct" => Self::Other(|byte| byte.is_ascii_punctuation()),
            b"space" => Self::Other(|byte| byte.is_ascii_whitespace() || byte == 0x0b),
            b"xdigit" => Self::Other(|byte| byte.is_ascii_hexdigit()),
            _ => return None,
        })
    }
}

/// `[:class:]`, `[=c=]`, `[c*n]` at `at`, and where it ends.
fn bracketed(bytes: &[(u8, bool)], at: usize) -> Result<Option<(Item, usize)>, String> {
    if bytes[at] != (b'[', false) {
        return Ok(None);
    }
    for (mark, what) in [(b':', "character class"), (b'=', "equivalence class")] {
        if bytes.get(at + 1) != Some(&(mark, false)) {
            continue;
        }
        let from = at + 2;
        let close = (from..bytes.len().saturating_sub(1))
            .find(|&end| bytes[end] == (mark, false) && bytes[end + 1] == (b']', false));
        let Some(end) = close else { continue };
        let name: Vec<u8> = bytes[from..end].iter().map(|(byte, _)| *byte).collect();
        if name.is_empty() && mark == b':' {
            return Err("missing character class name '[::]'".into());
        }
        if name.is_empty() {
            return Err("missing equivalence class character '[==]'".into());
        }
        if mark == b'=' {
            return match name.as_slice() {
                [byte] => Ok(Some((Item::Equal(*byte), end + 2))),
                other => Err(format!(
                    "{}: equivalence class operand must be a single character",
                    String::from_utf8_lossy(other)
                )),
            };
        }
        return match Class::named(&name) {
            Some(class) => Ok(Some((Item::Class(class), end + 2))),
            None => Err(format!("invalid {what} {}", marked(&name))),
        };
    }
    let (Some(&(byte, _)), Some(&(b'*', false))) = (bytes.get(at + 1), bytes.get(at + 2)) else {
        return Ok(None);
    };
    let Some(close) = (at + 3..bytes.len()).find(|&end| bytes[end] == (b']', false)) else {
        return Ok(None);
    };
    let digits: Vec<u8> = bytes[at + 3..close].iter().map(|(byte, _)| *byte).collect();
    if digits.is_empty() {
        return Ok(Some((Item::Fill(byte), close + 1)));
    }
    let radix = if digits[0] == b'0' { 8 } else { 10 };
    let count =
        std::str::from_utf8(&digits).ok().and_then(|text| usize::from_str_radix(text, radix).ok());
    match count {
        Some(0) => Ok(Some((Item::Fill(byte), close + 1))),
        // More than there are bytes never matters.
        Some(count) => Ok(Some((Item::Repeat(byte, count.min(1 << 16)), close + 1))),
        None => Err(format!("invalid repeat count {} in [c*n] construct", marked(&digits))),
    }
}

/// What is odd about the backslashes of an array, in GNU's words.
pub(super) fn warnings(text: &[u8]) -> Vec<Vec<u8>> {
    let mut warnings = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        rest = &rest[at + 1..];
        match rest {
            [] => {
                let unescaped = "an unescaped backslash at end of string is not portable";
                warnings.push(unescaped.into());
            }
            [a @ b'4'..=b'7', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                let (a, b, c) = (char::from(*a), char::from(*b), char::from(*c));
                let ambiguous = format!("the ambiguous octal escape \\{a}{b}{c} is being");
                let meaning = format!("interpreted as the 2-byte sequence \\0{a}{b}, {c}");
                warnings.push(format!("{ambiguous}\n\t{meaning}").into());
            }
            _ => {}
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    warnings
}

/// Each byte, and whether it was escaped and so stands for itself.
fn unescape(text: &[u8]) -> Vec<(u8, bool)> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' || at + 1 == text.len() {
            bytes.push((text[at], false));
            at += 1;
            continue;
        }
        at += 1;
        let octal = text[at..].iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte));
        let (mut count, mut value) = (0, 0u32);
        for digit in octal {
            let next = value * 8 + u32::from(digit - b'0');
            // `\400` is `\40` and `0`, as GNU reads it.
            if next > 0xff {
                break;
            }
            value = next;
            count += 1;
        }
        if count > 0 {
            bytes.push((u8::try_from(value).unwrap_or(0), true));
            at += count;
            continue;
        }
        let byte = match text[at] {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            other => other,
        };
        bytes.push((byte, true));
        at += 1;
    }
    bytes
}

fn visible(byte: u8) -> String {
    if byte == b' ' || byte.is_ascii_graphic() {
        char::from(byte).to_string()
    } else {
        format!("\\{byte:03o}")
    }
}
