//! The history of a repository, as a checkout asks for it and changes it.

use std::sync::Arc;

use mesafs::backend::{
    AuditEntry, Backwards, ChangeError, ChangeInfo, Checkout, Comparison, ConflictInfo, Earlier,
    History, MergeOptions, MergeOutcome, Merged, Moved, OperationDetails, OperationInfo, Pick,
    Revision, Rewriting, SideKind, Squash, Volume,
};
use mesafs::error::{Errno, FsError, Operation};
use mesafs::name::{BookmarkName, ChangeId, CommitOid};
use mesafs::op::{Batch, BatchId, Op};
use mesafs::path::RepoPath;
use mesafs::tree::{Node, Root};

use super::changes::{engine_error, info};
use super::{Standing, StoreCheckout};
use crate::engine::{self, Commit, Emptied, EngineError, Repository, Side, TreeEntryKind};
use crate::error::StoreError;
use crate::repo::{Here, Named, Of, Opened, change_error};

impl StoreCheckout {
    pub(super) fn here<'a>(&'a self, opened: &'a Opened) -> Here<'a> {
        Here { live: &opened.live, user: &self.author }
    }

    /// The commit that a revision names, with what was written to it by now.
    fn stored(&self, revision: &Revision) -> Result<Commit, ChangeError> {
        let opened = self.reading()?;
        let here = self.here(&opened);
        let found = self.repo.find(revision, here).map_err(change_error)?;
        let flushed = self.repo.flush_if_dirty(&found).map_err(change_error)?;
        let found = match flushed {
            true => self.repo.find(revision, here).map_err(change_error)?,
            false => found,
        };
        self.repo.engine.commit(&found).map_err(engine_error)
    }

    /// Begins a call that changes these revisions: where one is the open change and that is only
    /// made at the first write, it is made now.
    fn rewriting(&self, targets: &[Revision]) -> Result<Arc<Opened>, ChangeError> {
        let opened = self.changing(Operation::Change)?;
        if matches!(opened.live.standing(), Standing::Shared(_))
            && targets.contains(&Revision::here())
        {
            return Ok(self.writable(Operation::Change)?);
        }
        Ok(opened)
    }

    /// Does one operation on history, and moves on if it took the open change away.
    fn operate<T>(
        &self,
        targets: &[Revision],
        operate: impl FnOnce(&Repository, &Named<'_>) -> Result<(T, engine::Transacted), StoreError>,
    ) -> Result<(T, Rewriting), ChangeError> {
        let opened = self.rewriting(targets)?;
        let done = self.repo.operate_on(self.here(&opened), &self.cause(), targets, operate);
        let done = done.map_err(change_error)?;
        self.opened_now()?;
        Ok(done)
    }

    fn sides(&self, sides: &[Side]) -> Vec<SideKind> {
        let kind = |side: &Side| match side {
            None => SideKind::Absent,
            Some(TreeEntryKind::File { executable, .. }) => {
                SideKind::File { executable: *executable }
            }
            Some(TreeEntryKind::Symlink(_)) => SideKind::Symlink,
            Some(TreeEntryKind::Dir(_)) => SideKind::Dir,
            Some(TreeEntryKind::Gitlink(_)) => SideKind::Gitlink,
        };
        sides.iter().map(kind).collect()
    }

    /// An operation, with what the audit says of it.
    fn told(&self, info: engine::OperationInfo) -> Result<OperationInfo, ChangeError> {
        let engine::OperationInfo { id, parents, description, ended_ms, snapshot, .. } = info;
        let mut told = OperationInfo {
            id,
            parents,
            description,
            ended_ms,
            snapshot,
            who: info.who,
            causes: info.cause.into_iter().collect(),
            edits: 0,
            paths: Vec::new(),
        };
        if !info.edits.is_empty() {
            let summary = self.repo.audit_summary(&info.edits).map_err(change_error)?;
            (told.edits, told.paths) = (summary.edits, summary.paths);
            if !summary.causes.is_empty() {
                told.causes = summary.causes;
            }
        }
        Ok(told)
    }

    fn land(&self, ops: Vec<Op>) -> Result<(), ChangeError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| {
            FsError::new(Errno::Io, Operation::Change, "").with_detail(error.to_string())
        })?;
        let id = BatchId(u128::from_le_bytes(random));
        self.apply(Batch { id, now_ns: self.core().options.clock.now_ns(), ops })?;
        Ok(())
    }
}

