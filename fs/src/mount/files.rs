//! The synchronous file system over a mount's namespace.

use std::sync::Arc;

use bstr::BString;
use bytes::Bytes;

use super::edit::Wants;
use super::namespace::{Device, Fixed};
use super::stat::{Inode, Listed, node_stat};
use super::walk::{At, Found, Last, anew};
use super::{MountParts, Shared, Versions};
use crate::backend::{EventQueue, Volume};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::{Edition, FileSystem, Follow, Handle, OpenOptions};
use crate::line::Line;
use crate::op::{IfExists, Op, Replaced, Target};
use crate::path::{RealPath, RepoPath, VPath};
use crate::spill::SpillFile;
use crate::stat::{DirEntry, FileKind, FsStat};
use crate::tree::{Body, File, Node};

/// A mount as a [`FileSystem`]. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Files(pub(super) Arc<Shared>);

impl Files {
    /// Joins what was opened into one namespace.
    ///
    /// # Errors
    /// EIO if the host has no randomness.
    pub fn new(parts: MountParts) -> FsResult<Self> {
        Ok(Self(Arc::new(Shared::new(parts)?)))
    }

    /// The scratch memory of the mount.
    #[must_use]
    pub fn scratch(&self) -> Arc<dyn Volume> {
        Arc::clone(&self.0.scratch)
    }

    fn found(&self, path: &VPath, follow: Follow, operation: Operation) -> FsResult<Found> {
        self.0.walk(path, follow, operation)?.existing(path, operation)
    }

    fn file_node(&self, path: &VPath, operation: Operation) -> FsResult<Arc<File>> {
        let fail = |errno| Err(FsError::new(errno, operation, path.clone()));
        match self.found(path, Follow::Yes, operation)?.at {
            At::Node { node: Node::File(file), .. } => Ok(file),
            At::Node { .. } | At::Fixed(Fixed::Dir(_)) => fail(Errno::IsDir),
            _ => fail(Errno::Inval),
        }
    }

    /// Lands an op on the file at `path`, followed, or at the free name there.
    fn put(&self, path: &VPath, operation: Operation, op: impl Fn(RepoPath) -> Op) -> FsResult<()> {
        self.put_all(path, operation, |path| vec![op(path)])
    }

    fn put_all(
        &self,
        path: &VPath,
        operation: Operation,
        ops: impl Fn(RepoPath) -> Vec<Op>,
    ) -> FsResult<()> {
        self.0.edit(path, operation, || {
            let found = self.0.walk(path, Follow::Yes, operation)?;
            let fail = |errno| Err(FsError::new(errno, operation, path.clone()));
            match found.at {
                At::Fixed(Fixed::Dir(_)) => fail(Errno::IsDir),
                At::Fixed(Fixed::Device(Device::Full)) => fail(Errno::NoSpc),
                At::Fixed(Fixed::Device(_)) => Ok(()),
                At::Fixed(_) | At::MissingFixed => fail(Errno::RoFs),
                At::Node { node: Node::Dir(_) | Node::Gitlink(_), .. } => fail(Errno::IsDir),
                _ if found.wants_directory => fail(Errno::IsDir),
                At::Node { volume, path, .. } | At::Missing { volume, path } => {
                    self.0.apply(volume, ops(path))?;
                    Ok(())
                }
            }
        })
    }
}

impl FileSystem for Files {
    fn metadata(&self, path: &VPath) -> FsResult<FsStat> {
        Ok(self.0.stat(&self.found(path, Follow::Yes, Operation::Lookup)?))
    }

    fn symlink_metadata(&self, path: &VPath) -> FsResult<FsStat> {
        Ok(self.0.stat(&self.found(path, Follow::No, Operation::Lookup)?))
    }

    fn read_dir(&self, path: &VPath) -> FsResult<Vec<DirEntry>> {
        anew(|| {
            let found = self.found(path, Follow::Yes, Operation::List)?;
            self.0.list(path, &found, |name, node| match node {
                Listed::Node { node, .. } => DirEntry { name, kind: node.kind() },
                Listed::Attached(found) => DirEntry { name, kind: self.0.stat(&found).kind },
            })
        })
    }

