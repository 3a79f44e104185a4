//! Gathers the words of a paragraph and breaks them into lines so that the whole costs least: lines
//! near the goal, of like length, broken after sentences rather than within, no lone words.

use crate::prelude::*;

/// Which lines belong to a paragraph, and how those after the first are indented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Margin {
    /// All that are indented alike; as the first.
    Plain,
    /// The second line's indentation may differ, and holds for the rest.
    Crown,
    /// As a crown, but it has to differ.
    Tagged,
    /// Each line is a paragraph.
    SplitOnly,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub width: usize,
    pub goal: usize,
    pub margin: Margin,
    pub uniform: bool,
    /// Blanks before the prefix, and how wide it is with those after it.
    pub lead: usize,
    pub prefix_columns: usize,
    pub prefix: BString,
}

/// A paragraph is broken in pieces beyond this.
const BYTES_MAX: usize = 5000;
const WORDS_MAX: usize = 1000;

/// Where a tagged paragraph of one line would go on.
const TAGGED_INDENT: usize = 3;

/// What speaks for and against a break; lengths count by their squares.
const LINE: i64 = 70 * 70;
const SENTENCE_BONUS: i64 = 50 * 50;
const NO_BREAK: i64 = 600 * 600;
const PAREN_BONUS: i64 = 40 * 40;
const PUNCTUATION_BONUS: i64 = 40 * 40;
const WIDOW: i64 = 200 * 200;
const ORPHAN: i64 = 150 * 150;
/// For a piece of a long paragraph, what each line more is worth.
const LINE_CREDIT: i64 = 3 * 3;

#[derive(Debug, Clone)]
struct Word {
    text: Bytes,
    /// Blanks after it.
    space: usize,
    opens: bool,
    period: bool,
    punctuated: bool,
    /// The last word of a sentence.
    last: bool,
    /// The best line that begins here: what it costs with all after it, where it ends, its length.
    cost: i64,
    end: usize,
    length: usize,
}

/// A line of input taken apart.
struct Line {
    /// Where its prefix begins, and where its text does.
    prefix: usize,
    column: usize,
    /// The prefix, as far as it is there, was read to here.
    text: Bytes,
    has_prefix: bool,
}

pub(super) struct Paragraphs<'a> {
    layout: &'a Layout,
    words: Vec<Word>,
    bytes: usize,
    /// How many lines the paragraph has.
    lines: usize,
    /// A second line was looked at.
    settled: bool,
    prefix: usize,
    first: usize,
    other: usize,
    /// The length of the line printed last, of a paragraph that is broken in pieces.
    before: usize,
    /// Blanks are written as tabs where the input has tabs.
    tabs: bool,
    column: usize,
    out: Vec<u8>,
}

