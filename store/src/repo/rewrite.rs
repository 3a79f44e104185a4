//! Operations on history while its changes are live.
//!
//! What was written to the changes concerned, and to what comes after them, is stored first; then
//! one operation is made, and every live tree is brought to the commit that it gave its change. A
//! batch that lands in between is merged into that.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use mesafs::backend::{Revision, Rewriting};
use mesafs::name::{ChangeId, CommitOid};

use super::history::History;
use super::revisions::Here;
use super::{LiveChange, Moves, Repo, Standing};
use crate::cause::Cause;
use crate::engine::{EngineError, EngineResult, Repository, Rewritten, Transacted};
use crate::error::StoreError;

/// How often an operation waits for somebody who goes on writing; then what comes is merged.
const ATTEMPTS: usize = 5;

/// What an operation needs to know of the revisions that it was given.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    repo: &'a Repo,
    here: Here<'a>,
    moves: RefCell<Moves>,
}

impl Named<'_> {
    /// Notes what the operation moves between changes that git cannot hold. Answers whether that is
    /// anything.
    pub fn moves(&self, add: impl FnOnce(&mut Moves)) -> Result<bool, StoreError> {
        let mut moves = self.moves.borrow_mut();
        add(&mut moves);
        self.repo.moves_facts(&moves)
    }

    /// Notes that the operation made a commit: a copy of another, or one with what its parents have.
    pub fn made(&self, commit: &CommitOid, of: Option<&CommitOid>) {
        self.moves.borrow_mut().made(commit, of);
    }

    /// The one change that a revision names.
    pub fn change(&self, revision: &Revision) -> Result<ChangeId, StoreError> {
        self.repo.present(&self.commit(revision)?)
    }

    pub fn changes(&self, revisions: &[Revision]) -> Result<Vec<ChangeId>, StoreError> {
        self.commits(revisions)?.iter().map(|commit| self.repo.present(commit)).collect()
    }

    pub fn commit(&self, revision: &Revision) -> Result<CommitOid, StoreError> {
        self.repo.find(revision, self.here)
    }

    pub fn commits(&self, revisions: &[Revision]) -> Result<Vec<CommitOid>, StoreError> {
        self.repo.find_all(revisions, self.here)
    }

    /// The one commit that a revision names, which is to be changed or pointed at.
    ///
    /// # Errors
    /// Besides those of the look-up `Divergent`: a change id does not say which of several commits.
    pub fn target(&self, revision: &Revision) -> Result<CommitOid, StoreError> {
        if let Revision::Change(prefix) = revision {
            let found = self.repo.engine.resolve_change(prefix)?;
            if !found.others.is_empty() {
                let commits = std::iter::once(&found.commit).chain(&found.others);
                let commits = commits.map(CommitOid::to_string).collect();
                let change = found.change.to_string();
                return Err(EngineError::Divergent { change, commits }.into());
            }
        }
        let commit = self.commit(revision)?;
        self.repo.present(&commit).map(|_| commit)
    }

    /// The commits that revisions name; an expression may name any number.
    ///
    /// # Errors
    /// As [`Named::target`].
    pub fn targets(&self, revisions: &[Revision]) -> Result<Vec<CommitOid>, StoreError> {
        for revision in revisions.iter().filter(|one| matches!(one, Revision::Change(_))) {
            self.target(revision)?;
        }
        let commits = self.commits(revisions)?;
        commits.iter().try_for_each(|commit| self.repo.present(commit).map(drop))?;
        Ok(commits)
    }

    /// The changes that an expression names.
    pub fn all(&self, expression: &str) -> Result<Vec<ChangeId>, StoreError> {
        let commits = self.repo.evaluate(expression, self.here, 0)?;
        commits.iter().map(|commit| self.repo.present(commit)).collect()
    }
}