fn expected_commit(
    named: &Named<'_>,
    expected: Option<&Revision>,
) -> Result<Option<CommitOid>, StoreError> {
    expected.map(|expected| named.commit(expected)).transpose()
}

/// Where a branch begins that is to be put onto `onto`, in jj's language.
fn roots_of_branch(revisions: &[CommitOid], onto: &[CommitOid]) -> String {
    let all =
        |oids: &[CommitOid]| oids.iter().map(CommitOid::as_str).collect::<Vec<_>>().join(" | ");
    format!("roots(({})..({}))", all(onto), all(revisions))
}

impl History for StoreCheckout {
    fn find(&self, revision: &Revision) -> Result<ChangeInfo, ChangeError> {
        Ok(info(self.stored(revision)?))
    }

    fn log(&self, revisions: &str, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        let opened = self.reading()?;
        let without_root = format!("({revisions}) ~ root()");
        let here = self.here(&opened);
        let named = match self.repo.evaluate(&without_root, here, limit) {
            Ok(named) => named,
            Err(error) => {
                // What is wrong is told of the text that was asked for, not of what it was put into.
                let asked = self.repo.evaluate(revisions, here, 1);
                asked.map_err(|error| change_error(asked_as(error, revisions)))?;
                return Err(change_error(asked_as(error, revisions)));
            }
        };
        let commits = self.repo.engine.commits(&named).map_err(engine_error)?;
        Ok(commits.into_iter().map(info).collect())
    }

    fn content(&self, revision: &Revision) -> Result<Root, ChangeError> {
        self.repo.content(&self.stored(revision)?).map_err(change_error)
    }

    fn changed(&self, revision: &Revision) -> Result<Comparison, ChangeError> {
        self.repo.changed(&self.stored(revision)?.oid).map_err(change_error)
    }

    fn status(&self) -> Result<Comparison, ChangeError> {
        self.guard.check(Operation::Change)?;
        self.repo.refreshed().map_err(change_error)?;
        let opened = self.opened_now()?;
        self.repo.status(&opened.live).map_err(change_error)
    }

    fn earlier(&self, revision: &Revision, limit: usize) -> Result<Vec<Earlier>, ChangeError> {
        let change = self.stored(revision)?.change;
        let engine = &self.repo.engine;
        let found = engine.change_history(&change, limit).map_err(engine_error)?;
        let oids: Vec<CommitOid> = found.iter().map(|(oid, _)| oid.clone()).collect();
        let commits = engine.commits(&oids).map_err(engine_error)?;
        let told = commits.into_iter().zip(found).map(|(commit, (_, made))| {
            Ok(Earlier {
                change: info(commit),
                operation: made.map(|made| self.told(made)).transpose()?,
            })
        });
        told.collect()
    }

    fn describe(&self, revision: &Revision, text: &str) -> Result<Rewriting, ChangeError> {
        let targets = [revision.clone()];
        let ((), done) = self.operate(&targets, |engine, named| {
            Ok(((), engine.describe(&named.change(revision)?, text, &self.author)?))
        })?;
        Ok(done)
    }

    fn abandon(&self, revisions: &[Revision]) -> Result<Rewriting, ChangeError> {
        let ((), done) = self.operate(revisions, |engine, named| {
            Ok(((), engine.abandon(&named.targets(revisions)?, &self.author)?))
        })?;
        Ok(done)
    }

    fn squash(&self, squash: &Squash) -> Result<Rewriting, ChangeError> {
        let targets: Vec<Revision> = squash.from.iter().chain([&squash.into]).cloned().collect();
        let emptied = if squash.keep_emptied { Emptied::Keep } else { Emptied::Abandon };
        let ((), done) = self.operate(&targets, |engine, named| {
            let (from, into) = (named.changes(&squash.from)?, named.change(&squash.into)?);
            let message = squash.message.as_deref();
            let paths = &squash.paths;
            let sources = named.commits(&squash.from)?;
            let beyond = named.moves(|moves| {
                for (change, commit) in from.iter().zip(&sources) {
                    let began = Of::ParentsOf(commit.clone());
                    let is = Of::Commit(commit.clone());
                    moves.add(&into, began.clone(), is.clone(), paths);
                    moves.add(change, is, began, paths);
                }
            })?;
            Ok(((), engine.squash(&from, &into, paths, message, emptied, beyond, &self.author)?))
        })?;
        Ok(done)
    }

