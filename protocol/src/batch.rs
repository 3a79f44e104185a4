//! What is done to files, as it is told: batches of ops, what they bring along, and what became of them.

use bstr::BString;
use bytes::Bytes;
use mesafs::op::{IfExists, Replaced};
use mesafs::path::RepoPath;
use mesafs::tree::{Attributes, ObjectId};
use serde::{Deserialize, Serialize};

use crate::error::ErrorBody;
use crate::ids::{BodyKey, SessionId};
use crate::message::{HeldFile, Listing, Place, RootInfo};

/// What binds the parts of an [`Request::Apply`](crate::Request::Apply).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// One part.
    Plain,
    /// One part, whose grafts were in the repository before.
    Own,
    /// Several parts, all or none.
    Together,
    /// The first brings something, the second takes it away where it was.
    Move,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub session: SessionId,
    pub batch: Batch,
    /// What it was planned on, where that matters.
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Applied once, however often it is sent.
    pub id: u128,
    pub now_ns: i64,
    pub ops: Vec<Op>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    Path(RepoPath),
    Held(u64),
}

/// One op, as `mesafs` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    Create {
        path: RepoPath,
        mode: u32,
        if_exists: IfExists,
    },
    WriteAt {
        target: Target,
        offset: u64,
        #[serde(with = "mesafs::wire::bytes")]
        data: Bytes,
    },
    Append {
        target: Target,
        #[serde(with = "mesafs::wire::bytes")]
        data: Bytes,
    },
    Truncate {
        target: Target,
        len: u64,
    },
    Write {
        path: RepoPath,
        mode: u32,
        #[serde(with = "mesafs::wire::bytes")]
        data: Bytes,
    },
    Replace {
        path: RepoPath,
        base: Body,
        #[serde(with = "mesafs::wire::bytes")]
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
    Rename {
        from: RepoPath,
        to: RepoPath,
        replace: bool,
    },
    Copy {
        from: RepoPath,
        to: RepoPath,
    },
    Graft {
        path: RepoPath,
        node: Node,
    },
    SetMode {
        path: RepoPath,
        mode: u32,
    },
    SetTimes {
        path: RepoPath,
        mtime_ns: i64,
    },
    Symlink {
        path: RepoPath,
        #[serde(with = "mesafs::wire::bytes")]
        target: Bytes,
    },
}

/// A content that an op brings along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body(pub Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    Bytes(#[serde(with = "mesafs::wire::bytes")] Bytes),
    Zeros(u64),
    /// What a session of the same token can read.
    Known {
        session: SessionId,
        place: Place,
        expected: BodyKey,
        offset: u64,
        len: u64,
    },
}

/// A subtree that a graft brings along: each directory before what it holds, paths from its top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node(pub Vec<Item>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub path: RepoPath,
    pub attributes: Attributes,
    pub node: TreeNode,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TreeNode {
    Dir,
    File(Body),
    Symlink(#[serde(with = "mesafs::wire::bstring")] BString),
    Gitlink(ObjectId),
    /// Whatever is at a path of a tree that a session of the same token was told of.
    Known {
        session: SessionId,
        root: u64,
        path: RepoPath,
    },
}

/// One of several things that are done in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    Batch(Batch),
    /// As [`Request::Hold`](crate::Request::Hold) has it.
    Hold {
        handle: u64,
        path: RepoPath,
    },
    Release {
        handle: u64,
    },
}

/// What became of steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stepped {
    /// How many were done.
    pub done: u32,
    /// Why the next one was not, and none after it.
    pub failed: Option<ErrorBody>,
    pub root: RootInfo,
    /// The files that the session holds.
    pub held: Vec<HeldFile>,
    /// The directories that lead to what was changed, as far as they are small or known, and new.
    pub listings: Vec<Listing>,
}

impl Op {
    /// The file or name that it is about; where something goes to, if it goes.
    #[must_use]
    pub fn target(&self) -> Target {
        match self {
            Self::WriteAt { target, .. }
            | Self::Append { target, .. }
            | Self::Truncate { target, .. } => target.clone(),
            Self::Rename { to: path, .. }
            | Self::Copy { to: path, .. }
            | Self::Create { path, .. }
            | Self::Write { path, .. }
            | Self::Replace { path, .. }
            | Self::MakeDir { path, .. }
            | Self::Remove { path, .. }
            | Self::Graft { path, .. }
            | Self::SetMode { path, .. }
            | Self::SetTimes { path, .. }
            | Self::Symlink { path, .. } => Target::Path(path.clone()),
        }
    }
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartApplied {
    pub version: u64,
    pub replaced: Vec<Replaced>,
    pub root: RootInfo,
    /// The held files that its ops name.
    pub held: Vec<HeldFile>,
    /// The directories that lead to what it changed, as far as they are small and new.
    pub listings: Vec<Listing>,
}
