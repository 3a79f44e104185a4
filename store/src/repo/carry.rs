//! What git cannot hold goes along where history is rewritten, as the content does.
//!
//! A commit that took another's place has what its parents have now, with what the other one had
//! changed since its own: a merge, as jj makes it of trees. What an operation moves between changes
//! beyond that it says itself ([`Moves`]).

use std::collections::{HashMap, HashSet};

use bstr::BString;
use mesafs::error::{FsResult, Operation};
use mesafs::name::{ChangeId, CommitOid};
use mesafs::path::RepoPath;
use mesafs::tree::{ObjectId, Sums};

use super::Repo;
use super::facts::weave::{Known, Weave, alike};
use super::facts::{FactsEntry, FactsOf};
use super::source::RepoSource;
use super::write::StoredTree;
use crate::engine::{Rewritten, TreeEntryKind};
use crate::error::{StoreError, engine_to_fs};
use crate::records::Lasting;

/// Whose facts are meant.
#[derive(Debug, Clone)]
pub(crate) enum Of {
    Commit(CommitOid),
    /// Those that a commit began with.
    ParentsOf(CommitOid),
}

/// Gives a change what is below these paths, or everything, of what `to` has and `from` has not.
#[derive(Debug, Clone)]
struct Move {
    change: ChangeId,
    from: Of,
    to: Of,
    paths: Vec<RepoPath>,
}

/// What an operation moves between changes, and which commits it made.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    moves: Vec<Move>,
    /// Each with the commit that it is a copy of; none has only what its parents have.
    made: Vec<(CommitOid, Option<CommitOid>)>,
}

impl Moves {
    pub fn add(&mut self, change: &ChangeId, from: Of, to: Of, paths: &[RepoPath]) {
        self.moves.push(Move { change: change.clone(), from, to, paths: paths.to_vec() });
    }

    pub fn made(&mut self, commit: &CommitOid, of: Option<&CommitOid>) {
        self.made.push((commit.clone(), of.cloned()));
    }
}

/// The bytes of commits' roots, and the nodes below them that are new.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub commits: Vec<(CommitOid, Vec<u8>)>,
    pub nodes: Vec<([u8; 32], Vec<u8>)>,
}

type Entry = Option<FactsEntry>;

impl Known for RepoSource {
    fn node(&self, id: [u8; 32]) -> FsResult<Vec<FactsEntry>> {
        self.facts_node(id)
    }

    fn tree(&self, tree: ObjectId) -> FsResult<HashMap<BString, TreeEntryKind>> {
        let listed = self.objects().tree(tree);
        let listed = listed.map_err(|error| engine_to_fs(&error, Operation::List))?;
        Ok(listed.into_iter().map(|entry| (entry.name, entry.kind)).collect())
    }

    fn sums(&self, tree: ObjectId) -> FsResult<Sums> {
        self.sums(tree)
    }
}

/// One run over the commits of an operation.
struct Carrying<'a> {
    repo: &'a Repo,
    weave: Weave<'a>,
    moves: &'a Moves,
    /// By the new commit.
    before: HashMap<CommitOid, (ChangeId, CommitOid)>,
    done: HashMap<CommitOid, Entry>,
}