    fn restore(
        &self,
        revision: &Revision,
        from: &Revision,
        paths: &[RepoPath],
    ) -> Result<Rewriting, ChangeError> {
        let targets = [revision.clone(), from.clone()];
        let ((), done) = self.operate(&targets, |engine, named| {
            let (change, from) = (named.change(revision)?, named.commit(from)?);
            let is = Of::Commit(named.commit(revision)?);
            let beyond =
                named.moves(|moves| moves.add(&change, is, Of::Commit(from.clone()), paths))?;
            Ok(((), engine.restore(&change, &from, paths, beyond, &self.author)?))
        })?;
        Ok(done)
    }

    fn split(
        &self,
        revision: &Revision,
        paths: &[RepoPath],
        message: Option<&str>,
    ) -> Result<(ChangeId, ChangeId), ChangeError> {
        let opened = self.rewriting(std::slice::from_ref(revision))?;
        let own = opened.live.change();
        let targets = [revision.clone()];
        let ((first, rest), _) = self.operate(&targets, |engine, named| {
            let (before, change) = (named.commit(revision)?, named.change(revision)?);
            let (first, rest, done) = engine.split(&change, paths, message, &self.author)?;
            self.repo.note_child(&before, &rest.commit)?;
            named.moves(|moves| {
                let (began, is) = (Of::ParentsOf(before.clone()), Of::Commit(before));
                moves.add(&change, is.clone(), began.clone(), &[]);
                moves.add(&change, began, is, paths);
            })?;
            Ok(((first, rest), done))
        })?;
        if own == first.change {
            self.edit(&Revision::Change(rest.change.to_string()))?;
        }
        Ok((first.change, rest.change))
    }

    fn rebase(
        &self,
        revisions: &[Revision],
        moved: Moved,
        onto: &[Revision],
    ) -> Result<Rewriting, ChangeError> {
        let targets: Vec<Revision> = revisions.iter().chain(onto).cloned().collect();
        let ((), done) = self.operate(&targets, |engine, named| {
            let onto = named.commits(onto)?;
            let (changes, moved) = match moved {
                Moved::Alone => (named.changes(revisions)?, engine::Moved::Alone),
                Moved::WithDescendants => {
                    (named.changes(revisions)?, engine::Moved::WithDescendants)
                }
                Moved::Branch => {
                    let roots = roots_of_branch(&named.commits(revisions)?, &onto);
                    (named.all(&roots)?, engine::Moved::WithDescendants)
                }
            };
            Ok(((), engine.rebase(&changes, moved, &onto, &self.author)?))
        })?;
        Ok(done)
    }

    fn duplicate(
        &self,
        revisions: &[Revision],
        onto: &[Revision],
    ) -> Result<Vec<ChangeId>, ChangeError> {
        let targets: Vec<Revision> = revisions.iter().chain(onto).cloned().collect();
        let (copies, _) = self.operate(&targets, |engine, named| {
            let (from, changes) = (named.commits(revisions)?, named.changes(revisions)?);
            let onto = named.commits(onto)?;
            let onto = (!onto.is_empty()).then_some(&onto[..]);
            let (copies, done) = engine.duplicate(&changes, onto, &self.author)?;
            for (from, copy) in from.iter().zip(&copies) {
                named.made(&copy.commit, Some(from));
            }
            Ok((copies, done))
        })?;
        Ok(copies.into_iter().map(|copy| copy.change).collect())
    }

    fn merge(&self, parents: &[Revision], message: Option<&str>) -> Result<ChangeId, ChangeError> {
        let (child, _) = self.operate(parents, |engine, named| {
            let (parents, message) = (named.commits(parents)?, message.unwrap_or_default());
            let (child, done) = engine.new_merge(&parents, message, &self.author)?;
            named.made(&child.commit, None);
            Ok((child, done))
        })?;
        self.edit(&Revision::Change(child.change.to_string()))
    }

