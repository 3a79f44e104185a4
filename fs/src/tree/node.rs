//! The entries of an immutable tree: files, symbolic links, directories, submodules.

use std::sync::{Arc, OnceLock};

use bstr::{BStr, BString, ByteSlice};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::dir::Dir;
use super::source::{Entry, EntryKind, ObjectId, Source};
use crate::stat::FileKind;

/// What is stored of an entry beside its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attributes {
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Nanoseconds since the Unix epoch; `None` for what no edit has touched, which shows the time
    /// of the commit that the mount opened on.
    pub mtime_ns: Option<i64>,
}

impl Attributes {
    /// Those of something that is made or written at `now_ns`.
    #[must_use]
    pub fn new(mode: u32, now_ns: i64) -> Self {
        Self { mode: mode & 0o7777, mtime_ns: Some(now_ns) }
    }

    #[must_use]
    pub fn touched(self, now_ns: i64) -> Self {
        Self { mtime_ns: Some(now_ns), ..self }
    }
}

/// How the first line of a conflict begins in a file that is read; a longer one begins so, too.
const CONFLICT_BEGINS: &[u8] = b"<<<<<<<";

/// The sides of a file that two writers left touching, in jj's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The bases; one less than `adds`. `None` stands for an absent file.
    pub removes: Vec<Option<Body>>,
    pub adds: Vec<Option<Body>>,
}

/// A regular file. Its body is what reads see; a conflicted file's body is the text with markers,
/// or an edit of it, which the snapshot parses back.
#[derive(Debug, Clone)]
pub struct File {
    pub attributes: Attributes,
    pub body: Body,
    pub conflict: Option<Arc<Conflict>>,
}

impl File {
    #[must_use]
    pub fn new(attributes: Attributes, body: Body) -> Self {
        Self { attributes, body, conflict: None }
    }

    /// Whether its sides differ still. One that was written without markers is settled when the change
    /// is stored next, and is told to be so now; one that cannot be read counts as it is.
    #[must_use]
    pub fn is_conflicted(&self) -> bool {
        let marked = |body: Bytes| body.lines().any(|line| line.starts_with(CONFLICT_BEGINS));
        self.conflict.is_some() && self.body.read_all().map_or(true, marked)
    }

    /// This file with another content; an edited conflict stays one.
    #[must_use]
    pub fn with_body(&self, body: Body, now_ns: i64) -> Self {
        Self { attributes: self.attributes.touched(now_ns), body, conflict: self.conflict.clone() }
    }
}

/// A symbolic link.
#[derive(Debug)]
pub struct Symlink {
    pub attributes: Attributes,
    pub target: BString,
    stored: OnceLock<ObjectId>,
}

impl Symlink {
    #[must_use]
    pub fn new(attributes: Attributes, target: impl Into<BString>) -> Self {
        Self { attributes, target: target.into(), stored: OnceLock::new() }
    }

    #[must_use]
    pub fn target(&self) -> &BStr {
        self.target.as_bstr()
    }

    /// The same link with other attributes.
    #[must_use]
    pub fn with_attributes(&self, attributes: Attributes) -> Self {
        Self { attributes, target: self.target.clone(), stored: self.stored.clone() }
    }

    /// The blob of the target, once it is known to be stored.
    #[must_use]
    pub fn stored(&self) -> Option<ObjectId> {
        self.stored.get().copied()
    }

    pub fn mark_stored(&self, blob: ObjectId) {
        let _first_is_right = self.stored.set(blob);
    }
}

/// One entry of a directory. Cheap to clone: everything is shared.
#[derive(Debug, Clone)]
pub enum Node {
    Dir(Dir),
    File(Arc<File>),
    Symlink(Arc<Symlink>),
    /// A submodule: shown as an empty directory, read-only.
    Gitlink(ObjectId),
}

impl From<File> for Node {
    fn from(file: File) -> Self {
        Self::File(Arc::new(file))
    }
}

impl From<Symlink> for Node {
    fn from(link: Symlink) -> Self {
        Self::Symlink(Arc::new(link))
    }
}

impl From<Dir> for Node {
    fn from(dir: Dir) -> Self {
        Self::Dir(dir)
    }
}

impl Node {
    /// What a stored directory's entry stands for. Nothing is read.
    #[must_use]
    pub fn from_entry(source: &Arc<dyn Source>, entry: &Entry) -> Self {
        let attributes = entry.attributes;
        match &entry.kind {
            EntryKind::Dir { tree, facts, sums } => {
                Dir::lazy(attributes, Arc::clone(source), *tree, *facts, *sums).into()
            }
            EntryKind::File { blob, size } => {
                File::new(attributes, Body::from_blob(Arc::clone(source), *blob, *size)).into()
            }
            EntryKind::Symlink { target, blob } => {
                let link = Symlink::new(attributes, target.clone());
                link.mark_stored(*blob);
                link.into()
            }
            EntryKind::Gitlink { commit } => Self::Gitlink(*commit),
            EntryKind::Ready(node) => node.clone(),
        }
    }

    /// What `stat` calls it; a submodule is an empty directory.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        match self {
            Self::Dir(_) | Self::Gitlink(_) => FileKind::Directory,
            Self::File(_) => FileKind::File,
            Self::Symlink(_) => FileKind::Symlink,
        }
    }

    #[must_use]
    pub fn attributes(&self) -> Attributes {
        match self {
            Self::Dir(dir) => dir.attributes,
            Self::File(file) => file.attributes,
            Self::Symlink(link) => link.attributes,
            Self::Gitlink(_) => Attributes { mode: 0o755, mtime_ns: None },
        }
    }

    /// The same content with other attributes; a submodule has none of its own.
    #[must_use]
    pub fn with_attributes(&self, attributes: Attributes) -> Self {
        match self {
            Self::Dir(dir) => dir.with_attributes(attributes).into(),
            Self::File(file) => File { attributes, ..File::clone(file) }.into(),
            Self::Symlink(link) => link.with_attributes(attributes).into(),
            Self::Gitlink(commit) => Self::Gitlink(*commit),
        }
    }

    /// `st_size`: bytes of a file or of a symbolic link's target, 0 for a directory.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.body.len(),
            Self::Symlink(link) => link.target.len() as u64,
            Self::Dir(_) | Self::Gitlink(_) => 0,
        }
    }

    /// Whether all of it, attributes of its own aside, is known to be stored: nothing to snapshot.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        match self {
            Self::Dir(dir) => dir.is_clean(),
            Self::File(file) => file.body.stored().is_some() && file.conflict.is_none(),
            Self::Symlink(link) => link.stored().is_some(),
            Self::Gitlink(_) => true,
        }
    }

    /// Whether both are one and the same node: what an edit did not touch.
    #[must_use]
    pub fn same_identity(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dir(one), Self::Dir(two)) => {
                one.attributes == two.attributes && one.same_identity(two)
            }
            (Self::File(one), Self::File(two)) => {
                Arc::ptr_eq(one, two)
                    || (one.attributes == two.attributes
                        && one.body.same_identity(&two.body)
                        && one.conflict == two.conflict)
            }
            (Self::Symlink(one), Self::Symlink(two)) => {
                one.attributes == two.attributes && one.target == two.target
            }
            (Self::Gitlink(one), Self::Gitlink(two)) => one == two,
            _ => false,
        }
    }
}
