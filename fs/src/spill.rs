//! Room on the host for what a run has no memory for.

use std::fmt;

use bytes::Bytes;

use crate::error::FsResult;

/// A file that only its holder knows of: it has no name, and nothing is left of it once it is
/// dropped, or the process has ended in whatever way.
pub trait SpillFile: Send + Sync + fmt::Debug {
    /// Writes all of `data` at `offset`.
    ///
    /// # Errors
    /// ENOSPC, EIO.
    fn write_at(&self, offset: u64, data: &[u8]) -> FsResult<()>;

    /// Exactly `len` bytes from `offset`, which must have been written.
    ///
    /// # Errors
    /// EIO.
    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes>;
}