    fn conflicts(&self, revision: &Revision) -> Result<Vec<ConflictInfo>, ChangeError> {
        let commit = self.stored(revision)?;
        if !commit.conflicted {
            return Ok(Vec::new());
        }
        let root = self.repo.engine.commit_root(&commit.oid).map_err(engine_error)?;
        let told = root.conflicts.into_iter().map(|conflict| ConflictInfo {
            sides: self.sides(&conflict.adds),
            bases: self.sides(&conflict.removes),
            path: conflict.path,
        });
        Ok(told.collect())
    }

    fn resolve(&self, path: &RepoPath, pick: Pick) -> Result<(), ChangeError> {
        self.changing(Operation::Change)?;
        let none = || ChangeError::NoConflict(path.to_string());
        let was = match self.opened.load().live.tree.root().lookup(path) {
            Ok(Node::File(file)) => file.conflict.is_some(),
            _ => false,
        };
        let opened = self.reading()?;
        let commit = opened.live.commit();
        let root = self.repo.engine.commit_root(&commit).map_err(engine_error)?;
        let found = root.conflicts.into_iter().find(|conflict| conflict.path == *path);
        let Some(conflict) = found else {
            // What was written has settled it.
            return if was && pick == Pick::AsItIs { Ok(()) } else { Err(none()) };
        };
        let side = match pick {
            Pick::AsItIs => return Err(ChangeError::MarkersLeft(path.to_string())),
            Pick::Ours => conflict.adds.first(),
            Pick::Theirs => conflict.adds.last(),
        };
        let now_ns = self.core().options.clock.now_ns();
        let node = match side.ok_or_else(none)? {
            None => None,
            Some(kind) => Some(self.repo.node(*kind, now_ns).map_err(change_error)?),
        };
        let mut ops = Vec::new();
        if !matches!(node, Some(Node::File(_))) {
            ops.push(Op::Remove { path: path.clone(), recursive: true });
        }
        ops.extend(node.map(|node| Op::Graft { path: path.clone(), node }));
        self.land(ops)
    }

    fn create_bookmark_at(&self, name: &BookmarkName, at: &Revision) -> Result<(), ChangeError> {
        let ((), _) = self.operate(std::slice::from_ref(at), |engine, named| {
            Ok(((), engine.create_bookmark(name, &named.target(at)?)?))
        })?;
        Ok(())
    }

    fn set_bookmark(
        &self,
        name: &BookmarkName,
        to: &Revision,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        let targets = [to.clone()];
        let ((), _) = self.operate(&targets, |engine, named| {
            let (to, expected) = (named.target(to)?, expected_commit(named, expected)?);
            Ok(((), engine.set_bookmark(name, &to, expected.as_ref())?))
        })?;
        Ok(())
    }

    fn move_bookmark_to(
        &self,
        name: &BookmarkName,
        to: &Revision,
        backwards: Backwards,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        let targets = [to.clone()];
        let ((), _) = self.operate(&targets, |engine, named| {
            let (to, expected) = (named.target(to)?, expected_commit(named, expected)?);
            Ok(((), engine.move_bookmark(name, &to, backwards, expected.as_ref())?))
        })?;
        Ok(())
    }

    fn advance_bookmarks(
        &self,
        names: &[BookmarkName],
    ) -> Result<(Vec<BookmarkName>, ChangeId), ChangeError> {
        let (moved, _) = self.operate(&[Revision::here()], |engine, named| {
            let mut to = engine.commit(&named.commit(&Revision::here())?)?;
            while to.empty
                && let [parent] = &to.parents[..]
            {
                to = engine.commit(parent)?;
            }
            let mut names = names.to_vec();
            if names.is_empty() {
                let nearest = Revision::Expression(format!("heads(::{} & bookmarks())", to.oid));
                let commits = engine.commits(&named.commits(&[nearest])?)?;
                names = commits.into_iter().flat_map(|commit| commit.bookmarks).collect();
            }
            names.retain(|name| !to.bookmarks.contains(name));
            let mut done = engine.unchanged();
            for name in &names {
                done = engine.move_bookmark(name, &to.change, Backwards::Refuse, None)?;
            }
            Ok(((names, to.change), done))
        })?;
        Ok(moved)
    }

