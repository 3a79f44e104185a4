//! What `stat` and listings say of the entries of a mount.

use bstr::{BString, ByteSlice};

use super::namespace::Fixed;
use super::walk::{At, Found};
use super::{Shared, VolumeId};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::filesystem::Follow;
use crate::path::{RealPath, RepoPath, VPath};
use crate::stat::{FileKind, FsStat};
use crate::tree::{File, Node};

/// An entry's number is made of its path, so that copies differ (FNV-1a, 64 bits).
#[derive(Debug, Clone, Copy)]
pub(super) struct Inode(u64);

impl Inode {
    const ROOT: Self = Self(0xcbf2_9ce4_8422_2325);

    pub fn of(real: &RealPath) -> Self {
        let names = real.as_bstr().split_str("/").filter(|part| !part.is_empty());
        names.fold(Self::ROOT, |above, name| above.child(name))
    }

    pub fn child(self, name: &[u8]) -> Self {
        let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(name.iter().fold(add(self.0, b'/'), |hash, &byte| add(hash, byte)))
    }

    /// Listings show it; kept in the range of 32 bits as small file systems do.
    fn number(self) -> u64 {
        (self.0 ^ (self.0 >> 32)) & 0xffff_ffff
    }
}

/// An entry of a listing.
pub(super) enum Listed<'a> {
    Node {
        node: &'a Node,
        volume: VolumeId,
        opened_ns: i64,
    },
    /// In a directory that no volume holds.
    Attached(Found),
}

/// What `stat` says of an open file of a volume.
pub(super) fn file_stat(file: &File, volume: VolumeId, real: &RealPath, opened_ns: i64) -> FsStat {
    FsStat {
        kind: FileKind::File,
        mode: file.attributes.mode,
        size: file.body.len(),
        mtime_ns: file.attributes.mtime_ns.unwrap_or(opened_ns),
        inode: Inode::of(real).number(),
        device: volume.device(),
        links: 1,
        conflicted: file.is_conflicted(),
    }
}

/// What `stat` says of an entry of a volume.
pub(super) fn node_stat(node: &Node, volume: VolumeId, inode: Inode, opened_ns: i64) -> FsStat {
    let attributes = node.attributes();
    FsStat {
        kind: node.kind(),
        mode: attributes.mode,
        size: node.size(),
        mtime_ns: attributes.mtime_ns.unwrap_or(opened_ns),
        inode: inode.number(),
        device: volume.device(),
        links: match node {
            // One that cannot be loaded says so when it is listed.
            Node::Dir(dir) => 2 + dir.dirs_len().unwrap_or(0),
            Node::Gitlink(_) => 2,
            Node::File(_) | Node::Symlink(_) => 1,
        },
        conflicted: matches!(node, Node::File(file) if file.is_conflicted()),
    }
}

impl Shared {
    pub(super) fn real_path(&self, volume: VolumeId, path: &RepoPath) -> RealPath {
        let repo = volume.repo().and_then(|index| self.namespace.repos.get(index));
        let point = repo.into_iter().flat_map(|repo| [repo.org.as_str(), repo.repo.as_str()]);
        RealPath::from_names(point.map(str::as_bytes).chain(path.names()))
    }

    pub(super) fn stat(&self, found: &Found) -> FsStat {
        let inode = Inode::of(&found.real);
        let (kind, mode, size) = match &found.at {
            At::Fixed(entry) => (entry.kind(), entry.mode(), entry.size()),
            At::Missing { .. } | At::MissingFixed => (FileKind::File, 0, 0),
            At::Node { volume, node, opened_ns, .. } => {
                return node_stat(node, *volume, inode, *opened_ns);
            }
        };
        FsStat {
            kind,
            mode,
            size,
            mtime_ns: self.opened_ns,
            inode: inode.number(),
            device: 1,
            links: if kind == FileKind::Directory { 2 } else { 1 },
            conflicted: false,
        }
    }

    /// The entries of a directory, each as `entry` tells it.
    pub(super) fn list<T>(
        &self,
        path: &VPath,
        found: &Found,
        entry: impl Fn(BString, Listed<'_>) -> T,
    ) -> FsResult<Vec<T>> {
        match &found.at {
            At::Fixed(Fixed::Dir(dir)) => {
                let mut listed = Vec::new();
                for name in self.namespace.list(*dir) {
                    let path = found.real.to_vpath().join(&name)?;
                    let found = self.walk(&path, Follow::No, Operation::List)?;
                    listed.push(entry(name, Listed::Attached(found)));
                }
                Ok(listed)
            }
            At::Node { volume, node: Node::Dir(dir), opened_ns, .. } => {
                let (volume, opened_ns) = (*volume, *opened_ns);
                let entries = dir.iter().map_err(|error| error.at(path.clone()))?;
                let listed = |node| Listed::Node { node, volume, opened_ns };
                Ok(entries.map(|(name, node)| entry(name.into(), listed(node))).collect())
            }
            At::Node { node: Node::Gitlink(_), .. } => Ok(Vec::new()),
            _ => Err(FsError::new(Errno::NotDir, Operation::List, path.clone())),
        }
    }
}
