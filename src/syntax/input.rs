//! The bytes that the parser reads: lines of a script, with the text of aliases in between.
//!
//! Always true: no line is asked for before the last one is used up, since a script on standard input
//! shares it with the commands that it runs. NUL bytes are dropped, as bash does.

use super::lexeme::{Lexeme, LexemeKind};
use memchr::memchr;
use std::io;

/// Where lines come from.
pub trait LineSource: Send {
    /// Appends the next line with its newline (which the last one may lack); `false` at the end.
    ///
    /// # Errors
    /// What went wrong while reading; the parser reports it as its own error.
    fn read_line(&mut self, line: &mut Vec<u8>, kind: LineKind) -> io::Result<bool>;
}

/// Why a line is wanted: a line editor prompts with `PS1` or `PS2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// It begins a command.
    First,
    /// It goes on with one.
    Continuation,
}

/// The lines of a script that is in memory.
#[derive(Debug)]
pub struct Lines<T> {
    text: T,
    at: usize,
}

impl<T: AsRef<[u8]>> Lines<T> {
    pub fn new(text: T) -> Self {
        Self { text, at: 0 }
    }
}

impl<T: AsRef<[u8]> + Send> LineSource for Lines<T> {
    fn read_line(&mut self, line: &mut Vec<u8>, _kind: LineKind) -> io::Result<bool> {
        let rest = self.text.as_ref().get(self.at..).unwrap_or_default();
        let end = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        line.extend_from_slice(rest.get(..end).unwrap_or_default());
        self.at += end;
        Ok(end > 0)
    }
}

fn newlines(text: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text).count()).unwrap_or(u32::MAX)
}

/// Whether the last byte of an alias is of a word.
fn ends_word(text: &[u8]) -> bool {
    match text.split_last() {
        None | Some((b' ' | b'\t' | b'\n' | b'|' | b'&' | b';' | b'(' | b')' | b'<' | b'>', _)) => {
            false
        }
        Some((b'\\', before)) => {
            before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
        }
        Some(_) => true,
    }
}

/// The text of an alias, in front of the rest of the line.
struct Frame {
    text: Vec<u8>,
    at: usize,
    name: Vec<u8>,
    /// It ends with a blank, so that the next word is looked up too.
    expands_next: bool,
    /// Text of the script itself, whose lines count.
    counts: bool,
    /// A blank was added at its end.
    parted: bool,
}

/// The most bytes that the aliases of one command may stand for.
pub const ALIAS_BYTES_MAX: usize = 16 << 20;

/// What looking ahead over arithmetic may cost: this many bytes, and some times what was read.
const LOOKAHEAD_BYTES: usize = 1 << 20;
const LOOKAHEAD_TIMES: usize = 16;

/// A position to return to: what was read since then is given again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    tape: usize,
    noted: usize,
}

pub(super) struct Input<'s> {
    source: Box<dyn LineSource + 's>,
    line: Vec<u8>,
    at: usize,
    /// Where `line` begins in the whole input.
    line_start: usize,
    /// The number of `line`, from 1; 0 before the first.
    pub number: u32,
    /// A line of the current command was read already.
    pub continues: bool,
    frames: Vec<Frame>,
    /// Set when the text of an alias that ends in a blank was used up.
    pub expand_next: bool,
    /// A quoted string or a comment is being read.
    pub verbatim: bool,
    alias_bytes: usize,
    ended: bool,
    looked_ahead: usize,
    /// A script: its last line is given the newline that it may lack. A text is taken as it is.
    completes: bool,
    /// The last line was given its newline.
    pub completed: bool,
    /// Some while what is read must be kept.
    tape: Option<Vec<u8>>,
    tape_users: usize,
    pub failure: Option<io::Error>,
    /// What stood where, if somebody wants to know.
    pub trace: Option<Vec<Lexeme>>,
}

impl<'s> Input<'s> {
    pub fn new(source: Box<dyn LineSource + 's>, lines_before: u32) -> Self {
        Self {
            source,
            line: Vec::new(),
            at: 0,
            line_start: 0,
            number: lines_before,
            continues: false,
            frames: Vec::new(),
            expand_next: false,
            verbatim: false,
            alias_bytes: 0,
            ended: false,
            looked_ahead: 0,
            completes: false,
            completed: false,
            tape: None,
            tape_users: 0,
            failure: None,
            trace: None,
        }
    }

    /// Of a script, not of a mere text.
    pub fn script(source: Box<dyn LineSource + 's>, lines_before: u32) -> Self {
        Self { completes: true, ..Self::new(source, lines_before) }
    }

