//! What a process has besides its state.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bstr::BStr;
use mesash_builtins::context::ComposeError;
use mesash_builtins::stream::Stream;

use super::regex::Regexes;
use super::trap::Hidden;
use super::{Eval, Realm, Unwind};
use crate::job::table::Child;
use crate::job::{JobTable, Process, stack};
use crate::special::BuiltinTable;
use crate::special::complete::{Completing, Completions};
use crate::special::ulimit::UserLimits;
use crate::state::Str;

/// Has a person edit a text.
pub trait Composer: Send + Sync + std::fmt::Debug {
    /// See [`mesash_builtins::context::Host::compose`].
    ///
    /// # Errors
    /// [`ComposeError`]
    fn compose(&self, name: &BStr, text: &[u8]) -> Result<Vec<u8>, ComposeError>;
}

/// What is one process's own and is never copied into another.
#[derive(Debug)]
pub struct Runtime {
    pub realm: Arc<Realm>,
    pub process: Arc<Process>,
    pub jobs: JobTable,
    /// A failure here is an answer: in conditions, before `&&`, after `!`.
    pub errexit_ignored: bool,
    /// The command that runs stands right behind a `!`: its own failure is none, those within it are.
    pub negated: bool,
    /// How many loops of this function or process run.
    pub loops: u32,
    /// Descriptors of process substitutions that the command which made them will close.
    pub substituted: Vec<u32>,
    /// The DEBUG trap has run for the simple command that this process begins with.
    pub announced: bool,
    /// The main script came with `-c`.
    pub reads_text: bool,
    /// Standard input as the shell began with it.
    pub first_stdin: Option<Arc<dyn Stream>>,
    /// Coprocesses that nobody has waited for: their names and descriptors.
    pub coprocs: Vec<(Arc<Child>, Str, [u32; 2])>,
    /// Why the subscript of `test -v` could not be evaluated.
    pub test_error: Option<Box<super::expand::ExpandError>>,
    /// `set` has given the shell other positional parameters, outside of functions.
    pub positional_set: bool,
    /// What ends the shell is an error, and no `exit`.
    pub exit_from_error: bool,
    /// The builtin that runs.
    pub builtin: Option<&'static str>,
    /// Traps that run, and aren't run again meanwhile.
    pub trapping: Trapping,
    /// Traps that the running function does not see.
    pub hidden: Hidden,
    /// How many traps run, one within another.
    pub in_trap: u32,
    /// What an expansion was left for: the substitution that it ran said so.
    pub pending_unwind: Option<Unwind>,
    /// The lowest address that frames of this process may reach.
    pub stack_floor: usize,
    /// The EXIT trap has run.
    pub exit_trap_done: bool,
    /// How deep functions, sources, evals and substitutions are nested.
    pub depth: u32,
    /// How deep sourced files are nested, for `return`.
    pub sources: u32,
    pub is_subshell: bool,
    /// `set -v`, as whoever reads lines sees it.
    pub verbose: Arc<AtomicBool>,
    /// How often `PS4` is repeated; below 0 on the way to what begins anew.
    pub trace_level: i32,
    /// In a trap: `$?` from before it.
    pub status_before_trap: Option<u8>,
    /// Jobs outlive an input: an interactive session.
    pub keeps_jobs: bool,
    /// What the shell itself is called, whatever its script is.
    pub own_name: Str,
    /// What `ulimit` was told.
    pub user_limits: UserLimits,
    /// What `complete` was told.
    pub completions: Completions,
    /// The completion of a line that runs.
    pub completing: Option<Completing>,
    /// The regular expressions of `[[ =~ ]]` that were used last.
    pub regexes: Regexes,
    /// Gives texts to the person at the prompt to edit; only a session on a terminal has it.
    pub composer: Option<Arc<dyn Composer>>,
    /// The inputs of an interactive session.
    pub history: Vec<Str>,
    /// Which symbols of the shell's interner are builtins.
    pub builtins: Arc<BuiltinTable>,
}

/// Which traps run at the moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trapping {
    pub debug: bool,
    pub err: bool,
    pub return_: bool,
}

impl Runtime {
    #[must_use]
    pub fn new(realm: Arc<Realm>, process: Arc<Process>, builtins: Arc<BuiltinTable>) -> Self {
        Self {
            realm,
            process,
            jobs: JobTable::default(),
            errexit_ignored: false,
            negated: false,
            loops: 0,
            substituted: Vec::new(),
            announced: false,
            reads_text: false,
            first_stdin: None,
            coprocs: Vec::new(),
            test_error: None,
            positional_set: false,
            exit_from_error: false,
            builtin: None,
            trapping: Trapping::default(),
            hidden: Hidden::default(),
            in_trap: 0,
            pending_unwind: None,
            stack_floor: stack::floor(),
            exit_trap_done: false,
            depth: 0,
            sources: 0,
            is_subshell: false,
            verbose: Arc::default(),
            trace_level: 0,
            status_before_trap: None,
            keeps_jobs: false,
            own_name: Str::from("mesash"),
            user_limits: UserLimits::default(),
            completions: Completions::new(),
            completing: None,
            regexes: Regexes::default(),
            composer: None,
            history: Vec::new(),
            builtins,
        }
    }
}

impl Eval {
    /// Looks at what may end or interrupt this process. Called for each command and loop turn.
    #[inline]
    pub fn tick(&mut self) -> Result<(), Unwind> {
        if self.shell.cancel.is_cancelled() {
            return Err(Unwind::Abort);
        }
        if self.rt.process.has_pending() {
            self.run_signal_traps()?;
        }
        if !stack::is_above(self.rt.stack_floor) {
            return Err(self.too_deep());
        }
        Ok(())
    }

    #[cold]
    fn too_deep(&mut self) -> Unwind {
        self.complain(&[b"commands are nested too deeply"]);
        Unwind::Discard(1)
    }

    /// Goes one level deeper, if the budget lets it.
    pub fn deepen(&mut self, what: &[u8]) -> Result<(), Unwind> {
        let limit = self.shell.budget.limits().depth;
        if u64::from(self.rt.depth) >= limit {
            let level = limit.to_string();
            self.complain(&[what, b": maximum nesting level exceeded (", level.as_bytes(), b")"]);
            return Err(Unwind::Discard(1));
        }
        self.rt.depth += 1;
        Ok(())
    }
}
