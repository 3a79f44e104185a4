//! What others do while you are at the prompt: how many paths, and which.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mesafs::FsResult;
use mesafs::event::Invalidation;
use mesafs::mount::{Mount, Subscription};
use mesafs::path::RealPath;
use parking_lot::Mutex;

use super::bell::Bell;
use super::look::{Look, clean};

/// So many paths are told apart; more are "many".
pub const PATHS_MAX: usize = 100;
/// How long a notice may be, in columns.
const NOTICE_COLUMNS: usize = 70;

/// What others have changed since the last line.
#[derive(Debug, Default)]
pub struct Live {
    paths: Mutex<HashSet<RealPath>>,
    count: AtomicUsize,
    /// Whether notices are shown above the prompt.
    notices: AtomicBool,
    bell: Bell,
}

/// A subscription to what happens in a mount.
#[derive(Debug)]
pub struct Watching(Subscription);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.unsubscribe();
    }
}

impl Live {
    pub fn new(bell: Bell) -> Arc<Self> {
        Arc::new(Self { bell, ..Self::default() })
    }

    /// Counts what others do in `mount` from now on.
    ///
    /// # Errors
    /// Those of the subscription.
    pub fn watch(self: &Arc<Self>, mount: &Mount, look: Look) -> FsResult<Watching> {
        let live = Arc::clone(self);
        mount.subscribe(move |event| live.take(event, look)).map(Watching)
    }

    /// How many paths others have changed; [`PATHS_MAX`] stands for more too.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Shows notices from now on, or no longer.
    pub fn show_notices(&self, on: bool) {
        self.notices.store(on, Ordering::Relaxed);
    }

    /// A line was typed: what came before it has been seen.
    pub fn begin(&self) {
        self.paths.lock().clear();
        self.count.store(0, Ordering::Relaxed);
    }

    pub fn take(&self, event: &Invalidation, look: Look) {
        if event.own {
            return;
        }
        let mut paths = self.paths.lock();
        if paths.len() >= PATHS_MAX || !paths.insert(event.path.clone()) {
            return;
        }
        let count = paths.len();
        self.count.store(count, Ordering::Relaxed);
        drop(paths);
        if self.notices.load(Ordering::Relaxed) {
            self.bell.notice(notice(event, count, look));
        }
        self.bell.repaint();
    }
}

/// `⇣ acme/app/src/index.py (3 paths)`
fn notice(event: &Invalidation, count: usize, look: Look) -> String {
    let path = event.path.to_string();
    let path = clean(path.trim_start_matches('/'));
    let path = super::look::cut(&path, NOTICE_COLUMNS);
    let more = if count > 1 { format!(" ({count} paths)") } else { String::new() };
    look.paint(
        nu_ansi_term::Style::new().dimmed(),
        &format!("{} {path}{more}", look.pick("⇣", "v")),
    )
}
