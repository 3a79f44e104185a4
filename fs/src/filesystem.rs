//! The file system that the shell's commands see: object safe, synchronous, bytes all through.
//!
//! Paths are as written ([`VPath`]); each call resolves them after symbolic links. What would race
//! as "look, then act" is one call here: `create_new`, `create_if_missing`, `replace`.

use std::sync::Arc;

use bstr::BString;
use bytes::Bytes;

use crate::backend::EventQueue;
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::op::Replaced;
use crate::path::{RealPath, VPath};
use crate::stat::{DirEntry, FileKind, FsStat};
use crate::tree::Body;

/// Whether a call acts on a symbolic link or on what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    Yes,
    No,
}

/// How to open a file, as `open(2)` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOptions {
    pub read: bool,
    pub write: bool,
    /// Every write goes to the end, wherever that is then. Implies `write`.
    pub append: bool,
    pub truncate: bool,
    pub create: bool,
    /// With `create`: fail with EEXIST if the name is taken, even by a dangling link.
    pub exclusive: bool,
    /// Permission bits of a file that is created, the umask already taken off.
    pub mode: u32,
}

impl OpenOptions {
    /// `O_RDONLY`.
    #[must_use]
    pub fn reading() -> Self {
        Self { read: true, ..Self::default() }
    }

    /// `O_WRONLY|O_CREAT|O_TRUNC`, what `>` does.
    #[must_use]
    pub fn writing(mode: u32) -> Self {
        Self { write: true, create: true, truncate: true, mode, ..Self::default() }
    }

    /// `O_WRONLY|O_CREAT|O_APPEND`, what `>>` does.
    #[must_use]
    pub fn appending(mode: u32) -> Self {
        Self { write: true, create: true, append: true, mode, ..Self::default() }
    }
}

/// Where a seek counts from.
pub use std::io::SeekFrom;

/// An open file description: one offset, shared by everything that duplicated it.
///
/// It follows its file through renames and keeps a removed or replaced file's body privately.
pub trait Handle: Send + Sync + std::fmt::Debug {
    /// Reads up to `len` bytes at the offset and moves it; empty only at the end of the file (or if
    /// `len` is 0).
    fn read(&self, len: usize) -> FsResult<Bytes>;
    /// As [`Handle::read`], but nothing behind the first `delimiter`, so that the offset is right
    /// after it. It may give less than a line.
    fn read_until(&self, delimiter: u8, len: usize) -> FsResult<Bytes> {
        let _ = delimiter;
        self.read(len.min(1))
    }
    /// Reads up to `len` bytes at `offset` without moving. ESPIPE where there are no positions.
    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes>;
    /// Writes all of `data` at the offset (or the end, if appending) and publishes it.
    fn write(&self, data: Bytes) -> FsResult<()>;
    fn write_at(&self, offset: u64, data: Bytes) -> FsResult<()>;
    /// Moves the offset and returns it. ESPIPE where there are no positions.
    fn seek(&self, to: SeekFrom) -> FsResult<u64>;
    fn set_len(&self, len: u64) -> FsResult<()>;
    fn metadata(&self) -> FsResult<FsStat>;
    /// Where the file is now, if it has a name.
    fn path(&self) -> Option<RealPath>;
}

/// The content of a file and what [`FileSystem::replace`] needs to know it again.
#[derive(Debug, Clone)]
pub struct Edition {
    pub content: Bytes,
    pub base: Body,
}

