//! One process owns a store: the lock, and who holds it.
//!
//! `flock(2)` on a file that holds the owner's pid. It goes with the process, however that ends.
//! On network file systems it may mean nothing between machines: there no store is opened.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::error::StoreError;

/// How long to wait between two attempts.
const PAUSE: Duration = Duration::from_millis(10);

/// File systems that several machines may share, by their numbers in `statfs(2)`.
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0bd0_0bd0, "Lustre"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
];

/// The kind of file system that `dir` is on, if other machines may have it too.
fn network(dir: &Path) -> Result<Option<&'static str>, StoreError> {
    let stat = rustix::fs::statfs(dir).map_err(|error| StoreError::io(dir)(error.into()))?;
    // The kernel's numbers have 32 bits, whatever the field's type is.
    let low = u32::try_from(i128::from(stat.f_type) & i128::from(u32::MAX)).unwrap_or(0);
    Ok(NETWORK.iter().find(|(magic, _)| *magic == low).map(|(_, kind)| *kind))
}

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
        if let Some(kind) = network(dir)? {
            return Err(StoreError::Network { path: dir.to_owned(), kind });
        }
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
