//! The world of a run: files one after the other as one text, and where results go.

use bytes::Bytes;
use jiff::tz::TimeZone;

use super::error::{Error, fail};
use super::modules::{Modules, describe};
use super::object::Object;
use super::options::{Decode, Encode, End, Options, Streaming};
use super::print::{Style, print};
use super::read::Reader;
use super::runtime::Host;
use super::value::{Array, Value};
use super::yq;
use crate::budget::Resource;
use crate::prelude::*;

pub(super) struct Session<'a, 'c> {
    pub ctx: &'a mut Context<'c>,
    pub options: &'a Options,
    reader: Reader,
    /// The next file.
    next_file: usize,
    open: Open,
    chunk: Bytes,
    /// How much of the chunk is read.
    taken: usize,
    /// Lines of the open file before the chunk.
    lines: usize,
    begun: bool,
    slurped: bool,
    /// Events of a value that `--stream` gives one by one, the next one last.
    events: Vec<Value>,
    /// A file that could not be read.
    pub unread: bool,
    /// An input that is no JSON ends the inputs.
    pub broken: bool,
    out: Vec<u8>,
    line: Vec<u8>,
    /// A document has been written.
    written: bool,
    /// Results of `yq -i`, which go back to the file.
    pub captured: Option<Vec<u8>>,
    /// Values of a file that is no JSON, the next one last.
    decoded: Vec<Value>,
}

enum Open {
    Nothing,
    Stdin,
    File(BString, Input),
}

impl<'a, 'c> Session<'a, 'c> {
    pub fn new(ctx: &'a mut Context<'c>, options: &'a Options) -> Self {
        Self {
            ctx,
            options,
            reader: Reader::new(),
            next_file: 0,
            open: Open::Nothing,
            chunk: Bytes::new(),
            taken: 0,
            lines: 0,
            begun: false,
            slurped: false,
            events: Vec::new(),
            unread: false,
            broken: false,
            out: Vec::new(),
            line: Vec::new(),
            written: false,
            captured: None,
            decoded: Vec::new(),
        }
    }

