//! Cancelling: a flag that every loop, pipe, sleep and command looks at.
//!
//! A [`Cancel`] is a node in a tree: cancelling one cancels everything below it (a job, its stages,
//! their commands). Whoever blocks registers a [`Wake`], so that nobody polls.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Why something was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Ctrl-C, a dropped call, or `Cancel::cancel` by the program.
    Interrupt,
    Timeout,
    /// A limit of the budget that ends the whole run.
    Limit,
    /// `kill` by number, for a job or a stage.
    Signal(u8),
    /// The shell that owned it has ended.
    Closed,
}

impl Reason {
    fn code(self) -> u32 {
        match self {
            Self::Interrupt => 1,
            Self::Timeout => 2,
            Self::Limit => 3,
            Self::Closed => 4,
            Self::Signal(number) => 0x100 | u32::from(number),
        }
    }

    fn from_code(code: u32) -> Option<Self> {
        match code {
            0 => None,
            1 => Some(Self::Interrupt),
            2 => Some(Self::Timeout),
            3 => Some(Self::Limit),
            4 => Some(Self::Closed),
            signal => Some(Self::Signal((signal & 0xff) as u8)),
        }
    }

    /// What `$?` is for a command that ended so: 128 + the signal's number.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::Interrupt | Self::Closed => 130,
            Self::Timeout => 124,
            Self::Limit => 137,
            Self::Signal(number) => 128u8.wrapping_add(number),
        }
    }
}

/// Something that blocks and can be told to look again.
pub trait Wake: Send + Sync {
    fn wake(&self);
}

#[derive(Default)]
struct State {
    code: AtomicU32,
    links: Mutex<Links>,
}

#[derive(Default)]
struct Links {
    children: Vec<Weak<State>>,
    sleepers: Vec<Weak<dyn Wake>>,
}

/// A flag shared by everything that must end together. Cloning shares it.
#[derive(Clone, Default)]
pub struct Cancel(Arc<State>);

impl Cancel {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag of its own that is set too when this one is.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::new();
        let mut links = self.0.links.lock();
        if links.children.len() > 16 && links.children.len().is_power_of_two() {
            links.children.retain(|child| child.strong_count() > 0);
        }
        links.children.push(Arc::downgrade(&child.0));
        // Under the lock, so that a cancel between look and push cannot be missed.
        child.0.code.store(self.0.code.load(Ordering::SeqCst), Ordering::SeqCst);
        drop(links);
        child
    }

    /// Sets the flag here and below; the first reason stays.
    pub fn cancel(&self, reason: Reason) {
        let mut pending = vec![Arc::clone(&self.0)];
        while let Some(state) = pending.pop() {
            let first =
                state.code.compare_exchange(0, reason.code(), Ordering::SeqCst, Ordering::SeqCst);
            if first.is_err() {
                continue;
            }
            let links = std::mem::take(&mut *state.links.lock());
            pending.extend(links.children.iter().filter_map(Weak::upgrade));
            for sleeper in links.sleepers.iter().filter_map(Weak::upgrade) {
                sleeper.wake();
            }
        }
    }

    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        Reason::from_code(self.0.code.load(Ordering::Relaxed))
    }

    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.code.load(Ordering::Relaxed) != 0
    }

    /// Has `sleeper` woken when the flag is set, at once if it is set already. The sleeper checks
    /// the flag after it was registered and before each wait.
    pub fn register(&self, sleeper: Weak<dyn Wake>) {
        let mut links = self.0.links.lock();
        if links.sleepers.len() > 16 && links.sleepers.len().is_power_of_two() {
            links.sleepers.retain(|sleeper| sleeper.strong_count() > 0);
        }
        let known = links.sleepers.iter().any(|other| Weak::ptr_eq(other, &sleeper));
        if !known {
            links.sleepers.push(sleeper.clone());
        }
        drop(links);
        if self.is_cancelled()
            && let Some(sleeper) = sleeper.upgrade()
        {
            sleeper.wake();
        }
    }

    /// Sleeps for `duration`, or until cancelled; true if it slept to the end.
    #[must_use]
    pub fn sleep(&self, duration: Duration) -> bool {
        struct Alarm(Mutex<()>, Condvar);
        impl Wake for Alarm {
            fn wake(&self) {
                drop(self.0.lock());
                self.1.notify_all();
            }
        }
        let alarm = Arc::new(Alarm(Mutex::new(()), Condvar::new()));
        let sleeper: Arc<dyn Wake> = Arc::clone(&alarm) as Arc<dyn Wake>;
        self.register(Arc::downgrade(&sleeper));
        let Some(end) = Instant::now().checked_add(duration) else {
            let mut guard = alarm.0.lock();
            while !self.is_cancelled() {
                alarm.1.wait(&mut guard);
            }
            return false;
        };
        let mut guard = alarm.0.lock();
        while !self.is_cancelled() {
            if alarm.1.wait_until(&mut guard, end).timed_out() {
                return !self.is_cancelled();
            }
        }
        false
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.reason()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_reaches_children_and_the_first_reason_stays() {
        let parent = Cancel::new();
        let child = parent.child();
        let grandchild = child.child();
        child.cancel(Reason::Signal(15));
        parent.cancel(Reason::Timeout);
        assert_eq!(parent.reason(), Some(Reason::Timeout));
        assert_eq!(grandchild.reason(), Some(Reason::Signal(15)));
        assert_eq!(parent.child().reason(), Some(Reason::Timeout));
    }

    #[test]
    fn a_sleep_ends_when_cancelled() {
        let cancel = Cancel::new();
        let other = cancel.clone();
        let sleeper = std::thread::spawn(move || other.sleep(Duration::from_secs(3600)));
        cancel.cancel(Reason::Interrupt);
        assert!(sleeper.join().is_ok_and(|slept| !slept));
        assert!(Cancel::new().sleep(Duration::ZERO));
    }
}
