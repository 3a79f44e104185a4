//! One file of the journal: a header, then records end to end.
//!
//! Header: magic, owner epoch, first sequence, CRC-32 of these. Record: length of the payload,
//! CRC-32 of sequence and payload, sequence, payload. All numbers are little-endian.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use mesafs::error::{Errno, FsError, FsResult, Operation};
use mesafs::tree::ReadAt;

use crate::error::StoreError;

const MAGIC: &[u8; 8] = b"MESAJNL1";
pub(super) const HEADER_BYTES: u64 = 28;
pub(super) const RECORD_HEADER_BYTES: usize = 16;
const SUFFIX: &str = ".seg";

/// One file of the journal. Whoever holds it can read it, also after it was unlinked.
#[derive(Debug)]
pub(crate) struct Segment {
    pub file: File,
    pub path: PathBuf,
}

impl ReadAt for Segment {
    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        let mut bytes = vec![0; len];
        match self.file.read_exact_at(&mut bytes, offset) {
            Ok(()) => Ok(bytes.into()),
            Err(error) => {
                let failed = FsError::new(Errno::Io, Operation::Read, "");
                Err(failed.with_detail(format!("journal: {error}")))
            }
        }
    }
}

impl Segment {
    pub fn path_of(dir: &Path, first: u64) -> PathBuf {
        dir.join(format!("{first:016x}{SUFFIX}"))
    }

    /// Makes the segment that starts with sequence `first`.
    pub fn create(dir: &Path, epoch: u64, first: u64) -> io::Result<Arc<Self>> {
        let path = Self::path_of(dir, first);
        let mut file = OpenOptions::new().read(true).append(true).create_new(true).open(&path)?;
        let mut header = Vec::with_capacity(HEADER_BYTES as usize);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&epoch.to_le_bytes());
        header.extend_from_slice(&first.to_le_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        if let Err(error) = file.write_all(&header) {
            // Without a whole header it must not be there.
            let _left_for_recovery = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(Arc::new(Self { file, path }))
    }
}

/// The segments in `dir` in order, each with the sequence that its name says it starts with.
pub(super) fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(StoreError::io(dir))? {
        let entry = entry.map_err(StoreError::io(dir))?;
        let name = entry.file_name();
        let first = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        if let Some(first) = first.and_then(|first| u64::from_str_radix(first, 16).ok()) {
            segments.push((first, entry.path()));
        }
    }
    segments.sort();
    Ok(segments)
}

/// A record's header: payload length, checksum, sequence.
pub(super) fn record_header(payload: &[u8], sequence: u64) -> [u8; RECORD_HEADER_BYTES] {
    let mut header = [0; RECORD_HEADER_BYTES];
    let (len, rest) = header.split_at_mut(4);
    let (crc, at) = rest.split_at_mut(4);
    len.copy_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    crc.copy_from_slice(&checksum(payload, sequence).to_le_bytes());
    at.copy_from_slice(&sequence.to_le_bytes());
    header
}

fn checksum(payload: &[u8], sequence: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sequence.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// Reads a segment from its start.
pub(super) struct Scan {
    reader: io::BufReader<File>,
    len: u64,
    at: u64,
}

/// What comes next in a segment.
pub(super) enum Next {
    Record {
        sequence: u64,
        payload: Bytes,
        offset: u64,
    },
    End,
    /// The file ends within a record: its writer was stopped there.
    Torn {
        at: u64,
    },
    /// A whole record that does not check.
    Damaged {
        at: u64,
    },
}

impl Scan {
    /// `None` if the header is not whole and right.
    pub fn open(path: &Path, first: u64) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut reader = io::BufReader::with_capacity(1 << 20, file);
        let mut header = [0; HEADER_BYTES as usize];
        if len < HEADER_BYTES {
            return Ok(None);
        }
        reader.read_exact(&mut header)?;
        let (told, crc) = header.split_at(HEADER_BYTES as usize - 4);
        let right = crc == crc32fast::hash(told).to_le_bytes()
            && told.starts_with(MAGIC)
            && told.ends_with(&first.to_le_bytes());
        Ok(right.then_some(Self { reader, len, at: HEADER_BYTES }))
    }

    /// Where the next record starts.
    pub fn at(&self) -> u64 {
        self.at
    }

    pub fn next(&mut self, expected: u64) -> io::Result<Next> {
        let at = self.at;
        let left = self.len - at;
        if left == 0 {
            return Ok(Next::End);
        }
        if left < RECORD_HEADER_BYTES as u64 {
            return Ok(Next::Torn { at });
        }
        let mut header = [0; RECORD_HEADER_BYTES];
        self.reader.read_exact(&mut header)?;
        let [l0, l1, l2, l3, ..] = header;
        let len = u32::from_le_bytes([l0, l1, l2, l3]);
        let offset = at + RECORD_HEADER_BYTES as u64;
        if u64::from(len) > self.len - offset {
            return Ok(Next::Torn { at });
        }
        let mut payload = vec![0; len as usize];
        self.reader.read_exact(&mut payload)?;
        if header != record_header(&payload, expected) {
            return Ok(Next::Damaged { at });
        }
        self.at = offset + u64::from(len);
        Ok(Next::Record { sequence: expected, payload: payload.into(), offset })
    }
}
