//! Changes and bookmarks, as a mount asks for them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mesafs::backend::{
    Backwards, BookmarkInfo, ChangeError, ChangeInfo, Checkout, Checkpoint, Description, History,
    Pin, Revision,
};
use mesafs::error::{FsResult, Operation};
use mesafs::line::PresentLine;
use mesafs::name::{BookmarkName, ChangeId, RepoId};
use mesafs::spill::SpillFile;

use super::spill::Unlinked;
use super::{State, StoreCheckout};
use crate::engine::{Commit, EngineError};
use crate::error::StoreError;
use crate::repo::{Opened, Standing, change_error};

pub(super) fn info(commit: Commit) -> ChangeInfo {
    ChangeInfo {
        summary: commit.description.lines().next().unwrap_or_default().to_owned(),
        description: commit.description,
        author: commit.author.name,
        author_email: commit.author.email,
        parents: commit.parents,
        change_id: commit.change,
        commit_oid: commit.oid,
        bookmarks: commit.bookmarks,
        committed_ms: commit.committed_ms,
        empty: commit.empty,
        immutable: commit.immutable,
        conflicted: commit.conflicted,
        divergent: commit.divergent,
        prefix_len: commit.prefix_len,
    }
}

pub(super) fn engine_error(error: EngineError) -> ChangeError {
    change_error(StoreError::Engine(error))
}

impl StoreCheckout {
    /// Begins a call that reads history: what is open, its commit up to date.
    pub(super) fn reading(&self) -> Result<Arc<Opened>, ChangeError> {
        self.guard.check(Operation::Change)?;
        self.repo.refreshed().map_err(change_error)?;
        let opened = self.opened_now()?;
        if opened.live.is_dirty() {
            self.repo.flush(&opened.live).map_err(change_error)?;
        }
        Ok(opened)
    }

    /// What is open; if that was abandoned, from now on the nearest ancestor that is there.
    pub(super) fn opened_now(&self) -> Result<Arc<Opened>, ChangeError> {
        let opened = self.opened.load_full();
        if opened.live.standing() != Standing::Abandoned || opened.live.is_dirty() {
            return Ok(opened);
        }
        self.switch_to(self.repo.open_surviving(&opened).map_err(change_error)?);
        Ok(self.opened.load_full())
    }

    /// Begins a call that changes history.
    pub(super) fn changing(&self, operation: Operation) -> Result<Arc<Opened>, ChangeError> {
        self.guard.check(operation)?;
        self.check_access(operation)?;
        Ok(self.opened.load_full())
    }

    /// The bookmark that a commit is on: the one that was opened, if it is among them.
    pub(super) fn bookmark(opened: &Opened, commit: &Commit) -> Option<BookmarkName> {
        let own = opened.bookmark.as_ref().filter(|name| commit.bookmarks.contains(name));
        own.or(commit.bookmarks.first()).cloned()
    }
}

impl State {
    /// Lets everything go. The first failure, after all was tried.
    pub(super) fn shut(&self) -> FsResult<()> {
        if self.guard.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let (queues, mut left) = {
            let mut view = self.view.lock();
            (std::mem::take(&mut view.queues), std::mem::take(&mut view.left))
        };
        let open = Arc::clone(&self.opened.load().live);
        for queue in queues {
            open.tree.detach(&queue);
            queue.close();
        }
        left.push(open);
        let mut done = Ok(());
        for live in &left {
            let flushed = self.repo.flush(live).map_err(|error| error.to_fs(Operation::Mount));
            done = done.and(flushed);
            self.leave(live);
        }
        let synced = self.core().journal.sync();
        let trimmed = self.core().trim().map_err(|error| error.to_fs(Operation::Mount));
        done.and(synced).and(trimmed)
    }
}

impl Checkout for StoreCheckout {
    fn repo(&self) -> &RepoId {
        &self.repo.id
    }

    fn close(&self) -> FsResult<()> {
        self.core().check(Operation::Mount)?;
        self.shut()
    }

    fn spill(&self) -> FsResult<Option<Box<dyn SpillFile>>> {
        self.core().check(Operation::Open)?;
        Ok(Some(Box::new(Unlinked::new(&self.core().dir)?)))
    }

