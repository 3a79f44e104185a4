//! Publishing the repository as a plain bare git repository.

use std::path::Path;

use super::error::EngineError;
use super::repository::Repository;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportReport {
    /// Branches that were made or moved.
    pub branches: usize,
    pub tags: usize,
    /// Objects that the destination did not have.
    pub objects: u64,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    #[error("'{0}' exists and is not a git repository")]
    NotGit(String),
    #[error("branch '{0}' has moved in the destination: nothing was exported")]
    Diverged(String),
    #[error("{0}")]
    Engine(#[from] EngineError),
}

impl Repository {
    /// Makes or updates the git repository at `dest`: branches for bookmarks, tags, HEAD at the
    /// default bookmark.
    ///
    /// # Errors
    /// [`ExportError`]; references are then as they were.
    pub fn export(&self, dest: &Path) -> Result<ExportReport, ExportError> {
        todo!()
    }
}
