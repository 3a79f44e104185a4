//! The commands of mesash, one file each, and what they run in.
//!
//! A command sees a file system, streams, arguments and a way to run another command
//! ([`context::Context`]); never the interpreter, the store, the host or the network.

pub mod age;
mod archive;
pub mod args;
pub mod budget;
pub mod cancel;
pub mod command;
pub mod context;
pub mod core;
mod data;
mod files;
pub mod natural;
pub mod near;
pub mod pager;
pub mod pattern;
pub mod prelude;
pub mod quote;
pub mod regex;
pub mod registry;
pub mod size;
pub mod spill;
pub mod stream;
mod system;
mod text;
mod time;
mod version;

use command::Command;

/// The commands on changes, bookmarks and the history, which bash has not.
pub const HISTORY: &[&Command] = version::COMMANDS;

/// Every command, by group.
pub const GROUPS: &[&[&Command]] = &[
    files::COMMANDS,
    text::COMMANDS,
    data::COMMANDS,
    system::COMMANDS,
    HISTORY,
    archive::COMMANDS,
];
