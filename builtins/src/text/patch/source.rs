//! The text of a patch, line by line.

use bytes::Bytes;

/// A place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    at: usize,
    line: usize,
}

/// The text and how far it was read. Lines keep their newline.
#[derive(Debug)]
pub(super) struct Source {
    text: Bytes,
    at: usize,
    /// The number of the next line, from 1.
    line: usize,
    /// White space that every line of the present patch begins with.
    pub indent: usize,
    pub strip_return: bool,
}

impl Source {
    pub fn new(text: &Bytes) -> Self {
        Self { text: text.clone(), at: 0, line: 1, indent: 0, strip_return: false }
    }

    pub fn mark(&self) -> Mark {
        Mark { at: self.at, line: self.line }
    }

    pub fn go(&mut self, mark: Mark) {
        (self.at, self.line) = (mark.at, mark.line);
    }

    pub fn line_number(&self) -> usize {
        self.line
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The next line as it stands, without moving on.
    pub fn peek_raw(&self) -> Option<Bytes> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        Some(self.text.slice(self.at..self.at + end))
    }

    pub fn next_raw(&mut self) -> Option<Bytes> {
        let line = self.peek_raw()?;
        self.at += line.len();
        self.line += 1;
        Some(line)
    }

    /// The next line without the patch's indentation and carriage returns.
    pub fn peek(&self) -> Option<Bytes> {
        self.peek_raw().map(|line| self.cleaned(line))
    }

    pub fn take(&mut self) -> Option<Bytes> {
        self.next_raw().map(|line| self.cleaned(line))
    }

    fn cleaned(&self, mut line: Bytes) -> Bytes {
        let blank = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        line = line.slice(blank.min(self.indent)..);
        match line.strip_suffix(b"\r\n") {
            Some(text) if self.strip_return => [text, b"\n"].concat().into(),
            _ => line,
        }
    }

    /// What was not read yet.
    pub fn rest(&self) -> Bytes {
        self.text.slice(self.at..)
    }

    /// The text between two places.
    pub fn between(&self, from: Mark, to: Mark) -> Bytes {
        self.text.slice(from.at..to.at.max(from.at))
    }
}

/// Splits a file into lines that keep their newlines.
pub(super) fn lines(text: &Bytes) -> Vec<Bytes> {
    let mut lines = Vec::new();
    let mut start = 0;
    for newline in memchr::memchr_iter(b'\n', text) {
        lines.push(text.slice(start..=newline));
        start = newline + 1;
    }
    if start < text.len() {
        lines.push(text.slice(start..));
    }
    lines
}
