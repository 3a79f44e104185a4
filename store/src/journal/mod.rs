//! The journal: what landed and no snapshot holds yet, one append-only log for the whole store.
//!
//! Every batch is `write(2)`-ed as one checksummed record before anyone sees it, so it survives the
//! process; `fdatasync` is grouped by the caller. Always true: sequences grow by one from record to
//! record and are never given again; a record that failed to be written is cut off, so that what
//! follows stays readable; once that is impossible, or a sync failed, nothing lands any more.

mod record;
mod recover;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mesafs::counters::Counters;
use mesafs::error::{Errno, FsError, FsResult, Operation};
use parking_lot::Mutex;

use crate::error::errno_of;
use crate::wire::Writer;

pub(crate) use record::{Causes, ChangeKey, DataAt, Part, PartRef, RepoUid, decode};
pub(crate) use recover::{Record, recover};
pub(crate) use segment::Segment;
use segment::{HEADER_BYTES, RECORD_HEADER_BYTES, record_header};

/// A buffer that has grown beyond this for one record is given back after it.
const BUFFER_BYTES_KEPT: usize = 1 << 20;
/// So much is let go at once, or so many segments; less is not worth a sync.
const TRIMMED_BYTES_MIN: u64 = 1 << 20;
const TRIMMED_SEGMENTS_MIN: usize = 16;

/// A segment that is written no more, and how far it goes for each change.
#[derive(Debug)]
struct Closed {
    first: u64,
    path: PathBuf,
    bytes: u64,
    highest: HashMap<ChangeKey, u64>,
}

/// The segment that is being written.
#[derive(Debug)]
struct Active {
    first: u64,
    segment: Arc<Segment>,
    bytes: u64,
    highest: HashMap<ChangeKey, u64>,
    /// The causes that it has named.
    named: HashSet<u64>,
}

/// The journal of an open store.
#[derive(Debug)]
pub(crate) struct Journal {
    dir: PathBuf,
    epoch: u64,
    segment_bytes_max: u64,
    counters: Arc<Counters>,
    state: Mutex<State>,
    /// Held by the one that syncs.
    syncing: Mutex<()>,
}

#[derive(Debug)]
struct State {
    /// Made by the first append, so that a run that only reads costs nothing.
    active: Option<Active>,
    closed: VecDeque<Closed>,
    /// The sequence of the next record.
    next: u64,
    /// Up to here everything survives power loss.
    synced: u64,
    failed: Option<FsError>,
    buffer: Writer,
}

/// Where a record has landed.
#[derive(Debug)]
pub(crate) struct Written {
    pub sequence: u64,
    pub segment: Arc<Segment>,
    /// Where the payload starts in the segment.
    pub offset: u64,
    /// Bytes of the record.
    pub len: u64,
    pub data: Vec<DataAt>,
}

impl Journal {
    fn start(
        dir: &Path,
        epoch: u64,
        next: u64,
        closed: VecDeque<Closed>,
        segment_bytes_max: u64,
        counters: Arc<Counters>,
    ) -> Self {
        let state = State {
            active: None,
            closed,
            next,
            synced: next - 1,
            failed: None,
            buffer: Writer::default(),
        };
        Self {
            dir: dir.to_owned(),
            epoch,
            segment_bytes_max,
            counters,
            state: Mutex::new(state),
            syncing: Mutex::default(),
        }
    }

    /// The sequence of the last record.
    pub fn last(&self) -> u64 {
        self.state.lock().next - 1
    }

    /// Writes one record. When it returns the record survives the process.
    ///
    /// # Errors
    /// ENOSPC, EIO and the like, and nothing has landed; EFBIG for a record above 4 GiB.
    pub fn append(&self, parts: &[PartRef<'_>]) -> FsResult<Written> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if let Some(failed) = &state.failed {
            return Err(failed.clone());
        }
        let mut data = encode(parts, state)?;
        let len = state.buffer.0.len() as u64;
        let full = |active: &Active| {
            active.bytes > HEADER_BYTES && active.bytes + len > self.segment_bytes_max
        };
        if state.active.as_ref().is_some_and(full) {
            self.close_active(state)?;
            // The new segment names every cause anew.
            data = encode(parts, state)?;
        }
        let (header, payload) = state.buffer.0.split_at_mut(RECORD_HEADER_BYTES);
        if u32::try_from(payload.len()).is_err() {
            return Err(FsError::new(Errno::FBig, Operation::Write, ""));
        }
        let sequence = state.next;
        header.copy_from_slice(&record_header(payload, sequence));
        let len = state.buffer.0.len() as u64;
        let active = match &mut state.active {
            Some(active) => active,
            none => none.insert(self.new_segment(sequence)?),
        };
        if let Err(error) = (&active.segment.file).write_all(&state.buffer.0) {
            // What is left of it would keep all that follows from being read.
            if let Err(error) = active.segment.file.set_len(active.bytes) {
                tracing::error!(%error, path = %active.segment.path.display(), "journal not cut");
                state.failed = Some(failed_write(&error));
            }
            return Err(failed_write(&error));
        }
        let offset = active.bytes + RECORD_HEADER_BYTES as u64;
        active.bytes += len;
        state.next += 1;
        for part in parts {
            active.highest.insert((part.repo, part.change.clone()), sequence);
            active.named.insert(part.cause.id);
        }
        self.counters.add_journal_bytes(len);
        let segment = Arc::clone(&active.segment);
        if state.buffer.0.capacity() > BUFFER_BYTES_KEPT {
            state.buffer = Writer::default();
        }
        Ok(Written { sequence, segment, offset, len, data })
    }

