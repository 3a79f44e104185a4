//! The pieces that file contents are made of, and where their bytes are.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;

use super::source::{ObjectId, Source};
use crate::error::{Errno, FsError, FsResult, Operation};

/// Something that is read by position and never changes where a chunk points.
pub trait ReadAt: std::any::Any + Send + Sync + std::fmt::Debug {
    /// Reads exactly `len` bytes, which the caller keeps within what is there.
    ///
    /// # Errors
    /// EIO if the bytes cannot be had.
    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes>;
}

/// A piece of a file's content. Cheap to clone and to cut.
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
    /// Bytes of a buffer that goes on growing behind them.
    Grown {
        buffer: Arc<Growing>,
        offset: u64,
        len: u64,
    },
    /// A cut of an op's data that may move out of memory once it is in the journal.
    Landed {
        landed: Arc<Landed>,
        offset: u64,
        len: u64,
    },
}

/// A buffer for the bytes that are appended to a file one little after the other. What is in it never
/// changes; a body that was made of it sees as far as it went then.
#[derive(Debug)]
pub struct Growing(RwLock<Vec<u8>>);

impl Growing {
    /// The longest that one becomes.
    const BYTES_MAX: usize = super::body::CHUNK_BYTES_JOINED_MAX;
    /// Up to so much is copied to begin another.
    const COPIED_BYTES_MAX: usize = 16 << 10;

    fn begin(before: &[u8], bytes: &[u8]) -> Arc<Self> {
        let mut buffer = Vec::with_capacity((before.len() + bytes.len()).next_power_of_two());
        buffer.extend_from_slice(before);
        buffer.extend_from_slice(bytes);
        Arc::new(Self(RwLock::new(buffer)))
    }

    /// Adds `bytes` behind the first `len`. False if others are there already, or it is full.
    fn extend(&self, len: u64, bytes: &[u8]) -> bool {
        let mut buffer = self.0.write();
        let fits = buffer.len() as u64 == len && buffer.len() + bytes.len() <= Self::BYTES_MAX;
        if fits {
            buffer.extend_from_slice(bytes);
        }
        fits
    }

    fn read(&self, from: u64, len: usize) -> FsResult<Bytes> {
        let buffer = self.0.read();
        let rest = usize::try_from(from).ok().and_then(|from| buffer.get(from..));
        rest.and_then(|rest| rest.get(..len)).map(Bytes::copy_from_slice).ok_or_else(out_of_range)
    }
}

/// The data of one op, too big to stay in memory: it is there until [`Landed::settle`] says where
/// else it can be read.
#[derive(Debug)]
pub struct Landed {
    place: RwLock<Place>,
    len: u64,
}

#[derive(Debug)]
enum Place {
    Memory(Bytes),
    Settled { reader: Arc<dyn ReadAt>, offset: u64 },
}

impl Landed {
    #[must_use]
    pub fn new(data: Bytes) -> Self {
        Self { len: data.len() as u64, place: RwLock::new(Place::Memory(data)) }
    }

    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Lets the memory go: the same bytes are at `offset` of `reader`.
    pub fn settle(&self, reader: Arc<dyn ReadAt>, offset: u64) {
        *self.place.write() = Place::Settled { reader, offset };
    }

    fn read(&self, from: u64, len: usize) -> FsResult<Bytes> {
        let (reader, offset) = match &*self.place.read() {
            Place::Memory(bytes) => return cut(bytes, from, len as u64),
            Place::Settled { reader, offset } => (Arc::clone(reader), *offset),
        };
        reader.read_at(offset.saturating_add(from), len)
    }

    fn is_in_memory(&self) -> bool {
        matches!(&*self.place.read(), Place::Memory(_))
    }
}

