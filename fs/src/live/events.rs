//! Queues of what changed, for subscribers that may be slow.
//!
//! A queue is bounded. When it is full, events grow into recursive ones at a common prefix, in the
//! end into one that says "everything": coalesced, never lost. Always true: the events are in the
//! order of their versions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::plan::Touched;
use crate::backend::{EventQueue, RepoEvent};
use crate::path::RepoPath;

/// How many events wait in one queue; more are joined.
pub const EVENTS_QUEUED_MAX: usize = 1024;

/// Names a writer, so that it can tell its own events from others'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin(pub u64);

/// The writing end of a queue, which trees are given.
#[derive(Debug)]
pub struct Queue {
    origin: Origin,
    waiting: Mutex<Waiting>,
    wake: Condvar,
    abandoned: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<RepoEvent>,
    closed: bool,
}

impl Queue {
    /// A queue of `origin`, which owns it, and its reading end.
    #[must_use]
    pub fn new(origin: Origin) -> (Arc<Self>, QueueReader) {
        let queue = Arc::new(Self {
            origin,
            waiting: Mutex::default(),
            wake: Condvar::new(),
            abandoned: AtomicBool::new(false),
        });
        let reader = QueueReader(Arc::clone(&queue));
        (queue, reader)
    }

    /// Adds what a batch of `origin` touched; `None` for what no writer of files did.
    pub fn push(&self, touched: &[Touched], version: u64, origin: Option<Origin>) {
        let own = origin == Some(self.origin);
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return;
        }
        for Touched { path, recursive } in touched {
            let event = RepoEvent { path: path.clone(), recursive: *recursive, version, own };
            add(&mut waiting.events, event);
        }
        drop(waiting);
        self.wake.notify_all();
    }

    /// Ends the queue: its reader gets what waits, and then nothing for good.
    pub fn close(&self) {
        self.waiting.lock().closed = true;
        self.wake.notify_all();
    }

    /// Whether the reading end is gone.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}

/// The reading end of a [`Queue`].
#[derive(Debug)]
pub struct QueueReader(Arc<Queue>);

impl EventQueue for QueueReader {
    fn wait(&mut self, timeout: Option<Duration>) -> Vec<RepoEvent> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut waiting = self.0.waiting.lock();
        while waiting.events.is_empty() && !waiting.closed {
            match until {
                None => self.0.wake.wait(&mut waiting),
                Some(until) => {
                    if self.0.wake.wait_until(&mut waiting, until).timed_out() {
                        break;
                    }
                }
            }
        }
        waiting.events.drain(..).collect()
    }
}

impl Drop for QueueReader {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Relaxed);
        self.0.close();
    }
}

fn add(events: &mut VecDeque<RepoEvent>, event: RepoEvent) {
    // A file that is written in pieces is told once.
    if let Some(last) = events.back_mut()
        && last.path == event.path
        && last.recursive == event.recursive
    {
        join(last, &event);
        return;
    }
    events.push_back(event);
    if events.len() > EVENTS_QUEUED_MAX {
        let all: Vec<RepoEvent> = events.drain(..).collect();
        events.extend(coalesced(all));
    }
}

/// Both are told by the first from now on.
fn join(event: &mut RepoEvent, other: &RepoEvent) {
    event.version = event.version.max(other.version);
    event.own &= other.own;
}

/// At most half of the bound: the deepest paths are cut, one level at a time.
fn coalesced(events: Vec<RepoEvent>) -> Vec<RepoEvent> {
    let mut joined: BTreeMap<RepoPath, RepoEvent> = BTreeMap::new();
    for event in events {
        let recursive = event.recursive;
        let kept = joined.entry(event.path.clone()).or_insert_with(|| event.clone());
        kept.recursive |= recursive;
        join(kept, &event);
    }
    let mut depth = joined.keys().map(|path| path.names().count()).max().unwrap_or(0);
    while joined.len() > EVENTS_QUEUED_MAX / 2 && depth > 0 {
        depth -= 1;
        let mut cut: BTreeMap<RepoPath, RepoEvent> = BTreeMap::new();
        for (path, mut event) in joined {
            let above = RepoPath::from_names(path.names().take(depth));
            if above != path {
                event.recursive = true;
                event.path = above.clone();
            }
            let kept = cut.entry(above).or_insert_with(|| event.clone());
            kept.recursive |= event.recursive;
            join(kept, &event);
        }
        joined = cut;
    }
    let mut events: Vec<RepoEvent> = joined.into_values().collect();
    events.sort_by_key(|event| event.version);
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FsResult;

    fn touched(path: &str) -> FsResult<Vec<Touched>> {
        Ok(vec![Touched { path: RepoPath::new(path)?, recursive: false }])
    }

    fn taken(reader: &mut QueueReader) -> Vec<(String, bool, u64, bool)> {
        let events = reader.wait(Some(Duration::ZERO)).into_iter();
        events.map(|e| (e.path.to_string(), e.recursive, e.version, e.own)).collect()
    }

    #[test]
    fn events_come_in_order_and_know_their_writer() -> FsResult<()> {
        let (queue, mut reader) = Queue::new(Origin(1));
        queue.push(&touched("a")?, 1, Some(Origin(1)));
        queue.push(&touched("b")?, 2, Some(Origin(2)));
        queue.push(&touched("b")?, 3, Some(Origin(1)));
        let told = [("a".into(), false, 1, true), ("b".into(), false, 3, false)];
        assert_eq!(taken(&mut reader), told);
        assert_eq!(taken(&mut reader), []);
        queue.close();
        queue.push(&touched("c")?, 4, None);
        assert_eq!(reader.wait(None), []);
        drop(reader);
        assert!(queue.is_abandoned());
        Ok(())
    }

    #[test]
    fn a_full_queue_joins_to_a_prefix_and_then_to_everything() -> FsResult<()> {
        let (queue, mut reader) = Queue::new(Origin(1));
        queue.push(&touched("top")?, 1, Some(Origin(1)));
        for count in 0..2000 {
            queue.push(&touched(&format!("a/b/f{count}"))?, 2 + count, Some(Origin(1)));
        }
        let told = taken(&mut reader);
        assert!(told.len() <= EVENTS_QUEUED_MAX, "{}", told.len());
        assert_eq!(told.first().map(|event| (event.0.as_str(), event.1)), Some(("top", false)));
        assert!(told.iter().any(|event| event.0 == "a/b" && event.1));
        assert_eq!(told.last().map(|event| event.2), Some(2001));
        for count in 0..2000 {
            queue.push(&touched(&format!("f{count}"))?, 3000 + count, None);
        }
        let told = taken(&mut reader);
        assert_eq!(told.first().map(|event| (event.0.as_str(), event.1)), Some(("", true)));
        assert!(told.is_sorted_by_key(|event| event.2));
        Ok(())
    }
}
