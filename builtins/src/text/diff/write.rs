//! The formats.

use std::ops::Range;

use super::formats::Formats;
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
    /// RCS's form of an ed script.
    Rcs,
}

/// How lines look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    /// Tabs become blanks.
    pub expand: bool,
    /// How far tab stops are apart.
    pub tab: usize,
    /// A tab stands behind each mark.
    pub initial_tab: bool,
    pub color: bool,
    /// A blank line of context has no mark.
    pub blank_empty: bool,
}

/// Colors, as parameters of an SGR sequence.
const HEADING: &str = "1";
const PLACE: &str = "36";
const OLD: &str = "31";
const NEW: &str = "32";

/// Both files and what differs.
pub(super) struct Compared<'a> {
    pub one: &'a Lines,
    pub two: &'a Lines,
    pub changes: &'a [Change],
    /// What stands behind `---` and `+++`.
    pub names: [Vec<u8>; 2],
    pub looks: Looks,
    /// The line of a function that each group is in, by the number of its first line.
    pub functions: Option<Functions<'a>>,
    /// `-D NAME`.
    pub define: Option<&'a [u8]>,
    pub formats: Option<&'a Formats>,
}

/// Finds the last line before a place that begins a function.
pub(super) type Functions<'a> = &'a dyn Fn(usize) -> Option<Vec<u8>>;

const NO_NEWLINE: &[u8] = b"\n\\ No newline at end of file\n";

