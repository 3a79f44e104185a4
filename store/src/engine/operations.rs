//! The log of operations: what was done to the repository, and going back.

use futures_util::{StreamExt as _, TryStreamExt as _};
use jj_lib::evolution::walk_predecessors;
use jj_lib::object_id::ObjectId as _;
use jj_lib::op_walk;
use jj_lib::operation::Operation;
use jj_lib::ref_name::RefName;
use mesafs::name::{ChangeId, CommitOid};
use pollster::FutureExt as _;

use super::changes::nobody;
use super::error::{Doing, EngineError, EngineResult};
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

    /// Makes changes and bookmarks what they were after the operation that a unique prefix of an
    /// id names. It is an operation of its own, so it can be taken back likewise.
    ///
    /// # Errors
    /// `NoOperation`; `NoBookmark` if the default bookmark wasn't there then.
    pub fn restore_operation(&self, id: &str) -> EngineResult<Transacted> {
        let ((), transacted) = self.transact("restore to an operation", &nobody(), |draft| {
            let missing = || EngineError::NoOperation(id.to_owned());
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(missing());
            }
            let operation = op_walk::resolve_op_with_repo(&draft.history.repo, id)
                .block_on()
                .map_err(|_| missing())?;
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

fn info(operation: &Operation) -> OperationInfo {
    let metadata = operation.metadata();
    OperationInfo {
        id: operation.id().hex(),
        parents: operation.parent_ids().iter().map(|id| id.hex()).collect(),
        description: metadata.description.clone(),
        ended_ms: metadata.time.end.timestamp.0,
        snapshot: metadata.is_snapshot,
    }
}
