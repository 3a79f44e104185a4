//! What the prompt tells, gathered before it is shown.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use mesafs::backend::Checkout;
use mesafs::mount::Versions;
use mesafs::tree::differences;
use mesafs::{Access, Errno, VPath};

/// How long the prompt waits for the number of changed files.
const COUNT_WAIT: Duration = Duration::from_millis(40);
/// More changed files are not counted.
const CHANGED_MAX: usize = 999;

/// What the prompt is made of.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub cwd: String,
    pub place: Place,
    pub status: u8,
    /// How long the last command took.
    pub took: Duration,
    /// How long the access token is good for.
    pub minutes_left: Option<u64>,
}

/// The change that is written to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// Not in a repository.
    #[default]
    None,
    /// The access token's time is over.
    Expired,
    Change {
        bookmark: Option<String>,
        /// The shortest prefix of its id that names it.
        change: String,
        /// How many files it changes; `None` if counting takes too long.
        changed: Option<usize>,
        conflicted: bool,
        read_only: bool,
    },
}

/// Asks a mount for what changes from line to line.
#[derive(Debug, Default)]
pub struct Asker {
    /// A count that was not there in time.
    late: Option<mpsc::Receiver<Option<usize>>>,
}

impl Asker {
    /// The change that holds `cwd`.
    pub fn place(&mut self, versions: &dyn Versions, cwd: &VPath) -> Place {
        let checkout = match versions.checkout_at(cwd) {
            Err(error) if error.errno() == Errno::Acces => return Place::Expired,
            Err(_) | Ok(None) => return Place::None,
            Ok(Some(checkout)) => checkout,
        };
        let Ok((change, bookmark)) = checkout.current() else { return Place::None };
        let id = change.change_id.as_str();
        Place::Change {
            bookmark: bookmark.map(|name| name.to_string()),
            change: id.get(..change.prefix_len.max(1)).unwrap_or(id).to_owned(),
            changed: self.changed(checkout.clone()),
            conflicted: change.conflicted,
            read_only: checkout.access() == Access::ReadOnly || change.immutable,
        }
    }

    /// Counts on a thread of its own, so that a store which is slow to answer holds up no prompt.
    fn changed(&mut self, checkout: Arc<dyn Checkout>) -> Option<usize> {
        if let Some(late) = &self.late
            && matches!(late.try_recv(), Err(mpsc::TryRecvError::Empty))
        {
            return None;
        }
        let (send, receive) = mpsc::sync_channel(1);
        let named = thread::Builder::new().name("mesa-count".into());
        let answer = move || {
            // Whoever asked may have given up.
            let _ = send.send(count(&*checkout));
        };
        named.spawn(answer).ok()?;
        match receive.recv_timeout(COUNT_WAIT) {
            Ok(count) => {
                self.late = None;
                count
            }
            Err(_) => {
                self.late = Some(receive);
                None
            }
        }
    }
}

fn count(checkout: &dyn Checkout) -> Option<usize> {
    let status = checkout.history()?.status().ok()?;
    Some(differences(&status.before, &status.after).take(CHANGED_MAX).count())
}
