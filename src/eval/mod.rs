//! The interpreter: walks the tree of a script and does what it says.
//!
//! One [`Eval`] is one virtual process: a [`Shell`] (the state, which copies at no cost) and a
//! [`Runtime`] (what must not be copied: its jobs, its pid, where it may go on). Control flow is a
//! value ([`Unwind`]), never a panic. Always true: `shell.status` is the status of the command that
//! ended last; every loop turn and every command looks at the cancel flag.

mod branches;
pub(crate) mod call;
mod child_shell;
mod cond;
pub(crate) mod external;
pub(crate) mod failure;
mod invocation;
mod list;
pub(crate) mod lookup;
mod loops;
mod pipeline;
mod realm;
pub(crate) mod redirect;
mod regex;
mod run;
mod runtime;
mod script;
pub(crate) mod simple;
mod start;
mod streams;
pub(crate) mod subshell;
mod substitute;
mod time;
mod trace;
mod trap;
mod unwind;
pub(crate) mod words;

pub use invocation::{Ended, EndedBy, Invocation, InvocationOption, LineEnd, Signals, Source};
pub use realm::Realm;
pub use run::{Interpreter, Session};
pub use runtime::{Composer, Runtime};
pub use streams::{Capture, OnOutput, OutputKind, Text, Told};
pub use unwind::{Step, Unwind};

pub(crate) use lookup::{Found, Program};
pub(crate) use script::{TextKind, parser_options};
pub(crate) use words as expand;

use crate::state::Shell;

/// One virtual process.
#[derive(Debug)]
pub struct Eval {
    pub shell: Shell,
    pub rt: Runtime,
}
