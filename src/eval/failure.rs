//! What the shell says when something fails, and what an error means for the script.

use bstr::ByteSlice;
use bytes::Bytes;
use mesash_builtins::stream::Stream;
use std::sync::Arc;

use super::expand::ExpandError;
use super::{Eval, Runtime, Step, Unwind, expand};
use crate::state::{Attrs, FrameKind, Opt, Positional, Shell, Str, Value, VarError};
use crate::syntax::symbol::Symbol;

/// The name that messages start with: the file whose code runs, else `$0`.
pub fn source_name(shell: &Shell) -> Str {
    if shell.options.has(Opt::Interactive) {
        return shell.zero.clone();
    }
    match shell.frames.last() {
        Some(frame) if !frame.source.is_empty() && frame.kind != FrameKind::Script => {
            frame.source.clone()
        }
        _ => shell.zero.clone(),
    }
}

/// `mesash: line 3: `
pub fn prefix(shell: &Shell) -> Vec<u8> {
    let mut prefix = source_name(shell).to_vec();
    if !shell.options.has(Opt::Interactive) {
        prefix.extend_from_slice(format!(": line {}", shell.line).as_bytes());
    }
    prefix.extend_from_slice(b": ");
    prefix
}

/// Writes to standard error. Nobody can be told if that fails.
pub fn put_error(shell: &Shell, text: &[u8]) {
    if let Some(fd) = shell.fds.get(2).filter(|fd| fd.writable) {
        drop(fd.stream.write(Bytes::copy_from_slice(text), &shell.cancel));
    }
}

/// Says a message after the shell's prefix.
pub fn complain(shell: &Shell, parts: &[&[u8]]) {
    let mut line = prefix(shell);
    for part in parts {
        line.extend_from_slice(part);
    }
    line.push(b'\n');
    put_error(shell, &line);
}

/// Says an error, which may have more than one line, each with its prefix.
fn say_each(shell: &Shell, error: &ExpandError) {
    for line in error.messages() {
        complain(shell, &[&line]);
    }
}

/// Says why an expansion failed, and what that means.
pub fn expansion(shell: &mut Shell, rt: &mut Runtime, error: ExpandError) -> Unwind {
    if let Some(unwind) = rt.pending_unwind.take() {
        return unwind;
    }
    if shell.cancel.is_cancelled() {
        return Unwind::Abort;
    }
    match (&error, rt.builtin) {
        (ExpandError::BadInteger(_), Some(name)) => {
            complain(shell, &[name.as_bytes(), b": ", &error.message()]);
        }
        _ => say_each(shell, &error),
    }
    // A subshell that ends so has status 1, as has a shell under `set -e`; else it is 127.
    let small = rt.is_subshell || shell.options.has(Opt::ErrExit);
    let sealed = shell.options.has(Opt::Posix)
        && matches!(error, ExpandError::Variable(VarError::ReadOnly(_)));
    let status = if sealed { 127 } else { error.status() };
    let status = if small { status.min(1) } else { status };
    shell.status = status;
    if (error.is_fatal() || sealed) && !shell.options.has(Opt::Interactive) {
        rt.exit_from_error = true;
        return Unwind::Exit(status);
    }
    Unwind::Discard(status)
}

impl Eval {
    /// See `complain`.
    pub fn complain(&self, parts: &[&[u8]]) {
        complain(&self.shell, parts);
    }

    /// See `put_error`.
    pub fn put_error(&self, text: &[u8]) {
        put_error(&self.shell, text);
    }

    /// Ends a line of the run. Where something that it did turns out not to be done, that is said, and
    /// the line has failed, whatever its last command had to say.
    pub fn end_line(&mut self, done: Step) -> Step {
        let Err(error) = self.shell.fs().line_ends() else { return done };
        complain(&self.shell, &[error.path(), b": not done: ", error.to_string().as_bytes()]);
        self.shell.status = 1;
        match done {
            Ok(_) if self.shell.options.has(Opt::ErrExit) => Err(Unwind::Exit(1)),
            Ok(_) => Ok(1),
            Err(Unwind::Exit(0)) => Err(Unwind::Exit(1)),
            other => other,
        }
    }

    /// `words` as `$1` and up, charged to the budget.
    pub fn positional(&mut self, words: Vec<Str>) -> Result<Positional, Unwind> {
        let charged = Positional::charged(words, &self.shell.budget);
        charged.map_err(|limit| self.expand_failed(limit.into()))
    }

    /// See `expansion`.
    #[cold]
    pub fn expand_failed(&mut self, error: ExpandError) -> Unwind {
        expansion(&mut self.shell, &mut self.rt, error)
    }

    /// The stream of a descriptor, if it may be written to.
    pub fn writable(&self, fd: u32) -> Option<Arc<dyn Stream>> {
        self.shell.fds.get(fd).filter(|fd| fd.writable).map(|fd| Arc::clone(&fd.stream))
    }

    /// An arithmetic command's error: a message, and the command has failed.
    #[cold]
    pub fn arith_failed(&mut self, what: &[u8], error: ExpandError) -> Result<(), Unwind> {
        if self.rt.pending_unwind.is_some() || self.shell.cancel.is_cancelled() {
            return Err(self.expand_failed(error));
        }
        if error.is_fatal() {
            return Err(self.expand_failed(error));
        }
        match error {
            ExpandError::Variable(_) => self.complain(&[error.message().as_bytes()]),
            _ => self.complain(&[what, b": ", error.message().as_bytes()]),
        }
        Ok(())
    }
}

impl Eval {
    /// The symbol of a name that the shell itself uses.
    pub fn named(&mut self, name: &[u8]) -> Result<Symbol, Unwind> {
        match self.shell.symbol(name) {
            Ok(symbol) => Ok(symbol),
            Err(error) => Err(self.expand_failed(error.into())),
        }
    }

    /// Says why a variable could not be set, and gives up the command.
    pub fn checked(&mut self, set: Result<(), VarError>) -> Result<(), Unwind> {
        set.map_err(|error| self.expand_failed(error.into()))
    }

    /// Sets a variable for the shell itself.
    pub fn set_simple(&mut self, symbol: Symbol, value: Str) -> Result<(), Unwind> {
        let set = self.shell.set(symbol, value);
        self.checked(set)
    }

    /// Sets the variable of a loop. False, after a message, if it is read-only: the loop ends.
    pub fn set_loop_variable(&mut self, symbol: Symbol, value: Str) -> Result<bool, Unwind> {
        let plain = self
            .shell
            .vars
            .get(symbol)
            .is_none_or(|variable| !variable.attrs.has(Attrs::NAMEREF | Attrs::INTEGER));
        if plain {
            return match self.shell.set(symbol, value) {
                Err(error @ VarError::ReadOnly(_)) => {
                    self.complain(&[error.to_string().as_bytes()]);
                    Ok(false)
                }
                set => self.checked(set).map(|()| true),
            };
        }
        let name = self.shell.name(symbol);
        if self.shell.vars.get(symbol).is_some_and(|v| v.attrs.has(Attrs::NAMEREF)) {
            // `for` gives a nameref a new target.
            if let Some(variable) = self.shell.vars.get_mut(symbol) {
                variable.value = Value::Scalar(value);
            }
            return Ok(true);
        }
        match expand::assign_name(&mut self.shell, &mut self.rt, &name, value, false) {
            Ok(()) => Ok(true),
            Err(error) => Err(self.expand_failed(error)),
        }
    }
}
