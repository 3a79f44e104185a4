//! Input: the operands one after the other, and the files and commands of `getline`.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::super::ast::Special;
use super::super::regex::Regex;
use super::super::value::Value;
use super::output::Running;
use super::{Cell, Done, Machine, Stop};
use crate::prelude::*;
use crate::stream::Stream;

/// What ends a record.
#[derive(Debug, Clone)]
enum Separator {
    Byte(u8),
    /// Blank lines (RS is empty).
    Paragraph,
    Regex(Rc<Regex>),
}

/// A stream of records.
#[derive(Debug)]
struct Source {
    input: Input,
    pending: Bytes,
    ended: bool,
}

#[derive(Debug, Default)]
pub(super) struct Inputs<'s> {
    current: Option<Source>,
    next_operand: usize,
    /// Whether an operand named a file; without one standard input is read.
    any_file: bool,
    finished: bool,
    files: HashMap<Bytes, Source>,
    commands: HashMap<Bytes, (Source, Running<'s>)>,
    separator: Option<(Bytes, bool, Separator)>,
}

/// A record and what ended it.
type Found = Option<(Bytes, Bytes)>;
/// What `getline` gets; an input that fails is told by its value.
type Line = Result<Option<Bytes>, ()>;

impl Source {
    fn new(input: Input) -> Self {
        Self { input, pending: Bytes::new(), ended: false }
    }

    /// Reads more behind what is pending; false at the end.
    fn more(&mut self) -> FsResult<bool> {
        if self.ended {
            return Ok(false);
        }
        let chunk = self.input.chunk()?;
        if chunk.is_empty() {
            self.ended = true;
            return Ok(false);
        }
        if self.pending.is_empty() {
            self.pending = chunk;
        } else {
            let mut joined = BytesMut::with_capacity(self.pending.len() + chunk.len());
            joined.extend_from_slice(&self.pending);
            joined.extend_from_slice(&chunk);
            self.pending = joined.freeze();
        }
        Ok(true)
    }

    fn record(&mut self, separator: &Separator) -> FsResult<Found> {
        match separator {
            Separator::Byte(byte) => self.until_byte(*byte),
            Separator::Paragraph => self.paragraph(),
            Separator::Regex(regex) => self.until_regex(regex),
        }
    }

    fn until_byte(&mut self, byte: u8) -> FsResult<Found> {
        let mut searched = 0;
        loop {
            let rest = self.pending.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(byte, rest) {
                let mut record = self.pending.split_to(searched + at + 1);
                let end = match byte {
                    b'\n' => Bytes::from_static(b"\n"),
                    _ => record.slice(record.len() - 1..),
                };
                record.truncate(record.len() - 1);
                return Ok(Some((record, end)));
            }
            searched = self.pending.len();
            if !self.more()? {
                return Ok(self.last());
            }
        }
    }

    fn last(&mut self) -> Found {
        let rest = std::mem::take(&mut self.pending);
        (!rest.is_empty()).then(|| (rest, Bytes::new()))
    }

    fn paragraph(&mut self) -> FsResult<Found> {
        loop {
            let newlines = self.pending.iter().take_while(|byte| **byte == b'\n').count();
            let _blank = self.pending.split_to(newlines);
            if !self.pending.is_empty() || !self.more()? {
                break;
            }
        }
        loop {
            if let Some(at) = memchr::memmem::find(&self.pending, b"\n\n") {
                let rest = self.pending.get(at..).unwrap_or_default();
                let newlines = rest.iter().take_while(|byte| **byte == b'\n').count();
                if at + newlines < self.pending.len() || !self.more()? {
                    let record = self.pending.split_to(at);
                    let end = self.pending.split_to(newlines);
                    return Ok(Some((record, end)));
                }
            } else if !self.more()? {
                let Some((mut rest, end)) = self.last() else { return Ok(None) };
                if rest.last() == Some(&b'\n') {
                    let end = rest.split_off(rest.len() - 1);
                    return Ok(Some((rest, end)));
                }
                return Ok(Some((rest, end)));
            }
        }
    }

    fn until_regex(&mut self, regex: &Regex) -> FsResult<Found> {
        loop {
            let mut from = 0;
            while let Some(found) = regex.find_at(&self.pending, from) {
                if found.is_empty() {
                    from = found.end + 1;
                    if from > self.pending.len() {
                        break;
                    }
                    continue;
                }
                // A match at the end may go on in the next chunk.
                if found.end == self.pending.len() && self.more()? {
                    from = 0;
                    continue;
                }
                let record = self.pending.split_to(found.start);
                let end = self.pending.split_to(found.end - found.start);
                return Ok(Some((record, end)));
            }
            if !self.more()? {
                return Ok(self.last());
            }
        }
    }
}

