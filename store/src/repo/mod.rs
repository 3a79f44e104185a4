//! One repository of an open store: its history, and the changes that are live.
//!
//! Always true: a change has at most one [`LiveChange`], which everybody shares who has it open. An
//! operation on history is made under `history`; the order of locks is a change's `flushing`, `gate`,
//! `history`, `lives`, a tree's writer, the journal.

mod adopt;
mod audit;
mod carry;
mod change;
mod clean;
mod facts;
mod flush;
mod history;
mod land;
mod merge;
mod replay;
mod revisions;
mod rewrite;
mod source;
mod take;
mod write;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mesafs::backend::ChangeError;
use mesafs::clock::Clock;
use mesafs::counters::Counters;
use mesafs::error::{FsResult, Operation};
use mesafs::live::{LiveTree, OpenIds};
use mesafs::name::{BookmarkName, ChangeId, CommitOid, RepoId};
use mesafs::path::RepoPath;
use mesafs::tree::{Attributes, Body, Conflict, Dir, File, Node, Root, Source, Symlink};
use parking_lot::{Mutex, RwLock};

pub(crate) use carry::{Moves, Of};
pub(crate) use change::{LiveChange, Standing};
pub(crate) use facts::{below_node, below_root};
pub(crate) use history::{Opened, Ready};
pub(crate) use land::{Part, Writing, land_together};
pub(crate) use revisions::Here;
pub(crate) use rewrite::Named;
pub(crate) use write::Marks;

use crate::engine::{Repository, Resolved, RootTree, Side, TreeEntryKind};
use crate::error::{StoreError, engine_to_fs};
use crate::journal::RepoUid;
use crate::persist::{Heads, Log, Records};
use crate::positions::Positions;
use change::Place;
use facts::FactsEntry;
use source::RepoSource;

/// So many ancestors are asked for facts that a commit doesn't have itself.
const ANCESTORS_ASKED_MAX: usize = 32;

/// What the repositories of a store share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub log: Arc<dyn Log>,
    pub records: Arc<dyn Records>,
    pub positions: Arc<Positions>,
    pub clock: Arc<dyn Clock>,
    pub counters: Arc<Counters>,
    pub open_ids: OpenIds,
    pub dirty_bytes_max: u64,
    /// How long the audit reaches back; nothing is noted if that is nothing.
    pub retention: Duration,
}

impl Shared {
    /// The beginning of what is kept.
    pub fn oldest_ns(&self) -> i64 {
        let kept = i64::try_from(self.retention.as_nanos()).unwrap_or(i64::MAX);
        self.clock.now_ns().saturating_sub(kept)
    }
}

/// Under which name a change is looked for among the live ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum LiveKey {
    Change(ChangeId),
    /// The child that a bookmark's first write will make.
    Shared(BookmarkName),
}

/// One repository of an open store.
#[derive(Debug)]
pub(crate) struct Repo {
    pub uid: RepoUid,
    pub id: RepoId,
    pub engine: Arc<Repository>,
    heads: Arc<dyn Heads>,
    source: Arc<RepoSource>,
    shared: Shared,
    /// Held for reading from where objects are written until something names them; by a clean-up alone.
    gate: RwLock<()>,
    /// Held by the one that makes an operation.
    history: Mutex<()>,
    lives: Mutex<HashMap<LiveKey, Arc<LiveChange>>>,
}

impl Repo {
    /// Opens the repository in the folder `dir`.
    pub fn open(uid: RepoUid, id: RepoId, dir: &Path, shared: Shared) -> Result<Self, StoreError> {
        let repo = Self::over(uid, id, Repository::open(dir)?, shared);
        repo.load_positions()?;
        Ok(repo)
    }

    /// A repository that was made just now.
    pub fn over(uid: RepoUid, id: RepoId, engine: Repository, shared: Shared) -> Self {
        let engine = Arc::new(engine);
        let heads = Arc::clone(&engine) as Arc<dyn Heads>;
        let source = RepoSource::new(
            Arc::new(engine.objects()),
            Arc::clone(&shared.records),
            Arc::clone(&shared.counters),
        );
        shared.positions.add_repo(uid);
        let (gate, history, lives) = Default::default();
        Self { uid, id, engine, heads, source, shared, gate, history, lives }
    }