impl Repo {
    /// The facts of the commits that an operation made in place of others; those that have some keep
    /// them. `members` are known: what live trees hold, by the commit before.
    pub(super) fn carried(
        &self,
        rewritten: &[Rewritten],
        moves: &Moves,
        members: &HashMap<CommitOid, FactsEntry>,
    ) -> Result<Carried, StoreError> {
        let mut before = HashMap::new();
        for moved in rewritten {
            if let Some(after) = &moved.after
                && *after != moved.before
            {
                before.insert(after.clone(), (moved.change.clone(), moved.before.clone()));
            }
        }
        let source = &*self.source;
        let (weave, done) = (Weave::new(source), HashMap::new());
        let mut carrying = Carrying { repo: self, weave, moves, before, done };
        let mut carried = Carried::default();
        let wanted: Vec<CommitOid> = rewritten
            .iter()
            .filter_map(|moved| moved.after.clone())
            .chain(moves.made.iter().map(|(commit, _)| commit.clone()))
            .collect();
        let mut stored = HashSet::new();
        for commit in wanted {
            if !stored.insert(commit.clone()) || self.has_facts(&commit)? {
                continue;
            }
            if let Some(entry) = carrying.facts(&commit, members)? {
                carried.commits.push((commit, entry.encode()));
                let FactsOf::Dir { facts, .. } = entry.of else { continue };
                carried.nodes.extend(carrying.weave.made(facts));
            }
        }
        Ok(carried)
    }

    /// What the real `jj` has moved, as far as it can be seen: a change that is gone is in the one that
    /// has its content now.
    pub(super) fn guessed(&self, rewritten: &[Rewritten]) -> Result<Moves, StoreError> {
        let mut moves = Moves::default();
        for gone in rewritten.iter().filter(|moved| moved.after.is_none()) {
            let tree = self.heads.commit_root(&gone.before)?.tree;
            for moved in rewritten {
                let Some(after) = &moved.after else { continue };
                if self.heads.commit_root(after)?.tree == tree
                    && self.heads.commit_root(&moved.before)?.tree != tree
                {
                    let is = Of::Commit(gone.before.clone());
                    moves.add(&moved.change, Of::ParentsOf(gone.before.clone()), is, &[]);
                }
            }
        }
        Ok(moves)
    }

    fn has_facts(&self, commit: &CommitOid) -> Result<bool, StoreError> {
        Ok(self.shared.records.commit_facts(self.uid, commit)?.is_some())
    }

    pub(super) fn keep(&self, carried: &Carried) -> Result<(), StoreError> {
        self.shared.records.put_nodes(&carried.nodes, &[], Lasting::Power)?;
        self.shared.records.put_commit_facts(self.uid, &carried.commits)
    }

