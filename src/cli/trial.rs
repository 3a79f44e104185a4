//! `--atomic` and `--dry-run`: a script on a throw-away copy of the mount.

use std::sync::Arc;

use mesafs::FileSystem;
use mesafs::mount::{Fork, LandError};

use super::args::{Options, Trial};
use super::failure::{BUSY, FAILED, Failure};
use super::run::Prepared;
use crate::eval::{Ended, EndedBy, Invocation, Source};

/// The copy that a script runs on.
pub(super) struct Forked {
    trial: Trial,
    fork: Fork,
}

impl Forked {
    /// Mounts, and has the script run on a copy.
    ///
    /// # Errors
    /// Why it can't be mounted.
    pub fn begin(
        trial: Trial,
        prepared: &Prepared,
        invocation: &mut Invocation,
    ) -> Result<Self, Failure> {
        let fork = prepared.fs.mount()?.fs.files().fork();
        let fork = fork.map_err(|error| Failure::new(FAILED, error))?;
        invocation.fs = Arc::new(fork.files().clone()) as Arc<dyn FileSystem>;
        Ok(Self { trial, fork })
    }

    /// Lands what the script did, or shows it; the exit code.
    ///
    /// # Errors
    /// Why it did not land: nothing has happened then.
    pub fn finish(&self, prepared: &Prepared, ended: &Ended) -> Result<u8, Failure> {
        match self.trial {
            Trial::DryRun => {
                let shown = self.show(prepared);
                Ok(if ended.status == 0 { shown } else { ended.status })
            }
            Trial::Atomic if ended.status == 0 && ended.by == EndedBy::Exit => {
                self.fork.land().map(|()| 0).map_err(|error| {
                    let raced = matches!(error, LandError::Raced { .. });
                    let status = if raced { BUSY } else { FAILED };
                    Failure::new(status, format!("nothing landed: {error}"))
                })
            }
            Trial::Atomic => Ok(ended.status),
        }
    }

    /// Shows what the script would have done; the first status that is not 0.
    fn show(&self, prepared: &Prepared) -> u8 {
        let mut status = 0;
        self.fork.compare_with_beginning();
        for repo in self.fork.edited() {
            let text = format!("changes diff -r {repo}");
            let mut invocation =
                prepared.invocation(Source::Text(text.into()), &Options::default());
            invocation.fs = Arc::new(self.fork.files().clone()) as Arc<dyn FileSystem>;
            let shown = prepared.interpreter.run(invocation).status;
            status = if status == 0 { shown } else { status };
        }
        status
    }
}
