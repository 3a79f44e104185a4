//! The embedded store as its users see it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod access;
mod audit;
mod costs;
mod crowd;
mod fixture;
mod gc;
mod history;
mod lasting;
mod modes;
mod rewriting;
mod sync;
mod together;
mod undo;
mod world;