impl<'p, 's> Machine<'p, '_, '_, 's, '_> {
    fn record_separator(&mut self) -> Done<Separator> {
        if let Some((of, case, separator)) = &self.inputs.separator
            && let Some(Cell::Value(Value::Text(text))) = self.globals.get(Special::Rs.slot())
            && of == text
            && *case == self.ignore_case
        {
            return Ok(separator.clone());
        }
        let text = self.special(Special::Rs).text(b"");
        let separator = match text.as_ref() {
            [] => Separator::Paragraph,
            [byte] if !(self.ignore_case && byte.is_ascii_alphabetic()) => Separator::Byte(*byte),
            _ => Separator::Regex(self.regex(&text)?),
        };
        self.inputs.separator = Some((text, self.ignore_case, separator.clone()));
        Ok(separator)
    }

    /// Reads the next record of the main input into `$0`; false at its end.
    pub(super) fn next_record(&mut self) -> Done<bool> {
        self.turn()?;
        match self.next_main_line()? {
            Ok(Some(line)) => {
                self.count_record(true);
                self.set_record(line);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Counts a record in NR, and in FNR if it is one of the main input.
    pub(super) fn count_record(&mut self, main: bool) {
        let next = self.special(Special::Nr).number() + 1.0;
        self.set_special(Special::Nr, Value::Number(next));
        if main {
            let next = self.special(Special::Fnr).number() + 1.0;
            self.set_special(Special::Fnr, Value::Number(next));
        }
    }

    pub(super) fn next_main_line(&mut self) -> Done<Line> {
        loop {
            if self.inputs.current.is_none() && !self.open_next()? {
                return Ok(Ok(None));
            }
            let separator = self.record_separator()?;
            let Some(source) = &mut self.inputs.current else { return Ok(Ok(None)) };
            match source.record(&separator) {
                Ok(Some((record, end))) => {
                    self.set_special(Special::Rt, Value::Text(end));
                    return Ok(Ok(Some(record)));
                }
                Ok(None) => self.end_file()?,
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => {
                    let name = self.special(Special::Filename).text(b"");
                    let name = String::from_utf8_lossy(&name).into_owned();
                    if error.errno() == Errno::IsDir {
                        let line = "warning: command line argument";
                        self.ctx.complain(format!("{line} `{name}' is a directory: skipped"))?;
                    } else {
                        self.ctx.complain(format!("error reading input file `{name}': {error}"))?;
                        self.status = 2;
                    }
                    self.end_file()?;
                }
            }
        }
    }

    fn end_file(&mut self) -> Done<()> {
        self.inputs.current = None;
        let program = self.program;
        for rule in &program.end_file {
            self.statement(rule)?;
        }
        self.commit_edit()
    }

    pub(super) fn skip_file(&mut self) -> Done<()> {
        self.end_file()
    }

    /// Opens the next operand that is a file; false when there are no more.
    fn open_next(&mut self) -> Done<bool> {
        while !self.inputs.finished {
            self.inputs.next_operand += 1;
            let at = self.inputs.next_operand;
            if at as f64 >= self.special(Special::Argc).number() {
                self.inputs.finished = true;
                if self.inputs.any_file {
                    return Ok(false);
                }
                return self.open_file(&Bytes::from_static(b"-"), b"-");
            }
            let key = super::super::value::number_text(at as f64, b"%d");
            let operand = match self.globals.get(Special::Argv.slot()) {
                Some(Cell::Array(argv)) => argv.borrow().get(&key).map(|value| value.text(b"%.6g")),
                _ => None,
            };
            let Some(operand) = operand.filter(|operand| !operand.is_empty()) else { continue };
            if let Some(equals) = memchr::memchr(b'=', &operand) {
                let (name, value) = operand.split_at(equals);
                let value = value.get(1..).unwrap_or_default().to_vec();
                if self.assign(name, &value)? {
                    continue;
                }
            }
            self.inputs.any_file = true;
            if self.open_file(&operand, &operand)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Opens an operand as the main input; false if it cannot be, which has been said.
    fn open_file(&mut self, name: &Bytes, shown: &[u8]) -> Done<bool> {
        self.set_special(Special::Filename, Value::Text(Bytes::copy_from_slice(shown)));
        self.set_special(Special::Fnr, Value::Number(0.0));
        self.set_special(Special::Errno, Value::Text(Bytes::new()));
        let opened = if name.as_ref() == b"-" { Ok(self.stdin()) } else { self.ctx.open(name) };
        let failed = match opened {
            Ok(input) => {
                self.inputs.current = Some(Source::new(input));
                if name.as_ref() != b"-" {
                    self.begin_edit(name)?;
                }
                None
            }
            Err(error) => {
                let reason = error.to_string().into_bytes();
                self.set_special(Special::Errno, Value::Text(reason.into()));
                Some(error)
            }
        };
        let program = self.program;
        for rule in &program.begin_file {
            match self.statement(rule) {
                Ok(_) => {}
                Err(Stop::NextFile) => {
                    self.inputs.current = None;
                    self.commit_edit()?;
                    return Ok(false);
                }
                Err(stop) => return Err(stop),
            }
        }
        let Some(error) = failed else { return Ok(true) };
        let name = String::from_utf8_lossy(name).into_owned();
        let message = format!("warning: command line argument `{name}'");
        if error.errno() == Errno::IsDir {
            self.ctx.complain(format!("{message} is a directory: skipped"))?;
            return Ok(false);
        }
        let message = format!("fatal: cannot open file `{name}' for reading: {error}");
        Err(Stop::Error(CommandError::Fail(message.into_bytes(), ExitStatus(2))))
    }

    /// Standard input; a second reader of it goes on where the first stopped.
    fn stdin(&mut self) -> Input {
        let again = Input::new(self.ctx.stdin.stream().clone(), self.ctx.cancel.clone());
        std::mem::replace(&mut self.ctx.stdin, again)
    }

    pub(super) fn next_file_line(&mut self, name: &Bytes) -> Done<Line> {
        self.flush_standard()?;
        if !self.inputs.files.contains_key(name) {
            let opened = match name.as_ref() {
                b"-" | b"/dev/stdin" => Ok(self.stdin()),
                _ => self.ctx.open(name),
            };
            match opened {
                Ok(input) => drop(self.inputs.files.insert(name.clone(), Source::new(input))),
                Err(error) => return self.input_failed(&error),
            }
        }
        let separator = self.record_separator()?;
        let found = match self.inputs.files.get_mut(name) {
            Some(source) => source.record(&separator),
            None => Ok(None),
        };
        self.line_of(found)
    }

    pub(super) fn next_command_line(&mut self, command: &Bytes) -> Done<Line> {
        if !self.inputs.commands.contains_key(command) {
            self.flush_standard()?;
            let (running, reader) = self.start_reading(command)?;
            self.read_command(command, reader, running);
        }
        let separator = self.record_separator()?;
        let found = match self.inputs.commands.get_mut(command) {
            Some((source, _)) => source.record(&separator),
            None => Ok(None),
        };
        self.line_of(found)
    }

    /// From now on `getline` reads `answers` under the command's name.
    pub(super) fn read_command(
        &mut self,
        command: &Bytes,
        answers: Arc<dyn Stream>,
        running: Running<'s>,
    ) {
        let source = Source::new(Input::new(answers, self.ctx.cancel.clone()));
        self.inputs.commands.insert(command.clone(), (source, running));
    }

    pub(super) fn reads_command(&self, command: &Bytes) -> bool {
        self.inputs.commands.contains_key(command)
    }

    fn line_of(&mut self, found: FsResult<Found>) -> Done<Line> {
        match found {
            Ok(Some((record, end))) => {
                self.set_special(Special::Rt, Value::Text(end));
                Ok(Ok(Some(record)))
            }
            Ok(None) => Ok(Ok(None)),
            Err(error) => self.input_failed(&error),
        }
    }

    fn input_failed(&mut self, error: &FsError) -> Done<Line> {
        if error.errno() == Errno::Canceled {
            return Err(error.clone().into());
        }
        let reason = error.to_string().into_bytes();
        self.set_special(Special::Errno, Value::Text(reason.into()));
        Ok(Err(()))
    }

    /// Closes what `getline` reads under this name; `None` if nothing does.
    pub(super) fn close_input(&mut self, name: &Bytes) -> Option<f64> {
        if self.inputs.files.remove(name).is_some() {
            return Some(0.0);
        }
        let (source, running) = self.inputs.commands.remove(name)?;
        drop(source);
        Some(running.wait())
    }

    /// Lets every command that is still read go.
    pub(super) fn close_inputs(&mut self) {
        for (_, (source, running)) in std::mem::take(&mut self.inputs.commands) {
            drop(source);
            running.wait();
        }
    }
}
