//! From text to a script, with GNU's complaints.

mod command;
mod text;

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::script::{Address, Command, End, Script, Select, Step};
use crate::regex::{Flags, Lines, Regex, Syntax};

/// A piece of a script: an argument of `-e`, or a file of `-f`.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub text: BString,
    pub origin: Origin,
}

#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// Counted from 1.
    Expression(usize),
    File(BString),
}

/// How regular expressions are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// `-E`
    pub extended: bool,
    /// `--posix`: GNU's own addresses, commands and operators are none.
    pub posix: bool,
    /// `--sandbox`: no command may reach beyond the input.
    pub sandbox: bool,
    /// A character is a byte.
    pub bytes: bool,
    /// `-z`: no line of a record begins or ends within it.
    pub null: bool,
}

/// The whole message, without the command's name, and whether it is about a label.
#[derive(Debug)]
pub(super) struct Fault {
    pub message: Vec<u8>,
    pub status: u8,
}

type Parsed<T> = Result<T, Fault>;

/// Reads a script.
///
/// # Errors
/// The first thing that is wrong, and where.
pub(super) fn parse(chunks: &[Chunk], style: Style) -> Parsed<Script> {
    let mut parser = Parser {
        chunks,
        chunk: 0,
        at: 0,
        line: 1,
        style,
        script: Script::default(),
        blocks: Vec::new(),
        labels: HashMap::new(),
        jumps: Vec::new(),
    };
    // Of a file it must be all of the first line, as POSIX has it; of `-e` GNU looks at no more.
    let quiet = chunks.first().is_some_and(|chunk| match chunk.origin {
        Origin::Expression(_) => chunk.text.starts_with(b"#n"),
        Origin::File(_) => chunk.text == "#n" || chunk.text.starts_with(b"#n\n"),
    });
    parser.script.quiet = quiet;
    while parser.step()? {}
    parser.finish()
}

struct Parser<'a> {
    chunks: &'a [Chunk],
    chunk: usize,
    /// In the present chunk.
    at: usize,
    line: usize,
    style: Style,
    script: Script,
    /// Steps that opened a `{`.
    blocks: Vec<usize>,
    labels: HashMap<BString, usize>,
    jumps: Vec<(usize, BString)>,
}

