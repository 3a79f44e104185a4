//! Lists, and-or lists, and which node a command is.

use std::sync::Arc;

use super::{
    Eval, Step, Unwind, branches, call, cond, loops, pipeline, redirect, simple, subshell,
};
use crate::state::{Event, Opt, PipeStatus};
use crate::syntax::ast::{AndOr, AndOrOp, Command, CommandKind, List, ListEnd};

impl Eval {
    pub fn list(&mut self, list: &List) -> Step {
        let mut status = 0;
        for item in &list.items {
            status = match item.end {
                ListEnd::Sequence => self.and_or(&item.and_or)?,
                ListEnd::Background => subshell::background(self, &item.and_or)?,
            };
        }
        Ok(status)
    }

    #[inline]
    pub(super) fn and_or(&mut self, node: &AndOr) -> Step {
        if node.rest.is_empty() {
            return pipeline::run(self, &node.first);
        }
        let ignored = std::mem::replace(&mut self.rt.errexit_ignored, true);
        let step = self.chain(node, ignored);
        self.rt.errexit_ignored = ignored;
        step
    }

    /// Only the last pipeline of a chain counts for `set -e`, and only if it is reached.
    fn chain(&mut self, node: &AndOr, ignored: bool) -> Step {
        let mut status = pipeline::run(self, &node.first)?;
        let last = node.rest.len() - 1;
        for (at, (op, next)) in node.rest.iter().enumerate() {
            let wanted = match op {
                AndOrOp::And => status == 0,
                AndOrOp::Or => status != 0,
            };
            if wanted {
                self.rt.errexit_ignored = ignored || at < last;
                let step = pipeline::run(self, next);
                self.rt.errexit_ignored = true;
                status = step?;
            }
        }
        Ok(status)
    }

    /// Runs a command with its redirections.
    pub fn command(&mut self, command: &Command) -> Step {
        self.tick()?;
        if let CommandKind::Simple(node) = &command.kind {
            return simple::run(self, command, node);
        }
        if self.shell.options.has(Opt::NoExec) && !self.shell.options.has(Opt::Interactive) {
            return Ok(0);
        }
        if command.redirects.is_empty() {
            return self.compound(command);
        }
        self.shell.line = command.line;
        let mark = self.rt.substituted.len();
        let mut undo = Vec::new();
        let step = match redirect::apply(self, &command.redirects, &mut undo) {
            Ok(true) => self.compound(command),
            Ok(false) => self.finish(1),
            Err(unwind) => Err(unwind),
        };
        redirect::restore(self, undo);
        self.close_substituted(mark);
        step
    }

    fn compound(&mut self, command: &Command) -> Step {
        let status = match &command.kind {
            CommandKind::Simple(node) => simple::run(self, command, node),
            CommandKind::Group(list) => self.list(list),
            CommandKind::Subshell(list) => {
                self.shell.line = command.line;
                let status = subshell::run(self, command, list)?;
                if status != 0 && self.shell.traps.active(Event::Err).is_some() {
                    self.set_command_text(command);
                }
                self.shell.pipe_status = PipeStatus::One(status);
                self.finish(status)
            }
            CommandKind::If(node) => branches::if_(self, node),
            CommandKind::While(node) => loops::while_(self, node),
            CommandKind::For(node) => {
                self.shell.line = command.line;
                loops::for_(self, node, command)
            }
            CommandKind::ArithFor(node) => {
                self.shell.line = command.line;
                loops::arith_for(self, node)
            }
            CommandKind::Select(node) => {
                self.shell.line = command.line;
                loops::select(self, node, command)
            }
            CommandKind::Case(node) => {
                self.shell.line = command.line;
                self.debug_trap(command)?;
                branches::case(self, node)
            }
            CommandKind::Cond(node) => {
                self.shell.line = command.line;
                self.debug_trap(command)?;
                cond::run(self, node)
            }
            CommandKind::Arith(node) => {
                self.shell.line = command.line;
                self.debug_trap(command)?;
                branches::arith(self, node)
            }
            CommandKind::Function(function) => call::define(self, Arc::clone(function)),
            CommandKind::Coproc(node) => subshell::coproc(self, node),
        }?;
        self.shell.status = status;
        Ok(status)
    }

    /// Ends a command that `set -e` and the ERR trap look at.
    #[inline]
    pub fn finish(&mut self, status: u8) -> Step {
        self.shell.status = status;
        if status != 0 && !self.rt.errexit_ignored {
            return self.failed(status);
        }
        Ok(status)
    }

    fn failed(&mut self, status: u8) -> Step {
        if self.rt.negated {
            return Ok(status);
        }
        self.err_trap(status)?;
        self.shell.status = status;
        if self.shell.options.has(Opt::ErrExit) {
            // The EXIT trap still sees the redirections that hold here, but no locals.
            while !self.rt.exit_trap_done && self.shell.vars.depth() > 0 {
                self.shell.vars.pop();
            }
            return Err(Unwind::Exit(self.exit_trap(status)));
        }
        Ok(status)
    }
}
