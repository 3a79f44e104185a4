//! Writing git objects: few of them loose, many as one pack.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bstr::ByteSlice as _;
use gix::hash::ObjectId as GitId;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Exists as _, Kind, Write as _, WriteTo as _};
use mesafs::tree::ObjectId;

use super::disk::sync_file_system;
use super::error::{Chain, Doing, EngineError, EngineResult};
use super::ids::{self, git_id};
use super::known::KnownObjects;
use super::objects::{Handle, Objects, WHOLE_BLOB_BYTES_MAX};
use super::pack::PackWriter;
use super::types::{Durability, TreeEntry, TreeEntryKind};

/// Up to so many objects are stored as files of their own.
const LOOSE_OBJECTS_MAX: usize = 64;
/// Up to so much is held in memory before a pack is begun.
const PENDING_BYTES_MAX: usize = 8 << 20;

/// Stores the blobs and trees of one snapshot. They are only sure to be readable after
/// [`Self::finish`]; one that is dropped unfinished leaves nothing that matters.
pub struct ObjectWriter {
    objects: Objects,
    objects_dir: PathBuf,
    /// Knows what was stored before; never looks for new packs.
    handle: Handle,
    seen: HashSet<GitId>,
    /// Asked in place of `handle` once there are many objects.
    known: Option<KnownObjects>,
    pending: Vec<Pending>,
    pending_bytes: usize,
    pack: Option<PackWriter>,
    /// Whether something went into a file of its own.
    loose: bool,
    new: u64,
}

struct Pending {
    id: GitId,
    kind: Kind,
    data: Vec<u8>,
}

impl fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectWriter").field("new", &self.new).finish_non_exhaustive()
    }
}

impl ObjectWriter {
    pub(super) fn new(objects: Objects, objects_dir: &Path) -> Self {
        let mut handle = objects.handle();
        // A look for what cannot be there finds new packs; later ones would each cost a listing.
        handle.exists(&GitId::from([0xff; 20]));
        handle.refresh_never();
        Self {
            objects,
            objects_dir: objects_dir.to_owned(),
            handle,
            seen: HashSet::new(),
            known: None,
            pending: Vec::new(),
            pending_bytes: 0,
            pack: None,
            loose: false,
            new: 0,
        }
    }

    /// Stores a blob of exactly `len` bytes, streamed.
    ///
    /// # Errors
    /// [`EngineError::Io`]; the reader's error too, and its ending early or late.
    pub fn blob(&mut self, len: u64, content: &mut dyn Read) -> EngineResult<ObjectId> {
        let mut content = Exact { inner: content, left: len };
        if len > WHOLE_BLOB_BYTES_MAX {
            return self.stream(len, &mut content);
        }
        let mut data = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
        content.read_to_end(&mut data).map_err(EngineError::io(&self.objects_dir))?;
        self.put(Kind::Blob, data)
    }

    /// Stores a tree; the entries may come in any order. An empty tree is git's empty tree.
    ///
    /// # Errors
    /// [`EngineError::Io`].
    pub fn tree(&mut self, entries: &[TreeEntry]) -> EngineResult<ObjectId> {
        let mut entries: Vec<Entry> = entries.iter().map(git_entry).collect();
        entries.sort_unstable();
        let mut data = Vec::new();
        gix::objs::Tree { entries }
            .write_to(&mut data)
            .map_err(EngineError::io(&self.objects_dir))?;
        self.put(Kind::Tree, data)
    }

    /// Makes everything readable, and durable if asked. Answers how many objects were new.
    ///
    /// # Errors
    /// [`EngineError::Io`].
    pub fn finish(mut self, durability: Durability) -> EngineResult<u64> {
        let counters = self.objects.counters().clone();
        if self.pack.is_some() {
            self.pack_pending()?;
        }
        if let Some(pack) = self.pack.take() {
            pack.finish(durability, &counters).map_err(EngineError::io(&self.objects_dir))?;
            self.objects.note_pack();
        }
        let store = self.loose_store();
        for object in self.pending.drain(..) {
            store
                .write_buf_with_known_id(object.kind, &object.data, object.id)
                .map_err(write_error)?;
            self.loose = true;
        }
        if durability == Durability::Power && self.loose {
            sync_file_system(&self.objects_dir, &counters)?;
        }
        Ok(self.new)
    }

