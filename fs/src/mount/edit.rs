//! Mutations: walk, then hand literal paths to the volume that is meant.
//!
//! Between the walk and the batch another writer may move what was walked. The volume then finds a
//! component that is no directory any more (ENOTDIR), or a symbolic link where the walk has already
//! followed links (ELOOP); the walk is made again, and what it says counts.

use super::namespace::Fixed;
use super::walk::{At, Found, Last};
use super::{Shared, VolumeId};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::Follow;
use crate::op::{Applied, Op};
use crate::path::{RepoPath, VPath};
use crate::tree::{File, Node};

/// How often a walk is made again because the tree moved under it.
pub(super) const RETRIES_MAX: usize = 8;

/// A place in a volume where an op can be tried.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub volume: VolumeId,
    pub path: RepoPath,
    /// What was there at the walk.
    pub node: Option<Node>,
    /// The time that untouched entries of the volume show.
    pub opened_ns: i64,
}

/// Whether an op makes an entry or changes one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Existing,
    /// A free name or an existing entry.
    Any,
}

impl Shared {
    /// Walks to where an op is to work. What no volume holds answers EROFS, devices included.
    pub(super) fn place(
        &self,
        path: &VPath,
        last_link: impl Into<Last>,
        wants: Wants,
        operation: Operation,
    ) -> FsResult<(Place, Found)> {
        let mut found = self.walk(path, last_link, operation)?;
        if wants == Wants::Existing {
            found = found.existing(path, operation)?;
        }
        let place = match &found.at {
            At::Node { volume, path, node, opened_ns } => Place {
                volume: *volume,
                path: path.clone(),
                node: Some(node.clone()),
                opened_ns: *opened_ns,
            },
            At::Missing { volume, path } => {
                Place { volume: *volume, path: path.clone(), node: None, opened_ns: self.opened_ns }
            }
            At::Fixed(_) | At::MissingFixed => {
                return Err(FsError::new(Errno::RoFs, operation, path.clone()));
            }
        };
        Ok((place, found))
    }

    /// Lands `ops` in one volume.
    pub(super) fn apply(&self, volume: VolumeId, ops: Vec<Op>) -> FsResult<Applied> {
        self.volume(volume).apply(self.batch(ops))
    }

    /// Walks, makes the ops, lands them; again if the tree moved in between.
    pub(super) fn edit<T>(
        &self,
        path: &VPath,
        operation: Operation,
        mut attempt: impl FnMut() -> FsResult<T>,
    ) -> FsResult<T> {
        let mut tries = 0;
        loop {
            match attempt() {
                // A walk that fails so by itself fails so again, and then it counts.
                Err(error)
                    if matches!(error.errno(), Errno::NotDir | Errno::Loop)
                        && tries < RETRIES_MAX =>
                {
                    tries += 1;
                }
                Err(error) => {
                    let told = FsError::new(error.errno(), operation, path.clone());
                    return Err(match error.detail() {
                        Some(detail) => told.with_detail(detail.to_owned()),
                        None => told,
                    });
                }
                Ok(value) => return Ok(value),
            }
        }
    }

    pub(super) fn make_dir(&self, path: &VPath, mode: u32, recursive: bool) -> FsResult<()> {
        let operation = Operation::MakeDir;
        if recursive {
            return self.make_dirs(path, mode);
        }
        self.edit(path, operation, || {
            let found = self.walk(path, Last::Stay, operation)?;
            match found.at {
                At::Missing { volume, path } => {
                    self.apply(volume, vec![Op::MakeDir { path, mode, parents: false }])?;
                    Ok(())
                }
                At::MissingFixed => Err(FsError::new(Errno::RoFs, operation, path.clone())),
                At::Fixed(_) | At::Node { .. } => {
                    Err(FsError::new(Errno::Exist, operation, path.clone()))
                }
            }
        })
    }

