//! Snapshots: what a live tree holds becomes its change's commit.
//!
//! The order is fixed: objects and facts, the operation, a sync, the rows; only then may the
//! journal forget. Stopped anywhere, the next run finds each batch in a commit or in the journal.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mesafs::live::Writer;
use mesafs::name::{ChangeId, CommitOid};
use mesafs::op::BatchId;
use mesafs::tree::{Dir, Root};

use super::change::Place;
use super::facts::FactsEntry;
use super::write::{Marks, StoredTree, store_tree};
use super::{LiveChange, Moves, Repo, Standing};
use crate::audit::{Audited, audited};
use crate::cause::Cause;
use crate::engine::{ChangeSnapshot, Durability, EngineError, Rewritten};
use crate::error::StoreError;
use crate::journal::PartRef;
use crate::records::{Auditing, Edited, Lasting, SnapshotRow};

/// How often a snapshot starts anew because history moved under it.
const ATTEMPTS: usize = 5;

/// One change of a snapshot: its tree at a version, as objects.
struct Member {
    place: Place,
    version: u64,
    /// The version that its commit held before.
    since: u64,
    stored: StoredTree,
    dir: Dir,
    edits: Vec<Audited>,
}

impl Member {
    fn row(&self) -> SnapshotRow {
        let (change, root) = (self.place.change.clone(), self.stored.noted.encode());
        SnapshotRow { change, sequence: self.version, root }
    }
}

impl Repo {
    /// Brings what `live` holds into its commit. Nothing happens if that is so already.
    ///
    /// # Errors
    /// [`EngineError::Divergent`]; EIO, ENOSPC: then the journal keeps it.
    pub fn flush(&self, live: &Arc<LiveChange>) -> Result<(), StoreError> {
        let _turn = live.flushing.lock();
        let _gate = self.gate.read();
        let mut abandoned = None;
        for _ in 0..ATTEMPTS {
            if !live.is_dirty() {
                self.let_go_of(live);
                return Ok(());
            }
            let place = live.place();
            match &place.standing {
                Standing::Divergent(others) => {
                    let others = others.iter().map(CommitOid::to_string);
                    let commits = std::iter::once(place.commit.to_string()).chain(others).collect();
                    let change = place.change.to_string();
                    return Err(EngineError::Divergent { change, commits }.into());
                }
                // What was acknowledged outlives its change.
                Standing::Abandoned => {
                    self.revive(live)?;
                    abandoned = Some(place.change);
                    continue;
                }
                Standing::Mutable | Standing::Immutable | Standing::Shared(_) => {}
            }
            live.begin_flush();
            let member = self.member(live, place, live.tree.root())?;
            let version = member.version;
            let conflicts = member.stored.root.conflicts.len();
            if self.commit(live, member)? {
                self.settle_conflicts(live, version, conflicts)?;
                if let Some(change) = abandoned {
                    self.shared.positions.raise(self.uid, &change, version);
                }
                self.let_go_of(live);
                return Ok(());
            }
        }
        let (change, now) = (live.change().to_string(), live.commit().to_string());
        Err(EngineError::ChangeMoved { change, now }.into())
    }

    /// Lets a live tree forget the conflicts that what was written to it has settled: from then on
    /// text that looks like one means nothing.
    fn settle_conflicts(
        &self,
        live: &LiveChange,
        version: u64,
        conflicts: usize,
    ) -> Result<(), StoreError> {
        let commit = live.commit();
        if conflicts == 0 || self.heads.commit_root(&commit)?.conflicts.len() == conflicts {
            return Ok(());
        }
        let writer = live.tree.write();
        if writer.root().version == version {
            writer.reset(self.load_dir(&commit)?, version);
        }
        Ok(())
    }

    fn let_go_of(&self, live: &Arc<LiveChange>) {
        Self::let_go(&mut self.lives.lock(), live);
    }

