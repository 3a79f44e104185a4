//! A bar that moves while something takes long, for a person alone.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// What is done sooner is not told of.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar moves.
const PAUSE: Duration = Duration::from_millis(100);
const BAR_COLUMNS: usize = 12;
const BLOCK: &str = "===";

/// The bar; it goes when this is dropped.
pub struct Waiting {
    done: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Waiting {
    /// Begins to wait for `what`. Without a terminal nothing is shown.
    pub fn begin(what: String) -> Self {
        let done = Arc::new((Mutex::new(false), Condvar::new()));
        let shown = std::io::stderr().is_terminal().then(|| {
            let done = Arc::clone(&done);
            thread::Builder::new().name("mesa-bar".into()).spawn(move || show(&what, &done))
        });
        // Without a thread there is no bar, and nothing else is lost.
        Self { done, thread: shown.and_then(Result::ok) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        *self.done.0.lock() = true;
        self.done.1.notify_one();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn show(what: &str, (done, changed): &(Mutex<bool>, Condvar)) {
    let begun = Instant::now();
    let mut pause = PATIENCE;
    let mut done = done.lock();
    let mut turn = 0;
    while !*done {
        changed.wait_for(&mut done, pause);
        if *done {
            break;
        }
        pause = PAUSE;
        let line = line(what, turn, begun.elapsed());
        let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
        turn += 1;
    }
    if turn > 0 {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
}

/// `importing app [   ===      ] 3 s`
fn line(what: &str, turn: usize, since: Duration) -> String {
    let room = BAR_COLUMNS - BLOCK.len();
    let at = turn % (2 * room);
    let at = if at > room { 2 * room - at } else { at };
    let (before, behind) = (" ".repeat(at), " ".repeat(room - at));
    format!("{what} [{before}{BLOCK}{behind}] {} s", since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_goes_to_and_fro() {
        let at = |turn| line("x", turn, Duration::from_millis(2_900));
        assert_eq!(at(0), "x [===         ] 2 s");
        assert_eq!(at(9), "x [         ===] 2 s");
        assert_eq!(at(17), "x [ ===        ] 2 s");
        assert_eq!(at(18), at(0));
    }
}
