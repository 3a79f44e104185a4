//! Handles on files of a volume.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::walk::anew;
use super::{Shared, VolumeId};
use crate::backend::{OpenFile, Volume};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::{Handle, OpenOptions, SeekFrom};
use crate::op::{Op, Target};
use crate::path::RealPath;
use crate::stat::FsStat;

/// How much is looked at for the end of a line: most are short, and what is read may be copied.
const LINE_BYTES: usize = 256;
const LONG_LINE_BYTES: usize = 4096;

/// An open file: the volume follows it through renames, this keeps the offset and the access.
#[derive(Debug)]
pub(super) struct FileHandle {
    shared: Arc<Shared>,
    id: VolumeId,
    volume: Arc<dyn Volume>,
    open: Arc<dyn OpenFile>,
    options: OpenOptions,
    /// The path that it was opened by, for errors.
    path: RealPath,
    opened_ns: i64,
    offset: Mutex<u64>,
}

impl FileHandle {
    pub fn new(
        shared: Arc<Shared>,
        id: VolumeId,
        open: Arc<dyn OpenFile>,
        options: OpenOptions,
        path: RealPath,
        opened_ns: i64,
    ) -> Self {
        let volume = shared.volume(id);
        Self { shared, id, volume, open, options, path, opened_ns, offset: Mutex::new(0) }
    }

    fn error(&self, errno: Errno, operation: Operation) -> FsError {
        FsError::new(errno, operation, self.path.to_vpath())
    }

    fn apply(&self, op: Op) -> FsResult<()> {
        let batch = self.shared.batch(vec![op]);
        match self.volume.apply(batch) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.at(self.path.to_vpath())),
        }
    }

    fn check_writable(&self, operation: Operation) -> FsResult<()> {
        if self.options.write || self.options.append {
            Ok(())
        } else {
            Err(self.error(Errno::BadF, operation))
        }
    }

    fn target(&self) -> Target {
        Target::Open(self.open.id())
    }
}

impl Handle for FileHandle {
    fn read(&self, len: usize) -> FsResult<Bytes> {
        let mut offset = self.offset.lock();
        let data = self.read_at(*offset, len)?;
        *offset += data.len() as u64;
        Ok(data)
    }

    fn read_until(&self, delimiter: u8, len: usize) -> FsResult<Bytes> {
        let mut offset = self.offset.lock();
        let mut data = self.read_at(*offset, len.min(LINE_BYTES))?;
        let mut end = memchr::memchr(delimiter, &data);
        if end.is_none() && data.len() == LINE_BYTES {
            data = self.read_at(*offset, len.min(LONG_LINE_BYTES))?;
            end = memchr::memchr(delimiter, &data);
        }
        if let Some(at) = end {
            data.truncate(at + 1);
        }
        *offset += data.len() as u64;
        Ok(data)
    }

    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        if !self.options.read {
            return Err(self.error(Errno::BadF, Operation::Read));
        }
        let read = || {
            let body = self.open.file()?.body;
            let left = body.len().saturating_sub(offset);
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(len);
            if len == 0 { Ok(Bytes::new()) } else { body.read_at(offset, len) }
        };
        anew(read).map_err(|error| error.at(self.path.to_vpath()))
    }

    fn write(&self, data: Bytes) -> FsResult<()> {
        self.check_writable(Operation::Write)?;
        let mut offset = self.offset.lock();
        let len = data.len() as u64;
        if self.options.append {
            self.apply(Op::Append { target: self.target(), data })?;
            *offset = self.open.file()?.body.len();
            return Ok(());
        }
        self.apply(Op::WriteAt { target: self.target(), offset: *offset, data })?;
        *offset += len;
        Ok(())
    }

    fn write_at(&self, offset: u64, data: Bytes) -> FsResult<()> {
        self.check_writable(Operation::Write)?;
        // As Linux does: a descriptor in append mode appends even here.
        if self.options.append {
            return self.apply(Op::Append { target: self.target(), data });
        }
        self.apply(Op::WriteAt { target: self.target(), offset, data })
    }

    fn seek(&self, to: SeekFrom) -> FsResult<u64> {
        let mut offset = self.offset.lock();
        let from = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => offset.checked_add_signed(by),
            SeekFrom::End(by) => self.open.file()?.body.len().checked_add_signed(by),
        };
        *offset = from.ok_or_else(|| self.error(Errno::Inval, Operation::Seek))?;
        Ok(*offset)
    }

    fn set_len(&self, len: u64) -> FsResult<()> {
        self.check_writable(Operation::Truncate)?;
        self.apply(Op::Truncate { target: self.target(), len })
    }

    fn metadata(&self) -> FsResult<FsStat> {
        let file = self.open.file().map_err(|error| error.at(self.path.to_vpath()))?;
        let real = self.path().unwrap_or_else(|| self.path.clone());
        Ok(super::stat::file_stat(&file, self.id, &real, self.opened_ns))
    }

    fn path(&self) -> Option<RealPath> {
        Some(self.shared.real_path(self.id, &self.open.path()?))
    }
}
