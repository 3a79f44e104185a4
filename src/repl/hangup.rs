//! What is left to do when the terminal goes away at a prompt.

use std::sync::{Arc, Weak};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::LazyFileSystem;

/// Closes the store, and gives a terminal that is still there its mode back.
#[derive(Debug)]
pub struct Hangup {
    fs: Weak<LazyFileSystem>,
    mode: Option<Termios>,
}

impl Hangup {
    /// To be made before the line editor changes the terminal's mode.
    pub fn of(fs: &Arc<LazyFileSystem>) -> Box<dyn Fn() + Send> {
        let hangup = Self { fs: Arc::downgrade(fs), mode: tcgetattr(std::io::stdin()).ok() };
        Box::new(move || hangup.run())
    }

    fn run(&self) {
        // Nobody is there to be told of a failure: the journal has what was acknowledged.
        if let Some(fs) = self.fs.upgrade() {
            drop(fs.close());
        }
        if let Some(mode) = &self.mode {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, mode);
        }
    }
}
