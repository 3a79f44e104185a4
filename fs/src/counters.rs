//! What work was done: relaxed counters that costs are asserted by.

use std::sync::atomic::{AtomicU64, Ordering};

/// Shared by the live trees, sources and journal of one store.
#[derive(Debug, Default)]
pub struct Counters {
    nodes_visited: AtomicU64,
    objects_read: AtomicU64,
    journal_bytes: AtomicU64,
    fsyncs: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Tree nodes that ops looked at.
    pub nodes_visited: u64,
    /// Git objects and facts nodes that were read from storage.
    pub objects_read: u64,
    pub journal_bytes: u64,
    /// Our own calls that wait for the disk.
    pub fsyncs: u64,
}

impl Counters {
    pub fn add_nodes_visited(&self, count: u64) {
        self.nodes_visited.fetch_add(count, Ordering::Relaxed);
    }

    pub fn add_objects_read(&self, count: u64) {
        self.objects_read.fetch_add(count, Ordering::Relaxed);
    }

    pub fn add_journal_bytes(&self, count: u64) {
        self.journal_bytes.fetch_add(count, Ordering::Relaxed);
    }

    pub fn add_fsyncs(&self, count: u64) {
        self.fsyncs.fetch_add(count, Ordering::Relaxed);
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            nodes_visited: self.nodes_visited.load(Ordering::Relaxed),
            objects_read: self.objects_read.load(Ordering::Relaxed),
            journal_bytes: self.journal_bytes.load(Ordering::Relaxed),
            fsyncs: self.fsyncs.load(Ordering::Relaxed),
        }
    }
}

impl Counts {
    /// What was counted after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            nodes_visited: self.nodes_visited.wrapping_sub(earlier.nodes_visited),
            objects_read: self.objects_read.wrapping_sub(earlier.objects_read),
            journal_bytes: self.journal_bytes.wrapping_sub(earlier.journal_bytes),
            fsyncs: self.fsyncs.wrapping_sub(earlier.fsyncs),
        }
    }
}
