//! What can be asked of the history behind a checkout, and done to it.
//!
//! A [`History`] belongs to one checkout: `@` is the change that it has open. Every call that
//! changes history is one operation of the repository's single writer: what is written to the
//! changes concerned is stored first, and whoever has one of them open sees the result at once.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::{Backwards, ChangeError, ChangeInfo, Revision};
use crate::name::{BookmarkName, ChangeId, CommitOid};
use crate::path::RepoPath;
use crate::tree::{Dir, ObjectId, Root};

/// What two states of a repository hold; [`crate::tree::differences`] says what differs.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub before: Dir,
    pub after: Dir,
}

/// What an operation on history did to the changes that there were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rewriting {
    /// Those with another commit now, descendants that had to follow included.
    pub rewritten: Vec<ChangeId>,
    pub abandoned: Vec<ChangeId>,
    /// Those that are conflicted now and were not before.
    pub conflicted: Vec<ChangeId>,
}

/// What [`History::squash`] moves, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Squash {
    pub from: Vec<Revision>,
    pub into: Revision,
    /// Only what was changed below these; everything if there are none.
    pub paths: Vec<RepoPath>,
    /// `None` joins the descriptions.
    pub message: Option<String>,
    /// Whether a source stays that has nothing left.
    pub keep_emptied: bool,
}

/// What a rebase moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moved {
    /// The changes alone: their children go to their parents.
    Alone,
    WithDescendants,
    /// What leads to the changes and is not in the new parents, with its descendants.
    Branch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MergeStrategy {
    /// Forward where that is possible, else a merge commit.
    #[default]
    Auto,
    MergeCommit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MergeOutcome {
    FastForward,
    MergeCommit,
    /// The target has everything already.
    NoOp,
}

impl MergeOutcome {
    /// Its name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FastForward => "fast_forward",
            Self::MergeCommit => "merge_commit",
            Self::NoOp => "no_op",
        }
    }
}

/// How [`History::merge_bookmarks`] goes about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MergeOptions {
    pub strategy: MergeStrategy,
    /// Of the merge commit; `None` names the bookmarks.
    pub message: Option<String>,
    pub delete_source: bool,
    /// Where the target must be for the merge to happen.
    pub expected: Option<Revision>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    pub outcome: MergeOutcome,
    /// The merge; else the newest change that the target has now, its empty one aside.
    pub change_id: ChangeId,
    pub commit_oid: CommitOid,
    /// Where the merge is conflicted. Sorted.
    pub conflicts: Vec<RepoPath>,
}

/// What one side of a conflict has at the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SideKind {
    Absent,
    File { executable: bool },
    Symlink,
    Dir,
    Gitlink,
}

/// A path at which a change's sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictInfo {
    pub path: RepoPath,
    /// In jj's order: the first is "ours", the last "theirs".
    pub sides: Vec<SideKind>,
    /// One less than `sides`.
    pub bases: Vec<SideKind>,
}

/// Which content settles a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// The first side: what the change was put onto.
    Ours,
    /// The last side.
    Theirs,
    /// The file as it stands, which must have no markers left.
    AsItIs,
}

/// One operation of a repository's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationInfo {
    /// In hexadecimal.
    pub id: String,
    /// More than one where operations were merged.
    pub parents: Vec<String>,
    pub description: String,
    /// Milliseconds since the Unix epoch.
    pub ended_ms: i64,
    /// Whether it stored what was written to changes.
    pub snapshot: bool,
    /// The author's name, or `user@host` of another program's operation.
    pub who: String,
    /// What it comes of: one line, or of a snapshot at most [`TOLD_MAX`] of those whose edits it stored.
    pub causes: Vec<Cause>,
    /// Of a snapshot: how many edits it stored, as far as the audit goes back.
    pub edits: u64,
    /// At most [`TOLD_MAX`] of the paths that they were made to.
    pub paths: Vec<RepoPath>,
}

/// So many lines and paths are told of one operation in a list of them.
pub const TOLD_MAX: usize = 4;

/// Who did something, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cause {
    pub author: String,
    pub author_email: String,
    /// The mount: its token's id.
    pub session: String,
    /// The id of the key that signed the token.
    pub key: String,
    /// The shell line, cut where it is very long; empty for what no line did.
    #[serde(with = "crate::wire::bstring")]
    pub line: BString,
}

