//! Snapshots: the live trees of changes become commits.

use std::collections::HashMap;

use jj_lib::object_id::ObjectId as _;
use jj_lib::repo::Repo as _;
use mesafs::name::{ChangeId, CommitOid};
use pollster::FutureExt as _;

use super::cause::{self, Edits};
use super::conflict;
use super::draft::Draft;
use super::error::{Doing, EngineError, EngineResult};
use super::objects::Objects;
use super::repository::Repository;
use super::types::{Author, RootTree, Transacted};

/// What a change holds now.
#[derive(Debug, Clone)]
pub struct ChangeSnapshot {
    pub change: ChangeId,
    /// The commit that the tree was built on.
    pub base: CommitOid,
    pub root: RootTree,
    /// Whether it has a mode or an empty directory more or less than its commit: that is a commit, too.
    pub beyond_git: bool,
    /// The journal sequence up to which its commit held it.
    pub journal_since: u64,
    /// The journal sequence of the last batch in it.
    pub journal_sequence: u64,
}

impl Repository {
    /// Rewrites the commits of these changes in one transaction, and rebases their descendants. A
    /// change that is what its commit has is left alone; if all are, nothing is written and
    /// the answer names the present operation. `journal_floor` is the lowest sequence that the
    /// journal still holds: positions below it are forgotten.
    ///
    /// # Errors
    /// [`EngineError::ChangeMoved`] if a change's commit is not `base` any more, and then
    /// nothing is done; `Immutable`, `NoChange`, `Divergent`.
    pub fn snapshot(
        &self,
        changes: &[ChangeSnapshot],
        committer: &Author,
        journal_floor: u64,
    ) -> EngineResult<Transacted> {
        let ((), transacted) = self.transact("snapshot", committer, |draft| {
            draft.tx.set_is_snapshot(true);
            changes.iter().try_for_each(|change| rewrite(&self.objects, draft, change))?;
            draft.positions.retain(|_, sequence| *sequence >= journal_floor);
            let edits: Vec<Edits> = changes
                .iter()
                .filter(|change| change.journal_since < change.journal_sequence)
                .map(|held| (held.change.clone(), held.journal_since, held.journal_sequence))
                .collect();
            draft.tx.set_attribute(cause::EDITS.to_owned(), cause::format(&edits));
            Ok(())
        })?;
        Ok(transacted.unwrap_or_else(|| self.unchanged()))
    }

    /// For each change the highest journal sequence in any operation up to the head.
    ///
    /// # Errors
    /// [`EngineError::Data`].
    pub fn journal_positions(&self) -> EngineResult<HashMap<ChangeId, u64>> {
        Ok(self.write_lock().positions.clone().into_iter().collect())
    }
}

fn rewrite(objects: &Objects, draft: &mut Draft, change: &ChangeSnapshot) -> EngineResult<()> {
    let commit = draft.history.single(&change.change)?;
    let now = commit.id().hex();
    if now != change.base.as_str() {
        return Err(EngineError::ChangeMoved { change: change.change.to_string(), now });
    }
    let tree =
        conflict::merged_tree(objects, draft.tx.repo().store(), &change.root, &commit.tree())?;
    if change.beyond_git || tree.tree_ids() != commit.tree_ids() {
        draft.rewrite(&commit)?.set_tree(tree).write().block_on().doing("writing a commit")?;
    }
    draft.positions.insert(change.change.clone(), change.journal_sequence);
    Ok(())
}
