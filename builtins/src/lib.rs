//! The commands of mesash, one file each, and what they run in.
//!
//! A command sees a file system, streams, arguments and a way to run another command
//! ([`context::Context`]); never the interpreter, the store, the host or the network.

pub mod args;
pub mod budget;
pub mod cancel;
pub mod command;
pub mod context;
pub mod core;
pub mod prelude;
pub mod quote;
pub mod registry;
pub mod stream;

use command::Command;

/// Every command, sorted by name.
pub const COMMANDS: &[&Command] = &[];
