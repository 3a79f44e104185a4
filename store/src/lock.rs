//! One process owns a store: the lock, and who holds it.
//!
//! `flock(2)` on a file that holds the owner's pid. It goes with the process, however that ends.
//! On network file systems it may mean nothing between machines.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::StoreError;

/// How long to wait between two attempts.
const PAUSE: Duration = Duration::from_millis(10);

/// Held while a store is open.
#[derive(Debug)]
pub(crate) struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Takes the lock of the store in `dir`, waiting at most `wait` for another process.
    ///
    /// # Errors
    /// [`StoreError::Busy`].
    pub fn take(dir: &Path, wait: Duration) -> Result<Self, StoreError> {
        let path = dir.join("lock");
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(StoreError::io(&path))?;
        let until = Instant::now() + wait;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < until => {
                    std::thread::sleep(PAUSE);
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    let mut pid = String::new();
                    file.read_to_string(&mut pid).map_err(StoreError::io(&path))?;
                    let pid = pid.trim().parse().unwrap_or(0);
                    return Err(StoreError::Busy { path: dir.to_owned(), pid });
                }
                Err(error) => return Err(StoreError::io(path)(error.into())),
            }
        }
        // Only told to others: a file system without room does not keep the store from opening.
        let told = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()));
        if let Err(error) = told {
            tracing::warn!(%error, path = %path.display(), "the owner's pid is not noted");
        }
        Ok(Self { _file: file })
    }
}
