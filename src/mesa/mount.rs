//! Opening what was asked for, and the file system that it becomes.

use std::ops::Deref;
use std::sync::Arc;
use std::thread;

use mesafs::backend::Volume;
use mesafs::mount::{Mount, MountParts, Versions};
use mesafs::token::{Jti, Scope, mint};
use mesafs::{Access, Checkout, Errno, FileSystem, FsError, Operation, Pin};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Mesa;
use super::error::MountError;
use super::lease::Lease;
use super::options::{MountOptions, RepoConfig};
use crate::bash::{Bash, BashOptions};
use crate::eval::Interpreter;

/// Mounted repositories: the async file, change and bookmark calls of [`Mount`], and Bash.
///
/// Dropping the last clone flushes as well as it can; [`MesaFileSystem::close`] tells how it went.
#[derive(Debug, Clone)]
pub struct MesaFileSystem {
    mount: Mount,
    interpreter: Interpreter,
    // Dropped last: the store closes after its checkouts.
    lease: Arc<Mutex<Lease>>,
}

impl Deref for MesaFileSystem {
    type Target = Mount;

    fn deref(&self) -> &Mount {
        &self.mount
    }
}

impl MesaFileSystem {
    /// Bash on this file system. No host shell is started, and the host's environment is not seen.
    #[must_use]
    pub fn bash(&self, options: BashOptions) -> Bash {
        Bash::new(self.file_system(), self.interpreter.clone(), options)
    }

    /// The same mount as the shell's commands see it.
    #[must_use]
    pub fn file_system(&self) -> Arc<dyn FileSystem> {
        Arc::new(self.mount.files().clone())
    }

    /// Flushes what is pending and lets the repositories go, and the store if no other mount needs
    /// it. Calls fail with EIO afterwards.
    ///
    /// # Errors
    /// EIO, ENOSPC: the first one, after everything was tried.
    pub async fn close(&self) -> Result<(), FsError> {
        let closed = self.mount.close().await;
        let lease = Arc::clone(&self.lease);
        let released = on_own_thread(move || lease.lock().release()).await;
        closed?;
        released?.map_err(failed)
    }

    /// As [`MesaFileSystem::close`], on the calling thread.
    ///
    /// # Errors
    /// As [`MesaFileSystem::close`].
    pub fn close_blocking(&self) -> Result<(), FsError> {
        let checkouts = self.mount.files().checkouts();
        // Every one is tried; the first failure is told.
        let mut closed = Ok(());
        for checkout in checkouts {
            closed = closed.and(checkout.close());
        }
        let released = self.lease.lock().release();
        closed?;
        released.map_err(failed)
    }

    /// The same repositories under a new token, each at the change that it is on, with the same
    /// scratch memory. This mount stays as it is.
    pub(crate) fn again(&self, mesa: &Mesa, options: &MountOptions) -> Result<Self, MountError> {
        let files = self.mount.files();
        let pinned = |checkout: &Arc<dyn Checkout>| {
            let repo = RepoConfig::from(checkout.repo());
            let repo = match checkout.pin() {
                Pin::Default => repo,
                Pin::Bookmark(name) => repo.bookmark(name.as_str()),
                Pin::Change(id) => repo.change_id(id),
            };
            repo.read_only(checkout.access() == Access::ReadOnly)
        };
        let mut options = options.clone();
        options.repos = files.checkouts().iter().map(pinned).collect();
        mount_with(mesa, &options, files.scratch())
    }
}

fn failed(error: mesa_store::StoreError) -> FsError {
    FsError::new(Errno::Io, Operation::Mount, "").with_detail(error.to_string())
}

pub(super) async fn mount(
    mesa: &Mesa,
    options: MountOptions,
) -> Result<MesaFileSystem, MountError> {
    let mesa = mesa.clone();
    on_own_thread(move || mount_now(&mesa, &options)).await?
}

/// Runs what may wait for the disk or a lock, so that no runtime of the caller is blocked.
async fn on_own_thread<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FsError> {
    let (answer, answered) = oneshot::channel();
    let failed =
        |reason: String| FsError::new(Errno::Again, Operation::Mount, "").with_detail(reason);
    thread::Builder::new()
        .name("mesa-mount".into())
        .spawn(move || drop(answer.send(call())))
        .map_err(|error| failed(error.to_string()))?;
    answered.await.map_err(|_| failed("the call was lost".into()))
}

pub(super) fn mount_now(mesa: &Mesa, options: &MountOptions) -> Result<MesaFileSystem, MountError> {
    mount_with(mesa, options, super::scratch(&mesa.0.clock))
}

fn mount_with(
    mesa: &Mesa,
    options: &MountOptions,
    scratch: Arc<dyn Volume>,
) -> Result<MesaFileSystem, MountError> {
    let client = &mesa.0;
    let repos = options.checked(&client.org)?;
    let ids: Vec<_> = repos.iter().map(|(id, ..)| id.clone()).collect();
    let writes = repos.iter().any(|(.., access)| *access == Access::ReadWrite);
    let scope = if writes { Scope::Write } else { Scope::Read };
    let jti = Jti::random().map_err(|error| MountError::invalid("api_key", error))?;
    let minted = mint(&client.key, &ids, scope, options.ttl_s, &*client.clock, jti)?;
    let (backend, lease) = client.home.backend(options.author.clone())?;
    let mut checkouts = Vec::with_capacity(repos.len());
    for (id, pin, access) in &repos {
        checkouts.push(backend.open(&minted.token, id, pin, *access)?);
    }
    let mount = Mount::new(MountParts {
        org: client.org.clone(),
        checkouts,
        scratch,
        commands: client.interpreter.command_names(),
        clock: Arc::clone(&client.clock),
    })?;
    let interpreter = client.interpreter.clone();
    Ok(MesaFileSystem { mount, interpreter, lease: Arc::new(Mutex::new(lease)) })
}
