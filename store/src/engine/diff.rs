//! What differs between two trees.

use mesafs::path::RepoPath;
use mesafs::tree::ObjectId;

use super::error::EngineResult;
use super::ids::EMPTY_TREE;
use super::objects::Objects;
use super::types::{Side, TreeEntry, TreeEntryKind};

/// A path that is not the same on both sides. Never a folder: what is in it is told one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub path: RepoPath,
    pub before: Side,
    pub after: Side,
}

/// Two folders of the same path, or one and nothing.
struct Pair {
    path: Vec<u8>,
    before: ObjectId,
    after: ObjectId,
}

impl Objects {
    /// Tells every difference between two trees, sorted by path within each folder; `found` answers
    /// whether to go on. Folders that are the same are not opened. Iterative.
    ///
    /// # Errors
    /// `Data` if an object is missing or damaged.
    pub fn diff(
        &self,
        before: ObjectId,
        after: ObjectId,
        found: &mut dyn FnMut(Difference) -> bool,
    ) -> EngineResult<()> {
        let mut stack = vec![Pair { path: Vec::new(), before, after }];
        while let Some(pair) = stack.pop() {
            if pair.before == pair.after {
                continue;
            }
            let mut folders = Vec::new();
            for (name, before, after) in paired(self.tree(pair.before)?, self.tree(pair.after)?) {
                let mut path = pair.path.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(&name);
                let (before, old) = parted(before);
                let (after, new) = parted(after);
                if before != after {
                    let path = RepoPath::from_names(path.split(|byte| *byte == b'/'));
                    if !found(Difference { path, before, after }) {
                        return Ok(());
                    }
                }
                folders.push(Pair { path, before: old, after: new });
            }
            stack.extend(folders.into_iter().rev());
        }
        Ok(())
    }
}

/// A folder is followed, everything else told.
fn parted(side: Side) -> (Side, ObjectId) {
    match side {
        Some(TreeEntryKind::Dir(tree)) => (None, tree),
        other => (other, EMPTY_TREE),
    }
}

/// The entries of two folders by name, where they differ.
fn paired(before: Vec<TreeEntry>, after: Vec<TreeEntry>) -> Vec<(bstr::BString, Side, Side)> {
    let mut pairs = Vec::new();
    let mut before = before.into_iter().peekable();
    let mut after = after.into_iter().peekable();
    loop {
        let old_first = match (before.peek(), after.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(old), Some(new)) => old.name <= new.name,
        };
        let Some(entry) = (if old_first { before.next() } else { after.next() }) else {
            return pairs;
        };
        let pair = if old_first {
            let new = after.next_if(|new| new.name == entry.name).map(|new| new.kind);
            (entry.name, Some(entry.kind), new)
        } else {
            (entry.name, None, Some(entry.kind))
        };
        if pair.1 != pair.2 {
            pairs.push(pair);
        }
    }
}
