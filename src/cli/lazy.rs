//! A file system that is mounted at the first look-up that needs it.
//!
//! `/dev`, `/bin`, `/usr`, `/etc` and `/proc` are the same in every mount and answer at once; any
//! other path mounts, on whichever thread asks first. A mount that fails ends the run: its failure is
//! kept for the program to tell, and every call answers ECANCELED, which nothing reports.

use std::fmt;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bstr::BString;
use bytes::Bytes;
use mesafs::backend::EventQueue;
use mesafs::filesystem::{Edition, FileSystem, Follow, Handle, OpenOptions};
use mesafs::line::Line;
use mesafs::mount::{Files, Versions};
use mesafs::op::Replaced;
use mesafs::tree::Body;
use mesafs::{
    DirEntry, Errno, FileKind, FsError, FsResult, FsStat, Operation, RealPath, SpillFile, VPath,
};
use mesash_builtins::cancel::{Cancel, Reason};
use parking_lot::Mutex;

use super::failure::Failure;
use super::home::Mounted;

/// Top folders that hold nothing of a repository.
const FIXED: &[&[u8]] = &[b"bin", b"dev", b"etc", b"proc", b"usr"];

/// What opening a store takes, about.
const OPENING_BYTES: usize = 4 << 20;

type Opener = Box<dyn FnOnce() -> Result<Mounted, Failure> + Send>;

/// A mount that is made when it is needed.
pub struct LazyFileSystem {
    fixed: Files,
    opener: Mutex<Option<Opener>>,
    mounted: OnceLock<Result<Mounted, Failure>>,
    /// The line that runs: a mount that is made meanwhile is told of it.
    begun: Mutex<Option<Arc<Line>>>,
    /// Whether somebody at a prompt may have another mount made.
    at_prompt: AtomicBool,
    /// Ends the run if the mount fails.
    cancel: Cancel,
}

impl fmt::Debug for LazyFileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyFileSystem").field("mounted", &self.mounted).finish_non_exhaustive()
    }
}

impl LazyFileSystem {
    /// `fixed` is a mount of no repositories with the same commands.
    pub fn new(
        fixed: Files,
        cancel: Cancel,
        opener: impl FnOnce() -> Result<Mounted, Failure> + Send + 'static,
    ) -> Arc<Self> {
        let opener = Mutex::new(Some(Box::new(opener) as Opener));
        let (mounted, at_prompt) = (OnceLock::new(), AtomicBool::new(false));
        Arc::new(Self { fixed, opener, mounted, begun: Mutex::default(), at_prompt, cancel })
    }

    /// Lets whoever is at the prompt mount again.
    pub fn serve_prompt(&self) {
        self.at_prompt.store(true, Ordering::Release);
    }

    /// Mounts now, unless it is mounted.
    ///
    /// # Errors
    /// Why it can't.
    pub fn mount(&self) -> Result<&Mounted, Failure> {
        let mounted = self.mounted.get_or_init(|| match self.opener.lock().take() {
            Some(opener) => {
                take_memory();
                opener().inspect(|mounted| self.tell_line(mounted))
            }
            None => Err(Failure::new(super::failure::FAILED, "the mount was lost")),
        });
        mounted.as_ref().map(Mounted::latest).map_err(|failure| {
            self.cancel.cancel(Reason::Closed);
            failure.clone()
        })
    }

    /// Closes what was mounted.
    ///
    /// # Errors
    /// Why the mount failed, or its close.
    pub fn close(&self) -> Result<(), Failure> {
        match self.mounted.get() {
            None => Ok(()),
            Some(Ok(mounted)) => mounted.close(),
            Some(Err(failure)) => Err(failure.clone()),
        }
    }

    /// Tells a new mount which line runs.
    fn tell_line(&self, mounted: &Mounted) {
        if let Some(line) = &*self.begun.lock() {
            mounted.fs.files().line_begins(Arc::clone(line));
        }
    }

    fn files(&self) -> FsResult<&Files> {
        match self.mount() {
            Ok(mounted) => Ok(mounted.fs.files()),
            Err(_) => Err(FsError::new(Errno::Canceled, Operation::Mount, "")),
        }
    }

    fn at(&self, path: &VPath) -> FsResult<&Files> {
        if is_fixed(path) { Ok(&self.fixed) } else { self.files() }
    }
}

/// Whether every walk along `path` stays in the fixed folders. Their only links lead to `/proc`.
/// Has the allocator take what opening a store needs in one step: for a thread that isn't the first
/// glibc asks the kernel page by page, some 150 times.
fn take_memory() {
    // The first block is mapped and given back, after which glibc takes its size for an ordinary one;
    // the second comes from the thread's own heap, which keeps it.
    for _ in 0..2 {
        drop(black_box(Vec::<u8>::with_capacity(OPENING_BYTES)));
    }
}

fn is_fixed(path: &VPath) -> bool {
    let mut names = path.components();
    let first = names.next();
    first.is_some_and(|name| FIXED.contains(&name)) && names.all(|name| name != b"..")
}

impl FileSystem for LazyFileSystem {
    fn metadata(&self, path: &VPath) -> FsResult<FsStat> {
        self.at(path)?.metadata(path)
    }

    fn symlink_metadata(&self, path: &VPath) -> FsResult<FsStat> {
        self.at(path)?.symlink_metadata(path)
    }

    fn read_dir(&self, path: &VPath) -> FsResult<Vec<DirEntry>> {
        self.at(path)?.read_dir(path)
    }

