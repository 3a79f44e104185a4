//! A mount: a live view of some repositories at some changes, under one token.
//!
//! [`Files`] is the synchronous [`FileSystem`](crate::FileSystem) over the namespace; [`Mount`]
//! wraps it in the async calls of the public API. Always true: every path a caller gives is walked
//! here, so a volume only ever sees literal paths of its own.

mod api;
mod device;
mod edit;
mod files;
mod handle;
mod namespace;
mod open;
mod pool;
mod stat;
mod subscribe;
mod versions;
mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::backend::{Checkout, Volume};
use crate::clock::Clock;
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::name::OrgName;
use crate::op::{Batch, BatchId, Op};
use namespace::Namespace;

pub use api::{Bookmarks, Changes, Mount};
pub use files::Files;
pub use subscribe::Subscription;
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

/// Which volume of a mount: scratch memory, or a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct VolumeId(Option<usize>);

impl VolumeId {
    const SCRATCH: Self = Self(None);

    fn repo(index: usize) -> Self {
        Self(Some(index))
    }

    /// `st_dev`: 1 is the fixed namespace, 2 scratch memory.
    fn device(self) -> u64 {
        self.0.map_or(2, |index| index as u64 + 3)
    }
}

#[derive(Debug)]
struct Shared {
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
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| {
            FsError::new(Errno::Io, Operation::Mount, "").with_detail(error.to_string())
        })?;
        Ok(Self {
            namespace: Namespace { org: org.as_str().into(), repos, commands },
            checkouts,
            scratch,
            opened_ns: clock.now_ns(),
            clock,
            process: std::process::id(),
            batch_base: u128::from_le_bytes(random),
            batches: AtomicU64::new(0),
        })
    }

    fn volume(&self, id: VolumeId) -> Arc<dyn Volume> {
        match id.0.and_then(|index| self.checkouts.get(index)) {
            Some(checkout) => Arc::clone(checkout) as Arc<dyn Volume>,
            None => Arc::clone(&self.scratch),
        }
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
impl Drop for Shared {
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