impl Compared<'_> {
    pub fn write(&self, style: Style) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(formats) = self.formats {
            self.formatted(formats, &mut out);
            return out;
        }
        if let Some(name) = self.define {
            self.merged(name, &mut out);
            return out;
        }
        match style {
            Style::Normal => self.normal(&mut out),
            Style::Rcs => self.rcs(&mut out),
            Style::Unified(context) => self.unified(context, &mut out),
            Style::Context(context) => self.context(context, &mut out),
            Style::Ed => self.ed(&mut out),
            Style::SideBySide { width, common, left_only } => {
                self.side_by_side(width, common, left_only, &mut out);
            }
        }
        out
    }

    /// Text in a color, if there are colors.
    fn paint(&self, color: &str, text: &[u8], out: &mut Vec<u8>) {
        if self.looks.color {
            out.extend_from_slice(format!("\x1b[{color}m").as_bytes());
        }
        out.extend_from_slice(text);
        if self.looks.color {
            out.extend_from_slice(b"\x1b[0m");
        }
    }

    /// Lines of one side, each with its mark.
    fn put(&self, lines: &Lines, range: Range<usize>, mark: &[u8], color: &str, out: &mut Vec<u8>) {
        let last = lines.lines.len();
        for at in range {
            let Some(line) = lines.lines.get(at) else { continue };
            let mut text = mark.to_vec();
            if self.looks.initial_tab {
                // A lone blank gives way to the tab.
                text.truncate(if mark == b" " { 0 } else { 1 });
                text.push(b'\t');
            } else if line.is_empty() && self.looks.blank_empty && mark == b" " {
                text.clear();
            }
            self.text(line, &mut text);
            if color.is_empty() {
                out.extend_from_slice(&text);
            } else {
                self.paint(color, &text, out);
            }
            let incomplete = at + 1 == last && lines.incomplete;
            out.extend_from_slice(if incomplete { NO_NEWLINE } else { b"\n" });
        }
    }

    /// A line's text, its tabs as wanted.
    pub(super) fn text(&self, line: &[u8], out: &mut Vec<u8>) {
        if !self.looks.expand {
            out.extend_from_slice(line);
            return;
        }
        let mut column = 0;
        for byte in line {
            if *byte == b'\t' {
                let next = (column / self.looks.tab + 1) * self.looks.tab;
                out.resize(out.len() + next - column, b' ');
                column = next;
                continue;
            }
            // Bytes that go on with a character take no column.
            column += usize::from(byte & 0xc0 != 0x80);
            out.push(*byte);
        }
    }

    fn normal(&self, out: &mut Vec<u8>) {
        for change in self.changes.iter().filter(|change| !change.overlooked) {
            let letter = letter(change);
            let head = format!("{}{letter}{}", commas(&change.old), commas(&change.new));
            self.paint(PLACE, head.as_bytes(), out);
            out.push(b'\n');
            self.put(self.one, change.old.clone(), b"< ", OLD, out);
            if letter == 'c' {
                out.extend_from_slice(b"---\n");
            }
            self.put(self.two, change.new.clone(), b"> ", NEW, out);
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

    fn rcs(&self, out: &mut Vec<u8>) {
        for change in self.changes.iter().filter(|change| !change.overlooked) {
            let (old, new) = (change.old.len(), change.new.len());
            if old > 0 {
                out.extend_from_slice(format!("d{} {old}\n", change.old.start + 1).as_bytes());
            }
            if new > 0 {
                out.extend_from_slice(format!("a{} {new}\n", change.old.end).as_bytes());
                self.raw(self.two, change.new.clone(), out);
            }
        }
    }

    /// Lines as they are.
    fn raw(&self, lines: &Lines, range: Range<usize>, out: &mut Vec<u8>) {
        for at in range {
            let Some(line) = lines.lines.get(at) else { continue };
            self.text(line, out);
            if !(lines.incomplete && at + 1 == lines.lines.len()) {
                out.push(b'\n');
            }
        }
    }

    /// Both files in one, for the C preprocessor.
    fn merged(&self, name: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        let word = |before: &[u8], after: &[u8], out: &mut Vec<u8>| {
            out.extend_from_slice(&[before, name, after].concat());
        };
        for change in self.changes {
            self.raw(self.one, at..change.old.start, out);
            at = change.old.end;
            match letter(change) {
                'a' => {
                    word(b"#ifdef ", b"\n", out);
                    self.raw(self.two, change.new.clone(), out);
                    word(b"#endif /* ", b" */\n", out);
                }
                'd' => {
                    word(b"#ifndef ", b"\n", out);
                    self.raw(self.one, change.old.clone(), out);
                    word(b"#endif /* ! ", b" */\n", out);
                }
                _ => {
                    word(b"#ifndef ", b"\n", out);
                    self.raw(self.one, change.old.clone(), out);
                    word(b"#else /* ", b" */\n", out);
                    self.raw(self.two, change.new.clone(), out);
                    word(b"#endif /* ", b" */\n", out);
                }
            }
        }
        self.raw(self.one, at..self.one.lines.len(), out);
    }

    /// ` name_of_function`, at the end of a group's heading.
    fn function(&self, first: usize) -> Vec<u8> {
        match self.functions.and_then(|find| find(first)) {
            Some(line) => [b" ", line.as_slice()].concat(),
            None => Vec::new(),
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
            let text = [mark.as_bytes(), b" ", name].concat();
            self.paint(HEADING, &text, out);
            out.push(b'\n');
        }
    }

    fn unified(&self, context: usize, out: &mut Vec<u8>) {
        self.heading(["---", "+++"], out);
        for group in grouped(self.changes, context) {
            let (old, new) = self.around(group, context);
            let head = format!("@@ -{} +{} @@", unified_range(&old), unified_range(&new));
            self.paint(PLACE, head.as_bytes(), out);
            out.extend_from_slice(&self.function(old.start));
            out.push(b'\n');
            let mut at = old.start;
            for change in group {
                self.put(self.one, at..change.old.start, b" ", "", out);
                self.put(self.one, change.old.clone(), b"-", OLD, out);
                self.put(self.two, change.new.clone(), b"+", NEW, out);
                at = change.old.end;
            }
            self.put(self.one, at..old.end, b" ", "", out);
        }
    }

    fn context(&self, context: usize, out: &mut Vec<u8>) {
        self.heading(["***", "---"], out);
        for group in grouped(self.changes, context) {
            let (old, new) = self.around(group, context);
            out.extend_from_slice(b"***************");
            out.extend_from_slice(&self.function(old.start));
            out.push(b'\n');
            self.paint(PLACE, format!("*** {} ****", context_range(&old)).as_bytes(), out);
            out.push(b'\n');
            if group.iter().any(|change| !change.old.is_empty()) {
                let mut at = old.start;
                for change in group {
                    self.put(self.one, at..change.old.start, b"  ", OLD, out);
                    let mark: &[u8] = if change.new.is_empty() { b"- " } else { b"! " };
                    self.put(self.one, change.old.clone(), mark, OLD, out);
                    at = change.old.end;
                }
                self.put(self.one, at..old.end, b"  ", OLD, out);
            }
            self.paint(PLACE, format!("--- {} ----", context_range(&new)).as_bytes(), out);
            out.push(b'\n');
            if group.iter().any(|change| !change.new.is_empty()) {
                let mut at = new.start;
                for change in group {
                    self.put(self.two, at..change.new.start, b"  ", NEW, out);
                    let mark: &[u8] = if change.old.is_empty() { b"+ " } else { b"! " };
                    self.put(self.two, change.new.clone(), mark, NEW, out);
                    at = change.new.end;
                }
                self.put(self.two, at..new.end, b"  ", NEW, out);
            }
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