    fn rename_bookmark(
        &self,
        name: &BookmarkName,
        to: &BookmarkName,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        let ((), _) = self.operate(&[], |engine, named| {
            let expected = expected_commit(named, expected)?;
            Ok(((), engine.rename_bookmark(name, to, expected.as_ref())?))
        })?;
        Ok(())
    }

    fn delete_bookmark(
        &self,
        name: &BookmarkName,
        expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        let ((), _) = self.operate(&[], |engine, named| {
            let expected = expected_commit(named, expected)?;
            Ok(((), engine.delete_bookmark(name, expected.as_ref())?))
        })?;
        Ok(())
    }

    fn merge_bookmarks(
        &self,
        target: &BookmarkName,
        source: &BookmarkName,
        options: &MergeOptions,
    ) -> Result<Merged, ChangeError> {
        let opened = self.changing(Operation::Bookmark)?;
        let commit = self.repo.engine.commit(&opened.live.commit()).map_err(engine_error)?;
        let on_target = Self::bookmark(&opened, &commit).as_ref() == Some(target);
        let targets = [Revision::Bookmark(target.clone()), Revision::Bookmark(source.clone())];
        let (merged, _) = self.operate(&targets, |engine, named| {
            let options = engine::MergeOptions {
                strategy: options.strategy,
                message: options.message.clone(),
                delete_source: options.delete_source,
                expected: expected_commit(named, options.expected.as_ref())?,
            };
            let (merged, done) = engine.merge(target, source, &options, &self.author)?;
            if merged.outcome == MergeOutcome::MergeCommit {
                named.made(&merged.tip.commit, None);
            }
            Ok((merged, done))
        })?;
        let now = self.repo.engine.resolve_bookmark(target).map_err(engine_error)?;
        if on_target && now.change != self.opened.load().live.change() {
            self.switch_to(self.repo.open_bookmark(target).map_err(change_error)?);
        }
        Ok(Merged {
            outcome: merged.outcome,
            change_id: merged.tip.change,
            commit_oid: merged.tip.commit,
            conflicts: merged.conflicts,
        })
    }

    fn operations(&self, limit: usize) -> Result<Vec<OperationInfo>, ChangeError> {
        self.reading()?;
        self.repo.flush_dirty().map_err(change_error)?;
        let found = self.repo.engine.operations(limit).map_err(engine_error)?;
        found.into_iter().map(|found| self.told(found)).collect()
    }

    fn operation(&self, id: &str) -> Result<OperationDetails, ChangeError> {
        self.reading()?;
        self.repo.flush_dirty().map_err(change_error)?;
        let found = self.repo.engine.operation_details(id).map_err(engine_error)?;
        let edits = self.repo.audit_of(&found.info.edits).map_err(change_error)?;
        let (changes, bookmarks) = (found.changes, found.bookmarks);
        Ok(OperationDetails { operation: self.told(found.info)?, changes, bookmarks, edits })
    }

    fn audit(&self, paths: &[RepoPath], limit: usize) -> Result<Vec<AuditEntry>, ChangeError> {
        self.guard.check(Operation::Change)?;
        self.repo.flush_dirty().map_err(change_error)?;
        self.repo.audit(paths, limit).map_err(change_error)
    }

    fn restore_operation(&self, id: &str) -> Result<Rewriting, ChangeError> {
        self.changing(Operation::Change)?;
        let restore = |engine: &Repository| Ok(((), engine.restore_operation(id)?));
        let done = self.repo.operate_on_all(&self.cause(), restore);
        let ((), done) = done.map_err(change_error)?;
        self.opened_now()?;
        Ok(done)
    }
}

/// A failure to understand an expression, told of the text that was given.
fn asked_as(error: StoreError, asked: &str) -> StoreError {
    match error {
        StoreError::Engine(EngineError::Revision { reason, .. }) => {
            EngineError::Revision { text: asked.to_owned(), reason }.into()
        }
        other => other,
    }
}
