//! Operations on history: opening, forking, checkpoints, and what others' operations bring.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mesafs::backend::{Description, Pin, Revision};
use mesafs::live::Writer;
use mesafs::name::{BookmarkName, CommitOid};
use mesafs::tree::Dir;
use parking_lot::MutexGuard;

use super::change::Place;
use super::facts::weave::alike;
use super::revisions::Here;
use super::{LiveChange, LiveKey, Repo, Standing};
use crate::cause::Cause;
use crate::engine::{EngineError, Resolved, Rewritten};
use crate::error::StoreError;

/// How often `checkpoint` flushes anew because somebody goes on writing.
const ATTEMPTS: usize = 5;

/// Proof that the repository's history is ours.
pub(super) type History<'a> = MutexGuard<'a, ()>;

/// What a checkout shows: a change, the bookmark it was opened by, the time of its commit.
#[derive(Debug)]
pub(crate) struct Opened {
    pub live: Arc<LiveChange>,
    pub bookmark: Option<BookmarkName>,
    pub opened_ns: i64,
}

/// What became of a wish to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    Yes,
    /// The bookmark points elsewhere now: open it again.
    Moved,
}

impl Repo {
    /// Opens what a mount asks for.
    pub fn open_pin(&self, pin: &Pin) -> Result<Opened, StoreError> {
        match pin {
            Pin::Default => {
                let name = self.engine.default_bookmark();
                match self.open_bookmark(&name) {
                    // Whoever comes to settle that has to get in.
                    Err(StoreError::Engine(EngineError::BookmarkConflicted(_))) => {
                        self.open_one_of(&name)
                    }
                    opened => opened,
                }
            }
            Pin::Bookmark(name) => self.open_bookmark(name),
            Pin::Change(id) => self.open_change(id),
        }
    }

    pub fn open_revision(&self, revision: &Revision, here: Here<'_>) -> Result<Opened, StoreError> {
        match revision {
            Revision::Bookmark(name) => self.open_bookmark(name),
            Revision::Change(id) => self.open_change(id),
            Revision::Expression(text) => {
                // A bookmark that is named by itself is opened as one.
                if let Ok(name) = BookmarkName::new(text)
                    && self.engine.resolve_bookmark(&name).is_ok()
                {
                    return self.open_bookmark(&name);
                }
                let commit = self.find(revision, here)?;
                self.open_change(self.present(&commit)?.as_str())
            }
        }
    }

    fn open_change(&self, id: &str) -> Result<Opened, StoreError> {
        let history = self.history.lock();
        self.refresh(&history)?;
        let resolved = self.engine.resolve_change(id)?;
        let live = self.live(resolved)?;
        self.opened(live, None)
    }

    pub fn open_bookmark(&self, name: &BookmarkName) -> Result<Opened, StoreError> {
        let history = self.history.lock();
        self.refresh(&history)?;
        let resolved = self.engine.resolve_bookmark(name)?;
        let live = if resolved.others.is_empty() && self.engine.is_immutable(&resolved.commit)? {
            self.shared_child(name, resolved)?
        } else {
            self.live(resolved)?
        };
        self.opened(live, Some(name.clone()))
    }

    /// Opens the first of the changes that a conflicted bookmark points at, but not by the bookmark.
    fn open_one_of(&self, name: &BookmarkName) -> Result<Opened, StoreError> {
        let commits = self.engine.bookmark_commits(name)?;
        let conflicted = || EngineError::BookmarkConflicted(name.to_string());
        let first = self.engine.commit(commits.first().ok_or_else(conflicted)?)?;
        self.open_change(first.change.as_str())
    }

    fn opened(
        &self,
        live: Arc<LiveChange>,
        bookmark: Option<BookmarkName>,
    ) -> Result<Opened, StoreError> {
        let committed_ms = match self.engine.commit(&live.commit()) {
            Ok(commit) => commit.committed_ms,
            Err(error) => {
                self.release(&live);
                return Err(error.into());
            }
        };
        Ok(Opened { live, bookmark, opened_ns: committed_ms.saturating_mul(1_000_000) })
    }