    /// Prints a result.
    pub fn emit(&mut self, value: &Value) -> Result<(), Error> {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        let printed = self.render(value, &mut out);
        let written = printed.and_then(|()| self.put(&out));
        self.out = out;
        written?;
        if self.options.unbuffered {
            self.ctx.stdout.flush()?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match &mut self.captured {
            Some(captured) => {
                self.ctx.budget.hold(Resource::Memory, (captured.len() + bytes.len()) as u64)?;
                captured.extend_from_slice(bytes);
            }
            None => self.ctx.stdout.put(bytes)?,
        }
        Ok(())
    }

    fn render(&mut self, value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
        let options = self.options;
        if options.encode != Encode::Json {
            self.measure(value)?;
            let first = !std::mem::replace(&mut self.written, true);
            let text = yq::encode(options.encode, value, first).or_else(fail)?;
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        if options.seq {
            out.push(0x1e);
        }
        match value {
            Value::String(text) if options.raw_output && !options.style.ascii => {
                if options.end == End::Nul && text.as_str().contains('\0') {
                    return fail("Cannot dump a string containing NUL with --raw-output0 option");
                }
                out.extend_from_slice(text.as_str().as_bytes());
            }
            value => {
                let mut failed = None;
                print(value, &options.style, out, &mut |out| {
                    failed = self.put(out).err();
                    out.clear();
                    failed.is_none()
                });
                if let Some(error) = failed {
                    return Err(error);
                }
            }
        }
        match options.end {
            End::Newline => out.push(b'\n'),
            End::Nul => out.push(0),
            End::Nothing => {}
        }
        Ok(())
    }

    /// Refuses a value whose text would not fit: shared parts may make it huge.
    fn measure(&mut self, value: &Value) -> Result<(), Error> {
        let (mut total, mut failed) = (0u64, None);
        print(value, &Style::COMPACT, &mut Vec::new(), &mut |out| {
            total += out.len() as u64;
            out.clear();
            let room = self.ctx.budget.hold(Resource::Memory, total * 4).map(drop);
            failed = self.ctx.check().and_then(|()| Ok(room?)).err();
            failed.is_none()
        });
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Where errors say that they are.
    pub fn position(&self) -> String {
        if !self.begun {
            return "<unknown>".into();
        }
        let name = self.input_filename().filter(|_| self.options.decode.is_none());
        let name = name.unwrap_or_else(|| "<stdin>".into());
        format!("{name}:{}", self.input_line_number())
    }

    /// The next bytes of the files; false at the end of them all.
    fn fill(&mut self) -> Result<bool, Error> {
        loop {
            let chunk = match &mut self.open {
                Open::Nothing => Bytes::new(),
                Open::Stdin => self.ctx.stdin.chunk()?,
                Open::File(_, input) => match input.chunk() {
                    Ok(chunk) => chunk,
                    Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                    Err(error) => {
                        self.complain_of_input(&format!("{error}"))?;
                        Bytes::new()
                    }
                },
            };
            if !chunk.is_empty() {
                self.lines += memchr::memchr_iter(b'\n', &self.chunk).count();
                self.chunk = chunk;
                self.taken = 0;
                return Ok(true);
            }
            if !self.next_file()? {
                return Ok(false);
            }
        }
    }

    fn complain_of_input(&mut self, reason: &str) -> Result<(), Error> {
        let name = match &self.open {
            Open::File(name, _) => String::from_utf8_lossy(name).into_owned(),
            _ => "<stdin>".into(),
        };
        self.unread = true;
        self.ctx.complain(format!("error: Input error: {name}: {reason}"))?;
        Ok(())
    }

    fn next_file(&mut self) -> Result<bool, Error> {
        self.begun = true;
        if self.options.files.is_empty() {
            let first = self.next_file == 0;
            self.next_file = 1;
            if first {
                self.open = Open::Stdin;
            }
            return Ok(first);
        }
        let Some(name) = self.options.files.get(self.next_file) else { return Ok(false) };
        self.next_file += 1;
        self.chunk = Bytes::new();
        self.taken = 0;
        self.lines = 0;
        match self.ctx.open(name) {
            Ok(input) => self.open = Open::File(name.clone(), input),
            Err(error) => {
                self.unread = true;
                self.open = Open::Nothing;
                let message = format!("error: Could not open file {name}: {error}");
                self.ctx.complain(message)?;
            }
        }
        Ok(true)
    }

    /// The rest of the open file, as far as there is room for what it becomes: about ten times as
    /// much.
    fn whole(&mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        loop {
            let chunk = match &mut self.open {
                Open::Nothing => Bytes::new(),
                Open::Stdin => self.ctx.stdin.chunk()?,
                Open::File(_, input) => input.chunk()?,
            };
            if chunk.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&chunk);
            drop(self.ctx.budget.hold(Resource::Memory, all.len() as u64 * 10)?);
        }
    }

    /// The next value of files in another format: each is read whole.
    fn document(&mut self, decode: Decode) -> Result<Option<Value>, Error> {
        loop {
            if let Some(value) = self.decoded.pop() {
                // Errors count values, as if each were a line of JSON.
                self.lines += 1;
                return Ok(Some(value));
            }
            if !self.next_file()? {
                return Ok(None);
            }
            if matches!(self.open, Open::Nothing) {
                continue;
            }
            let bytes = self.whole()?;
            match decode(&bytes) {
                Ok(values) => self.decoded = values,
                Err(reason) => {
                    let name = self.input_filename().unwrap_or_else(|| "<stdin>".into());
                    let message =
                        format!("yq: Error running jq: ParserError: {reason} in \"{name}\".\n");
                    self.ctx.stderr.put(message.as_bytes())?;
                    return Err(CommandError::Exit(ExitStatus::FAILURE).into());
                }
            }
            self.decoded.reverse();
        }
    }

    /// The next JSON value of the files.
    fn value(&mut self) -> Result<Option<Value>, Error> {
        if let Some(decode) = self.options.decode {
            return self.document(decode);
        }
        loop {
            if self.broken {
                return Ok(None);
            }
            let before = self.chunk.get(self.taken..).unwrap_or_default();
            let mut rest = before;
            let found = self.reader.feed(&mut rest);
            self.taken = self.chunk.len() - rest.len();
            match found {
                Ok(Some(value)) => return Ok(Some(value)),
                Ok(None) => {}
                Err(error) => return self.no_json(&error),
            }
            if !self.fill()? {
                return match self.reader.finish() {
                    Ok(value) => Ok(value),
                    Err(error) => self.no_json(&error),
                };
            }
        }
    }

    fn no_json(&mut self, error: &str) -> Result<Option<Value>, Error> {
        self.broken = true;
        if self.options.streaming == Streaming::WithErrors {
            return Ok(Some(Value::from(vec![Value::from(error), Value::Null])));
        }
        let status = CommandError::Exit(ExitStatus(4));
        let message = format!("parse error: {error}\n");
        if self.options.seq {
            let message = format!("ignoring parse error: {error}\n");
            self.ctx.stderr.put(message.as_bytes())?;
            return Ok(None);
        }
        self.ctx.stderr.put(message.as_bytes())?;
        Err(status.into())
    }

    /// The next line as a string, for `-R`; all text for `-Rs`.
    fn text(&mut self) -> Result<Option<Value>, Error> {
        if self.options.slurp {
            if std::mem::replace(&mut self.slurped, true) {
                return Ok(None);
            }
            let mut all = Vec::new();
            while self.fill()? {
                self.ctx.budget.hold(Resource::Memory, all.len() as u64)?;
                all.extend_from_slice(&self.chunk);
                self.taken = self.chunk.len();
            }
            return Ok(Some(Value::from(String::from_utf8_lossy(&all).into_owned())));
        }
        self.line.clear();
        loop {
            let rest = self.chunk.get(self.taken..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', rest) {
                self.line.extend_from_slice(rest.get(..at).unwrap_or_default());
                self.taken += at + 1;
                break;
            }
            self.line.extend_from_slice(rest);
            self.taken = self.chunk.len();
            if !self.fill()? {
                if self.line.is_empty() {
                    return Ok(None);
                }
                break;
            }
        }
        Ok(Some(Value::from(String::from_utf8_lossy(&self.line).into_owned())))
    }

    fn slurp(&mut self) -> Result<Option<Value>, Error> {
        if std::mem::replace(&mut self.slurped, true) {
            return Ok(None);
        }
        let mut all = Array::default();
        let mut account = super::meter::Meter::new(&self.ctx.budget)?;
        while let Some(value) = self.value()? {
            all.push(value);
            if all.len() % 256 == 0 {
                account.settle()?;
            }
        }
        Ok(Some(Value::Array(all)))
    }
}

/// The events of a value, the first one last.
fn events(value: Value) -> Vec<Value> {
    let mut events = Vec::new();
    walk(&value, &Array::default(), &mut events);
    events.reverse();
    events
}

/// Depth is that of a text: bounded by the reader.
fn walk(value: &Value, path: &Array, events: &mut Vec<Value>) {
    let deeper = |key: Value| {
        let mut path = path.clone();
        path.push(key);
        path
    };
    let last = match value {
        Value::Array(array) if array.len() > 0 => {
            for (at, item) in array.as_slice().iter().enumerate() {
                walk(item, &deeper(Value::from(at)), events);
            }
            Value::from(array.len() - 1)
        }
        Value::Object(object) if object.len() > 0 => {
            let mut last = Value::Null;
            for (key, item) in object.iter() {
                last = Value::String(key.clone());
                walk(item, &deeper(last.clone()), events);
            }
            last
        }
        leaf => {
            events.push(Value::from(vec![Value::Array(path.clone()), leaf.clone()]));
            return;
        }
    };
    events.push(Value::from(vec![Value::Array(deeper(last))]));
}

impl Host for Session<'_, '_> {
    fn input(&mut self) -> Result<Option<Value>, Error> {
        self.begun = true;
        if self.options.raw_input {
            return self.text();
        }
        if let Some(event) = self.events.pop() {
            return Ok(Some(event));
        }
        if self.options.slurp && self.options.streaming == Streaming::No {
            return self.slurp();
        }
        let value = self.value()?;
        if self.options.streaming == Streaming::No {
            return Ok(value);
        }
        let Some(value) = value else { return Ok(None) };
        self.events = events(value);
        if self.options.slurp {
            let mut all = std::mem::take(&mut self.events);
            all.reverse();
            while let Some(value) = self.value()? {
                all.extend(events(value).into_iter().rev());
            }
            return Ok(Some(Value::from(all)));
        }
        Ok(self.events.pop())
    }

    fn input_filename(&self) -> Option<String> {
        match &self.open {
            Open::File(name, _) => Some(String::from_utf8_lossy(name).into_owned()),
            _ => None,
        }
    }

    /// Lines that have been read, to the end of the one that the last value ends in.
    fn input_line_number(&self) -> usize {
        let Some(last) = self.taken.checked_sub(1) else { return self.lines };
        let rest = self.chunk.get(last..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).map_or(self.chunk.len(), |at| last + at + 1);
        self.lines + memchr::memchr_iter(b'\n', self.chunk.get(..end).unwrap_or_default()).count()
    }

    fn say(&mut self, text: &[u8]) -> Result<(), Error> {
        match self.ctx.stderr.put(text) {
            Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn now_ns(&self) -> i64 {
        self.ctx.clock.now_ns()
    }

    fn environment(&self) -> Value {
        let text = |bytes: &BString| String::from_utf8_lossy(bytes).into_owned();
        let entries =
            self.ctx.env.iter().map(|(name, value)| (text(name), Value::from(text(value))));
        Value::Object(entries.collect::<Object>())
    }

    fn time_zone(&self) -> TimeZone {
        crate::core::strftime::zone(self.ctx.var("TZ").map(|zone| zone.as_bytes()))
    }

    fn module_meta(&mut self, name: &str) -> Result<Value, Error> {
        use super::compile::Library;
        let mut modules = Modules { ctx: self.ctx, dirs: &self.options.library };
        let (text, _) =
            modules.load(name, None, None, false).or_else(|reason| fail(reason.trim_end()))?;
        match super::parse::parse(&text) {
            Ok(module) => Ok(describe(&module)),
            Err(fault) => fail(fault.message),
        }
    }

    fn emit(&mut self, value: &Value) -> Result<(), Error> {
        Self::emit(self, value)
    }

    fn position(&self) -> String {
        Self::position(self)
    }
}
