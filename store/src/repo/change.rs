//! One change that is open or has something to snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mesafs::live::LiveTree;
use mesafs::name::{BookmarkName, ChangeId, CommitOid};
use mesafs::tree::Dir;
use parking_lot::{Mutex, RwLock};

use crate::audit::{NOTE_BYTES, Notes};
use crate::cause::Cause;
use crate::engine::Author;

/// What a change is to those who write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    Mutable,
    /// It is opened by its id, and is in the history that stays.
    Immutable,
    /// It is what a bookmark points at, and stays: the first write makes an empty child that takes
    /// the bookmark along, for everybody who has it open by that bookmark.
    Shared(BookmarkName),
    /// It has several commits; reads show the newest one.
    Divergent(Vec<CommitOid>),
    /// It was abandoned.
    Abandoned,
}

/// Where a live tree stands in history.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub change: ChangeId,
    /// The commit that the tree was built on.
    pub commit: CommitOid,
    pub standing: Standing,
}

/// What was written since the last snapshot.
#[derive(Debug, Clone, Default)]
struct Unsaved {
    bytes: u64,
    /// When the last write came.
    last: Duration,
    cause: Option<Arc<Cause>>,
}

/// One change that is open or has something to snapshot.
#[derive(Debug)]
pub(crate) struct LiveChange {
    pub tree: Arc<LiveTree>,
    place: RwLock<Place>,
    /// The version that its commit holds.
    saved: AtomicU64,
    unsaved: Mutex<Unsaved>,
    /// The edits since the last snapshot.
    pub notes: Mutex<Notes>,
    /// What its commit holds.
    saved_dir: Mutex<Dir>,
    /// How much may be written before the next snapshot: more, the more the last one had to store.
    pub bytes_max: AtomicU64,
    /// Held by the one that snapshots it.
    pub flushing: Mutex<()>,
    /// How many checkouts have it open. Changed under the repository's `lives` only.
    pub opens: AtomicU64,
}

impl LiveChange {
    pub fn new(tree: LiveTree, place: Place, bytes_max: u64) -> Arc<Self> {
        Arc::new(Self {
            saved: AtomicU64::new(tree.version()),
            saved_dir: Mutex::new(tree.root().dir),
            notes: Mutex::default(),
            tree: Arc::new(tree),
            place: RwLock::new(place),
            unsaved: Mutex::default(),
            bytes_max: AtomicU64::new(bytes_max),
            flushing: Mutex::default(),
            opens: AtomicU64::new(0),
        })
    }

    pub fn place(&self) -> Place {
        self.place.read().clone()
    }

    pub fn change(&self) -> ChangeId {
        self.place.read().change.clone()
    }

    pub fn commit(&self) -> CommitOid {
        self.place.read().commit.clone()
    }

    pub fn standing(&self) -> Standing {
        self.place.read().standing.clone()
    }

    /// Whether ops may land without more ado.
    pub fn is_mutable(&self) -> bool {
        self.place.read().standing == Standing::Mutable
    }

    pub fn set_place(&self, place: Place) {
        *self.place.write() = place;
    }

    pub fn set_commit(&self, commit: CommitOid) {
        self.place.write().commit = commit;
    }

    pub fn set_standing(&self, standing: Standing) {
        self.place.write().standing = standing;
    }

    /// The version that its commit holds.
    pub fn saved(&self) -> u64 {
        self.saved.load(Ordering::Acquire)
    }

    pub fn is_dirty(&self) -> bool {
        self.tree.version() != self.saved()
    }

    /// What its commit holds, or held before an operation on history gave it other content.
    pub fn saved_dir(&self) -> Dir {
        self.saved_dir.lock().clone()
    }

    /// Notes that its commit has this content.
    pub fn set_saved_dir(&self, dir: Dir) {
        *self.saved_dir.lock() = dir;
    }

    /// Notes that its commit holds everything up to `version`.
    pub fn set_saved(&self, version: u64) {
        self.saved.fetch_max(version, Ordering::AcqRel);
    }

    /// Notes a write, of which `notes` more are kept.
    pub fn wrote(&self, bytes: u64, notes: u64, now: Duration, cause: &Arc<Cause>) {
        let mut unsaved = self.unsaved.lock();
        unsaved.bytes += bytes + notes * NOTE_BYTES;
        unsaved.last = now;
        if unsaved.cause.as_ref().is_none_or(|known| !Arc::ptr_eq(known, cause)) {
            unsaved.cause = Some(Arc::clone(cause));
        }
    }

    /// Starts counting anew, before the tree that is snapshotted is taken.
    pub fn begin_flush(&self) {
        self.unsaved.lock().bytes = 0;
    }

    pub fn unsaved_bytes(&self) -> u64 {
        self.unsaved.lock().bytes
    }

    /// When the last write came.
    pub fn last_write(&self) -> Duration {
        self.unsaved.lock().last
    }

    /// Who wrote last, and by what.
    pub fn cause(&self) -> Arc<Cause> {
        self.unsaved.lock().cause.clone().unwrap_or_else(Cause::nobody)
    }

    pub fn author(&self) -> Author {
        self.cause().author.clone()
    }
}
