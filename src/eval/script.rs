//! Scripts as they are read: command by command, each run before the next is parsed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mesafs::line::Line;
use mesash_builtins::budget::{Budget, Growing};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::stream::{ReadError, Stream};

use super::{Eval, Step, Unwind, failure};
use crate::special::read_line;
use crate::state::{Aliases, Event, FdTable, Opt, Shell, Str};
use crate::syntax::error::{ParseError, ParseErrorKind, Verdict};
use crate::syntax::input::{LineKind, LineSource, Lines};
use crate::syntax::options::{self, ParseEnv, ParserOptions};
use crate::syntax::parser::Parser;
use crate::syntax::print;
use crate::syntax::symbol::NameError;

/// What a text is, which decides how its errors are told and what they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// `-c`
    CommandString,
    Eval,
    /// A sourced file, or the main script.
    File,
    /// Of a signal, or `debug`, `error` and so on.
    Trap(Event),
    ExitTrap,
    /// A line of an interactive session.
    Prompt,
}

/// The aliases that hold now; none any more once the run is cancelled, however long they have become.
struct ShellAliases(Aliases, Cancel);

impl options::Aliases for ShellAliases {
    fn alias(&self, name: &[u8]) -> Option<Vec<u8>> {
        let value = self.0.get(name)?;
        (!self.1.is_cancelled()).then(|| value.to_vec())
    }
}

/// How a command is read under the options that hold now.
pub fn parser_options(shell: &Shell) -> ParserOptions {
    let interactive = shell.options.has(Opt::Interactive);
    ParserOptions {
        extglob: shell.options.has(Opt::ExtGlob),
        expand_aliases: shell.options.has(Opt::ExpandAliases),
        posix: shell.options.has(Opt::Posix),
        comments: !interactive || shell.options.has(Opt::InteractiveComments),
    }
}

/// Standard input as a script: never read beyond the line that is wanted, since the commands read
/// from it too.
struct StdinLines {
    stream: Arc<dyn Stream>,
    cancel: Cancel,
    budget: Budget,
    /// The command that is being read, and how long it is so far.
    held: Growing,
    taken: usize,
}

impl LineSource for StdinLines {
    fn read_line(&mut self, line: &mut Vec<u8>, kind: LineKind) -> io::Result<bool> {
        if kind == LineKind::First {
            self.held = Growing::new(&self.budget);
            self.taken = 0;
        }
        match read_line(&*self.stream, &self.cancel, b'\n', &self.budget) {
            Ok(read) => {
                self.taken += read.bytes.len();
                self.held.reach(self.taken).map_err(io::Error::other)?;
                line.extend_from_slice(&read.bytes);
                continue_at_end(line);
                Ok(!read.bytes.is_empty())
            }
            Err(ReadError::Stream(error)) => Err(error.into()),
            Err(ReadError::Limit(limit)) => Err(io::Error::other(limit)),
        }
    }
}

/// A backslash at the very end of a script is one before a newline: nothing.
fn continue_at_end(line: &mut Vec<u8>) {
    if line.last() == Some(&b'\\') {
        line.push(b'\n');
    }
}

/// The lines of a text, said again as they are read under `set -v`.
struct Echoing<'s> {
    lines: Lines<&'s [u8]>,
    is_script: bool,
    on: Arc<AtomicBool>,
    echoes: bool,
    fds: FdTable,
    cancel: Cancel,
}

impl LineSource for Echoing<'_> {
    fn read_line(&mut self, line: &mut Vec<u8>, kind: LineKind) -> io::Result<bool> {
        let start = line.len();
        let more = self.lines.read_line(line, kind)?;
        if self.is_script {
            continue_at_end(line);
        }
        if self.echoes
            && self.on.load(Ordering::Relaxed)
            && let Some(fd) = self.fds.get(2)
        {
            let mut text = line.get(start..).unwrap_or_default().to_vec();
            if more && text.last() != Some(&b'\n') {
                text.push(b'\n');
            }
            drop(fd.stream.write(text.into(), &self.cancel));
        }
        Ok(more)
    }
}

impl Eval {
    /// Runs a text that is in memory, its first line being number `line`.
    pub fn run_text(&mut self, text: &[u8], line: u32, kind: TextKind) -> Step {
        let source = Echoing {
            lines: Lines::new(text),
            is_script: kind == TextKind::File && self.rt.sources == 0,
            on: Arc::clone(&self.rt.verbose),
            echoes: !matches!(kind, TextKind::Trap(_) | TextKind::ExitTrap),
            fds: self.shell.fds.clone(),
            cancel: self.shell.cancel.clone(),
        };
        let parser = Parser::starting_at(source, line, Arc::clone(&self.shell.interner));
        // The main text is level 0, what is read within it one more.
        let inner = match kind {
            TextKind::Eval | TextKind::Trap(_) => true,
            // That of the main shell runs after its text.
            TextKind::ExitTrap => self.rt.is_subshell,
            _ => self.rt.sources > 0,
        };
        let level = self.rt.trace_level;
        self.rt.trace_level += i32::from(inner);
        let builtin = self.rt.builtin.take();
        let negated = std::mem::take(&mut self.rt.negated);
        let step = self.run_parser(parser, kind);
        self.rt.negated = negated;
        self.rt.builtin = builtin;
        self.rt.trace_level = level;
        step
    }

    /// Runs standard input, line by line.
    pub fn run_stdin(&mut self) -> Step {
        let Some(fd) = self.shell.fds.get(0) else { return Ok(0) };
        let source = StdinLines {
            stream: Arc::clone(&fd.stream),
            cancel: self.shell.cancel.clone(),
            budget: self.shell.budget.clone(),
            held: Growing::new(&self.shell.budget),
            taken: 0,
        };
        let parser = Parser::new(source, Arc::clone(&self.shell.interner));
        self.run_parser(parser, TextKind::File)
    }

