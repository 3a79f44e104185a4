//! What all the virtual processes of one run share, beside [`crate::state::World`].

use std::sync::Arc;
use std::time::Duration;

use mesash_builtins::budget::LimitReached;
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::registry::Registry;
use parking_lot::{Condvar, Mutex};

use crate::job::{Processes, Threads};

/// One run's machinery: of an `exec`, a script, an interactive session.
#[derive(Debug)]
pub struct Realm {
    pub registry: Arc<Registry>,
    pub processes: Processes,
    pub threads: Arc<Threads>,
    /// Ends the whole run, its background jobs too.
    pub cancel: Cancel,
    pub tasks: Tasks,
    /// When the run began, in seconds since the epoch.
    pub started_s: i64,
    /// The limit that ended the run.
    pub limit: Mutex<Option<LimitReached>>,
}

/// The threads of a run that still work.
#[derive(Debug, Default)]
pub struct Tasks {
    running: Mutex<usize>,
    ended: Condvar,
}

impl Tasks {
    pub fn begin(&self) {
        *self.running.lock() += 1;
    }

    pub fn end(&self) {
        *self.running.lock() -= 1;
        self.ended.notify_all();
    }

    /// Waits until none is left.
    pub fn join(&self) {
        let mut running = self.running.lock();
        while *running > 0 {
            self.ended.wait_for(&mut running, Duration::from_secs(1));
        }
    }
}

impl Realm {
    /// Ends what is left of the run: jobs are cancelled and their threads waited for.
    pub fn close(&self) {
        self.cancel.cancel(Reason::Closed);
        self.tasks.join();
    }

    /// Ends the run because of a limit.
    pub fn exceeded(&self, limit: LimitReached) {
        self.limit.lock().get_or_insert(limit);
        self.cancel.cancel(Reason::Limit);
    }
}
