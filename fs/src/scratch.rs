//! Scratch memory: the volume behind `/tmp`, `/var/tmp` and `/home/mesa` of one mount.
//!
//! It lives as long as its mount and is bounded by a quota (ENOSPC), in which files that only open
//! handles still hold count too. Nothing of it is ever durable.

use std::sync::Arc;

use crate::backend::{Access, EventQueue, OpenFile, Volume};
use crate::clock::Clock;
use crate::error::{Errno, FsResult};
use crate::live::{Limits, LiveTree, OpenIds, Origin, Queue, Rules};
use crate::name::ChangeId;
use crate::op::{Applied, Batch};
use crate::path::{PATH_BYTES_MAX, RepoPath};
use crate::tree::{Attributes, Dir, Node, Root};

/// Everything that writes to scratch memory is its own mount.
const OWNER: Origin = Origin(0);

/// How much scratch memory may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub bytes_max: u64,
    pub entries_max: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { bytes_max: 1 << 30, entries_max: 1_000_000 }
    }
}

/// The scratch memory of one mount.
#[derive(Debug)]
pub struct Scratch {
    tree: Arc<LiveTree>,
    limits: Limits,
}

impl Scratch {
    /// Empty directories at the places where a mount shows scratch memory.
    #[must_use]
    pub fn new(quota: Quota, clock: &dyn Clock) -> Self {
        let now_ns = clock.now_ns();
        let dir = |mode, entries: Vec<(&'static [u8], Node)>| {
            Dir::from_entries(Attributes::new(mode, now_ns), entries)
        };
        let shared = || Node::from(dir(0o1777, Vec::new()));
        let home = dir(0o755, vec![(b"mesa", dir(0o755, Vec::new()).into())]);
        let var = dir(0o755, vec![(b"tmp", shared())]);
        let all = vec![(&b"tmp"[..], shared()), (b"var", var.into()), (b"home", home.into())];
        let root =
            Root { dir: dir(0o755, all), change: ChangeId::root(), version: 0, opened_ns: now_ns };
        let limits = Limits {
            entries_max: quota.entries_max,
            bytes_max: quota.bytes_max,
            path_bytes_max: PATH_BYTES_MAX,
            exceeded: Errno::NoSpc,
        };
        Self { tree: Arc::new(LiveTree::new(root, OpenIds::default())), limits }
    }
}

impl Volume for Scratch {
    fn access(&self) -> Access {
        Access::ReadWrite
    }

    fn root(&self) -> FsResult<Root> {
        Ok(self.tree.root())
    }

    fn apply(&self, batch: Batch) -> FsResult<Applied> {
        let rules = Rules { limits: self.limits, merge: None, landed_bytes_min: usize::MAX };
        self.tree.apply(&batch, &rules, OWNER, |_| Ok(self.tree.version() + 1))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn hold(&self, path: &RepoPath) -> FsResult<Arc<dyn OpenFile>> {
        Ok(Arc::new(self.tree.hold(path)?))
    }

    fn subscribe(&self) -> FsResult<Box<dyn EventQueue>> {
        let (queue, reader) = Queue::new(OWNER);
        self.tree.attach(&queue);
        Ok(Box::new(reader))
    }

    fn sync(&self) -> FsResult<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::clock::ManualClock;
    use crate::op::{BatchId, Op};

    #[test]
    fn the_quota_is_enospc_and_what_goes_makes_room() -> FsResult<()> {
        let quota = Quota { bytes_max: 10, entries_max: 7 };
        let scratch = Scratch::new(quota, &ManualClock::at_s(5));
        let apply = |ops| {
            let applied = scratch.apply(Batch { id: BatchId(0), now_ns: 1, ops });
            applied.map(|applied| applied.version).map_err(|error| error.errno())
        };
        let write = |path: &str, len| {
            let (path, data) = (RepoPath::new(path)?, Bytes::from(vec![b'x'; len]));
            Ok(Op::Write { path, mode: 0o644, data })
        };
        assert_eq!(apply(vec![write("tmp/a", 10)?]), Ok(1));
        assert_eq!(apply(vec![write("tmp/b", 1)?]), Err(Errno::NoSpc));
        assert_eq!(apply(vec![write("tmp/a", 9)?, write("home/mesa/b", 1)?]), Ok(2));
        assert_eq!(apply(vec![write("tmp/c", 0)?]), Err(Errno::NoSpc));
        Ok(())
    }
}
