//! Where untouched directories and bodies come from.

use std::any::Any;
use std::fmt;

use bstr::BString;
use bytes::Bytes;

use super::node::{Attributes, Node};
use super::sums::Sums;
use crate::error::FsResult;

/// A git object id (SHA-1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub [u8; 20]);

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a stored directory says of one name.
#[derive(Debug, Clone)]
pub enum EntryKind {
    /// `facts` names the directory's node in the facts tree, if it has one.
    Dir {
        tree: Option<ObjectId>,
        facts: Option<[u8; 32]>,
        sums: Sums,
    },
    File {
        blob: ObjectId,
        size: u64,
    },
    Symlink {
        target: BString,
        blob: ObjectId,
    },
    /// A submodule: shown as an empty directory, read-only.
    Gitlink {
        commit: ObjectId,
    },
    /// What the source has made itself, with attributes of its own.
    Ready(Node),
}

/// One name of a stored directory, with the facts that git cannot hold already applied.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: BString,
    pub attributes: Attributes,
    pub kind: EntryKind,
}

/// Loads what no edit has touched. Answers are immutable, so callers keep them.
pub trait Source: Any + Send + Sync + fmt::Debug {
    /// The entries of a stored directory, sorted by the bytes of their names. `tree` is `None` for
    /// a directory that git cannot hold because it has no files below.
    ///
    /// # Errors
    /// EIO if the object is missing or damaged.
    fn list(&self, tree: Option<ObjectId>, facts: Option<[u8; 32]>) -> FsResult<Vec<Entry>>;

    /// Reads exactly `len` bytes of a blob from `offset`, which the caller keeps within its size.
    ///
    /// # Errors
    /// EIO if the object is missing or damaged.
    fn read(&self, blob: ObjectId, offset: u64, len: usize) -> FsResult<Bytes>;
}