    /// Stores what of a live tree is not stored yet, for a snapshot.
    fn member(&self, live: &LiveChange, place: Place, root: Root) -> Result<Member, StoreError> {
        let Root { dir, version, .. } = root;
        let stored = self.store(live, &dir)?;
        let notes = live.notes.lock().seal(version);
        let edits = match notes.is_empty() {
            true => Vec::new(),
            false => audited(notes, &live.saved_dir(), &dir),
        };
        Ok(Member { place, version, since: live.saved(), stored, dir, edits })
    }

    /// Stores the nodes of a tree that are not stored yet.
    fn store(&self, live: &LiveChange, dir: &mesafs::tree::Dir) -> Result<StoredTree, StoreError> {
        let mut writer = self.heads.writer();
        let mut stored = store_tree(dir, Marks::Own, &mut writer)?;
        writer.finish(Durability::Process)?;
        // Before anything is marked: what is marked is not stored again, whatever fails from here on.
        // It is made to last with the snapshot that is prepared next.
        self.shared.records.put_nodes(&stored.facts, &stored.sums, Lasting::Process)?;
        std::mem::take(&mut stored.settle).apply(&self.source());
        // A file that grows and grows is stored whole each time: the more that was, the longer
        // until the next time.
        let bytes_max = self.shared.dirty_bytes_max.max(stored.blob_bytes);
        live.bytes_max.store(bytes_max, Ordering::Relaxed);
        Ok(stored)
    }

    /// Makes the operation. False if the change's commit has moved meanwhile.
    fn commit(&self, live: &Arc<LiveChange>, member: Member) -> Result<bool, StoreError> {
        let history = self.history.lock();
        self.refresh(&history)?;
        if live.commit() != member.place.commit {
            return Ok(false);
        }
        // Live changes on top of this one are rebased with it; their writers wait.
        let above = self.live_descendants(live)?;
        let writers: Vec<Writer<'_>> = above.iter().map(|other| other.tree.write()).collect();
        let version = member.version;
        let mut members = vec![member];
        for (other, writer) in above.iter().zip(&writers) {
            let root = writer.root();
            if root.version != other.saved() {
                members.push(self.member(other, other.place(), root)?);
            }
        }
        let cause = live.cause();
        let Some(rewritten) = self.operate(&members, &cause)? else {
            drop(writers);
            above.iter().chain([live]).try_for_each(|live| self.catch_up(live))?;
            return Ok(false);
        };
        let after: HashMap<ChangeId, CommitOid> = rewritten
            .iter()
            .filter_map(|moved| Some((moved.change.clone(), moved.after.clone()?)))
            .collect();
        let now =
            |change: &ChangeId, commit: CommitOid| after.get(change).cloned().unwrap_or(commit);
        // First of all: whatever fails from here on, the next snapshot builds on the new commit.
        live.set_commit(now(&live.change(), live.commit()));
        let noted = self.note(&rewritten, &members)?;
        let mut rows: Vec<SnapshotRow> = members.iter().map(Member::row).collect();
        for (other, writer) in above.iter().zip(&writers) {
            let place = other.place();
            let commit = now(&place.change, place.commit.clone());
            if commit == place.commit {
                continue;
            }
            let dir = self.load_dir(&commit)?;
            other.set_saved_dir(dir.clone());
            other.set_commit(commit);
            let version = self.raise_version(&place.change, &cause, writer.root().version);
            writer.reset(dir, version);
            if let Some(row) = rows.iter_mut().find(|row| row.change == place.change) {
                row.sequence = version;
            }
            other.set_saved(version);
        }
        drop(writers);
        drop(history);
        self.shared.counters.add_fsyncs(1);
        self.heads.sync()?;
        self.shared.records.finish_snapshot(self.uid, &noted, &rows)?;
        for row in &rows {
            self.shared.positions.raise(self.uid, &row.change, row.sequence);
        }
        for member in &members {
            let own = above.iter().chain([live]).find(|live| live.change() == member.place.change);
            if let Some(own) = own.filter(|_| !member.edits.is_empty()) {
                own.notes.lock().forget(member.version);
            }
        }
        if let Some(member) = members.into_iter().next() {
            live.set_saved_dir(member.dir);
        }
        live.set_saved(version);
        Ok(true)
    }

