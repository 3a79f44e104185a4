//! Reading git objects: trees, blobs, ranges of large blobs.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bstr::BString;
use bytes::Bytes;
use gix::objs::tree::{EntryKind, EntryRef};
use gix::objs::{Find as _, FindHeader as _, Kind, TreeRefIter};
use gix::odb::store::init::Slots;
use mesafs::tree::ObjectId;
use parking_lot::Mutex;

use super::cache::Cache;
use super::counters::Counters;
use super::error::{Chain, Doing, EngineError, EngineResult};
use super::ids::{self, EMPTY_TREE, git_id};
use super::large::LargeBlobs;
use super::types::{TreeEntry, TreeEntryKind};

/// Bigger blobs are streamed in both directions, never whole in memory.
pub(super) const WHOLE_BLOB_BYTES_MAX: u64 = 4 << 20;
/// Bodies kept decoded.
const BLOB_CACHE_BYTES: usize = 64 << 20;
const SIZE_CACHE_ENTRIES: usize = 1 << 18;
/// Handles kept for the next reader; as many threads read without opening packs anew.
const IDLE_HANDLES_MAX: usize = 16;
/// Packs that one open database can know of, if fewer than half as many are there when it opens;
/// else twice as many as there are. Many more than tidying lets lie about, and each takes its place.
const PACKS_MIN: usize = 512;
/// Delta bases that each handle keeps.
const PACK_CACHE_BYTES: usize = 4 << 20;

pub(super) type Handle = gix::odb::Handle;

/// Reads the objects of one repository, from any thread, without locks held while decoding.
#[derive(Clone)]
pub struct Objects {
    shared: Arc<Shared>,
}

struct Shared {
    counters: Arc<Counters>,
    /// Cloned for each reader that finds no idle handle.
    template: Mutex<Handle>,
    idle: Mutex<Vec<Handle>>,
    sizes: Cache<ObjectId, u64>,
    blobs: Cache<ObjectId, Bytes>,
    large: LargeBlobs,
    /// Packs that writers have added since this was opened.
    packs_added: AtomicU32,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").finish_non_exhaustive()
    }
}

impl Objects {
    pub(super) fn open(objects_dir: &Path, counters: Arc<Counters>) -> EngineResult<Self> {
        let template = open_database(objects_dir)?;
        Ok(Self {
            shared: Arc::new(Shared {
                counters,
                template: Mutex::new(template),
                idle: Mutex::default(),
                sizes: Cache::new(SIZE_CACHE_ENTRIES, |_| 1),
                blobs: Cache::new(BLOB_CACHE_BYTES, |blob: &Bytes| blob.len() + 64),
                large: LargeBlobs::new(objects_dir),
                packs_added: AtomicU32::new(0),
            }),
        })
    }

