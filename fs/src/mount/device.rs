//! Handles on devices and on the fixed texts of the namespace.

use bytes::Bytes;
use parking_lot::Mutex;

use super::namespace::{Device, Fixed};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::{Handle, SeekFrom};
use crate::path::RealPath;
use crate::stat::FsStat;

/// How much a read of an endless device gives at once.
const CHUNK_BYTES_MAX: usize = 128 * 1024;
static ZEROS: [u8; CHUNK_BYTES_MAX] = [0; CHUNK_BYTES_MAX];

#[derive(Debug)]
pub(super) struct DeviceHandle {
    fixed: Fixed,
    stat: FsStat,
    path: RealPath,
    offset: Mutex<u64>,
}

impl DeviceHandle {
    pub fn new(fixed: Fixed, stat: FsStat, path: RealPath) -> Self {
        Self { fixed, stat, path, offset: Mutex::new(0) }
    }

    fn fail<T>(&self, errno: Errno, operation: Operation) -> FsResult<T> {
        Err(FsError::new(errno, operation, self.path.to_vpath()))
    }

    fn text(&self) -> &'static [u8] {
        match self.fixed {
            Fixed::Text(text) => text.as_bytes(),
            _ => b"",
        }
    }
}

impl Handle for DeviceHandle {
    fn read(&self, len: usize) -> FsResult<Bytes> {
        let mut offset = self.offset.lock();
        let data = self.read_at(*offset, len)?;
        if !matches!(self.fixed, Fixed::Device(_)) {
            *offset += data.len() as u64;
        }
        Ok(data)
    }

    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        let len = len.min(CHUNK_BYTES_MAX);
        match self.fixed {
            Fixed::Device(Device::Zero | Device::Full) => Ok(Bytes::from_static(&ZEROS[..len])),
            Fixed::Device(Device::Random) => {
                let mut data = vec![0; len];
                match getrandom::fill(&mut data) {
                    Ok(()) => Ok(data.into()),
                    Err(_) => self.fail(Errno::Io, Operation::Read),
                }
            }
            Fixed::Dir(_) => self.fail(Errno::IsDir, Operation::Read),
            _ => {
                let text = self.text();
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
                let end = start.saturating_add(len).min(text.len());
                Ok(Bytes::from_static(&text[start..end]))
            }
        }
    }

    fn write(&self, data: Bytes) -> FsResult<()> {
        self.write_at(0, data)
    }

    fn write_at(&self, _offset: u64, data: Bytes) -> FsResult<()> {
        match self.fixed {
            Fixed::Device(Device::Full) if !data.is_empty() => {
                self.fail(Errno::NoSpc, Operation::Write)
            }
            Fixed::Device(_) => Ok(()),
            _ => self.fail(Errno::BadF, Operation::Write),
        }
    }

    fn seek(&self, to: SeekFrom) -> FsResult<u64> {
        let mut offset = self.offset.lock();
        let from = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => offset.checked_add_signed(by),
            SeekFrom::End(by) => (self.text().len() as u64).checked_add_signed(by),
        };
        match from {
            Some(at) => {
                *offset = at;
                Ok(at)
            }
            None => self.fail(Errno::Inval, Operation::Seek),
        }
    }

    fn set_len(&self, _len: u64) -> FsResult<()> {
        self.fail(Errno::Inval, Operation::Truncate)
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(self.stat.clone())
    }

    fn path(&self) -> Option<RealPath> {
        Some(self.path.clone())
    }
}
