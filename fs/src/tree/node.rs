//! Directories, files and symbolic links of an immutable tree.

use std::sync::{Arc, OnceLock};

use bstr::{BStr, BString, ByteSlice};
use imbl::OrdMap;

use super::body::Body;
use super::source::{ObjectId, Source};
use crate::name::ChangeId;

/// What is stored of an entry beside its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Nanoseconds since the Unix epoch; `None` for what no edit has touched, which shows the time
    /// of the commit that the mount opened on.
    pub mtime_ns: Option<i64>,
}

/// What a directory holds below it, saturating, so that limits hold without walking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Entries at any depth, the directory itself not counted.
    pub entries: u64,
    /// Logical bytes of all files below.
    pub bytes: u64,
    /// The deepest nesting below: 0 for an empty directory, 1 if it holds entries only.
    pub depth: u32,
    /// Bytes of the longest relative path below, `/` included.
    pub longest_path: u32,
}

/// The sides of a file that two writers left touching, in jj's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The bases; one less than `adds`. `None` stands for an absent file.
    pub removes: Vec<Option<Body>>,
    pub adds: Vec<Option<Body>>,
}

/// A regular file. Its body is what reads see; a conflicted file's body is the text with markers.
#[derive(Debug, Clone)]
pub struct File {
    pub attributes: Attributes,
    pub body: Body,
    pub conflict: Option<Arc<Conflict>>,
}

#[derive(Debug, Clone)]
pub struct Symlink {
    pub attributes: Attributes,
    pub target: Arc<BString>,
    /// The blob of the target, once it is known to be stored.
    pub stored: Arc<OnceLock<ObjectId>>,
}

/// One entry of a directory. Cheap to clone: everything is shared.
#[derive(Debug, Clone)]
pub enum Node {
    Dir(Dir),
    File(Arc<File>),
    Symlink(Symlink),
    Gitlink(ObjectId),
}

/// A directory: its entries are loaded at the first look.
#[derive(Debug, Clone)]
pub struct Dir(pub(super) Arc<DirInner>);

#[derive(Debug)]
pub(super) struct DirInner {
    pub attributes: Attributes,
    pub sums: Sums,
    pub children: OnceLock<OrdMap<Arc<BStrKey>, Node>>,
    pub lazy: Option<(Arc<dyn Source>, Option<ObjectId>, Option<[u8; 32]>)>,
    /// The git tree and facts node, once they are known to be stored.
    pub stored: OnceLock<(Option<ObjectId>, Option<[u8; 32]>)>,
}

/// An entry's name as a map key.
pub type BStrKey = BString;

/// The tree of a change at one version. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Root {
    pub dir: Dir,
    pub change: ChangeId,
    /// The journal sequence of the last batch in it.
    pub version: u64,
    /// What untouched entries show as their time: nanoseconds since the Unix epoch.
    pub opened_ns: i64,
}

impl Symlink {
    #[must_use]
    pub fn target(&self) -> &BStr {
        self.target.as_bstr()
    }
}
