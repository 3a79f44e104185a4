//! The interpreter's own threads: large stacks, lazily committed, used again.
//!
//! A task never waits for a free thread: where none is idle a new one starts, and where the host
//! refuses that the caller is told, as `fork` tells it. How many may run at once is the budget's
//! business, not this one's.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::stack;

/// How long a thread waits for its next task before it ends.
const IDLE_MS: u64 = 3_000;

type Task = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    tasks: VecDeque<Task>,
    /// Threads that wait, less those that a task in the queue is meant for.
    idle: usize,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ready: Condvar,
}

/// Threads that run the stages of one library instance. They end when this is dropped.
pub struct Threads(Arc<Shared>);

/// The host has no more threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Resource temporarily unavailable")]
pub struct NoThread;

impl Threads {
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Runs `task` on a thread of its own, at once.
    ///
    /// # Errors
    /// [`NoThread`] if the host refuses another thread; the task was dropped then.
    pub fn spawn(&self, task: impl FnOnce() + Send + 'static) -> Result<(), NoThread> {
        let task: Task = Box::new(task);
        let mut state = self.0.state.lock();
        if state.idle > 0 {
            state.idle -= 1;
            state.tasks.push_back(task);
            drop(state);
            self.0.ready.notify_one();
            return Ok(());
        }
        drop(state);
        let shared = Arc::clone(&self.0);
        let builder = std::thread::Builder::new().name("mesash-shell".into());
        let builder = builder.stack_size(stack::THREAD_BYTES);
        let started = builder.spawn(move || {
            stack::enter(stack::THREAD_BYTES);
            task();
            shared.work();
        });
        started.map(drop).map_err(|_| NoThread)
    }
}

impl Shared {
    fn work(&self) {
        while let Some(task) = self.next() {
            task();
        }
    }

    fn next(&self) -> Option<Task> {
        let mut state = self.state.lock();
        state.idle += 1;
        loop {
            if let Some(task) = state.tasks.pop_front() {
                return Some(task);
            }
            if state.closed {
                return None;
            }
            let wait = self.ready.wait_for(&mut state, Duration::from_millis(IDLE_MS));
            // A task that came at the last moment has already taken this thread off the count.
            if wait.timed_out() && state.tasks.is_empty() {
                state.idle = state.idle.saturating_sub(1);
                return None;
            }
        }
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.state.lock().closed = true;
        self.0.ready.notify_all();
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("idle", &self.0.state.lock().idle).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_is_used_again_and_two_tasks_run_at_once() {
        let threads = Threads::new();
        let (send, receive) = mpsc::channel();
        for _ in 0..3 {
            let send = send.clone();
            let (inner_send, inner_receive) = mpsc::channel();
            assert!(threads.spawn(move || assert!(inner_send.send(()).is_ok())).is_ok());
            // The second task runs while the first waits for it.
            let second = send.clone();
            let waits = threads.spawn(move || {
                assert!(second.send(inner_receive.recv().is_ok()).is_ok());
            });
            assert!(waits.is_ok());
            assert_eq!(receive.recv(), Ok(true));
        }
    }
}
