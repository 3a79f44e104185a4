//! How builtins print and complain.

use bytes::Bytes;
use mesafs::{Errno, FsError};
use mesash_builtins::pager::Paged;
use mesash_builtins::stream::Stream as _;

use super::{Call, by_name};
use crate::eval::expand::ExpandError;
use crate::eval::{Eval, Step, Unwind};
use crate::job::signal;
use crate::state::{Str, Target, VarError};
use crate::syntax::symbol::Symbol;

/// Statuses that bash gives for wrong usage.
pub const USAGE: u8 = 2;

impl Eval {
    /// Prints to standard output; the status of a builtin that does nothing else.
    pub fn print(&mut self, call: &Call<'_>, text: Vec<u8>) -> Step {
        if text.is_empty() {
            return Ok(0);
        }
        let written = match self.writable(1) {
            Some(stream) => stream.write(Bytes::from(text), &self.shell.cancel),
            None => Err(FsError::new(Errno::BadF, mesafs::Operation::Write, "")),
        };
        match written {
            Ok(()) => Ok(0),
            Err(error) => self.write_failed(call.name, &error),
        }
    }

    /// As [`Eval::print`]; on a terminal it stops at each full screen, unless `PAGER` is `cat` or empty.
    pub fn print_paged(&mut self, call: &Call<'_>, text: Vec<u8>) -> Step {
        let off = self.shell.text_of(b"PAGER");
        let off = off.is_some_and(|pager| matches!(&*pager, b"cat" | b""));
        match self.writable(1) {
            Some(stream) if stream.is_terminal() && !off => {
                match Paged::new(stream.clone()).write(Bytes::from(text), &self.shell.cancel) {
                    Ok(()) => Ok(0),
                    Err(error) => self.write_failed(call.name, &error),
                }
            }
            _ => self.print(call, text),
        }
    }

    #[cold]
    fn write_failed(&mut self, name: &str, error: &FsError) -> Step {
        match error.errno() {
            Errno::Canceled => return Err(Unwind::Abort),
            Errno::Pipe if !self.rt.process.ignores(signal::PIPE) => {
                self.rt.process.signal(signal::PIPE);
                if self.shell.cancel.is_cancelled() {
                    return Err(Unwind::Abort);
                }
            }
            _ => {}
        }
        self.complain(&[name.as_bytes(), b": write error: ", error.to_string().as_bytes()]);
        Ok(1)
    }

    /// `mesash: line 3: cd: MESSAGE`
    pub fn say(&self, call: &Call<'_>, parts: &[&[u8]]) {
        let mut all: Vec<&[u8]> = vec![call.name.as_bytes(), b": "];
        all.extend_from_slice(parts);
        self.complain(&all);
    }

    /// As [`Eval::say`]; the builtin's status is then 1.
    pub fn fail(&self, call: &Call<'_>, parts: &[&[u8]]) -> Step {
        self.say(call, parts);
        Ok(1)
    }

    /// `cd: usage: cd [-L|…]`
    pub fn usage(&self, call: &Call<'_>) -> Step {
        let synopsis = by_name(call.name.as_bytes()).map_or("", |builtin| builtin.synopsis);
        let line = format!("{0}: usage: {0} {synopsis}", call.name);
        self.put_error(&[line.trim_end().as_bytes(), b"\n"].concat());
        Ok(USAGE)
    }
}

impl Eval {
    /// Says why a builtin could not assign; its status.
    pub fn assignment_failed(&mut self, call: &Call<'_>, error: ExpandError) -> Step {
        if self.rt.pending_unwind.is_some() || self.shell.cancel.is_cancelled() || error.is_fatal()
        {
            return Err(self.expand_failed(error));
        }
        let _ = call;
        self.complain(&[error.message().as_slice()]);
        Ok(1)
    }

    /// The symbol of the variable that `name` means, namerefs followed.
    ///
    /// # Errors
    /// Too many names, or a nameref that leads in a circle.
    pub fn target_symbol(&mut self, name: &[u8]) -> Result<Symbol, VarError> {
        let symbol = self.shell.symbol(name)?;
        match self.shell.resolve(symbol) {
            Ok(Target::Variable(target) | Target::Element(target, _)) => Ok(target),
            Ok(Target::Unbound(target)) => Ok(target),
            Err(_) => Err(VarError::CircularReference(Str::new(name))),
        }
    }
}
