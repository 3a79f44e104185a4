//! Commands on the history of the mounted repositories.
//!
//! They know only [`mesafs::FileSystem::versions`] and the calls of its checkouts. Each has
//! subcommands, read by `subcommand.rs`; exit codes are those of `place.rs`.

mod atomic;
mod bookmarks;
mod changes;
mod compare;
mod conflicts;
mod events;
mod graph;
mod near;
mod ops;
mod patch;
mod place;
mod remount;
mod repos;
mod show;
mod subcommand;
mod undo;

#[cfg(test)]
mod tests;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &atomic::ATOMIC,
    &bookmarks::BOOKMARKS,
    &changes::CHANGES,
    &conflicts::CONFLICTS,
    &conflicts::RESOLVE,
    &events::EVENTS,
    &ops::OPS,
    &remount::REMOUNT,
    &repos::REPOS,
    &undo::REDO,
    &undo::UNDO,
];
