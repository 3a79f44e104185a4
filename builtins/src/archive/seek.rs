//! A file as the readers that the libraries want, with positions.

use std::io::{self, SeekFrom};
use std::sync::Arc;

use mesafs::filesystem::Handle;

use crate::cancel::Cancel;
use crate::prelude::*;
use crate::stream::check;

/// How much is read ahead.
const AHEAD_BYTES: usize = 64 << 10;

/// Reads a file from anywhere. Its length is the one at the beginning.
#[derive(Debug)]
pub(super) struct Seeking {
    handle: Arc<dyn Handle>,
    cancel: Cancel,
    len: u64,
    at: u64,
    /// What was read ahead, and where it starts.
    ahead: (u64, Bytes),
}

impl Seeking {
    pub fn new(handle: Arc<dyn Handle>, cancel: Cancel) -> FsResult<Self> {
        let len = handle.metadata()?.size;
        Ok(Self { handle, cancel, len, at: 0, ahead: (0, Bytes::new()) })
    }
}

impl io::Read for Seeking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let inside = |(start, bytes): &(u64, Bytes), at: u64| {
            at.checked_sub(*start)
                .and_then(|skip| usize::try_from(skip).ok())
                .filter(|skip| *skip < bytes.len())
        };
        if inside(&self.ahead, self.at).is_none() {
            check(&self.cancel, mesafs::Operation::Read)?;
            self.ahead = (self.at, self.handle.read_at(self.at, AHEAD_BYTES.max(buffer.len()))?);
        }
        let Some(skip) = inside(&self.ahead, self.at) else { return Ok(0) };
        let rest = self.ahead.1.get(skip..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..len), rest.get(..len)) {
            to.copy_from_slice(from);
        }
        self.at += len as u64;
        Ok(len)
    }
}

impl io::Seek for Seeking {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
