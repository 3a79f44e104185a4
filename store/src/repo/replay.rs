//! Replaying what the journal has and no commit holds.

use std::sync::Arc;

use mesafs::Errno;
use mesafs::live::Origin;

use super::change::Place;
use super::land::{rules, settle};
use super::{LiveChange, LiveKey, Repo, Standing};
use crate::engine::EngineError;
use crate::error::StoreError;
use crate::journal::{DataAt, Part, Record, Written};

/// The writer of what is replayed: no checkout's.
const ORIGIN: Origin = Origin(0);

impl Repo {
    /// Applies one change's part of a record, unless the change's commit holds it.
    ///
    /// # Errors
    /// Those of loading the change and its folders. A batch that does not fit its tree any more is
    /// left out: then somebody changed the repository behind the store's back.
    pub fn replay(&self, part: &Part, index: usize, record: &Record) -> Result<(), StoreError> {
        let (repo, change) = &part.key;
        let position = self.shared.positions.passed(&part.key);
        if record.sequence <= position {
            return Ok(());
        }
        let known = self.lives.lock().get(&LiveKey::Change(change.clone())).cloned();
        if part.batch.ops.is_empty() {
            match known {
                Some(live) => {
                    let writer = live.tree.write();
                    writer.reset(writer.root().dir, record.sequence);
                }
                None => self.shared.positions.raise(*repo, change, record.sequence),
            }
            return Ok(());
        }
        let live = match known {
            Some(live) => live,
            None => match self.live_at(part, position)? {
                Some(live) => live,
                None => {
                    self.shared.positions.raise(*repo, change, record.sequence);
                    return Ok(());
                }
            },
        };
        let applied = live.tree.apply(&part.batch, &rules(), ORIGIN, |plan| {
            let data = part.data.iter();
            let data = data.map(|(op, offset)| DataAt { part: index, op: *op, offset: *offset });
            let written = Written {
                sequence: record.sequence,
                segment: Arc::clone(&record.segment),
                offset: record.offset,
                len: record.payload.len() as u64,
                data: data.collect(),
            };
            settle(plan, &written, index);
            let (len, now) = (written.len, self.shared.clock.monotonic());
            let at = (record.sequence, index);
            let notes = self.note_edits(&live, at, part.batch.now_ns, &part.cause, plan);
            live.wrote(len, notes, now, &part.cause);
            Ok(record.sequence)
        });
        if let Err(error) = applied {
            if !is_of_the_tree(error.errno()) {
                return Err(error.into());
            }
            tracing::error!(%error, repo = %self.id, %change, "a batch of the journal does not apply");
        }
        Ok(())
    }

    /// The live change that a record is about, as its commit has it.
    fn live_at(&self, part: &Part, position: u64) -> Result<Option<Arc<LiveChange>>, StoreError> {
        let change = &part.key.1;
        let resolved = match self.engine.resolve_change(change.as_str()) {
            Ok(resolved) => resolved,
            Err(EngineError::NoChange(_)) => {
                tracing::error!(repo = %self.id, %change, "the journal has more of an abandoned change");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let standing = match resolved.others.is_empty() {
            true => Standing::Mutable,
            false => Standing::Divergent(resolved.others),
        };
        let dir = self.load_dir(&resolved.commit)?;
        let place = Place { change: resolved.change, commit: resolved.commit, standing };
        let live = self.load_at(place, dir, position);
        self.lives.lock().insert(LiveKey::Change(change.clone()), Arc::clone(&live));
        Ok(Some(live))
    }
}

/// Whether an op fails so because of what the tree holds. Anything else says that the tree could
/// not be read: what was acknowledged is still in the journal, and must not be left out for that.
fn is_of_the_tree(errno: Errno) -> bool {
    use Errno::{
        DQuot, Exist, FBig, Inval, IsDir, Loop, NameTooLong, NoEnt, NotDir, NotEmpty, NotSup, RoFs,
    };
    matches!(
        errno,
        DQuot
            | Exist
            | FBig
            | Inval
            | IsDir
            | Loop
            | NameTooLong
            | NoEnt
            | NotDir
            | NotEmpty
            | NotSup
            | RoFs
    )
}
