//! An embedded store in a folder of its own, for tests that go the whole way down to it.
//!
//! With `MESASH_SERVED=1` the store is served on a socket, and mounted from there.

use std::path::Path;
use std::sync::Arc;

use mesa_remote::{Address, RemoteBackend};
use mesa_server::{Limits, Listen, Server, Service};

use mesa_store::{Author, Store, StoreOptions};
use mesafs::clock::SystemClock;
use mesafs::name::{OrgName, RepoId};
use mesafs::token::{ApiKey, KeyRepos, Scope};
use mesash::mesa::{Mesa, MesaFileSystem, MountOptions};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// A store with the org `acme`, whose only repository is `app`.
pub struct Embedded {
    store: Store,
    mesa: Mesa,
    app: RepoId,
    _server: Option<Server>,
    _folder: tempfile::TempDir,
}

impl Embedded {
    pub fn new() -> Fallible<Self> {
        // In memory where there is such a folder: hundreds of repositories are made and synced here.
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        let store = Store::open(&folder.path().join("store"), StoreOptions::default())?;
        let org = OrgName::new("acme")?;
        let key = ApiKey::generate(org.clone())?;
        store.add_key(&org, key.public(), Scope::Admin, KeyRepos::All)?;
        let mut server = None;
        let mesa = if std::env::var_os("MESASH_SERVED").is_some() {
            let socket = folder.path().join("sock");
            server = Some(serve(&store, &socket)?);
            let remote = RemoteBackend::new(&Address::Unix(socket), Arc::new(SystemClock))?;
            Mesa::builder().key(key).backend(Arc::new(remote)).build()?
        } else {
            Mesa::builder().key(key).opened_store(store.clone()).build()?
        };
        let app = RepoId::parse("app", &org)?;
        Ok(Self { store, mesa, app, _server: server, _folder: folder })
    }

    /// Mounts `/acme/app`, empty; whatever an earlier one held is gone.
    pub fn mount(&self) -> Fallible<MesaFileSystem> {
        if self.store.repos(None)?.iter().any(|repo| repo.id == self.app) {
            self.store.delete_repo(&self.app)?;
        }
        let author = Author { name: "A".into(), email: "a@example.com".into() };
        self.store.create_repo(&self.app, &author)?;
        Ok(self.mesa.fs().mount_blocking(&MountOptions::new(["app"]))?)
    }
}

fn serve(store: &Store, socket: &Path) -> Fallible<Server> {
    let service = Service::new(store.backend(None), Limits::default());
    let service = service.map_err(|error| error.message.to_string())?;
    Ok(Server::start(service, &[Listen::Unix(socket.to_owned())])?)
}
