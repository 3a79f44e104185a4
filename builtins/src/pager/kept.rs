//! Text that was shown, by rows of the screen.

use std::collections::VecDeque;
use std::ops::Range;

use bstr::ByteSlice;

/// So much of a text is kept at most; of more the beginning goes.
pub const KEPT_BYTES_MAX: usize = 4 << 20;

/// What is searched for: a part of a line, whatever the case of its letters if it has no capital ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    text: String,
    any_case: bool,
}

impl Wanted {
    pub fn new(text: &str) -> Self {
        let any_case = !text.chars().any(char::is_uppercase);
        Self { text: text.to_owned(), any_case }
    }

    fn is_in(&self, line: &[u8]) -> bool {
        let line = plain(line);
        match self.any_case {
            true => line.to_lowercase().contains_str(self.text.to_lowercase()),
            false => line.contains_str(&self.text),
        }
    }
}

/// A line without its escape sequences.
fn plain(line: &[u8]) -> Vec<u8> {
    let (mut plain, mut escape) = (Vec::with_capacity(line.len()), false);
    for &byte in line {
        match byte {
            b'\x1b' => escape = true,
            _ if escape => escape = !byte.is_ascii_alphabetic(),
            byte => plain.push(byte),
        }
    }
    plain
}

#[derive(Debug, Clone, Copy)]
struct Row {
    start: usize,
    /// Whether a line begins here; else the one before it goes on.
    line: bool,
}

/// The rows so far; the last may be growing.
#[derive(Debug, Default)]
pub(super) struct Kept {
    text: Vec<u8>,
    rows: VecDeque<Row>,
}

impl Kept {
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    pub fn begin_row(&mut self, line: bool) {
        if self.text.len() > KEPT_BYTES_MAX {
            self.forget_half();
        }
        self.rows.push_back(Row { start: self.text.len(), line });
    }

    pub fn push(&mut self, byte: u8) {
        self.text.push(byte);
    }

    fn forget_half(&mut self) {
        let gone = self.rows.len() / 2;
        self.rows.drain(..gone);
        let start = self.rows.front().map_or(self.text.len(), |row| row.start);
        self.text.drain(..start);
        self.rows.iter_mut().for_each(|row| row.start -= start);
    }

    fn start(&self, row: usize) -> usize {
        self.rows.get(row).map_or(self.text.len(), |row| row.start)
    }

    pub fn text_of(&self, rows: Range<usize>) -> &[u8] {
        self.text.get(self.start(rows.start)..self.start(rows.end)).unwrap_or_default()
    }

    /// The first row, from `from` on, that begins a line which has what is wanted.
    pub fn find(&self, wanted: &Wanted, from: usize) -> Option<usize> {
        (from..self.rows.len()).find(|row| self.has(wanted, *row))
    }

    /// The first row of the last line, if that has what is wanted.
    pub fn find_in_last_line(&self, wanted: &Wanted) -> Option<usize> {
        let first = (0..self.rows.len()).rev().find(|row| self.begins_line(*row))?;
        self.has(wanted, first).then_some(first)
    }

    fn begins_line(&self, row: usize) -> bool {
        self.rows.get(row).is_some_and(|row| row.line)
    }

    fn has(&self, wanted: &Wanted, row: usize) -> bool {
        let text = self.text.get(self.start(row)..).unwrap_or_default();
        let line = text.find_byte(b'\n').and_then(|end| text.get(..end)).unwrap_or(text);
        self.begins_line(row) && wanted.is_in(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_is_kept() {
        let mut kept = Kept::default();
        for n in 0..60_000 {
            kept.begin_row(true);
            format!("line {n} {}\n", "x".repeat(100)).bytes().for_each(|byte| kept.push(byte));
        }
        assert!(kept.text.len() <= KEPT_BYTES_MAX + 200 && kept.rows() < 60_000);
        let last = kept.text_of(kept.rows() - 1..kept.rows());
        assert!(last.starts_with(b"line 59999 "));
        let found = kept.find(&Wanted::new("Line 59998"), 0);
        assert_eq!(found, None, "capital letters count");
        assert_eq!(kept.find(&Wanted::new("line 59998"), 0), Some(kept.rows() - 2));
    }
}
