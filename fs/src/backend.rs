//! What a mount talks to: the embedded store in this process, or a server. Same contract, same tests.
//!
//! Synchronous and object safe. A [`Backend`] opens repositories under a token; a [`Checkout`] is
//! one mount's view of one of them. Reads need no call: a checkout's [`Root`] is an immutable tree
//! that loads lazily. The backend enforces access itself: a read-only checkout answers EROFS to
//! every batch and to every change or bookmark call but reading and [`Checkout::edit`].

mod history;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use history::{
    AuditEntry, AuditOp, BookmarkMove, Cause, CommitMove, Comparison, ConflictInfo, Earlier,
    History, MergeOptions, MergeOutcome, MergeStrategy, Merged, Moved, OperationDetails,
    OperationInfo, Pick, Rewriting, SideKind, Squash, TOLD_MAX,
};

use serde::{Deserialize, Serialize};

use crate::error::FsResult;
use crate::event::Invalidation;
use crate::line::PresentLine;
use crate::name::{BookmarkName, ChangeId, CommitOid, RepoId};
use crate::op::{Applied, Batch, OpenId};
use crate::path::RepoPath;
use crate::spill::SpillFile;
use crate::token::AccessToken;
use crate::tree::{File, Root};

/// What a mount asks to see of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Pin {
    /// The default bookmark.
    #[default]
    Default,
    /// Strictly a bookmark, never a change id.
    Bookmark(BookmarkName),
    /// A change id, or a unique prefix of one.
    Change(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    ReadOnly,
    ReadWrite,
}

/// Why a repository could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    #[error("repository '{repo}' not found")]
    NoRepo { repo: String },
    #[error("bookmark '{bookmark}' not found in '{repo}'")]
    NoBookmark { repo: String, bookmark: String },
    #[error("change '{change}' not found in '{repo}'")]
    NoChange { repo: String, change: String },
    /// The candidates are whole change ids.
    #[error("change '{prefix}' is ambiguous in '{repo}': {}", candidates.join(", "))]
    Ambiguous { repo: String, prefix: String, candidates: Vec<String> },
    #[error("{0}")]
    Unauthorized(#[from] crate::token::TokenError),
    #[error("{0}")]
    Store(String),
}

/// Where repositories live.
pub trait Backend: Send + Sync + fmt::Debug {
    /// The repositories of the token's org that it may read, sorted.
    ///
    /// # Errors
    /// [`OpenError::Unauthorized`], [`OpenError::Store`].
    fn repos(&self, token: &AccessToken) -> Result<Vec<RepoId>, OpenError>;

    /// Opens one repository for one mount. The token is verified, and checked again at each call.
    ///
    /// # Errors
    /// [`OpenError`]: what is missing is named; a repository outside the token is not found.
    fn open(
        &self,
        token: &AccessToken,
        repo: &RepoId,
        pin: &Pin,
        access: Access,
    ) -> Result<Arc<dyn Checkout>, OpenError>;
}

/// A revision as a call names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Revision {
    Bookmark(BookmarkName),
    /// A change id, or a unique prefix of one.
    Change(String),
    /// In jj's language, where `@` is the open change: `@-`, a bookmark, a change, a commit oid.
    /// Where one revision is asked for it must name one.
    Expression(String),
}

