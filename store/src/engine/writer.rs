//! Writing git objects: few of them loose, many as one pack.

use std::io::Read;

use mesafs::tree::ObjectId;

use super::error::EngineResult;
use super::types::{Durability, TreeEntry};

/// Stores the blobs and trees of one snapshot. They are only sure to be readable after
/// [`Self::finish`]; one that is dropped unfinished leaves nothing that matters.
#[derive(Debug)]
pub struct ObjectWriter {}

impl ObjectWriter {
    /// Stores a blob of exactly `len` bytes, streamed.
    ///
    /// # Errors
    /// [`super::EngineError::Io`]; the reader's error too, and its ending early or late.
    pub fn blob(&mut self, len: u64, content: &mut dyn Read) -> EngineResult<ObjectId> {
        todo!()
    }

    /// Stores a tree; the entries may come in any order. An empty tree is git's empty tree.
    ///
    /// # Errors
    /// [`super::EngineError::Io`].
    pub fn tree(&mut self, entries: &[TreeEntry]) -> EngineResult<ObjectId> {
        todo!()
    }

    /// Makes everything readable, and durable if asked. Answers how many objects were new.
    ///
    /// # Errors
    /// [`super::EngineError::Io`].
    pub fn finish(self, durability: Durability) -> EngineResult<u64> {
        todo!()
    }
}