    /// Whether what the moves say would change more of a change than git sees.
    pub(crate) fn moves_facts(&self, moves: &Moves) -> Result<bool, StoreError> {
        let (weave, done) = (Weave::new(&*self.source), HashMap::new());
        let before = HashMap::new();
        let mut carrying = Carrying { repo: self, weave, moves, before, done };
        for moved in &moves.moves {
            let (from, to) = (carrying.of(&moved.from)?, carrying.of(&moved.to)?);
            let to = carrying.restricted(from.clone(), to, &moved.paths)?;
            if carrying.weave.differs(from, to)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a commit has more than git sees beside what it began with.
    pub(super) fn has_facts_of_its_own(&self, commit: &CommitOid) -> Result<bool, StoreError> {
        let moves = Moves::default();
        let (weave, done) = (Weave::new(&*self.source), HashMap::new());
        let before = HashMap::new();
        let mut carrying = Carrying { repo: self, weave, moves: &moves, before, done };
        let own = self.noted(commit)?;
        let began = carrying.parents(commit)?;
        Ok(carrying.weave.differs(began, own)?)
    }

    /// Whether a live tree says more than times beside a commit that has the same content.
    pub(super) fn says_more(
        &self,
        commit: &CommitOid,
        now: &StoredTree,
    ) -> Result<bool, StoreError> {
        if self.heads.commit_root(commit)?.tree != now.root.tree {
            return Ok(false);
        }
        let before = self.noted(commit)?;
        Ok(Weave::new(&*self.source).differs(before, Some(now.noted.clone()))?)
    }
}

impl Carrying<'_> {
    /// The facts of a commit. Those of new parents come first; iterative, for chains may be long.
    fn facts(
        &mut self,
        commit: &CommitOid,
        members: &HashMap<CommitOid, FactsEntry>,
    ) -> Result<Entry, StoreError> {
        let mut waiting = vec![commit.clone()];
        while let Some(next) = waiting.last().cloned() {
            if self.done.contains_key(&next) {
                waiting.pop();
                continue;
            }
            let parents = self.repo.engine.parents(&next)?;
            let unknown = |parent: &CommitOid| {
                self.before.contains_key(parent) && !self.done.contains_key(parent)
            };
            let first: Vec<CommitOid> = parents.into_iter().filter(unknown).collect();
            if first.is_empty() {
                let facts = self.one(&next, members)?;
                self.done.insert(next, facts);
                waiting.pop();
            } else {
                waiting.extend(first);
            }
        }
        Ok(self.done.get(commit).cloned().flatten())
    }

    fn one(
        &mut self,
        commit: &CommitOid,
        members: &HashMap<CommitOid, FactsEntry>,
    ) -> Result<Entry, StoreError> {
        let ours = self.parents(commit)?;
        let moves = self.moves;
        let made = moves.made.iter().find(|(made, _)| made == commit);
        let (change, before) = match (self.before.get(commit).cloned(), made) {
            (Some((change, before)), _) => (Some(change), before),
            (None, Some((_, Some(copied)))) => (None, copied.clone()),
            (None, Some((_, None))) => {
                let tree = self.repo.heads.commit_root(commit)?.tree;
                return Ok(ours.map(|ours| self.weave.fit(ours, tree)).transpose()?);
            }
            (None, None) => return Ok(ours),
        };
        let base = self.parents(&before)?;
        let mut theirs = match members.get(&before) {
            Some(member) => Some(member.clone()),
            None => self.repo.noted(&before)?,
        };
        for moved in moves.moves.iter().filter(|moved| Some(&moved.change) == change.as_ref()) {
            let (from, to) = (self.of(&moved.from)?, self.of(&moved.to)?);
            let to = self.restricted(from.clone(), to, &moved.paths)?;
            theirs = self.weave.merge(from, theirs, to)?;
        }
        let merged = self.weave.merge(base, ours.clone(), theirs.clone())?;
        match merged {
            Some(merged)
                if !alike(Some(&merged), theirs.as_ref())
                    || change.is_some_and(|change| {
                        moves.moves.iter().any(|moved| moved.change == change)
                    }) =>
            {
                let tree = self.repo.heads.commit_root(commit)?.tree;
                Ok(Some(self.weave.fit(merged, tree)?))
            }
            merged => Ok(merged),
        }
    }

    fn of(&mut self, of: &Of) -> Result<Entry, StoreError> {
        match of {
            Of::Commit(commit) => self.repo.noted(commit),
            Of::ParentsOf(commit) => self.parents(commit),
        }
    }

    /// `from` with what `to` has below these paths; `to` if there are none.
    fn restricted(&mut self, from: Entry, to: Entry, paths: &[RepoPath]) -> FsResult<Entry> {
        if paths.is_empty() {
            return Ok(to);
        }
        paths.iter().try_fold(from, |into, path| self.weave.pick(into, to.clone(), path))
    }

    /// What a commit began with: what its parents have, merged if there are several.
    fn parents(&mut self, commit: &CommitOid) -> Result<Entry, StoreError> {
        let parents = self.repo.engine.parents(commit)?;
        let mut merged: Option<Entry> = None;
        for parent in &parents {
            let own = match self.done.get(parent) {
                Some(done) => done.clone(),
                None => self.repo.noted(parent)?,
            };
            merged = Some(match merged {
                None => own,
                Some(sofar) => {
                    let first = parents.first().unwrap_or(parent);
                    let base = match self.repo.engine.common_ancestor(first, parent)? {
                        Some(ancestor) => self.repo.noted(&ancestor)?,
                        None => None,
                    };
                    self.weave.merge(base, sofar, own)?
                }
            });
        }
        Ok(merged.flatten())
    }
}
