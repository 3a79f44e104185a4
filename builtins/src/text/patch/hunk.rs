//! Hunks, in all three forms.

use bstr::{BString, ByteSlice};
use bytes::Bytes;

use super::source::Source;
use super::{Kind, fatal};
use crate::prelude::CommandError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Both,
    Old,
    New,
}

/// Some lines of the old file that become others.
#[derive(Debug, Clone)]
pub(super) struct Hunk {
    /// The number of the first old line, or, if there are none, of the one that they would be.
    pub old_first: usize,
    pub new_first: usize,
    /// In order, with their newlines. Of lines that change, the old ones come first.
    pub lines: Vec<(Side, Bytes)>,
    /// What stands behind `@@` or the stars.
    pub tail: BString,
}

impl Hunk {
    pub fn old(&self) -> impl DoubleEndedIterator<Item = &Bytes> {
        self.lines.iter().filter(|(side, _)| *side != Side::New).map(|(_, line)| line)
    }

    pub fn new_len(&self) -> usize {
        self.lines.iter().filter(|(side, _)| *side != Side::Old).count()
    }

    pub fn old_len(&self) -> usize {
        self.lines.iter().filter(|(side, _)| *side != Side::New).count()
    }

    /// How many lines are the same at the beginning and at the end.
    pub fn context(&self) -> (usize, usize) {
        let same = |line: &&(Side, Bytes)| line.0 == Side::Both;
        let before = self.lines.iter().take_while(same).count();
        if before == self.lines.len() {
            return (before, 0);
        }
        (before, self.lines.iter().rev().take_while(same).count())
    }

    /// The hunk of the opposite patch.
    pub fn swap(&mut self) {
        std::mem::swap(&mut self.old_first, &mut self.new_first);
        for (side, _) in &mut self.lines {
            *side = match side {
                Side::Both => Side::Both,
                Side::Old => Side::New,
                Side::New => Side::Old,
            };
        }
        // The lines that go come before those that come.
        let mut lines = std::mem::take(&mut self.lines);
        lines
            .chunk_by_mut(|a, b| (a.0 == Side::Both) == (b.0 == Side::Both))
            .filter(|chunk| chunk.first().is_some_and(|line| line.0 != Side::Both))
            .for_each(|chunk| chunk.sort_by_key(|line| line.0 == Side::New));
        self.lines = lines;
    }

    /// Takes the newline off the last line that was read: `\ No newline at end of file`.
    fn cut_newline(&mut self) {
        if let Some((_, line)) = self.lines.last_mut() {
            cut(line);
        }
    }
}

fn cut(line: &mut Bytes) {
    if line.ends_with(b"\n") {
        line.truncate(line.len() - 1);
    }
}

/// Start and length of both sides, and what stands behind the second `@@`.
pub(super) struct Ranges {
    pub old: (usize, usize),
    pub new: (usize, usize),
    pub tail: BString,
}

fn number(text: &[u8]) -> Option<(usize, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    Some((number.to_str().ok()?.parse().ok()?, rest))
}

/// `3,4`, with a length of 1 if there is none.
fn range(text: &[u8]) -> Option<((usize, usize), &[u8])> {
    let (start, rest) = number(text)?;
    match rest.strip_prefix(b",") {
        Some(rest) => number(rest).map(|(len, rest)| ((start, len), rest)),
        None => Some(((start, 1), rest)),
    }
}

pub(super) fn unified_ranges(line: &[u8]) -> Option<Ranges> {
    let (old, rest) = range(line.strip_prefix(b"@@ -")?)?;
    let (new, rest) = range(rest.strip_prefix(b" +")?)?;
    let rest = rest.strip_prefix(b" @")?;
    let rest = rest.strip_prefix(b"@").unwrap_or(rest);
    Some(Ranges { old, new, tail: rest.trim_ascii_end().into() })
}

/// A command of a normal diff: two ranges (first and last) and the letter between.
pub(super) fn normal_command(line: &[u8]) -> Option<([usize; 2], u8, [usize; 2])> {
    let pair = |text: &'_ [u8]| -> Option<([usize; 2], usize)> {
        let (first, rest) = number(text)?;
        let (last, rest) = match rest.strip_prefix(b",") {
            Some(rest) => number(rest)?,
            None => (first, rest),
        };
        Some(([first, last], text.len() - rest.len()))
    };
    let (old, taken) = pair(line)?;
    let rest = line.get(taken..)?;
    let (&letter, rest) = rest.split_first()?;
    if !matches!(letter, b'a' | b'c' | b'd') {
        return None;
    }
    let (new, taken) = pair(rest)?;
    rest.get(taken..)?.trim_ascii().is_empty().then_some((old, letter, new))
}

