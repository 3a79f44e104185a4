//! The immutable, structurally shared tree: what a change holds at one version.
//!
//! Stores, remote mounts and scratch memory all show their content as a [`Root`]. Nodes never
//! change; an edit makes new nodes along its path and shares the rest, so `copy` of a folder is one
//! pointer. Directories and bodies that nobody touched load lazily from a [`Source`].

mod body;
mod node;
mod source;

pub use body::{Body, Chunk};
pub use node::{Attributes, Conflict, Dir, File, Node, Root, Sums, Symlink};
pub use source::{Entry, EntryKind, ObjectId, Source};