impl Repo {
    /// Makes an operation on what `targets` name. `operate` is called once.
    ///
    /// # Errors
    /// Those of the look-ups and of `operate`; EIO, ENOSPC where something cannot be stored.
    pub fn operate_on<T>(
        &self,
        here: Here<'_>,
        cause: &Cause,
        targets: &[Revision],
        operate: impl FnOnce(&Repository, &Named<'_>) -> Result<(T, Transacted), StoreError>,
    ) -> Result<(T, Rewriting), StoreError> {
        let mut attempt = 0;
        let history = loop {
            attempt += 1;
            let waiting = {
                let history = self.history.lock();
                self.refresh(&history)?;
                let waiting = self.unsaved_above(&self.find_all(targets, here)?)?;
                if waiting.is_empty() || attempt > ATTEMPTS {
                    break history;
                }
                waiting
            };
            waiting.iter().try_for_each(|live| self.flush(live))?;
        };
        let named = Named { repo: self, here, moves: RefCell::default() };
        let operate = |engine: &Repository| {
            let done = operate(engine, &named)?;
            Ok((done, named.moves.into_inner()))
        };
        self.transact(history, cause, operate)
    }

    /// As [`Repo::operate_on`], for what may concern every change.
    pub fn operate_on_all<T>(
        &self,
        cause: &Cause,
        operate: impl FnOnce(&Repository) -> EngineResult<(T, Transacted)>,
    ) -> Result<(T, Rewriting), StoreError> {
        for live in self.dirty() {
            self.flush(&live)?;
        }
        let history = self.history.lock();
        self.refresh(&history)?;
        self.transact(history, cause, |engine| Ok((operate(engine)?, Moves::default())))
    }

    fn transact<T>(
        &self,
        history: History<'_>,
        cause: &Cause,
        operate: impl FnOnce(&Repository) -> Result<((T, Transacted), Moves), StoreError>,
    ) -> Result<(T, Rewriting), StoreError> {
        let behalf = self.engine.on_behalf(cause.attributes());
        let ((answer, transacted), moves) = operate(&self.engine)?;
        drop(behalf);
        self.keep(&self.carried(&transacted.rewritten, &moves, &HashMap::new())?)?;
        self.follow(&transacted.rewritten)?;
        self.come_back()?;
        drop(history);
        Ok((answer, self.rewriting(&transacted.rewritten)?))
    }

    /// Live changes with something unsaved that are among these commits or come after them.
    fn unsaved_above(&self, commits: &[CommitOid]) -> Result<Vec<Arc<LiveChange>>, StoreError> {
        let mut above = Vec::new();
        for live in self.dirty() {
            let own = live.commit();
            for commit in commits {
                if self.engine.is_ancestor(commit, &own)? {
                    above.push(live);
                    break;
                }
            }
        }
        Ok(above)
    }

    /// Looks which changes that were abandoned are there again.
    fn come_back(&self) -> Result<(), StoreError> {
        let lives: Vec<Arc<LiveChange>> = self.lives.lock().values().map(Arc::clone).collect();
        for live in lives.iter().filter(|live| live.standing() == Standing::Abandoned) {
            if let Ok(resolved) = self.engine.resolve_change(live.change().as_str()) {
                let immutable = self.engine.is_immutable(&resolved.commit)?;
                let standing = if immutable { Standing::Immutable } else { Standing::Mutable };
                live.set_standing(standing);
                self.catch_up(live)?;
            }
        }
        self.find_divergent()
    }

    fn rewriting(&self, rewritten: &[Rewritten]) -> Result<Rewriting, StoreError> {
        let mut told = Rewriting::default();
        for moved in rewritten {
            let Some(after) = &moved.after else {
                told.abandoned.push(moved.change.clone());
                continue;
            };
            told.rewritten.push(moved.change.clone());
            if self.engine.commit(after)?.conflicted
                && !self.engine.commit(&moved.before)?.conflicted
            {
                told.conflicted.push(moved.change.clone());
            }
        }
        Ok(told)
    }
}
