//! The log of operations: what was done to the repository, and going back.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};
use jj_lib::backend::{ChangeId as JjChangeId, CommitId};
use jj_lib::evolution::walk_predecessors;
use jj_lib::object_id::ObjectId as _;
use jj_lib::op_store::RefTarget;
use jj_lib::op_walk;
use jj_lib::operation::Operation;
use jj_lib::ref_name::RefName;
use jj_lib::repo::{ReadonlyRepo, Repo as _};
use jj_lib::revset;
use mesafs::backend::{BookmarkMove, Cause, CommitMove};
use mesafs::name::{ChangeId, CommitOid};
use pollster::FutureExt as _;

use super::cause::{self, Edits};
use super::changes::nobody;
use super::error::{Doing, EngineError, EngineResult};
use super::history::History;
use super::ids;
use super::repository::Repository;
use super::types::Transacted;

/// One operation of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationInfo {
    /// In hexadecimal, as in [`Transacted::operation`].
    pub id: String,
    /// More than one where operations were merged.
    pub parents: Vec<String>,
    pub description: String,
    /// Milliseconds since the Unix epoch.
    pub ended_ms: i64,
    /// Whether it stored what a live tree held.
    pub snapshot: bool,
    /// The author's name; `user@host` of another program's operation.
    pub who: String,
    /// `None` where only `who` is known.
    pub cause: Option<Cause>,
    /// What of the journal a snapshot stored.
    pub edits: Vec<Edits>,
}

/// An operation, and what it did beside its first parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationDetails {
    pub info: OperationInfo,
    pub changes: Vec<CommitMove>,
    pub bookmarks: Vec<BookmarkMove>,
}

impl Repository {
    /// The newest operations, newest first; `limit` 0 means all.
    ///
    /// # Errors
    /// `Data`.
    pub fn operations(&self, limit: usize) -> EngineResult<Vec<OperationInfo>> {
        let history = self.history();
        let head = history.repo.operation().clone();
        let count = if limit == 0 { usize::MAX } else { limit };
        let operations: Vec<Operation> = op_walk::walk_ancestors(&[head])
            .take(count)
            .try_collect()
            .block_on()
            .doing("reading operations")?;
        Ok(operations.iter().map(info).collect())
    }

    /// What an operation did, which a unique prefix of its id names.
    ///
    /// # Errors
    /// `NoOperation`, `Data`.
    pub fn operation_details(&self, id: &str) -> EngineResult<OperationDetails> {
        let history = self.history();
        let operation = resolve(&history, id)?;
        let (mut changes, mut bookmarks) = (Vec::new(), Vec::new());
        if let Some((before, after)) = around(&history, &operation)? {
            changes = commit_moves(&before, &after)?;
            let both = (before.view().local_bookmarks(), after.view().local_bookmarks());
            bookmarks = bookmark_moves(&both.0.collect(), &both.1.collect())?;
        }
        Ok(OperationDetails { info: info(&operation), changes, bookmarks })
    }

    /// Makes changes and bookmarks what they were after the operation that a unique prefix of an
    /// id names. It is an operation of its own, so it can be taken back likewise.
    ///
    /// # Errors
    /// `NoOperation`; `NoBookmark` if the default bookmark wasn't there then.
    pub fn restore_operation(&self, id: &str) -> EngineResult<Transacted> {
        let ((), transacted) = self.transact("restore to an operation", &nobody(), |draft| {
            let operation = resolve(&draft.history, id)?;
            let view = operation.view().block_on().doing("reading an operation")?;
            let default = self.default_bookmark();
            if view.get_local_bookmark(RefName::new(default.as_str())).is_absent() {
                return Err(EngineError::NoBookmark(default.to_string()));
            }
            draft.tx.repo_mut().set_view(view.store_view().clone());
            Ok(())
        })?;
        Ok(transacted.unwrap_or_else(|| self.unchanged()))
    }

    /// The commits that a change had, newest first, with the operation that made each where it is
    /// known; `limit` 0 means all.
    ///
    /// # Errors
    /// `NoChange`.
    pub fn change_history(
        &self,
        change: &ChangeId,
        limit: usize,
    ) -> EngineResult<Vec<(CommitOid, Option<OperationInfo>)>> {
        let history = self.history();
        let start = history.visible(&ids::jj_change(change)?)?;
        if start.is_empty() {
            return Err(EngineError::NoChange(change.to_string()));
        }
        let mut stream = Box::pin(walk_predecessors(&history.repo, &start));
        let mut commits = Vec::new();
        while let Some(entry) = stream.try_next().block_on().doing("reading a change's history")? {
            commits.push((ids::commit_oid(entry.commit.id())?, entry.operation.as_ref().map(info)));
            if commits.len() == limit {
                break;
            }
        }
        Ok(commits)
    }
}