    fn run_parser(&mut self, mut parser: Parser<'_>, kind: TextKind) -> Step {
        let mut status = 0;
        loop {
            self.tick()?;
            let aliases = ShellAliases(self.shell.aliases.clone(), self.shell.cancel.clone());
            let env = ParseEnv { options: parser_options(&self.shell), aliases: &aliases };
            let read = parser.next_command(env);
            for warning in parser.take_warnings() {
                let mut text = failure::source_name(&self.shell).to_vec();
                text.extend_from_slice(format!(": line {}: warning: ", warning.line).as_bytes());
                text.extend_from_slice(&warning.text);
                text.push(b'\n');
                self.put_error(&text);
            }
            match read {
                Ok(None) => return Ok(status),
                Ok(Some(command)) => {
                    // A line that can be taken back; at the prompt the whole input is one.
                    let is_line = matches!(kind, TextKind::File | TextKind::CommandString)
                        && self.rt.sources == 0
                        && self.rt.depth == 0
                        && !self.rt.is_subshell;
                    if is_line {
                        let list = Arc::clone(&command.list);
                        self.shell.fs().line_begins(Line::new(move || print::list(&list)));
                    }
                    let done = self.list(&command.list);
                    let done = if is_line { self.end_line(done) } else { done };
                    status = match done {
                        Err(Unwind::Discard(status)) if !self.rt.is_subshell => {
                            self.shell.status = status;
                            status
                        }
                        other => other?,
                    };
                    if self.shell.options.has(Opt::OneCmd) && kind == TextKind::File {
                        return Err(Unwind::Exit(status));
                    }
                }
                Err(error) => {
                    if self.shell.cancel.is_cancelled() {
                        return Err(Unwind::Abort);
                    }
                    if let ParseErrorKind::Name(NameError::Limit(limit)) = error.kind {
                        return Err(self.expand_failed(limit.into()));
                    }
                    self.syntax_error(kind, &error);
                    let in_condition = matches!(error.kind, ParseErrorKind::Cond { .. });
                    if error.verdict == Verdict::WrongInside && kind != TextKind::Prompt {
                        let script = !self.rt.is_subshell && !self.rt.reads_text;
                        if !(in_condition && script) {
                            self.shell.status = match error.in_array {
                                true => 1,
                                false => self.status_of_bad_substitution(),
                            };
                        }
                        return Err(Unwind::Exit(self.shell.status));
                    }
                    // After an error inside `[[ … ]]` a script just ends.
                    let ends = in_condition
                        && !(error.is_incomplete() && self.shell.status == 0)
                        && matches!(kind, TextKind::File | TextKind::CommandString)
                        && self.rt.sources == 0;
                    if !ends {
                        self.shell.status = if error.in_array { 1 } else { 2 };
                    }
                    return Ok(self.shell.status);
                }
            }
        }
    }

    /// What a shell ends with that could not read a `$(…)`.
    fn status_of_bad_substitution(&self) -> u8 {
        match (self.rt.is_subshell, self.rt.reads_text) {
            (true, _) => 1,
            (false, true) => 127,
            (false, false) => 2,
        }
    }

    fn syntax_prefix(&self, kind: TextKind, line: u32) -> Vec<u8> {
        let mut text = failure::source_name(&self.shell).to_vec();
        if self.shell.options.has(Opt::Interactive) {
            text.extend_from_slice(b": ");
            return text;
        }
        match kind {
            TextKind::CommandString => text.extend_from_slice(b": -c"),
            TextKind::Eval => text.extend_from_slice(b": eval"),
            TextKind::Trap(event) => text.extend_from_slice(match event {
                Event::Debug => b": debug trap",
                Event::Err => b": error trap",
                Event::Return => b": return trap",
                Event::Exit | Event::Signal(_) => b": trap",
            }),
            TextKind::ExitTrap => text.extend_from_slice(b": exit trap"),
            _ => {}
        }
        text.extend_from_slice(format!(": line {line}: ").as_bytes());
        text
    }

    fn syntax_error(&mut self, kind: TextKind, error: &ParseError) {
        let mut text = Vec::new();
        for (line, message) in error.numbered() {
            text.extend_from_slice(&self.syntax_prefix(kind, line));
            text.extend_from_slice(&message);
            text.push(b'\n');
        }
        self.put_error(&text);
    }

    /// Defines the functions that the environment carries (`BASH_FUNC_name%%`).
    pub fn import_functions<'e>(&mut self, env: impl Iterator<Item = (&'e [u8], &'e [u8])>) {
        for (key, value) in env {
            let name = key.strip_prefix(b"BASH_FUNC_").and_then(|rest| rest.strip_suffix(b"%%"));
            let Some(name) = name.filter(|_| value.starts_with(b"() {")) else { continue };
            let text = [name, b" ", value].concat();
            let mut parser = Parser::from_bytes(&text, Arc::clone(&self.shell.interner));
            let env = ParseEnv { options: parser_options(&self.shell), ..Default::default() };
            if let Ok(Some(command)) = parser.next_command(env)
                && matches!(parser.next_command(env), Ok(None))
                && self.list(&command.list).is_ok()
                && let Some(symbol) = self.shell.interner.get(name)
                && let Some(entry) = self.shell.functions.get_mut(symbol)
            {
                entry.exported = true;
                entry.source = Str::from("environment");
            }
        }
    }
}
