//! Output: standard output, files, and commands that run while they are written to or read.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{Builder, ScopedJoinHandle};

use bytes::Bytes;

use super::super::ast::{Expr, Redirect, RedirectKind};
use super::super::format::{self, FormatError};
use super::super::value::Value;
use super::{Done, Machine};
use crate::prelude::*;
use crate::stream::{Stream, pipe};

/// A line that took more room than this gives it back.
const LINE_BYTES_KEPT: usize = 64 << 10;
/// The address space of a thread that runs a command; only what is used is committed.
const STACK_BYTES: usize = 64 << 20;

/// A command on its own thread.
#[derive(Debug)]
pub(super) struct Running<'s>(ScopedJoinHandle<'s, u8>);

impl Running<'_> {
    /// Its exit status.
    pub fn wait(self) -> f64 {
        f64::from(self.0.join().unwrap_or(134))
    }
}

#[derive(Debug)]
enum Sink<'s> {
    Standard,
    Error,
    File(Output),
    Command(Output, Running<'s>),
    /// To a command that is read from, too, and waited for there.
    Coprocess(Output),
}

#[derive(Debug, Default)]
pub(super) struct Outputs<'s> {
    sinks: HashMap<Bytes, Sink<'s>>,
    /// The names in `sinks` as they were opened.
    order: Vec<Bytes>,
}

impl<'s> Outputs<'s> {
    fn add(&mut self, name: &Bytes, sink: Sink<'s>) {
        self.sinks.insert(name.clone(), sink);
        self.order.push(name.clone());
    }

    fn remove(&mut self, name: &Bytes) -> Option<Sink<'s>> {
        self.order.retain(|known| known != name);
        self.sinks.remove(name)
    }
}

