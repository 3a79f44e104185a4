//! Where a client's repositories live, and the store that its mounts share.

use std::path::PathBuf;
use std::sync::Arc;

use mesa_store::{Author, Store, StoreError, StoreOptions};
use mesafs::Backend;
use parking_lot::Mutex;

/// Where repositories live.
#[derive(Debug)]
pub(super) enum Home {
    Folder(Arc<Folder>),
    /// The caller's, who closes it.
    Open(Store),
    Backend(Arc<dyn Backend>),
}

/// A store's folder, and the store while mounts have it open.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    options: StoreOptions,
    /// With the number of leases. Opening and closing are done under the lock, so that a mount that
    /// comes while the last one goes waits for it.
    open: Mutex<Option<(Store, usize)>>,
}

/// A mount's hold on its store: the last one that is released closes it.
#[derive(Debug)]
pub(super) struct Lease(Option<Arc<Folder>>);

impl Home {
    pub fn folder(path: PathBuf, options: StoreOptions) -> Self {
        Self::Folder(Arc::new(Folder { path, options, open: Mutex::new(None) }))
    }

    /// What a mount talks to, and its hold on it. Changes are `author`'s.
    pub fn backend(&self, author: Option<Author>) -> Result<(Arc<dyn Backend>, Lease), StoreError> {
        match self {
            Self::Backend(backend) => Ok((Arc::clone(backend), Lease(None))),
            Self::Open(store) => Ok((store.backend(author), Lease(None))),
            Self::Folder(folder) => {
                let mut open = folder.open.lock();
                let (store, leases) = match open.take() {
                    Some((store, leases)) => (store, leases),
                    None => (Store::open(&folder.path, folder.options.clone())?, 0),
                };
                let backend = store.backend(author);
                *open = Some((store, leases + 1));
                Ok((backend, Lease(Some(Arc::clone(folder)))))
            }
        }
    }
}

impl Lease {
    /// Lets the store go, once.
    ///
    /// # Errors
    /// What the store's close fails with.
    pub fn release(&mut self) -> Result<(), StoreError> {
        let Some(folder) = self.0.take() else { return Ok(()) };
        let mut open = folder.open.lock();
        match open.take() {
            Some((store, leases)) if leases > 1 => *open = Some((store, leases - 1)),
            Some((store, _)) => store.close()?,
            None => {}
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Nobody is left who could be told; `close` tells.
        drop(self.release());
    }
}
