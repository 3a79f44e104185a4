//! Locks on a destination's references that a killed export left behind.
//!
//! The git repository is somebody else's too, so a lock there may be live, and is broken only where it is
//! known to be ours: the names of the references that are about to move stand in a file beside them,
//! under `flock(2)`, while they do. Who gets that lock and finds names there knows that their writer is
//! gone, and when it wrote.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};

use crate::engine::error::{EngineError, EngineResult};

const FILE: &str = "mesash-moving";
/// What a lock of ours may be older and younger than the names: clocks of file systems are coarse, and
/// moving many references takes a while.
const BEFORE: Duration = Duration::from_secs(1);
const AFTER: Duration = Duration::from_secs(60);

/// Held while references move.
#[derive(Debug)]
pub(super) struct Claim {
    file: File,
}

impl Claim {
    /// Says which references are about to move, once what a killed process left is out of the way.
    /// Waits while another process moves some.
    pub fn take<'a>(git_dir: &Path, names: impl Iterator<Item = &'a str>) -> EngineResult<Self> {
        let path = git_dir.join(FILE);
        let claim = || -> io::Result<Self> {
            let mut options = OpenOptions::new();
            let mut file =
                options.read(true).write(true).create(true).truncate(false).open(&path)?;
            while let Err(error) = flock(&file, FlockOperation::LockExclusive) {
                if error != rustix::io::Errno::INTR {
                    return Err(error.into());
                }
            }
            let (mut left, when) = (String::new(), file.metadata()?.modified()?);
            file.read_to_string(&mut left)?;
            let common = ["HEAD", "packed-refs"].into_iter().filter(|_| !left.is_empty());
            for name in left.lines().chain(common) {
                break_lock(git_dir.join(format!("{name}.lock")), when)?;
            }
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(names.map(|name| format!("{name}\n")).collect::<String>().as_bytes())?;
            Ok(Self { file })
        };
        claim().map_err(EngineError::io(&path))
    }
}

impl Drop for Claim {
    /// Names that cannot be removed would only be looked at in vain.
    fn drop(&mut self) {
        if let Err(error) = self.file.set_len(0) {
            tracing::warn!(%error, "cannot note that references have moved");
        }
    }
}

/// Removes a lock that was made when the names were `written`, or soon after.
fn break_lock(lock: PathBuf, written: SystemTime) -> io::Result<()> {
    let made = match fs::symlink_metadata(&lock) {
        Ok(metadata) => metadata.modified()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if made + BEFORE < written || made > written + AFTER {
        return Ok(());
    }
    tracing::warn!(lock = %lock.display(), "removed a stale lock");
    match fs::remove_file(&lock) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_locks_of_who_died_are_broken() {
        let dir = tempfile::tempdir().unwrap();
        let lock = |name: &str| dir.path().join(format!("{name}.lock"));
        let take = |names: &[&'static str]| Claim::take(dir.path(), names.iter().copied()).unwrap();
        fs::create_dir_all(dir.path().join("refs/heads")).unwrap();
        drop(take(&["refs/heads/a"]));
        for name in ["refs/heads/a", "refs/heads/b", "HEAD"] {
            fs::write(lock(name), "").unwrap();
        }
        // Whoever claimed before came to an end.
        let claim = take(&["refs/heads/a"]);
        assert!(lock("refs/heads/a").exists() && lock("HEAD").exists());
        // Now it dies.
        let names = fs::read(dir.path().join(FILE)).unwrap();
        drop(claim);
        fs::write(dir.path().join(FILE), names).unwrap();
        drop(take(&["refs/heads/c"]));
        assert!(!lock("refs/heads/a").exists() && !lock("HEAD").exists());
        assert!(lock("refs/heads/b").exists());
        assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), b"");
    }
}
