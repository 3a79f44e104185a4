//! The writing side of a command: a buffer in front of a stream.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use memchr::memrchr;
use mesafs::FsResult;

use super::Stream;
use crate::cancel::Cancel;

/// How much gathers before it is written on.
const BUFFER_BYTES: usize = 64 * 1024;

/// When what was written reaches the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// At 64 KiB and at the end.
    Full,
    /// At each line too: a terminal.
    Line,
    /// At once: standard error.
    None,
}

/// A stream being written. What is buffered is lost unless [`Output::flush`] is called.
#[derive(Debug)]
pub struct Output {
    stream: Arc<dyn Stream>,
    cancel: Cancel,
    buffer: BytesMut,
    policy: Policy,
    /// Everything written so far, buffered bytes included.
    written: u64,
}

impl Output {
    #[must_use]
    pub fn new(stream: Arc<dyn Stream>, cancel: Cancel, policy: Policy) -> Self {
        Self { stream, cancel, buffer: BytesMut::new(), policy, written: 0 }
    }

    /// Standard output: line by line on a terminal, else in large pieces.
    #[must_use]
    pub fn standard(stream: Arc<dyn Stream>, cancel: Cancel) -> Self {
        let policy = if stream.is_terminal() { Policy::Line } else { Policy::Full };
        Self::new(stream, cancel, policy)
    }

    #[must_use]
    pub fn stream(&self) -> &Arc<dyn Stream> {
        &self.stream
    }

    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.stream.is_terminal()
    }

    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// # Errors
    /// Those of the stream: EPIPE, ENOSPC, ECANCELED and so on.
    pub fn put(&mut self, data: &[u8]) -> FsResult<()> {
        self.written += data.len() as u64;
        self.buffer.extend_from_slice(data);
        match self.policy {
            Policy::None => self.flush(),
            Policy::Line if memrchr(b'\n', data).is_some() => self.flush(),
            _ if self.buffer.len() >= BUFFER_BYTES => self.flush(),
            _ => Ok(()),
        }
    }

    /// As [`Output::put`], without copying a large piece.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn put_bytes(&mut self, data: Bytes) -> FsResult<()> {
        if data.len() < 4096 {
            return self.put(&data);
        }
        self.flush()?;
        self.written += data.len() as u64;
        self.stream.write(data, &self.cancel)
    }

    /// # Errors
    /// Those of the stream.
    pub fn flush(&mut self) -> FsResult<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let data = self.buffer.split().freeze();
        self.stream.write(data, &self.cancel)
    }
}

/// For `write!`. The error keeps its errno as an OS error.
impl io::Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.put(data)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(Self::flush(self)?)
    }
}
