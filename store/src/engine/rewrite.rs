//! Rewriting history: abandon, squash, restore, split, rebase, duplicate.
//!
//! Everything is refused before anything is done if a commit that would have to change is
//! immutable. Conflicts stop nothing: they are content.

use std::collections::HashMap;

use jj_lib::backend::CommitId;
use jj_lib::commit::Commit as JjCommit;
use jj_lib::matchers::{EverythingMatcher, Matcher, PrefixMatcher};
use jj_lib::merged_tree::MergedTree;
use jj_lib::revset::RevsetExpression;
use jj_lib::rewrite::{
    self, CommitWithSelection, MoveCommitsLocation, MoveCommitsTarget, RebaseOptions,
    SquashedCommit,
};
use mesafs::name::{ChangeId, CommitOid};
use mesafs::path::RepoPath;
use pollster::FutureExt as _;

use super::changes::resolved;
use super::conflict::jj_path;
use super::draft::{Draft, stored_text};
use super::error::{Doing, EngineError, EngineResult};
use super::history::History;
use super::ids;
use super::repository::Repository;
use super::types::{Author, Resolved, Target, Transacted};

/// What becomes of a change whose whole content went elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptied {
    Abandon,
    Keep,
}

/// What a rebase moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The changes alone: their children go to their parents.
    Alone,
    WithDescendants,
}

