//! A repository as of one operation, for reading.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use jj_lib::backend::{ChangeId as JjChangeId, CommitId};
use jj_lib::commit::Commit as JjCommit;
use jj_lib::object_id::{HexPrefix, ObjectId as _, PrefixResolution};
use jj_lib::op_store::RefTarget;
use jj_lib::ref_name::{RefName, RefNameBuf};
use jj_lib::repo::{ReadonlyRepo, Repo as _};
use jj_lib::revset::{self, ResolvedRevsetExpression, RevsetExpression};
use mesafs::name::{BookmarkName, ChangeId};
use pollster::FutureExt as _;

use super::error::{Doing, EngineError, EngineResult};
use super::ids;
use super::types::{Resolved, Rewritten, Target};

/// At most so many candidates are listed for an ambiguous prefix.
const CANDIDATES_MAX: usize = 20;

/// A repository as of one operation.
pub(super) struct History {
    pub repo: Arc<ReadonlyRepo>,
    /// Tips of what must not change: what was imported, and the tags.
    pub immutable: Vec<CommitId>,
}

impl History {
    /// `imported` are the tips of what was imported. `before`, an earlier state of the same
    /// repository, saves work where the tags are as they were.
    pub fn new(
        repo: Arc<ReadonlyRepo>,
        imported: &[CommitId],
        before: Option<&Self>,
    ) -> EngineResult<Self> {
        if let Some(before) = before.filter(|before| before.local_tags() == local_tags(&repo)) {
            return Ok(Self { repo, immutable: before.immutable.clone() });
        }
        let tagged = repo.view().local_tags().flat_map(|(_, target)| target.added_ids());
        let candidates: Vec<CommitId> = imported.iter().chain(tagged).cloned().collect();
        for tip in &candidates {
            if !is_known(&repo, tip)? {
                return Err(EngineError::Data {
                    doing: "finding the immutable commits",
                    reason: format!("{} is missing", tip.hex()),
                });
            }
        }
        let immutable = repo
            .index()
            .heads(&mut candidates.iter())
            .block_on()
            .doing("finding the immutable commits")?;
        Ok(Self { repo, immutable })
    }

    fn local_tags(&self) -> &BTreeMap<RefNameBuf, RefTarget> {
        local_tags(&self.repo)
    }

    pub fn commit(&self, id: &CommitId) -> EngineResult<JjCommit> {
        self.repo.store().get_commit(id).doing("reading a commit")
    }

    /// A commit to build on, which must not have been replaced.
    pub fn visible_commit(&self, id: &CommitId) -> EngineResult<JjCommit> {
        let commit = self.commit(id)?;
        let visible = self.visible(commit.change_id())?;
        if visible.contains(id) {
            return Ok(commit);
        }
        let change = commit.change_id().reverse_hex();
        Err(match visible.first() {
            Some(now) => EngineError::ChangeMoved { change, now: now.hex() },
            None => EngineError::NoChange(change),
        })
    }

    /// Every commit that must not change, the root included.
    pub fn immutable_expression(&self) -> Arc<ResolvedRevsetExpression> {
        RevsetExpression::commits(self.immutable.clone())
            .ancestors()
            .union(&RevsetExpression::root())
    }

    pub fn is_immutable(&self, id: &CommitId) -> EngineResult<bool> {
        if id == self.repo.store().root_commit_id() {
            return Ok(true);
        }
        for tip in &self.immutable {
            if self.is_ancestor(id, tip)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub fn check_mutable(&self, commit: &JjCommit) -> EngineResult<()> {
        if self.is_immutable(commit.id())? {
            return Err(EngineError::Immutable(commit.change_id().reverse_hex()));
        }
        Ok(())
    }

    /// Whether `below` is `above` or one of its ancestors.
    pub fn is_ancestor(&self, below: &CommitId, above: &CommitId) -> EngineResult<bool> {
        // jj's index panics on commits that it doesn't know.
        if !is_known(&self.repo, below)? || !is_known(&self.repo, above)? {
            return Ok(false);
        }
        self.repo.index().is_ancestor(below, above).block_on().doing("comparing commits")
    }

    /// The commits of a set, children before parents.
    pub fn commits(
        &self,
        expression: &Arc<ResolvedRevsetExpression>,
    ) -> EngineResult<Vec<CommitId>> {
        let doing = "evaluating revisions";
        let found = Arc::clone(expression).evaluate(self.repo.as_ref()).doing(doing)?;
        found.stream().try_collect().block_on().doing(doing)
    }

    /// The visible commits of a change, the newest first.
    pub fn visible(&self, change: &JjChangeId) -> EngineResult<Vec<CommitId>> {
        let targets =
            self.repo.resolve_change_id(change).block_on().doing("looking up a change")?;
        Ok(targets.and_then(|targets| targets.into_visible()).unwrap_or_default())
    }

    pub fn resolve(&self, change: &JjChangeId) -> EngineResult<Resolved> {
        let visible = self.visible(change)?;
        resolved(change, &visible)
    }

    pub fn resolve_prefix(&self, text: &str) -> EngineResult<Resolved> {
        let none = || EngineError::NoChange(text.to_owned());
        let prefix = HexPrefix::try_from_reverse_hex(text)
            .filter(|_| !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'k'..=b'z')))
            .ok_or_else(none)?;
        let found =
            self.repo.resolve_change_id_prefix(&prefix).block_on().doing("looking up a change")?;
        match found {
            PrefixResolution::NoMatch => Err(none()),
            PrefixResolution::AmbiguousMatch => {
                // jj counts changes that were abandoned, too.
                let mut candidates = self.candidates(&prefix)?;
                match candidates.len() {
                    0 => Err(none()),
                    1 => self.resolve(&candidates.remove(0)),
                    _ => Err(EngineError::Ambiguous {
                        prefix: text.to_owned(),
                        candidates: candidates.iter().map(JjChangeId::reverse_hex).collect(),
                    }),
                }
            }
            PrefixResolution::SingleMatch(targets) => {
                let visible = targets.into_visible().ok_or_else(none)?;
                let newest = visible.first().ok_or_else(none)?;
                resolved(self.commit(newest)?.change_id(), &visible)
            }
        }
    }

