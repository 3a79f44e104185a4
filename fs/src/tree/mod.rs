//! The immutable, structurally shared tree: what a change holds at one version.
//!
//! Stores, remote mounts and scratch memory all show their content as a [`Root`]. Nodes never
//! change; an edit makes new nodes along its path and shares the rest, so `copy` of a folder is one
//! pointer. Directories and bodies that nobody touched load lazily from a [`Source`]. What a store
//! learns later (where a content is stored) is noted in the node, for everything that shares it.

mod body;
mod chunk;
mod difference;
mod dir;
mod node;
mod root;
mod source;
mod sums;
#[cfg(test)]
mod tests;

pub use body::{Body, CHUNK_BYTES_JOINED_MAX, FILE_BYTES_MAX};
pub use chunk::{Chunk, Landed, ReadAt};
pub use difference::{Difference, Differences, differences};
pub use dir::{Dir, DirIter, Name, StoredDir};
pub use node::{Attributes, Conflict, File, Node, Symlink};
pub use root::{Root, Walk};
pub use source::{Entry, EntryKind, ObjectId, Source};
pub use sums::Sums;
