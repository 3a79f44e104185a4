//! What every implementation of `FileSystem` and `Backend` must do, in one call.
//!
//! Each check gets a fresh [`World`] and sees it through mounts, as a user does. [`run`] goes on
//! after a check that fails and names all of them at the end.

mod across;
mod changes;
mod contents;
mod copies;
mod devices;
mod errnos;
mod events;
mod facts;
mod handles;
mod links;
mod names;
mod probe;
mod readonly;
mod renames;
mod tokens;
mod who_wins;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mesafs::FileSystem;
use mesafs::clock::ManualClock;

pub use probe::Probe;

/// One backend with fresh repositories of org `acme`: `app` and `lib`, empty and writable, and
/// `docs`, which mounts read-only and holds `guide.md` ("# Guide\n") on `main`.
pub trait World {
    /// One more mount of all three, on their default bookmarks, with scratch memory of its own and
    /// a token that ends an hour after its making.
    fn mount(&self) -> Arc<dyn FileSystem>;

    /// Ends everything, as a process that exits does, and starts again from what is durable; false
    /// where nothing is. Mounts of before are dead.
    fn restart(&mut self) -> bool;

    /// The clock of the backend and its mounts.
    fn clock(&self) -> Arc<ManualClock>;
}

type Check = (&'static str, fn(&mut dyn World));

/// Runs every check, each in a world of its own.
///
/// # Panics
/// If a check fails; the message names all that did.
pub fn run(fresh: impl Fn() -> Box<dyn World>) {
    let subjects: [&[Check]; 15] = [
        errnos::CHECKS,
        links::CHECKS,
        renames::CHECKS,
        handles::CHECKS,
        names::CHECKS,
        contents::CHECKS,
        copies::CHECKS,
        facts::CHECKS,
        readonly::CHECKS,
        across::CHECKS,
        devices::CHECKS,
        who_wins::CHECKS,
        events::CHECKS,
        changes::CHECKS,
        tokens::CHECKS,
    ];
    let mut failed = Vec::new();
    for (name, check) in subjects.into_iter().flatten() {
        let checked = catch_unwind(AssertUnwindSafe(|| {
            let mut world = fresh();
            check(&mut *world);
        }));
        if let Err(reason) = checked {
            let text = reason.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| reason.downcast_ref::<&str>().copied());
            failed.push(format!("{name}: {}", text.unwrap_or("panicked")));
        }
    }
    assert!(failed.is_empty(), "{} checks failed:\n{}", failed.len(), failed.join("\n"));
}
