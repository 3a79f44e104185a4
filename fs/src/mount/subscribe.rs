//! Subscriptions: events of every checkout, delivered on the mount's own threads.
//!
//! One thread a repository waits for its events and calls the handlers one after the other, with no
//! lock held, so that a handler may call the file system, subscribe and unsubscribe. The threads
//! end when their checkout is closed.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;

use parking_lot::Mutex;

use super::Shared;
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::event::Invalidation;

type Handler = Arc<dyn Fn(&Invalidation) + Send + Sync>;

#[derive(Clone)]
struct Subscriber {
    id: u64,
    live: Arc<AtomicBool>,
    handler: Handler,
}

#[derive(Default)]
pub(super) struct Subscribers {
    list: Mutex<Vec<Subscriber>>,
    next: AtomicU64,
    started: Mutex<bool>,
}

impl fmt::Debug for Subscribers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribers").field("count", &self.list.lock().len()).finish()
    }
}

/// A handler's registration. Dropping it keeps the handler; `unsubscribe` ends it.
#[derive(Debug)]
pub struct Subscription {
    id: u64,
    live: Arc<AtomicBool>,
    subscribers: Weak<Subscribers>,
}

impl Subscription {
    /// The handler is not called again, but for a call that is running now on another thread.
    pub fn unsubscribe(&self) {
        self.live.store(false, Ordering::SeqCst);
        if let Some(subscribers) = self.subscribers.upgrade() {
            subscribers.list.lock().retain(|subscriber| subscriber.id != self.id);
        }
    }
}

impl Subscribers {
    pub fn add(
        self: &Arc<Self>,
        shared: &Shared,
        handler: impl Fn(&Invalidation) + Send + Sync + 'static,
    ) -> FsResult<Subscription> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let live = Arc::new(AtomicBool::new(true));
        let subscriber = Subscriber { id, live: Arc::clone(&live), handler: Arc::new(handler) };
        self.list.lock().push(subscriber);
        let mut started = self.started.lock();
        if !*started {
            self.start(shared)?;
            *started = true;
        }
        Ok(Subscription { id, live, subscribers: Arc::downgrade(self) })
    }

    fn start(self: &Arc<Self>, shared: &Shared) -> FsResult<()> {
        for checkout in &shared.checkouts {
            let mut queue = checkout.subscribe()?;
            let repo = checkout.repo().clone();
            let subscribers = Arc::downgrade(self);
            let deliver = move || {
                loop {
                    let events = queue.wait(None);
                    let Some(subscribers) = subscribers.upgrade() else { return };
                    if events.is_empty() {
                        return;
                    }
                    for event in &events {
                        subscribers.tell(&event.to_invalidation(&repo));
                    }
                }
            };
            let named = thread::Builder::new().name("mesa-events".into());
            named.spawn(deliver).map_err(|error| {
                let failed = FsError::new(Errno::Again, Operation::Subscribe, "");
                failed.with_detail(error.to_string())
            })?;
        }
        Ok(())
    }

    fn tell(&self, event: &Invalidation) {
        let subscribers = self.list.lock().clone();
        for subscriber in subscribers {
            if subscriber.live.load(Ordering::SeqCst) {
                (subscriber.handler)(event);
            }
        }
    }
}
