//! A stream that keeps what is written to it, for a command that reads another's output.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mesafs::filesystem::SeekFrom;
use mesafs::{Errno, FileKind, FsError, FsResult, FsStat, Operation};
use parking_lot::Mutex;

use super::{Stream, check};
use crate::budget::{Budget, Held, Resource};
use crate::cancel::Cancel;

/// Memory that is written to like a pipe whose reader never waits. Charged to the budget.
#[derive(Debug, Clone)]
pub struct Capture(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    budget: Budget,
    data: Mutex<(Vec<u8>, Vec<Held>)>,
}

impl Capture {
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self(Arc::new(Memory { budget, data: Mutex::default() }))
    }

    /// What to write to.
    #[must_use]
    pub fn stream(&self) -> Arc<dyn Stream> {
        Arc::clone(&self.0) as Arc<dyn Stream>
    }

    /// What was written; nothing is left.
    #[must_use]
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.data.lock()).0
    }
}

impl Stream for Memory {
    fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        Err(FsError::new(Errno::BadF, Operation::Read, ""))
    }

    fn write(&self, data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)?;
        let held = self.budget.hold(Resource::Memory, data.len() as u64).map_err(|limit| {
            FsError::new(Errno::NoMem, Operation::Write, "").with_detail(limit.to_string())
        })?;
        let mut kept = self.data.lock();
        kept.0.extend_from_slice(&data);
        kept.1.push(held);
        Ok(())
    }

    fn seek(&self, _to: SeekFrom) -> FsResult<u64> {
        Err(FsError::new(Errno::SPipe, Operation::Seek, ""))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(FsStat::of_stream(FileKind::Pipe, 0))
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Err(FsError::new(Errno::BadF, Operation::Read, ""))
    }
}
