//! Repaints the line that is being typed, from other threads.
//!
//! A thread of its own waits for something to show, and hands the line editor one message for all
//! that came meanwhile, at most one in [`PAUSE`]. It waits without a time limit: an idle prompt uses no
//! processor. The line editor clears its rows, prints the message and then prompt and line below it;
//! each message ends so that the cursor does not move by it, and the prompt that follows it begins
//! with [`RESTORE`] (`editor.rs`). So a message of no text repaints in place.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rustyline::ExternalPrinter;

/// How long a repaint lasts at least before the next.
const PAUSE: Duration = Duration::from_millis(60);
/// Saves the cursor, goes up a row and down again: where there is no row above it goes down by one,
/// and nowhere does the screen scroll.
const TAIL: &str = "\x1b7\x1b[A\n";
/// Back to where [`TAIL`] saved the cursor.
pub const RESTORE: &str = "\x1b8";
/// How long a notice is the last at least. Of those that come meanwhile the last is shown.
const NOTICE_PAUSE: Duration = Duration::from_secs(1);

/// A line above the prompt. It is made when it is shown: to look up who did it may take a while.
pub struct Notice(Box<dyn FnOnce() -> String + Send>);

impl Notice {
    pub fn new(make: impl FnOnce() -> String + Send + 'static) -> Self {
        Self(Box::new(make))
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notice")
    }
}

#[derive(Debug, Default)]
struct State {
    repaint: bool,
    notice: Option<Notice>,
    /// When the last notice was shown.
    told: Option<Instant>,
    /// A line is being typed.
    reading: bool,
    ended: bool,
}

/// Wakes the line editor.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<(Mutex<State>, Condvar)>);

impl Bell {
    /// Starts the thread that shows what comes, through `printer`.
    pub fn start(&self, mut printer: impl ExternalPrinter + Send + 'static) {
        let bell = self.clone();
        let named = thread::Builder::new().name("mesa-prompt".into());
        // Without it the prompt does not change while a line is typed, and nothing else is lost.
        drop(named.spawn(move || {
            while let Some(notice) = bell.next() {
                let text = notice.map_or(String::new(), |Notice(make)| make() + "\n");
                // Meanwhile the line may have been entered, and the terminal is what it runs.
                if bell.is_reading() && printer.print(text + TAIL).is_err() {
                    return;
                }
                thread::sleep(PAUSE);
            }
        }));
    }

    /// Has prompt and line painted again.
    pub fn repaint(&self) {
        self.change(|state| state.repaint = true);
    }

    /// Shows a line above the prompt, soon.
    pub fn notice(&self, notice: Notice) {
        self.change(|state| state.notice = Some(notice));
    }

    /// A line is typed from now on, or no longer.
    pub fn reading(&self, reading: bool) {
        self.change(|state| {
            state.reading = reading;
            // What was to be painted again is painted anew anyhow.
            state.repaint = false;
        });
    }

    fn is_reading(&self) -> bool {
        self.0.0.lock().reading
    }

    pub fn end(&self) {
        self.change(|state| state.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let (state, changed) = &*self.0;
        change(&mut state.lock());
        changed.notify_one();
    }

    /// Waits until something is to be shown: a notice, or the prompt anew. `None` at the end.
    fn next(&self) -> Option<Option<Notice>> {
        let (state, changed) = &*self.0;
        let mut state = state.lock();
        loop {
            if state.ended {
                return None;
            }
            let now = Instant::now();
            let due = state.told.map_or(now, |told| told + NOTICE_PAUSE);
            let notice = if due <= now && state.reading { state.notice.take() } else { None };
            if state.reading && (state.repaint || notice.is_some()) {
                state.repaint = false;
                if notice.is_some() {
                    state.told = Some(now);
                }
                return Some(notice);
            }
            if state.reading && state.notice.is_some() {
                changed.wait_until(&mut state, due);
            } else {
                changed.wait(&mut state);
            }
        }
    }
}