impl Revision {
    /// The change that the checkout has open.
    #[must_use]
    pub fn here() -> Self {
        Self::Expression("@".to_owned())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bookmark(name) => f.write_str(name.as_str()),
            Self::Change(text) | Self::Expression(text) => f.write_str(text),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeInfo {
    pub change_id: ChangeId,
    pub commit_oid: CommitOid,
    /// Empty for a child of the root.
    pub parents: Vec<CommitOid>,
    /// Whole; empty if there is none.
    pub description: String,
    /// The first line of the description, empty if there is none.
    pub summary: String,
    /// Sorted.
    pub bookmarks: Vec<BookmarkName>,
    pub author: String,
    pub author_email: String,
    /// Milliseconds since the Unix epoch.
    pub committed_ms: i64,
    /// Whether its tree equals its parent's.
    pub empty: bool,
    pub immutable: bool,
    pub conflicted: bool,
    /// Whether its change has other commits: operations of others, made at the same time.
    pub divergent: bool,
    /// How many letters of the change id are its shortest unique prefix.
    pub prefix_len: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookmarkInfo {
    pub name: BookmarkName,
    /// `None` while the bookmark is conflicted.
    pub target: Option<ChangeId>,
    /// The target's commit.
    pub commit_oid: Option<CommitOid>,
    pub default: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub saved_change_oid: CommitOid,
    pub active_change_oid: CommitOid,
    pub saved_change_id: ChangeId,
    pub active_change_id: ChangeId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Backwards {
    Refuse,
    Allow,
}

/// What `describe` does with the text of a change that `checkpoint` saves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Description {
    Keep,
    /// An empty text clears it.
    Set(String),
}

/// Why a change or bookmark call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    #[error("{0}")]
    Fs(#[from] crate::error::FsError),
    #[error("bookmark '{0}' not found")]
    NoBookmark(String),
    #[error("bookmark '{0}' already exists")]
    BookmarkExists(String),
    #[error("bookmark '{0}' is conflicted")]
    BookmarkConflicted(String),
    #[error("change '{0}' not found")]
    NoChange(String),
    #[error("change '{prefix}' is ambiguous: {}", candidates.join(", "))]
    Ambiguous { prefix: String, candidates: Vec<String> },
    /// `checkpoint` needs a checkout that is on a bookmark.
    #[error("not on a bookmark: create one here with 'bookmarks create NAME'")]
    NotOnBookmark,
    /// Somebody moved the bookmark meanwhile. Trying again may help.
    #[error("bookmark '{0}' moved meanwhile, try again")]
    BookmarkRaced(String),
    #[error("cannot move '{name}' {direction}: allow it with --allow-backwards")]
    MoveRefused { name: String, direction: &'static str },
    #[error("change '{0}' is immutable: start a new one with 'changes new {0}'")]
    Immutable(String),
    #[error("invalid revision '{text}': {reason}")]
    Revision { text: String, reason: String },
    /// A change with several commits cannot be changed until they are one again.
    #[error("change '{change}' is divergent: {}", commits.join(", "))]
    Divergent { change: String, commits: Vec<String> },
    /// A change got another commit meanwhile. Trying again may help.
    #[error("change '{0}' moved meanwhile, try again")]
    ChangeRaced(String),
    #[error("cannot put '{0}' onto itself or what comes after it")]
    Cycle(String),
    #[error("bookmark '{0}' is the default one: set another first")]
    DefaultBookmark(String),
    #[error("operation '{0}' not found")]
    NoOperation(String),
    #[error("no conflict at '{0}'")]
    NoConflict(String),
    /// A file that is to settle a conflict as it is.
    #[error("'{0}' has conflict markers left")]
    MarkersLeft(String),
    #[error("{0}")]
    Name(#[from] crate::name::NameError),
}

/// A file held open: it is followed through renames, and its body outlives its name.
pub trait OpenFile: Send + Sync + fmt::Debug {
    fn id(&self) -> OpenId;
    /// The file as it is now: at its present path in the present root, or the private body of one
    /// that was removed or replaced.
    ///
    /// # Errors
    /// Those of the backend, EACCES after the token's end.
    fn file(&self) -> FsResult<File>;
    /// Where the file is now; `None` once it has no name.
    fn path(&self) -> Option<RepoPath>;
}

/// Events of one checkout, in order, coalesced but never lost.
pub trait EventQueue: Send {
    /// Waits at most `timeout` (`None`: for ever) and takes what has come, oldest first. Empty
    /// after the timeout, and for good once the checkout is closed.
    fn wait(&mut self, timeout: Option<Duration>) -> Vec<RepoEvent>;
}

/// An [`Invalidation`] within one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoEvent {
    pub path: RepoPath,
    pub recursive: bool,
    pub version: u64,
    /// Whether the checkout that owns the queue wrote it.
    pub own: bool,
}

impl RepoEvent {
    /// The event as a mount tells it, `prefix` being the repository's mount point.
    #[must_use]
    pub fn to_invalidation(&self, repo: &RepoId) -> Invalidation {
        let names = [repo.org.as_str().as_bytes(), repo.repo.as_str().as_bytes()];
        let path = crate::path::RealPath::from_names(names.into_iter().chain(self.path.names()));
        Invalidation { path, recursive: self.recursive, version: self.version, own: self.own }
    }
}

/// A batch, and the version of the volume that it was planned on.
#[derive(Debug, Clone)]
pub struct Planned {
    pub batch: Batch,
    pub version: u64,
}

/// A tree that can be read and written: a checkout, or scratch memory.
pub trait Volume: Send + Sync + fmt::Debug {
    fn access(&self) -> Access;

    /// The present tree: an atomic load on an embedded store. Never waits for writers.
    ///
    /// # Errors
    /// EACCES after the token's end, EIO after `close` or a fork.
    fn root(&self) -> FsResult<Root>;

    /// Lands a batch. When it returns the batch is durable, as far as this volume is, and visible.
    ///
    /// # Errors
    /// That of the first op that cannot be done, and nothing of the batch is applied.
    fn apply(&self, batch: Batch) -> FsResult<Applied>;

    /// As [`Volume::apply`], where whatever the batch grafts was in this volume before.
    ///
    /// # Errors
    /// As [`Volume::apply`].
    fn apply_own(&self, batch: Batch) -> FsResult<Applied> {
        self.apply(batch)
    }

    /// As [`Volume::apply_own`], with a batch for each of `others`: all are visible or none. A store
    /// that holds them all does it in one record, if each is still at the version that its batch was
    /// planned on; else one comes after the other, whatever came in between.
    ///
    /// # Errors
    /// As [`Volume::apply`]; EAGAIN where one has moved on, and then nothing is applied.
    fn apply_together(&self, batch: Planned, others: Vec<(&dyn Volume, Planned)>) -> FsResult<()> {
        self.apply_own(batch.batch)?;
        for (other, batch) in others {
            other.apply_own(batch.batch)?;
        }
        Ok(())
    }

    /// Lands `batch` here and `removal` in `other`, for a move from one to the other. A store that
    /// holds both does it in one record; else the removal comes second, so that a failure in
    /// between leaves the entry in both places and never in none.
    ///
    /// # Errors
    /// As [`Volume::apply`].
    fn apply_with(&self, batch: Batch, other: &dyn Volume, removal: Batch) -> FsResult<()> {
        self.apply(batch)?;
        other.apply(removal)?;
        Ok(())
    }

    /// Tells a store its own volumes apart from others', for [`Volume::apply_with`].
    fn as_any(&self) -> &dyn std::any::Any;

    /// Holds the file at `path`, which must be one.
    ///
    /// # Errors
    /// ENOENT, EISDIR, ENOTDIR, ELOOP for a symbolic link.
    fn hold(&self, path: &RepoPath) -> FsResult<Arc<dyn OpenFile>>;

    /// Events from now on.
    ///
    /// # Errors
    /// As [`Volume::root`].
    fn subscribe(&self) -> FsResult<Box<dyn EventQueue>>;

    /// Makes everything that returned survive power loss.
    ///
    /// # Errors
    /// EIO, ENOSPC.
    fn sync(&self) -> FsResult<()>;
}

/// One mount's view of one repository: the change that it reads and writes.
pub trait Checkout: Volume {
    fn repo(&self) -> &RepoId;

    /// Flushes and lets go. Calls fail with EIO afterwards.
    ///
    /// # Errors
    /// EIO, ENOSPC.
    fn close(&self) -> FsResult<()>;

    /// What opens the same again: the bookmark that it is on, else the change. No token is asked for,
    /// so that a mount can be made anew when its own has expired.
    fn pin(&self) -> Pin;

    /// The change that is open, and the bookmark that it is on.
    fn current(&self) -> Result<(ChangeInfo, Option<BookmarkName>), ChangeError>;
    /// Changes reachable from the checkout, newest first; `limit` 0 means all.
    fn changes(&self, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError>;
    /// Makes an empty child of `base` and switches to it.
    fn new_change(&self, base: &Revision, message: Option<&str>) -> Result<ChangeId, ChangeError>;
    /// Switches to a change, without a transaction.
    fn edit(&self, revision: &Revision) -> Result<ChangeId, ChangeError>;
    fn checkpoint(&self, description: Description) -> Result<Checkpoint, ChangeError>;
    fn bookmarks(&self) -> Result<Vec<BookmarkInfo>, ChangeError>;
    fn create_bookmark(&self, name: &BookmarkName) -> Result<(), ChangeError>;
    fn move_bookmark(
        &self,
        name: &BookmarkName,
        change: &str,
        backwards: Backwards,
    ) -> Result<(), ChangeError>;

    /// The same checkout for a run: what is done through it is told to be the run's present line's.
    /// `None` where nothing is told.
    fn for_run(&self, _line: &Arc<PresentLine>) -> Option<Arc<dyn Checkout>> {
        None
    }

    /// A line of this checkout's run begins: until it ends, what it does needs not be durable when the
    /// call returns, as long as nobody else sees it before it is.
    fn line_begins(&self) {}

    /// The line ends, and what it did is durable.
    ///
    /// # Errors
    /// That of what could not be done after its call had returned; the tree is as it is without it.
    fn line_ends(&self) -> FsResult<()> {
        Ok(())
    }

    /// What else can be asked of the history, and done to it; `None` where a backend keeps no more
    /// of it than the calls above need.
    fn history(&self) -> Option<&dyn History> {
        None
    }

    /// An empty file of the store's, for what a run has no memory for; `None` where a backend has
    /// no room of that kind.
    ///
    /// # Errors
    /// ENOSPC, EIO.
    fn spill(&self) -> FsResult<Option<Box<dyn SpillFile>>> {
        Ok(None)
    }
}
