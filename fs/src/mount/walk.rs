//! From a path as written to what it leads to, component by component, as a kernel walks.
//!
//! Symbolic links are followed where they stand and `..` goes to the parent of what was reached,
//! never of what was written (POSIX.1-2024, 4.16). Iterative; each volume's root is loaded once a
//! walk, so a walk sees one version of each.

use bstr::BString;

use super::namespace::{Child, Fixed, FixedDir, SCRATCH_POINTS};
use super::{Shared, VolumeId};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::Follow;
use crate::path::{RealPath, RepoPath, VPath};
use crate::tree::{Dir, Node, Root};

/// How many symbolic links one walk follows (Linux's `MAXSYMLINKS`).
const LINKS_MAX: usize = 40;

/// A directory on the way.
#[derive(Debug, Clone)]
enum Here {
    Fixed(FixedDir),
    In {
        volume: VolumeId,
        dir: Dir,
    },
    /// A submodule: an empty directory.
    Gitlink,
}

/// What a path leads to.
#[derive(Debug, Clone)]
pub(super) enum At {
    Fixed(Fixed),
    Node {
        volume: VolumeId,
        path: RepoPath,
        node: Node,
        opened_ns: i64,
    },
    /// The parent is there, the name is not.
    Missing {
        volume: VolumeId,
        path: RepoPath,
    },
    /// As `Missing`, in a directory where nothing can be made.
    MissingFixed,
}

/// The end of a walk.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub at: At,
    pub real: RealPath,
    /// Whether the text (or the last link's) asks for a directory.
    pub wants_directory: bool,
    /// Whether the last component was `.` or `..`, which cannot be removed or renamed.
    pub ends_in_dots: bool,
}

impl Found {
    /// Fails with ENOENT if nothing is there, ENOTDIR if a directory was asked for and is not.
    pub fn existing(self, path: &VPath, operation: Operation) -> FsResult<Self> {
        let fail = |errno| Err(FsError::new(errno, operation, path.clone()));
        match &self.at {
            At::Missing { .. } | At::MissingFixed => fail(Errno::NoEnt),
            _ if self.wants_directory && !self.is_directory() => fail(Errno::NotDir),
            _ => Ok(self),
        }
    }

    pub fn is_directory(&self) -> bool {
        match &self.at {
            At::Fixed(fixed) => matches!(fixed, Fixed::Dir(_)),
            At::Node { node, .. } => matches!(node, Node::Dir(_) | Node::Gitlink(_)),
            At::Missing { .. } | At::MissingFixed => false,
        }
    }
}

struct Walk<'a> {
    shared: &'a Shared,
    stack: Vec<(BString, Here)>,
    roots: Vec<(VolumeId, Root)>,
}

impl Walk<'_> {
    fn top(&self) -> Here {
        self.stack.last().map_or(Here::Fixed(FixedDir::Root), |(_, here)| here.clone())
    }

    fn root(&mut self, volume: VolumeId) -> FsResult<Root> {
        if let Some((_, root)) = self.roots.iter().find(|(known, _)| *known == volume) {
            return Ok(root.clone());
        }
        let root = self.shared.volume(volume).root()?;
        self.roots.push((volume, root.clone()));
        Ok(root)
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.stack.iter().map(|(name, _)| &name[..])
    }

    /// The path inside `volume` of `name` in the directory reached.
    fn inside(&self, volume: VolumeId, name: Option<&[u8]>) -> RepoPath {
        let skip = if volume == VolumeId::SCRATCH { 0 } else { 2 };
        RepoPath::from_names(self.names().chain(name).skip(skip))
    }

    fn real(&self, name: Option<&[u8]>) -> RealPath {
        RealPath::from_names(self.names().chain(name))
    }

    /// What `name` is in the directory reached, without following it.
    fn look(&mut self, name: &[u8]) -> FsResult<At> {
        let (volume, dir) = match self.top() {
            Here::Fixed(dir) => return self.look_fixed(dir, name),
            Here::Gitlink => return Ok(At::MissingFixed),
            Here::In { volume, dir } => (volume, dir),
        };
        let path = self.inside(volume, Some(name));
        let opened_ns = self.root(volume)?.opened_ns;
        Ok(match dir.get(name)? {
            Some(node) => At::Node { volume, path, node: node.clone(), opened_ns },
            None => At::Missing { volume, path },
        })
    }

    fn look_fixed(&mut self, dir: FixedDir, name: &[u8]) -> FsResult<At> {
        let (volume, path) = match self.shared.namespace.child(dir, name) {
            None => return Ok(At::MissingFixed),
            Some(Child::Fixed(fixed)) => return Ok(At::Fixed(fixed)),
            Some(Child::Repo(index)) => (VolumeId::repo(index), RepoPath::root()),
            Some(Child::Scratch) => {
                (VolumeId::SCRATCH, RepoPath::from_names(self.names().chain([name])))
            }
        };
        let root = self.root(volume)?;
        let node = root.lookup(&path)?;
        Ok(At::Node { volume, path, node, opened_ns: root.opened_ns })
    }
}

