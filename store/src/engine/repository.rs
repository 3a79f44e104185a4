//! One repository on disk: making, opening, and the one writer.

use std::path::Path;
use std::sync::Arc;

use mesafs::name::{BookmarkName, CommitOid};

use super::counters::Counters;
use super::error::EngineResult;
use super::objects::Objects;
use super::types::{Author, Durability, Rewritten, RootTree};
use super::writer::ObjectWriter;

/// One repository: a folder with a git and jj repository in it.
#[derive(Debug)]
pub struct Repository {}

impl Repository {
    /// Makes a repository in `dir`, which must not exist: `default_bookmark` on an empty child of
    /// the root. It is built beside `dir` and renamed into place.
    ///
    /// # Errors
    /// [`super::EngineError::Io`], also if `dir` exists.
    pub fn create(
        dir: &Path,
        author: &Author,
        default_bookmark: &BookmarkName,
    ) -> EngineResult<Self> {
        todo!()
    }

    /// # Errors
    /// [`super::EngineError::Io`] or [`super::EngineError::Data`] if there is no repository there.
    pub fn open(dir: &Path) -> EngineResult<Self> {
        todo!()
    }

    /// Removes the repository's folder, which nothing may have open.
    ///
    /// # Errors
    /// [`super::EngineError::Io`].
    pub fn delete(dir: &Path) -> EngineResult<()> {
        todo!()
    }

    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        todo!()
    }

    /// Reads trees and blobs. Cheap to clone, lives on its own.
    #[must_use]
    pub fn objects(&self) -> Objects {
        todo!()
    }

    /// Writes blobs and trees.
    #[must_use]
    pub fn writer(&self) -> ObjectWriter {
        todo!()
    }

    /// Makes everything that was written so far survive power loss.
    ///
    /// # Errors
    /// [`super::EngineError::Io`].
    pub fn sync(&self) -> EngineResult<()> {
        todo!()
    }

    /// The content of a commit.
    ///
    /// # Errors
    /// [`super::EngineError::Data`] if there is no such commit.
    pub fn commit_root(&self, commit: &CommitOid) -> EngineResult<RootTree> {
        todo!()
    }

    /// Loads the operations that others (the real `jj`) made since the last call and answers the
    /// commits they replaced, those that our own transactions met in between included.
    ///
    /// # Errors
    /// [`super::EngineError::Data`].
    pub fn refresh(&self) -> EngineResult<Vec<Rewritten>> {
        todo!()
    }

    /// jj's id of the newest operation known, in hexadecimal.
    #[must_use]
    pub fn operation(&self) -> String {
        todo!()
    }
}
