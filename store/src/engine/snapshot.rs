//! Snapshots: the live trees of changes become commits.

use std::collections::HashMap;

use mesafs::name::{ChangeId, CommitOid};

use super::error::EngineResult;
use super::repository::Repository;
use super::types::{Author, RootTree, Transacted};

/// What a change holds now.
#[derive(Debug, Clone)]
pub struct ChangeSnapshot {
    pub change: ChangeId,
    /// The commit that the tree was built on.
    pub base: CommitOid,
    pub root: RootTree,
    /// The journal sequence of the last batch in it.
    pub journal_sequence: u64,
}

impl Repository {
    /// Rewrites the commits of these changes in one transaction, and rebases their descendants. A
    /// change whose tree is what its commit has is left alone; if all are, nothing is written and
    /// the answer names the present operation. `journal_floor` is the lowest sequence that the
    /// journal still holds: positions below it are forgotten.
    ///
    /// # Errors
    /// [`super::EngineError::ChangeMoved`] if a change's commit is not `base` any more, and then
    /// nothing is done; `Immutable`, `NoChange`, `Divergent`.
    pub fn snapshot(
        &self,
        changes: &[ChangeSnapshot],
        committer: &Author,
        journal_floor: u64,
    ) -> EngineResult<Transacted> {
        todo!()
    }

    /// For each change the highest journal sequence in any operation up to the head.
    ///
    /// # Errors
    /// [`super::EngineError::Data`].
    pub fn journal_positions(&self) -> EngineResult<HashMap<ChangeId, u64>> {
        todo!()
    }
}