impl Parser<'_> {
    fn text(&self) -> &[u8] {
        self.chunks.get(self.chunk).map_or(&[], |chunk| chunk.text.as_slice())
    }

    fn peek(&self) -> Option<u8> {
        self.text().get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b'\n' {
            self.line += 1;
        }
        Some(byte)
    }

    fn fail<T>(&self, message: impl AsRef<[u8]>) -> Parsed<T> {
        self.fail_at(self.at, message)
    }

    fn fail_at<T>(&self, at: usize, message: impl AsRef<[u8]>) -> Parsed<T> {
        let place = match self.chunks.get(self.chunk).map(|chunk| &chunk.origin) {
            Some(Origin::File(name)) => format!("file {name} line {}: ", self.line).into_bytes(),
            Some(Origin::Expression(number)) => {
                format!("-e expression #{number}, char {at}: ").into_bytes()
            }
            None => Vec::new(),
        };
        Err(Fault { message: [place.as_slice(), message.as_ref()].concat(), status: 1 })
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> u64 {
        let mut number = 0u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// Reads one command; false at the end of the script.
    fn step(&mut self) -> Parsed<bool> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b';' | b'\r')) {
            self.take();
        }
        if self.peek().is_none() {
            if self.chunk + 1 >= self.chunks.len() {
                return Ok(false);
            }
            (self.chunk, self.at, self.line) = (self.chunk + 1, 0, 1);
            return Ok(true);
        }
        if self.peek() == Some(b'#') {
            while !matches!(self.peek(), None | Some(b'\n')) {
                self.at += 1;
            }
            return Ok(true);
        }
        let select = self.select()?;
        self.skip_blanks();
        let mut negated = false;
        while self.peek() == Some(b'!') {
            self.at += 1;
            if negated {
                return self.fail("multiple `!'s");
            }
            negated = true;
            self.skip_blanks();
        }
        let before_all = matches!(select, Select::One(Address::Line(0)));
        let never = matches!(select, Select::One(Address::Step { first: 0, step: 0 }));
        if never || before_all && (negated || self.style.posix || self.peek() != Some(b'r')) {
            self.at += 1;
            return self.fail("invalid usage of line address 0");
        }
        let command = self.command(&select)?;
        if before_all && let Command::ReadFile(name) = command {
            self.script.before_all = Some(name);
            return Ok(true);
        }
        self.script.steps.push(Step { select, negated, command });
        Ok(true)
    }

    fn select(&mut self) -> Parsed<Select> {
        let Some((start, zero)) = self.address()? else {
            if self.peek() == Some(b',') {
                self.at += 1;
                return self.fail("unknown command: `,'");
            }
            return Ok(Select::Always);
        };
        self.skip_blanks();
        if self.peek() != Some(b',') {
            return Ok(Select::One(start));
        }
        self.at += 1;
        self.skip_blanks();
        let end = match self.peek() {
            Some(sign @ (b'+' | b'~')) if !self.style.posix => {
                self.at += 1;
                let number = self.number();
                if sign == b'+' { End::After(number) } else { End::Multiple(number) }
            }
            Some(b'+' | b'~') => {
                self.at += 1;
                return self.fail("unexpected `,'");
            }
            _ => match self.address()? {
                Some((Address::Line(line), _)) => End::Line(line),
                Some((Address::Step { first, .. }, _)) => End::Line(first),
                Some((Address::Last, _)) => End::Last,
                Some((Address::Match(regex), _)) => End::Match(regex),
                None => {
                    self.at += 1;
                    return self.fail("unexpected `,'");
                }
            },
        };
        if zero && (self.style.posix || !matches!(end, End::Match(_))) {
            self.at += 1;
            return self.fail("invalid usage of line address 0");
        }
        let index = self.script.ranges;
        self.script.ranges += 1;
        Ok(Select::Range { start, end, from_zero: zero, index })
    }

    /// An address, and whether it is line 0.
    fn address(&mut self) -> Parsed<Option<(Address, bool)>> {
        match self.peek() {
            Some(b'0'..=b'9') => {
                let first = self.number();
                self.skip_blanks();
                if self.peek() == Some(b'~') && !self.style.posix {
                    self.at += 1;
                    self.skip_blanks();
                    let step = self.number();
                    return Ok(Some((Address::Step { first, step }, false)));
                }
                Ok(Some((Address::Line(first), first == 0)))
            }
            Some(b'$') => {
                self.at += 1;
                Ok(Some((Address::Last, false)))
            }
            Some(b'+' | b'~') => {
                self.at += 2;
                self.fail("invalid usage of +N or ~N as first address")
            }
            Some(b'/' | b'\\') => {
                let mut delimiter = self.take().unwrap_or(b'/');
                if delimiter == b'\\' {
                    delimiter = match self.take() {
                        Some(byte) if byte != b'\n' && byte != b'\\' => byte,
                        _ => return self.fail("unexpected `,'"),
                    };
                }
                let Some(pattern) = self.delimited(delimiter, true) else {
                    return self.fail("unterminated address regex");
                };
                let (mut ignore_case, mut lines) = (false, false);
                loop {
                    match self.peek() {
                        Some(b'I') if !self.style.posix => ignore_case = true,
                        Some(b'M') if !self.style.posix => lines = true,
                        Some(b' ' | b'\t') if !self.style.posix && self.flag_follows() => {}
                        _ => break,
                    }
                    self.at += 1;
                }
                let regex = self.regex(&pattern, ignore_case, lines)?;
                Ok(Some((Address::Match(regex), false)))
            }
            _ => Ok(None),
        }
    }

    /// Whether one of an address's flags stands behind blanks.
    fn flag_follows(&self) -> bool {
        let rest = self.text().get(self.at..).unwrap_or_default();
        matches!(rest.trim_start().first(), Some(b'I' | b'M'))
    }

    /// Compiles a pattern; `None` is the empty one.
    fn regex(&self, pattern: &[u8], ignore_case: bool, lines: bool) -> Parsed<Option<Rc<Regex>>> {
        if pattern.is_empty() {
            if ignore_case || lines {
                return self.fail("no previous regular expression");
            }
            return Ok(None);
        }
        let syntax = if self.style.extended { Syntax::EXTENDED } else { Syntax::BASIC };
        let lines = if lines && !self.style.null { Lines::Anchors } else { Lines::Whole };
        let bytes = self.style.bytes;
        let flags = Flags { ignore_case, lines, bytes, ..Flags::default() };
        let pattern = match self.style.posix {
            true => Cow::Owned(text::without_extensions(pattern)),
            false => Cow::Borrowed(pattern),
        };
        match Regex::new(&pattern, &syntax, flags) {
            Ok(regex) => Ok(Some(Rc::new(regex))),
            Err(reason) => self.fail(reason.to_string()),
        }
    }

    fn finish(mut self) -> Parsed<Script> {
        if !self.blocks.is_empty() {
            return self.fail_at(0, "unmatched `{'");
        }
        for (step, label) in std::mem::take(&mut self.jumps) {
            let target = if label.is_empty() { None } else { self.labels.get(&label).copied() };
            if target.is_none() && !label.is_empty() {
                let message = [b"can't find label for jump to `", label.as_bytes(), b"'"].concat();
                return Err(Fault { message, status: 4 });
            }
            if let Some(step) = self.script.steps.get_mut(step) {
                match &mut step.command {
                    Command::Branch(to)
                    | Command::BranchIfReplaced(to)
                    | Command::BranchUnlessReplaced(to) => *to = target,
                    _ => {}
                }
            }
        }
        Ok(self.script)
    }
}
