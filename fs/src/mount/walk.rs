//! From a path as written to what it leads to, component by component, as a kernel walks.
//!
//! Symbolic links are followed where they stand and `..` goes to the parent of what was reached,
//! never of what was written (POSIX.1-2024, 4.16). Iterative; each volume's root is loaded once a
//! walk, so a walk sees one version of each.

use std::borrow::Cow;

use bstr::BString;

use super::namespace::{Child, Fixed, FixedDir, SCRATCH_POINTS};
use super::{Shared, VolumeId};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::Follow;
use crate::path::{RealPath, RepoPath, VPath};
use crate::tree::{Dir, Node, Root};

/// How many symbolic links one walk follows (Linux's `MAXSYMLINKS`).
const LINKS_MAX: usize = 40;

/// How often what met a lost tree is done again.
const ANEW_MAX: u32 = 3;

/// Does again what met a tree or a content that its store keeps no more: the present one may do.
pub(super) fn anew<T>(mut look: impl FnMut() -> FsResult<T>) -> FsResult<T> {
    for _ in 0..ANEW_MAX {
        match look() {
            Err(error) if error.errno() == Errno::Stale => {}
            looked => return looked,
        }
    }
    look()
}

/// What a walk does where its last component is a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// Goes on to what it leads to.
    Follow,
    /// Goes on only if a trailing slash asks for a directory, as `lstat` does.
    FollowForSlash,
    /// Stays, slash or not: for calls that make, remove or move the entry itself.
    Stay,
}

impl From<Follow> for Last {
    fn from(follow: Follow) -> Self {
        match follow {
            Follow::Yes => Self::Follow,
            Follow::No => Self::FollowForSlash,
        }
    }
}

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
    /// The directories gone into, each with where its name ends in `real`.
    stack: Vec<(usize, Here)>,
    /// The path of the directory reached; empty at `/`.
    real: Vec<u8>,
    roots: Vec<(VolumeId, Root)>,
}

impl Walk<'_> {
    fn root(&mut self, volume: VolumeId) -> FsResult<&Root> {
        let known = self.roots.iter().position(|(known, _)| *known == volume);
        let at = match known {
            Some(at) => at,
            None => {
                self.roots.push((volume, self.shared.volume(volume).root()?));
                self.roots.len() - 1
            }
        };
        Ok(&self.roots[at].1)
    }

    fn enter(&mut self, name: &[u8], here: Here) {
        self.real.push(b'/');
        self.real.extend_from_slice(name);
        self.stack.push((self.real.len(), here));
    }

    fn leave(&mut self) {
        self.stack.pop();
        self.real.truncate(self.stack.last().map_or(0, |(end, _)| *end));
    }

    /// The path inside `volume` of `name` in the directory reached.
    fn inside(&self, volume: VolumeId, name: Option<&[u8]>) -> RepoPath {
        // A repository is attached at its org and its own name, scratch memory at the root.
        let skip = match volume {
            VolumeId::Scratch => 0,
            _ => self.stack.get(1).map_or(self.real.len(), |(end, _)| *end),
        };
        let mut path = self.real.get(skip + 1..).unwrap_or_default().to_vec();
        if let Some(name) = name {
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
        }
        RepoPath::walked(path)
    }

    fn real(&self, name: Option<&[u8]>) -> RealPath {
        let mut path = Vec::with_capacity(self.real.len() + name.map_or(0, <[u8]>::len) + 1);
        path.extend_from_slice(&self.real);
        if let Some(name) = name {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        RealPath::walked(path)
    }

    /// What `name` is in the directory reached, without following it.
    fn look(&mut self, name: &[u8], last: bool) -> FsResult<Look> {
        let (volume, dir) = match self.stack.last() {
            None => return self.look_fixed(FixedDir::Root, name),
            Some((_, Here::Fixed(dir))) => return self.look_fixed(*dir, name),
            Some((_, Here::Gitlink)) => return Ok(Look::End(At::MissingFixed)),
            Some((_, Here::In { volume, dir })) => (*volume, dir),
        };
        let Some(node) = dir.get(name)? else {
            return Ok(Look::End(At::Missing { volume, path: self.inside(volume, Some(name)) }));
        };
        match node {
            Node::Symlink(link) if !last => return Ok(Look::Link(link.target().into())),
            Node::Dir(dir) if !last => {
                return Ok(Look::Dir(Here::In { volume, dir: dir.clone() }));
            }
            _ => {}
        }
        let node = node.clone();
        let opened_ns = self.root(volume)?.opened_ns;
        let path = self.inside(volume, Some(name));
        Ok(Look::End(At::Node { volume, path, node, opened_ns }))
    }

    fn look_fixed(&mut self, dir: FixedDir, name: &[u8]) -> FsResult<Look> {
        let (volume, path) = match self.shared.namespace.child(dir, name) {
            None if dir == FixedDir::Org => match self.shared.view(name)? {
                None => return Ok(Look::End(At::MissingFixed)),
                Some(view) => (view, RepoPath::root()),
            },
            None => return Ok(Look::End(At::MissingFixed)),
            Some(Child::Fixed(fixed)) => return Ok(Look::End(At::Fixed(fixed))),
            Some(Child::Repo(index)) => (VolumeId::Repo(index), RepoPath::root()),
            Some(Child::Scratch) => (VolumeId::Scratch, self.inside(VolumeId::Scratch, Some(name))),
        };
        let root = self.root(volume)?;
        let (node, opened_ns) = (root.lookup(&path)?, root.opened_ns);
        Ok(Look::End(At::Node { volume, path, node, opened_ns }))
    }
}