impl<'p, 's> Machine<'p, '_, '_, 's, '_> {
    pub(super) fn print(&mut self, args: &'p [Expr], to: Option<&'p Redirect>) -> Done<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        if args.is_empty() {
            let record = self.whole_record();
            line.extend_from_slice(&record);
        }
        for (at, arg) in args.iter().enumerate() {
            let value = self.eval(arg)?;
            if at > 0 {
                line.extend_from_slice(&self.ofs);
            }
            line.extend_from_slice(&value.text(&self.ofmt));
        }
        line.extend_from_slice(&self.ors);
        self.put(&line, to)?;
        if line.capacity() <= LINE_BYTES_KEPT {
            self.line = line;
        }
        Ok(())
    }

    pub(super) fn printf(&mut self, args: &'p [Expr], to: Option<&'p Redirect>) -> Done<()> {
        let text = self.format(args)?;
        self.put(&text, to)
    }

    /// What `printf` prints of its arguments.
    pub(super) fn format(&mut self, args: &'p [Expr]) -> Done<Vec<u8>> {
        let Some((first, rest)) = args.split_first() else { return Ok(Vec::new()) };
        let template = self.text(first)?;
        let mut values = Vec::with_capacity(rest.len());
        for arg in rest {
            values.push(self.eval(arg)?);
        }
        match format::sprintf(&template, &values, &self.convfmt) {
            Ok(text) => Ok(text),
            Err(FormatError::Mixed) => self.fatal("must use `count$' on all formats or none"),
            Err(FormatError::Zero) => self.fatal("argument index with `$' must be > 0"),
            Err(FormatError::Beyond(number)) => self.fatal(format!(
                "argument index {number} greater than total number of supplied arguments"
            )),
            Err(FormatError::RanOut(at)) => {
                let mut message = b"not enough arguments to satisfy format string\n\t`".to_vec();
                message.extend_from_slice(&template);
                message.extend_from_slice(b"'\n\t");
                message.resize(message.len() + at, b' ');
                message.extend_from_slice(b"^ ran out for this one");
                self.fatal(message)
            }
        }
    }

    fn put(&mut self, text: &[u8], to: Option<&'p Redirect>) -> Done<()> {
        let Some(redirect) = to else { return Ok(self.ctx.stdout.put(text)?) };
        if self.sandbox {
            return self.fatal("redirection not allowed in sandbox mode");
        }
        let name = self.text(&redirect.to)?;
        if name.is_empty() {
            let sign = match redirect.kind {
                RedirectKind::Write => ">",
                RedirectKind::Append => ">>",
                RedirectKind::Pipe => "|",
                RedirectKind::Coprocess => "|&",
            };
            let reason = "redirection has null string value";
            return self.fatal(format!("expression for `{sign}' {reason}"));
        }
        if !self.outputs.sinks.contains_key(&name) {
            let sink = self.open_sink(redirect.kind, &name)?;
            self.outputs.add(&name, sink);
        }
        match self.outputs.sinks.get_mut(&name) {
            Some(Sink::Error) => Ok(self.ctx.stderr.put(text)?),
            Some(Sink::File(output)) => Ok(output.put(text)?),
            Some(Sink::Command(output, _) | Sink::Coprocess(output)) => match output.put(text) {
                // A command that stopped reading ends the writing, not the program.
                Err(error) if error.errno() == Errno::Pipe => Ok(()),
                done => Ok(done?),
            },
            Some(Sink::Standard) | None => Ok(self.ctx.stdout.put(text)?),
        }
    }

    fn open_sink(&mut self, kind: RedirectKind, name: &Bytes) -> Done<Sink<'s>> {
        if kind == RedirectKind::Coprocess {
            self.flush_all()?;
            let (reader, writer) = pipe();
            let (answers, output) = pipe();
            let running = self.start(name, Some(reader), Some(output))?;
            self.read_command(name, answers, running);
            let output = Output::standard(writer, self.ctx.cancel.clone());
            return Ok(Sink::Coprocess(output));
        }
        if kind == RedirectKind::Pipe {
            self.flush_all()?;
            let (reader, writer) = pipe();
            let running = self.start(name, Some(reader), None)?;
            let output = Output::standard(writer, self.ctx.cancel.clone());
            return Ok(Sink::Command(output, running));
        }
        match name.as_ref() {
            b"/dev/stdout" | b"-" => return Ok(Sink::Standard),
            b"/dev/stderr" => return Ok(Sink::Error),
            _ => {}
        }
        let mode = 0o666 & !self.ctx.umask;
        let options = match kind {
            RedirectKind::Append => OpenOptions::appending(mode),
            _ => OpenOptions::writing(mode),
        };
        match self.ctx.open_stream(name, &options) {
            Ok(stream) => Ok(Sink::File(Output::standard(stream, self.ctx.cancel.clone()))),
            Err(error) => {
                let shown = String::from_utf8_lossy(name).into_owned();
                self.fatal(format!("cannot redirect to `{shown}': {error}"))
            }
        }
    }

    /// Has the command of `|&` run, with all that was written to it on its way.
    pub(super) fn start_coprocess(&mut self, name: &Bytes) -> Done<()> {
        if let Some(Sink::Coprocess(output)) = self.outputs.sinks.get_mut(name) {
            match output.flush() {
                Err(error) if error.errno() == Errno::Pipe => {}
                done => done?,
            }
            return Ok(());
        }
        if !self.reads_command(name) {
            let sink = self.open_sink(RedirectKind::Coprocess, name)?;
            self.outputs.add(name, sink);
        }
        Ok(())
    }

    /// `close(COMMAND, "to")` ends what it reads, `"from"` closes all of it.
    pub(super) fn close_end(&mut self, name: &Bytes, args: &'p [Expr]) -> Done<Value> {
        let end = match args.get(1) {
            Some(end) => self.text(end)?,
            None => Bytes::new(),
        };
        match end.as_ref() {
            b"to" => {
                let Some(Sink::Coprocess(_)) = self.outputs.sinks.get(name) else {
                    return Ok(Value::Number(-1.0));
                };
                self.ctx.stdout.flush()?;
                let closed = self.outputs.remove(name).map_or(Ok(0.0), finish)?;
                Ok(Value::Number(closed))
            }
            b"from" => Ok(Value::Number(self.close_input(name).unwrap_or(-1.0))),
            _ => self.fatal("close: second argument must be `to' or `from'"),
        }
    }

    /// Starts `sh -c COMMAND` on a thread of its own.
    fn start(
        &self,
        command: &Bytes,
        stdin: Option<Arc<dyn Stream>>,
        stdout: Option<Arc<dyn Stream>>,
    ) -> Done<Running<'s>> {
        let mut spawn = self.shell(command);
        spawn.stdin = stdin;
        spawn.stdout = stdout;
        let host = self.host;
        let run = move || host.run(spawn).map_or(127, |status| status.0);
        match Builder::new().stack_size(STACK_BYTES).spawn_scoped(self.scope, run) {
            Ok(handle) => Ok(Running(handle)),
            Err(error) => self.fatal(format!("cannot start a command: {error}")),
        }
    }

    fn shell(&self, command: &Bytes) -> Spawn {
        let argv = vec!["sh".into(), "-c".into(), command.to_vec().into()];
        Spawn { cancel: Some(self.ctx.cancel.clone()), ..Spawn::new(argv) }
    }

    pub(super) fn start_reading(
        &mut self,
        command: &Bytes,
    ) -> Done<(Running<'s>, Arc<dyn Stream>)> {
        let (reader, writer) = pipe();
        let running = self.start(command, None, Some(writer))?;
        Ok((running, reader))
    }

    /// `system(COMMAND)`.
    pub(super) fn system(&mut self, command: &Bytes) -> Done<f64> {
        if self.sandbox {
            return self.fatal("'system' function not allowed in sandbox mode");
        }
        self.flush_all()?;
        let spawn = self.shell(command);
        Ok(self.host.run(spawn).map_or(127.0, |status| f64::from(status.0)))
    }

    pub(super) fn flush_standard(&mut self) -> Done<()> {
        Ok(self.ctx.stdout.flush()?)
    }

    pub(super) fn flush_all(&mut self) -> Done<()> {
        self.flush_standard()?;
        for sink in self.outputs.sinks.values_mut() {
            if let Sink::File(output) | Sink::Command(output, _) | Sink::Coprocess(output) = sink {
                output.flush()?;
            }
        }
        Ok(())
    }

    /// Flushes what is written under one name; false if nothing is.
    pub(super) fn flush_one(&mut self, name: &Bytes) -> Done<bool> {
        match self.outputs.sinks.get_mut(name) {
            Some(Sink::File(output) | Sink::Command(output, _) | Sink::Coprocess(output)) => {
                output.flush()?;
            }
            Some(_) => self.ctx.stdout.flush()?,
            None if matches!(name.as_ref(), b"/dev/stdout" | b"/dev/stderr" | b"-") => {
                self.ctx.stdout.flush()?;
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    /// `close(NAME)`: the status of a command, 0 for a file, -1 if nothing is open.
    pub(super) fn close(&mut self, name: &Bytes) -> Done<f64> {
        let closed = match self.outputs.remove(name) {
            Some(sink) => {
                // What was printed before comes before what the command prints.
                self.ctx.stdout.flush()?;
                Some(finish(sink)?)
            }
            None => None,
        };
        let read = self.close_input(name);
        // A coprocess is waited for where it is read.
        Ok(closed.filter(|_| read.is_none()).or(read).unwrap_or(-1.0))
    }

    /// Everything that is still open at the end, what was opened last first; what was printed
    /// since comes behind what the commands print.
    pub(super) fn close_all(&mut self) -> Result<(), CommandError> {
        let mut first = Ok(());
        while let Some(name) = self.outputs.order.pop() {
            if let Some(sink) = self.outputs.sinks.remove(&name) {
                first = first.and(finish(sink).map(drop));
            }
        }
        self.ctx.stdout.flush()?;
        self.close_inputs();
        Ok(first?)
    }
}

fn finish(sink: Sink<'_>) -> FsResult<f64> {
    match sink {
        Sink::Standard | Sink::Error => Ok(0.0),
        Sink::File(mut output) => output.flush().map(|()| 0.0),
        Sink::Coprocess(mut output) => match output.flush() {
            Err(error) if error.errno() != Errno::Pipe => Err(error),
            _ => Ok(0.0),
        },
        Sink::Command(mut output, running) => {
            let flushed = output.flush();
            drop(output);
            let status = running.wait();
            match flushed {
                Err(error) if error.errno() != Errno::Pipe => Err(error),
                _ => Ok(status),
            }
        }
    }
}