    /// The live tree of the child that the first write through a bookmark will make.
    fn shared_child(
        &self,
        name: &BookmarkName,
        resolved: Resolved,
    ) -> Result<Arc<LiveChange>, StoreError> {
        let key = LiveKey::Shared(name.clone());
        let mut lives = self.lives.lock();
        let live = match lives.get(&key).filter(|live| live.commit() == resolved.commit) {
            Some(live) => Arc::clone(live),
            None => {
                let dir = self.load_dir(&resolved.commit)?;
                let standing = Standing::Shared(name.clone());
                let place = Place { change: resolved.change, commit: resolved.commit, standing };
                let live = self.load(place, dir);
                lives.insert(key, Arc::clone(&live));
                live
            }
        };
        live.opens.fetch_add(1, Ordering::Relaxed);
        Ok(live)
    }

    /// Makes the child that a bookmark's writers share, if it is not there yet.
    pub fn make_shared_child(
        &self,
        live: &Arc<LiveChange>,
        cause: &Cause,
    ) -> Result<Ready, StoreError> {
        let history = self.history.lock();
        self.refresh(&history)?;
        let _behalf = self.engine.on_behalf(cause.attributes());
        let Standing::Shared(name) = live.standing() else { return Ok(Ready::Yes) };
        let base = live.commit();
        if self.engine.resolve_bookmark(&name)?.commit != base {
            return Ok(Ready::Moved);
        }
        let (child, transacted) = self.engine.writable_child(&name, &cause.author)?;
        if let Some(transacted) = transacted {
            self.note_child(&base, &child.commit)?;
            self.inherit(&transacted.rewritten)?;
        }
        let mut lives = self.lives.lock();
        lives.retain(|_, other| !Arc::ptr_eq(other, live));
        lives.insert(LiveKey::Change(child.change.clone()), Arc::clone(live));
        let place =
            Place { change: child.change, commit: child.commit, standing: Standing::Mutable };
        live.set_place(place);
        Ok(Ready::Yes)
    }

    /// Makes an empty child of `base` and opens it.
    pub fn new_change(
        &self,
        base: &Revision,
        message: &str,
        cause: &Cause,
        here: &LiveChange,
    ) -> Result<Opened, StoreError> {
        let here = Here { live: here, user: &cause.author };
        let parent = self.open_revision(base, here)?.live;
        let forked = self.fork(&parent, message, cause);
        self.release(&parent);
        forked
    }

    fn fork(
        &self,
        parent: &Arc<LiveChange>,
        message: &str,
        cause: &Cause,
    ) -> Result<Opened, StoreError> {
        self.flush(parent)?;
        let history = self.history.lock();
        self.refresh(&history)?;
        let base = parent.commit();
        let _behalf = self.engine.on_behalf(cause.attributes());
        let (child, transacted) = self.engine.new_change(&base, message, &cause.author)?;
        self.note_child(&base, &child.commit)?;
        self.inherit(&transacted.rewritten)?;
        // What was written since belongs to the parent, and comes with the next rebase.
        let dir = if parent.is_dirty() { None } else { Some(parent.tree.root().dir) };
        let live = self.live_child(child, dir)?;
        self.opened(live, None)
    }

    /// A child that was made just now, opened; `dir` is what its parent has loaded already.
    fn live_child(&self, child: Resolved, dir: Option<Dir>) -> Result<Arc<LiveChange>, StoreError> {
        let dir = match dir {
            Some(dir) => dir,
            None => self.load_dir(&child.commit)?,
        };
        let key = LiveKey::Change(child.change.clone());
        let place =
            Place { change: child.change, commit: child.commit, standing: Standing::Mutable };
        let live = self.load(place, dir);
        live.opens.fetch_add(1, Ordering::Relaxed);
        self.lives.lock().insert(key, Arc::clone(&live));
        Ok(live)
    }

    /// Saves a change under a description, forks an empty child of it, and moves the bookmark
    /// there. Answers what was saved, and the child, opened.
    pub fn checkpoint(
        &self,
        live: &Arc<LiveChange>,
        bookmark: &BookmarkName,
        description: &Description,
        cause: &Cause,
    ) -> Result<(Resolved, Opened), StoreError> {
        if self.make_shared_child(live, cause)? == Ready::Moved {
            return Err(EngineError::BookmarkRaced(bookmark.to_string()).into());
        }
        for _ in 0..ATTEMPTS {
            self.flush(live)?;
            let history = self.history.lock();
            self.refresh(&history)?;
            // Whoever writes waits: what is saved is what the child starts with.
            let writer = live.tree.write();
            if live.is_dirty() {
                continue;
            }
            return self.save(live, &writer, bookmark, description, cause);
        }
        let (change, now) = (live.change().to_string(), live.commit().to_string());
        Err(EngineError::ChangeMoved { change, now }.into())
    }