    /// Makes every missing directory on the way, following symbolic links that are there.
    fn make_dirs(&self, path: &VPath, mode: u32) -> FsResult<()> {
        let operation = Operation::MakeDir;
        let text = path.as_bstr();
        let ends = text.iter().enumerate().filter(|&(at, &byte)| at > 0 && byte == b'/');
        let mut prefixes: Vec<usize> = ends.map(|(at, _)| at).collect();
        prefixes.push(text.len());
        for end in prefixes {
            let prefix = VPath::new(&text[..end])?;
            let found = self.walk(&prefix, Follow::Yes, operation);
            match found.map_err(|error| error.at(path.clone()))? {
                found if found.is_directory() => {}
                Found { at: At::Missing { .. } | At::MissingFixed, .. } => {
                    match self.make_dir(&prefix, mode, false) {
                        // Another writer made it meanwhile, or a link leads nowhere.
                        Err(error)
                            if error.errno() == Errno::Exist
                                && self
                                    .walk(&prefix, Follow::Yes, operation)
                                    .is_ok_and(|found| found.is_directory()) => {}
                        Err(error) => return Err(error.at(path.clone())),
                        Ok(()) => {}
                    }
                }
                _ if end == text.len() => {
                    return Err(FsError::new(Errno::Exist, operation, path.clone()));
                }
                _ => return Err(FsError::new(Errno::NotDir, operation, path.clone())),
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, path: &VPath, recursive: bool) -> FsResult<()> {
        let operation = Operation::Remove;
        self.edit(path, operation, || {
            let (place, found) = self.place(path, Last::Stay, Wants::Existing, operation)?;
            let fail = |errno| Err(FsError::new(errno, operation, path.clone()));
            if found.ends_in_dots {
                return fail(Errno::Inval);
            }
            if self.is_mount_point(place.volume, &place.path) {
                return fail(Errno::Busy);
            }
            self.apply(place.volume, vec![Op::Remove { path: place.path, recursive }])?;
            Ok(())
        })
    }

    pub(super) fn rename(&self, from: &VPath, to: &VPath, replace: bool) -> FsResult<()> {
        let operation = Operation::Rename;
        self.edit(from, operation, || {
            let (source, source_found) =
                self.place(from, Last::Stay, Wants::Existing, operation)?;
            let (target, target_found) = self.place(to, Last::Stay, Wants::Any, operation)?;
            let fail = |errno| Err(FsError::new(errno, operation, from.clone()));
            if source_found.ends_in_dots
                || target_found.ends_in_dots
                || self.is_mount_point(source.volume, &source.path)
                || self.is_mount_point(target.volume, &target.path)
            {
                return fail(Errno::Busy);
            }
            let source_is_dir = matches!(source.node, Some(Node::Dir(_) | Node::Gitlink(_)));
            if target_found.wants_directory && !source_is_dir {
                return fail(Errno::NotDir);
            }
            if source.volume == target.volume {
                let op = Op::Rename { from: source.path, to: target.path, replace };
                self.apply(source.volume, vec![op])?;
                return Ok(());
            }
            self.move_across(source, target, replace)
        })
    }

    /// Brings a subtree into another volume and removes it from its own.
    fn move_across(&self, source: Place, target: Place, replace: bool) -> FsResult<()> {
        let fail = |errno| Err(FsError::new(errno, Operation::Rename, ""));
        let mut ops = Vec::new();
        match (&source.node, &target.node) {
            (None, _) => return fail(Errno::NoEnt),
            (Some(_), Some(_)) if !replace => return fail(Errno::Exist),
            (Some(Node::Dir(_)), Some(Node::Dir(_))) => {
                ops.push(Op::Remove { path: target.path.clone(), recursive: false });
            }
            (Some(Node::Dir(_)), Some(_)) => return fail(Errno::NotDir),
            (Some(_), Some(Node::Dir(_) | Node::Gitlink(_))) => return fail(Errno::IsDir),
            (Some(_), Some(_)) => {
                ops.push(Op::Remove { path: target.path.clone(), recursive: false });
            }
            (Some(_), None) => {}
        }
        let Some(node) = source.node else { return fail(Errno::NoEnt) };
        // The time that it shows goes with it.
        let attributes = node.attributes();
        let shown = attributes.touched(attributes.mtime_ns.unwrap_or(source.opened_ns));
        ops.push(Op::Graft { path: target.path, node: node.with_attributes(shown) });
        let removal = self.batch(vec![Op::Remove { path: source.path, recursive: true }]);
        let from = self.volume(source.volume);
        // A volume that cannot be written says why before anything is done elsewhere.
        from.apply(self.batch(Vec::new()))?;
        self.volume(target.volume).apply_with(self.batch(ops), &*from, removal)
    }

    pub(super) fn copy(&self, from: &VPath, to: &VPath, recursive: bool) -> FsResult<()> {
        let operation = Operation::Copy;
        self.edit(from, operation, || {
            let source_found = self.walk(from, Follow::No, operation)?.existing(from, operation)?;
            let fail = |errno| Err(FsError::new(errno, operation, from.clone()));
            let (volume, path, node) = match source_found.at {
                At::Node { volume, path, node, .. } => (volume, path, node),
                // What no volume holds is not copied as an entry, as devices are not.
                At::Fixed(Fixed::Text(text)) => {
                    return self.write_text(to, text.as_bytes());
                }
                _ => return fail(Errno::Inval),
            };
            if matches!(node, Node::Dir(_)) && !recursive {
                return fail(Errno::IsDir);
            }
            // A file is copied into what a link leads to; a link or a folder needs a free name.
            let last = if matches!(node, Node::File(_)) { Last::Follow } else { Last::Stay };
            let (target, target_found) = self.place(to, last, Wants::Any, operation)?;
            if target_found.wants_directory && !matches!(node, Node::Dir(_)) {
                return fail(if target.node.is_some() { Errno::IsDir } else { Errno::NotDir });
            }
            let op = if volume == target.volume {
                Op::Copy { from: path, to: target.path }
            } else {
                Op::Graft { path: target.path, node: copied(&node, self.clock.now_ns()) }
            };
            self.apply(target.volume, vec![op])?;
            Ok(())
        })
    }

    fn write_text(&self, to: &VPath, text: &'static [u8]) -> FsResult<()> {
        let (place, _) = self.place(to, Follow::Yes, Wants::Any, Operation::Copy)?;
        let data = bytes::Bytes::from_static(text);
        self.apply(place.volume, vec![Op::Write { path: place.path, mode: 0o644, data }])?;
        Ok(())
    }

    /// Lands one op on an entry that is there.
    pub(super) fn change_entry(
        &self,
        path: &VPath,
        follow: Follow,
        operation: Operation,
        op: impl Fn(RepoPath) -> Op,
    ) -> FsResult<()> {
        self.edit(path, operation, || {
            let (place, _) = self.place(path, follow, Wants::Existing, operation)?;
            self.apply(place.volume, vec![op(place.path)])?;
            Ok(())
        })
    }

    pub(super) fn symlink(&self, target: &[u8], link: &VPath) -> FsResult<()> {
        let operation = Operation::Symlink;
        self.edit(link, operation, || {
            let (place, found) = self.place(link, Last::Stay, Wants::Any, operation)?;
            let fail = |errno| Err(FsError::new(errno, operation, link.clone()));
            if target.is_empty() {
                return fail(Errno::NoEnt);
            }
            if target.len() >= crate::path::PATH_BYTES_MAX {
                return fail(Errno::NameTooLong);
            }
            if place.node.is_some() {
                return fail(Errno::Exist);
            }
            if found.wants_directory {
                return fail(Errno::NoEnt);
            }
            let target = bytes::Bytes::copy_from_slice(target);
            self.apply(place.volume, vec![Op::Symlink { path: place.path, target }])?;
            Ok(())
        })
    }
}

/// A node as its copy in another volume begins: a file is the text that it shows.
fn copied(node: &Node, now_ns: i64) -> Node {
    let attributes = node.attributes().touched(now_ns);
    match node {
        Node::File(file) => File::new(attributes, file.body.clone()).into(),
        node => node.with_attributes(attributes),
    }
}
