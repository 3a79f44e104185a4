//! Reading the journal back when a store is opened.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use mesafs::counters::Counters;

use super::segment::{Next, Scan, Segment, list};
use super::{Causes, Closed, Journal, record};
use crate::error::StoreError;

/// Sequences are skipped where records were damaged, so that none is given a second time.
const DAMAGED_GAP: u64 = 1 << 20;

/// A record as it was found.
#[derive(Debug)]
pub(crate) struct Record {
    pub sequence: u64,
    pub payload: Bytes,
    pub segment: Arc<Segment>,
    /// Where the payload starts in the segment.
    pub offset: u64,
}

/// Checks every record in `dir`; what is appended goes into a new segment. What the last writer left
/// unfinished at the end is cut off. `floor` is a sequence that was given already.
///
/// # Errors
/// [`StoreError::JournalDamaged`] if records do not check that others follow.
pub(crate) fn recover(
    dir: &Path,
    epoch: u64,
    floor: u64,
    segment_bytes_max: u64,
    counters: Arc<Counters>,
) -> Result<Journal, StoreError> {
    std::fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
    let segments = list(dir)?;
    let mut closed = VecDeque::new();
    let mut next = 1;
    for (index, (first, path)) in segments.iter().enumerate() {
        let last = index + 1 == segments.len();
        let damaged = |offset| StoreError::JournalDamaged { path: path.clone(), offset };
        if *first < next {
            return Err(damaged(0));
        }
        next = *first;
        let Some(mut scan) = Scan::open(path, *first).map_err(StoreError::io(path))? else {
            if !last {
                return Err(damaged(0));
            }
            // Its writer was stopped before the first record.
            std::fs::remove_file(path).map_err(StoreError::io(path))?;
            continue;
        };
        let mut highest = HashMap::new();
        loop {
            match scan.next(next).map_err(StoreError::io(path))? {
                Next::Record { sequence, payload, offset } => {
                    let keys = record::keys(&payload).ok_or_else(|| damaged(offset))?;
                    highest.extend(keys.into_iter().map(|key| (key, sequence)));
                    next += 1;
                }
                Next::End => break,
                Next::Torn { at } | Next::Damaged { at } if !last => return Err(damaged(at)),
                Next::Torn { at } => {
                    cut(path, at, &counters).map_err(StoreError::io(path))?;
                    break;
                }
                Next::Damaged { at } => {
                    set_aside(dir, path, at).map_err(StoreError::io(path))?;
                    cut(path, at, &counters).map_err(StoreError::io(path))?;
                    next = next.saturating_add(DAMAGED_GAP);
                    break;
                }
            }
        }
        let bytes = scan.at();
        closed.push_back(Closed { first: *first, path: path.clone(), bytes, highest });
    }
    let next = next.max(floor.saturating_add(1));
    // A segment that has no record may bear the name that the new one gets.
    if closed.back().is_some_and(|last| last.path == Segment::path_of(dir, next)) {
        let empty = Segment::path_of(dir, next);
        std::fs::remove_file(&empty).map_err(StoreError::io(&empty))?;
        closed.pop_back();
    }
    Ok(Journal::start(dir, epoch, next, closed, segment_bytes_max, counters))
}

fn cut(path: &Path, at: u64, counters: &Counters) -> io::Result<()> {
    tracing::info!(path = %path.display(), at, "journal cut behind its last whole record");
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(at)?;
    counters.add_fsyncs(1);
    file.sync_all()
}

/// Keeps a copy of a segment whose end is to be cut although it looks like more than a torn write.
fn set_aside(dir: &Path, path: &Path, at: u64) -> io::Result<()> {
    let Some(name) = path.file_name() else { return Ok(()) };
    let mut kept = std::ffi::OsString::from("damaged-");
    kept.push(name);
    tracing::error!(path = %path.display(), at, kept = %dir.join(&kept).display(), "journal damaged");
    std::fs::copy(path, dir.join(kept)).map(drop)
}

impl Journal {
    /// Gives `found` every record that was there when the journal was recovered, oldest first, with the
    /// causes that its segment has named so far.
    ///
    /// # Errors
    /// Those of `found`; [`StoreError::Io`] if a segment cannot be read any more.
    pub fn replay(
        &self,
        found: &mut dyn FnMut(Record, &mut Causes) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let segments: Vec<_> = {
            let state = self.state.lock();
            state.closed.iter().map(|closed| (closed.first, closed.path.clone())).collect()
        };
        for (first, path) in segments {
            let opened = Scan::open(&path, first).map_err(StoreError::io(&path))?;
            let Some(mut scan) = opened else { continue };
            let file = File::open(&path).map_err(StoreError::io(&path))?;
            let segment = Arc::new(Segment { file, path: path.clone() });
            let (mut next, mut causes) = (first, Causes::new());
            while let Next::Record { sequence, payload, offset } =
                scan.next(next).map_err(StoreError::io(&path))?
            {
                let segment = Arc::clone(&segment);
                found(Record { sequence, payload, segment, offset }, &mut causes)?;
                next += 1;
            }
        }
        Ok(())
    }
}
