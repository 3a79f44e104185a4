//! Timeouts: one thread that cancels what has run too long.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mesash_builtins::cancel::{Cancel, Reason};
use parking_lot::{Condvar, Mutex};

#[derive(Default)]
struct State {
    next: u64,
    due: BTreeMap<(Instant, u64), Cancel>,
    /// A thread is running. It ends when nothing is due.
    running: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The timeouts of one library instance.
#[derive(Clone, Default)]
pub struct Timer(Arc<Shared>);

/// A timeout that is off again once this is dropped.
pub struct Timeout {
    shared: Arc<Shared>,
    key: (Instant, u64),
}

impl Timer {
    /// Cancels with [`Reason::Timeout`] after `delay`, unless the guard is dropped before. `None` for
    /// a delay that never ends, or if the host has no thread for it.
    #[must_use]
    pub fn start(&self, delay: Duration, cancel: Cancel) -> Option<Timeout> {
        let end = Instant::now().checked_add(delay)?;
        let mut state = self.0.state.lock();
        if !state.running {
            let shared = Arc::clone(&self.0);
            let builder = std::thread::Builder::new().name("mesash-timer".into());
            builder.spawn(move || shared.run()).ok()?;
            state.running = true;
        }
        state.next += 1;
        let key = (end, state.next);
        let first = state.due.first_key_value().is_none_or(|(other, _)| key < *other);
        state.due.insert(key, cancel);
        drop(state);
        if first {
            self.0.changed.notify_one();
        }
        Some(Timeout { shared: Arc::clone(&self.0), key })
    }
}

/// How long the thread lingers when nothing is due.
const LINGER_MS: u64 = 10_000;

impl Shared {
    fn run(&self) {
        let mut state = self.state.lock();
        loop {
            match state.due.first_key_value().map(|(key, _)| *key) {
                None => {
                    let wait = self.changed.wait_for(&mut state, Duration::from_millis(LINGER_MS));
                    if wait.timed_out() && state.due.is_empty() {
                        state.running = false;
                        return;
                    }
                }
                Some((end, _)) if end > Instant::now() => {
                    self.changed.wait_until(&mut state, end);
                }
                Some(key) => {
                    if let Some(cancel) = state.due.remove(&key) {
                        parking_lot::MutexGuard::unlocked(&mut state, || {
                            cancel.cancel(Reason::Timeout);
                        });
                    }
                }
            }
        }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        self.shared.state.lock().due.remove(&self.key);
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("due", &self.0.state.lock().due.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_too_long_is_cancelled_and_nothing_else() {
        let timer = Timer::default();
        let (slow, quick) = (Cancel::new(), Cancel::new());
        let guard = timer.start(Duration::from_secs(3600), quick.clone());
        let other = timer.start(Duration::from_millis(1), slow.clone());
        assert!(!slow.sleep(Duration::from_secs(60)));
        assert_eq!(slow.reason(), Some(Reason::Timeout));
        assert_eq!(quick.reason(), None);
        drop((guard, other));
        assert!(timer.0.state.lock().due.is_empty());
    }
}
