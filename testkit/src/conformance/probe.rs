//! A mount as the checks use it: short calls that panic where a check does not expect to fail.

use std::sync::Arc;

use bytes::Bytes;
use mesafs::backend::Checkout;
use mesafs::{Errno, FileSystem, Follow, FsResult, FsStat, Handle, OpenOptions, VPath};

/// Relative paths are below `/acme/app`.
#[derive(Debug, Clone)]
pub struct Probe(pub Arc<dyn FileSystem>);

/// What a call failed with.
#[track_caller]
pub(super) fn errno<T>(result: FsResult<T>) -> Errno {
    match result {
        Ok(_) => panic!("it succeeded"),
        Err(error) => error.errno(),
    }
}

/// The value, where the check does not test for failure.
#[track_caller]
pub(super) fn ok<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("it failed: {error:?}"))
}

#[track_caller]
pub(super) fn at(path: &str) -> VPath {
    if path.starts_with('/') {
        ok(VPath::new(path))
    } else {
        ok(VPath::new(format!("/acme/app/{path}")))
    }
}

pub(super) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

#[track_caller]
pub(super) fn text(data: &Bytes) -> String {
    String::from_utf8_lossy(data).into_owned()
}

impl Probe {
    #[track_caller]
    pub fn write(&self, path: &str, data: &str) {
        ok(self.0.write(&at(path), bytes(data), 0o644));
    }

    #[track_caller]
    pub fn append(&self, path: &str, data: &str) {
        ok(self.0.append(&at(path), bytes(data), 0o644));
    }

    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        text(&ok(self.0.read(&at(path))))
    }

    /// `None` if there is no such file.
    #[track_caller]
    pub fn find(&self, path: &str) -> Option<String> {
        match self.0.read(&at(path)) {
            Err(error) if error.errno() == Errno::NoEnt => None,
            read => Some(text(&ok(read))),
        }
    }

    #[track_caller]
    pub fn mkdir(&self, path: &str) {
        ok(self.0.create_dir(&at(path), 0o755, false));
    }

    #[track_caller]
    pub fn mkdirs(&self, path: &str) {
        ok(self.0.create_dir(&at(path), 0o755, true));
    }

    #[track_caller]
    pub fn rm(&self, path: &str) {
        ok(self.0.remove(&at(path), true));
    }

    #[track_caller]
    pub fn mv(&self, from: &str, to: &str) {
        ok(self.0.rename(&at(from), &at(to)));
    }

    #[track_caller]
    pub fn cp(&self, from: &str, to: &str) {
        ok(self.0.copy(&at(from), &at(to), true));
    }

    #[track_caller]
    pub fn link(&self, target: &str, path: &str) {
        ok(self.0.symlink(target.as_bytes(), &at(path)));
    }

    /// The names in a directory, with a space after each but the last.
    #[track_caller]
    pub fn names(&self, path: &str) -> String {
        let entries = ok(self.0.read_dir(&at(path)));
        entries.iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn stat(&self, path: &str) -> FsStat {
        ok(self.0.metadata(&at(path)))
    }

    #[track_caller]
    pub fn lstat(&self, path: &str) -> FsStat {
        ok(self.0.symlink_metadata(&at(path)))
    }

    #[track_caller]
    pub fn chmod(&self, path: &str, mode: u32) {
        ok(self.0.set_mode(&at(path), mode, Follow::Yes));
    }

    #[track_caller]
    pub fn touch(&self, path: &str, mtime_ns: i64) {
        ok(self.0.set_times(&at(path), 0, mtime_ns, Follow::No));
    }

    #[track_caller]
    pub fn open(&self, path: &str, options: OpenOptions) -> Arc<dyn Handle> {
        ok(self.0.open(&at(path), &options))
    }

    /// Opens for reading and writing, creating.
    #[track_caller]
    pub fn open_rw(&self, path: &str) -> Arc<dyn Handle> {
        self.open(
            path,
            OpenOptions {
                read: true,
                create: true,
                write: true,
                mode: 0o644,
                ..OpenOptions::default()
            },
        )
    }

    /// Every path below `path` in order: files with their content, links with their target.
    #[track_caller]
    pub fn tree(&self, path: &str) -> Vec<String> {
        let mut shown = Vec::new();
        let mut pending = vec![String::new()];
        while let Some(below) = pending.pop() {
            let path = if below.is_empty() { path.to_owned() } else { format!("{path}/{below}") };
            let stat = self.lstat(&path);
            if stat.is_symbolic_link() {
                shown.push(format!("{below}->{}", ok(self.0.read_link(&at(&path)))));
            } else if stat.is_file() {
                shown.push(format!("{below}={}", self.read(&path)));
            } else {
                if !below.is_empty() {
                    shown.push(format!("{below}/"));
                }
                for entry in ok(self.0.read_dir(&at(&path))) {
                    let name = &entry.name;
                    pending.push(if below.is_empty() {
                        name.to_string()
                    } else {
                        format!("{below}/{name}")
                    });
                }
            }
        }
        shown.sort();
        shown
    }

    /// The checkout of one of the repositories.
    #[track_caller]
    pub fn checkout(&self, name: &str) -> Arc<dyn Checkout> {
        let versions = self.0.versions().unwrap_or_else(|| panic!("no repositories behind it"));
        versions.checkout(name).unwrap_or_else(|| panic!("{name} is not mounted"))
    }
}