    /// The visible changes that a prefix may mean, sorted.
    fn candidates(&self, prefix: &HexPrefix) -> EngineResult<Vec<JjChangeId>> {
        let everything =
            RevsetExpression::all().evaluate(self.repo.as_ref()).doing("listing changes")?;
        let mut stream = everything.commit_change_ids();
        let mut candidates = Vec::new();
        while let Some((_, change)) = stream.try_next().block_on().doing("listing changes")? {
            if prefix.matches(&change) && !candidates.contains(&change) {
                candidates.push(change);
                if candidates.len() == CANDIDATES_MAX {
                    break;
                }
            }
        }
        candidates.sort_unstable_by_key(JjChangeId::reverse_hex);
        Ok(candidates)
    }

    /// The one commit of a change.
    pub fn single(&self, change: &ChangeId) -> EngineResult<JjCommit> {
        let visible = self.visible(&ids::jj_change(change)?)?;
        match visible.as_slice() {
            [] => Err(EngineError::NoChange(change.to_string())),
            [one] => self.commit(one),
            several => Err(EngineError::Divergent {
                change: change.to_string(),
                commits: several.iter().map(|id| id.hex()).collect(),
            }),
        }
    }

    /// The commit that something is done to.
    pub fn target(&self, target: Target<'_>) -> EngineResult<JjCommit> {
        match target {
            Target::Change(change) => self.single(change),
            Target::Commit(commit) => self.visible_commit(&ids::commit_id(commit)?),
        }
    }

    pub fn bookmark_target(&self, name: &BookmarkName) -> EngineResult<&RefTarget> {
        let target = self.repo.view().get_local_bookmark(RefName::new(name.as_str()));
        if target.is_absent() {
            return Err(EngineError::NoBookmark(name.to_string()));
        }
        Ok(target)
    }

    /// The commit that a bookmark points at.
    pub fn bookmarked(&self, name: &BookmarkName) -> EngineResult<JjCommit> {
        match self.bookmark_target(name)?.as_normal() {
            Some(id) => self.commit(id),
            None => Err(EngineError::BookmarkConflicted(name.to_string())),
        }
    }

    /// The commits that were visible before and no more are, each with its successor.
    pub fn replaced_since(&self, before: &Self) -> EngineResult<Vec<Rewritten>> {
        let heads =
            |history: &Self| history.repo.view().heads().iter().cloned().collect::<Vec<_>>();
        let gone = revset::walk_revs(self.repo.as_ref(), &heads(before), &heads(self))
            .doing("comparing operations")?;
        let gone: Vec<(CommitId, JjChangeId)> =
            gone.commit_change_ids().try_collect().block_on().doing("comparing operations")?;
        gone.into_iter()
            .map(|(id, change)| {
                let after = self.visible(&change)?.first().map(ids::commit_oid).transpose()?;
                let before = ids::commit_oid(&id)?;
                Ok(Rewritten { change: ids::change_id(&change)?, before, after })
            })
            .collect()
    }
}

pub(super) fn is_known(repo: &ReadonlyRepo, id: &CommitId) -> EngineResult<bool> {
    repo.index().has_id(id).block_on().doing("looking up a commit")
}

fn local_tags(repo: &ReadonlyRepo) -> &BTreeMap<RefNameBuf, RefTarget> {
    &repo.view().store_view().local_tags
}

fn resolved(change: &JjChangeId, visible: &[CommitId]) -> EngineResult<Resolved> {
    let mut commits = visible.iter().map(ids::commit_oid);
    let newest = commits.next().ok_or_else(|| EngineError::NoChange(change.reverse_hex()))?;
    Ok(Resolved {
        change: ids::change_id(change)?,
        commit: newest?,
        others: commits.collect::<EngineResult<_>>()?,
    })
}
