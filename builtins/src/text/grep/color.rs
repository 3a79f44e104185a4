//! `--color`: GREP_COLORS and the escapes around what is printed.

use bstr::ByteSlice;

use crate::prelude::*;

/// What each part is drawn with: the parameters of an SGR sequence, empty for none.
#[derive(Debug, Clone)]
pub(super) struct Colors {
    pub selected_match: Vec<u8>,
    pub context_match: Vec<u8>,
    pub selected_line: Vec<u8>,
    pub context_line: Vec<u8>,
    pub file_name: Vec<u8>,
    pub line_number: Vec<u8>,
    pub byte_number: Vec<u8>,
    pub separator: Vec<u8>,
    /// `rv`: `sl` and `cx` change places with `-v`.
    pub reverse: bool,
    /// `ne`: no `\33[K` after each sequence.
    pub no_erase: bool,
}

impl Colors {
    pub fn read(ctx: &Context<'_>) -> Self {
        let mut colors = Self {
            selected_match: b"01;31".to_vec(),
            context_match: b"01;31".to_vec(),
            selected_line: Vec::new(),
            context_line: Vec::new(),
            file_name: b"35".to_vec(),
            line_number: b"32".to_vec(),
            byte_number: b"32".to_vec(),
            separator: b"36".to_vec(),
            reverse: false,
            no_erase: false,
        };
        let valid = |value: &[u8]| value.iter().all(|b| b.is_ascii_digit() || *b == b';');
        // The old name is still read.
        if let Some(old) = ctx.var("GREP_COLOR").filter(|old| !old.is_empty() && valid(old)) {
            colors.set(b"mt", old);
        }
        let text = ctx.var("GREP_COLORS").unwrap_or_default();
        for part in text.split(|&byte| byte == b':') {
            let (name, value) = match part.find_byte(b'=') {
                Some(at) => (&part[..at], Some(&part[at + 1..])),
                None => (part, None),
            };
            match (name, value) {
                (b"rv", None) => colors.reverse = true,
                (b"ne", None) => colors.no_erase = true,
                (name, Some(value)) if valid(value) => colors.set(name, value),
                _ => {}
            }
        }
        colors
    }

    fn set(&mut self, name: &[u8], value: &[u8]) {
        let value = value.to_vec();
        match name {
            b"mt" => {
                self.selected_match.clone_from(&value);
                self.context_match = value;
            }
            b"ms" => self.selected_match = value,
            b"mc" => self.context_match = value,
            b"sl" => self.selected_line = value,
            b"cx" => self.context_line = value,
            b"fn" => self.file_name = value,
            b"ln" => self.line_number = value,
            b"bn" => self.byte_number = value,
            b"se" => self.separator = value,
            _ => {}
        }
    }

    /// `text` drawn with `color`.
    pub fn paint(&self, color: &[u8], text: &[u8], out: &mut Vec<u8>) {
        if color.is_empty() || text.is_empty() {
            out.extend_from_slice(text);
            return;
        }
        self.start(color, out);
        out.extend_from_slice(text);
        self.end(color, out);
    }

    pub fn start(&self, color: &[u8], out: &mut Vec<u8>) {
        if !color.is_empty() {
            let erase: &[u8] = if self.no_erase { b"" } else { b"\x1b[K" };
            out.extend_from_slice(&[b"\x1b[", color, b"m", erase].concat());
        }
    }

    pub fn end(&self, color: &[u8], out: &mut Vec<u8>) {
        if !color.is_empty() {
            out.extend_from_slice(if self.no_erase { b"\x1b[m" } else { b"\x1b[m\x1b[K" });
        }
    }
}
