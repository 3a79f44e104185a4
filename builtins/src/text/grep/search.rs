//! Searching one input: a buffer of whole lines, searched at once, printed line by line.

use std::sync::Arc;

use bstr::ByteSlice;
use memchr::{memchr, memchr_iter, memrchr};

use super::color::Colors;
use super::options::{Binary, Options, Show};
use crate::budget::Resource;
use crate::prelude::*;
use crate::regex::Regex;
use crate::stream::Stream;

/// How much is read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// How one input went.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether a line was selected.
    pub selected: bool,
    /// What reading failed with.
    pub fault: Option<FsError>,
}

/// The state of one search.
pub(super) struct Search<'a, 'c, 'x> {
    ctx: &'a mut Context<'c>,
    options: &'x Options,
    regex: Option<&'x Regex>,
    colors: &'x Colors,
    /// The name to print before lines.
    name: Option<&'x [u8]>,
    shown: &'x [u8],
    buffer: Vec<u8>,
    /// How many bytes of the input stood before the buffer.
    base: u64,
    /// Up to where lines have been searched, in the buffer.
    done: usize,
    /// Up to where lines have been printed or are not wanted as context any more.
    printed: usize,
    /// The number of the line at `counted`.
    line: u64,
    counted: usize,
    selected: u64,
    pending_after: usize,
    printed_any: bool,
    /// What stands at `printed` was printed, and nothing between was dropped.
    joined: bool,
    binary: bool,
    /// A line that is no text was selected and left out.
    omitted: bool,
    /// How wide numbers are under `-T`: enough for any offset in the input.
    number_width: usize,
    out: Vec<u8>,
}

/// Whether to go on with this input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Stop,
}

impl<'a, 'c, 'x> Search<'a, 'c, 'x> {
    pub fn new(
        ctx: &'a mut Context<'c>,
        options: &'x Options,
        regex: Option<&'x Regex>,
        colors: &'x Colors,
        name: Option<&'x [u8]>,
        shown: &'x [u8],
        printed_any: bool,
    ) -> Self {
        Self {
            ctx,
            options,
            regex,
            colors,
            name,
            shown,
            buffer: Vec::new(),
            base: 0,
            done: 0,
            printed: 0,
            line: 1,
            counted: 0,
            selected: 0,
            pending_after: 0,
            printed_any,
            joined: false,
            binary: false,
            omitted: false,
            number_width: 0,
            out: Vec::new(),
        }
    }

    /// Searches `stream` to its end, or until nothing more can change the answer.
    pub fn run(mut self, stream: &Arc<dyn Stream>) -> Result<Outcome, CommandError> {
        let mut held = self.ctx.budget.hold(Resource::Memory, 0)?;
        let mut fault = None;
        if self.options.initial_tab {
            let size = stream.metadata().ok().filter(FsStat::is_file).map(|stat| stat.size);
            self.number_width = size.unwrap_or(i64::MAX.unsigned_abs()).to_string().len();
        }
        let mut flow = if self.options.max_count == 0 { Flow::Stop } else { Flow::On };
        while flow == Flow::On {
            let chunk = match stream.read(CHUNK_BYTES, &self.ctx.cancel) {
                Ok(chunk) => chunk,
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => {
                    fault = Some(error);
                    break;
                }
            };
            if chunk.is_empty() {
                flow = self.last()?;
                break;
            }
            self.take(&chunk);
            let grown = (self.buffer.capacity() as u64).saturating_sub(held.amount());
            held.grow(grown)?;
            if let Some(end) = memrchr(self.options.line_end, &self.buffer[self.done..]) {
                flow = self.lines(self.done + end + 1)?;
            }
            self.flush(false)?;
        }
        if flow == Flow::Stop && self.pending_after > 0 && fault.is_none() {
            self.trailing(stream)?;
        }
        self.finish()?;
        Ok(Outcome { selected: self.selected > 0, fault })
    }

