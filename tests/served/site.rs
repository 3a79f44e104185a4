//! A store in a folder of its own, served by this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use mesa_remote::{Address, RemoteBackend};
use mesa_server::{Limits, Listen, Server, Service};
use mesa_store::{Author, Store, StoreOptions, Timer};
use mesafs::clock::{Clock, ManualClock};
use mesafs::op::{Batch, BatchId, Op};
use mesafs::token::{AccessToken, ApiKey, Jti, KeyRepos, Scope, mint};
use mesafs::{Access, Backend, Checkout, OrgName, Pin, RepoId, RepoPath};
use tempfile::TempDir;
use testkit::proxy::Place;

/// When it is.
const NOW_S: i64 = 1_700_000_000;
pub const REPOS: [&str; 3] = ["app", "lib", "docs"];

/// How mounts come to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Socket,
    Tcp,
}

pub struct Site {
    pub clock: Arc<ManualClock>,
    pub key: ApiKey,
    pub store: Store,
    folder: TempDir,
    by: By,
    served: Option<(Server, Place)>,
    starts: u32,
}

/// A folder in memory where that is possible, for the disk has other work to do.
pub fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

pub fn repo(name: &str) -> RepoId {
    RepoId::parse(name, &OrgName::new("acme").unwrap()).unwrap()
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

pub fn key() -> ApiKey {
    ApiKey::from_seed(OrgName::new("acme").unwrap(), [7; 32])
}

/// Makes what a store has in the beginning: a key, and the empty repositories [`REPOS`].
pub fn found(store: &Store) {
    let key = key();
    store.add_key(key.org(), key.public(), Scope::Admin, KeyRepos::All).unwrap();
    let author = Author { name: "test".into(), email: "test@example.org".into() };
    REPOS.iter().for_each(|name| store.create_repo(&repo(name), &author).unwrap());
}

/// A token of the key for these repositories.
pub fn token(names: &[&str], clock: &dyn Clock) -> AccessToken {
    let repos: Vec<RepoId> = names.iter().map(|name| repo(name)).collect();
    mint(&key(), &repos, Scope::Write, 3600, clock, Jti::random().unwrap()).unwrap().token
}

pub fn address(place: &Place) -> Address {
    match place {
        Place::Tcp(address) => format!("http://{address}").parse().unwrap(),
        Place::Unix(path) => Address::Unix(path.clone()),
    }
}

/// A mount of one repository over a link of its own.
pub fn open(place: &Place, name: &str, clock: Arc<dyn Clock>) -> Arc<dyn Checkout> {
    let token = token(&[name], &*clock);
    let remote = RemoteBackend::new(&address(place), clock).unwrap();
    remote.open(&token, &repo(name), &Pin::Default, Access::ReadWrite).unwrap()
}

/// Ops of a batch of its own.
pub fn batch(id: u128, ops: Vec<Op>) -> Batch {
    Batch { id: BatchId(id), now_ns: NOW_S * 1_000_000_000, ops }
}

pub fn write(name: &str, data: impl Into<Bytes>) -> Op {
    Op::Write { path: path(name), mode: 0o644, data: data.into() }
}

impl Site {
    pub fn new(by: By) -> Self {
        let (folder, clock) = (folder(), Arc::new(ManualClock::at_s(NOW_S)));
        let store = Store::open(&folder.path().join("store"), options(&clock)).unwrap();
        found(&store);
        let key = key();
        let mut site = Self { clock, key, store, folder, by, served: None, starts: 0 };
        site.start();
        site
    }

    /// Where the server listens.
    pub fn place(&self) -> &Place {
        &self.served.as_ref().unwrap().1
    }

    /// A path for a socket that is nobody's.
    pub fn socket(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as _
    }

    /// A mount of one repository over a link of its own.
    pub fn open(&self, name: &str) -> Arc<dyn Checkout> {
        open(self.place(), name, self.clock())
    }

    fn start(&mut self) {
        self.starts += 1;
        let path = self.socket(&format!("sock{}", self.starts));
        let listen = match self.by {
            By::Socket => Listen::Unix(path.clone()),
            By::Tcp => Listen::Tcp("127.0.0.1:0".parse().unwrap()),
        };
        let service = Service::new(self.store.backend(None), Limits::default()).unwrap();
        let server = Server::start(service, &[listen]).unwrap();
        let place = match server.addresses() {
            [address, ..] => Place::Tcp(*address),
            [] => Place::Unix(path),
        };
        self.served = Some((server, place));
    }

    /// Serves what the store has on disk, after it was closed or, if `killed`, as it is now.
    pub fn restart(&mut self, killed: bool) {
        let fresh = folder();
        let dir = if killed {
            let dir = fresh.path().join("store");
            copy(&self.folder.path().join("store"), &dir);
            dir
        } else {
            self.folder.path().join("store")
        };
        self.served = None;
        self.store.close().unwrap();
        self.store = Store::open(&dir, options(&self.clock)).unwrap();
        if killed {
            self.folder = fresh;
        }
        self.start();
    }
}

fn options(clock: &Arc<ManualClock>) -> StoreOptions {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let lock_wait = std::time::Duration::ZERO;
    StoreOptions { clock, timer: Timer::Manual, lock_wait, ..StoreOptions::default() }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}