impl Repository {
    /// Takes changes, or single commits of them, away. Their children move to their parents, and so do
    /// their bookmarks.
    ///
    /// # Errors
    /// `NoChange`, `Divergent`, `Immutable`.
    pub fn abandon<'a, T>(&self, targets: &'a [T], committer: &Author) -> EngineResult<Transacted>
    where
        Target<'a>: From<&'a T>,
    {
        self.rewrite("abandon", committer, |draft| {
            let commits = targets
                .iter()
                .map(|target| draft.history.target(target.into()))
                .collect::<EngineResult<Vec<_>>>()?;
            for commit in commits {
                draft.will_rewrite(&commit)?;
                draft.abandon(&commit)?;
            }
            Ok(())
        })
    }

    /// Moves what `sources` changed, or only what they changed below `paths`, into `destination`.
    /// Without a message the descriptions are joined. Where more moves than git sees
    /// (`beyond_git`), there are new commits also if no content moves.
    ///
    /// # Errors
    /// `NoChange`, `Divergent`, `Immutable`; `Cycle` if the destination is among the sources.
    pub fn squash(
        &self,
        sources: &[ChangeId],
        destination: &ChangeId,
        paths: &[RepoPath],
        message: Option<&str>,
        emptied: Emptied,
        beyond_git: bool,
        committer: &Author,
    ) -> EngineResult<Transacted> {
        if sources.contains(destination) {
            return Err(EngineError::Cycle(destination.to_string()));
        }
        self.rewrite("squash", committer, |draft| {
            let destination = draft.history.single(destination)?;
            let commits = singles(&draft.history, sources)?;
            draft.will_rewrite(&destination)?;
            commits.iter().try_for_each(|commit| draft.will_rewrite(commit))?;
            let matcher = matcher(paths)?;
            let all = commits.clone();
            let selected = commits
                .into_iter()
                .map(|commit| select(draft, commit, matcher.as_ref()))
                .collect::<EngineResult<Vec<_>>>()?;
            let keep = emptied == Emptied::Keep;
            let repo = draft.tx.repo_mut();
            let squashed = rewrite::squash_commits(repo, &selected, &destination, keep)
                .block_on()
                .doing("squashing")?;
            let Some(SquashedCommit { commit_builder, abandoned_commits }) = squashed else {
                if beyond_git {
                    draft.again(&destination)?;
                    all.iter().try_for_each(|commit| draft.again(commit))?;
                }
                return Ok(());
            };
            let text = match message {
                Some(message) => stored_text(message),
                None => joined(&destination, &abandoned_commits),
            };
            commit_builder.set_description(text).write().block_on().doing("squashing")?;
            Ok(())
        })
    }

    /// Makes the content of `change`, or of what is below `paths`, that of the commit `from`;
    /// `beyond_git` as for [`Self::squash`].
    ///
    /// # Errors
    /// `NoChange`, `Divergent`, `Immutable`; `Data` if there is no such commit.
    pub fn restore(
        &self,
        change: &ChangeId,
        from: &CommitOid,
        paths: &[RepoPath],
        beyond_git: bool,
        committer: &Author,
    ) -> EngineResult<Transacted> {
        let from = ids::commit_id(from)?;
        self.rewrite("restore", committer, |draft| {
            let commit = draft.history.single(change)?;
            draft.will_rewrite(&commit)?;
            let from = draft.history.commit(&from)?;
            let tree = picked(&from, &commit, matcher(paths)?.as_ref())?;
            if beyond_git || tree.tree_ids() != commit.tree_ids() {
                let builder = draft.rewrite(&commit)?.set_tree(tree);
                builder.write().block_on().doing("writing a commit")?;
            }
            Ok(())
        })
    }

    /// Splits a change in two: it keeps what it changed below `paths`, with `message` if one is
    /// given; a new child has the rest, and its descendants and bookmarks.
    ///
    /// # Errors
    /// `NoChange`, `Divergent`, `Immutable`.
    pub fn split(
        &self,
        change: &ChangeId,
        paths: &[RepoPath],
        message: Option<&str>,
        committer: &Author,
    ) -> EngineResult<(Resolved, Resolved, Transacted)> {
        let mut halves = None;
        let transacted = self.rewrite("split", committer, |draft| {
            let commit = draft.history.single(change)?;
            draft.will_rewrite(&commit)?;
            let matcher = PrefixMatcher::new(jj_paths(paths)?);
            let selected = select(draft, commit.clone(), &matcher)?.selected_tree;
            let mut builder = draft.rewrite(&commit)?.set_tree(selected);
            if let Some(message) = message {
                builder = builder.set_description(stored_text(message));
            }
            let first = builder.write().block_on().doing("writing a commit")?;
            let rest = draft
                .rewrite(&commit)?
                .set_parents(vec![first.id().clone()])
                .set_tree(commit.tree())
                .clear_rewrite_source()
                .generate_new_change_id()
                .write()
                .block_on()
                .doing("writing a commit")?;
            draft.tx.repo_mut().set_rewritten_commit(commit.id().clone(), rest.id().clone());
            halves = Some((resolved(&first)?, resolved(&rest)?));
            Ok(())
        })?;
        let (first, rest) = halves.ok_or_else(|| EngineError::NoChange(change.to_string()))?;
        Ok((first, rest, transacted))
    }

    /// Moves changes onto other parents.
    ///
    /// # Errors
    /// `NoChange`, `Divergent`, `Immutable`; `Cycle` if a new parent is among what moves;
    /// `ChangeMoved` if it was replaced; `Data` if there is no such commit.
    pub fn rebase(
        &self,
        changes: &[ChangeId],
        moved: Moved,
        onto: &[CommitOid],
        committer: &Author,
    ) -> EngineResult<Transacted> {
        let onto = onto.iter().map(ids::commit_id).collect::<EngineResult<Vec<_>>>()?;
        self.rewrite("rebase", committer, |draft| {
            let commits = singles(&draft.history, changes)?;
            commits.iter().try_for_each(|commit| draft.will_rewrite(commit))?;
            onto.iter().try_for_each(|id| draft.history.visible_commit(id).map(drop))?;
            let targets: Vec<CommitId> = commits.iter().map(|commit| commit.id().clone()).collect();
            let inside = RevsetExpression::commits(targets.clone());
            let inside = match moved {
                Moved::Alone => inside,
                Moved::WithDescendants => inside.descendants(),
            };
            let both = inside.intersection(&RevsetExpression::commits(onto.clone()));
            if let Some(id) = draft.history.commits(&both)?.first() {
                let change = draft.history.commit(id)?.change_id().reverse_hex();
                return Err(EngineError::Cycle(change));
            }
            let location = MoveCommitsLocation {
                new_parent_ids: onto,
                new_child_ids: Vec::new(),
                target: match moved {
                    Moved::Alone => {
                        let sorted = RevsetExpression::commits(targets);
                        MoveCommitsTarget::Commits(draft.history.commits(&sorted)?)
                    }
                    Moved::WithDescendants => MoveCommitsTarget::Roots(targets),
                },
            };
            rewrite::move_commits(draft.tx.repo_mut(), &location, &RebaseOptions::default())
                .block_on()
                .doing("rebasing")?;
            Ok(())
        })
    }

    /// Copies changes, each with an id of its own: onto the parents they have, or onto others.
    ///
    /// # Errors
    /// `NoChange`, `Divergent`; `ChangeMoved` if a new parent was replaced; `Data` if there is no
    /// such commit.
    pub fn duplicate(
        &self,
        changes: &[ChangeId],
        onto: Option<&[CommitOid]>,
        committer: &Author,
    ) -> EngineResult<(Vec<Resolved>, Transacted)> {
        let onto = onto
            .map(|onto| onto.iter().map(ids::commit_id).collect::<EngineResult<Vec<_>>>())
            .transpose()?;
        let mut copies = Vec::new();
        let transacted = self.rewrite("duplicate", committer, |draft| {
            let commits = singles(&draft.history, changes)?;
            let targets: Vec<CommitId> = commits.iter().map(|commit| commit.id().clone()).collect();
            let sorted = draft.history.commits(&RevsetExpression::commits(targets.clone()))?;
            for id in onto.iter().flatten() {
                draft.history.visible_commit(id)?;
            }
            let none = HashMap::new();
            let repo = draft.tx.repo_mut();
            let done = match &onto {
                None => rewrite::duplicate_commits_onto_parents(repo, &sorted, &none).block_on(),
                Some(onto) => {
                    rewrite::duplicate_commits(repo, &sorted, &none, onto, &[]).block_on()
                }
            };
            let copied = done.doing("duplicating")?.duplicated_commits;
            copies = targets
                .iter()
                .filter_map(|id| copied.get(id))
                .map(resolved)
                .collect::<EngineResult<_>>()?;
            Ok(())
        })?;
        Ok((copies, transacted))
    }

    fn rewrite(
        &self,
        doing: &str,
        committer: &Author,
        body: impl FnOnce(&mut Draft) -> EngineResult<()>,
    ) -> EngineResult<Transacted> {
        let ((), transacted) = self.transact_signed_by_jj(doing, committer, body)?;
        Ok(transacted.unwrap_or_else(|| self.unchanged()))
    }
}

