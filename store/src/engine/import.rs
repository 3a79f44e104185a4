//! Taking in a git repository from disk, whole.

use std::path::Path;

use bstr::BString;
use mesafs::name::{BookmarkName, CommitOid};
use mesafs::tree::{ObjectId, Sums};

use super::error::EngineError;
use super::repository::Repository;
use super::types::Author;

/// What an import brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    pub default_bookmark: BookmarkName,
    pub bookmarks: usize,
    pub tags: usize,
    pub commits: usize,
    pub trees: usize,
    /// References that were left out, each with the reason.
    pub skipped: Vec<(BString, String)>,
}

/// A name that the file system would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedName {
    pub path: BString,
    /// A commit that has it.
    pub commit: CommitOid,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    #[error("'{0}' is not a git repository")]
    NotGit(String),
    #[error("'{0}' is a shallow clone: fetch its whole history first")]
    Shallow(String),
    /// At most 100 of them are listed.
    #[error("{}", super::import::list_refused(.0))]
    Names(Vec<RefusedName>),
    #[error("{0}")]
    Engine(#[from] EngineError),
}

pub(super) fn list_refused(names: &[RefusedName]) -> String {
    todo!()
}

impl Repository {
    /// Makes the repository `dir`, which must not exist, of the git repository at `source` (a
    /// worktree, its `.git`, or a bare repository). Objects are copied as they are; branches
    /// become bookmarks; the default bookmark is HEAD's branch. `on_tree` gets the sums of every
    /// distinct tree. Either all succeeds or `dir` isn't made.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn import(
        source: &Path,
        dir: &Path,
        author: &Author,
        on_tree: &mut dyn FnMut(ObjectId, Sums),
    ) -> Result<(Self, ImportReport), ImportError> {
        todo!()
    }
}