    /// Adds a chunk, dropping lines that nothing needs any more.
    fn take(&mut self, chunk: &[u8]) {
        let keep = self.context_start(self.done);
        if keep > 0 {
            self.joined &= keep <= self.printed;
            self.count_to(keep);
            self.buffer.drain(..keep);
            self.base += keep as u64;
            self.done -= keep;
            self.printed = self.printed.saturating_sub(keep);
            self.counted -= keep;
        }
        let text = self.options.binary == Binary::Text || self.options.line_end == 0;
        let from = self.buffer.len();
        self.buffer.extend_from_slice(chunk);
        if !text && (self.binary || memchr(0, chunk).is_some()) {
            self.binary = true;
            // A NUL ends a line in a binary file, as GNU's grep has it.
            for byte in &mut self.buffer[from..] {
                if *byte == 0 {
                    *byte = b'\n';
                }
            }
        }
    }

    /// Where the lines begin that a match at `at` would print before itself.
    fn context_start(&self, at: usize) -> usize {
        let mut start = at;
        for _ in 0..self.options.before {
            if start <= self.printed {
                break;
            }
            let before = &self.buffer[..start - 1];
            start = memrchr(self.options.line_end, before).map_or(0, |end| end + 1);
        }
        start.max(self.printed.min(at))
    }

    fn last(&mut self) -> Result<Flow, CommandError> {
        if self.done == self.buffer.len() {
            return Ok(Flow::On);
        }
        let end = self.buffer.len();
        self.lines(end)
    }