    /// The entries of a tree, sorted by the bytes of their names (git sorts folders otherwise).
    ///
    /// # Errors
    /// [`EngineError::Data`] if the object is missing or damaged.
    pub fn tree(&self, tree: ObjectId) -> EngineResult<Vec<TreeEntry>> {
        if tree == EMPTY_TREE {
            return Ok(Vec::new());
        }
        let mut entries = self.decode(tree, Kind::Tree, |data| {
            TreeRefIter::from_bytes(data, gix::hash::Kind::Sha1)
                .map(|entry| tree_entry(&entry.doing("decoding a tree")?))
                .collect::<EngineResult<Vec<_>>>()
        })??;
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// The size of a blob, from its header. Cached.
    ///
    /// # Errors
    /// As [`Self::tree`].
    pub fn blob_size(&self, blob: ObjectId) -> EngineResult<u64> {
        if let Some(size) = self.shared.sizes.get(blob) {
            return Ok(size);
        }
        let (kind, size) = self.header(blob)?;
        if kind != Kind::Blob {
            return Err(damaged(blob, &format!("it is a {kind}")));
        }
        self.shared.sizes.put(blob, size);
        Ok(size)
    }

    /// Reads exactly `len` bytes from `offset`, which the caller keeps within the blob's size.
    /// Blobs above 4 MiB are streamed, with a bounded cache.
    ///
    /// # Errors
    /// As [`Self::tree`]; also if the blob ends before.
    pub fn read(&self, blob: ObjectId, offset: u64, len: usize) -> EngineResult<Bytes> {
        if let Some(content) = self.shared.blobs.get(blob) {
            return cut(&content, blob, offset, len);
        }
        let size = self.blob_size(blob)?;
        if size > WHOLE_BLOB_BYTES_MAX {
            return self.shared.large.read(self, blob, size, offset, len);
        }
        let content = self.whole_blob(blob)?;
        self.shared.blobs.put(blob, content.clone());
        cut(&content, blob, offset, len)
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    /// As [`Self::tree`].
    pub fn symlink_target(&self, blob: ObjectId) -> EngineResult<BString> {
        self.decode(blob, Kind::Blob, |target| BString::from(target))
    }

    /// The size of any object, not cached.
    pub(super) fn size(&self, id: ObjectId) -> EngineResult<u64> {
        self.header(id).map(|(_, size)| size)
    }

    pub(super) fn kind(&self, id: ObjectId) -> EngineResult<Kind> {
        self.header(id).map(|(kind, _)| kind)
    }

    /// A blob of any size, whole in memory and not cached.
    pub(super) fn whole_blob(&self, blob: ObjectId) -> EngineResult<Bytes> {
        self.decode(blob, Kind::Blob, Bytes::copy_from_slice)
    }

    pub(super) fn counters(&self) -> &Arc<Counters> {
        &self.shared.counters
    }

    /// Forgets packs that are gone.
    pub(super) fn reopen(&self, objects_dir: &Path) -> EngineResult<()> {
        *self.shared.template.lock() = open_database(objects_dir)?;
        self.shared.idle.lock().clear();
        Ok(())
    }

    pub(super) fn note_pack(&self) {
        self.shared.packs_added.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn packs_added(&self) -> u32 {
        self.shared.packs_added.load(Ordering::Relaxed)
    }

    /// A handle of one's own, for writers.
    pub(super) fn handle(&self) -> Handle {
        self.shared.template.lock().clone()
    }

    fn header(&self, id: ObjectId) -> EngineResult<(Kind, u64)> {
        self.shared.counters.object_read();
        let found = self.with_handle(|handle| handle.try_header(&git_id(id)));
        let header = found.map_err(|error| read_error(id, error.as_ref()))?;
        let header = header.ok_or_else(|| missing(id))?;
        Ok((header.kind, header.size))
    }

    pub(super) fn decode<T>(
        &self,
        id: ObjectId,
        kind: Kind,
        read: impl FnOnce(&[u8]) -> T,
    ) -> EngineResult<T> {
        self.shared.counters.object_read();
        self.with_handle(|handle| {
            let mut buffer = Vec::new();
            let found = handle.try_find(&git_id(id), &mut buffer);
            let data = found.map_err(|error| read_error(id, error.as_ref()))?;
            let data = data.ok_or_else(|| missing(id))?;
            if data.kind != kind {
                return Err(damaged(id, &format!("it is a {}", data.kind)));
            }
            Ok(read(data.data))
        })
    }

    fn with_handle<T>(&self, call: impl FnOnce(&Handle) -> T) -> T {
        let idle = self.shared.idle.lock().pop();
        let handle = idle.unwrap_or_else(|| self.handle());
        let answer = call(&handle);
        let mut idle = self.shared.idle.lock();
        if idle.len() < IDLE_HANDLES_MAX {
            idle.push(handle);
        }
        answer
    }
}

fn open_database(objects_dir: &Path) -> EngineResult<Handle> {
    let slots = Slots::AsNeededByDiskState { multiplier: 2.0, minimum: PACKS_MIN };
    let options = gix::odb::store::init::Options { slots, ..Default::default() };
    let mut handle = gix::odb::at_opts(objects_dir, gix::hash::Kind::Sha1, None, options)
        .map_err(EngineError::io(objects_dir))?;
    handle.set_pack_cache(|| {
        Box::new(gix::odb::pack::cache::lru::StaticLinkedList::<64>::new(PACK_CACHE_BYTES))
    });
    Ok(handle)
}

fn tree_entry(entry: &EntryRef<'_>) -> EngineResult<TreeEntry> {
    let id = ids::object_id(entry.oid.as_bytes())?;
    let kind = match entry.mode.kind() {
        EntryKind::Tree => TreeEntryKind::Dir(id),
        EntryKind::Blob => TreeEntryKind::File { blob: id, executable: false },
        EntryKind::BlobExecutable => TreeEntryKind::File { blob: id, executable: true },
        EntryKind::Link => TreeEntryKind::Symlink(id),
        EntryKind::Commit => TreeEntryKind::Gitlink(id),
    };
    Ok(TreeEntry { name: entry.filename.to_owned(), kind })
}

fn cut(content: &Bytes, blob: ObjectId, offset: u64, len: usize) -> EngineResult<Bytes> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    match start.checked_add(len) {
        Some(end) if end <= content.len() => Ok(content.slice(start..end)),
        _ => Err(damaged(blob, "it is shorter than recorded")),
    }
}

pub(super) fn damaged(id: ObjectId, reason: &str) -> EngineError {
    EngineError::Data { doing: "reading a git object", reason: format!("{id}: {reason}") }
}

fn read_error(id: ObjectId, error: &(dyn std::error::Error + 'static)) -> EngineError {
    match EngineError::data("reading a git object")(Chain::of(error)) {
        EngineError::Data { reason, .. } => damaged(id, &reason),
        system => system,
    }
}

fn missing(id: ObjectId) -> EngineError {
    damaged(id, "it is missing")
}
