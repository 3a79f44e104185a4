//! How far commits hold the journal, change by change.

use std::collections::HashMap;

use mesafs::name::ChangeId;
use parking_lot::Mutex;

use crate::journal::{ChangeKey, RepoUid};

/// The journal sequence up to which each change's content is in its commit.
#[derive(Debug, Default)]
pub(crate) struct Positions(Mutex<HashMap<RepoUid, HashMap<ChangeId, u64>>>);

impl Positions {
    /// From now on the journal is kept for this repository.
    pub fn add_repo(&self, repo: RepoUid) {
        self.0.lock().entry(repo).or_default();
    }

    /// The journal is not needed for this repository any more.
    pub fn remove_repo(&self, repo: RepoUid) {
        self.0.lock().remove(&repo);
    }

    pub fn raise(&self, repo: RepoUid, change: &ChangeId, sequence: u64) {
        if let Some(changes) = self.0.lock().get_mut(&repo) {
            let known = changes.entry(change.clone()).or_default();
            *known = (*known).max(sequence);
        }
    }

    /// 0 for a change that was never snapshotted, the highest for a deleted repository's.
    pub fn passed(&self, (repo, change): &ChangeKey) -> u64 {
        match self.0.lock().get(repo) {
            Some(changes) => changes.get(change).copied().unwrap_or(0),
            None => u64::MAX,
        }
    }
}
