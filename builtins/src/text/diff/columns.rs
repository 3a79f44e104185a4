//! `-y`: both files side by side.

use std::ops::Range;

use bstr::ByteSlice;
use bytes::Bytes;

use super::lines::Lines;
use super::write::{Compared, Looks};

impl Compared<'_> {
    pub(super) fn side_by_side(
        &self,
        width: usize,
        common: bool,
        left_only: bool,
        out: &mut Vec<u8>,
    ) {
        // Two columns with three for the gutter, the right one at a tab stop.
        let tab = if self.looks.expand { 1 } else { self.looks.tab };
        let right = (width + tab + 3) / (2 * tab) * tab;
        let column = right.saturating_sub(3).min(width.saturating_sub(right));
        let right = if column == 0 { width } else { right };
        let columns = Columns { right, column, looks: self.looks };
        let (mut at, mut other) = (0, 0);
        let same = |range: Range<usize>, start: usize, out: &mut Vec<u8>| {
            if !common {
                return;
            }
            for (offset, line) in self.one.lines.get(range).unwrap_or_default().iter().enumerate() {
                let right = self.two.lines.get(start + offset);
                let right = if left_only { None } else { right };
                columns.row(Some(line), if left_only { b'(' } else { b' ' }, right, out);
            }
        };
        for change in self.changes {
            same(at..change.old.start, other, out);
            let rows = change.old.len().max(change.new.len());
            for row in 0..rows {
                let pick = |lines: &'_ Lines, range: &Range<usize>| {
                    let at = range.start + row;
                    range.contains(&at).then(|| lines.lines.get(at).cloned()).flatten()
                };
                let left = pick(self.one, &change.old);
                let right = pick(self.two, &change.new);
                let ends = |lines: &Lines, range: &Range<usize>| {
                    lines.incomplete && range.start + row + 1 == lines.lines.len()
                };
                let cut = (ends(self.one, &change.old), ends(self.two, &change.new));
                let mark = match (&left, &right) {
                    // Only the newline at the end differs.
                    (Some(one), Some(two)) if one == two && cut == (false, true) => b'/',
                    (Some(one), Some(two)) if one == two && cut == (true, false) => b'\\',
                    (Some(_), Some(_)) => b'|',
                    (Some(_), None) => b'<',
                    _ => b'>',
                };
                let color = match mark {
                    b'<' => "31",
                    b'>' => "32",
                    _ => "",
                };
                let colored = self.looks.color && !color.is_empty();
                if colored {
                    out.extend_from_slice(format!("\x1b[{color}m").as_bytes());
                }
                columns.row(left.as_ref(), mark, right.as_ref(), out);
                if colored {
                    out.extend_from_slice(b"\x1b[0m");
                }
            }
            (at, other) = (change.old.end, change.new.end);
        }
        same(at..self.one.lines.len(), other, out);
    }
}

/// Where the right column starts, and how wide both are.
struct Columns {
    right: usize,
    column: usize,
    looks: Looks,
}

impl Columns {
    fn row(&self, left: Option<&Bytes>, mark: u8, right: Option<&Bytes>, out: &mut Vec<u8>) {
        let mut column = 0;
        if let Some(left) = left {
            column = self.cut(left, 0, out);
        }
        let gutter = (self.column + self.right).saturating_sub(1) / 2;
        if mark != b' ' {
            self.tabs(&mut column, gutter, out);
            out.push(mark);
            column += 1;
        }
        if let Some(right) = right.filter(|right| !right.is_empty()) {
            self.tabs(&mut column, self.right, out);
            self.cut(right, self.right, out);
        }
        out.push(b'\n');
    }

    /// As much of a line as a column holds, starting at `indent`; how wide it is.
    fn cut(&self, line: &[u8], indent: usize, out: &mut Vec<u8>) -> usize {
        // Where the text is, and how far it was written.
        let (mut at, mut written) = (0, 0);
        for (start, end, letter) in line.char_indices() {
            match letter {
                '\t' => {
                    let spaces = self.looks.tab - at % self.looks.tab;
                    if at == written {
                        let stop = written + spaces;
                        if self.looks.expand {
                            let stop = stop.min(self.column);
                            out.resize(out.len() + stop.saturating_sub(written), b' ');
                            written = written.max(stop);
                        } else if stop < self.column {
                            written = stop;
                            out.push(b'\t');
                        }
                    }
                    at += spaces;
                }
                '\r' => {
                    out.push(b'\r');
                    let mut column = 0;
                    self.tabs(&mut column, indent, out);
                    (at, written) = (0, 0);
                }
                letter if letter.is_control() => {
                    if at < self.column {
                        out.extend_from_slice(line.get(start..end).unwrap_or_default());
                    }
                }
                _ => {
                    if at < self.column {
                        out.extend_from_slice(line.get(start..end).unwrap_or_default());
                        written = at + 1;
                    }
                    at += 1;
                }
            }
        }
        written
    }

    /// Goes to a column with tabs as far as they reach, then with blanks.
    fn tabs(&self, column: &mut usize, to: usize, out: &mut Vec<u8>) {
        let tab = self.looks.tab;
        while !self.looks.expand && (*column / tab + 1) * tab <= to {
            out.push(b'\t');
            *column = (*column / tab + 1) * tab;
        }
        while *column < to {
            out.push(b' ');
            *column += 1;
        }
    }
}