    fn pin(&self) -> Pin {
        let opened = self.opened.load();
        if let Standing::Shared(name) = opened.live.place().standing {
            return Pin::Bookmark(name);
        }
        let commit = self.repo.engine.commit(&opened.live.commit()).ok();
        match commit.and_then(|commit| Self::bookmark(&opened, &commit)) {
            Some(name) => Pin::Bookmark(name),
            None => Pin::Change(opened.live.change().to_string()),
        }
    }

    fn current(&self) -> Result<(ChangeInfo, Option<BookmarkName>), ChangeError> {
        let opened = self.reading()?;
        let commit = self.repo.engine.commit(&opened.live.commit()).map_err(engine_error)?;
        let bookmark = Self::bookmark(&opened, &commit);
        Ok((info(commit), bookmark))
    }

    fn changes(&self, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        let opened = self.reading()?;
        let log = self.repo.engine.log(&opened.live.commit(), limit).map_err(engine_error)?;
        Ok(log.into_iter().map(info).collect())
    }

    fn new_change(&self, base: &Revision, message: Option<&str>) -> Result<ChangeId, ChangeError> {
        let here = self.changing(Operation::Change)?;
        let message = message.unwrap_or_default();
        let opened = self.repo.new_change(base, message, &self.cause(), &here.live);
        let opened = opened.map_err(change_error)?;
        let change = opened.live.change();
        self.switch_to(opened);
        Ok(change)
    }

    fn edit(&self, revision: &Revision) -> Result<ChangeId, ChangeError> {
        self.guard.check(Operation::Change)?;
        let open = self.opened.load_full();
        let opened = self.repo.open_revision(revision, self.here(&open)).map_err(change_error)?;
        let change = opened.live.change();
        self.switch_to(opened);
        Ok(change)
    }

    fn checkpoint(&self, description: Description) -> Result<Checkpoint, ChangeError> {
        let opened = self.changing(Operation::Change)?;
        let commit = self.repo.engine.commit(&opened.live.commit()).map_err(engine_error)?;
        let bookmark = Self::bookmark(&opened, &commit).ok_or(ChangeError::NotOnBookmark)?;
        let saved = self.repo.checkpoint(&opened.live, &bookmark, &description, &self.cause());
        let (saved, active) = saved.map_err(change_error)?;
        let checkpoint = Checkpoint {
            saved_change_oid: saved.commit,
            active_change_oid: active.live.commit(),
            saved_change_id: saved.change,
            active_change_id: active.live.change(),
        };
        self.switch_to(active);
        Ok(checkpoint)
    }

    fn bookmarks(&self) -> Result<Vec<BookmarkInfo>, ChangeError> {
        self.guard.check(Operation::Bookmark)?;
        self.repo.refreshed().map_err(change_error)?;
        let bookmarks = self.repo.engine.bookmarks().map_err(engine_error)?;
        let info = |bookmark: crate::engine::Bookmark| BookmarkInfo {
            name: bookmark.name,
            commit_oid: bookmark.target.as_ref().map(|(_, commit)| commit.clone()),
            target: bookmark.target.map(|(change, _)| change),
            default: bookmark.default,
        };
        Ok(bookmarks.into_iter().map(info).collect())
    }

    fn create_bookmark(&self, name: &BookmarkName) -> Result<(), ChangeError> {
        let opened = self.changing(Operation::Bookmark)?;
        self.repo.create_bookmark(&opened.live, name, &self.cause()).map_err(change_error)
    }

    fn move_bookmark(
        &self,
        name: &BookmarkName,
        change: &str,
        backwards: Backwards,
    ) -> Result<(), ChangeError> {
        self.changing(Operation::Bookmark)?;
        self.repo.move_bookmark(name, change, backwards, &self.cause()).map_err(change_error)
    }

    fn for_run(&self, line: &Arc<PresentLine>) -> Option<Arc<dyn Checkout>> {
        Some(Arc::new(Self::of(Arc::clone(&self.state), Some(Arc::clone(line)))))
    }

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }
}