/// What a name on the way is.
enum Look {
    /// A directory to go on in.
    Dir(Here),
    /// A link to follow, with its target.
    Link(BString),
    End(At),
}

impl Shared {
    /// Walks `path`.
    ///
    /// # Errors
    /// ENOENT and ENOTDIR for what is on the way, ELOOP, ENAMETOOLONG, and those of the volume.
    pub(super) fn walk(
        &self,
        path: &VPath,
        last_link: impl Into<Last>,
        operation: Operation,
    ) -> FsResult<Found> {
        let last_link = last_link.into();
        anew(|| self.walk_once(path, last_link, operation))
    }

    fn walk_once(&self, path: &VPath, last_link: Last, operation: Operation) -> FsResult<Found> {
        let fail = |errno| FsError::new(errno, operation, path.clone());
        let mut walk = Walk {
            shared: self,
            stack: Vec::with_capacity(8),
            real: Vec::new(),
            roots: Vec::new(),
        };
        // What is still to be walked: a link's target is put before the rest where it is followed.
        let mut text: Cow<'_, [u8]> = Cow::Borrowed(path.as_bstr());
        let mut from = 0;
        let mut ends_in_dots = false;
        let mut links = 0;
        while let Some(slashes) = text[from..].iter().position(|&byte| byte != b'/') {
            let start = from + slashes;
            let len = memchr::memchr(b'/', &text[start..]).unwrap_or(text.len() - start);
            let (name, rest) = text[start..].split_at(len);
            let last = rest.iter().all(|&byte| byte == b'/');
            let wants_directory = !rest.is_empty();
            from = start + len;
            ends_in_dots = matches!(name, b"." | b"..");
            match name {
                b"." => continue,
                b".." => {
                    walk.leave();
                    continue;
                }
                long if long.len() > crate::path::NAME_BYTES_MAX => {
                    return Err(fail(Errno::NameTooLong));
                }
                _ => {}
            }
            let look = walk.look(name, last).map_err(|error| error.at(path.clone()))?;
            let follows = match last_link {
                _ if !last => true,
                Last::Follow => true,
                Last::FollowForSlash => wants_directory,
                Last::Stay => false,
            };
            let at = match look {
                Look::Dir(here) => {
                    walk.enter(name, here);
                    continue;
                }
                Look::Link(target) => Err(target),
                Look::End(At::Node { node: Node::Symlink(link), .. }) if follows => {
                    Err(link.target().into())
                }
                Look::End(At::Fixed(Fixed::Link(target))) if follows => Err(target.into()),
                Look::End(at) => Ok(at),
            };
            let at = match at {
                Ok(at) => at,
                Err(target) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(fail(Errno::Loop));
                    }
                    if target.is_empty() {
                        return Err(fail(Errno::NoEnt));
                    }
                    if target.starts_with(b"/") {
                        walk.stack.clear();
                        walk.real.clear();
                    }
                    text = Cow::Owned([&target[..], rest].concat());
                    from = 0;
                    continue;
                }
            };
            if last {
                let real = walk.real(Some(name));
                return Ok(Found { at, real, wants_directory, ends_in_dots });
            }
            let here = match at {
                At::Fixed(Fixed::Dir(dir)) => Here::Fixed(dir),
                At::Node { volume, node: Node::Dir(dir), .. } => Here::In { volume, dir },
                At::Node { node: Node::Gitlink(_), .. } => Here::Gitlink,
                At::Missing { .. } | At::MissingFixed => return Err(fail(Errno::NoEnt)),
                At::Fixed(_) | At::Node { .. } => return Err(fail(Errno::NotDir)),
            };
            walk.enter(name, here);
        }
        // The path ended at a directory that was walked through: `/`, `x/.`, `x/..`.
        let real = walk.real(None);
        let at = match walk.stack.last() {
            None => At::Fixed(Fixed::Dir(FixedDir::Root)),
            Some((_, Here::Fixed(dir))) => At::Fixed(Fixed::Dir(*dir)),
            Some((_, Here::Gitlink)) => At::Fixed(Fixed::Dir(FixedDir::Descriptors)),
            Some((_, Here::In { volume, dir })) => {
                let (volume, node) = (*volume, Node::Dir(dir.clone()));
                let opened_ns = walk.root(volume)?.opened_ns;
                At::Node { volume, path: walk.inside(volume, None), node, opened_ns }
            }
        };
        Ok(Found { at, real, wants_directory: true, ends_in_dots })
    }

    /// Whether something is attached at this place, so that it cannot be removed or renamed.
    pub(super) fn is_mount_point(&self, volume: VolumeId, path: &RepoPath) -> bool {
        let text = path.as_bstr();
        path.is_root()
            || (volume == VolumeId::Scratch
                && SCRATCH_POINTS.iter().any(|point| text == point.as_bytes()))
    }
}
