//! Landing batches: checked on the tree, written to the journal, made visible, in this order.

use std::sync::Arc;

use bytes::Bytes;
use mesafs::error::{Errno, FsError, FsResult, Operation};
use mesafs::live::{Limits, Merge, Merged, Origin, Plan, Rules};
use mesafs::op::{Applied, Batch, Op};
use mesafs::tree::{Body, ReadAt};
use parking_lot::RwLockReadGuard;

use super::write::Marks;
use super::{LiveChange, Repo, Standing};
use crate::cause::Cause;
use crate::engine::{MergedText, merge_text};
use crate::journal::{PartRef, Written};

/// Data of at least this size is read from the journal once it is there.
pub(crate) const LANDED_BYTES_MIN: usize = 16 << 10;

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    pub origin: Origin,
    pub cause: &'a Arc<Cause>,
    /// Where what is grafted comes from.
    pub grafts: Marks,
}

/// Merges texts by jj's rules.
struct TextMerge;

impl Merge for TextMerge {
    fn merge(&self, base: &Body, ours: &Body, theirs: &Body) -> FsResult<Merged> {
        let merged = merge_text(&base.read_all()?, &ours.read_all()?, &theirs.read_all()?);
        Ok(match merged {
            MergedText::Clean(text) => Merged::Clean(Bytes::from(text)),
            MergedText::Conflicted(text) => Merged::Conflicted(Bytes::from(text)),
        })
    }
}

/// What every op of a repository is checked against.
pub(crate) fn rules() -> Rules<'static> {
    Rules { limits: Limits::default(), merge: Some(&TextMerge), landed_bytes_min: LANDED_BYTES_MIN }
}

/// Lets go of the memory of what can be read from the journal now.
pub(crate) fn settle(plan: &Plan, written: &Written, part: usize) {
    for data in plan.landed() {
        let at = written.data.iter().find(|at| at.part == part && at.op == data.op);
        if let Some(at) = at {
            let segment = Arc::clone(&written.segment) as Arc<dyn ReadAt>;
            data.landed.settle(segment, written.offset + at.offset as u64);
        }
    }
}

impl Repo {
    /// Lands a batch. The change must be mutable; one that ceased to be so meanwhile fails with
    /// ESTALE, and the caller looks again.
    ///
    /// # Errors
    /// That of the first op that cannot be done; ENOSPC, EIO of the journal. Nothing is applied.
    pub fn land(&self, live: &LiveChange, batch: &Batch, by: Writing<'_>) -> FsResult<Applied> {
        let _gate = self.open_gate(batch);
        let batch = self.adopted(batch, by.grafts)?;
        live.tree.apply(&batch, &rules(), by.origin, |plan| {
            let written = self.shared.log.append(&[self.part(live, &batch, plan, by)?])?;
            self.landed(live, (plan, batch.now_ns), &written, 0, by);
            Ok(written.sequence)
        })
    }