    /// The next byte, which stays.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        if self.frames.is_empty()
            && let Some(&byte) = self.line.get(self.at)
        {
            return Some(byte);
        }
        self.peek_slowly()
    }

    fn peek_slowly(&mut self) -> Option<u8> {
        while let Some(frame) = self.frames.last_mut() {
            if let Some(&byte) = frame.text.get(frame.at) {
                return Some(byte);
            }
            // A word ends where its alias does, but an operator or a quoted string goes on.
            if !frame.counts && !frame.parted && !self.verbatim && ends_word(&frame.text) {
                frame.parted = true;
                frame.text.push(b' ');
                return Some(b' ');
            }
            self.expand_next |= frame.expands_next;
            self.frames.pop();
        }
        if self.at >= self.line.len() && !self.next_line() {
            return None;
        }
        self.line.get(self.at).copied()
    }

    /// Takes the byte that [`Self::peek`] showed.
    #[inline]
    pub fn bump(&mut self) {
        self.advance(1);
    }

    #[inline]
    pub fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.advance(1);
        Some(byte)
    }

    /// The bytes at hand without reading a line: the rest of the line or of an alias.
    #[inline]
    pub fn rest(&self) -> &[u8] {
        let rest = match self.frames.last() {
            Some(frame) => frame.text.get(frame.at..),
            None => self.line.get(self.at..),
        };
        rest.unwrap_or_default()
    }

    /// Takes `count` bytes of [`Self::rest`].
    #[inline]
    pub fn advance(&mut self, count: usize) {
        if self.tape.is_some() {
            self.record(count);
        }
        match self.frames.last_mut() {
            Some(frame) => {
                if frame.counts {
                    let taken = frame.text.get(frame.at..frame.at + count).unwrap_or_default();
                    self.number = self.number.saturating_add(newlines(taken));
                }
                frame.at += count;
            }
            None => self.at += count,
        }
    }

    fn record(&mut self, count: usize) {
        if let Some(mut tape) = self.tape.take() {
            tape.extend_from_slice(self.rest().get(..count).unwrap_or_default());
            self.tape = Some(tape);
        }
    }

    /// The byte after the next one, if it is at hand.
    pub fn second(&self) -> Option<u8> {
        self.rest().get(1).copied()
    }

    /// Skips any backslash-newline pairs that stand here.
    #[inline]
    pub fn skip_continuations(&mut self) {
        while self.peek() == Some(b'\\') && self.second() == Some(b'\n') {
            self.advance(2);
        }
    }

    /// The next byte after any backslash-newline pairs.
    #[inline]
    pub fn peek_joined(&mut self) -> Option<u8> {
        match self.peek() {
            Some(b'\\') => {
                self.skip_continuations();
                self.peek()
            }
            byte => byte,
        }
    }

    fn next_line(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.line_start += self.line.len();
        let mut next = std::mem::take(&mut self.line);
        next.clear();
        let kind = if self.continues { LineKind::Continuation } else { LineKind::First };
        let got = match self.source.read_line(&mut next, kind) {
            Ok(got) => got,
            Err(error) => {
                self.failure = Some(error);
                false
            }
        };
        self.at = 0;
        // The end counts as a line, which is the one that bash names.
        self.number = self.number.saturating_add(1);
        if !got {
            self.ended = true;
            return false;
        }
        self.continues = true;
        if memchr(0, &next).is_some() {
            // The span still counts them.
            let before = next.len();
            next.retain(|&byte| byte != 0);
            self.line_start += before - next.len();
        }
        self.line = next;
        // The last line may lack its newline; but a backslash there isn't to become a continuation,
        // if whoever gives the line doesn't make it one.
        if self.completes && !matches!(self.line.last(), None | Some(b'\n' | b'\\')) {
            self.line.push(b'\n');
            self.completed = true;
        }
        // A line of nothing but NULs.
        !self.line.is_empty() || self.next_line()
    }

    /// Takes a whole line for a here-document, without its newline; `None` at the end, else whether
    /// it had one.
    pub fn take_line(&mut self, text: &mut Vec<u8>) -> Option<bool> {
        self.peek()?;
        let rest = self.rest();
        let end = memchr(b'\n', rest);
        let count = end.unwrap_or(rest.len());
        text.extend_from_slice(rest.get(..count).unwrap_or_default());
        self.advance(count + usize::from(end.is_some()));
        Some(end.is_some())
    }

    /// The number of the last line that there was.
    pub fn last_line_number(&self) -> u32 {
        if self.ended { self.number.saturating_sub(1) } else { self.number }
    }

    /// Puts `text` in front of the rest of the line, to be read once more.
    pub fn push_back(&mut self, text: &[u8]) {
        self.frames.push(Frame {
            text: text.to_vec(),
            at: 0,
            name: Vec::new(),
            expands_next: false,
            counts: true,
            parted: false,
        });
    }

    /// The line being read, for a message: without its newline.
    pub fn current_line(&self) -> &[u8] {
        match self.line.split_last() {
            Some((b'\n', line)) => line,
            _ => &self.line,
        }
    }

    /// The offset of the next byte in the whole input.
    pub fn offset(&self) -> usize {
        self.line_start + self.at
    }

    /// Notes what has been read since `start`, if that is wanted.
    #[inline]
    pub fn note(&mut self, start: usize, kind: LexemeKind) {
        if self.trace.is_some() {
            self.note_span(start, self.offset(), kind);
        }
    }

    /// Notes what stands from `start` to `end`, if that is wanted.
    pub fn note_span(&mut self, start: usize, end: usize, kind: LexemeKind) {
        if let Some(trace) = &mut self.trace
            && self.frames.is_empty()
        {
            trace.push(Lexeme { span: start..end, kind });
        }
    }

    /// The offset of the line being read.
    pub fn command_start(&self) -> usize {
        self.line_start
    }

    /// Drops the rest of the line and of all aliases.
    pub fn discard_line(&mut self) {
        self.frames.clear();
        self.expand_next = false;
        self.at = self.line.len();
    }

    /// A new command begins.
    pub fn begin_command(&mut self) {
        self.continues = self.at < self.line.len() || !self.frames.is_empty();
        self.alias_bytes = 0;
        self.expand_next = false;
    }

    /// Whether the alias `name` is being read.
    pub fn is_expanding(&self, name: &[u8]) -> bool {
        self.frames.iter().any(|frame| !frame.name.is_empty() && frame.name == name)
    }

    /// Puts the text of the alias `name` in front. `false` if aliases have become too long.
    pub fn push_alias(&mut self, name: &[u8], text: Vec<u8>) -> bool {
        self.alias_bytes = self.alias_bytes.saturating_add(text.len());
        let expands_next = text.last().is_some_and(|&byte| byte == b' ' || byte == b'\t');
        self.frames.push(Frame {
            text,
            at: 0,
            name: name.to_vec(),
            expands_next,
            counts: false,
            parted: false,
        });
        self.alias_bytes <= ALIAS_BYTES_MAX
    }

    /// From here on everything is kept, until [`Self::forget`] or [`Self::rewind`].
    pub fn checkpoint(&mut self) -> Checkpoint {
        self.tape_users += 1;
        let noted = self.trace.as_ref().map_or(0, Vec::len);
        Checkpoint { tape: self.tape.get_or_insert_default().len(), noted }
    }

    pub fn forget(&mut self, _checkpoint: Checkpoint) {
        self.tape_users = self.tape_users.saturating_sub(1);
        if self.tape_users == 0 {
            self.tape = None;
        }
    }

    /// Whether more was looked at ahead than any honest script needs: nested `((` look at the
    /// same text again and again.
    pub fn looked_too_far(&self) -> bool {
        let read = self.line_start.saturating_add(self.line.len());
        self.looked_ahead > LOOKAHEAD_BYTES.saturating_add(read.saturating_mul(LOOKAHEAD_TIMES))
    }

    /// Gives again what was read since `checkpoint`.
    pub fn rewind(&mut self, checkpoint: Checkpoint) {
        if let Some(trace) = &mut self.trace {
            trace.truncate(checkpoint.noted);
        }
        let again = match &mut self.tape {
            Some(tape) => tape.split_off(checkpoint.tape.min(tape.len())),
            None => Vec::new(),
        };
        self.looked_ahead = self.looked_ahead.saturating_add(again.len());
        self.forget(checkpoint);
        // Usually all of it is in the line that is being read.
        let in_line = self.frames.is_empty()
            && self.at >= again.len()
            && self.line.get(self.at - again.len()..self.at) == Some(&again);
        if in_line {
            self.at -= again.len();
        } else if !again.is_empty() {
            self.number = self.number.saturating_sub(newlines(&again));
            self.frames.push(Frame {
                text: again,
                at: 0,
                name: Vec::new(),
                expands_next: false,
                counts: true,
                parted: false,
            });
        }
    }
}
