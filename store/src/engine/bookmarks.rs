//! Bookmarks: names that point at changes.

use mesafs::backend::Backwards;
use mesafs::name::{BookmarkName, ChangeId};

use super::error::EngineResult;
use super::repository::Repository;
use super::types::{Author, Bookmark, Resolved, Transacted};

impl Repository {
    /// All bookmarks, sorted by name.
    ///
    /// # Errors
    /// `Data`.
    pub fn bookmarks(&self) -> EngineResult<Vec<Bookmark>> {
        todo!()
    }

    /// # Errors
    /// `NoBookmark`, `BookmarkConflicted`.
    pub fn resolve_bookmark(&self, name: &BookmarkName) -> EngineResult<Resolved> {
        todo!()
    }

    #[must_use]
    pub fn default_bookmark(&self) -> BookmarkName {
        todo!()
    }

    /// # Errors
    /// `NoBookmark`, `Io`.
    pub fn set_default_bookmark(&self, name: &BookmarkName) -> EngineResult<()> {
        todo!()
    }

    /// # Errors
    /// `BookmarkExists`, `NoChange`, `Divergent`.
    pub fn create_bookmark(
        &self,
        name: &BookmarkName,
        change: &ChangeId,
    ) -> EngineResult<Transacted> {
        todo!()
    }

    /// Moves a bookmark to a change; to a commit that doesn't descend from its present one only if `backwards` allows.
    ///
    /// # Errors
    /// `NoBookmark`, `MoveRefused`, `NoChange`, `Divergent`.
    pub fn move_bookmark(
        &self,
        name: &BookmarkName,
        change: &ChangeId,
        backwards: Backwards,
    ) -> EngineResult<Transacted> {
        todo!()
    }

    /// The change that writers of a bookmark share: its target, or, where that is immutable, an
    /// empty child that is made once and gets the bookmark. `None`: nothing had to be made.
    ///
    /// # Errors
    /// `NoBookmark`, `BookmarkConflicted`.
    pub fn writable_child(
        &self,
        name: &BookmarkName,
        author: &Author,
    ) -> EngineResult<(Resolved, Option<Transacted>)> {
        todo!()
    }
}
