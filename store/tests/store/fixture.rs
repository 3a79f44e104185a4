//! A store in a temporary folder, and mounts of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use mesa_store::{Author, Store, StoreOptions, Timer};
use mesafs::backend::{Access, Checkout, OpenError, Pin};
use mesafs::clock::{Clock, ManualClock};
use mesafs::mount::{Files, MountParts};
use mesafs::name::{OrgName, RepoId};
use mesafs::path::VPath;
use mesafs::scratch::{Quota, Scratch};
use mesafs::token::{ApiKey, Jti, KeyRepos, Minted, Scope, mint};
use mesafs::{FileSystem, FsResult, Volume};
use tempfile::TempDir;

pub const NOW_S: i64 = 1_700_000_000;

pub struct Fixture {
    /// Removed at the end, unless the folder is somebody else's.
    _held: Option<TempDir>,
    pub dir: PathBuf,
    pub clock: Arc<ManualClock>,
    pub key: ApiKey,
    pub options: StoreOptions,
}

pub fn author() -> Author {
    Author { name: "test".into(), email: "test@example.org".into() }
}

pub fn repo(name: &str) -> RepoId {
    RepoId::parse(name, &OrgName::new("acme").unwrap()).unwrap()
}

pub fn path(text: &str) -> VPath {
    VPath::new(text).unwrap()
}

impl Fixture {
    /// A store with the empty repository `acme/app`.
    pub fn new() -> (Self, Store) {
        let held = folder();
        let mut fixture = Self::at(held.path());
        fixture._held = Some(held);
        let store = fixture.open();
        store.create_repo(&repo("app"), &author()).unwrap();
        let key = fixture.key.public();
        store.add_key(fixture.key.org(), key, Scope::Admin, KeyRepos::All).unwrap();
        (fixture, store)
    }

    pub fn at(dir: &Path) -> Self {
        let clock = Arc::new(ManualClock::at_s(NOW_S));
        let options = StoreOptions {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            timer: Timer::Manual,
            lock_wait: std::time::Duration::ZERO,
            ..StoreOptions::default()
        };
        let key = ApiKey::from_seed(OrgName::new("acme").unwrap(), [7; 32]);
        Self { _held: None, dir: dir.to_owned(), clock, key, options }
    }

    /// A copy of the store as it is now on disk: what a process that is killed leaves.
    pub fn copied(&self) -> Self {
        let held = folder();
        copy_dir(&self.dir, held.path());
        let clock = Arc::clone(&self.clock);
        let options = self.options.clone();
        let (dir, key) = (held.path().to_owned(), self.key.clone());
        Self { _held: Some(held), dir, clock, key, options }
    }

    pub fn open(&self) -> Store {
        Store::open(&self.dir, self.options.clone()).unwrap()
    }

    pub fn token(&self, repos: &[&str], scope: Scope) -> Minted {
        let repos: Vec<RepoId> = repos.iter().map(|name| repo(name)).collect();
        mint(&self.key, &repos, scope, 3600, &*self.clock, Jti::random().unwrap()).unwrap()
    }

    pub fn checkout(
        &self,
        store: &Store,
        name: &str,
        pin: &Pin,
        access: Access,
    ) -> Result<Arc<dyn Checkout>, OpenError> {
        let token = self.token(&[name], Scope::Write).token;
        store.backend(Some(author())).open(&token, &repo(name), pin, access)
    }

    /// A writable mount of these repositories at their default bookmarks.
    pub fn mount(&self, store: &Store, names: &[&str]) -> Mounted {
        let open =
            |name: &&str| self.checkout(store, name, &Pin::Default, Access::ReadWrite).unwrap();
        self.mounted(names.iter().map(open).collect())
    }

    pub fn mounted(&self, checkouts: Vec<Arc<dyn Checkout>>) -> Mounted {
        let scratch = Scratch::new(Quota::default(), &*self.clock);
        let files = Files::new(MountParts {
            org: OrgName::new("acme").unwrap(),
            checkouts: checkouts.clone(),
            scratch: Arc::new(scratch) as Arc<dyn Volume>,
            commands: Vec::new(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        });
        Mounted { files: files.unwrap(), checkouts }
    }
}

pub struct Mounted {
    pub files: Files,
    pub checkouts: Vec<Arc<dyn Checkout>>,
}

impl Mounted {
    pub fn checkout(&self) -> &dyn Checkout {
        &*self.checkouts[0]
    }

    pub fn write(&self, at: &str, text: impl Into<Bytes>) -> FsResult<()> {
        self.files.write(&path(at), text.into(), 0o644)
    }

    pub fn read(&self, at: &str) -> FsResult<String> {
        Ok(String::from_utf8_lossy(&self.files.read(&path(at))?).into_owned())
    }

    pub fn names(&self, at: &str) -> Vec<String> {
        let listed = self.files.read_dir(&path(at)).unwrap().into_iter();
        listed.map(|entry| entry.name.to_string()).collect()
    }

    pub fn close(&self) {
        self.checkouts.iter().for_each(|checkout| checkout.close().unwrap());
    }
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy_dir(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// A folder for a store: in memory where that is possible, for the disk has other work to do.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}
