//! Which paths exist, asked in the background: what is typed is coloured by it, and must not wait for
//! a store that is slow.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::thread;

use mesafs::{FileKind, FileSystem, VPath};
use parking_lot::{Condvar, Mutex};

use super::bell::Bell;

/// How many paths wait to be looked up; those typed first are dropped.
const WAITING_MAX: usize = 16;
/// How many answers are kept.
const KNOWN_MAX: usize = 4_096;

#[derive(Default)]
struct State {
    fs: Option<Arc<dyn FileSystem>>,
    known: HashMap<VPath, Option<Found>>,
    waiting: VecDeque<VPath>,
    /// Grows with each answer.
    version: u64,
    ended: bool,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub kind: FileKind,
    pub executable: bool,
}

/// Looks paths up on a thread of its own.
#[derive(Clone, Default)]
pub struct Probe(Arc<(Mutex<State>, Condvar)>);

impl Probe {
    /// Starts to answer; each answer rings `bell`.
    pub fn start(&self, bell: Bell) {
        let probe = self.clone();
        let named = thread::Builder::new().name("mesa-probe".into());
        // Without it nothing is known to exist, and nothing is coloured so.
        drop(named.spawn(move || {
            while let Some((fs, path)) = probe.next() {
                let stat = fs.metadata(&path).ok();
                let found =
                    stat.map(|stat| Found { kind: stat.kind, executable: stat.mode & 0o111 != 0 });
                probe.0.0.lock().know(path, found);
                bell.repaint();
            }
        }));
    }

    /// Forgets what it knew: commands have run since.
    pub fn begin(&self, fs: Option<Arc<dyn FileSystem>>) {
        let mut state = self.0.0.lock();
        state.fs = fs;
        state.known.clear();
        state.waiting.clear();
        state.version += 1;
    }

    /// What is at `path`: `None` if that is not known yet, and is looked up.
    pub fn ask(&self, path: &VPath) -> Option<Option<Found>> {
        let (state, changed) = &*self.0;
        let mut state = state.lock();
        if let Some(known) = state.known.get(path) {
            return Some(*known);
        }
        if !state.waiting.contains(path) {
            if state.waiting.len() >= WAITING_MAX {
                state.waiting.pop_front();
            }
            state.waiting.push_back(path.clone());
            changed.notify_one();
        }
        None
    }

    /// Differs from the last time if there were answers meanwhile.
    pub fn version(&self) -> u64 {
        self.0.0.lock().version
    }

    pub fn end(&self) {
        self.0.0.lock().ended = true;
        self.0.1.notify_one();
    }

    fn next(&self) -> Option<(Arc<dyn FileSystem>, VPath)> {
        let (state, changed) = &*self.0;
        let mut state = state.lock();
        loop {
            if state.ended {
                return None;
            }
            // What was typed last is looked up first.
            if let Some(fs) = state.fs.clone()
                && let Some(path) = state.waiting.pop_back()
            {
                return Some((fs, path));
            }
            changed.wait(&mut state);
        }
    }
}

impl State {
    fn know(&mut self, path: VPath, found: Option<Found>) {
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(path, found);
        self.version += 1;
    }
}
