//! Traps: when they are due and what they see.

use super::script::TextKind;
use super::{Eval, Unwind, expand};
use crate::state::{Event, Opt, Str};
use crate::syntax::ast::{Command, CommandKind, For};
use crate::syntax::print;

/// Which traps a function does not see, because it did not inherit them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hidden {
    pub debug: bool,
    pub err: bool,
    pub return_: bool,
}

impl Hidden {
    /// What is hidden after a function that began with `before` returns.
    #[must_use]
    pub fn returning_to(self, before: Self) -> Self {
        before
    }

    fn has(self, event: Event) -> bool {
        match event {
            Event::Debug => self.debug,
            Event::Err => self.err,
            Event::Return => self.return_,
            Event::Exit | Event::Signal(_) => false,
        }
    }

    /// A trap that is set now is seen.
    pub fn reveal(&mut self, event: Event) {
        match event {
            Event::Debug => self.debug = false,
            Event::Err => self.err = false,
            Event::Return => self.return_ = false,
            Event::Exit | Event::Signal(_) => {}
        }
    }
}

/// `for name in words`
fn head(keyword: &[u8], node: &For) -> Vec<u8> {
    let mut text = [keyword, &node.name].concat();
    if let Some(words) = &node.words {
        text.extend_from_slice(b" in");
        for word in words {
            text.push(b' ');
            text.extend_from_slice(&expand::source_text(word));
        }
    }
    text
}

impl Eval {
    /// Runs the traps of signals that have come.
    #[cold]
    pub fn run_signal_traps(&mut self) -> Result<(), Unwind> {
        while let Some(number) = self.rt.process.take_pending() {
            let Some(command) = self.shell.traps.active(Event::Signal(number)).cloned() else {
                continue;
            };
            // Its lines are counted anew.
            self.run_trap(Event::Signal(number), &command, 1)?;
        }
        Ok(())
    }

    /// Runs a trap's command; `$?` is afterwards what it was.
    pub fn run_trap(&mut self, event: Event, command: &Str, line: u32) -> Result<(), Unwind> {
        if command.is_empty() {
            return Ok(());
        }
        let before = (self.shell.status, self.shell.pipe_status.clone(), self.shell.line);
        let text = self.shell.command.clone();
        let last = self.shell.last_argument.clone();
        let ignored = std::mem::take(&mut self.rt.errexit_ignored);
        let outer = self.rt.status_before_trap.replace(before.0);
        self.rt.in_trap += 1;
        let step = self.run_text(command, line.max(1), TextKind::Trap(event));
        self.rt.in_trap -= 1;
        self.rt.status_before_trap = outer;
        self.rt.errexit_ignored = ignored;
        self.shell.command = text;
        self.shell.last_argument = last;
        (self.shell.status, self.shell.pipe_status, self.shell.line) = before;
        step.map(drop)
    }

    /// Runs the DEBUG trap; false if under `extdebug` it says to skip the command.
    pub fn debug_trap(&mut self, command: &Command) -> Result<bool, Unwind> {
        if self.shell.traps.is_empty() {
            return Ok(true);
        }
        self.set_command_text(command);
        self.debug_trap_now()
    }

    /// The same where the command's text has been set.
    pub fn debug_trap_now(&mut self) -> Result<bool, Unwind> {
        if self.rt.trapping.debug || self.rt.hidden.has(Event::Debug) {
            return Ok(true);
        }
        let Some(command) = self.shell.traps.active(Event::Debug).cloned() else {
            return Ok(true);
        };
        if command.is_empty() {
            return Ok(true);
        }
        self.rt.trapping.debug = true;
        let (status, pipe_status) = (self.shell.status, self.shell.pipe_status.clone());
        let (line, text) = (self.shell.line, self.shell.command.clone());
        let last = self.shell.last_argument.clone();
        let step = self.run_text(&command, line.max(1), TextKind::Trap(Event::Debug));
        let result = self.shell.status;
        self.rt.trapping.debug = false;
        self.shell.status = status;
        self.shell.pipe_status = pipe_status;
        self.shell.line = line;
        self.shell.command = text;
        self.shell.last_argument = last;
        step?;
        if result != 0 && self.shell.options.has(Opt::ExtDebug) {
            if result == 2 && self.shell.frames.can_return() {
                return Err(Unwind::Return(self.shell.status));
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Runs the ERR trap after a command that failed.
    pub fn err_trap(&mut self, _status: u8) -> Result<(), Unwind> {
        if self.shell.traps.is_empty() || self.rt.trapping.err || self.rt.hidden.has(Event::Err) {
            return Ok(());
        }
        let Some(command) = self.shell.traps.active(Event::Err).cloned() else { return Ok(()) };
        self.rt.trapping.err = true;
        let step = self.run_trap(Event::Err, &command, self.shell.line);
        self.rt.trapping.err = false;
        step
    }

    /// Runs the RETURN trap, `$?` being `status`.
    pub fn run_trap_of(&mut self, event: Event, status: u8) -> Result<(), Unwind> {
        if self.rt.trapping.return_ || self.rt.hidden.has(event) {
            return Ok(());
        }
        let Some(command) = self.shell.traps.active(event).cloned() else { return Ok(()) };
        self.shell.status = status;
        self.rt.trapping.return_ = true;
        let step = self.run_trap(event, &command, self.shell.line);
        self.rt.trapping.return_ = false;
        step
    }

    /// Runs the EXIT trap, once; the status that the process ends with.
    pub fn exit_trap(&mut self, status: u8) -> u8 {
        if self.rt.exit_trap_done {
            return status;
        }
        self.rt.exit_trap_done = true;
        let Some(command) = self.shell.traps.active(Event::Exit).cloned() else { return status };
        self.shell.traps.remove(Event::Exit);
        self.shell.status = status;
        self.rt.errexit_ignored = false;
        self.rt.loops = 0;
        self.rt.status_before_trap = Some(status);
        self.rt.exit_from_error = false;
        self.rt.in_trap += 1;
        let step = self.run_text(&command, 1, TextKind::ExitTrap);
        self.rt.in_trap -= 1;
        match step {
            Err(Unwind::Exit(status)) if !self.rt.exit_from_error => status,
            _ => status,
        }
    }

    /// `BASH_COMMAND`, where a trap could ask for it.
    pub fn set_command_text(&mut self, command: &Command) {
        if self.rt.trapping.debug || self.rt.in_trap > 0 {
            return;
        }
        let text = match &command.kind {
            CommandKind::For(node) => head(b"for ", node),
            CommandKind::Select(node) => head(b"select ", node),
            CommandKind::Case(node) => {
                [b"case ", expand::source_text(&node.word).as_slice(), b" in "].concat()
            }
            _ => print::command(command).into(),
        };
        self.shell.command = Str::from(text);
    }
}
