//! Virtual processes: a pid, and what signals do to it.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use mesash_builtins::cancel::{Cancel, Reason, Wake};
use parking_lot::{Condvar, Mutex};

use super::signal;

/// The pid of the first shell of a run.
const PID_FIRST: i64 = 1000;

/// What a shell waits on: it is told when a child ends, a signal comes, or it is cancelled.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<u64>,
    ring: Condvar,
}

impl Bell {
    pub fn ring(&self) {
        *self.rung.lock() += 1;
        self.ring.notify_all();
    }

    /// How often it has rung so far: to be read before the condition is looked at.
    pub fn count(&self) -> u64 {
        *self.rung.lock()
    }

    /// Waits until it has rung more often than `seen`, at most until `end`; false if `end` came.
    pub fn wait(&self, seen: u64, end: Option<Instant>) -> bool {
        let mut rung = self.rung.lock();
        while *rung == seen {
            match end {
                None => self.ring.wait(&mut rung),
                Some(end) if self.ring.wait_until(&mut rung, end).timed_out() => {
                    return *rung != seen;
                }
                Some(_) => {}
            }
        }
        true
    }
}

impl Wake for Bell {
    fn wake(&self) {
        self.ring();
    }
}

/// One virtual process.
pub struct Process {
    pub pid: i64,
    /// Set when it must end.
    pub cancel: Cancel,
    /// Signals that wait for their trap, by bit.
    pending: AtomicU64,
    /// Signals that a trap catches, by bit.
    caught: AtomicU64,
    ignored: AtomicU64,
    pub bell: Arc<Bell>,
}

fn bit(number: u8) -> u64 {
    1u64.checked_shl(u32::from(number.saturating_sub(1))).unwrap_or(0)
}

impl Process {
    fn new(pid: i64, cancel: Cancel, ignored: u64) -> Self {
        let bell = Arc::new(Bell::default());
        let sleeper: Arc<dyn Wake> = Arc::clone(&bell) as Arc<dyn Wake>;
        cancel.register(Arc::downgrade(&sleeper) as Weak<dyn Wake>);
        Self {
            pid,
            cancel,
            pending: AtomicU64::new(0),
            caught: AtomicU64::new(0),
            ignored: AtomicU64::new(ignored),
            bell,
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, number: u8) {
        let bit = bit(number);
        if number != signal::KILL {
            if self.ignored.load(Ordering::Relaxed) & bit != 0 {
                return;
            }
            if self.caught.load(Ordering::Relaxed) & bit != 0 {
                self.pending.fetch_or(bit, Ordering::SeqCst);
                self.bell.ring();
                return;
            }
            if signal::is_harmless(number) {
                return;
            }
        }
        self.cancel.cancel(Reason::Signal(number));
        self.bell.ring();
    }

    /// Whether a trap is due. Cheap: looked at before each command.
    #[inline]
    pub fn has_pending(&self) -> bool {
        self.pending.load(Ordering::Relaxed) != 0
    }

    /// Takes the lowest signal that is due.
    pub fn take_pending(&self) -> Option<u8> {
        let pending = self.pending.load(Ordering::SeqCst);
        if pending == 0 {
            return None;
        }
        let number = pending.trailing_zeros() as u8 + 1;
        self.pending.fetch_and(!bit(number), Ordering::SeqCst);
        Some(number)
    }

    /// What a signal does from now on.
    pub fn set_disposition(&self, number: u8, disposition: Disposition) {
        let bit = bit(number);
        let put = |mask: &AtomicU64, on: bool| {
            if on {
                mask.fetch_or(bit, Ordering::SeqCst);
            } else {
                mask.fetch_and(!bit, Ordering::SeqCst);
            }
        };
        put(&self.caught, disposition == Disposition::Caught);
        put(&self.ignored, disposition == Disposition::Ignored);
    }

    #[must_use]
    pub fn ignores(&self, number: u8) -> bool {
        self.ignored.load(Ordering::Relaxed) & bit(number) != 0
    }

    #[must_use]
    pub fn catches(&self, number: u8) -> bool {
        self.caught.load(Ordering::Relaxed) & bit(number) != 0
    }

    /// The signals that a child starts out ignoring.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored.load(Ordering::Relaxed)
    }

    /// Sleeps; false if a signal or a cancel ended it early.
    pub fn sleep(&self, duration: Duration) -> bool {
        let end = Instant::now().checked_add(duration);
        loop {
            let seen = self.bell.count();
            if self.cancel.is_cancelled() || self.has_pending() {
                return false;
            }
            if !self.bell.wait(seen, end) {
                return true;
            }
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("pid", &self.pid).finish_non_exhaustive()
    }
}

/// What a process does with a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    Default,
    Caught,
    Ignored,
}

/// The processes of one run.
#[derive(Debug)]
pub struct Processes {
    next: AtomicI64,
    alive: Mutex<HashMap<i64, Weak<Process>>>,
}

impl Default for Processes {
    fn default() -> Self {
        Self { next: AtomicI64::new(PID_FIRST), alive: Mutex::default() }
    }
}

impl Processes {
    /// A new process that ends when `cancel` is set. It is forgotten when its last `Arc` is dropped.
    pub fn start(&self, cancel: Cancel, ignored: u64) -> Arc<Process> {
        let pid = self.next.fetch_add(1, Ordering::Relaxed);
        let process = Arc::new(Process::new(pid, cancel, ignored));
        let mut alive = self.alive.lock();
        if alive.len() > 64 && alive.len().is_power_of_two() {
            alive.retain(|_, process| process.strong_count() > 0);
        }
        alive.insert(pid, Arc::downgrade(&process));
        process
    }

    /// A pid for something that cannot be reached by signals.
    pub fn next_pid(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    #[must_use]
    pub fn get(&self, pid: i64) -> Option<Arc<Process>> {
        self.alive.lock().get(&pid)?.upgrade()
    }

    /// Every process that is alive, for `kill -1`'s kind and for an interrupt of them all.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Process>> {
        self.alive.lock().values().filter_map(Weak::upgrade).collect()
    }

    /// Forgets a process that has ended.
    pub fn end(&self, pid: i64) {
        self.alive.lock().remove(&pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ends_waits_for_its_trap_or_does_nothing() {
        let processes = Processes::default();
        let process = processes.start(Cancel::new(), 0);
        process.set_disposition(signal::TERM, Disposition::Caught);
        process.set_disposition(signal::INT, Disposition::Ignored);
        process.signal(signal::INT);
        process.signal(signal::CHLD);
        assert_eq!(process.take_pending(), None);
        process.signal(signal::TERM);
        assert_eq!(process.take_pending(), Some(signal::TERM));
        assert!(!process.cancel.is_cancelled());
        process.signal(signal::KILL);
        assert_eq!(process.cancel.reason(), Some(Reason::Signal(9)));
        let pid = process.pid;
        drop(process);
        assert!(processes.get(pid).is_none());
    }
}
