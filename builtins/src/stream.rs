//! Streams: what a file descriptor leads to.
//!
//! A [`Stream`] is an open file description, shared by every descriptor that was duplicated from
//! it. Files, pipes, devices and the host's terminal look alike to commands. Reads and writes block
//! until they can go on or their [`Cancel`] is set.

mod capture;
mod input;
mod output;
mod pipe;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mesafs::filesystem::{Handle, SeekFrom};
use mesafs::{Errno, FsError, FsResult, FsStat, Operation};

use crate::cancel::Cancel;

pub use capture::Capture;
pub use input::{Input, ReadError};
pub use output::{Output, Policy};
pub use pipe::{PIPE_BYTES, PipeReader, PipeWriter, pipe};

/// An open file description.
///
/// A cancelled wait fails with ECANCELED, a write that nobody will read with EPIPE.
pub trait Stream: Send + Sync + fmt::Debug {
    /// Up to `len` bytes, waiting for the first; empty only at the end (or if `len` is 0).
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes>;
    /// Up to `len` bytes and none behind the first `delimiter`, so that whoever reads next goes on
    /// there; waits as [`Stream::read`] does. It may give less than a line.
    fn read_until(&self, delimiter: u8, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        let _ = delimiter;
        self.read(len.min(1), cancel)
    }
    /// All of `data`.
    fn write(&self, data: Bytes, cancel: &Cancel) -> FsResult<()>;
    /// ESPIPE where there are no positions.
    fn seek(&self, to: SeekFrom) -> FsResult<u64>;
    fn metadata(&self) -> FsResult<FsStat>;
    /// Waits until a read would not block, at most `timeout`; true if it would not.
    fn wait_readable(&self, timeout: Duration, cancel: &Cancel) -> FsResult<bool>;
    fn is_terminal(&self) -> bool {
        false
    }
    /// Columns and rows of a terminal.
    fn window(&self) -> Option<(usize, usize)> {
        None
    }
    /// A key of a terminal as it is pressed, without an echo: the bytes that it sends. Elsewhere a byte.
    fn read_key(&self, cancel: &Cancel) -> FsResult<Bytes> {
        self.read(1, cancel)
    }
    /// The file behind it, for positioned access.
    fn file(&self) -> Option<&Arc<dyn Handle>> {
        None
    }
}

/// A [`Stream`] on a file.
#[derive(Debug, Clone)]
pub struct FileStream(pub Arc<dyn Handle>);

impl Stream for FileStream {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        check(cancel, Operation::Read)?;
        self.0.read(len)
    }

    fn read_until(&self, delimiter: u8, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        check(cancel, Operation::Read)?;
        self.0.read_until(delimiter, len)
    }

    fn write(&self, data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)?;
        self.0.write(data)
    }

    fn seek(&self, to: SeekFrom) -> FsResult<u64> {
        self.0.seek(to)
    }

    fn metadata(&self) -> FsResult<FsStat> {
        self.0.metadata()
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }

    fn file(&self) -> Option<&Arc<dyn Handle>> {
        Some(&self.0)
    }
}

/// Fails with ECANCELED once `cancel` is set.
///
/// # Errors
/// ECANCELED.
pub fn check(cancel: &Cancel, operation: Operation) -> FsResult<()> {
    if cancel.is_cancelled() {
        return Err(FsError::new(Errno::Canceled, operation, ""));
    }
    Ok(())
}
