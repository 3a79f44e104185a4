//! How a store is opened.

use std::sync::Arc;
use std::time::Duration;

use mesafs::clock::{Clock, SystemClock};

/// What wakes the store's own threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timer {
    /// The host's time: `fdatasync` every 100 ms while there is something to sync, a snapshot after
    /// a second without writes.
    #[default]
    Host,
    /// Nothing but [`crate::Store::tick`], so that tests count and order what the threads do.
    Manual,
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Gives commits their time and ends tokens.
    pub clock: Arc<dyn Clock>,
    /// How long to wait for another process that has the store open.
    pub lock_wait: Duration,
    pub timer: Timer,
    /// Journal segments are closed at this size.
    pub segment_bytes_max: u64,
    /// A change is snapshotted when this much was written to it, however busy it is.
    pub dirty_bytes_max: u64,
    /// How far back the audit reaches, and what is kept of earlier states when the store is cleaned up.
    /// Nothing: no audit.
    pub retention: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            lock_wait: Duration::from_secs(10),
            timer: Timer::Host,
            segment_bytes_max: 64 << 20,
            dirty_bytes_max: 256 << 20,
            retention: Duration::from_secs(90 * 86_400),
        }
    }
}
