//! The public API: a client, its mounts, and Bash on them.
//!
//! [`Mesa`] knows an org, an API key and where the repositories live; `mesa.fs().mount(…)` signs a
//! token, opens each repository under it and joins them into a [`MesaFileSystem`], which holds the
//! async file, change and bookmark calls and runs scripts. Always true: a store that the client
//! opens is open while a mount of it needs it, and no longer. Not fork-safe: after a `fork`, calls
//! of the child fail with EIO.

mod error;
mod lease;
mod mount;
mod options;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mesa_store::{Store, StoreOptions};
use mesafs::clock::{Clock, SystemClock};
use mesafs::name::OrgName;
use mesafs::scratch::{Quota, Scratch};
use mesafs::token::ApiKey;
use mesafs::{Backend, Volume};

use crate::eval::Interpreter;
use lease::Home;

pub use error::{Missing, MountError};
pub use mesa_store::Author;
pub use mount::MesaFileSystem;
pub use options::{DiskCacheConfig, MountOptions, RepoConfig, TTL_S_DEFAULT};

/// A client of one org. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Mesa(Arc<Client>);

#[derive(Debug)]
struct Client {
    org: OrgName,
    key: ApiKey,
    home: Home,
    clock: Arc<dyn Clock>,
    interpreter: Interpreter,
}

impl Mesa {
    #[must_use]
    pub fn builder() -> MesaBuilder {
        MesaBuilder::default()
    }

    #[must_use]
    pub fn org(&self) -> &OrgName {
        &self.0.org
    }

    /// The file systems of this client.
    #[must_use]
    pub fn fs(&self) -> Fs<'_> {
        Fs(self)
    }
}

/// The scratch memory of a new mount.
pub(crate) fn scratch(clock: &Arc<dyn Clock>) -> Arc<dyn Volume> {
    Arc::new(Scratch::new(Quota::default(), &**clock))
}

/// Mounts repositories.
#[derive(Debug, Clone, Copy)]
pub struct Fs<'a>(&'a Mesa);

impl Fs<'_> {
    /// Mounts repositories of the client's org under one access token, which is signed here, without
    /// the network, and lives as long as `ttl` says.
    ///
    /// Depends on no runtime: the work is done on the library's own threads. Dropping the future
    /// before its answer mounts nothing.
    ///
    /// # Errors
    /// [`MountError`]: the option that is wrong, or what is missing.
    pub async fn mount(&self, options: MountOptions) -> Result<MesaFileSystem, MountError> {
        mount::mount(self.0, options).await
    }

    /// As [`Fs::mount`], on the calling thread.
    ///
    /// # Errors
    /// As [`Fs::mount`].
    pub fn mount_blocking(&self, options: &MountOptions) -> Result<MesaFileSystem, MountError> {
        mount::mount_now(self.0, options)
    }
}

/// Sets up a [`Mesa`].
#[derive(Debug, Default)]
pub struct MesaBuilder {
    org: Option<String>,
    api_key: Option<Key>,
    store: Option<Place>,
    lock_wait: Duration,
    clock: Option<Arc<dyn Clock>>,
    interpreter: Option<Interpreter>,
}

#[derive(Debug)]
enum Key {
    Text(zeroize::Zeroizing<String>),
    Read(ApiKey),
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Open(Store),
    Backend(Arc<dyn Backend>),
}

impl MesaBuilder {
    /// The org whose repositories are mounted; the API key's own if this is not called.
    #[must_use]
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// The API key, `mesa_ORG_` and 43 characters. It is read by [`MesaBuilder::build`].
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(Key::Text(zeroize::Zeroizing::new(key.into())));
        self
    }

    /// An API key that has been read.
    #[must_use]
    pub fn key(mut self, key: ApiKey) -> Self {
        self.api_key = Some(Key::Read(key));
        self
    }

    /// The folder of an embedded store. Mounts open it and share it; the last one closes it.
    #[must_use]
    pub fn store(mut self, folder: impl Into<PathBuf>) -> Self {
        self.store = Some(Place::Folder(folder.into()));
        self
    }

    /// An embedded store that the caller has opened, and closes after the last mount.
    #[must_use]
    pub fn opened_store(mut self, store: Store) -> Self {
        self.store = Some(Place::Open(store));
        self
    }

    /// Another backend. It names the authors of changes itself.
    #[must_use]
    pub fn backend(mut self, backend: Arc<dyn Backend>) -> Self {
        self.store = Some(Place::Backend(backend));
        self
    }

    /// How long to wait for a store that another process has open. Not at all by default.
    #[must_use]
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }

    /// Another clock than the host's, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// An interpreter to share: its threads and commands. Each client has its own otherwise.
    #[must_use]
    pub fn interpreter(mut self, interpreter: Interpreter) -> Self {
        self.interpreter = Some(interpreter);
        self
    }

    /// Reads what was given. Touches no store.
    ///
    /// # Errors
    /// [`MountError::InvalidOptions`].
    pub fn build(self) -> Result<Mesa, MountError> {
        let key = match self.api_key {
            Some(Key::Read(key)) => key,
            Some(Key::Text(text)) => {
                ApiKey::parse(&text).map_err(|error| MountError::invalid("api_key", error))?
            }
            None => return Err(MountError::invalid("api_key", "an API key is needed")),
        };
        let org = match &self.org {
            None => key.org().clone(),
            Some(org) => OrgName::new(org).map_err(|error| MountError::invalid("org", error))?,
        };
        if org != *key.org() {
            let reason = format!("the API key is of org '{}', not '{org}'", key.org());
            return Err(MountError::invalid("org", reason));
        }
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let home = match self.store {
            None => return Err(MountError::invalid("store", "a store is needed")),
            Some(Place::Folder(folder)) => {
                let options = StoreOptions {
                    clock: Arc::clone(&clock),
                    lock_wait: self.lock_wait,
                    ..StoreOptions::default()
                };
                Home::folder(folder, options)
            }
            Some(Place::Open(store)) => Home::Open(store),
            Some(Place::Backend(backend)) => Home::Backend(backend),
        };
        let interpreter = self.interpreter.unwrap_or_default();
        Ok(Mesa(Arc::new(Client { org, key, home, clock, interpreter })))
    }
}
