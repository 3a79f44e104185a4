//! Ranges of large blobs, which are never whole in memory.
//!
//! A blob that is read is inflated as far as it was asked for, into an unlinked file beside the
//! objects: reading on costs what is read, and going back costs nothing. Always true: at most
//! [`OPEN_MAX`] blobs are open, and the least lately used ones are let go while they hold more than
//! [`SPILLED_BYTES_MAX`] together.

use std::fs::{self, File};
use std::io::{self, BufReader, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use gix::odb::pack;
use gix::zlib::Decompress;
use mesafs::tree::ObjectId;
use parking_lot::Mutex;

use super::error::{Doing, EngineError, EngineResult};
use super::ids::git_id;
use super::objects::{Objects, damaged};

const OPEN_MAX: usize = 16;
const SPILLED_BYTES_MAX: u64 = 4 << 30;
const CHUNK_BYTES: usize = 256 << 10;

pub(super) struct LargeBlobs {
    objects_dir: PathBuf,
    /// The most lately used last.
    open: Mutex<Vec<Arc<Spill>>>,
}

/// The beginning of one blob.
struct Spill {
    blob: ObjectId,
    filled: AtomicU64,
    state: Mutex<SpillState>,
}

struct SpillState {
    file: File,
    /// `None` once the blob is complete.
    source: Option<Inflating>,
}

impl LargeBlobs {
    pub fn new(objects_dir: &Path) -> Self {
        Self { objects_dir: objects_dir.to_owned(), open: Mutex::default() }
    }

    pub fn read(
        &self,
        objects: &Objects,
        blob: ObjectId,
        size: u64,
        offset: u64,
        len: usize,
    ) -> EngineResult<Bytes> {
        let end = offset.checked_add(len as u64).filter(|end| *end <= size);
        let end = end.ok_or_else(|| damaged(blob, "it is shorter than recorded"))?;
        let spill = self.spill(objects, blob, size)?;
        let content = spill.read(offset, len, end).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                damaged(blob, &error.to_string())
            }
            _ => EngineError::io(&self.objects_dir)(error),
        })?;
        self.let_go();
        Ok(content)
    }

    fn spill(&self, objects: &Objects, blob: ObjectId, size: u64) -> EngineResult<Arc<Spill>> {
        let mut open = self.open.lock();
        if let Some(place) = open.iter().position(|spill| spill.blob == blob) {
            let spill = open.remove(place);
            open.push(Arc::clone(&spill));
            return Ok(spill);
        }
        let spill = Arc::new(self.begin(objects, blob, size)?);
        open.push(Arc::clone(&spill));
        Ok(spill)
    }

    /// Forgets the least lately used blobs beyond the bounds; who reads one now keeps it.
    fn let_go(&self) {
        let mut open = self.open.lock();
        let mut spilled: u64 = open.iter().map(|spill| spill.filled.load(Ordering::Relaxed)).sum();
        while open.len() > 1 && (open.len() > OPEN_MAX || spilled > SPILLED_BYTES_MAX) {
            spilled -= open.remove(0).filled.load(Ordering::Relaxed).min(spilled);
        }
    }

    fn begin(&self, objects: &Objects, blob: ObjectId, size: u64) -> EngineResult<Spill> {
        let file =
            tempfile::tempfile_in(&self.objects_dir).map_err(EngineError::io(&self.objects_dir))?;
        let source = match self.loose(blob, size)? {
            Some(source) => Some(source),
            None => self.packed(blob, size)?,
        };
        let mut filled = 0;
        if source.is_none() {
            // A delta, which needs its base, is decoded whole: git makes them up to core.bigFileThreshold.
            let whole = objects.whole_blob(blob)?;
            file.write_all_at(&whole, 0).map_err(EngineError::io(&self.objects_dir))?;
            filled = whole.len() as u64;
        }
        let state = Mutex::new(SpillState { file, source });
        Ok(Spill { blob, filled: AtomicU64::new(filled), state })
    }

    fn loose(&self, blob: ObjectId, size: u64) -> EngineResult<Option<Inflating>> {
        let store = gix::odb::loose::Store::at(&self.objects_dir, gix::hash::Kind::Sha1);
        let path = store.object_path(&git_id(blob));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(EngineError::io(path)(error)),
        };
        let mut source = Inflating::new(file);
        source.skip_header(size).map_err(EngineError::io(path))?;
        Ok(Some(source))
    }

    /// The blob's place in a pack; `None` if it is a delta there, or in no pack.
    fn packed(&self, blob: ObjectId, size: u64) -> EngineResult<Option<Inflating>> {
        let folder = self.objects_dir.join("pack");
        for entry in fs::read_dir(&folder).map_err(EngineError::io(&folder))? {
            let path = entry.map_err(EngineError::io(&folder))?.path();
            if path.extension().is_none_or(|extension| extension != "idx") {
                continue;
            }
            let index = pack::index::File::at(&path, gix::hash::Kind::Sha1)
                .doing("opening a pack's index")?;
            let Some(at) = index.lookup(git_id(blob)) else { continue };
            let offset = index.pack_offset_at_index(at);
            let path = path.with_extension("pack");
            let pack =
                pack::data::File::at(&path, gix::hash::Kind::Sha1).doing("opening a pack")?;
            let entry = pack.entry(offset).doing("reading a pack")?;
            if entry.header.is_delta() || entry.decompressed_size != size {
                return Ok(None);
            }
            let mut file = File::open(&path).map_err(EngineError::io(&path))?;
            file.seek(SeekFrom::Start(entry.data_offset)).map_err(EngineError::io(&path))?;
            return Ok(Some(Inflating::new(file)));
        }
        Ok(None)
    }
}

impl Spill {
    fn read(&self, offset: u64, len: usize, end: u64) -> io::Result<Bytes> {
        if self.filled.load(Ordering::Acquire) < end {
            self.fill(end)?;
        }
        let mut content = vec![0; len];
        self.state.lock().file.read_exact_at(&mut content, offset)?;
        Ok(content.into())
    }

    fn fill(&self, end: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        let mut filled = self.filled.load(Ordering::Acquire);
        let mut chunk = vec![0; CHUNK_BYTES];
        while filled < end {
            let SpillState { file, source } = &mut *state;
            let count = match source {
                Some(source) => source.read(&mut chunk)?,
                None => 0,
            };
            let Some(fresh) = chunk.get(..count).filter(|fresh| !fresh.is_empty()) else {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends early"));
            };
            file.write_all_at(fresh, filled)?;
            filled += count as u64;
            self.filled.store(filled, Ordering::Release);
        }
        Ok(())
    }
}

/// A zlib stream being inflated.
struct Inflating {
    input: BufReader<File>,
    state: Decompress,
}

impl Inflating {
    fn new(file: File) -> Self {
        Self { input: BufReader::with_capacity(CHUNK_BYTES, file), state: Decompress::new() }
    }

    /// Fills as much of `out` as there is; 0 at the end.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        gix::zlib::stream::inflate::read(&mut self.input, &mut self.state, out)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Steps over a loose object's header, byte by byte as its length is not known.
    fn skip_header(&mut self, size: u64) -> io::Result<()> {
        let wanted = format!("blob {size}\0");
        let mut header = Vec::new();
        let mut byte = [0];
        while header.len() < wanted.len() && self.read(&mut byte)? == 1 {
            header.extend_from_slice(&byte);
        }
        if header == wanted.as_bytes() {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "a loose object with a wrong header"))
        }
    }
}
