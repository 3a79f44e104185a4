//! The session, which the line editor may ask while a line is typed: completion runs what scripts have
//! set for it.
//!
//! Who runs a line comes first: it ends a completion that still runs.

use std::sync::Arc;

use mesash_builtins::cancel::{Cancel, Reason};
use parking_lot::{Mutex, MutexGuard};

use crate::eval::Session;
use crate::special::complete::Offered;

struct Inner {
    session: Mutex<Session>,
    completion: Mutex<Cancel>,
}

/// A session that is shared; a clone is the same one.
#[derive(Clone)]
pub struct Programs(Arc<Inner>);

impl Programs {
    pub fn new(session: Session) -> Self {
        let completion = Mutex::new(Cancel::new());
        Self(Arc::new(Inner { session: Mutex::new(session), completion }))
    }

    /// The session, once a completion that runs has ended.
    pub fn session(&self) -> MutexGuard<'_, Session> {
        self.0.completion.lock().cancel(Reason::Interrupt);
        self.0.session.lock()
    }

    /// What scripts offer for the end of a command; `None` if they leave it to the shell.
    pub fn ask(&self, command: &str) -> Option<Offered> {
        let cancel = Cancel::new();
        {
            let mut running = self.0.completion.lock();
            running.cancel(Reason::Interrupt);
            *running = cancel.clone();
        }
        let command = command.to_owned();
        self.0.session.lock().with_eval(move |eval| eval.offered(&command, &cancel)).flatten()
    }
}
