//! Ops and batches: what a writer asks of a change.
//!
//! An op is checked against the tree as it is when its turn comes, under the single writer of its
//! change; paths in it are literal (the mount has resolved symbolic links), so a component that is
//! no directory any more fails with ENOTDIR and the mount walks again. A batch lands whole or not at all.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::path::RepoPath;
use crate::tree::{Body, Node};

/// Names a batch over retries and recoveries: applied at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchId(pub u128);

/// Names an open file of a checkout while a handle holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpenId(pub u64);

/// Which file an op writes: the one at a path, or the one that a handle holds wherever it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Path(RepoPath),
    Open(OpenId),
}

/// What `Create` does where the file exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IfExists {
    /// EEXIST (`O_EXCL`); also for a dangling symbolic link.
    Fail,
    /// Leave it as it is.
    Keep,
    /// Empty it (`O_TRUNC`).
    Truncate,
}

/// One logical mutation of a repository's tree.
#[derive(Debug, Clone)]
pub enum Op {
    /// Makes an empty file; an existing directory is EISDIR.
    Create {
        path: RepoPath,
        mode: u32,
        if_exists: IfExists,
    },
    /// Writes at an offset, filling a gap with zeros.
    WriteAt {
        target: Target,
        offset: u64,
        data: Bytes,
    },
    /// Writes at the end, wherever that is when the op lands. Never conflicts.
    Append {
        target: Target,
        data: Bytes,
    },
    Truncate {
        target: Target,
        len: u64,
    },
    /// Sets the whole content, creating the file with `mode` if it is missing.
    Write {
        path: RepoPath,
        mode: u32,
        data: Bytes,
    },
    /// Sets the whole content of a file that was read as `base`: merged if it has moved on since.
    Replace {
        path: RepoPath,
        base: Body,
        data: Bytes,
    },
    MakeDir {
        path: RepoPath,
        mode: u32,
        parents: bool,
    },
    Remove {
        path: RepoPath,
        recursive: bool,
    },
    /// `rename(2)`: replaces a file, or an empty directory by a directory.
    Rename {
        from: RepoPath,
        to: RepoPath,
        replace: bool,
    },
    /// Copies a file over a file, or anything to a free name.
    Copy {
        from: RepoPath,
        to: RepoPath,
    },
    /// Puts a subtree of another repository at a free name, or a file over a file.
    Graft {
        path: RepoPath,
        node: Node,
    },
    SetMode {
        path: RepoPath,
        mode: u32,
    },
    /// Nanoseconds since the Unix epoch.
    SetTimes {
        path: RepoPath,
        mtime_ns: i64,
    },
    Symlink {
        path: RepoPath,
        target: Bytes,
    },
}

/// Ops that become visible together.
#[derive(Debug, Clone)]
pub struct Batch {
    pub id: BatchId,
    /// The time that the ops give to what they touch: nanoseconds since the Unix epoch.
    pub now_ns: i64,
    pub ops: Vec<Op>,
}

/// What became of a `Replace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replaced {
    /// The file was still as read.
    Clean,
    /// It had moved on; both edits are in it.
    Merged,
    /// It had moved on and the edits touch: both sides are kept as a conflict.
    Conflicted,
}

/// What a landed batch did.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The journal sequence of the batch: the version of the change from now on.
    pub version: u64,
    /// One answer for each `Replace` of the batch, in order.
    pub replaced: Vec<Replaced>,
}
