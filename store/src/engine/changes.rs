//! Changes: looking them up, making, describing and abandoning them.

use mesafs::name::{BookmarkName, ChangeId, CommitOid};

use super::error::EngineResult;
use super::repository::Repository;
use super::types::{Author, Commit, Resolved, Transacted};

impl Repository {
    /// Finds the change that a whole id, or a unique prefix of one, names.
    ///
    /// # Errors
    /// `NoChange`, `Ambiguous` with whole change ids.
    pub fn resolve_change(&self, prefix: &str) -> EngineResult<Resolved> {
        todo!()
    }

    /// What there is to say of a commit.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn commit(&self, oid: &CommitOid) -> EngineResult<Commit> {
        todo!()
    }

    /// # Errors
    /// `Data` if there is no such commit.
    pub fn is_immutable(&self, oid: &CommitOid) -> EngineResult<bool> {
        todo!()
    }

    /// Commits reachable from `from`, newest first, without the root; `limit` 0 means all.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn log(&self, from: &CommitOid, limit: usize) -> EngineResult<Vec<Commit>> {
        todo!()
    }

    /// Makes an empty child of `base`.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn new_change(
        &self,
        base: &CommitOid,
        message: &str,
        author: &Author,
    ) -> EngineResult<(Resolved, Transacted)> {
        todo!()
    }

    /// Sets the description of a change; empty clears it.
    ///
    /// # Errors
    /// `NoChange`, `Divergent`, `Immutable`.
    pub fn describe(
        &self,
        change: &ChangeId,
        message: &str,
        committer: &Author,
    ) -> EngineResult<Transacted> {
        todo!()
    }

    /// Describes `change` (`None` keeps its text), forks an empty child of it, and moves `bookmark`,
    /// which must be on `change`, to the child: in one transaction. Answers the saved and the active change.
    ///
    /// # Errors
    /// `BookmarkRaced` if the bookmark is not on `change`; as [`Self::describe`].
    pub fn checkpoint(
        &self,
        change: &ChangeId,
        bookmark: &BookmarkName,
        message: Option<&str>,
        author: &Author,
    ) -> EngineResult<(Resolved, Resolved, Transacted)> {
        todo!()
    }

    /// Abandons the change if it is an empty, undescribed leaf without bookmarks, and mutable.
    /// Answers `None` if it isn't, and nothing is done.
    ///
    /// # Errors
    /// `Data`.
    pub fn abandon_if_empty_leaf(&self, change: &ChangeId) -> EngineResult<Option<Transacted>> {
        todo!()
    }
}