/// The repository before and after an operation; `None` for the first.
fn around(
    history: &History,
    operation: &Operation,
) -> EngineResult<Option<(Arc<ReadonlyRepo>, Arc<ReadonlyRepo>)>> {
    let load = |operation: &Operation| {
        let loaded = history.repo.loader().load_at(operation);
        loaded.block_on().doing("loading an operation")
    };
    let parents = operation.parents().block_on().doing("reading operations")?;
    parents.first().map(|parent| Ok((load(parent)?, load(operation)?))).transpose()
}

/// What became of changes by an operation.
pub(super) fn changes_between(
    history: &History,
    operation: &Operation,
) -> EngineResult<Vec<CommitMove>> {
    let around = around(history, operation)?;
    around.map_or_else(|| Ok(Vec::new()), |(before, after)| commit_moves(&before, &after))
}

fn resolve(history: &History, id: &str) -> EngineResult<Operation> {
    let missing = || EngineError::NoOperation(id.to_owned());
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing());
    }
    op_walk::resolve_op_with_repo(&history.repo, id).block_on().map_err(|_| missing())
}

/// The commits that are visible after and were not before, and the other way round, by their changes.
fn commit_moves(before: &ReadonlyRepo, after: &ReadonlyRepo) -> EngineResult<Vec<CommitMove>> {
    let doing = "comparing operations";
    let heads = |repo: &ReadonlyRepo| repo.view().heads().iter().cloned().collect::<Vec<_>>();
    let only = |repo: &ReadonlyRepo, unwanted: &[CommitId], wanted: &[CommitId]| {
        let found = revset::walk_revs(repo, wanted, unwanted).doing(doing)?;
        found.commit_change_ids().try_collect::<Vec<_>>().block_on().doing(doing)
    };
    // The later repository's index knows the commits of both.
    let (old, new) = (heads(before), heads(after));
    let gone = only(after, &new, &old)?;
    let come = only(after, &old, &new)?;
    let mut moves = Vec::new();
    let mut told = HashSet::new();
    for (id, change) in come.iter().chain(&gone) {
        if !told.insert(change.clone()) {
            continue;
        }
        let of = |commits: &[(CommitId, JjChangeId)]| {
            let found = commits.iter().find(|(_, other)| other == change);
            found.map(|(id, _)| ids::commit_oid(id)).transpose()
        };
        let commit = after.store().get_commit(id).doing(doing)?;
        moves.push(CommitMove {
            change: ids::change_id(change)?,
            before: of(&gone)?,
            after: of(&come)?,
            summary: commit.description().lines().next().unwrap_or_default().to_owned(),
        });
    }
    Ok(moves)
}

type Bookmarks<'a> = BTreeMap<&'a RefName, &'a RefTarget>;

fn bookmark_moves(
    before: &Bookmarks<'_>,
    after: &Bookmarks<'_>,
) -> EngineResult<Vec<BookmarkMove>> {
    let names: BTreeSet<&RefName> = before.keys().chain(after.keys()).copied().collect();
    let commits = |target: Option<&&RefTarget>| -> EngineResult<Vec<CommitOid>> {
        target.into_iter().flat_map(|target| target.added_ids()).map(ids::commit_oid).collect()
    };
    let mut moves = Vec::new();
    for name in names {
        let (one, two) = (before.get(name), after.get(name));
        if one != two {
            let (before, after) = (commits(one)?, commits(two)?);
            moves.push(BookmarkMove { name: name.as_str().to_owned(), before, after });
        }
    }
    Ok(moves)
}

/// Who made an operation, and by what; of another program's its user and its command line.
pub(super) fn told_cause(operation: &Operation) -> Cause {
    cause::of(operation).unwrap_or_else(|| {
        let metadata = operation.metadata();
        let author = match metadata.hostname.as_str() {
            "" => metadata.username.clone(),
            host => format!("{}@{host}", metadata.username),
        };
        let line = metadata.attributes.get("args").cloned().unwrap_or_default();
        Cause { author, line: line.into(), ..Cause::default() }
    })
}

fn info(operation: &Operation) -> OperationInfo {
    let metadata = operation.metadata();
    let cause = told_cause(operation);
    let is_told = !cause.session.is_empty() || !cause.line.is_empty();
    OperationInfo {
        id: operation.id().hex(),
        parents: operation.parent_ids().iter().map(|id| id.hex()).collect(),
        description: metadata.description.clone(),
        ended_ms: metadata.time.end.timestamp.0,
        snapshot: metadata.is_snapshot,
        who: cause.author.clone(),
        cause: (is_told || metadata.attributes.contains_key(cause::WHO)).then_some(cause),
        edits: cause::edits(operation),
    }
}
