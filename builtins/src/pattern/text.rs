//! Text as a pattern sees it: characters, forwards and backwards.

/// The text, and what a character of it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub bytes: &'a [u8],
    /// Characters are code points; else they are bytes.
    utf8: bool,
}

/// The character for a byte that is taken by itself: ASCII as it is, others where no letter is.
pub(super) fn lone(byte: u8) -> u32 {
    if byte < 0x80 { u32::from(byte) } else { 0xdc00 + u32::from(byte) }
}

/// The first character of `bytes` and its length.
pub(super) fn first(bytes: &[u8], utf8: bool) -> Option<(u32, usize)> {
    let byte = *bytes.first()?;
    if byte < 0x80 || !utf8 {
        return Some((lone(byte), 1));
    }
    let width = match byte {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let tail = bytes.get(1..width)?;
    let lead = u32::from(byte) & (0x7f >> width);
    Some((tail.iter().fold(lead, |c, &byte| c << 6 | u32::from(byte & 0x3f)), width))
}

/// A character in lower case, if that is a single one.
pub(super) fn fold(character: u32) -> u32 {
    let Some(letter) = char::from_u32(character) else { return character };
    if letter.is_ascii() {
        return u32::from(letter.to_ascii_lowercase());
    }
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => u32::from(lower),
        _ => character,
    }
}

impl<'a> Text<'a> {
    /// `utf8` only if `bytes` is that.
    pub fn new(bytes: &'a [u8], utf8: bool) -> Self {
        Self { bytes, utf8 }
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The character that starts at `at`, and where the next one starts.
    pub fn next(&self, at: usize) -> Option<(u32, usize)> {
        let (character, width) = first(self.bytes.get(at..)?, self.utf8)?;
        Some((character, at + width))
    }

    /// The character that ends at `at`, and where it starts.
    pub fn previous(&self, at: usize) -> Option<(u32, usize)> {
        let mut start = at.checked_sub(1)?;
        while self.utf8 && start > 0 && self.bytes.get(start).is_some_and(|b| b & 0xc0 == 0x80) {
            start -= 1;
        }
        let (character, _) = first(self.bytes.get(start..at)?, self.utf8)?;
        Some((character, start))
    }

    /// Whether a character starts at `at`, or the text ends there.
    pub fn is_boundary(&self, at: usize) -> bool {
        !self.utf8 || self.bytes.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
    }
}