    fn scan_dir(&self, path: &VPath, each: &mut dyn FnMut(&[u8], FileKind)) -> FsResult<()> {
        anew(|| {
            let found = self.found(path, Follow::Yes, Operation::List)?;
            if let At::Node { node: Node::Dir(dir), .. } = &found.at {
                let entries = dir.iter().map_err(|error| error.at(path.clone()))?;
                entries.for_each(|(name, node)| each(name, node.kind()));
                return Ok(());
            }
            let kind = |listed: Listed<'_>| match listed {
                Listed::Node { node, .. } => node.kind(),
                Listed::Attached(found) => self.0.stat(&found).kind,
            };
            let entries = self.0.list(path, &found, |name, listed| (name, kind(listed)))?;
            entries.iter().for_each(|(name, kind)| each(name, *kind));
            Ok(())
        })
    }

    fn read_dir_stats(&self, path: &VPath) -> FsResult<Vec<(BString, FsStat)>> {
        anew(|| {
            let found = self.found(path, Follow::Yes, Operation::List)?;
            let above = Inode::of(&found.real);
            self.0.list(path, &found, |name, node| match node {
                Listed::Attached(found) => {
                    let stat = self.0.stat(&found);
                    (name, stat)
                }
                Listed::Node { node, volume, opened_ns } => {
                    let stat = node_stat(node, volume, above.child(&name), opened_ns);
                    (name, stat)
                }
            })
        })
    }

    fn open(&self, path: &VPath, options: &OpenOptions) -> FsResult<Arc<dyn Handle>> {
        self.0.open(path, options)
    }

    fn read(&self, path: &VPath) -> FsResult<Bytes> {
        let operation = Operation::Read;
        let found = self.found(path, Follow::Yes, operation)?;
        match found.at {
            At::Fixed(Fixed::Text(text)) => Ok(Bytes::from_static(text.as_bytes())),
            At::Fixed(Fixed::Command(_) | Fixed::Device(Device::Null)) => Ok(Bytes::new()),
            _ => anew(|| self.file_node(path, operation)?.body.read_all())
                .map_err(|error| error.at(path.clone())),
        }
    }

    fn write(&self, path: &VPath, data: Bytes, mode: u32) -> FsResult<()> {
        self.put(path, Operation::Write, |path| Op::Write { path, mode, data: data.clone() })
    }

    fn append(&self, path: &VPath, data: Bytes, mode: u32) -> FsResult<()> {
        self.put_all(path, Operation::Append, |path| {
            let create = Op::Create { path: path.clone(), mode, if_exists: IfExists::Keep };
            vec![create, Op::Append { target: Target::Path(path), data: data.clone() }]
        })
    }

    fn create_new(&self, path: &VPath, mode: u32) -> FsResult<()> {
        let operation = Operation::Create;
        self.0.edit(path, operation, || {
            let found = self.0.walk(path, Last::Stay, operation)?;
            let fail = |errno| Err(FsError::new(errno, operation, path.clone()));
            match found.at {
                At::Missing { .. } if found.wants_directory => fail(Errno::IsDir),
                At::Missing { volume, path } => {
                    let create = Op::Create { path, mode, if_exists: IfExists::Fail };
                    self.0.apply(volume, vec![create])?;
                    Ok(())
                }
                At::MissingFixed => fail(Errno::RoFs),
                At::Fixed(_) | At::Node { .. } => fail(Errno::Exist),
            }
        })
    }

    fn create_if_missing(&self, path: &VPath, mode: u32) -> FsResult<bool> {
        let operation = Operation::Create;
        let found = self.0.walk(path, Follow::Yes, operation)?;
        if !matches!(found.at, At::Missing { .. } | At::MissingFixed) {
            found.existing(path, operation)?;
            return Ok(false);
        }
        self.put(path, operation, |path| Op::Create { path, mode, if_exists: IfExists::Keep })?;
        Ok(true)
    }

    fn read_edition(&self, path: &VPath) -> FsResult<Edition> {
        anew(|| {
            let file = self.file_node(path, Operation::Read)?;
            let content = file.body.read_all().map_err(|error| error.at(path.clone()))?;
            Ok(Edition { content, base: file.body.clone() })
        })
    }

    fn replace(&self, path: &VPath, base: &Body, data: Bytes) -> FsResult<Replaced> {
        let operation = Operation::Replace;
        self.0.edit(path, operation, || {
            let (place, _) = self.0.place(path, Follow::Yes, Wants::Existing, operation)?;
            let op = Op::Replace { path: place.path, base: base.clone(), data: data.clone() };
            let applied = self.0.apply(place.volume, vec![op])?;
            Ok(applied.replaced.first().copied().unwrap_or(Replaced::Clean))
        })
    }

    fn create_dir(&self, path: &VPath, mode: u32, recursive: bool) -> FsResult<()> {
        self.0.make_dir(path, mode, recursive)
    }

    fn remove(&self, path: &VPath, recursive: bool) -> FsResult<()> {
        self.0.remove(path, recursive)
    }

    fn rename(&self, from: &VPath, to: &VPath) -> FsResult<()> {
        self.0.rename(from, to, true)
    }

    fn rename_new(&self, from: &VPath, to: &VPath) -> FsResult<()> {
        self.0.rename(from, to, false)
    }

    fn copy(&self, from: &VPath, to: &VPath, recursive: bool) -> FsResult<()> {
        self.0.copy(from, to, recursive)
    }

    fn set_mode(&self, path: &VPath, mode: u32, follow: Follow) -> FsResult<()> {
        let operation = Operation::SetMode;
        if mode > 0o7777 {
            return Err(FsError::new(Errno::Inval, operation, path.clone()));
        }
        self.0.change_entry(path, follow, operation, |path| Op::SetMode { path, mode })
    }

    fn set_times(
        &self,
        path: &VPath,
        _atime_ns: i64,
        mtime_ns: i64,
        follow: Follow,
    ) -> FsResult<()> {
        let operation = Operation::SetTimes;
        self.0.change_entry(path, follow, operation, |path| Op::SetTimes { path, mtime_ns })
    }

    fn symlink(&self, target: &[u8], link: &VPath) -> FsResult<()> {
        self.0.symlink(target, link)
    }

    fn read_link(&self, path: &VPath) -> FsResult<BString> {
        match self.found(path, Follow::No, Operation::ReadLink)?.at {
            At::Node { node: Node::Symlink(link), .. } => Ok(link.target().into()),
            At::Fixed(Fixed::Link(target)) => Ok(target.into()),
            _ => Err(FsError::new(Errno::Inval, Operation::ReadLink, path.clone())),
        }
    }

    fn canonicalize(&self, path: &VPath) -> FsResult<RealPath> {
        Ok(self.found(path, Follow::Yes, Operation::Lookup)?.real)
    }

    fn sync(&self, path: &VPath) -> FsResult<()> {
        match self.found(path, Follow::Yes, Operation::Sync)?.at {
            At::Node { volume, .. } => self.0.volume(volume).sync(),
            _ => self.0.checkouts.iter().try_for_each(|checkout| checkout.sync()),
        }
    }

    fn watch(&self, path: &VPath) -> FsResult<Box<dyn EventQueue>> {
        let operation = Operation::Subscribe;
        match self.0.walk(path, Follow::Yes, operation)?.at {
            At::Node { volume, .. } | At::Missing { volume, .. } => {
                self.0.volume(volume).subscribe()
            }
            At::Fixed(_) | At::MissingFixed => {
                Err(FsError::new(Errno::NotSup, operation, path.clone()))
            }
        }
    }

    fn versions(&self) -> Option<&dyn Versions> {
        Some(self)
    }

    fn spill(&self) -> FsResult<Option<Box<dyn SpillFile>>> {
        for checkout in &self.0.checkouts {
            if let Some(file) = checkout.spill()? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    fn for_run(&self) -> Option<Arc<dyn FileSystem>> {
        Some(Arc::new(Self(Arc::new(self.0.for_run()))))
    }

    fn forget_revisions(&self) {
        self.0.views.forget();
    }

    fn line_begins(&self, line: Arc<Line>) {
        self.0.line_begins(line);
    }

    fn line_ends(&self) -> FsResult<()> {
        self.0.line_ends()
    }
}