    /// Searches the lines up to `end`.
    fn lines(&mut self, end: usize) -> Result<Flow, CommandError> {
        if self.binary && self.options.binary == Binary::Skipped {
            return Ok(Flow::Stop);
        }
        while self.done < end {
            let found = self.next_match(end)?;
            let flow = if self.options.invert {
                let until = found.as_ref().map_or(end, |line| line.start);
                let mut flow = Flow::On;
                while self.done < until && flow == Flow::On {
                    let line = self.line_at(self.done, until);
                    flow = self.select(line)?;
                }
                if flow == Flow::On
                    && let Some(line) = found
                {
                    self.unselected(line.start, line.end)?;
                    self.done = line.end;
                }
                flow
            } else {
                match found {
                    None => {
                        self.unselected(self.done, end)?;
                        self.done = end;
                        Flow::On
                    }
                    Some(line) => {
                        self.unselected(self.done, line.start)?;
                        self.select(line)?
                    }
                }
            };
            if flow == Flow::Stop {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// The line, terminator included, that starts at `start`.
    fn line_at(&self, start: usize, end: usize) -> std::ops::Range<usize> {
        let length = memchr(self.options.line_end, &self.buffer[start..end]);
        start..length.map_or(end, |length| start + length + 1)
    }

    /// The next line with a match.
    fn next_match(&self, end: usize) -> Result<Option<std::ops::Range<usize>>, CommandError> {
        let Some(regex) = self.regex else { return Ok(None) };
        let text = &self.buffer[..end];
        let mut from = self.done;
        while from < end {
            let Some(at) = regex.earliest_at(text, from) else { return Ok(None) };
            let start =
                memrchr(self.options.line_end, &text[from..at]).map_or(from, |n| from + n + 1);
            if start >= end {
                return Ok(None);
            }
            let line = self.line_at(start, end);
            if !regex.needs_checking() {
                return Ok(Some(line));
            }
            self.ctx.check()?;
            if regex.is_match(self.content(&line), &self.ctx.cancel)? {
                return Ok(Some(line));
            }
            from = line.end;
        }
        Ok(None)
    }

    /// A line without its terminator.
    fn content(&self, line: &std::ops::Range<usize>) -> &[u8] {
        let text = &self.buffer[line.clone()];
        text.strip_suffix(&[self.options.line_end]).unwrap_or(text)
    }

    /// Prints what of the lines between matches is wanted after the last one.
    fn unselected(&mut self, from: usize, to: usize) -> Result<(), CommandError> {
        let mut at = from;
        while self.pending_after > 0 && at < to {
            let line = self.line_at(at, to);
            at = line.end;
            self.pending_after -= 1;
            self.print(&line, false)?;
        }
        Ok(())
    }

    fn select(&mut self, line: std::ops::Range<usize>) -> Result<Flow, CommandError> {
        self.done = line.end;
        self.selected += 1;
        let enough = self.selected >= self.options.max_count;
        match self.options.show {
            Show::Nothing | Show::NamesWith | Show::NamesWithout => return Ok(Flow::Stop),
            Show::Count => {
                return Ok(if enough { Flow::Stop } else { Flow::On });
            }
            Show::Lines => {}
        }
        if self.binary {
            self.pending_after = 0;
            self.omitted = self.options.binary == Binary::Said;
            return Ok(Flow::Stop);
        }
        if !self.options.only_matching && self.is_no_text(self.content(&line)) {
            if self.options.binary == Binary::Skipped {
                return Ok(Flow::Stop);
            }
            self.omitted = true;
            return Ok(if enough { Flow::Stop } else { Flow::On });
        }
        self.leading(line.start)?;
        self.print(&line, true)?;
        self.pending_after = self.options.after;
        Ok(if enough { Flow::Stop } else { Flow::On })
    }

    /// Whether bytes may not be printed, as they are no characters.
    fn is_no_text(&self, bytes: &[u8]) -> bool {
        let told = self.options.binary != Binary::Text && self.options.line_end != 0;
        told && !self.options.bytes && bytes.to_str().is_err()
    }

    /// The lines before a selected one, and the mark between groups.
    fn leading(&mut self, at: usize) -> Result<(), CommandError> {
        let mut start = self.context_start(at);
        if self.printed_any
            && !(self.joined && start == self.printed)
            && let Some(separator) = &self.options.separator
        {
            let color = if self.options.color { &self.colors.separator[..] } else { b"" };
            self.colors.paint(color, separator, &mut self.out);
            self.out.push(b'\n');
        }
        while start < at {
            let line = self.line_at(start, at);
            start = line.end;
            self.print(&line, false)?;
        }
        Ok(())
    }

    fn count_to(&mut self, at: usize) {
        if at > self.counted {
            if self.options.line_numbers {
                let text = &self.buffer[self.counted..at];
                self.line += memchr_iter(self.options.line_end, text).count() as u64;
            }
            self.counted = at;
        }
    }

    fn print(&mut self, line: &std::ops::Range<usize>, selected: bool) -> Result<(), CommandError> {
        self.printed_any = true;
        self.joined = true;
        self.printed = line.end;
        self.count_to(line.start);
        let separator = if selected { b':' } else { b'-' };
        if self.options.only_matching {
            if selected != self.options.invert {
                self.print_matches(line, separator)?;
            }
        } else if self.options.color {
            self.print_colored(line, separator, selected)?;
        } else {
            let mut out = std::mem::take(&mut self.out);
            self.prefix(separator, line.start, &mut out);
            out.extend_from_slice(self.content(line));
            out.push(self.options.line_end);
            self.out = out;
        }
        self.flush(self.options.line_buffered)
    }

    fn flush(&mut self, now: bool) -> Result<(), CommandError> {
        if self.out.len() >= 32 << 10 || (now && !self.out.is_empty()) {
            self.ctx.stdout.put(&self.out)?;
            self.out.clear();
        }
        if now {
            self.ctx.stdout.flush()?;
        }
        Ok(())
    }

    /// `name:line:offset:`
    fn prefix(&self, separator: u8, at: usize, out: &mut Vec<u8>) {
        let options = self.options;
        let paint = |color: &[u8], text: &[u8], out: &mut Vec<u8>| {
            self.colors.paint(if options.color { color } else { b"" }, text, out);
        };
        if let Some(name) = self.name {
            paint(&self.colors.file_name, name, out);
            if options.null_names {
                out.push(0);
            } else {
                paint(&self.colors.separator, &[separator], out);
            }
        }
        if options.line_numbers {
            let number = format!("{:>width$}", self.line, width = self.number_width);
            paint(&self.colors.line_number, number.as_bytes(), out);
            paint(&self.colors.separator, &[separator], out);
        }
        if options.byte_offsets {
            let offset = self.base + at as u64;
            let number = format!("{offset:>width$}", width = self.number_width);
            paint(&self.colors.byte_number, number.as_bytes(), out);
            paint(&self.colors.separator, &[separator], out);
        }
        let any = self.name.is_some() || options.line_numbers || options.byte_offsets;
        if options.initial_tab && any {
            out.push(b'\t');
        }
    }

    /// The spans of all matches that are not empty, in the buffer's offsets.
    fn matches(
        &self,
        line: &std::ops::Range<usize>,
    ) -> Result<Vec<std::ops::Range<usize>>, CommandError> {
        let Some(regex) = self.regex else { return Ok(Vec::new()) };
        let text = self.content(line);
        let mut spans = Vec::new();
        let mut at = 0;
        while at <= text.len() {
            let Some(span) = regex.find_at(text, at, &self.ctx.cancel)? else { break };
            if span.is_empty() {
                let next = text[span.end..].char_indices().next();
                at = span.end + next.map_or(1, |(_, end, _)| end);
                continue;
            }
            at = span.end;
            spans.push(line.start + span.start..line.start + span.end);
        }
        Ok(spans)
    }

    fn print_matches(
        &mut self,
        line: &std::ops::Range<usize>,
        separator: u8,
    ) -> Result<(), CommandError> {
        let spans = self.matches(line)?;
        let mut out = std::mem::take(&mut self.out);
        for span in spans {
            if self.is_no_text(&self.buffer[span.clone()]) {
                self.omitted = true;
                break;
            }
            self.prefix(separator, span.start, &mut out);
            let color = if self.options.color { &self.colors.selected_match[..] } else { b"" };
            self.colors.paint(color, &self.buffer[span], &mut out);
            out.push(self.options.line_end);
        }
        self.out = out;
        Ok(())
    }

    fn print_colored(
        &mut self,
        line: &std::ops::Range<usize>,
        separator: u8,
        selected: bool,
    ) -> Result<(), CommandError> {
        let colors = self.colors;
        let as_selected = selected != (colors.reverse && self.options.invert);
        let line_color = if as_selected { &colors.selected_line } else { &colors.context_line };
        let match_color = if selected { &colors.selected_match } else { &colors.context_match };
        // Matches are only in lines that match: not in those selected by -v.
        let spans = if selected != self.options.invert { self.matches(line)? } else { Vec::new() };
        let mut out = std::mem::take(&mut self.out);
        self.prefix(separator, line.start, &mut out);
        let mut at = line.start;
        for span in spans {
            // The line's color is not ended before that of the match begins.
            colors.start(line_color, &mut out);
            out.extend_from_slice(&self.buffer[at..span.start]);
            colors.paint(match_color, &self.buffer[span.clone()], &mut out);
            at = span.end;
        }
        let end = line.start + self.content(line).len();
        colors.paint(line_color, &self.buffer[at..end], &mut out);
        out.push(self.options.line_end);
        self.out = out;
        Ok(())
    }

    /// After the last wanted line: its context, whether or not that would match.
    fn trailing(&mut self, stream: &Arc<dyn Stream>) -> Result<(), CommandError> {
        while self.pending_after > 0 {
            let rest = self.done..self.buffer.len();
            if memchr(self.options.line_end, &self.buffer[rest]).is_none() {
                let chunk = stream.read(CHUNK_BYTES, &self.ctx.cancel)?;
                if !chunk.is_empty() {
                    self.buffer.extend_from_slice(&chunk);
                    continue;
                }
                if self.done == self.buffer.len() {
                    break;
                }
            }
            let line = self.line_at(self.done, self.buffer.len());
            self.done = line.end;
            self.pending_after -= 1;
            self.print(&line, false)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), CommandError> {
        let options = self.options;
        let paint = |color: &[u8], text: &[u8], out: &mut Vec<u8>| {
            self.colors.paint(if options.color { color } else { b"" }, text, out);
        };
        let mut out = std::mem::take(&mut self.out);
        let named = match options.show {
            Show::NamesWith => self.selected > 0,
            Show::NamesWithout => self.selected == 0,
            _ => false,
        };
        if named {
            paint(&self.colors.file_name, self.shown, &mut out);
            out.push(if options.null_names { 0 } else { b'\n' });
        }
        if options.show == Show::Count {
            if let Some(name) = self.name {
                paint(&self.colors.file_name, name, &mut out);
                if options.null_names {
                    out.push(0);
                } else {
                    paint(&self.colors.separator, b":", &mut out);
                }
            }
            out.extend_from_slice(format!("{}\n", self.selected).as_bytes());
        }
        self.out = out;
        self.ctx.stdout.put(&self.out)?;
        self.out.clear();
        if self.omitted {
            self.ctx.stdout.flush()?;
            self.ctx.complain_bytes(&[self.shown, b": binary file matches"].concat())?;
        }
        Ok(())
    }

    /// Whether a line has been printed, by this input or one before.
    pub fn separates(options: &Options, outcome: &Outcome, before: bool) -> bool {
        before || (options.show == Show::Lines && outcome.selected)
    }
}
