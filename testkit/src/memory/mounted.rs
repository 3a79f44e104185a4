//! A file system over memory, ready to use.

use std::sync::Arc;

use bytes::Bytes;
use mesafs::clock::{Clock, ManualClock};
use mesafs::mount::{Files, MountParts};
use mesafs::scratch::{Quota, Scratch};
use mesafs::{
    Access, Backend, Checkout, FileSystem, OrgName, Pin, RepoId, RepoName, VPath, Volume,
};

use super::backend::MemoryBackend;

/// When the clock of a mount in memory stands: 2026-01-02 03:04:05 UTC.
const NOW_S: i64 = 1_767_323_045;

/// A mount in memory with everything that a test may want to reach behind it.
///
/// Org `acme` has `/acme/app` and `/acme/lib`, empty and writable, and `/acme/docs`, which is
/// read-only and holds `guide.md` ("# Guide\n").
#[derive(Debug)]
pub struct MemoryMount {
    pub backend: MemoryBackend,
    pub files: Files,
    /// Stands until the test moves it.
    pub clock: Arc<ManualClock>,
}

impl MemoryMount {
    /// `commands` are the names that `/bin` shows.
    ///
    /// # Panics
    /// If the fixed names or the fresh tree are refused, which is a fault of this crate.
    #[must_use]
    pub fn new(commands: &[&str]) -> Self {
        let made = || -> Result<Self, Box<dyn std::error::Error>> {
            let clock = Arc::new(ManualClock::at_s(NOW_S));
            let org = OrgName::new("acme")?;
            let backend = MemoryBackend::new(&org, Arc::clone(&clock) as Arc<dyn Clock>);
            let repo = |name| {
                Ok::<_, mesafs::name::NameError>(RepoId::new(org.clone(), RepoName::new(name)?))
            };
            let (app, lib, docs) = (repo("app")?, repo("lib")?, repo("docs")?);
            let repos = [app, lib, docs];
            repos.iter().for_each(|repo| backend.create_repo(repo));
            let mount = Self::over(
                backend,
                clock,
                &repos.each_ref().map(|repo| (repo, Access::ReadWrite)),
                commands,
            )?;
            let guide = VPath::new("/acme/docs/guide.md")?;
            mount.files.write(&guide, Bytes::from_static(b"# Guide\n"), 0o644)?;
            let [app, lib, docs] = &repos;
            let accesses =
                [(app, Access::ReadWrite), (lib, Access::ReadWrite), (docs, Access::ReadOnly)];
            Self::over(mount.backend, mount.clock, &accesses, commands)
        };
        made().unwrap_or_else(|error| panic!("no mount for a test: {error}"))
    }

    /// Another mount of the same backend, with checkouts and scratch memory of its own.
    ///
    /// # Errors
    /// Those of opening the repositories and of mounting.
    pub fn again(&self, repos: &[(&RepoId, Access)]) -> Result<Self, Box<dyn std::error::Error>> {
        Self::over(self.backend.clone(), Arc::clone(&self.clock), repos, &[])
    }

    fn over(
        backend: MemoryBackend,
        clock: Arc<ManualClock>,
        repos: &[(&RepoId, Access)],
        commands: &[&str],
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let names: Vec<RepoId> = repos.iter().map(|(repo, _)| (*repo).clone()).collect();
        let token = backend.token(&names);
        let mut checkouts: Vec<Arc<dyn Checkout>> = Vec::new();
        for (repo, access) in repos {
            checkouts.push(backend.open(&token, repo, &Pin::Default, *access)?);
        }
        let files = Files::new(MountParts {
            org: OrgName::new("acme")?,
            checkouts,
            scratch: Arc::new(Scratch::new(Quota::default(), &*clock)) as Arc<dyn Volume>,
            commands: commands.iter().map(|&name| name.to_owned()).collect(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        })?;
        Ok(Self { backend, files, clock })
    }
}

/// A mounted file system in memory: [`MemoryMount`] without anything behind it.
#[must_use]
pub fn memory_fs() -> Arc<dyn FileSystem> {
    memory_fs_with(&[])
}

/// As [`memory_fs`], with names for `/bin` to show.
#[must_use]
pub fn memory_fs_with(commands: &[&str]) -> Arc<dyn FileSystem> {
    Arc::new(MemoryMount::new(commands).files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesafs::{Errno, FsResult, OpenOptions};

    #[test]
    fn a_mount_in_memory_works_like_any_other() -> FsResult<()> {
        let mount = MemoryMount::new(&["cat"]);
        let (fs, at) = (&mount.files, |path: &str| VPath::new(path));
        assert_eq!(&fs.read(&at("/acme/docs/guide.md")?)?[..], b"# Guide\n");
        let refused = fs.write(&at("/acme/docs/x")?, Bytes::new(), 0o644);
        assert_eq!(refused.map_err(|error| error.errno()), Err(Errno::RoFs));
        let handle = fs.open(&at("/acme/app/a")?, &OpenOptions::writing(0o644))?;
        fs.rename(&at("/acme/app/a")?, &at("/acme/app/b")?)?;
        handle.write(Bytes::from_static(b"x"))?;
        fs.rename(&at("/acme/app/b")?, &at("/tmp/b")?)?;
        assert_eq!(&fs.read(&at("/tmp/b")?)?[..], b"x");
        assert_eq!(fs.read_dir(&at("/bin")?)?.len(), 1);
        Ok(())
    }

    #[test]
    fn the_call_that_is_to_fail_fails_and_leaves_nothing() -> FsResult<()> {
        let mount = MemoryMount::new(&[]);
        let path = VPath::new("/acme/app/a")?;
        let before = mount.backend.calls();
        mount.backend.fail_call(2);
        mount.files.create_dir(&path, 0o755, false)?;
        let failed = mount.files.remove(&path, false);
        assert_eq!(failed.map_err(|error| error.errno()), Err(Errno::Io));
        mount.files.remove(&path, false)?;
        assert_eq!(mount.backend.calls() - before, 3);
        Ok(())
    }
}