/// What an edit did to its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuditOp {
    Create,
    Write,
    Append,
    Truncate,
    MakeDir,
    Remove,
    Rename,
    Copy,
    /// A file or folder of another place was put there.
    Put,
    SetMode,
    SetTimes,
    Symlink,
}

impl AuditOp {
    pub const ALL: [Self; 12] = [
        Self::Create,
        Self::Write,
        Self::Append,
        Self::Truncate,
        Self::MakeDir,
        Self::Remove,
        Self::Rename,
        Self::Copy,
        Self::Put,
        Self::SetMode,
        Self::SetTimes,
        Self::Symlink,
    ];

    /// Its name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Write => "write",
            Self::Append => "append",
            Self::Truncate => "truncate",
            Self::MakeDir => "mkdir",
            Self::Remove => "remove",
            Self::Rename => "rename",
            Self::Copy => "copy",
            Self::Put => "put",
            Self::SetMode => "chmod",
            Self::SetTimes => "utimes",
            Self::Symlink => "symlink",
        }
    }
}

/// One edit of a file or folder that landed, or several of one line to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The version that the change had then; 0 of what an operation on history did.
    pub version: u64,
    pub change: ChangeId,
    /// Milliseconds since the Unix epoch.
    pub time_ms: i64,
    pub cause: Cause,
    pub op: AuditOp,
    pub path: RepoPath,
    /// Where it was renamed or copied to.
    pub to: Option<RepoPath>,
    /// How many edits of the same kind this stands for.
    pub count: u64,
    /// The git object that was at the path before the snapshot which holds the edit; at `to`, if there
    /// is one. `None` where nothing was.
    pub before: Option<ObjectId>,
    /// The object that this snapshot has there.
    pub after: Option<ObjectId>,
}

/// What an operation did to a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitMove {
    pub change: ChangeId,
    /// `None` for a change that began.
    pub before: Option<CommitOid>,
    /// `None` for one that went.
    pub after: Option<CommitOid>,
    /// The first line of its description.
    pub summary: String,
}

/// What an operation did to a bookmark: several commits where it was or is conflicted, none where it
/// was not or is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookmarkMove {
    pub name: String,
    pub before: Vec<CommitOid>,
    pub after: Vec<CommitOid>,
}

/// What there is to say of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationDetails {
    pub operation: OperationInfo,
    /// Beside its first parent; the newest first.
    pub changes: Vec<CommitMove>,
    pub bookmarks: Vec<BookmarkMove>,
    /// The edits that a snapshot stored, the newest first.
    pub edits: Vec<AuditEntry>,
}

/// A commit that a change had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    pub change: ChangeInfo,
    /// What made it, where that is known.
    pub operation: Option<OperationInfo>,
}

/// The history behind one checkout.
pub trait History: Send + Sync {
    /// The one commit that a revision names.
    ///
    /// # Errors
    /// [`ChangeError`]: what is missing, ambiguous or wrong is named; so for all calls.
    fn find(&self, revision: &Revision) -> Result<ChangeInfo, ChangeError>;