    fn save(
        &self,
        live: &Arc<LiveChange>,
        writer: &Writer<'_>,
        bookmark: &BookmarkName,
        description: &Description,
        cause: &Cause,
    ) -> Result<(Resolved, Opened), StoreError> {
        let _behalf = self.engine.on_behalf(cause.attributes());
        let message = match description {
            Description::Keep => None,
            Description::Set(text) => Some(text.as_str()),
        };
        let before = live.commit();
        let (saved, active, transacted) =
            self.engine.checkpoint(&live.change(), bookmark, message, &cause.author)?;
        self.note_child(&before, &saved.commit)?;
        self.note_child(&before, &active.commit)?;
        live.set_commit(saved.commit.clone());
        let others: Vec<Rewritten> =
            transacted.rewritten.into_iter().filter(|moved| moved.change != saved.change).collect();
        self.follow(&others)?;
        let child = self.live_child(active, Some(writer.root().dir))?;
        Ok((saved, self.opened(child, Some(bookmark.clone()))?))
    }

    /// Creates a bookmark where a checkout is.
    pub fn create_bookmark(
        &self,
        live: &LiveChange,
        name: &BookmarkName,
        cause: &Cause,
    ) -> Result<(), StoreError> {
        let history = self.history.lock();
        self.refresh(&history)?;
        let _behalf = self.engine.on_behalf(cause.attributes());
        let transacted = self.engine.create_bookmark(name, &live.change())?;
        self.follow(&transacted.rewritten)
    }

    pub fn move_bookmark(
        &self,
        name: &BookmarkName,
        change: &str,
        backwards: mesafs::backend::Backwards,
        cause: &Cause,
    ) -> Result<(), StoreError> {
        let history = self.history.lock();
        self.refresh(&history)?;
        let _behalf = self.engine.on_behalf(cause.attributes());
        let resolved = self.engine.resolve_change(change)?;
        let transacted = self.engine.move_bookmark(name, &resolved.change, backwards, None)?;
        self.follow(&transacted.rewritten)
    }

    /// Abandons what a checkout has left, if it is an empty, undescribed leaf without bookmarks
    /// that nobody else has open.
    pub fn abandon_left(&self, left: &LiveChange) -> Result<(), StoreError> {
        let history = self.history.lock();
        if left.standing() != Standing::Mutable || left.is_dirty() || self.has_open(&left.change())
        {
            return Ok(());
        }
        self.refresh(&history)?;
        if self.has_facts_of_its_own(&left.commit())? {
            return Ok(());
        }
        if let Some(transacted) = self.engine.abandon_if_empty_leaf(&left.change())? {
            left.set_standing(Standing::Abandoned);
            self.inherit(&transacted.rewritten)?;
        }
        Ok(())
    }

    /// Opens the nearest ancestor of an abandoned change that is still there: by the bookmark that
    /// the change was opened by, if that is where it went.
    pub fn open_surviving(&self, left: &Opened) -> Result<Opened, StoreError> {
        let mut commit = self.engine.commit(&left.live.commit())?;
        loop {
            let Some(parent) = commit.parents.first() else {
                return self.open_bookmark(&self.engine.default_bookmark());
            };
            commit = self.engine.commit(parent)?;
            let gone = match self.engine.resolve_change(commit.change.as_str()) {
                Ok(found) => {
                    let followed = left.bookmark.as_ref().filter(|name| {
                        let target = self.engine.resolve_bookmark(name);
                        target.is_ok_and(|target| target.commit == found.commit)
                    });
                    match followed {
                        Some(name) => return self.open_bookmark(name),
                        None => self.open_change(commit.change.as_str()),
                    }
                }
                Err(error) => Err(error.into()),
            };
            match gone {
                Err(StoreError::Engine(EngineError::NoChange(_))) => {}
                opened => return opened,
            }
        }
    }

    /// Gives what an abandoned change had and no commit holds a change of its own, on the nearest
    /// ancestor that is still there.
    pub(super) fn revive(&self, live: &Arc<LiveChange>) -> Result<(), StoreError> {
        let history = self.history.lock();
        self.refresh(&history)?;
        let mut base = self.engine.commit(&live.commit())?;
        while let Some(parent) = base.parents.first() {
            base = self.engine.commit(parent)?;
            if self.engine.resolve_change(base.change.as_str()).is_ok() {
                break;
            }
        }
        let author = live.author();
        let (child, transacted) = self.engine.new_change(&base.oid, "", &author)?;
        self.inherit(&transacted.rewritten)?;
        tracing::warn!(repo = %self.id, left = %live.change(), change = %child.change,
            "edits of an abandoned change are in a new one");
        let mut lives = self.lives.lock();
        lives.retain(|_, other| !Arc::ptr_eq(other, live));
        lives.insert(LiveKey::Change(child.change.clone()), Arc::clone(live));
        let place =
            Place { change: child.change, commit: child.commit, standing: Standing::Mutable };
        live.set_place(place);
        Ok(())
    }

