//! Calls that fail when a test wants them to.

use std::sync::atomic::{AtomicU64, Ordering};

use mesafs::{Errno, FsError, FsResult, Operation};

/// Counts calls and fails one of them.
#[derive(Debug, Default)]
pub(super) struct Faults {
    calls: AtomicU64,
    /// 0: none.
    fails: AtomicU64,
}

impl Faults {
    /// The `nth` call from now, counted from 1, fails.
    pub fn fail_call(&self, nth: u64) {
        let calls = self.calls.load(Ordering::SeqCst);
        self.fails.store(if nth == 0 { 0 } else { calls + nth }, Ordering::SeqCst);
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Begins a call.
    pub fn begin(&self, operation: Operation) -> FsResult<()> {
        let count = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if count == self.fails.load(Ordering::SeqCst) {
            return Err(FsError::new(Errno::Io, operation, "").with_detail("a test made it fail"));
        }
        Ok(())
    }
}
