//! The calls of `changes` and `bookmarks` that a [`History`] answers.

use std::sync::Arc;

use super::Mount;
use super::changes::{Bookmarks, Changes};
use crate::backend::{
    AuditEntry, Backwards, ChangeError, ChangeInfo, Checkout, ConflictInfo, Earlier, History,
    MergeOptions, Merged, Moved, OperationDetails, OperationInfo, Pick, Revision, Rewriting,
    Squash,
};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::name::{BookmarkName, ChangeId};
use crate::path::RepoPath;
use crate::tree::{Difference, differences};

impl Mount {
    async fn on_history<T: Send + 'static>(
        &self,
        repo: &str,
        operation: Operation,
        call: impl FnOnce(&dyn History) -> Result<T, ChangeError> + Send + 'static,
    ) -> Result<T, ChangeError> {
        let name = repo.to_owned();
        let call = move |checkout: &Arc<dyn Checkout>| match checkout.history() {
            Some(history) => call(history),
            None => Err(FsError::new(Errno::NotSup, operation, name).into()),
        };
        self.on_checkout(repo, operation, call).await
    }
}

fn repo_paths(paths: &[&str]) -> FsResult<Vec<RepoPath>> {
    paths.iter().map(|path| RepoPath::new(*path)).collect()
}

fn below(paths: &[RepoPath], difference: &Difference) -> bool {
    paths.is_empty() || paths.iter().any(|path| difference.path.below(path).is_some())
}

