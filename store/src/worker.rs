//! The store's own threads: each has one job, and does it when it is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::error::StoreError;
use crate::options::Timer;

/// Why a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its time has come.
    Due,
    /// Somebody waits for it: everything it can do is to be done.
    Asked,
}

/// A thread with one job.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    timer: Timer,
    /// Whether the job has a time already, so that asking for one costs nothing.
    armed: AtomicBool,
    state: Mutex<State>,
    wake: Condvar,
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    due: Option<Instant>,
    asked: u64,
    answered: u64,
    stop: bool,
}

impl Worker {
    /// Starts a thread that does `job` and answers when it wants to be called again.
    pub fn start(
        name: &str,
        timer: Timer,
        job: impl Fn(Why) -> Option<Duration> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            timer,
            armed: AtomicBool::new(false),
            state: Mutex::default(),
            wake: Condvar::new(),
            done: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(&own, &job));
        let thread = thread.map_err(StoreError::io(name))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Has the job done after `delay`, unless it has a time already.
    pub fn poke(&self, delay: Duration) {
        if self.shared.timer == Timer::Manual || self.shared.armed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.hurry(delay);
    }

    /// Has the job done after `delay` at the latest.
    pub fn hurry(&self, delay: Duration) {
        if self.shared.timer == Timer::Manual {
            return;
        }
        self.shared.armed.store(true, Ordering::Release);
        let mut state = self.shared.state.lock();
        let due = Instant::now() + delay;
        if state.due.is_none_or(|set| due < set) {
            state.due = Some(due);
            drop(state);
            self.shared.wake.notify_one();
        }
    }

    /// Has the job done now, and waits for that.
    pub fn ask(&self) {
        let mut state = self.shared.state.lock();
        state.asked += 1;
        let ticket = state.asked;
        self.shared.wake.notify_one();
        while state.answered < ticket && !state.stop {
            self.shared.done.wait(&mut state);
        }
    }

    /// Ends the thread, after what it is doing.
    pub fn stop(&self) {
        self.shared.state.lock().stop = true;
        self.shared.wake.notify_one();
        self.shared.done.notify_all();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("a thread of the store panicked");
        }
    }
}

fn run(shared: &Shared, job: &dyn Fn(Why) -> Option<Duration>) {
    let mut state = shared.state.lock();
    loop {
        if state.stop {
            return;
        }
        let (why, ticket) = if state.asked > state.answered {
            (Why::Asked, Some(state.asked))
        } else {
            match state.due {
                Some(due) if due <= Instant::now() => (Why::Due, None),
                Some(due) => {
                    let _woken = shared.wake.wait_until(&mut state, due);
                    continue;
                }
                None => {
                    shared.wake.wait(&mut state);
                    continue;
                }
            }
        };
        state.due = None;
        // Before the job looks: what comes while it runs sets a new time.
        shared.armed.store(false, Ordering::Release);
        drop(state);
        let again = job(why);
        state = shared.state.lock();
        if let Some(delay) = again.filter(|_| shared.timer == Timer::Host) {
            let due = Instant::now() + delay;
            shared.armed.store(true, Ordering::Release);
            state.due = Some(state.due.map_or(due, |set| set.min(due)));
        }
        if let Some(ticket) = ticket {
            state.answered = state.answered.max(ticket);
            shared.done.notify_all();
        }
    }
}
