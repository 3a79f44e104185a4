//! Who is told of events: a queue for each subscriber of a checkout.

use std::sync::Arc;

use mesa_protocol::Event;
use mesafs::backend::EventQueue;
use mesafs::live::{Origin, Queue, Touched};
use mesafs::tree::Root;
use mesafs::{ChangeId, FsResult};
use parking_lot::Mutex;

/// What this mount wrote itself.
const OWN: Origin = Origin(1);

#[derive(Debug, Default)]
pub(crate) struct Subscribers(Mutex<Vec<Subscriber>>);

/// A queue, and the tree that was shown when it began: it is not told of what led to that.
#[derive(Debug)]
struct Subscriber {
    queue: Arc<Queue>,
    /// `None` once another change was shown, whose versions begin anew.
    since: Option<(ChangeId, u64)>,
}

impl Subscriber {
    fn is_told(&self, version: u64) -> bool {
        self.since.as_ref().is_none_or(|(_, since)| version > *since)
    }
}

impl Subscribers {
    /// Adds one that is told of what comes after the tree that `shown` gives.
    ///
    /// # Errors
    /// Those of `shown`.
    pub fn add(&self, shown: impl FnOnce() -> FsResult<Root>) -> FsResult<Box<dyn EventQueue>> {
        // Locked first: what is shown after that is told.
        let mut subscribers = self.0.lock();
        let root = shown()?;
        let (queue, reader) = Queue::new(OWN);
        subscribers.push(Subscriber { queue, since: Some((root.change, root.version)) });
        Ok(Box::new(reader))
    }

    /// Tells events in order; `change` is what is shown.
    pub fn tell(&self, events: Vec<Event>, change: Option<&ChangeId>) {
        let mut subscribers = self.0.lock();
        subscribers.retain(|subscriber| !subscriber.queue.is_abandoned());
        if let Some(shown) = change {
            for subscriber in &mut *subscribers {
                subscriber.since.take_if(|(change, _)| change != shown);
            }
        }
        let mut events = events.into_iter().peekable();
        while let Some(first) = events.next() {
            let (version, own) = (first.version, first.own);
            let mut touched = vec![first];
            while let Some(event) =
                events.next_if(|event| event.version == version && event.own == own)
            {
                touched.push(event);
            }
            let everything = touched.iter().any(|event| event.path.is_root() && event.recursive);
            let touched: Vec<Touched> = touched
                .into_iter()
                .map(|Event { path, recursive, .. }| Touched { path, recursive })
                .collect();
            for subscriber in &*subscribers {
                if everything || subscriber.is_told(version) {
                    subscriber.queue.push(&touched, version, own.then_some(OWN));
                }
            }
        }
    }

    /// Nobody is told anything more.
    pub fn close(&self) {
        for subscriber in self.0.lock().drain(..) {
            subscriber.queue.close();
        }
    }
}