/// A file system. Errors carry errno, operation and the path as given.
pub trait FileSystem: Send + Sync + std::fmt::Debug {
    fn metadata(&self, path: &VPath) -> FsResult<FsStat>;
    fn symlink_metadata(&self, path: &VPath) -> FsResult<FsStat>;
    /// Entries sorted by the bytes of their names, without `.` and `..`.
    fn read_dir(&self, path: &VPath) -> FsResult<Vec<DirEntry>>;
    /// As [`FileSystem::read_dir`], without a list: `each` is told the entries one by one.
    ///
    /// # Errors
    /// As listing it.
    fn scan_dir(&self, path: &VPath, each: &mut dyn FnMut(&[u8], FileKind)) -> FsResult<()> {
        let entries = self.read_dir(path)?;
        entries.iter().for_each(|entry| each(&entry.name, entry.kind));
        Ok(())
    }
    /// As [`FileSystem::read_dir`], with what `lstat` says of each.
    fn read_dir_stats(&self, path: &VPath) -> FsResult<Vec<(BString, FsStat)>>;
    fn open(&self, path: &VPath, options: &OpenOptions) -> FsResult<Arc<dyn Handle>>;
    /// The whole file.
    fn read(&self, path: &VPath) -> FsResult<Bytes>;
    /// Replaces the content, creating the file with `mode`; the parent must exist.
    fn write(&self, path: &VPath, data: Bytes, mode: u32) -> FsResult<()>;
    /// Appends, creating the file with `mode` if it is missing.
    fn append(&self, path: &VPath, data: Bytes, mode: u32) -> FsResult<()>;
    /// Creates an empty file. EEXIST if the name is taken.
    fn create_new(&self, path: &VPath, mode: u32) -> FsResult<()>;
    /// Creates an empty file unless there is one; true if it did.
    fn create_if_missing(&self, path: &VPath, mode: u32) -> FsResult<bool>;
    /// The whole file, to be rewritten with [`FileSystem::replace`].
    fn read_edition(&self, path: &VPath) -> FsResult<Edition>;
    /// Rewrites a file that was read as `base`; if it has moved on, text is merged three-way, else
    /// both sides are kept as a conflict.
    fn replace(&self, path: &VPath, base: &Body, data: Bytes) -> FsResult<Replaced>;
    /// `recursive` makes missing parents too and accepts a directory that exists.
    fn create_dir(&self, path: &VPath, mode: u32, recursive: bool) -> FsResult<()>;
    /// Removes a file, a symbolic link (never what it leads to), an empty directory, or with
    /// `recursive` a whole one, in one op.
    fn remove(&self, path: &VPath, recursive: bool) -> FsResult<()>;
    /// `rename(2)`; across repositories a copy and a removal in one journal record.
    fn rename(&self, from: &VPath, to: &VPath) -> FsResult<()>;
    /// As `rename`, but EEXIST if `to` is there (`RENAME_NOREPLACE`).
    fn rename_new(&self, from: &VPath, to: &VPath) -> FsResult<()>;
    /// Copies a file or symbolic link (over a file too), or with `recursive` a whole directory to a
    /// free name, in one op. Symbolic links are copied as they are. Modes are kept, times are new.
    fn copy(&self, from: &VPath, to: &VPath, recursive: bool) -> FsResult<()>;
    fn set_mode(&self, path: &VPath, mode: u32, follow: Follow) -> FsResult<()>;
    /// `atime_ns` is checked and forgotten: access times are not kept.
    fn set_times(&self, path: &VPath, atime_ns: i64, mtime_ns: i64, follow: Follow)
    -> FsResult<()>;
    /// `target` is stored verbatim.
    fn symlink(&self, target: &[u8], link: &VPath) -> FsResult<()>;
    fn read_link(&self, path: &VPath) -> FsResult<BString>;
    fn canonicalize(&self, path: &VPath) -> FsResult<RealPath>;
    /// Makes what returned survive power loss, for the repository at `path`.
    fn sync(&self, path: &VPath) -> FsResult<()>;
    /// Events of the volume that holds `path`, from now on.
    ///
    /// # Errors
    /// Those of the walk; ENOTSUP where nothing ever changes.
    fn watch(&self, path: &VPath) -> FsResult<Box<dyn EventQueue>>;
    /// The repositories behind this file system, where it has them.
    fn versions(&self) -> Option<&dyn crate::mount::Versions> {
        None
    }
    /// An empty file without a name, for what a run has no memory for; `None` where the file system
    /// has no room of that kind.
    ///
    /// # Errors
    /// ENOSPC, EIO.
    fn spill(&self) -> FsResult<Option<Box<dyn crate::SpillFile>>> {
        Ok(None)
    }

    /// Mounts the same repositories again under a new access token, each at the change that it is on;
    /// answers for how many seconds that token is good. What is open keeps the old one.
    ///
    /// # Errors
    /// ENOTSUP where a mount keeps its token for its whole life, which is everywhere but at a prompt;
    /// those of mounting, and nothing has changed then.
    fn remount(&self) -> FsResult<u64> {
        Err(FsError::new(Errno::NotSup, Operation::Mount, ""))
    }
    /// The same for another run, which decides for itself what the revisions are that it looks at
    /// (`/org/repo@REV`); `None` where there is nothing to decide.
    fn for_run(&self) -> Option<Arc<dyn FileSystem>> {
        None
    }
    /// Decides anew what those revisions are, each when it is looked at next.
    fn forget_revisions(&self) {}
    /// A line of a run begins: what was entered at the prompt, or a top-level command of a script.
    fn line_begins(&self, _line: Arc<crate::line::Line>) {}
    /// The line ends. If it changed files, that can be taken back from now on.
    ///
    /// # Errors
    /// Where something that it did turns out not to be done: on a server that has answered by now.
    fn line_ends(&self) -> FsResult<()> {
        Ok(())
    }
}