fn singles(history: &History, changes: &[ChangeId]) -> EngineResult<Vec<JjCommit>> {
    changes.iter().map(|change| history.single(change)).collect()
}

fn jj_paths(paths: &[RepoPath]) -> EngineResult<Vec<jj_lib::repo_path::RepoPathBuf>> {
    paths.iter().map(jj_path).collect()
}

/// What is below `paths`; everything if there are none.
fn matcher(paths: &[RepoPath]) -> EngineResult<Box<dyn Matcher>> {
    if paths.is_empty() {
        return Ok(Box::new(EverythingMatcher));
    }
    Ok(Box::new(PrefixMatcher::new(jj_paths(paths)?)))
}

/// A commit with that part of its changes that `matcher` selects.
fn select(
    draft: &Draft,
    commit: JjCommit,
    matcher: &dyn Matcher,
) -> EngineResult<CommitWithSelection> {
    let doing = "selecting changes";
    let parent_tree = commit.parent_tree(draft.tx.repo()).block_on().doing(doing)?;
    let parents = commit.parents_conflict_label().block_on().doing(doing)?;
    let selected_tree = rewrite::restore_tree(
        &commit.tree(),
        &parent_tree,
        commit.conflict_label(),
        parents,
        matcher,
    )
    .block_on()
    .doing(doing)?;
    Ok(CommitWithSelection { commit, selected_tree, parent_tree })
}

/// The tree of `to` with what `matcher` selects of `from`.
fn picked(from: &JjCommit, to: &JjCommit, matcher: &dyn Matcher) -> EngineResult<MergedTree> {
    rewrite::restore_tree(
        &from.tree(),
        &to.tree(),
        from.conflict_label(),
        to.conflict_label(),
        matcher,
    )
    .block_on()
    .doing("restoring")
}

/// The descriptions of a squash's commits, those that say something, the destination's first.
fn joined(destination: &JjCommit, sources: &[JjCommit]) -> String {
    let texts: Vec<&str> = std::iter::once(destination)
        .chain(sources)
        .map(JjCommit::description)
        .filter(|text| !text.is_empty())
        .collect();
    texts.join("\n")
}