    fn scan_dir(&self, path: &VPath, each: &mut dyn FnMut(&[u8], FileKind)) -> FsResult<()> {
        self.at(path)?.scan_dir(path, each)
    }

    fn read_dir_stats(&self, path: &VPath) -> FsResult<Vec<(BString, FsStat)>> {
        self.at(path)?.read_dir_stats(path)
    }

    fn open(&self, path: &VPath, options: &OpenOptions) -> FsResult<Arc<dyn Handle>> {
        self.at(path)?.open(path, options)
    }

    fn read(&self, path: &VPath) -> FsResult<Bytes> {
        self.at(path)?.read(path)
    }

    fn write(&self, path: &VPath, data: Bytes, mode: u32) -> FsResult<()> {
        self.at(path)?.write(path, data, mode)
    }

    fn append(&self, path: &VPath, data: Bytes, mode: u32) -> FsResult<()> {
        self.at(path)?.append(path, data, mode)
    }

    fn create_new(&self, path: &VPath, mode: u32) -> FsResult<()> {
        self.at(path)?.create_new(path, mode)
    }

    fn create_if_missing(&self, path: &VPath, mode: u32) -> FsResult<bool> {
        self.at(path)?.create_if_missing(path, mode)
    }

    fn read_edition(&self, path: &VPath) -> FsResult<Edition> {
        self.at(path)?.read_edition(path)
    }

    fn replace(&self, path: &VPath, base: &Body, data: Bytes) -> FsResult<Replaced> {
        self.at(path)?.replace(path, base, data)
    }

    fn create_dir(&self, path: &VPath, mode: u32, recursive: bool) -> FsResult<()> {
        self.at(path)?.create_dir(path, mode, recursive)
    }

    fn remove(&self, path: &VPath, recursive: bool) -> FsResult<()> {
        self.at(path)?.remove(path, recursive)
    }

    fn rename(&self, from: &VPath, to: &VPath) -> FsResult<()> {
        self.files()?.rename(from, to)
    }

    fn rename_new(&self, from: &VPath, to: &VPath) -> FsResult<()> {
        self.files()?.rename_new(from, to)
    }

    fn copy(&self, from: &VPath, to: &VPath, recursive: bool) -> FsResult<()> {
        self.files()?.copy(from, to, recursive)
    }

    fn set_mode(&self, path: &VPath, mode: u32, follow: Follow) -> FsResult<()> {
        self.at(path)?.set_mode(path, mode, follow)
    }

    fn set_times(
        &self,
        path: &VPath,
        atime_ns: i64,
        mtime_ns: i64,
        follow: Follow,
    ) -> FsResult<()> {
        self.at(path)?.set_times(path, atime_ns, mtime_ns, follow)
    }

    fn symlink(&self, target: &[u8], link: &VPath) -> FsResult<()> {
        self.at(link)?.symlink(target, link)
    }

    fn read_link(&self, path: &VPath) -> FsResult<BString> {
        self.at(path)?.read_link(path)
    }

    fn canonicalize(&self, path: &VPath) -> FsResult<RealPath> {
        self.at(path)?.canonicalize(path)
    }

    fn sync(&self, path: &VPath) -> FsResult<()> {
        self.at(path)?.sync(path)
    }

    fn watch(&self, path: &VPath) -> FsResult<Box<dyn EventQueue>> {
        self.at(path)?.watch(path)
    }

    // What begins before the mount began with what the mount begins with.
    fn line_begins(&self, line: Arc<Line>) {
        *self.begun.lock() = Some(Arc::clone(&line));
        if let Some(Ok(mounted)) = self.mounted.get() {
            mounted.latest().fs.files().line_begins(line);
        }
    }

    fn line_ends(&self) -> FsResult<()> {
        *self.begun.lock() = None;
        match self.mounted.get() {
            Some(Ok(mounted)) => mounted.latest().fs.files().line_ends(),
            _ => Ok(()),
        }
    }

    fn forget_revisions(&self) {
        if let Some(Ok(mounted)) = self.mounted.get() {
            mounted.latest().fs.files().forget_revisions();
        }
    }

    fn remount(&self) -> FsResult<u64> {
        let failed = |errno| FsError::new(errno, Operation::Mount, "");
        if !self.at_prompt.load(Ordering::Acquire) {
            return Err(failed(Errno::NotSup));
        }
        match self.mounted.get() {
            Some(Ok(mounted)) => {
                let old = mounted.latest();
                let again = old.again();
                let ttl_s =
                    again.map_err(|why| failed(Errno::Acces).with_detail(why.to_string()))?;
                // Under the old token nothing is done any more, and it has been told.
                let _over = old.fs.files().line_ends();
                self.tell_line(mounted.latest());
                Ok(ttl_s)
            }
            _ => Err(failed(Errno::Canceled)),
        }
    }

    fn versions(&self) -> Option<&dyn Versions> {
        self.files().ok()?.versions()
    }

    fn spill(&self) -> FsResult<Option<Box<dyn SpillFile>>> {
        self.files()?.spill()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_mount_has_is_fixed() {
        let fixed = |path: &str| VPath::new(path).is_ok_and(|path| is_fixed(&path));
        for path in ["/dev/null", "/usr/bin/ls", "/bin", "/proc/self/fd/", "//etc/passwd"] {
            assert!(fixed(path), "{path}");
        }
        for path in ["/", "/tmp", "/local/app", "/dev/../local", "/home/mesa", "/binary"] {
            assert!(!fixed(path), "{path}");
        }
    }
}