/// Paths are relative to the repository's root; none given means all.
///
/// Errors are [`ChangeError`]s that name what is missing, ambiguous or wrong; EROFS on a read-only
/// repository for all that change anything.
impl Changes<'_> {
    /// Sets the description of a change; an empty text clears it.
    ///
    /// # Errors
    /// [`ChangeError::Immutable`], [`ChangeError::Divergent`].
    pub async fn describe(
        &self,
        repo: &str,
        revision: Revision,
        text: &str,
    ) -> Result<Rewriting, ChangeError> {
        let text = text.to_owned();
        let call = move |history: &dyn History| history.describe(&revision, &text);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// What there is to say of a revision, and what it changed.
    ///
    /// # Errors
    /// See above; EIO.
    pub async fn show(
        &self,
        repo: &str,
        revision: Revision,
    ) -> Result<(ChangeInfo, Vec<Difference>), ChangeError> {
        let call = move |history: &dyn History| {
            let info = history.find(&revision)?;
            let comparison = history.changed(&revision)?;
            let found = differences(&comparison.before, &comparison.after);
            Ok((info, found.collect::<FsResult<_>>()?))
        };
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// What differs between two revisions below `paths`.
    ///
    /// # Errors
    /// See above; EIO.
    pub async fn diff(
        &self,
        repo: &str,
        from: Revision,
        to: Revision,
        paths: &[&str],
    ) -> Result<Vec<Difference>, ChangeError> {
        let paths = repo_paths(paths)?;
        let call = move |history: &dyn History| {
            let (from, to) = (history.content(&from)?, history.content(&to)?);
            let found = differences(&from.dir, &to.dir);
            let wanted = |found: &FsResult<Difference>| match found {
                Ok(found) => below(&paths, found),
                Err(_) => true,
            };
            Ok(found.filter(wanted).collect::<FsResult<_>>()?)
        };
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// What the open change changed so far. Costs what was edited, whatever the repository's size.
    ///
    /// # Errors
    /// EIO.
    pub async fn status(&self, repo: &str) -> Result<Vec<Difference>, ChangeError> {
        let call = |history: &dyn History| {
            let comparison = history.status()?;
            let found = differences(&comparison.before, &comparison.after);
            Ok(found.collect::<FsResult<_>>()?)
        };
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// The changes that `revisions` names in jj's language; `limit` 0 means all.
    ///
    /// # Errors
    /// [`ChangeError::Revision`].
    pub async fn log(
        &self,
        repo: &str,
        revisions: &str,
        limit: usize,
    ) -> Result<Vec<ChangeInfo>, ChangeError> {
        let revisions = revisions.to_owned();
        let call = move |history: &dyn History| history.log(&revisions, limit);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// The earlier snapshots of a change, the newest first; `limit` 0 means all.
    ///
    /// # Errors
    /// See above.
    pub async fn history(
        &self,
        repo: &str,
        revision: Revision,
        limit: usize,
    ) -> Result<Vec<Earlier>, ChangeError> {
        let call = move |history: &dyn History| history.earlier(&revision, limit);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Takes changes away; their children and bookmarks move to their parents.
    ///
    /// # Errors
    /// [`ChangeError::Immutable`], [`ChangeError::Divergent`].
    pub async fn abandon(
        &self,
        repo: &str,
        revisions: Vec<Revision>,
    ) -> Result<Rewriting, ChangeError> {
        let call = move |history: &dyn History| history.abandon(&revisions);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Moves what some changes changed into another.
    ///
    /// # Errors
    /// [`ChangeError::Immutable`], [`ChangeError::Cycle`].
    pub async fn squash(&self, repo: &str, squash: Squash) -> Result<Rewriting, ChangeError> {
        let call = move |history: &dyn History| history.squash(&squash);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Makes the content of the open change below `paths` that of `from`.
    ///
    /// # Errors
    /// See above.
    pub async fn restore(
        &self,
        repo: &str,
        paths: &[&str],
        from: Revision,
    ) -> Result<Rewriting, ChangeError> {
        let paths = repo_paths(paths)?;
        let call = move |history: &dyn History| history.restore(&Revision::here(), &from, &paths);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Moves changes onto other parents. Conflicts stop nothing: they are content.
    ///
    /// # Errors
    /// [`ChangeError::Immutable`], [`ChangeError::Cycle`].
    pub async fn rebase(
        &self,
        repo: &str,
        revisions: Vec<Revision>,
        moved: Moved,
        onto: Vec<Revision>,
    ) -> Result<Rewriting, ChangeError> {
        let call = move |history: &dyn History| history.rebase(&revisions, moved, &onto);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Makes a change with these parents and switches to it.
    ///
    /// # Errors
    /// See above.
    pub async fn merge(
        &self,
        repo: &str,
        parents: Vec<Revision>,
        message: Option<&str>,
    ) -> Result<ChangeId, ChangeError> {
        let message = message.map(str::to_owned);
        let call = move |history: &dyn History| history.merge(&parents, message.as_deref());
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Copies changes, each with an id of its own: onto the parents they have if `onto` is empty.
    ///
    /// # Errors
    /// See above.
    pub async fn duplicate(
        &self,
        repo: &str,
        revisions: Vec<Revision>,
        onto: Vec<Revision>,
    ) -> Result<Vec<ChangeId>, ChangeError> {
        let call = move |history: &dyn History| history.duplicate(&revisions, &onto);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Splits a change: it keeps what it changed below `paths`, a new child has the rest. Answers both.
    ///
    /// # Errors
    /// [`ChangeError::Immutable`].
    pub async fn split(
        &self,
        repo: &str,
        revision: Revision,
        paths: &[&str],
        message: Option<&str>,
    ) -> Result<(ChangeId, ChangeId), ChangeError> {
        let (paths, message) = (repo_paths(paths)?, message.map(str::to_owned));
        let call =
            move |history: &dyn History| history.split(&revision, &paths, message.as_deref());
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Where a revision is conflicted.
    ///
    /// # Errors
    /// See above.
    pub async fn conflicts(
        &self,
        repo: &str,
        revision: Revision,
    ) -> Result<Vec<ConflictInfo>, ChangeError> {
        let call = move |history: &dyn History| history.conflicts(&revision);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Settles the conflict at a path of the open change.
    ///
    /// # Errors
    /// [`ChangeError::NoConflict`], [`ChangeError::MarkersLeft`].
    pub async fn resolve(&self, repo: &str, path: &str, pick: Pick) -> Result<(), ChangeError> {
        let path = RepoPath::new(path)?;
        let call = move |history: &dyn History| history.resolve(&path, pick);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// The newest operations, newest first; `limit` 0 means all.
    ///
    /// # Errors
    /// EIO.
    pub async fn operations(
        &self,
        repo: &str,
        limit: usize,
    ) -> Result<Vec<OperationInfo>, ChangeError> {
        let call = move |history: &dyn History| history.operations(limit);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// The operation that a unique prefix of an id names, and what it did.
    ///
    /// # Errors
    /// [`ChangeError::NoOperation`].
    pub async fn operation(&self, repo: &str, id: &str) -> Result<OperationDetails, ChangeError> {
        let id = id.to_owned();
        let call = move |history: &dyn History| history.operation(&id);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// The edits made at `paths`, below them, or to a folder above as a whole, the newest first, each
    /// with who made it and by what line; `limit` 0 means all.
    ///
    /// # Errors
    /// EIO.
    pub async fn audit(
        &self,
        repo: &str,
        paths: &[&str],
        limit: usize,
    ) -> Result<Vec<AuditEntry>, ChangeError> {
        let paths = repo_paths(paths)?;
        let call = move |history: &dyn History| history.audit(&paths, limit);
        self.0.on_history(repo, Operation::Change, call).await
    }

    /// Makes changes and bookmarks what they were after an operation.
    ///
    /// # Errors
    /// [`ChangeError::NoOperation`].
    pub async fn restore_operation(&self, repo: &str, id: &str) -> Result<Rewriting, ChangeError> {
        let id = id.to_owned();
        let call = move |history: &dyn History| history.restore_operation(&id);
        self.0.on_history(repo, Operation::Change, call).await
    }
}

/// Where a call takes `expected`, it fails with [`ChangeError::BookmarkRaced`] if the bookmark is
/// not there.
impl Bookmarks<'_> {
    /// Makes a bookmark on a revision.
    ///
    /// # Errors
    /// [`ChangeError::BookmarkExists`], also for one that cannot be beside another (`a` and `a/b`).
    pub async fn create_at(&self, repo: &str, name: &str, at: Revision) -> Result<(), ChangeError> {
        let name = BookmarkName::new(name)?;
        let call = move |history: &dyn History| history.create_bookmark_at(&name, &at);
        self.0.on_history(repo, Operation::Bookmark, call).await
    }

    /// Puts a bookmark on a revision, making it if there is none of that name.
    ///
    /// # Errors
    /// [`ChangeError::BookmarkExists`] for one that cannot be beside another (`a` and `a/b`).
    pub async fn set(
        &self,
        repo: &str,
        name: &str,
        to: Revision,
        expected: Option<Revision>,
    ) -> Result<(), ChangeError> {
        let name = BookmarkName::new(name)?;
        let call = move |history: &dyn History| history.set_bookmark(&name, &to, expected.as_ref());
        self.0.on_history(repo, Operation::Bookmark, call).await
    }

    /// Moves a bookmark from where it is expected; backwards or sideways only if allowed.
    ///
    /// # Errors
    /// [`ChangeError::MoveRefused`].
    pub async fn move_from(
        &self,
        repo: &str,
        name: &str,
        to: Revision,
        backwards: Backwards,
        expected: Revision,
    ) -> Result<(), ChangeError> {
        let name = BookmarkName::new(name)?;
        let call = move |history: &dyn History| {
            history.move_bookmark_to(&name, &to, backwards, Some(&expected))
        };
        self.0.on_history(repo, Operation::Bookmark, call).await
    }

    /// Moves bookmarks forward to the nearest change that is not empty: those named, else the ones
    /// that come closest before it. Answers those that moved, and where to.
    ///
    /// # Errors
    /// [`ChangeError::NoBookmark`], [`ChangeError::MoveRefused`].
    pub async fn advance(
        &self,
        repo: &str,
        names: &[&str],
    ) -> Result<(Vec<BookmarkName>, ChangeId), ChangeError> {
        let names: Vec<_> =
            names.iter().map(|name| BookmarkName::new(name)).collect::<Result<_, _>>()?;
        let call = move |history: &dyn History| history.advance_bookmarks(&names);
        self.0.on_history(repo, Operation::Bookmark, call).await
    }

    /// Gives a bookmark another name.
    ///
    /// # Errors
    /// [`ChangeError::NoBookmark`], [`ChangeError::BookmarkExists`].
    pub async fn rename(
        &self,
        repo: &str,
        name: &str,
        to: &str,
        expected: Option<Revision>,
    ) -> Result<(), ChangeError> {
        let (name, to) = (BookmarkName::new(name)?, BookmarkName::new(to)?);
        let call =
            move |history: &dyn History| history.rename_bookmark(&name, &to, expected.as_ref());
        self.0.on_history(repo, Operation::Bookmark, call).await
    }

    /// Takes a name away; its change stays.
    ///
    /// # Errors
    /// [`ChangeError::NoBookmark`], [`ChangeError::DefaultBookmark`].
    pub async fn delete(
        &self,
        repo: &str,
        name: &str,
        expected: Option<Revision>,
    ) -> Result<(), ChangeError> {
        let name = BookmarkName::new(name)?;
        let call = move |history: &dyn History| history.delete_bookmark(&name, expected.as_ref());
        self.0.on_history(repo, Operation::Bookmark, call).await
    }

    /// Brings everything that `source` has into `target`.
    ///
    /// # Errors
    /// [`ChangeError::NoBookmark`], [`ChangeError::BookmarkConflicted`].
    pub async fn merge(
        &self,
        repo: &str,
        target: &str,
        source: &str,
        options: MergeOptions,
    ) -> Result<Merged, ChangeError> {
        let (target, source) = (BookmarkName::new(target)?, BookmarkName::new(source)?);
        let call = move |history: &dyn History| history.merge_bookmarks(&target, &source, &options);
        self.0.on_history(repo, Operation::Bookmark, call).await
    }
}
