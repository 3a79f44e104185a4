//! The lines of a file, and when two count as the same.

use bytes::Bytes;

/// What is looked over when lines are compared.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    pub ignore_case: bool,
    pub all_space: bool,
    pub space_change: bool,
    pub trailing_space: bool,
    pub tabs: bool,
    pub blank_lines: bool,
    pub strip_return: bool,
    /// Even with NULs in it a file is text.
    pub text: bool,
}

/// A file's content as lines.
#[derive(Debug)]
pub(super) struct Lines {
    pub lines: Vec<Bytes>,
    /// Whether the last line lacks its newline.
    pub incomplete: bool,
}

impl Lines {
    pub fn new(text: &Bytes) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for newline in memchr::memchr_iter(b'\n', text) {
            lines.push(text.slice(start..newline));
            start = newline + 1;
        }
        let incomplete = start < text.len();
        if incomplete {
            lines.push(text.slice(start..));
        }
        Self { lines, incomplete }
    }

    /// What stands for each line in the comparison. A last line without newline differs from one
    /// with it, unless spaces at the end don't count.
    pub fn keys(&self, rules: &Rules) -> Vec<Vec<u8>> {
        let last = self.lines.len().saturating_sub(1);
        let spaces_count = !rules.trailing_space && !rules.all_space;
        let key = |(at, line): (usize, &Bytes)| {
            let mut key = rules.key(line);
            if !(at == last && self.incomplete && spaces_count) {
                key.push(b'\n');
            }
            key
        };
        self.lines.iter().enumerate().map(key).collect()
    }
}

impl Rules {
    fn is_plain(&self) -> bool {
        !(self.ignore_case
            || self.all_space
            || self.space_change
            || self.trailing_space
            || self.tabs
            || self.strip_return)
    }

    fn key(&self, line: &[u8]) -> Vec<u8> {
        if self.is_plain() {
            return line.to_vec();
        }
        let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 11;
        let line = match line.strip_suffix(b"\r") {
            Some(stripped) if self.strip_return => stripped,
            _ => line,
        };
        let end = match self.trailing_space {
            true => line.iter().rposition(|byte| !blank(byte)).map_or(0, |at| at + 1),
            false => line.len(),
        };
        let line = line.get(..end).unwrap_or_default();
        let mut key = Vec::with_capacity(line.len());
        let mut column = 0;
        let mut in_space = false;
        for byte in line {
            if blank(byte) {
                if self.all_space {
                    continue;
                }
                if self.space_change {
                    if !in_space {
                        key.push(b' ');
                    }
                    in_space = true;
                    continue;
                }
                if self.tabs && *byte == b'\t' {
                    let next = (column / 8 + 1) * 8;
                    key.resize(key.len() + next - column, b' ');
                    column = next;
                    continue;
                }
            }
            in_space = false;
            column += 1;
            key.push(if self.ignore_case { byte.to_ascii_lowercase() } else { *byte });
        }
        key
    }

    /// Whether a change of this line is none.
    pub fn overlooks(&self, line: &[u8]) -> bool {
        let blank = match self.all_space || self.space_change || self.trailing_space {
            true => line.iter().all(u8::is_ascii_whitespace),
            false => line.is_empty(),
        };
        self.blank_lines && blank
    }
}
