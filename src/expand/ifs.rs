//! IFS: what separates fields.

use crate::state::{Shell, Str, names};
use bstr::ByteSlice;

/// The separators of a moment.
#[derive(Debug, Clone)]
pub(super) struct Ifs {
    /// Which single bytes separate, a bit each.
    bytes: [u64; 4],
    /// Separators that take more than one byte.
    wide: Vec<Str>,
    /// The first character: what `"$*"` joins by. Empty if IFS is.
    pub join: Str,
}

/// A separator in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Separator {
    pub width: usize,
    /// Blanks, tabs and newlines gather around other separators and make no empty fields.
    pub blank: bool,
}

/// What separates unless the script says otherwise, and as bits.
const DEFAULT: &[u8] = b" \t\n";
const DEFAULT_BITS: [u64; 4] = [1 << b' ' | 1 << b'\t' | 1 << b'\n', 0, 0, 0];

impl Ifs {
    pub fn of(shell: &Shell) -> Self {
        match shell.text(names::IFS) {
            Some(text) if *text != *DEFAULT => Self::new(&text),
            _ => Self { bytes: DEFAULT_BITS, wide: Vec::new(), join: Str::new(b" ") },
        }
    }

    pub fn new(text: &[u8]) -> Self {
        let mut ifs = Self { bytes: [0; 4], wide: Vec::new(), join: Str::EMPTY };
        for (at, (start, end, _)) in text.char_indices().enumerate() {
            let raw = text.get(start..end).unwrap_or_default();
            if at == 0 {
                ifs.join = Str::new(raw);
            }
            match raw {
                [byte] => {
                    if let Some(word) = ifs.bytes.get_mut(usize::from(byte >> 6)) {
                        *word |= 1 << (byte & 63);
                    }
                }
                raw => ifs.wide.push(Str::new(raw)),
            }
        }
        ifs
    }

    /// No separators at all: nothing is split.
    pub fn is_empty(&self) -> bool {
        self.join.is_empty()
    }

    /// The separator at the start of `text`.
    pub fn at(&self, text: &[u8]) -> Option<Separator> {
        let byte = *text.first()?;
        let listed =
            self.bytes.get(usize::from(byte >> 6)).is_some_and(|w| w & (1 << (byte & 63)) != 0);
        if listed {
            return Some(Separator { width: 1, blank: matches!(byte, b' ' | b'\t' | b'\n') });
        }
        if byte < 0x80 {
            return None;
        }
        let wide = self.wide.iter().find(|wide| text.starts_with(wide))?;
        Some(Separator { width: wide.len(), blank: false })
    }

    /// Where the first separator in `text` is.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        let has = |byte: u8| {
            self.bytes.get(usize::from(byte >> 6)).is_some_and(|w| w & (1 << (byte & 63)) != 0)
        };
        if self.wide.is_empty() {
            return text.iter().position(|byte| has(*byte));
        }
        (0..text.len()).find(|at| text.get(*at..).is_some_and(|rest| self.at(rest).is_some()))
    }
}