impl Shared {
    /// Walks `path`; the last component's symbolic link is followed or not.
    ///
    /// # Errors
    /// ENOENT and ENOTDIR for what is on the way, ELOOP, ENAMETOOLONG, and those of the volume.
    pub(super) fn walk(
        &self,
        path: &VPath,
        follow: Follow,
        operation: Operation,
    ) -> FsResult<Found> {
        let fail = |errno| FsError::new(errno, operation, path.clone());
        let mut walk = Walk { shared: self, stack: Vec::new(), roots: Vec::new() };
        let mut pending: Vec<BString> = path.components().rev().map(BString::from).collect();
        let mut wants_directory = path.wants_directory();
        let mut ends_in_dots = false;
        let mut links = 0;
        while let Some(name) = pending.pop() {
            let last = pending.is_empty();
            ends_in_dots = matches!(&name[..], b"." | b"..");
            match &name[..] {
                b"." => continue,
                b".." => {
                    walk.stack.pop();
                    continue;
                }
                long if long.len() > crate::path::NAME_BYTES_MAX => {
                    return Err(fail(Errno::NameTooLong));
                }
                _ => {}
            }
            let at = walk.look(&name).map_err(|error| error.at(path.clone()))?;
            let target = match &at {
                At::Fixed(Fixed::Link(target)) => Some(BString::from(*target)),
                At::Node { node: Node::Symlink(link), .. } => Some(link.target().into()),
                _ => None,
            };
            if let Some(target) = target
                && (!last || follow == Follow::Yes || wants_directory)
            {
                links += 1;
                if links > LINKS_MAX {
                    return Err(fail(Errno::Loop));
                }
                if target.is_empty() {
                    return Err(fail(Errno::NoEnt));
                }
                if target.starts_with(b"/") {
                    walk.stack.clear();
                }
                let parts = target.split(|&byte| byte == b'/').filter(|part| !part.is_empty());
                if last {
                    wants_directory |= target.ends_with(b"/");
                }
                pending.extend(parts.rev().map(BString::from));
                if pending.is_empty() {
                    break;
                }
                continue;
            }
            if last {
                let real = walk.real(Some(&name));
                return Ok(Found { at, real, wants_directory, ends_in_dots });
            }
            let here = match at {
                At::Fixed(Fixed::Dir(dir)) => Here::Fixed(dir),
                At::Node { volume, node: Node::Dir(dir), .. } => Here::In { volume, dir },
                At::Node { node: Node::Gitlink(_), .. } => Here::Gitlink,
                At::Missing { .. } | At::MissingFixed => return Err(fail(Errno::NoEnt)),
                At::Fixed(_) | At::Node { .. } => return Err(fail(Errno::NotDir)),
            };
            walk.stack.push((name, here));
        }
        // The path ended at a directory that was walked through: `/`, `x/.`, `x/..`.
        let real = walk.real(None);
        let at = match walk.top() {
            Here::Fixed(dir) => At::Fixed(Fixed::Dir(dir)),
            Here::In { volume, dir } => {
                let opened_ns = walk.root(volume)?.opened_ns;
                At::Node {
                    volume,
                    path: walk.inside(volume, None),
                    node: Node::Dir(dir),
                    opened_ns,
                }
            }
            Here::Gitlink => At::Fixed(Fixed::Dir(FixedDir::Descriptors)),
        };
        Ok(Found { at, real, wants_directory: true, ends_in_dots })
    }

    /// Whether something is attached at this place, so that it cannot be removed or renamed.
    pub(super) fn is_mount_point(&self, volume: VolumeId, path: &RepoPath) -> bool {
        let text = path.as_bstr();
        path.is_root()
            || (volume == VolumeId::SCRATCH
                && SCRATCH_POINTS.iter().any(|point| text == point.as_bytes()))
    }
}