    /// Learns how far the commits hold each change, and finishes snapshots whose operation landed
    /// and whose rows did not.
    fn load_positions(&self) -> Result<(), StoreError> {
        let mut positions = self.shared.records.positions(self.uid)?;
        let landed = self.heads.journal_positions()?;
        for (change, sequence) in &landed {
            let known = positions.entry(change.clone()).or_default();
            *known = (*known).max(*sequence);
        }
        for (change, sequence, root) in self.shared.records.pending_facts(self.uid)? {
            if landed.get(&change) == Some(&sequence)
                && let Ok(resolved) = self.engine.resolve_change(change.as_str())
            {
                self.shared.records.put_commit_facts(self.uid, &[(resolved.commit, root)])?;
            }
        }
        for (change, sequence) in positions {
            self.shared.positions.raise(self.uid, &change, sequence);
        }
        Ok(())
    }

    pub fn source(&self) -> Arc<dyn Source> {
        Arc::clone(&self.source) as Arc<dyn Source>
    }

    /// What is noted beside a commit's root directory: its own, or what it inherits.
    fn noted(&self, commit: &CommitOid) -> Result<Option<FactsEntry>, StoreError> {
        let mut commit = commit.clone();
        for _ in 0..ANCESTORS_ASKED_MAX {
            if let Some(root) = self.shared.records.commit_facts(self.uid, &commit)? {
                return RepoSource::decode_root(root).map(Some);
            }
            // What was imported has nothing but what git has.
            if self.engine.is_immutable(&commit)? {
                return Ok(None);
            }
            match self.engine.commit(&commit)?.parents.into_iter().next() {
                Some(parent) => commit = parent,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The root directory of a commit.
    fn load_dir(&self, commit: &CommitOid) -> Result<Dir, StoreError> {
        let root = self.heads.commit_root(commit)?;
        self.dir_of(root, self.noted(commit)?.as_ref())
    }

    /// The root directory of this content, with the facts that are noted beside it.
    fn dir_of(&self, root: RootTree, noted: Option<&FactsEntry>) -> Result<Dir, StoreError> {
        let mut dir = self.source.root(root.tree, noted)?;
        for conflicted in root.conflicts {
            dir = self.with_conflict(&dir, &conflicted.path, |file| {
                let sides = |sides: &[Side]| -> FsResult<Vec<_>> {
                    sides.iter().map(|side| self.side(side)).collect()
                };
                let conflict = Conflict {
                    removes: sides(&conflicted.removes)?,
                    adds: sides(&conflicted.adds)?,
                };
                Ok(File { conflict: Some(Arc::new(conflict)), ..file })
            })?;
        }
        Ok(dir)
    }

    /// What a git tree's entry stands for, as something that is put in place at `now_ns`.
    pub fn node(&self, kind: TreeEntryKind, now_ns: i64) -> Result<Node, StoreError> {
        let objects = self.engine.objects();
        Ok(match kind {
            TreeEntryKind::File { blob, executable } => {
                let body = Body::from_blob(self.source(), blob, objects.blob_size(blob)?);
                let attributes = Attributes::new(facts::file_mode(executable), now_ns);
                File::new(attributes, body).into()
            }
            TreeEntryKind::Symlink(blob) => {
                let attributes = Attributes::new(facts::LINK_MODE, now_ns);
                Symlink::new(attributes, objects.symlink_target(blob)?).into()
            }
            TreeEntryKind::Dir(tree) => self.source.root(tree, None)?.into(),
            TreeEntryKind::Gitlink(commit) => Node::Gitlink(commit),
        })
    }

    /// Stores what was written to the change whose commit this is. Answers whether there was any.
    pub fn flush_if_dirty(&self, commit: &CommitOid) -> Result<bool, StoreError> {
        let dirty = self.dirty();
        let Some(live) = dirty.iter().find(|live| live.commit() == *commit) else {
            return Ok(false);
        };
        self.flush(live)?;
        Ok(true)
    }

    fn side(&self, side: &Side) -> FsResult<Option<Body>> {
        match side {
            Some(TreeEntryKind::File { blob, .. }) => {
                let size = self.engine.objects().blob_size(*blob);
                let size = size.map_err(|error| engine_to_fs(&error, Operation::Lookup))?;
                Ok(Some(Body::from_blob(self.source(), *blob, size)))
            }
            _ => Ok(None),
        }
    }

    /// `dir` with the file at `path` exchanged; where there is none it stays as it is.
    fn with_conflict(
        &self,
        dir: &Dir,
        path: &RepoPath,
        edit: impl FnOnce(File) -> FsResult<File>,
    ) -> FsResult<Dir> {
        let mut above = Vec::new();
        let mut parent = dir.clone();
        let Some((parents, name)) = path.split_last() else { return Ok(dir.clone()) };
        for name in parents.names() {
            let Some(Node::Dir(below)) = parent.get(name)?.cloned() else { return Ok(dir.clone()) };
            above.push((parent, name.to_vec()));
            parent = below;
        }
        let Some(Node::File(file)) = parent.get(name)?.cloned() else { return Ok(dir.clone()) };
        let mut edited = parent.insert(name, edit(File::clone(&file))?.into())?;
        for (dir, name) in above.iter().rev() {
            edited = dir.insert(name, edited.into())?;
        }
        Ok(edited)
    }

    fn load(&self, place: Place, dir: Dir) -> Arc<LiveChange> {
        self.load_at(place, dir, self.shared.log.last())
    }

    fn load_at(&self, place: Place, dir: Dir, version: u64) -> Arc<LiveChange> {
        let root = Root { dir, change: place.change.clone(), version, opened_ns: 0 };
        let tree = LiveTree::new(root, self.shared.open_ids.clone());
        LiveChange::new(tree, place, self.shared.dirty_bytes_max)
    }

    /// The live change of what a look-up found, and one more that has it open.
    fn live(&self, resolved: Resolved) -> Result<Arc<LiveChange>, StoreError> {
        let mut lives = self.lives.lock();
        let key = LiveKey::Change(resolved.change.clone());
        let live = match lives.get(&key) {
            Some(live) => Arc::clone(live),
            None => {
                let standing = if !resolved.others.is_empty() {
                    Standing::Divergent(resolved.others)
                } else if self.engine.is_immutable(&resolved.commit)? {
                    Standing::Immutable
                } else {
                    Standing::Mutable
                };
                let dir = self.load_dir(&resolved.commit)?;
                let place = Place { change: resolved.change, commit: resolved.commit, standing };
                let live = self.load(place, dir);
                lives.insert(key, Arc::clone(&live));
                live
            }
        };
        live.opens.fetch_add(1, Ordering::Relaxed);
        Ok(live)
    }

    /// One checkout less has it open. It is let go when nobody has and nothing is unsaved.
    pub fn release(&self, live: &Arc<LiveChange>) {
        let mut lives = self.lives.lock();
        live.opens.fetch_sub(1, Ordering::Relaxed);
        Self::let_go(&mut lives, live);
    }

    fn let_go(lives: &mut HashMap<LiveKey, Arc<LiveChange>>, live: &Arc<LiveChange>) {
        if live.opens.load(Ordering::Relaxed) == 0 && !live.is_dirty() {
            lives.retain(|_, other| !Arc::ptr_eq(other, live));
        }
    }

    /// Whether any checkout has it open.
    pub fn is_open(&self) -> bool {
        self.lives.lock().values().any(|live| live.opens.load(Ordering::Relaxed) > 0)
    }

    /// Whether a checkout has this change open.
    pub fn has_open(&self, change: &ChangeId) -> bool {
        let lives = self.lives.lock();
        lives
            .values()
            .any(|live| live.opens.load(Ordering::Relaxed) > 0 && live.change() == *change)
    }

    /// Stores everything that was written; the first failure, after all was tried.
    pub fn flush_dirty(&self) -> Result<(), StoreError> {
        let mut done = Ok(());
        for live in self.dirty() {
            done = done.and(self.flush(&live));
        }
        done
    }

    /// The changes with something to snapshot.
    pub fn dirty(&self) -> Vec<Arc<LiveChange>> {
        let lives = self.lives.lock();
        lives.values().filter(|live| live.is_dirty()).map(Arc::clone).collect()
    }
}

/// A failure of the engine or the database as a change call tells it.
pub(crate) fn change_error(error: StoreError) -> ChangeError {
    match error {
        StoreError::Engine(error) => error.into(),
        other => other.to_fs(Operation::Change).into(),
    }
}
