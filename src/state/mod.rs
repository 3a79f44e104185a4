//! What a shell knows: everything that a subshell gets a copy of.
//!
//! A [`Shell`] is copied at the cost of some reference counts; a part is only copied in full when
//! one of the copies changes it. Always true: nothing in here locks, waits or runs a script.
//! Not here: arithmetic and expansion (`expand`), which `declare -i` and subscripts need, so the
//! functions here take values and subscripts that are already evaluated.

pub mod array;
mod assign;
pub mod assoc;
pub mod directory;
pub mod dynamic;
pub mod fds;
pub mod frames;
pub mod functions;
pub mod hashed;
mod ledger;
mod lookup;
pub mod names;
pub mod options;
pub mod pipestatus;
pub mod positional;
pub mod scope;
pub mod signal;
mod start;
pub mod text;
pub mod traps;
pub mod variable;

pub use array::IndexedArray;
pub use assign::VarError;
pub use assoc::{AssocArray, OrderedMap};
pub use directory::Directories;
pub use fds::{Fd, FdTable};
pub use frames::{Frame, FrameKind, Frames};
pub use functions::{Aliases, FunctionEntry, Functions};
pub use hashed::{CommandHash, HashedCommand};
pub use lookup::{Circular, Target, split_element};
pub use options::{Group, Opt, Options};
pub use pipestatus::PipeStatus;
pub use positional::Positional;
pub use scope::{ScopeKind, Variables};
pub use signal::Event;
pub use text::Str;
pub use traps::{Trap, Traps};
pub use variable::{Attrs, Dynamic, Value, Variable};

use crate::syntax::symbol::{Interner, Symbol, SymbolName};
use dynamic::Counters;
use mesafs::FileSystem;
use mesafs::clock::Clock;
use mesash_builtins::budget::Budget;
use mesash_builtins::cancel::Cancel;
use mesash_builtins::context::Identity;
use std::fmt;
use std::sync::Arc;

/// What is the same for all shells of one run.
pub struct World {
    pub fs: Arc<dyn FileSystem>,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
    /// `$$`
    pub pid: i64,
    /// `$PPID`
    pub parent_pid: i64,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("pid", &self.pid).finish_non_exhaustive()
    }
}

/// How far `getopts` has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetoptsState {
    /// The word (from 1) that `within` counts in.
    pub word: usize,
    /// Bytes of that word that were used; 0 at its start.
    pub within: usize,
}

/// The state of one shell.
#[derive(Clone, Debug)]
pub struct Shell {
    pub world: Arc<World>,
    pub interner: Arc<Interner>,
    pub budget: Budget,
    pub cancel: Cancel,
    pub vars: Variables,
    pub functions: Functions,
    pub aliases: Aliases,
    pub options: Options,
    pub positional: Positional,
    /// `$0`
    pub zero: Str,
    pub frames: Frames,
    pub traps: Traps,
    pub dirs: Directories,
    pub umask: u32,
    pub hash: CommandHash,
    pub getopts: GetoptsState,
    pub fds: FdTable,
    /// `$?`
    pub status: u8,
    pub pipe_status: PipeStatus,
    /// `$!`
    pub last_background: Option<i64>,
    /// `$_`
    pub last_argument: Str,
    /// `$LINENO`
    pub line: u32,
    /// `$BASH_COMMAND`
    pub command: Str,
    /// `$BASHPID`
    pub bash_pid: i64,
    /// Command substitutions that ran so far: an assignment without a command takes its status from
    /// the last one, if this has grown meanwhile.
    pub substitutions: u64,
    pub counters: Counters,
}

impl Shell {
    pub fn fs(&self) -> &Arc<dyn FileSystem> {
        &self.world.fs
    }

    /// The same shell on another file system.
    pub fn on(&self, fs: Arc<dyn FileSystem>) -> Self {
        let World { clock, identity, pid, parent_pid, .. } = &*self.world;
        let (clock, identity) = (Arc::clone(clock), identity.clone());
        let world = World { fs, clock, identity, pid: *pid, parent_pid: *parent_pid };
        Self { world: Arc::new(world), ..self.clone() }
    }

    /// The text of a name.
    pub fn name(&self, symbol: Symbol) -> SymbolName {
        self.interner.name(symbol)
    }

    /// The symbol of `name`, made if it is new.
    ///
    /// # Errors
    /// [`VarError::TooManyNames`]
    pub fn symbol(&self, name: &[u8]) -> Result<Symbol, VarError> {
        Ok(self.interner.intern(name)?)
    }

    /// The copy that a subshell, a stage or a substitution starts with.
    ///
    /// `cancel` is its own flag, `pid` its `$BASHPID`.
    #[must_use]
    pub fn subshell(&self, pid: i64, cancel: Cancel) -> Self {
        let mut copy = self.clone();
        copy.cancel = cancel;
        copy.bash_pid = pid;
        copy.counters.enter_subshell(pid);
        let options = self.options;
        copy.traps.enter_subshell(|event| match event {
            Event::Debug | Event::Return => options.has(Opt::FuncTrace),
            Event::Err => options.has(Opt::ErrTrace),
            Event::Exit | Event::Signal(_) => false,
        });
        copy
    }
}