    fn operate(
        &self,
        members: &[Member],
        cause: &Cause,
    ) -> Result<Option<Vec<Rewritten>>, StoreError> {
        let rows: Vec<SnapshotRow> = members.iter().map(Member::row).collect();
        let edited: Vec<Edited<'_>> =
            members.iter().map(|member| (&member.place.change, &member.edits[..])).collect();
        let auditing = Auditing { edited: &edited, oldest_ns: self.shared.oldest_ns() };
        self.shared.records.prepare_snapshot(self.uid, &rows, auditing)?;
        let changes: Vec<ChangeSnapshot> = members
            .iter()
            .map(|member| {
                let base = member.place.commit.clone();
                Ok(ChangeSnapshot {
                    change: member.place.change.clone(),
                    beyond_git: self.says_more(&base, &member.stored)?,
                    base,
                    root: member.stored.root.clone(),
                    journal_since: member.since,
                    journal_sequence: member.version,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let positions = &self.shared.positions;
        let floor = self.shared.log.floor(&|key| positions.passed(key));
        let _behalf = self.engine.on_behalf(cause.attributes());
        match self.heads.snapshot(&changes, &cause.author, floor) {
            Ok(transacted) => Ok(Some(transacted.rewritten)),
            Err(EngineError::ChangeMoved { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives every commit of an operation its facts, and answers what is noted: a member's those of
    /// its tree, on what its parents have now; others what they have of the commit they replace.
    fn note(
        &self,
        rewritten: &[Rewritten],
        members: &[Member],
    ) -> Result<Vec<(CommitOid, Vec<u8>)>, StoreError> {
        let own = |member: &Member| (member.place.commit.clone(), member.stored.noted.clone());
        let known: HashMap<CommitOid, FactsEntry> = members.iter().map(own).collect();
        let mut carried = self.carried(rewritten, &Moves::default(), &known)?;
        for member in members {
            // One whose commit stayed says anew what is beside it.
            if !rewritten.iter().any(|moved| moved.change == member.place.change) {
                let (commit, noted) = own(member);
                carried.commits.push((commit, noted.encode()));
            }
        }
        self.keep(&carried)?;
        Ok(carried.commits)
    }

    /// Notes the facts that commits inherit.
    pub(super) fn inherit(&self, rewritten: &[Rewritten]) -> Result<(), StoreError> {
        self.keep(&self.carried(rewritten, &Moves::default(), &HashMap::new())?)
    }

    /// The facts of `base`, for a commit that is made of it.
    pub fn note_child(&self, base: &CommitOid, child: &CommitOid) -> Result<(), StoreError> {
        let noted: Option<FactsEntry> = self.noted(base)?;
        let rows: Vec<_> = noted.iter().map(|noted| (child.clone(), noted.encode())).collect();
        self.shared.records.put_commit_facts(self.uid, &rows)
    }

    /// Live changes whose commits descend from this one's, in a fixed order.
    fn live_descendants(&self, live: &Arc<LiveChange>) -> Result<Vec<Arc<LiveChange>>, StoreError> {
        let commit = live.commit();
        let mut others: Vec<Arc<LiveChange>> = {
            let lives = self.lives.lock();
            let others = lives.values().filter(|other| !Arc::ptr_eq(other, live));
            others.filter(|other| other.is_mutable()).map(Arc::clone).collect()
        };
        let mut above = Vec::new();
        others.sort_by_key(|other| other.change());
        for other in others {
            if self.engine.is_ancestor(&commit, &other.commit())? {
                above.push(other);
            }
        }
        Ok(above)
    }

    /// A new version for a change that an operation on history gave other content.
    pub(super) fn raise_version(&self, change: &ChangeId, cause: &Cause, version: u64) -> u64 {
        let raise = PartRef {
            repo: self.uid,
            change: change.clone(),
            cause,
            id: BatchId(0),
            now_ns: self.shared.clock.now_ns(),
            replaced: &[],
            ops: &[],
        };
        match self.shared.log.append(&[raise]) {
            Ok(written) => written.sequence,
            // The journal is full: the content counts, and versions go on when there is room.
            Err(_) => version.max(self.shared.log.last()),
        }
    }
}
