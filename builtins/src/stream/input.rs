//! The reading side of a command: chunks, and lines out of chunks.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use memchr::memchr;
use mesafs::filesystem::SeekFrom;
use mesafs::{FsError, FsResult};

use super::Stream;
use crate::budget::{Budget, Growing, Held, LimitReached, Resource};
use crate::cancel::Cancel;
use crate::command::CommandError;

/// How much one read asks for.
const CHUNK_BYTES: usize = 128 * 1024;

/// Why a line could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Stream(#[from] FsError),
    #[error(transparent)]
    Limit(#[from] LimitReached),
}

/// A stream being read, with what was read and not yet taken.
///
/// When dropped, what was not taken is given back to a stream that has positions, so that the next
/// reader of the same descriptor goes on there, as POSIX wants of utilities (XCU 1.4).
#[derive(Debug)]
pub struct Input {
    stream: Arc<dyn Stream>,
    cancel: Cancel,
    pending: Bytes,
}

impl Input {
    #[must_use]
    pub fn new(stream: Arc<dyn Stream>, cancel: Cancel) -> Self {
        Self { stream, cancel, pending: Bytes::new() }
    }

    #[must_use]
    pub fn stream(&self) -> &Arc<dyn Stream> {
        &self.stream
    }

    /// The next bytes, as many as there are at once; empty at the end.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn chunk(&mut self) -> FsResult<Bytes> {
        if self.pending.is_empty() {
            self.stream.read(CHUNK_BYTES, &self.cancel)
        } else {
            Ok(std::mem::take(&mut self.pending))
        }
    }

    /// Gives back the end of what was taken last, to be taken again.
    pub fn unread(&mut self, bytes: Bytes) {
        if self.pending.is_empty() {
            self.pending = bytes;
        } else if !bytes.is_empty() {
            let mut joined = BytesMut::from(&bytes[..]);
            joined.extend_from_slice(&self.pending);
            self.pending = joined.freeze();
        }
    }

    /// As [`Input::line`], for a line that may be longer than the run may hold.
    ///
    /// # Errors
    /// Those of the stream, and the budget's limit.
    pub fn line_within(
        &mut self,
        delimiter: u8,
        budget: &Budget,
    ) -> Result<Option<Bytes>, ReadError> {
        if let Some(at) = memchr(delimiter, &self.pending) {
            return Ok(Some(self.pending.split_to(at + 1)));
        }
        let mut held = Growing::new(budget);
        let mut line = BytesMut::new();
        loop {
            let mut chunk = self.chunk()?;
            let Some(at) = memchr(delimiter, &chunk) else {
                held.reach(line.len() + chunk.len())?;
                line.extend_from_slice(&chunk);
                if chunk.is_empty() {
                    return Ok((!line.is_empty()).then(|| line.freeze()));
                }
                continue;
            };
            let head = chunk.split_to(at + 1);
            self.pending = chunk;
            if line.is_empty() {
                return Ok(Some(head));
            }
            line.extend_from_slice(&head);
            return Ok(Some(line.freeze()));
        }
    }

    /// The next line with its `delimiter`; the last one may lack it; `None` at the end.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn line(&mut self, delimiter: u8) -> FsResult<Option<Bytes>> {
        if let Some(at) = memchr(delimiter, &self.pending) {
            return Ok(Some(self.pending.split_to(at + 1)));
        }
        let mut line = BytesMut::new();
        loop {
            let mut chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok((!line.is_empty()).then(|| line.freeze()));
            }
            match memchr(delimiter, &chunk) {
                Some(at) => {
                    let head = chunk.split_to(at + 1);
                    self.pending = chunk;
                    if line.is_empty() {
                        return Ok(Some(head));
                    }
                    line.extend_from_slice(&head);
                    return Ok(Some(line.freeze()));
                }
                None => line.extend_from_slice(&chunk),
            }
        }
    }

    /// Everything that is left, charged to `budget` as it comes.
    ///
    /// # Errors
    /// Those of the stream, and the budget's limit.
    pub fn rest_within(&mut self, budget: &Budget) -> Result<(Bytes, Held), CommandError> {
        let mut held = budget.hold(Resource::Memory, 0)?;
        let mut all = BytesMut::new();
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok((all.freeze(), held));
            }
            held.grow(chunk.len() as u64)?;
            all.extend_from_slice(&chunk);
        }
    }

    /// Everything that is left. The caller charges its budget for what may grow.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn rest(&mut self) -> FsResult<Bytes> {
        let first = self.chunk()?;
        let mut next = self.chunk()?;
        if next.is_empty() {
            return Ok(first);
        }
        let mut all = BytesMut::from(&first[..]);
        while !next.is_empty() {
            all.extend_from_slice(&next);
            next = self.chunk()?;
        }
        Ok(all.freeze())
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            let back = i64::try_from(self.pending.len()).unwrap_or(i64::MAX);
            // A pipe cannot take bytes back; they are lost, as they are to a process that read them.
            drop(self.stream.seek(SeekFrom::Current(-back)));
        }
    }
}