    /// Keeps the repository from being cleaned up where a batch brings objects in, until it has landed.
    fn open_gate(&self, batch: &Batch) -> Option<RwLockReadGuard<'_, ()>> {
        let brings = batch.ops.iter().any(|op| matches!(op, Op::Graft { .. }));
        brings.then(|| self.gate.read())
    }

    fn part<'a>(
        &self,
        live: &LiveChange,
        batch: &Batch,
        plan: &'a Plan,
        by: Writing<'a>,
    ) -> FsResult<PartRef<'a>> {
        let place = live.place();
        if place.standing != Standing::Mutable {
            return Err(FsError::new(Errno::Stale, Operation::Write, ""));
        }
        Ok(PartRef {
            repo: self.uid,
            change: place.change,
            cause: by.cause,
            id: batch.id,
            now_ns: batch.now_ns,
            replaced: plan.replaced(),
            ops: plan.ops(),
        })
    }

    fn landed(
        &self,
        live: &LiveChange,
        (plan, now_ns): (&Plan, i64),
        written: &Written,
        part: usize,
        by: Writing<'_>,
    ) {
        settle(plan, written, part);
        let notes = self.note_edits(live, (written.sequence, part), now_ns, by.cause, plan);
        self.shared.counters.add_nodes_visited(plan.nodes_visited());
        live.wrote(written.len, notes, self.shared.clock.monotonic(), by.cause);
    }

    /// Notes for the audit what a plan did; answers how many notes there are more.
    pub(super) fn note_edits(
        &self,
        live: &LiveChange,
        record: (u64, usize),
        now_ns: i64,
        cause: &Arc<Cause>,
        plan: &Plan,
    ) -> u64 {
        if self.shared.retention.is_zero() {
            return 0;
        }
        live.notes.lock().add(record, now_ns, cause, plan.ops())
    }

    /// Lands a batch here and one in another repository, in one record.
    ///
    /// # Errors
    /// As [`Repo::land`]; then nothing is applied in either.
    pub fn land_both(
        &self,
        (live, batch): (&LiveChange, &Batch),
        other: &Self,
        (other_live, other_batch): (&LiveChange, &Batch),
        by: Writing<'_>,
    ) -> FsResult<u64> {
        let _gate = self.open_gate(batch);
        let batch = self.adopted(batch, by.grafts)?;
        // Always in the same order, so that two moves never wait for each other.
        let first = (self.uid, live.change()) < (other.uid, other_live.change());
        let (writer, other_writer) = if first {
            let writer = live.tree.write();
            (writer, other_live.tree.write())
        } else {
            let other_writer = other_live.tree.write();
            (live.tree.write(), other_writer)
        };
        let plan = writer.plan(&batch, &rules())?;
        let other_plan = other_writer.plan(other_batch, &rules())?;
        let parts = [
            self.part(live, &batch, &plan, by)?,
            other.part(other_live, other_batch, &other_plan, by)?,
        ];
        let written = self.shared.log.append(&parts)?;
        drop(parts);
        self.landed(live, (&plan, batch.now_ns), &written, 0, by);
        other.landed(other_live, (&other_plan, other_batch.now_ns), &written, 1, by);
        // The copy is seen before the removal: never is the entry in neither place.
        writer.publish(plan, written.sequence, by.origin);
        other_writer.publish(other_plan, written.sequence, by.origin);
        Ok(written.sequence)
    }
}

/// One repository's part of what lands together.
pub(crate) struct Part<'a> {
    pub repo: &'a Repo,
    pub live: Arc<LiveChange>,
    pub batch: Batch,
    /// The version that the batch was planned on.
    pub version: u64,
}

/// Lands a batch in each of several repositories, in one record.
///
/// # Errors
/// As [`Repo::land`]; EAGAIN if a tree has moved on since its batch was planned. Then nothing is
/// applied in any.
pub(crate) fn land_together(parts: &mut [Part<'_>], by: Writing<'_>) -> FsResult<u64> {
    // Always in the same order, so that two never wait for each other.
    parts.sort_by_key(|part| (part.repo.uid, part.live.change()));
    let _gates: Vec<_> = parts.iter().map(|part| part.repo.open_gate(&part.batch)).collect();
    let batches = parts
        .iter()
        .map(|part| part.repo.adopted(&part.batch, by.grafts))
        .collect::<FsResult<Vec<_>>>()?;
    let writers: Vec<_> = parts.iter().map(|part| part.live.tree.write()).collect();
    if writers.iter().zip(&*parts).any(|(writer, part)| writer.root().version != part.version) {
        return Err(FsError::new(Errno::Again, Operation::Write, ""));
    }
    let plans = writers
        .iter()
        .zip(&batches)
        .map(|(writer, batch)| writer.plan(batch, &rules()))
        .collect::<FsResult<Vec<_>>>()?;
    let records = parts
        .iter()
        .zip(batches.iter().zip(&plans))
        .map(|(part, (batch, plan))| part.repo.part(&part.live, batch, plan, by))
        .collect::<FsResult<Vec<_>>>()?;
    let Some(first) = parts.first() else { return Ok(0) };
    let written = first.repo.shared.log.append(&records)?;
    drop(records);
    for (index, (part, plan)) in parts.iter().zip(&plans).enumerate() {
        part.repo.landed(&part.live, (plan, part.batch.now_ns), &written, index, by);
    }
    for (writer, plan) in writers.into_iter().zip(plans) {
        writer.publish(plan, written.sequence, by.origin);
    }
    Ok(written.sequence)
}