    /// Takes in what the real `jj` did since the last time.
    pub fn refreshed(&self) -> Result<(), StoreError> {
        let history = self.history.lock();
        self.refresh(&history)
    }

    /// As [`Repo::refreshed`], for an operation that follows.
    pub(super) fn refresh(&self, _history: &History<'_>) -> Result<(), StoreError> {
        let rewritten = self.engine.refresh()?;
        if rewritten.is_empty() {
            return Ok(());
        }
        self.keep(&self.carried(&rewritten, &self.guessed(&rewritten)?, &HashMap::new())?)?;
        self.follow(&rewritten)?;
        self.find_divergent()
    }

    /// Looks which live changes have several commits now, and which have one again.
    pub(super) fn find_divergent(&self) -> Result<(), StoreError> {
        let lives: Vec<Arc<LiveChange>> = self.lives.lock().values().map(Arc::clone).collect();
        for live in lives {
            let (mutable, divergent) = match live.standing() {
                Standing::Mutable => (true, false),
                Standing::Divergent(_) => (false, true),
                Standing::Immutable | Standing::Shared(_) | Standing::Abandoned => continue,
            };
            let resolved = match self.engine.resolve_change(live.change().as_str()) {
                Ok(resolved) => resolved,
                Err(EngineError::NoChange(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            if divergent && resolved.others.is_empty() {
                live.set_standing(Standing::Mutable);
            } else if mutable && !resolved.others.is_empty() {
                let all = std::iter::once(resolved.commit).chain(resolved.others);
                let own = live.commit();
                live.set_standing(Standing::Divergent(all.filter(|oid| *oid != own).collect()));
            }
        }
        Ok(())
    }

    /// Brings live changes to the commits that an operation gave them.
    pub(super) fn follow(&self, rewritten: &[Rewritten]) -> Result<(), StoreError> {
        self.inherit(rewritten)?;
        for moved in rewritten {
            let key = LiveKey::Change(moved.change.clone());
            let live = self.lives.lock().get(&key).cloned();
            let Some(live) = live.filter(|live| live.commit() == moved.before) else { continue };
            match &moved.after {
                None => live.set_standing(Standing::Abandoned),
                Some(after) => self.rebase(&live, &moved.before, after)?,
            }
        }
        Ok(())
    }

    /// Brings a live change to its present commit where nobody told of the way there: a snapshot was
    /// stopped by an error after its operation.
    pub(super) fn catch_up(&self, live: &LiveChange) -> Result<(), StoreError> {
        let resolved = match self.engine.resolve_change(live.change().as_str()) {
            Ok(resolved) => resolved,
            Err(EngineError::NoChange(_)) => {
                live.set_standing(Standing::Abandoned);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let before = live.commit();
        if !resolved.others.is_empty() {
            live.set_standing(Standing::Divergent(resolved.others));
        } else if resolved.commit != before {
            self.rebase(live, &before, &resolved.commit)?;
        }
        Ok(())
    }

    /// Gives a live tree the content of its new commit; what is not in a commit yet is merged.
    fn rebase(
        &self,
        live: &LiveChange,
        before: &CommitOid,
        after: &CommitOid,
    ) -> Result<(), StoreError> {
        let same_content = self.heads.commit_root(before)? == self.heads.commit_root(after)?
            && alike(self.noted(before)?.as_ref(), self.noted(after)?.as_ref());
        if same_content {
            live.set_commit(after.clone());
            return Ok(());
        }
        let writer = live.tree.write();
        let root = writer.root();
        let clean = root.version == live.saved();
        let theirs = self.load_dir(after)?;
        live.set_saved_dir(theirs.clone());
        let dir = if clean {
            theirs
        } else {
            super::merge::merge_dirs(&self.load_dir(before)?, &root.dir, &theirs)?
        };
        live.set_commit(after.clone());
        let version = self.raise_version(&live.change(), &live.cause(), root.version);
        writer.reset(dir, version);
        if clean {
            live.set_saved(version);
            self.shared.positions.raise(self.uid, &live.change(), version);
        }
        Ok(())
    }
}