fn malformed(number: usize, line: &[u8]) -> CommandError {
    fatal([format!("malformed patch at line {number}: ").as_bytes(), line].concat())
}

/// Reads the next hunk; `None` if the patch has no more.
pub(super) fn next(source: &mut Source, kind: Kind) -> Result<Option<Hunk>, CommandError> {
    match kind {
        Kind::Unified => unified(source),
        Kind::Context => context(source),
        Kind::Normal => normal(source),
        Kind::Ed | Kind::Bare => Ok(None),
    }
}

fn unified(source: &mut Source) -> Result<Option<Hunk>, CommandError> {
    let Some(ranges) = source.peek().and_then(|line| unified_ranges(&line)) else {
        return Ok(None);
    };
    source.take();
    let ((old_first, mut old_left), (new_first, mut new_left)) = (ranges.old, ranges.new);
    let mut hunk = Hunk {
        old_first: old_first + usize::from(old_left == 0),
        new_first: new_first + usize::from(new_left == 0),
        lines: Vec::new(),
        tail: ranges.tail,
    };
    while old_left > 0 || new_left > 0 {
        let number = source.line_number();
        let line = match source.take() {
            Some(line) => line,
            // Blank lines at the end may have been lost on the way.
            None if new_left < 3 => Bytes::from_static(b" \n"),
            None => return Err(fatal("unexpected end of file in patch")),
        };
        let (side, text) = match line.first() {
            Some(b' ') => (Side::Both, line.slice(1..)),
            Some(b'\t' | b'\n') => (Side::Both, line.clone()),
            Some(b'-') => (Side::Old, line.slice(1..)),
            Some(b'+') => (Side::New, line.slice(1..)),
            Some(b'\\') if !hunk.lines.is_empty() => {
                hunk.cut_newline();
                continue;
            }
            _ => return Err(malformed(number, &line)),
        };
        let (in_old, in_new) = (side != Side::New, side != Side::Old);
        if (in_old && old_left == 0) || (in_new && new_left == 0) {
            return Err(malformed(number, &line));
        }
        old_left -= usize::from(in_old);
        new_left -= usize::from(in_new);
        hunk.lines.push((side, text));
    }
    if source.peek().is_some_and(|line| line.starts_with(b"\\")) {
        source.take();
        hunk.cut_newline();
    }
    tidy(&mut hunk);
    Ok(Some(hunk))
}

/// Puts the old lines of every change before its new ones.
fn tidy(hunk: &mut Hunk) {
    hunk.lines
        .chunk_by_mut(|a, b| (a.0 == Side::Both) == (b.0 == Side::Both))
        .for_each(|chunk| chunk.sort_by_key(|line| line.0 == Side::New));
}

fn normal(source: &mut Source) -> Result<Option<Hunk>, CommandError> {
    let Some(command) = source.peek().and_then(|line| normal_command(&line)) else {
        return Ok(None);
    };
    source.take();
    let (old, letter, new) = command;
    let count = |range: [usize; 2], there: bool| match there {
        true => (range[1] + 1).saturating_sub(range[0]),
        false => 0,
    };
    let (old_len, new_len) = (count(old, letter != b'a'), count(new, letter != b'd'));
    let mut hunk = Hunk {
        old_first: old[0] + usize::from(letter == b'a'),
        new_first: new[0] + usize::from(letter == b'd'),
        lines: Vec::new(),
        tail: BString::default(),
    };
    marked_lines(source, &mut hunk, old_len, Side::Old, b'<')?;
    if letter == b'c' {
        let number = source.line_number();
        if !source.take().is_some_and(|line| line.starts_with(b"---")) {
            return Err(fatal(format!("'---' expected at line {number} of patch")));
        }
    }
    marked_lines(source, &mut hunk, new_len, Side::New, b'>')?;
    Ok(Some(hunk))
}

