//! A mount: a live view of some repositories at some changes, under one token.
//!
//! [`Files`] is the synchronous [`FileSystem`](crate::FileSystem) over the namespace; [`Mount`]
//! wraps it in the async calls of the public API. Always true: every path a caller gives is walked
//! here, so a volume only ever sees literal paths of its own.

mod api;
mod device;
mod edit;
mod files;
mod fork;
mod handle;
mod namespace;
mod open;
mod pool;
mod revision;
mod stat;
mod subscribe;
mod undo;
mod versions;
mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::backend::{Checkout, Volume};
use crate::clock::Clock;
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::line::PresentLine;
use crate::name::OrgName;
use crate::op::{Batch, BatchId, Op};
use namespace::Namespace;
use revision::Views;
use undo::Lines;

pub use api::{Bookmarks, Changes, Mount};
pub use files::Files;
pub use fork::{Fork, LandError};
pub use revision::revision_name;
pub use subscribe::Subscription;
pub use undo::{Direction, LINES_MAX, Replayed, ReplayedRepo, Stray, UndoError};
pub use versions::Versions;

/// What a mount is made of.
#[derive(Debug)]
pub struct MountParts {
    pub org: OrgName,
    pub checkouts: Vec<Arc<dyn Checkout>>,
    pub scratch: Arc<dyn Volume>,
    /// The names that `/bin` and `/usr/bin` show.
    pub commands: Vec<String>,
    pub clock: Arc<dyn Clock>,
}

/// Which volume of a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VolumeId {
    /// Scratch memory.
    Scratch,
    /// The repository with this index.
    Repo(usize),
    /// A revision of a repository that this run has looked at.
    View { repo: usize, view: usize },
}

impl VolumeId {
    /// The repository that it is, or is a revision of.
    fn repo(self) -> Option<usize> {
        match self {
            Self::Scratch => None,
            Self::Repo(repo) | Self::View { repo, .. } => Some(repo),
        }
    }

    /// `st_dev`: 1 is the fixed namespace, 2 scratch memory; repositories have odd numbers from 3,
    /// revisions even ones from 4.
    fn device(self) -> u64 {
        match self {
            Self::Scratch => 2,
            Self::Repo(index) => 2 * index as u64 + 3,
            Self::View { view, .. } => 2 * view as u64 + 4,
        }
    }
}

/// Where the batch ids of a mount begin.
fn batch_base() -> FsResult<u128> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| {
        FsError::new(Errno::Io, Operation::Mount, "").with_detail(error.to_string())
    })?;
    Ok(u128::from_le_bytes(random))
}

/// A mount as one run sees it: the mount, what the run has decided its revisions to be, and what its
/// lines did.
#[derive(Debug)]
struct Shared {
    mounted: Arc<Mounted>,
    /// Those of the mount, for what this run does.
    checkouts: Vec<Arc<dyn Checkout>>,
    present: Arc<PresentLine>,
    views: Views,
    lines: Lines,
}

impl std::ops::Deref for Shared {
    type Target = Mounted;

    fn deref(&self) -> &Mounted {
        &self.mounted
    }
}

#[derive(Debug)]
struct Mounted {
    namespace: Namespace,
    /// In the order of `namespace.repos`.
    checkouts: Vec<Arc<dyn Checkout>>,
    scratch: Arc<dyn Volume>,
    clock: Arc<dyn Clock>,
    opened_ns: i64,
    process: u32,
    batch_base: u128,
    batches: AtomicU64,
}

impl Shared {
    fn new(parts: MountParts) -> FsResult<Self> {
        let MountParts { org, mut checkouts, scratch, mut commands, clock } = parts;
        checkouts.sort_by(|one, other| one.repo().cmp(other.repo()));
        commands.sort();
        let repos = checkouts.iter().map(|checkout| checkout.repo().clone()).collect();
        let mounted = Mounted {
            namespace: Namespace { org: org.as_str().into(), repos, commands },
            checkouts,
            scratch,
            opened_ns: clock.now_ns(),
            clock,
            process: std::process::id(),
            batch_base: batch_base()?,
            batches: AtomicU64::new(0),
        };
        Ok(Self::of(Arc::new(mounted)))
    }

    /// A run over what is mounted.
    fn of(mounted: Arc<Mounted>) -> Self {
        let lines = Lines::new(&mounted.checkouts);
        let present = Arc::new(PresentLine::default());
        let for_run = |checkout: &Arc<dyn Checkout>| {
            checkout.for_run(&present).unwrap_or_else(|| Arc::clone(checkout))
        };
        let checkouts = mounted.checkouts.iter().map(for_run).collect();
        Self { mounted, checkouts, present, views: Views::default(), lines }
    }

    /// The same mount for another run.
    fn for_run(&self) -> Self {
        Self::of(Arc::clone(&self.mounted))
    }

    fn volume(&self, id: VolumeId) -> Arc<dyn Volume> {
        let found = match id {
            VolumeId::Scratch => None,
            VolumeId::Repo(index) => {
                self.checkouts.get(index).map(|found| Arc::clone(found) as Arc<dyn Volume>)
            }
            VolumeId::View { view, .. } => {
                self.views.get(view).map(|found| found as Arc<dyn Volume>)
            }
        };
        found.unwrap_or_else(|| Arc::clone(&self.scratch))
    }

    /// A batch that no other mount's batch is mistaken for.
    fn batch(&self, ops: Vec<Op>) -> Batch {
        let count = self.batches.fetch_add(1, Ordering::Relaxed);
        let id = BatchId(self.batch_base.wrapping_add(u128::from(count)));
        Batch { id, now_ns: self.clock.now_ns(), ops }
    }

    /// The library's threads do not live on in a forked child.
    fn check_process(&self, operation: Operation) -> FsResult<()> {
        if std::process::id() == self.process {
            return Ok(());
        }
        let forked = FsError::new(Errno::Io, operation, "");
        Err(forked.with_detail("the process was forked after the mount"))
    }
}

/// A mount that is dropped flushes as well as it can, and its subscribers' threads end.
impl Drop for Mounted {
    fn drop(&mut self) {
        // A forked child must leave the parent's files and locks alone.
        if std::process::id() == self.process {
            for checkout in &self.checkouts {
                if let Err(error) = checkout.close() {
                    tracing::warn!(repo = %checkout.repo(), %error, "a mount was dropped unflushed");
                }
            }
        }
    }
}
