//! Merging one bookmark into another.
//!
//! The empty, undescribed change that a bookmark usually ends in is work about to begin, not
//! history: it is not merged, and in the target it moves on top of what was merged.

use jj_lib::commit::Commit as JjCommit;
use jj_lib::rewrite::{
    MoveCommitsLocation, MoveCommitsTarget, RebaseOptions, RebasedCommit, merge_commit_trees,
    move_commits,
};
pub use mesafs::backend::{MergeOutcome, MergeStrategy};
use mesafs::name::{BookmarkName, CommitOid};
use mesafs::path::RepoPath;
use pollster::FutureExt as _;

use super::bookmarks::check_expected;
use super::changes::resolved;
use super::conflict::our_path;
use super::draft::Draft;
use super::error::{Doing, EngineError, EngineResult};
use super::history::History;
use super::ids;
use super::repository::Repository;
use super::types::{Author, Resolved, Transacted};

/// How [`Repository::merge`] goes about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergeOptions {
    pub strategy: MergeStrategy,
    /// Of the merge commit; `None` names the bookmarks.
    pub message: Option<String>,
    pub delete_source: bool,
    /// Where the target must be for the merge to happen.
    pub expected: Option<CommitOid>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub outcome: MergeOutcome,
    /// The merge commit; else the newest commit that the target has now, its empty change aside.
    pub tip: Resolved,
    /// Where the merge commit is conflicted. Sorted.
    pub conflicts: Vec<RepoPath>,
}

impl Repository {
    /// Makes a change on top of several, with their content merged.
    ///
    /// # Errors
    /// `Data` if there is no such commit; `ChangeMoved` or `NoChange` if one has been replaced.
    pub fn new_merge(
        &self,
        parents: &[CommitOid],
        message: &str,
        author: &Author,
    ) -> EngineResult<(Resolved, Transacted)> {
        let parents = parents.iter().map(ids::commit_id).collect::<EngineResult<Vec<_>>>()?;
        let (child, transacted) = self.transact("merge", author, |draft| {
            let parents = parents
                .iter()
                .map(|id| draft.history.visible_commit(id))
                .collect::<EngineResult<Vec<_>>>()?;
            let tree = merge_commit_trees(draft.tx.repo(), &parents).block_on().doing("merging")?;
            let parents = parents.iter().map(|parent| parent.id().clone()).collect();
            draft.new_commit(parents, tree, message)
        })?;
        Ok((resolved(&child)?, transacted.unwrap_or_else(|| self.unchanged())))
    }

    /// Brings everything that `source` has into `target`.
    ///
    /// # Errors
    /// `NoBookmark`, `BookmarkConflicted`; `BookmarkRaced` if the target is not where it is expected;
    /// `DefaultBookmark` if that would be deleted.
    pub fn merge(
        &self,
        target: &BookmarkName,
        source: &BookmarkName,
        options: &MergeOptions,
        author: &Author,
    ) -> EngineResult<(Merged, Transacted)> {
        if options.delete_source && self.default_bookmark() == *source {
            return Err(EngineError::DefaultBookmark(source.to_string()));
        }
        let (merged, transacted) = self.transact_signed_by_jj("merge", author, |draft| {
            check_expected(&draft.history, target, options.expected.as_ref())?;
            let merged = merge(draft, target, source, options)?;
            if options.delete_source && target != source {
                draft.delete_bookmark(source);
            }
            Ok(merged)
        })?;
        Ok((merged, transacted.unwrap_or_else(|| self.unchanged())))
    }
}

fn merge(
    draft: &mut Draft,
    target: &BookmarkName,
    source: &BookmarkName,
    options: &MergeOptions,
) -> EngineResult<Merged> {
    let history = std::sync::Arc::clone(&draft.history);
    let blank = history.bookmarked(target)?;
    let ours = filled(&history, blank.clone())?;
    let theirs = filled(&history, history.bookmarked(source)?)?;
    if theirs.id() == blank.id() || history.is_ancestor(theirs.id(), ours.id())? {
        return merged(MergeOutcome::NoOp, &ours);
    }
    let theirs_id = theirs.id().clone();
    // git has no merge with the root.
    let begins = ours.id() == history.repo.loader().store().root_commit_id();
    let forward = history.is_ancestor(ours.id(), theirs.id())?;
    let (outcome, tip) = if begins || (forward && options.strategy == MergeStrategy::Auto) {
        (MergeOutcome::FastForward, theirs)
    } else {
        let message = match &options.message {
            Some(message) => message.clone(),
            None => format!("Merge '{source}' into '{target}'"),
        };
        let parents = [ours.clone(), theirs];
        let tree = merge_commit_trees(draft.tx.repo(), &parents).block_on().doing("merging")?;
        let parents = parents.iter().map(|parent| parent.id().clone()).collect();
        (MergeOutcome::MergeCommit, draft.new_commit(parents, tree, &message)?)
    };
    if blank.id() != ours.id() && history.is_ancestor(blank.id(), &theirs_id)? {
        let tip = move_to_top(draft, &blank, tip)?;
        return merged(outcome, &tip);
    }
    if blank.id() == ours.id() {
        draft.set_bookmark(target, tip.id());
    } else {
        // Whoever works on the target goes on in the same change.
        let moved = draft.rewrite(&blank)?.set_parents(vec![tip.id().clone()]).set_tree(tip.tree());
        let moved = moved.write().block_on().doing("writing a commit")?;
        draft.set_bookmark(target, moved.id());
    }
    merged(outcome, &tip)
}

/// Takes a blank change that `tip` was built on out from below it, and puts it on top, with its
/// bookmark. Answers what `tip` is then.
fn move_to_top(draft: &mut Draft, blank: &JjCommit, tip: JjCommit) -> EngineResult<JjCommit> {
    draft.will_rewrite(blank)?;
    let location = MoveCommitsLocation {
        new_parent_ids: vec![tip.id().clone()],
        new_child_ids: Vec::new(),
        target: MoveCommitsTarget::Commits(vec![blank.id().clone()]),
    };
    let options = RebaseOptions::default();
    let moved = move_commits(draft.tx.repo_mut(), &location, &options).block_on();
    let moved = moved.doing("rebasing")?;
    Ok(match moved.rebased_commits.get(tip.id()) {
        Some(RebasedCommit::Rewritten(now)) => now.clone(),
        _ => tip,
    })
}

fn merged(outcome: MergeOutcome, tip: &JjCommit) -> EngineResult<Merged> {
    let mut conflicts = Vec::new();
    if outcome == MergeOutcome::MergeCommit && tip.has_conflict() {
        for (path, value) in tip.tree().conflicts() {
            value.doing("reading conflicts")?;
            conflicts.push(our_path(&path)?);
        }
        conflicts.sort_by(|a, b| a.as_bstr().cmp(b.as_bstr()));
    }
    Ok(Merged { outcome, tip: resolved(tip)?, conflicts })
}

/// The commit itself, or its parent if it is an empty, undescribed child of one that can change.
fn filled(history: &History, commit: JjCommit) -> EngineResult<JjCommit> {
    let discardable =
        commit.is_discardable(history.repo.as_ref()).block_on().doing("reading a commit")?;
    match commit.parent_ids() {
        [parent] if discardable && !history.is_immutable(commit.id())? => history.commit(parent),
        _ => Ok(commit),
    }
}
