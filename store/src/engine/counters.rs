//! Counts of the engine's costs, for tests that assert them.

use std::sync::atomic::{AtomicU64, Ordering};

/// Shared by everything that belongs to one [`super::Repository`].
#[derive(Debug, Default)]
pub struct Counters {
    objects_read: AtomicU64,
    objects_written: AtomicU64,
    fsyncs: AtomicU64,
    transactions: AtomicU64,
}

impl Counters {
    /// Git objects that were decoded, and headers that were looked up.
    #[must_use]
    pub fn objects_read(&self) -> u64 {
        self.objects_read.load(Ordering::Relaxed)
    }

    /// Git objects that [`super::ObjectWriter`] stored.
    #[must_use]
    pub fn objects_written(&self) -> u64 {
        self.objects_written.load(Ordering::Relaxed)
    }

    /// Our own calls of `fsync` and `syncfs`; jj's are not counted.
    #[must_use]
    pub fn fsyncs(&self) -> u64 {
        self.fsyncs.load(Ordering::Relaxed)
    }

    /// jj operations.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    pub(super) fn object_read(&self) {
        self.objects_read.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn object_written(&self) {
        self.objects_written.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fsync(&self) {
        self.fsyncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn transaction(&self) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
    }
}
