//! An embedded store in a folder of its own, for tests that go the whole way down to it.

use std::path::Path;

use mesa_store::{Author, Store, StoreOptions};
use mesafs::name::{OrgName, RepoId};
use mesafs::token::{ApiKey, KeyRepos, Scope};
use mesash::mesa::{Mesa, MesaFileSystem, MountOptions};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// A store with the org `acme`, whose only repository is `app`.
pub struct Embedded {
    store: Store,
    mesa: Mesa,
    app: RepoId,
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
        let mesa = Mesa::builder().key(key).opened_store(store.clone()).build()?;
        let app = RepoId::parse("app", &org)?;
        Ok(Self { store, mesa, app, _folder: folder })
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
