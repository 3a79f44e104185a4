//! The async calls of the public API: files, changes and bookmarks of one mount.
//!
//! Each call runs on the mount's own threads; no future depends on the caller's runtime. Dropping a
//! future before its answer leaves the op applied whole or not at all. Not fork-safe: after a
//! `fork` calls fail with EIO.

mod changes;
mod history;

use std::sync::Arc;

use bstr::BString;
use bytes::Bytes;

use super::files::Files;
use super::pool::Pool;
use super::subscribe::{Subscribers, Subscription};
use super::{MountParts, Shared};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::event::Invalidation;
use crate::filesystem::{FileSystem, Follow};
use crate::path::{VPath, resolve_path};
use crate::stat::FsStat;

pub use changes::{Bookmarks, Changes};

/// Permission bits of what the API creates.
const FILE_MODE: u32 = 0o644;
const DIR_MODE: u32 = 0o755;

/// A live view of some repositories at some changes. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Mount {
    files: Files,
    pool: Arc<Pool>,
    subscribers: Arc<Subscribers>,
}

impl Mount {
    /// Joins what was opened into one namespace.
    ///
    /// # Errors
    /// EIO if the host has no randomness.
    pub fn new(parts: MountParts) -> FsResult<Self> {
        Ok(Self::over(Files::new(parts)?))
    }

    /// The async calls over a file system that is mounted already.
    #[must_use]
    pub fn over(files: Files) -> Self {
        Self { files, pool: Arc::new(Pool::new()), subscribers: Arc::default() }
    }