    fn new_segment(&self, first: u64) -> FsResult<Active> {
        let segment = Segment::create(&self.dir, self.epoch, first);
        let segment = segment.map_err(|error| failed_write(&error))?;
        if let Err(error) = sync_dir(&self.dir, &self.counters) {
            let _stays_empty = std::fs::remove_file(&segment.path);
            return Err(failed_write(&error));
        }
        Ok(Active {
            first,
            segment,
            bytes: HEADER_BYTES,
            highest: HashMap::new(),
            named: HashSet::new(),
        })
    }

    /// Syncs the segment that is being written, and writes it no more.
    fn close_active(&self, state: &mut State) -> FsResult<()> {
        let Some(active) = &state.active else { return Ok(()) };
        if state.synced + 1 != state.next {
            self.counters.add_fsyncs(1);
            if let Err(error) = active.segment.file.sync_data() {
                return Err(fail_for_good(state, &error));
            }
            state.synced = state.next - 1;
        }
        state.closed.extend(state.active.take().map(|active| Closed {
            first: active.first,
            path: active.segment.path.clone(),
            bytes: active.bytes,
            highest: active.highest,
        }));
        Ok(())
    }

    /// Makes every record that was written before survive power loss.
    ///
    /// # Errors
    /// EIO, ENOSPC: the kernel may have dropped what it could not write, so nothing lands any more.
    pub fn sync(&self) -> FsResult<()> {
        let _turn = self.syncing.lock();
        let (segment, last) = {
            let state = self.state.lock();
            if let Some(failed) = &state.failed {
                return Err(failed.clone());
            }
            match &state.active {
                Some(active) if state.synced + 1 != state.next => {
                    (Arc::clone(&active.segment), state.next - 1)
                }
                _ => return Ok(()),
            }
        };
        // Appends go on meanwhile. A segment that is closed meanwhile is synced by that.
        self.counters.add_fsyncs(1);
        let done = segment.file.sync_data();
        let mut state = self.state.lock();
        if let Err(error) = done {
            return Err(fail_for_good(&mut state, &error));
        }
        state.synced = state.synced.max(last);
        Ok(())
    }

    /// Whether [`Journal::trim`] would let go of enough to be worth its while.
    pub fn is_trimmable(&self, passed: &dyn Fn(&ChangeKey) -> u64) -> bool {
        let state = self.state.lock();
        let closed = state.closed.iter().take_while(|closed| is_passed(&closed.highest, passed));
        let (count, mut bytes) =
            closed.fold((0, 0), |(count, bytes), closed| (count + 1, bytes + closed.bytes));
        if count == state.closed.len() {
            let active = state.active.iter().filter(|active| is_passed(&active.highest, passed));
            bytes += active.map(|active| active.bytes).sum::<u64>();
        }
        count >= TRIMMED_SEGMENTS_MIN || bytes >= TRIMMED_BYTES_MIN.min(self.segment_bytes_max)
    }

    /// Unlinks the oldest segments, as far as every change in them has passed them: `passed` is the
    /// sequence up to which a change's content is in its commits.
    pub fn trim(&self, passed: &dyn Fn(&ChangeKey) -> u64) -> FsResult<()> {
        let mut state = self.state.lock();
        if state.active.as_ref().is_some_and(|active| is_passed(&active.highest, passed)) {
            self.close_active(&mut state)?;
        }
        while let Some(oldest) = state.closed.front() {
            if !is_passed(&oldest.highest, passed) {
                break;
            }
            if let Err(error) = std::fs::remove_file(&oldest.path)
                && error.kind() != io::ErrorKind::NotFound
            {
                // It is tried again at the next trim; recovery passes over what it holds.
                tracing::warn!(%error, path = %oldest.path.display(), "journal segment stays");
                break;
            }
            state.closed.pop_front();
        }
        Ok(())
    }

    /// The lowest sequence that the journal may still be asked for.
    pub fn floor(&self, passed: &dyn Fn(&ChangeKey) -> u64) -> u64 {
        let state = self.state.lock();
        let closed = state.closed.iter().map(|closed| &closed.highest);
        let held = closed.chain(state.active.iter().map(|active| &active.highest));
        let open = held.flatten().filter(|(key, highest)| passed(key) < **highest);
        open.map(|(key, _)| passed(key) + 1).min().unwrap_or(state.next)
    }
}

/// Puts the record into the buffer, as the segment that is being written takes it.
fn encode(parts: &[PartRef<'_>], state: &mut State) -> FsResult<Vec<DataAt>> {
    let none = HashSet::new();
    let named = state.active.as_ref().map_or(&none, |active| &active.named);
    state.buffer.0.clear();
    state.buffer.raw(&[0; RECORD_HEADER_BYTES]);
    record::encode(parts, named, &mut state.buffer)
}

fn is_passed(highest: &HashMap<ChangeKey, u64>, passed: &dyn Fn(&ChangeKey) -> u64) -> bool {
    highest.iter().all(|(key, highest)| passed(key) >= *highest)
}

fn sync_dir(dir: &Path, counters: &Counters) -> io::Result<()> {
    counters.add_fsyncs(1);
    File::open(dir)?.sync_all()
}

fn failed_write(error: &io::Error) -> FsError {
    FsError::new(errno_of(error), Operation::Write, "").with_detail("journal")
}

fn fail_for_good(state: &mut State, error: &io::Error) -> FsError {
    tracing::error!(%error, "journal cannot be synced");
    let failed = FsError::new(Errno::Io, Operation::Sync, "").with_detail("journal");
    state.failed = Some(failed.clone());
    FsError::new(errno_of(error), Operation::Sync, "").with_detail("journal")
}
