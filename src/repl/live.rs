//! What others do while you are at the prompt: how many paths, and which.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mesafs::FsResult;
use mesafs::event::Invalidation;
use mesafs::mount::{Files, Mount, Subscription, Versions as _};
use mesafs::path::{RealPath, RepoPath};
use parking_lot::Mutex;

use super::bell::{Bell, Notice};
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
    /// The mount that tells, to be asked who did it.
    files: Mutex<Option<Files>>,
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
        *self.files.lock() = Some(mount.files().clone());
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
            let (path, files) = (event.path.clone(), self.files.lock().clone());
            self.bell.notice(Notice::new(move || {
                let who = files.and_then(|files| author(&files, &path));
                notice(&path, who.as_deref(), count, look)
            }));
        }
        self.bell.repaint();
    }
}

/// Who was the last to edit what is at a path. What was written is stored for that.
fn author(files: &Files, path: &RealPath) -> Option<String> {
    let path = path.to_vpath();
    let names: Vec<&[u8]> = path.components().collect();
    let (repo, below) = names.split_at_checked(2)?;
    let repo = repo.join(&b'/');
    let mut checkouts = files.checkouts().iter();
    let checkout = checkouts.find(|checkout| checkout.repo().to_string().as_bytes() == repo)?;
    let below = RepoPath::from_names(below.iter().copied());
    let last = checkout.history()?.audit(&[below], 1).ok()?.pop()?;
    Some(last.cause.author).filter(|author| !author.is_empty())
}

/// `⇣ bob: acme/app/src/index.py +2 more`
fn notice(path: &RealPath, who: Option<&str>, count: usize, look: Look) -> String {
    let who = who.map(|who| format!("{}: ", clean(who))).unwrap_or_default();
    let path = path.as_bstr().to_string();
    let text = clean(path.trim_start_matches('/'));
    let text = format!("{who}{text}");
    let text = super::look::cut(&text, NOTICE_COLUMNS);
    let more = if count > 1 { format!(" +{} more", count - 1) } else { String::new() };
    look.paint(
        nu_ansi_term::Style::new().dimmed(),
        &format!("{} {text}{more}", look.pick("⇣", "v")),
    )
}
