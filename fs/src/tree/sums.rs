//! What a directory holds below it, so that limits hold without walking.

use serde::{Deserialize, Serialize};

use super::node::Node;

/// Totals over everything below a directory, saturating.
///
/// `entries` and `bytes` are exact. `depth` and `longest_path` are exact or too high, never too
/// low: losing the deepest or longest entry of a big directory leaves them as they were until
/// [`super::Dir::tightened`] counts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Sums {
    /// Entries at any depth, the directory itself not counted.
    pub entries: u64,
    /// Logical bytes of all files below.
    pub bytes: u64,
    /// The deepest nesting below: 0 for an empty directory, 1 if it holds entries only.
    pub depth: u32,
    /// Bytes of the longest relative path below, `/` included.
    pub longest_path: u32,
}

impl Sums {
    /// What one child adds to its directory.
    #[must_use]
    pub fn of_child(name: &[u8], node: &Node) -> Self {
        let name_len = u32::try_from(name.len()).unwrap_or(u32::MAX);
        match node {
            Node::Dir(dir) => Self::of_child_dir(name, dir.sums()),
            Node::File(file) => {
                Self { entries: 1, bytes: file.body.len(), depth: 1, longest_path: name_len }
            }
            Node::Symlink(_) | Node::Gitlink(_) => {
                Self { entries: 1, bytes: 0, depth: 1, longest_path: name_len }
            }
        }
    }

    /// What a child directory with these sums adds.
    #[must_use]
    pub fn of_child_dir(name: &[u8], below: Self) -> Self {
        let name_len = u32::try_from(name.len()).unwrap_or(u32::MAX);
        Self {
            entries: below.entries.saturating_add(1),
            bytes: below.bytes,
            depth: below.depth.saturating_add(1),
            longest_path: match below.longest_path {
                0 => name_len,
                longest => name_len.saturating_add(1).saturating_add(longest),
            },
        }
    }

    /// Both together, as siblings.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_add(other.entries),
            bytes: self.bytes.saturating_add(other.bytes),
            depth: self.depth.max(other.depth),
            longest_path: self.longest_path.max(other.longest_path),
        }
    }

    /// Without `other`; what it may have been the highest of stays as it is.
    #[must_use]
    pub(super) fn without(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_sub(other.entries),
            bytes: self.bytes.saturating_sub(other.bytes),
            ..self
        }
    }

    /// Whether taking `other` away may lower a maximum.
    #[must_use]
    pub(super) fn may_hang_on(self, other: Self) -> bool {
        self.depth <= other.depth || self.longest_path <= other.longest_path
    }
}
