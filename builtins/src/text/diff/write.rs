//! The formats.

use std::ops::Range;

use bytes::Bytes;

use super::hunks::{Change, grouped};
use super::lines::Lines;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Normal,
    /// With so many lines of context.
    Context(usize),
    Unified(usize),
    Ed,
    SideBySide {
        width: usize,
        common: bool,
        left_only: bool,
    },
}

/// Both files and what differs.
pub(super) struct Compared<'a> {
    pub one: &'a Lines,
    pub two: &'a Lines,
    pub changes: &'a [Change],
    /// What stands behind `---` and `+++`.
    pub names: [Vec<u8>; 2],
}

const NO_NEWLINE: &[u8] = b"\n\\ No newline at end of file\n";

impl Compared<'_> {
    pub fn write(&self, style: Style) -> Vec<u8> {
        let mut out = Vec::new();
        match style {
            Style::Normal => self.normal(&mut out),
            Style::Unified(context) => self.unified(context, &mut out),
            Style::Context(context) => self.context(context, &mut out),
            Style::Ed => self.ed(&mut out),
            Style::SideBySide { width, common, left_only } => {
                self.side_by_side(width, common, left_only, &mut out);
            }
        }
        out
    }

    fn put(lines: &Lines, range: Range<usize>, mark: &[u8], out: &mut Vec<u8>) {
        let last = lines.lines.len();
        for at in range {
            let Some(line) = lines.lines.get(at) else { continue };
            out.extend_from_slice(mark);
            out.extend_from_slice(line);
            let incomplete = at + 1 == last && lines.incomplete;
            out.extend_from_slice(if incomplete { NO_NEWLINE } else { b"\n" });
        }
    }

    fn normal(&self, out: &mut Vec<u8>) {
        for change in self.changes.iter().filter(|change| !change.overlooked) {
            let letter = letter(change);
            let head = format!("{}{letter}{}\n", commas(&change.old), commas(&change.new));
            out.extend_from_slice(head.as_bytes());
            Self::put(self.one, change.old.clone(), b"< ", out);
            if letter == 'c' {
                out.extend_from_slice(b"---\n");
            }
            Self::put(self.two, change.new.clone(), b"> ", out);
        }
    }

    fn ed(&self, out: &mut Vec<u8>) {
        for change in self.changes.iter().rev().filter(|change| !change.overlooked) {
            let letter = letter(change);
            out.extend_from_slice(format!("{}{letter}\n", commas(&change.old)).as_bytes());
            if letter == 'd' {
                continue;
            }
            for line in self.two.lines.get(change.new.clone()).unwrap_or_default() {
                // A lone dot would end the text: it goes in as two, and one is taken away.
                if line.as_ref() == b"." {
                    out.extend_from_slice(b"..\n.\ns/.//\na\n");
                    continue;
                }
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            out.extend_from_slice(b".\n");
        }
    }

    /// The lines of both sides that a group shows.
    fn around(&self, group: &[Change], context: usize) -> (Range<usize>, Range<usize>) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return (0..0, 0..0) };
        let before = context.min(first.old.start).min(first.new.start);
        let after = context.min(self.one.lines.len().saturating_sub(last.old.end));
        (
            first.old.start - before..last.old.end + after,
            first.new.start - before..last.new.end + after,
        )
    }

    fn heading(&self, marks: [&str; 2], out: &mut Vec<u8>) {
        for (mark, name) in marks.into_iter().zip(&self.names) {
            out.extend_from_slice(mark.as_bytes());
            out.push(b' ');
            out.extend_from_slice(name);
            out.push(b'\n');
        }
    }

    fn unified(&self, context: usize, out: &mut Vec<u8>) {
        self.heading(["---", "+++"], out);
        for group in grouped(self.changes, context) {
            let (old, new) = self.around(group, context);
            let head = format!("@@ -{} +{} @@\n", unified_range(&old), unified_range(&new));
            out.extend_from_slice(head.as_bytes());
            let mut at = old.start;
            for change in group {
                Self::put(self.one, at..change.old.start, b" ", out);
                Self::put(self.one, change.old.clone(), b"-", out);
                Self::put(self.two, change.new.clone(), b"+", out);
                at = change.old.end;
            }
            Self::put(self.one, at..old.end, b" ", out);
        }
    }

    fn context(&self, context: usize, out: &mut Vec<u8>) {
        self.heading(["***", "---"], out);
        for group in grouped(self.changes, context) {
            let (old, new) = self.around(group, context);
            out.extend_from_slice(b"***************\n");
            out.extend_from_slice(format!("*** {} ****\n", context_range(&old)).as_bytes());
            if group.iter().any(|change| !change.old.is_empty()) {
                let mut at = old.start;
                for change in group {
                    Self::put(self.one, at..change.old.start, b"  ", out);
                    let mark: &[u8] = if change.new.is_empty() { b"- " } else { b"! " };
                    Self::put(self.one, change.old.clone(), mark, out);
                    at = change.old.end;
                }
                Self::put(self.one, at..old.end, b"  ", out);
            }
            out.extend_from_slice(format!("--- {} ----\n", context_range(&new)).as_bytes());
            if group.iter().any(|change| !change.new.is_empty()) {
                let mut at = new.start;
                for change in group {
                    Self::put(self.two, at..change.new.start, b"  ", out);
                    let mark: &[u8] = if change.old.is_empty() { b"+ " } else { b"! " };
                    Self::put(self.two, change.new.clone(), mark, out);
                    at = change.new.end;
                }
                Self::put(self.two, at..new.end, b"  ", out);
            }
        }
    }

    fn side_by_side(&self, width: usize, common: bool, left_only: bool, out: &mut Vec<u8>) {
        // Two columns with three for the gutter, the right one at a tab stop.
        let right = (width + 8 + 3) / 16 * 8;
        let column = right.saturating_sub(3).min(width.saturating_sub(right));
        let columns = Columns { right, column };
        let mut at = 0;
        let mut other = 0;
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
                let mark = match (&left, &right) {
                    (Some(_), Some(_)) => b'|',
                    (Some(_), None) => b'<',
                    _ => b'>',
                };
                columns.row(left.as_ref(), mark, right.as_ref(), out);
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
}

