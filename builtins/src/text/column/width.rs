//! How wide text is, and text that is in no known encoding.

use crate::prelude::*;

/// Bytes that are no UTF-8 as `\xNN`.
pub(super) fn readable(text: &[u8]) -> Vec<u8> {
    if text.to_str().is_ok() {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    for chunk in text.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    out
}

/// Ranges of characters that take two columns: East Asian wide ones and pictures.
const WIDE: &[(u32, u32)] = &[
    (0x1100, 0x115f),
    (0x231a, 0x231b),
    (0x2329, 0x232a),
    (0x23e9, 0x23ec),
    (0x25fd, 0x25fe),
    (0x2614, 0x2615),
    (0x2e80, 0x303e),
    (0x3041, 0x33ff),
    (0x3400, 0x4dbf),
    (0x4e00, 0x9fff),
    (0xa000, 0xa4cf),
    (0xa960, 0xa97f),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe30, 0xfe6f),
    (0xff00, 0xff60),
    (0xffe0, 0xffe6),
    (0x1f300, 0x1f64f),
    (0x1f900, 0x1f9ff),
    (0x20000, 0x3fffd),
];

/// Ranges of marks that take no column.
const NARROW: &[(u32, u32)] =
    &[(0x300, 0x36f), (0x200b, 0x200f), (0x20d0, 0x20ff), (0xfe00, 0xfe0f)];

/// How many columns a character takes.
pub(super) fn of_char(letter: char) -> usize {
    let code = u32::from(letter);
    let within =
        |table: &[(u32, u32)]| table.iter().any(|(first, last)| (*first..=*last).contains(&code));
    match code {
        0..0x20 | 0x7f..0xa0 => 0,
        0x20..0x300 => 1,
        _ if within(NARROW) => 0,
        _ if within(WIDE) => 2,
        _ => 1,
    }
}

/// How many columns text takes.
pub(in crate::text) fn of(text: &[u8]) -> usize {
    text.chars().map(of_char).sum()
}
