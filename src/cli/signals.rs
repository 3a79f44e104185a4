//! The host's signals: passed on to the script, or ending it.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use mesash_builtins::cancel::{Cancel, Reason};
use parking_lot::Mutex;
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Handle;

use crate::eval::Signals;

/// So many of one signal end the program at once, whatever it is doing.
const PATIENCE: u32 = 3;

/// What Ctrl-Z is answered with while a line runs.
const NO_STOP: &[u8] =
    b"\nmesash: a line that runs can't be stopped: Ctrl-C ends it, and & at its end runs it in the background\n";

/// What signals act on at the moment.
#[derive(Debug, Clone)]
pub struct Target {
    /// The script, whose traps run.
    pub script: Signals,
    /// What is cancelled where no script takes the signal.
    pub cancel: Cancel,
}

/// Takes the program's signals on a thread of its own, which lives as long as the program.
#[derive(Clone, Default)]
pub struct Watch {
    target: Arc<Mutex<Option<Target>>>,
    pending: Arc<AtomicU32>,
    /// Ctrl-C is for another program that has the terminal.
    held: Arc<AtomicBool>,
    /// What a hangup at a prompt still has to do.
    hangup: Arc<Mutex<Option<Box<dyn Fn() + Send>>>>,
    /// Takes more signals.
    handle: Option<Handle>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("pending", &self.pending).finish_non_exhaustive()
    }
}

impl Watch {
    /// Starts to take SIGINT, SIGTERM and SIGHUP, but for those that the program was started to
    /// ignore (`nohup`). An `interactive` shell takes SIGINT even so, as bash does: a terminal may have been
    /// started in the background.
    ///
    /// # Errors
    /// If the host has no thread or descriptor left.
    pub fn start(interactive: bool) -> io::Result<Self> {
        let ignored = ignored_at_start() & !(u64::from(interactive) << (SIGINT - 1));
        let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter();
        let taken = wanted.filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let mut signals = signal_hook::iterator::Signals::new(taken)?;
        let watch = Self { handle: Some(signals.handle()), ..Self::default() };
        let other = watch.clone();
        thread::Builder::new().name("mesa-signals".into()).spawn(move || {
            for signal in signals.forever() {
                other.take(u8::try_from(signal).unwrap_or(0));
            }
        })?;
        Ok(watch)
    }

    /// Whether a signal came since the last aim.
    #[must_use]
    pub fn is_signalled(&self) -> bool {
        self.pending.load(Ordering::SeqCst) > 0
    }

    /// From now on signals act on `target`.
    pub fn aim(&self, target: Option<Target>) {
        self.pending.store(0, Ordering::SeqCst);
        *self.target.lock() = target;
    }

    /// The program has a prompt: while nothing runs only SIGHUP ends it, after `hangup`.
    pub fn at_prompt(&self, hangup: Box<dyn Fn() + Send>) {
        *self.hangup.lock() = Some(hangup);
        if let Some(handle) = &self.handle {
            // Without it Ctrl-Z stops the program, which can go on then.
            drop(handle.add_signal(SIGTSTP));
        }
    }

    /// Until what this gives is dropped, SIGINT is passed over, and Ctrl-Z stops nothing.
    pub fn hold(&self) -> Held {
        self.held.store(true, Ordering::SeqCst);
        Held(Arc::clone(&self.held))
    }

    fn take(&self, signal: u8) {
        let held = self.held.load(Ordering::SeqCst);
        if i32::from(signal) == SIGINT && held {
            return;
        }
        if i32::from(signal) == SIGTSTP && held {
            // The other program may have stopped at it, and nobody else would wake it.
            let _ = kill_current_process_group(Signal::CONT);
            return;
        }
        if i32::from(signal) == SIGTSTP {
            if self.target.lock().is_some() {
                // Nobody is there to read it if it can't be written.
                let _ = io::stderr().write_all(NO_STOP);
            }
            return;
        }
        let came = self.pending.fetch_add(1, Ordering::SeqCst) + 1;
        let Some(target) = self.target.lock().clone() else {
            return self.take_idle(signal);
        };
        if came >= PATIENCE {
            std::process::exit(128 + i32::from(signal));
        }
        if !target.script.deliver(signal) {
            target.cancel.cancel(Reason::Signal(signal));
        }
    }

    /// Takes a signal while nothing runs.
    fn take_idle(&self, signal: u8) {
        let signal = i32::from(signal);
        let hangup = self.hangup.lock();
        match &*hangup {
            Some(hangup) if signal == SIGHUP => hangup(),
            // The line editor reads Ctrl-C itself.
            Some(_) => return,
            None if signal == SIGINT => return,
            None => {}
        }
        std::process::exit(128 + signal);
    }
}

/// The terminal is another program's.
#[derive(Debug)]
pub struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// A mask of the signals that this process was started to ignore; none where the host can't tell.
fn ignored_at_start() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