/// `< text` or `> text`, so many times.
fn marked_lines(
    source: &mut Source,
    hunk: &mut Hunk,
    len: usize,
    side: Side,
    mark: u8,
) -> Result<(), CommandError> {
    for _ in 0..len {
        let number = source.line_number();
        let Some(line) = source.take() else {
            return Err(fatal(format!("unexpected end of file in patch at line {number}")));
        };
        if !line.starts_with(&[mark, b' ']) {
            return Err(fatal(format!("'{}' expected at line {number} of patch", mark as char)));
        }
        hunk.lines.push((side, line.slice(2..)));
        if source.peek().is_some_and(|line| line.starts_with(b"\\")) {
            source.take();
            hunk.cut_newline();
        }
    }
    Ok(())
}

/// Lines of one section of a context hunk, each with its mark: ` `, `!`, `-` or `+`.
type Section = Vec<(u8, Bytes)>;

fn context(source: &mut Source) -> Result<Option<Hunk>, CommandError> {
    let start = source.mark();
    let Some(stars) = source.take().filter(|line| line.starts_with(b"********")) else {
        source.go(start);
        return Ok(None);
    };
    let old_head = source.take().unwrap_or_default();
    let Some(old_range) = old_head.strip_prefix(b"*** ").and_then(first_and_last) else {
        source.go(start);
        return Ok(None);
    };
    let old = section(source, b"--- ")?;
    let number = source.line_number();
    let new_head = source.take().unwrap_or_default();
    let Some(new_range) = new_head.strip_prefix(b"--- ").and_then(first_and_last) else {
        return Err(match new_head.is_empty() {
            true => fatal(format!("unexpected end of file in patch at line {number}")),
            false => malformed(number, &new_head),
        });
    };
    let new = section(source, b"")?;
    let tail = stars.trim_ascii_end().trim_start_with(|letter| letter == '*');
    let empty = |range: [usize; 2]| range[1] == 0 || range[1] < range[0];
    let hunk = Hunk {
        old_first: old_range[0] + usize::from(empty(old_range)),
        new_first: new_range[0] + usize::from(empty(new_range)),
        lines: merged(old, new),
        tail: tail.into(),
    };
    Ok(Some(hunk))
}

/// `3,8 ****` or `0 ----`.
fn first_and_last(text: &[u8]) -> Option<[usize; 2]> {
    let (first, rest) = number(text)?;
    match rest.strip_prefix(b",") {
        Some(rest) => number(rest).map(|(last, _)| [first, last]),
        None => Some([first, first]),
    }
}

/// The lines up to `end`, or up to one that is no line of a section.
fn section(source: &mut Source, end: &[u8]) -> Result<Section, CommandError> {
    let mut lines = Section::new();
    while let Some(line) = source.peek() {
        let ends = !end.is_empty() && line.starts_with(end) && first_and_last(&line[4..]).is_some();
        match line.as_ref() {
            _ if ends => break,
            [b'\\', ..] => {
                if let Some((_, last)) = lines.last_mut() {
                    cut(last);
                }
            }
            [mark @ (b' ' | b'!' | b'-' | b'+'), b' ' | b'\t', ..] => {
                // A tab after the mark is one that the blank before it went into.
                let skip = if line.get(1) == Some(&b'\t') { 1 } else { 2 };
                lines.push((*mark, line.slice(skip..)));
            }
            [b'\n'] | [b' ', b'\n'] if !lines.is_empty() || end.is_empty() => {
                lines.push((b' ', Bytes::from_static(b"\n")));
            }
            _ => break,
        }
        source.take();
    }
    Ok(lines)
}

/// Both sections as one list. One that is not there has the other's common lines.
fn merged(old: Section, new: Section) -> Vec<(Side, Bytes)> {
    let common =
        |lines: &Section| lines.iter().filter(|(mark, _)| *mark == b' ').cloned().collect();
    let (old, new): (Section, Section) = match (old.is_empty(), new.is_empty()) {
        (true, false) => (common(&new), new),
        (false, true) => {
            let new = common(&old);
            (old, new)
        }
        _ => (old, new),
    };
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    while old.peek().is_some() || new.peek().is_some() {
        while let Some((_, line)) = old.next_if(|(mark, _)| *mark != b' ') {
            lines.push((Side::Old, line));
        }
        while let Some((_, line)) = new.next_if(|(mark, _)| *mark != b' ') {
            lines.push((Side::New, line));
        }
        match (old.next(), new.next()) {
            (Some((_, line)), _) | (None, Some((_, line))) => lines.push((Side::Both, line)),
            (None, None) => {}
        }
    }
    lines
}
