//! Reading git objects: trees, blobs, ranges of large blobs.

use bstr::BString;
use bytes::Bytes;
use mesafs::tree::ObjectId;

use super::error::EngineResult;
use super::types::TreeEntry;

/// Reads the objects of one repository, from any thread, without locks held while decoding.
#[derive(Debug, Clone)]
pub struct Objects {}

impl Objects {
    /// The entries of a tree, sorted by the bytes of their names (git sorts folders otherwise).
    ///
    /// # Errors
    /// [`super::EngineError::Data`] if the object is missing or damaged.
    pub fn tree(&self, tree: ObjectId) -> EngineResult<Vec<TreeEntry>> {
        todo!()
    }

    /// The size of a blob, from its header. Cached.
    ///
    /// # Errors
    /// As [`Self::tree`].
    pub fn blob_size(&self, blob: ObjectId) -> EngineResult<u64> {
        todo!()
    }

    /// Reads exactly `len` bytes from `offset`, which the caller keeps within the blob's size.
    /// Blobs above 4 MiB are streamed, with a bounded cache.
    ///
    /// # Errors
    /// As [`Self::tree`]; also if the blob ends before.
    pub fn read(&self, blob: ObjectId, offset: u64, len: usize) -> EngineResult<Bytes> {
        todo!()
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    /// As [`Self::tree`].
    pub fn symlink_target(&self, blob: ObjectId) -> EngineResult<BString> {
        todo!()
    }
}