impl Columns {
    fn row(&self, left: Option<&Bytes>, mark: u8, right: Option<&Bytes>, out: &mut Vec<u8>) {
        let mut column = 0;
        if let Some(left) = left {
            column = self.cut(left, out);
        }
        let gutter = (self.column + self.right).saturating_sub(1) / 2;
        if mark != b' ' {
            Self::tabs(&mut column, gutter, out);
            out.push(mark);
            column += 1;
        }
        if let Some(right) = right.filter(|right| !right.is_empty()) {
            Self::tabs(&mut column, self.right, out);
            self.cut(right, out);
        }
        out.push(b'\n');
    }

    /// As much of a line as a column holds; how wide it is.
    fn cut(&self, line: &[u8], out: &mut Vec<u8>) -> usize {
        use bstr::ByteSlice;
        let mut column = 0;
        for (start, end, _) in line.char_indices() {
            if column >= self.column {
                break;
            }
            out.extend_from_slice(line.get(start..end).unwrap_or_default());
            column += 1;
        }
        column
    }

    /// Goes to a column with tabs as far as they reach, then with blanks.
    fn tabs(column: &mut usize, to: usize, out: &mut Vec<u8>) {
        while (*column / 8 + 1) * 8 <= to {
            out.push(b'\t');
            *column = (*column / 8 + 1) * 8;
        }
        while *column < to {
            out.push(b' ');
            *column += 1;
        }
    }
}

fn letter(change: &Change) -> char {
    match (change.old.is_empty(), change.new.is_empty()) {
        (true, _) => 'a',
        (_, true) => 'd',
        _ => 'c',
    }
}

/// `3`, `3,5`, and for no lines the number of the line before.
fn commas(range: &Range<usize>) -> String {
    match range.len() {
        0 => range.start.to_string(),
        1 => (range.start + 1).to_string(),
        _ => format!("{},{}", range.start + 1, range.end),
    }
}

fn unified_range(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => (range.start + 1).to_string(),
        len => format!("{},{len}", range.start + 1),
    }
}

fn context_range(range: &Range<usize>) -> String {
    match range.len() {
        0 | 1 => range.end.to_string(),
        _ => format!("{},{}", range.start + 1, range.end),
    }
}