impl<'a> Paragraphs<'a> {
    pub fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            words: Vec::new(),
            bytes: 0,
            lines: 0,
            settled: false,
            prefix: 0,
            first: 0,
            other: 0,
            before: 0,
            tabs: false,
            column: 0,
            out: Vec::new(),
        }
    }

    /// Takes a line of input, with its end if it has one.
    pub fn line(&mut self, ctx: &mut Context<'_>, text: &Bytes) -> Result<(), CommandError> {
        let whole = text.last() == Some(&b'\n');
        let text = if whole { text.slice(..text.len() - 1) } else { text.clone() };
        let line = self.take_apart(&text);
        let blank = line.text.is_empty();
        let formatted = line.has_prefix && line.prefix >= self.layout.lead && !blank;
        if self.lines > 0 {
            let same = formatted
                && line.prefix == self.prefix
                && line.column >= line.prefix + self.layout.prefix_columns;
            if self.goes_on(&line, same) {
                return self.add(ctx, &line);
            }
            self.end(ctx)?;
        }
        if !formatted || line.column < line.prefix + self.layout.prefix_columns {
            self.copy(&line, whole);
            return self.flush(ctx);
        }
        self.prefix = line.prefix;
        self.first = line.column;
        self.other = line.column;
        self.before = 0;
        self.settled = false;
        self.add(ctx, &line)
    }

    pub fn finish(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        self.end(ctx)
    }

    fn take_apart(&mut self, text: &Bytes) -> Line {
        let mut at = 0;
        let mut column = 0;
        let mut blanks = |at: &mut usize, column: &mut usize| {
            while let Some(byte @ (b' ' | b'\t')) = text.get(*at) {
                *column = if *byte == b'\t' { *column / 8 * 8 + 8 } else { *column + 1 };
                self.tabs |= *byte == b'\t';
                *at += 1;
            }
        };
        blanks(&mut at, &mut column);
        let wanted = &self.layout.prefix;
        if wanted.is_empty() {
            let prefix = column.min(self.layout.lead);
            return Line { prefix, column, text: text.slice(at..), has_prefix: true };
        }
        let prefix = column;
        let rest = text.get(at..).unwrap_or_default();
        let common = rest.iter().zip(wanted.iter()).take_while(|(a, b)| a == b).count();
        at += common;
        column += common;
        let has_prefix = common == wanted.len();
        if has_prefix {
            blanks(&mut at, &mut column);
        }
        Line { prefix, column, text: text.slice(at..), has_prefix }
    }

    /// Whether a line belongs to the paragraph; the second one may settle the indentation.
    fn goes_on(&mut self, line: &Line, same: bool) -> bool {
        let second = !std::mem::replace(&mut self.settled, true);
        match self.layout.margin {
            Margin::SplitOnly => false,
            Margin::Plain => same && line.column == self.other,
            Margin::Crown => {
                if second && same {
                    self.other = line.column;
                }
                same && line.column == self.other
            }
            Margin::Tagged => {
                if second && same && line.column != self.first {
                    self.other = line.column;
                    return true;
                }
                if second {
                    return false;
                }
                same && self.other != self.first && line.column == self.other
            }
        }
    }

    /// The words of a line.
    fn add(&mut self, ctx: &mut Context<'_>, line: &Line) -> Result<(), CommandError> {
        self.lines += 1;
        let text = &line.text;
        let mut at = 0;
        let mut column = line.column;
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | 11 | 12 | b'\r');
        while at < text.len() {
            let rest = text.get(at..).unwrap_or_default();
            let len = rest.iter().take_while(|byte| !is_blank(byte)).count();
            // Other white space is not counted and ends words too.
            let word = text.slice(at..at + len);
            at += len;
            column += len;
            let start = column;
            while let Some(byte) = text.get(at).filter(|byte| is_blank(byte)) {
                match byte {
                    b' ' => column += 1,
                    b'\t' => {
                        self.tabs = true;
                        column = column / 8 * 8 + 8;
                    }
                    _ => {}
                }
                at += 1;
            }
            if self.bytes + word.len() > BYTES_MAX || self.words.len() + 2 > WORDS_MAX {
                self.split(ctx)?;
            }
            self.bytes += word.len();
            let ends = at >= text.len();
            self.words.push(Word::new(word, column - start, ends, self.layout.uniform));
        }
        Ok(())
    }

    /// Lines that are not formatted stay as they are.
    fn copy(&mut self, line: &Line, whole: bool) {
        self.column = 0;
        if !line.text.is_empty() || line.column > line.prefix {
            self.pad(line.prefix);
            let count = (line.column - self.column.min(line.column)).min(self.layout.prefix.len());
            self.out.extend_from_slice(self.layout.prefix.get(..count).unwrap_or_default());
            self.column += count;
            if !line.text.is_empty() {
                self.pad(line.column.saturating_sub(self.column));
            }
        }
        self.out.extend_from_slice(&line.text);
        if whole || !line.text.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn pad(&mut self, count: usize) {
        let target = self.column + count;
        if self.tabs {
            let stop = target / 8 * 8;
            if self.column + 1 < stop {
                while self.column < stop {
                    self.out.push(b'\t');
                    self.column = self.column / 8 * 8 + 8;
                }
            }
        }
        while self.column < target {
            self.out.push(b' ');
            self.column += 1;
        }
    }

    fn flush(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        ctx.stdout.put(&self.out)?;
        self.out.clear();
        Ok(())
    }

    fn end(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if self.lines > 0 {
            if self.layout.margin == Margin::Tagged && self.other == self.first {
                self.other = if self.first == 0 { TAGGED_INDENT } else { 0 };
            }
            if let Some(word) = self.words.last_mut() {
                word.period = true;
                word.last = true;
            }
            self.fit(ctx)?;
            let count = self.words.len();
            self.print(count);
            self.words.clear();
            self.bytes = 0;
            self.lines = 0;
        }
        self.flush(ctx)
    }

    /// Prints the first lines of a paragraph that is too long to be held.
    fn split(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        if self.words.is_empty() {
            return Ok(());
        }
        self.fit(ctx)?;
        let count = self.words.len();
        let (mut best, mut point) = (i64::MAX, count);
        let mut at = self.words.first().map_or(count, |word| word.end);
        while at < count {
            let Some(word) = self.words.get(at) else { break };
            let after = self.words.get(word.end).map_or(0, |word| word.cost);
            if word.cost - after < best {
                (point, best) = (at, word.cost - after);
            }
            best = best.saturating_add(LINE_CREDIT);
            at = word.end;
        }
        self.print(point);
        self.words.drain(..point);
        self.bytes = self.words.iter().map(|word| word.text.len()).sum();
        self.first = self.other;
        self.flush(ctx)
    }

    /// Finds the best line from each word on, the last word first.
    fn fit(&mut self, ctx: &Context<'_>) -> Result<(), CommandError> {
        let count = self.words.len();
        for start in (0..count).rev() {
            if start % 64 == 0 {
                ctx.check()?;
            }
            let mut length = if start == 0 { self.first } else { self.other };
            let (mut best, mut end, mut best_length) = (i64::MAX, start + 1, length);
            let mut at = start;
            while let Some(word) = self.words.get(at) {
                length += word.text.len();
                let space = word.space;
                at += 1;
                let mut cost = self.line_cost(at, length);
                if start == 0 && self.before > 0 {
                    cost += ragged(length as i64 - self.before as i64);
                }
                if cost < best {
                    (best, end, best_length) = (cost, at, length);
                }
                if at == count {
                    break;
                }
                length += space;
                // A line that has a word ends before one that would reach the width.
                let next = self.words.get(at).map_or(0, |word| word.text.len());
                if length + next >= self.layout.width {
                    break;
                }
            }
            let own = self.base_cost(start);
            if let Some(word) = self.words.get_mut(start) {
                word.cost = best.saturating_add(own);
                word.end = end;
                word.length = best_length;
            }
        }
        Ok(())
    }

    /// What a break before word `at` costs, whatever the lines are.
    fn base_cost(&self, at: usize) -> i64 {
        let mut cost = LINE;
        let Some(word) = self.words.get(at) else { return cost };
        let before = at.checked_sub(1).and_then(|before| self.words.get(before));
        if let Some(before) = before {
            let second = at.checked_sub(2).and_then(|second| self.words.get(second));
            if before.period {
                cost += if before.last { -SENTENCE_BONUS } else { NO_BREAK };
            } else if before.punctuated {
                cost -= PUNCTUATION_BONUS;
            } else if second.is_some_and(|second| second.last) {
                cost += WIDOW / (before.text.len() as i64 + 2);
            }
        }
        if word.opens {
            cost -= PAREN_BONUS;
        } else if word.last {
            cost += ORPHAN / (word.text.len() as i64 + 2);
        }
        cost
    }

    /// What a line that ends before word `next` costs, with all lines after it.
    fn line_cost(&self, next: usize, length: usize) -> i64 {
        let Some(word) = self.words.get(next) else { return 0 };
        let short = self.layout.goal as i64 - length as i64;
        let mut cost = short * short * 100;
        if word.end < self.words.len() {
            cost += ragged(length as i64 - word.length as i64);
        }
        cost + word.cost
    }

    /// Prints the lines up to word `end`.
    fn print(&mut self, end: usize) {
        let mut at = 0;
        while at < end {
            let next = self.words.get(at).map_or(end, |word| word.end);
            let indent = if at == 0 { self.first } else { self.other };
            self.column = 0;
            self.pad(self.prefix);
            self.out.extend_from_slice(&self.layout.prefix);
            self.column += self.layout.prefix.len();
            self.pad(indent.saturating_sub(self.column));
            for nth in at..next {
                let Some(word) = self.words.get(nth) else { break };
                let space = word.space;
                self.out.extend_from_slice(&word.text);
                self.column += word.text.len();
                if nth + 1 < next {
                    self.pad(space);
                }
            }
            self.before = self.column;
            self.out.push(b'\n');
            at = next;
        }
    }
}

/// What lines of unlike length cost.
fn ragged(difference: i64) -> i64 {
    difference * difference * 100 / 2
}

impl Word {
    /// A word, the blanks after it, and whether it is the last of its line.
    fn new(text: Bytes, space: usize, ends_line: bool, uniform: bool) -> Self {
        let closes = |byte: &u8| b")]'\"".contains(byte);
        let inner = text.iter().rposition(|byte| !closes(byte)).unwrap_or(0);
        let period = text.get(inner).is_some_and(|byte| b".?!".contains(byte));
        let last = period && (ends_line || space > 1);
        let space = match (ends_line || uniform, last) {
            (false, _) => space,
            (true, true) => 2,
            (true, false) => 1,
        };
        Self {
            opens: text.first().is_some_and(|byte| b"(['`\"".contains(byte)),
            punctuated: text.last().is_some_and(u8::is_ascii_punctuation),
            text,
            space,
            period,
            last,
            cost: 0,
            end: 0,
            length: 0,
        }
    }
}
