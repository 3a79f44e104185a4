//! What the engine says about history, in mesash's own words.

use bstr::BString;
use mesafs::name::{BookmarkName, ChangeId, CommitOid};
use mesafs::path::RepoPath;
use mesafs::tree::ObjectId;

/// Who is named in commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub name: String,
    pub email: String,
}

/// Whether a call returns only when what it wrote survives power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Survives the process, not the machine.
    Process,
    Power,
}

/// One name of a git tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    pub name: BString,
    pub kind: TreeEntryKind,
}

/// What a name of a git tree stands for. Sizes are not in trees: ask [`super::Objects::blob_size`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TreeEntryKind {
    Dir(ObjectId),
    File { blob: ObjectId, executable: bool },
    Symlink(ObjectId),
    Gitlink(ObjectId),
}

/// The content of a commit.
///
/// `tree` is always one plain git tree: where the commit is conflicted, it holds the file with
/// jj-style markers, and `conflicts` has the sides. A snapshot takes the same: a conflicted file
/// whose blob is still the text with markers keeps its conflict, an edited one is parsed by jj's
/// rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootTree {
    pub tree: ObjectId,
    /// Sorted by path.
    pub conflicts: Vec<ConflictedFile>,
}

/// A path at which a commit's sides differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictedFile {
    pub path: RepoPath,
    /// The bases, one less than `adds`.
    pub removes: Vec<Side>,
    pub adds: Vec<Side>,
}

/// One side of a conflict: `None` where it has nothing at the path.
pub type Side = Option<TreeEntryKind>;

/// A commit as calls report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub change: ChangeId,
    pub oid: CommitOid,
    /// Empty for a child of the root.
    pub parents: Vec<CommitOid>,
    /// Whole, as stored; empty if there is none.
    pub description: String,
    pub author: Author,
    /// The committer's time, in milliseconds since the Unix epoch.
    pub committed_ms: i64,
    /// Whether its tree equals its parent's.
    pub empty: bool,
    pub immutable: bool,
    pub conflicted: bool,
    /// Whether its change has other visible commits.
    pub divergent: bool,
    /// Sorted.
    pub bookmarks: Vec<BookmarkName>,
    /// How many letters of the change id are its shortest unique prefix.
    pub prefix_len: usize,
}

/// A change that an id or a prefix names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub change: ChangeId,
    /// Its newest commit.
    pub commit: CommitOid,
    /// Its other visible commits, if the change is divergent.
    pub others: Vec<CommitOid>,
}

/// What something is done to: a change, which must have one commit then, or one of a change's commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    Change(&'a ChangeId),
    Commit(&'a CommitOid),
}

impl<'a> From<&'a ChangeId> for Target<'a> {
    fn from(change: &'a ChangeId) -> Self {
        Self::Change(change)
    }
}

impl<'a> From<&'a CommitOid> for Target<'a> {
    fn from(commit: &'a CommitOid) -> Self {
        Self::Commit(commit)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    pub name: BookmarkName,
    /// `None` while the bookmark is conflicted.
    pub target: Option<(ChangeId, CommitOid)>,
    pub default: bool,
}

/// A commit that a transaction replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    pub change: ChangeId,
    pub before: CommitOid,
    /// `None` if the change was abandoned.
    pub after: Option<CommitOid>,
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transacted {
    /// jj's id of the operation, in hexadecimal: the head after the call.
    pub operation: String,
    /// The commits that it replaced, rebased descendants included.
    pub rewritten: Vec<Rewritten>,
}
