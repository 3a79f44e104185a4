//! How names are written: GNU's quoting styles.

use std::fmt::Write;

use bstr::ByteSlice;

use crate::quote::{quoted, quoted_as_needed};

/// `--quoting-style`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    Literal,
    Shell,
    ShellAlways,
    ShellEscape,
    ShellEscapeAlways,
    C,
    CMaybe,
    Escape,
    Locale,
}

/// A name as it is printed.
pub(crate) fn written(name: &[u8], style: Quoting, hide_control: bool) -> Vec<u8> {
    match style {
        Quoting::Literal if hide_control => hidden(name),
        Quoting::Literal => name.to_vec(),
        Quoting::ShellEscape => quoted_as_needed(name).to_string().into_bytes(),
        Quoting::ShellEscapeAlways => quoted(name).to_string().into_bytes(),
        Quoting::Shell | Quoting::ShellAlways => {
            let plain = quoted_as_needed(name).to_string();
            let needed = plain.as_bytes() != name;
            let shown = if hide_control { hidden(name) } else { name.to_vec() };
            if !needed && style == Quoting::Shell {
                return shown;
            }
            if shown.contains(&b'\'') && !shown.contains_str("\"") && !shown.contains_str("$") {
                return [b"\"", &shown[..], b"\""].concat();
            }
            [b"'", &shown.replace("'", "'\\''")[..], b"'"].concat()
        }
        Quoting::C => [b"\"", &escaped(name, Some('"'), false)[..], b"\""].concat(),
        Quoting::CMaybe => {
            let inner = escaped(name, Some('"'), false);
            if inner == name { inner } else { [b"\"", &inner[..], b"\""].concat() }
        }
        Quoting::Escape => escaped(name, None, true),
        Quoting::Locale => {
            [&b"\xe2\x80\x98"[..], &escaped(name, None, false), b"\xe2\x80\x99"].concat()
        }
    }
}

/// `?` for what cannot be shown.
fn hidden(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for (start, end, letter) in name.char_indices() {
        let invalid = letter == '\u{fffd}' && name[start..end] != *"\u{fffd}".as_bytes();
        if letter.is_control() || invalid {
            out.push(b'?');
        } else {
            out.extend_from_slice(&name[start..end]);
        }
    }
    out
}

/// C's escapes; `quote` and (for the `escape` style) blanks are escaped too.
fn escaped(name: &[u8], quote: Option<char>, blanks: bool) -> Vec<u8> {
    let mut out = String::new();
    for (start, end, letter) in name.char_indices() {
        let bytes = &name[start..end];
        let invalid = letter == '\u{fffd}' && *bytes != *"\u{fffd}".as_bytes();
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            ' ' if blanks => out.push_str("\\ "),
            letter if Some(letter) == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() || invalid => {
                for byte in bytes {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\{byte:03o}");
                }
            }
            letter => out.push(letter),
        }
    }
    out.into_bytes()
}

/// How many columns a name takes on a terminal.
pub(crate) fn columns(text: &[u8]) -> usize {
    text.chars().filter(|letter| !letter.is_control()).map(wide).sum()
}

/// Wide characters take two columns, combining ones none.
fn wide(letter: char) -> usize {
    match u32::from(letter) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