    fn put(&mut self, kind: Kind, data: Vec<u8>) -> EngineResult<ObjectId> {
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, &data)
            .doing("hashing a git object")?;
        if self.is_new(id) {
            self.pending_bytes += data.len();
            self.pending.push(Pending { id, kind, data });
            if self.pack.is_some()
                || self.pending.len() > LOOSE_OBJECTS_MAX
                || self.pending_bytes > PENDING_BYTES_MAX
            {
                self.pack_pending()?;
            }
        }
        ids::object_id(id.as_slice())
    }

    /// A big blob goes into a file of its own at once: where it is loose it can be streamed back.
    fn stream(&mut self, len: u64, content: &mut dyn Read) -> EngineResult<ObjectId> {
        let id = self.loose_store().write_stream(Kind::Blob, len, content).map_err(write_error)?;
        self.loose = true;
        // One that was there already has been replaced by itself: it counts as new.
        if self.seen.insert(id) {
            self.count();
        }
        ids::object_id(id.as_slice())
    }

    fn is_new(&mut self, id: GitId) -> bool {
        // Seen first: many files hold the same, and a look at the disk costs more.
        let first = !id.is_empty_tree() && self.seen.insert(id);
        let new = first
            && !match &mut self.known {
                Some(known) => known.has(&id),
                None => self.handle.exists(&id),
            };
        if new {
            self.count();
        }
        new
    }

    fn count(&mut self) {
        self.new += 1;
        self.objects.counters().object_written();
    }

    fn pack_pending(&mut self) -> EngineResult<()> {
        let failed = EngineError::io(&self.objects_dir);
        let packed = (|| {
            let mut pack = match self.pack.take() {
                Some(pack) => pack,
                None => {
                    self.known = KnownObjects::open(&self.objects_dir).ok();
                    PackWriter::new(&self.objects_dir)?
                }
            };
            for object in self.pending.drain(..) {
                pack.add(object.id, object.kind, &object.data)?;
            }
            self.pending_bytes = 0;
            self.pack = Some(pack);
            Ok(())
        })();
        packed.map_err(failed)
    }

    fn loose_store(&self) -> gix::odb::loose::Store {
        gix::odb::loose::Store::at(&self.objects_dir, gix::hash::Kind::Sha1)
    }
}

fn git_entry(entry: &TreeEntry) -> Entry {
    let (kind, id) = match entry.kind {
        TreeEntryKind::Dir(id) => (EntryKind::Tree, id),
        TreeEntryKind::File { blob, executable: false } => (EntryKind::Blob, blob),
        TreeEntryKind::File { blob, executable: true } => (EntryKind::BlobExecutable, blob),
        TreeEntryKind::Symlink(id) => (EntryKind::Link, id),
        TreeEntryKind::Gitlink(id) => (EntryKind::Commit, id),
    };
    Entry { mode: kind.into(), filename: entry.name.as_bstr().to_owned(), oid: git_id(id) }
}

/// gix wraps what went wrong; the kernel's reason is below.
fn write_error(error: Box<dyn std::error::Error + Send + Sync>) -> EngineError {
    EngineError::data("writing a git object")(Chain::of(error.as_ref()))
}

/// Reads exactly so many bytes, and fails if there are fewer or more.
struct Exact<'a> {
    inner: &'a mut dyn Read,
    left: u64,
}

impl Read for Exact<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(io::ErrorKind::InvalidData, "more content than announced")),
            };
        }
        let len = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let (wanted, _) = buffer.split_at_mut(len);
        match self.inner.read(wanted)? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "less content than announced")),
            count => {
                self.left -= count as u64;
                Ok(count)
            }
        }
    }
}