/// `bytes[from..from + len]`, or EIO where there is no such range.
fn cut(bytes: &Bytes, from: u64, len: u64) -> FsResult<Bytes> {
    let range = usize::try_from(from).ok().zip(usize::try_from(from.saturating_add(len)).ok());
    match range {
        Some((start, end)) if start <= end && end <= bytes.len() => Ok(bytes.slice(start..end)),
        _ => Err(out_of_range()),
    }
}

fn out_of_range() -> FsError {
    FsError::new(Errno::Io, Operation::Read, "").with_detail("content shorter than recorded")
}

impl From<Bytes> for Chunk {
    fn from(bytes: Bytes) -> Self {
        Self::Memory(bytes)
    }
}

impl Chunk {
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Zeros(len) => *len,
            Self::Blob { len, .. }
            | Self::External { len, .. }
            | Self::Grown { len, .. }
            | Self::Landed { len, .. } => *len,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of it that only this process's memory has.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Grown { len, .. } => *len,
            Self::Landed { landed, len, .. } if landed.is_in_memory() => *len,
            _ => 0,
        }
    }

    /// The piece `from..from + len`, both cut down to what is there.
    #[must_use]
    pub fn slice(&self, from: u64, len: u64) -> Self {
        let from = from.min(self.len());
        let len = len.min(self.len() - from);
        match self {
            // In range by the two lines above, so nothing is lost here.
            Self::Memory(bytes) => Self::Memory(cut(bytes, from, len).unwrap_or_default()),
            Self::Zeros(_) => Self::Zeros(len),
            Self::Blob { source, blob, offset, .. } => {
                Self::Blob { source: Arc::clone(source), blob: *blob, offset: offset + from, len }
            }
            Self::External { reader, offset, .. } => {
                Self::External { reader: Arc::clone(reader), offset: offset + from, len }
            }
            Self::Grown { buffer, offset, .. } => {
                Self::Grown { buffer: Arc::clone(buffer), offset: offset + from, len }
            }
            Self::Landed { landed, offset, .. } => {
                Self::Landed { landed: Arc::clone(landed), offset: offset + from, len }
            }
        }
    }

    /// This piece with `bytes` at its end, as one piece, where that costs little more than `bytes`.
    pub(super) fn grown(&self, bytes: &[u8]) -> Option<Self> {
        let few = |len: usize| {
            len <= Growing::COPIED_BYTES_MAX && len + bytes.len() <= Growing::BYTES_MAX
        };
        let len = self.len() + bytes.len() as u64;
        let buffer = match self {
            Self::Grown { buffer, offset, len: before }
                if buffer.extend(offset + before, bytes) =>
            {
                return Some(Self::Grown { buffer: Arc::clone(buffer), offset: *offset, len });
            }
            Self::Grown { buffer, offset, len: before } => {
                let before = usize::try_from(*before).ok().filter(|before| few(*before))?;
                Growing::begin(&buffer.read(*offset, before).ok()?, bytes)
            }
            Self::Memory(before) if few(before.len()) => Growing::begin(before, bytes),
            _ => return None,
        };
        Some(Self::Grown { buffer, offset: 0, len })
    }

    /// Reads `len` bytes from `from`, which must be within the chunk.
    ///
    /// # Errors
    /// EIO if the bytes cannot be had or the range is not within.
    pub fn read(&self, from: u64, len: usize) -> FsResult<Bytes> {
        if from.checked_add(len as u64).is_none_or(|end| end > self.len()) {
            return Err(out_of_range());
        }
        let bytes = match self {
            Self::Memory(bytes) => cut(bytes, from, len as u64)?,
            Self::Zeros(_) => Bytes::from(vec![0; len]),
            Self::Blob { source, blob, offset, .. } => source.read(*blob, offset + from, len)?,
            Self::External { reader, offset, .. } => reader.read_at(offset + from, len)?,
            Self::Grown { buffer, offset, .. } => buffer.read(offset + from, len)?,
            Self::Landed { landed, offset, .. } => landed.read(offset + from, len)?,
        };
        if bytes.len() == len { Ok(bytes) } else { Err(out_of_range()) }
    }
}
