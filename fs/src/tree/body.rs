//! File contents: ropes of chunks, so that an append costs its own bytes.

use std::sync::Arc;

use bytes::Bytes;

use super::source::{ObjectId, Source};

/// A piece of a file's content.
#[derive(Debug, Clone)]
pub enum Chunk {
    Memory(Bytes),
    /// Bytes `offset..offset + len` of a stored blob.
    Blob {
        source: Arc<dyn Source>,
        blob: ObjectId,
        offset: u64,
        len: u64,
    },
    Zeros(u64),
    /// Bytes in a journal segment or the like, read by position.
    External {
        reader: Arc<dyn ReadAt>,
        offset: u64,
        len: u64,
    },
}

/// Something that is read by position and never changes where a chunk points.
pub trait ReadAt: Send + Sync + std::fmt::Debug {
    /// # Errors
    /// EIO if the bytes cannot be had.
    fn read_at(&self, offset: u64, len: usize) -> crate::error::FsResult<Bytes>;
}

/// The content of a file at one moment. Two bodies with the same identity have the same content.
#[derive(Debug, Clone)]
pub struct Body(Arc<Vec<Chunk>>);

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for Body {}
