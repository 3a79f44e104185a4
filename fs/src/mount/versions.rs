//! The way from a place in the namespace to the change that it shows.

use std::sync::Arc;

use super::files::Files;
use super::fork::Fork;
use super::undo::{Direction, Replayed, Stray, UndoError};
use super::walk::At;
use crate::backend::Checkout;
use crate::error::{FsResult, Operation};
use crate::filesystem::Follow;
use crate::path::VPath;

/// The repositories of a mount and their checkouts.
pub trait Versions: Send + Sync {
    /// All of them, sorted by name.
    fn checkouts(&self) -> &[Arc<dyn Checkout>];

    /// The one that holds `path`, if a repository does.
    ///
    /// # Errors
    /// Those of the walk.
    fn checkout_at(&self, path: &VPath) -> FsResult<Option<Arc<dyn Checkout>>>;

    /// The one with this name, `repo` or `org/repo`.
    fn checkout(&self, name: &str) -> Option<Arc<dyn Checkout>> {
        let named = |checkout: &&Arc<dyn Checkout>| {
            let repo = checkout.repo();
            repo.repo.as_str() == name || repo.to_string() == name
        };
        self.checkouts().iter().find(named).cloned()
    }

    /// A throw-away copy of the mount as it is now.
    ///
    /// # Errors
    /// EACCES after the token's end, EIO.
    fn fork(&self) -> FsResult<Fork>;

    /// Takes back what the last `count` lines of this run did to files, or puts it in place again.
    ///
    /// # Errors
    /// [`UndoError`]; the lines before the one that failed stay taken back.
    fn replay(
        &self,
        count: usize,
        direction: Direction,
        stray: Stray,
    ) -> Result<Vec<Replayed>, UndoError>;
}

impl Versions for Files {
    fn checkouts(&self) -> &[Arc<dyn Checkout>] {
        &self.0.checkouts
    }

    fn checkout_at(&self, path: &VPath) -> FsResult<Option<Arc<dyn Checkout>>> {
        let volume = match self.0.walk(path, Follow::Yes, Operation::Lookup)?.at {
            At::Node { volume, .. } | At::Missing { volume, .. } => volume,
            At::Fixed(_) | At::MissingFixed => return Ok(None),
        };
        Ok(volume.repo().and_then(|index| self.0.checkouts.get(index)).cloned())
    }

    fn fork(&self) -> FsResult<Fork> {
        Self::fork(self)
    }

    fn replay(
        &self,
        count: usize,
        direction: Direction,
        stray: Stray,
    ) -> Result<Vec<Replayed>, UndoError> {
        self.0.replay(count, direction, stray)
    }
}