    /// The commits that `revisions` names in jj's language, children before parents, without the
    /// root; `limit` 0 means all.
    fn log(&self, revisions: &str, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError>;

    /// The content of a revision, as it is stored when this is called.
    fn content(&self, revision: &Revision) -> Result<Root, ChangeError>;

    /// What a revision changed: its parents' content, merged if it has several, and its own.
    fn changed(&self, revision: &Revision) -> Result<Comparison, ChangeError>;

    /// What the open change changed so far. Nothing is stored for it.
    fn status(&self) -> Result<Comparison, ChangeError>;

    /// The commits that a change had, newest first; `limit` 0 means all.
    fn earlier(&self, revision: &Revision, limit: usize) -> Result<Vec<Earlier>, ChangeError>;

    /// Sets a description; an empty text clears it.
    fn describe(&self, revision: &Revision, text: &str) -> Result<Rewriting, ChangeError>;

    /// Takes changes away: their children and bookmarks move to their parents.
    fn abandon(&self, revisions: &[Revision]) -> Result<Rewriting, ChangeError>;

    /// Moves what some changes changed into another.
    fn squash(&self, squash: &Squash) -> Result<Rewriting, ChangeError>;

    /// Makes the content of `revision`, or of what is below `paths`, that of `from`.
    fn restore(
        &self,
        revision: &Revision,
        from: &Revision,
        paths: &[RepoPath],
    ) -> Result<Rewriting, ChangeError>;

    /// Splits a change in two: it keeps what it changed below `paths`, with `message` if one is
    /// given; a new child has the rest and the bookmarks. Who split the open change goes on there.
    fn split(
        &self,
        revision: &Revision,
        paths: &[RepoPath],
        message: Option<&str>,
    ) -> Result<(ChangeId, ChangeId), ChangeError>;

    /// Moves changes onto other parents.
    fn rebase(
        &self,
        revisions: &[Revision],
        moved: Moved,
        onto: &[Revision],
    ) -> Result<Rewriting, ChangeError>;

    /// Copies changes, each with an id of its own: onto the parents they have, or onto others.
    fn duplicate(
        &self,
        revisions: &[Revision],
        onto: &[Revision],
    ) -> Result<Vec<ChangeId>, ChangeError>;

    /// Makes a change with these parents and switches to it.
    fn merge(&self, parents: &[Revision], message: Option<&str>) -> Result<ChangeId, ChangeError>;

    /// Where a revision is conflicted, sorted by path.
    fn conflicts(&self, revision: &Revision) -> Result<Vec<ConflictInfo>, ChangeError>;

    /// Settles the conflict at a path of the open change.
    ///
    /// # Errors
    /// [`ChangeError::NoConflict`]; [`ChangeError::MarkersLeft`].
    fn resolve(&self, path: &RepoPath, pick: Pick) -> Result<(), ChangeError>;

    /// Makes a bookmark on a revision.
    ///
    /// # Errors
    /// [`ChangeError::BookmarkExists`].
    fn create_bookmark_at(&self, name: &BookmarkName, at: &Revision) -> Result<(), ChangeError>;

    /// Puts a bookmark on a revision, making it if there is none of that name.
    ///
    /// # Errors
    /// [`ChangeError::BookmarkRaced`] if it is not where it is expected; so for all that take that.
    fn set_bookmark(
        &self,
        name: &BookmarkName,
        to: &Revision,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError>;

    /// Moves a bookmark that is there.
    fn move_bookmark_to(
        &self,
        name: &BookmarkName,
        to: &Revision,
        backwards: Backwards,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError>;

    /// Moves bookmarks forward to the nearest change before the open one, or it, that is not empty:
    /// those named, else the ones that come closest before it. Answers those that moved, and where to.
    fn advance_bookmarks(
        &self,
        names: &[BookmarkName],
    ) -> Result<(Vec<BookmarkName>, ChangeId), ChangeError>;

    fn rename_bookmark(
        &self,
        name: &BookmarkName,
        to: &BookmarkName,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError>;

    /// Takes a name away; its change stays.
    fn delete_bookmark(
        &self,
        name: &BookmarkName,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError>;

    /// Brings everything that `source` has into `target`.
    fn merge_bookmarks(
        &self,
        target: &BookmarkName,
        source: &BookmarkName,
        options: &MergeOptions,
    ) -> Result<Merged, ChangeError>;

    /// The newest operations, newest first; `limit` 0 means all.
    fn operations(&self, limit: usize) -> Result<Vec<OperationInfo>, ChangeError>;

    /// The operation that a unique prefix of an id names.
    ///
    /// # Errors
    /// [`ChangeError::NoOperation`].
    fn operation(&self, id: &str) -> Result<OperationDetails, ChangeError>;

    /// The edits made at these paths, below them, or to a folder above as a whole, and what operations on
    /// history (a rebase, `restore`, those of the real `jj`) did there; all edits if there are no paths.
    /// Newest first; `limit` 0 means all that the audit has.
    fn audit(&self, paths: &[RepoPath], limit: usize) -> Result<Vec<AuditEntry>, ChangeError>;

    /// Makes changes and bookmarks what they were after the operation that a unique prefix of an id
    /// names. What was written since is stored first, and can be restored likewise.
    fn restore_operation(&self, id: &str) -> Result<Rewriting, ChangeError>;
}
