//! Taking in what the real git did, while changes are live.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use mesafs::tree::{ObjectId, Sums};

use super::{LiveChange, Moves, Repo, Standing};
use crate::engine::{Author, TakeReport, Taken};
use crate::error::StoreError;

/// How often is waited for somebody who goes on writing; then what comes is merged.
const ATTEMPTS: usize = 5;

impl Repo {
    /// Brings bookmarks to where the branches of a git repository went. What is open of the changes
    /// concerned follows; what became immutable with the commits that were put on top says so.
    pub fn take_in(
        &self,
        source: &Path,
        author: &Author,
        on_tree: &mut dyn FnMut(ObjectId, Sums),
    ) -> Result<TakeReport, StoreError> {
        let mut attempt = 0;
        let history = loop {
            attempt += 1;
            self.flush_dirty()?;
            let history = self.history.lock();
            if self.dirty().is_empty() || attempt >= ATTEMPTS {
                break history;
            }
        };
        self.refresh(&history)?;
        let known = |tree| self.shared.records.sums(tree).ok().flatten();
        let Taken { report, commits, rewritten } =
            self.engine.take_in(source, author, &known, on_tree)?;
        // What git cannot hold, and has not touched, is as before.
        let mut moves = Moves::default();
        commits.iter().for_each(|commit| moves.made(commit, None));
        self.keep(&self.carried(&[], &moves, &HashMap::new())?)?;
        self.keep(&self.carried(&rewritten, &Moves::default(), &HashMap::new())?)?;
        self.follow(&rewritten)?;
        let lives: Vec<Arc<LiveChange>> = self.lives.lock().values().map(Arc::clone).collect();
        for live in lives.iter().filter(|live| live.standing() == Standing::Mutable) {
            if self.engine.is_immutable(&live.commit())? {
                live.set_standing(Standing::Immutable);
            }
        }
        drop(history);
        Ok(report)
    }
}
