//! What operations on history did to paths: the content that a rebase, a squash, a restore or a program
//! of others gave to a change, which no edit of a file tells of.

use futures_util::StreamExt as _;
use jj_lib::backend::CommitId;
use jj_lib::op_walk;
use jj_lib::operation::Operation;
use mesafs::backend::Cause;
use mesafs::name::{ChangeId, CommitOid};
use mesafs::path::RepoPath;
use mesafs::tree::ObjectId;
use pollster::FutureExt as _;

use super::error::{Doing, EngineResult};
use super::ids::{self, EMPTY_TREE};
use super::operations::{changes_between, told_cause};
use super::repository::Repository;
use super::types::{Side, TreeEntryKind};

/// So many paths are told of one operation, change and folder.
const TOLD_MAX: usize = 1000;
/// How the descriptions of operations begin that put an earlier state in place of the present one; they
/// say of no commit what it was made of.
const BACK: [&str; 4] = ["restore", "undo", "redo", "revert"];

/// What an operation did to a path of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    pub change: ChangeId,
    /// When the operation ended, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    pub cause: Cause,
    pub path: RepoPath,
    pub before: Side,
    pub after: Side,
}

impl Repository {
    /// What the operations since `since_ms` that stored no edits did at these paths and below them, the
    /// newest first. What is gone by now is left out: it only tells.
    ///
    /// # Errors
    /// `Data`.
    pub fn touched(&self, paths: &[RepoPath], since_ms: i64) -> EngineResult<Vec<Touched>> {
        let doing = "reading operations";
        let head = self.history().repo.operation().clone();
        let mut operations = Box::pin(op_walk::walk_ancestors(&[head]));
        let mut found = Vec::new();
        while let Some(operation) = operations.next().block_on() {
            let operation = operation.doing(doing)?;
            let metadata = operation.metadata();
            if metadata.time.end.timestamp.0 < since_ms {
                break;
            }
            if metadata.is_snapshot {
                continue;
            }
            for (before, after) in self.replaced(&operation) {
                // Cleaned up by now.
                let _gone = self.compare(&operation, (&before, &after), paths, &mut found);
            }
        }
        Ok(found)
    }

    /// Commits of one change that an operation put in each other's place.
    fn replaced(&self, operation: &Operation) -> Vec<(CommitOid, CommitOid)> {
        let oid = |id: &CommitId| ids::commit_oid(id).ok();
        let description = &operation.metadata().description;
        if BACK.iter().any(|word| description.starts_with(word)) {
            let history = self.history();
            let moves = changes_between(&history, operation).unwrap_or_default();
            return moves.into_iter().filter_map(|moved| moved.before.zip(moved.after)).collect();
        }
        let Some(made) = &operation.store_operation().commit_predecessors else {
            return Vec::new();
        };
        let pair = |(after, before): (&CommitId, &Vec<CommitId>)| {
            // The others are what was squashed into it.
            Some((oid(before.first()?)?, oid(after)?))
        };
        made.iter().filter_map(pair).collect()
    }

    fn compare(
        &self,
        operation: &Operation,
        (before, after): (&CommitOid, &CommitOid),
        paths: &[RepoPath],
        found: &mut Vec<Touched>,
    ) -> EngineResult<()> {
        let (old, new) = (self.commit_root(before)?.tree, self.commit_root(after)?.tree);
        if old == new {
            return Ok(());
        }
        let change = self.commit(after)?.change;
        // A copy of another change begins with what that had.
        if self.commit(before)?.change != change {
            return Ok(());
        }
        let metadata = operation.metadata();
        let cause = told_cause(operation);
        let touched = |path: RepoPath, before: Side, after: Side| Touched {
            change: change.clone(),
            time_ms: metadata.time.end.timestamp.0,
            cause: cause.clone(),
            path,
            before,
            after,
        };
        for path in paths {
            let ((before, old), (after, new)) = (self.at(old, path)?, self.at(new, path)?);
            if before != after {
                found.push(touched(path.clone(), before, after));
            }
            let mut told = 0;
            self.objects.diff(old, new, &mut |below| {
                let names = path.names().chain(below.path.names());
                let below_path = RepoPath::from_names(names);
                found.push(touched(below_path, below.before, below.after));
                told += 1;
                told < TOLD_MAX
            })?;
        }
        Ok(())
    }

    /// What a tree has at a path: an entry that is no folder, and the folder.
    fn at(&self, root: ObjectId, path: &RepoPath) -> EngineResult<(Side, ObjectId)> {
        let mut tree = root;
        let mut names = path.names().peekable();
        while let Some(name) = names.next() {
            let entries = self.objects.tree(tree)?;
            match entries.into_iter().find(|entry| entry.name == name).map(|entry| entry.kind) {
                Some(TreeEntryKind::Dir(below)) => tree = below,
                other if names.peek().is_none() => return Ok((other, EMPTY_TREE)),
                _ => return Ok((None, EMPTY_TREE)),
            }
        }
        Ok((None, tree))
    }
}