    /// The same mount as a synchronous file system.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.files.0
    }

    async fn call<T: Send + 'static>(
        &self,
        operation: Operation,
        call: impl FnOnce(&Files) -> T + Send + 'static,
    ) -> FsResult<T> {
        self.shared().check_process(operation)?;
        let files = self.files.clone();
        self.pool.run(operation, move || call(&files)).await
    }

    async fn at<T: Send + 'static>(
        &self,
        path: impl AsRef<[u8]>,
        operation: Operation,
        call: impl FnOnce(&dyn FileSystem, &VPath) -> FsResult<T> + Send + 'static,
    ) -> FsResult<T> {
        let path = VPath::new(path.as_ref())?;
        self.call(operation, move |files| call(files, &path)).await?
    }

    /// The whole file.
    ///
    /// # Errors
    /// ENOENT, EISDIR.
    pub async fn read(&self, path: impl AsRef<[u8]>) -> FsResult<Bytes> {
        self.at(path, Operation::Read, |fs, path| fs.read(path)).await
    }

    /// Replaces the content, creating the file; the parent must exist. When it returns the content
    /// is journaled: it survives `kill -9` at once and power loss after 100 ms or a `sync`.
    ///
    /// # Errors
    /// ENOENT (the parent), EISDIR, ENOTDIR, EROFS.
    pub async fn write(&self, path: impl AsRef<[u8]>, data: impl Into<Bytes>) -> FsResult<()> {
        let data = data.into();
        self.at(path, Operation::Write, move |fs, path| fs.write(path, data, FILE_MODE)).await
    }

    /// Appends, creating the file if it is missing.
    ///
    /// # Errors
    /// As [`Mount::write`].
    pub async fn append(&self, path: impl AsRef<[u8]>, data: impl Into<Bytes>) -> FsResult<()> {
        let data = data.into();
        self.at(path, Operation::Append, move |fs, path| fs.append(path, data, FILE_MODE)).await
    }

    /// Whether the path leads somewhere. Follows symbolic links: a dangling one does not exist.
    ///
    /// # Errors
    /// Those that say nothing of existence: EACCES after the token's end, EIO.
    pub async fn exists(&self, path: impl AsRef<[u8]>) -> FsResult<bool> {
        match self.stat(path).await {
            Ok(_) => Ok(true),
            Err(error) => match error.errno() {
                Errno::NoEnt | Errno::NotDir | Errno::Loop | Errno::NameTooLong | Errno::Inval => {
                    Ok(false)
                }
                _ => Err(error),
            },
        }
    }

    /// Metadata, following symbolic links.
    ///
    /// # Errors
    /// ENOENT, ELOOP.
    pub async fn stat(&self, path: impl AsRef<[u8]>) -> FsResult<FsStat> {
        self.at(path, Operation::Lookup, |fs, path| fs.metadata(path)).await
    }

    /// Metadata of the entry itself.
    ///
    /// # Errors
    /// ENOENT.
    pub async fn lstat(&self, path: impl AsRef<[u8]>) -> FsResult<FsStat> {
        self.at(path, Operation::Lookup, |fs, path| fs.symlink_metadata(path)).await
    }

    /// The names in a directory, sorted by their bytes.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR.
    pub async fn readdir(&self, path: impl AsRef<[u8]>) -> FsResult<Vec<BString>> {
        self.at(path, Operation::List, |fs, path| {
            Ok(fs.read_dir(path)?.into_iter().map(|entry| entry.name).collect())
        })
        .await
    }

    /// The canonical path: no symbolic links, `.` or `..`.
    ///
    /// # Errors
    /// ENOENT, ELOOP.
    pub async fn realpath(&self, path: impl AsRef<[u8]>) -> FsResult<BString> {
        self.at(path, Operation::Lookup, |fs, path| Ok(fs.canonicalize(path)?.into())).await
    }

    /// The target of a symbolic link, as stored.
    ///
    /// # Errors
    /// ENOENT, EINVAL if it is none.
    pub async fn readlink(&self, path: impl AsRef<[u8]>) -> FsResult<BString> {
        self.at(path, Operation::ReadLink, |fs, path| fs.read_link(path)).await
    }

    /// Joins and normalises the text; touches no file system. `..` stops at `/`.
    ///
    /// # Errors
    /// EINVAL if `base` is relative or there is a NUL, ENAMETOOLONG.
    pub fn resolve_path(
        &self,
        base: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> FsResult<BString> {
        Ok(resolve_path(base, path)?.into())
    }

    /// Creates a directory. `recursive`: missing parents too, and nothing if it is one already.
    ///
    /// # Errors
    /// EEXIST, ENOENT.
    pub async fn mkdir(&self, path: impl AsRef<[u8]>, recursive: bool) -> FsResult<()> {
        self.at(path, Operation::MakeDir, move |fs, path| fs.create_dir(path, DIR_MODE, recursive))
            .await
    }

    /// Removes. `recursive` for directories that are not empty; `force` ignores what is missing.
    ///
    /// # Errors
    /// ENOTEMPTY, ENOENT.
    pub async fn rm(&self, path: impl AsRef<[u8]>, recursive: bool, force: bool) -> FsResult<()> {
        self.at(path, Operation::Remove, move |fs, path| match fs.remove(path, recursive) {
            Err(error) if force && matches!(error.errno(), Errno::NoEnt | Errno::NotDir) => Ok(()),
            done => done,
        })
        .await
    }

    /// Copies a file, or with `recursive` a directory; across repositories too.
    ///
    /// # Errors
    /// EISDIR (a directory without `recursive`), EINVAL (into itself), ENOENT.
    pub async fn cp(
        &self,
        src: impl AsRef<[u8]>,
        dest: impl AsRef<[u8]>,
        recursive: bool,
    ) -> FsResult<()> {
        let dest = VPath::new(dest.as_ref())?;
        self.at(src, Operation::Copy, move |fs, src| fs.copy(src, &dest, recursive)).await
    }

    /// Moves or renames, across repositories too.
    ///
    /// # Errors
    /// ENOENT, EINVAL (into itself), ENOTEMPTY.
    pub async fn mv(&self, src: impl AsRef<[u8]>, dest: impl AsRef<[u8]>) -> FsResult<()> {
        let dest = VPath::new(dest.as_ref())?;
        self.at(src, Operation::Rename, move |fs, src| fs.rename(src, &dest)).await
    }

    /// Sets the permission bits, `0o7777` at most.
    ///
    /// # Errors
    /// EINVAL beyond `0o7777`, EROFS, ENOENT.
    pub async fn chmod(&self, path: impl AsRef<[u8]>, mode: u32) -> FsResult<()> {
        self.at(path, Operation::SetMode, move |fs, path| fs.set_mode(path, mode, Follow::Yes))
            .await
    }

    /// Makes a symbolic link; `target` is stored verbatim.
    ///
    /// # Errors
    /// EEXIST, EROFS.
    pub async fn symlink(&self, target: impl AsRef<[u8]>, link: impl AsRef<[u8]>) -> FsResult<()> {
        let target = BString::from(target.as_ref());
        self.at(link, Operation::Symlink, move |fs, link| fs.symlink(&target, link)).await
    }

    /// Sets the times, in milliseconds since the Unix epoch. Access times are not kept.
    ///
    /// # Errors
    /// ENOENT, EROFS, EINVAL if a time is too large to be kept in nanoseconds.
    pub async fn utimes(
        &self,
        path: impl AsRef<[u8]>,
        atime_ms: i64,
        mtime_ms: i64,
    ) -> FsResult<()> {
        let nanos = |ms: i64| ms.checked_mul(1_000_000);
        let (Some(atime_ns), Some(mtime_ns)) = (nanos(atime_ms), nanos(mtime_ms)) else {
            return Err(FsError::new(Errno::Inval, Operation::SetTimes, path.as_ref()));
        };
        self.at(path, Operation::SetTimes, move |fs, path| {
            fs.set_times(path, atime_ns, mtime_ns, Follow::Yes)
        })
        .await
    }

    /// Refused: hard links are not supported.
    ///
    /// # Errors
    /// ENOTSUP, always.
    pub fn link(&self, target: impl AsRef<[u8]>, link: impl AsRef<[u8]>) -> FsResult<()> {
        let _ = target;
        let refused = FsError::new(Errno::NotSup, Operation::Create, link.as_ref());
        Err(refused.with_detail("hard links are not supported"))
    }

    /// Makes everything that returned survive power loss.
    ///
    /// # Errors
    /// EIO, ENOSPC.
    pub async fn sync(&self) -> FsResult<()> {
        self.call(Operation::Sync, |files| files.sync(&VPath::root())).await?
    }

    /// Calls `handler` for each invalidation, after the new state is visible through this mount. It
    /// runs on the mount's own threads with no lock held, and may call the file system.
    ///
    /// # Errors
    /// EACCES after the token's end, EAGAIN if no thread can be started.
    pub fn subscribe(
        &self,
        handler: impl Fn(&Invalidation) + Send + Sync + 'static,
    ) -> FsResult<Subscription> {
        self.shared().check_process(Operation::Subscribe)?;
        self.subscribers.add(self.shared(), handler)
    }

    /// The changes of the mounted repositories.
    #[must_use]
    pub fn changes(&self) -> Changes<'_> {
        Changes(self)
    }

    /// The bookmarks of the mounted repositories.
    #[must_use]
    pub fn bookmarks(&self) -> Bookmarks<'_> {
        Bookmarks(self)
    }

    /// Flushes what is pending and lets the repositories go. Calls fail with EIO afterwards.
    ///
    /// # Errors
    /// EIO, ENOSPC: the first one, after every repository was tried.
    pub async fn close(&self) -> FsResult<()> {
        self.call(Operation::Mount, |files| {
            let mut closed = Ok(());
            for checkout in &files.0.checkouts {
                closed = closed.and(checkout.close());
            }
            closed
        })
        .await?
    }
}
