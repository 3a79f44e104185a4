//! Changes: looking them up, making, describing and abandoning them.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use jj_lib::backend::CommitId;
use jj_lib::commit::Commit as JjCommit;
use jj_lib::repo::Repo as _;
use jj_lib::revset::RevsetExpression;
use mesafs::name::{BookmarkName, ChangeId, CommitOid};
use pollster::FutureExt as _;

use super::conflict;
use super::draft::stored_text;
use super::error::{Doing, EngineError, EngineResult};
use super::history::History;
use super::ids;
use super::repository::Repository;
use super::types::{Author, Commit, Resolved, RootTree, Transacted};

/// Which bookmarks are on a commit.
type Marks = HashMap<CommitId, Vec<BookmarkName>>;

impl Repository {
    /// Finds the change that a whole id, or a unique prefix of one, names.
    ///
    /// # Errors
    /// `NoChange`, `Ambiguous` with whole change ids.
    pub fn resolve_change(&self, prefix: &str) -> EngineResult<Resolved> {
        self.history().resolve_prefix(prefix)
    }

    /// What there is to say of a commit.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn commit(&self, oid: &CommitOid) -> EngineResult<Commit> {
        let history = self.history();
        let commit = history.commit(&ids::commit_id(oid)?)?;
        let immutable = history.is_immutable(commit.id())?;
        describe(&history, &commit, immutable, &marks(&history))
    }

    /// As [`Self::commit`], of several.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn commits(&self, oids: &[CommitOid]) -> EngineResult<Vec<Commit>> {
        let history = self.history();
        let marks = marks(&history);
        let one = |oid: &CommitOid| {
            let commit = history.commit(&ids::commit_id(oid)?)?;
            describe(&history, &commit, history.is_immutable(commit.id())?, &marks)
        };
        oids.iter().map(one).collect()
    }

    /// The content that a commit began with: that of its parents, merged if it has several.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn parent_root(&self, oid: &CommitOid) -> EngineResult<RootTree> {
        let history = self.history();
        let commit = history.commit(&ids::commit_id(oid)?)?;
        let tree = commit.parent_tree(history.repo.as_ref()).block_on();
        conflict::flatten(&tree.doing("reading a commit")?)
    }

    /// The parents of a commit, without the root.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn parents(&self, oid: &CommitOid) -> EngineResult<Vec<CommitOid>> {
        let history = self.history();
        let commit = history.commit(&ids::commit_id(oid)?)?;
        let root = history.repo.store().root_commit_id();
        commit.parent_ids().iter().filter(|id| *id != root).map(ids::commit_oid).collect()
    }

    /// The newest commit, or one of several, that both descend from; `None` if that is only the root.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn common_ancestor(
        &self,
        one: &CommitOid,
        other: &CommitOid,
    ) -> EngineResult<Option<CommitOid>> {
        let history = self.history();
        let (one, other) = (ids::commit_id(one)?, ids::commit_id(other)?);
        let found = history.repo.index().common_ancestors(&[one], &[other]).block_on();
        let root = history.repo.store().root_commit_id();
        let found = found.doing("comparing commits")?;
        found.iter().find(|id| *id != root).map(ids::commit_oid).transpose()
    }

    /// # Errors
    /// `Data` if there is no such commit.
    pub fn is_immutable(&self, oid: &CommitOid) -> EngineResult<bool> {
        let history = self.history();
        history.is_immutable(history.commit(&ids::commit_id(oid)?)?.id())
    }

    /// Whether `ancestor` is `descendant` or one of its ancestors; never, if either is unknown.
    ///
    /// # Errors
    /// `Data`.
    pub fn is_ancestor(&self, ancestor: &CommitOid, descendant: &CommitOid) -> EngineResult<bool> {
        self.history().is_ancestor(&ids::commit_id(ancestor)?, &ids::commit_id(descendant)?)
    }

    /// Commits reachable from `from`, newest first, without the root; `limit` 0 means all.
    ///
    /// # Errors
    /// `Data` if there is no such commit.
    pub fn log(&self, from: &CommitOid, limit: usize) -> EngineResult<Vec<Commit>> {
        let history = self.history();
        let from = history.commit(&ids::commit_id(from)?)?;
        let repo = history.repo.as_ref();
        let reachable = RevsetExpression::commit(from.id().clone())
            .ancestors()
            .minus(&RevsetExpression::root())
            .evaluate(repo)
            .doing("listing changes")?;
        let immutable = history.immutable_expression().evaluate(repo).doing("listing changes")?;
        let is_immutable = immutable.containing_fn();
        let marks = marks(&history);
        let mut commits = Vec::new();
        let mut stream = reachable.stream();
        while let Some(id) = stream.try_next().block_on().doing("listing changes")? {
            let immutable = is_immutable(&id).block_on().doing("listing changes")?;
            commits.push(describe(&history, &history.commit(&id)?, immutable, &marks)?);
            if commits.len() == limit {
                break;
            }
        }
        Ok(commits)
    }

    /// Makes an empty child of `base`.
    ///
    /// # Errors
    /// `Data` if there is no such commit; `ChangeMoved` or `NoChange` if it has been replaced.
    pub fn new_change(
        &self,
        base: &CommitOid,
        message: &str,
        author: &Author,
    ) -> EngineResult<(Resolved, Transacted)> {
        let base = ids::commit_id(base)?;
        let (child, transacted) = self.transact("new change", author, |draft| {
            let base = draft.history.visible_commit(&base)?;
            draft.new_child(&base, message)
        })?;
        Ok((resolved(&child)?, transacted.unwrap_or_else(|| self.unchanged())))
    }

    /// Sets the description of a change; empty clears it.
    ///
    /// # Errors
    /// `NoChange`, `Divergent`, `Immutable`.
    pub fn describe(
        &self,
        change: &ChangeId,
        message: &str,
        committer: &Author,
    ) -> EngineResult<Transacted> {
        let ((), transacted) = self.transact("describe a change", committer, |draft| {
            let commit = draft.history.single(change)?;
            draft.history.check_mutable(&commit)?;
            draft.describe(&commit, message).map(|_| ())
        })?;
        Ok(transacted.unwrap_or_else(|| self.unchanged()))
    }

    /// Describes `change` (`None` keeps its text), forks an empty child of it, and moves `bookmark`,
    /// which must be on `change`, to the child: in one transaction. Answers the saved and the active change.
    ///
    /// # Errors
    /// `BookmarkRaced` if the bookmark is not on `change`; as [`Self::describe`].
    pub fn checkpoint(
        &self,
        change: &ChangeId,
        bookmark: &BookmarkName,
        message: Option<&str>,
        author: &Author,
    ) -> EngineResult<(Resolved, Resolved, Transacted)> {
        let ((saved, active), transacted) = self.transact("checkpoint", author, |draft| {
            let commit = draft.history.single(change)?;
            if draft.history.bookmarked(bookmark)?.id() != commit.id() {
                return Err(EngineError::BookmarkRaced(bookmark.to_string()));
            }
            let saved = match message {
                Some(message) => draft.describe(&commit, message)?,
                None => commit,
            };
            let active = draft.new_child(&saved, "")?;
            draft.set_bookmark(bookmark, active.id());
            Ok((saved, active))
        })?;
        let transacted = transacted.unwrap_or_else(|| self.unchanged());
        Ok((resolved(&saved)?, resolved(&active)?, transacted))
    }

    /// Abandons the change if it is an empty, undescribed leaf without bookmarks, and mutable.
    /// Answers `None` if it isn't, and nothing is done.
    ///
    /// # Errors
    /// `Data`.
    pub fn abandon_if_empty_leaf(&self, change: &ChangeId) -> EngineResult<Option<Transacted>> {
        let (_, transacted) = self.transact("abandon an empty change", &nobody(), |draft| {
            let history = std::sync::Arc::clone(&draft.history);
            match history.single(change) {
                Ok(commit) if is_empty_leaf(&history, &commit)? => draft.abandon(&commit),
                Ok(_) | Err(EngineError::NoChange(_) | EngineError::Divergent { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })?;
        Ok(transacted)
    }
}

impl super::draft::Draft {
    /// The commit with another description, or itself if it has that one.
    fn describe(&mut self, commit: &JjCommit, message: &str) -> EngineResult<JjCommit> {
        let text = stored_text(message);
        if text == commit.description() {
            return Ok(commit.clone());
        }
        let builder = self.rewrite(commit)?.set_description(text);
        builder.write().block_on().doing("writing a commit")
    }
}

/// The committer of an operation that writes no commit.
pub(super) fn nobody() -> Author {
    Author { name: String::new(), email: String::new() }
}

fn is_empty_leaf(history: &History, commit: &JjCommit) -> EngineResult<bool> {
    let view = history.repo.view();
    let marked = view.local_bookmarks_for_commit(commit.id()).next().is_some()
        || view.is_wc_commit_id(commit.id());
    Ok(!marked
        && view.heads().contains(commit.id())
        && !history.is_immutable(commit.id())?
        && commit.is_discardable(history.repo.as_ref()).block_on().doing("reading a commit")?)
}

/// A commit that the transaction just made.
pub(super) fn resolved(commit: &JjCommit) -> EngineResult<Resolved> {
    Ok(Resolved {
        change: ids::change_id(commit.change_id())?,
        commit: ids::commit_oid(commit.id())?,
        others: Vec::new(),
    })
}

fn marks(history: &History) -> Marks {
    let mut marks = Marks::new();
    for (name, target) in history.repo.view().local_bookmarks() {
        let Ok(name) = BookmarkName::new(name.as_str()) else { continue };
        for id in target.added_ids() {
            marks.entry(id.clone()).or_default().push(name.clone());
        }
    }
    marks
}

fn describe(
    history: &History,
    commit: &JjCommit,
    immutable: bool,
    marks: &Marks,
) -> EngineResult<Commit> {
    let repo = history.repo.as_ref();
    let root = repo.store().root_commit_id();
    let parents = commit.parent_ids().iter().filter(|id| *id != root);
    let prefix_len = repo.shortest_unique_change_id_prefix_len(commit.change_id());
    let author = commit.author();
    Ok(Commit {
        change: ids::change_id(commit.change_id())?,
        oid: ids::commit_oid(commit.id())?,
        parents: parents.map(ids::commit_oid).collect::<EngineResult<_>>()?,
        description: commit.description().to_owned(),
        author: Author { name: author.name.clone(), email: author.email.clone() },
        committed_ms: commit.committer().timestamp.timestamp.0,
        empty: commit.is_empty(repo).block_on().doing("reading a commit")?,
        immutable,
        conflicted: commit.has_conflict(),
        divergent: history.visible(commit.change_id())?.len() > 1,
        bookmarks: marks.get(commit.id()).cloned().unwrap_or_default(),
        prefix_len: prefix_len.block_on().doing("reading a commit")?,
    })
}
