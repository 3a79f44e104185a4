//! What directories hold below them, computed once for every tree that enters the store.

use std::collections::HashMap;

use bstr::BString;
use mesafs::tree::{ObjectId, Sums};

use super::error::EngineResult;
use super::objects::Objects;
use super::types::{TreeEntry, TreeEntryKind};

/// A directory whose sums are being added up.
struct Open {
    tree: ObjectId,
    /// Those not yet looked at.
    rest: std::vec::IntoIter<TreeEntry>,
    sums: Sums,
    /// The name of the directory below that is on top of this one.
    waits_for: BString,
}

/// Where a walk is: the folders above the tree that was opened last.
pub(super) struct Folder<'a>(&'a [Open]);

impl Folder<'_> {
    pub fn root() -> Self {
        Self(&[])
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of a name in it.
    pub fn join(&self, name: &[u8]) -> BString {
        let mut path = BString::default();
        for above in self.0 {
            path.extend_from_slice(&above.waits_for);
            path.push(b'/');
        }
        path.extend_from_slice(name);
        path
    }
}

fn open(
    objects: &Objects,
    stack: &mut Vec<Open>,
    tree: ObjectId,
    look: &mut dyn FnMut(&Folder<'_>, &[TreeEntry]),
) -> EngineResult<()> {
    let entries = objects.tree(tree)?;
    look(&Folder(stack), &entries);
    let rest = entries.into_iter();
    stack.push(Open { tree, rest, sums: Sums::default(), waits_for: BString::default() });
    Ok(())
}

impl Objects {
    /// The sums of a tree, and through `found` those of every tree below that `known` doesn't know.
    /// Iterative; each distinct tree once.
    ///
    /// # Errors
    /// `Data` if an object is missing or damaged.
    pub fn sums(
        &self,
        tree: ObjectId,
        known: &mut dyn FnMut(ObjectId) -> Option<Sums>,
        found: &mut dyn FnMut(ObjectId, Sums),
    ) -> EngineResult<Sums> {
        self.walk(tree, known, found, &mut |_, _| {})
    }

    /// As [`Self::sums`]; `look` is shown the entries of each tree when it is opened.
    pub(super) fn walk(
        &self,
        tree: ObjectId,
        known: &mut dyn FnMut(ObjectId) -> Option<Sums>,
        found: &mut dyn FnMut(ObjectId, Sums),
        look: &mut dyn FnMut(&Folder<'_>, &[TreeEntry]),
    ) -> EngineResult<Sums> {
        if let Some(sums) = known(tree) {
            return Ok(sums);
        }
        let mut fresh: HashMap<ObjectId, Sums> = HashMap::new();
        let mut stack = Vec::new();
        open(self, &mut stack, tree, look)?;
        let mut total = Sums::default();
        while let Some(top) = stack.last_mut() {
            let Some(entry) = top.rest.next() else {
                let Some(done) = stack.pop() else { break };
                found(done.tree, done.sums);
                fresh.insert(done.tree, done.sums);
                total = done.sums;
                if let Some(parent) = stack.last_mut() {
                    let child = Sums::of_child_dir(&parent.waits_for, done.sums);
                    parent.sums = parent.sums.and(child);
                }
                continue;
            };
            match entry.kind {
                TreeEntryKind::Dir(below) => {
                    match fresh.get(&below).copied().or_else(|| known(below)) {
                        Some(sums) => {
                            top.sums = top.sums.and(Sums::of_child_dir(&entry.name, sums));
                        }
                        None => {
                            top.waits_for = entry.name;
                            open(self, &mut stack, below, look)?;
                        }
                    }
                }
                TreeEntryKind::File { blob, .. } => {
                    let bytes = self.blob_size(blob)?;
                    top.sums = top.sums.and(leaf(&entry.name, bytes));
                }
                TreeEntryKind::Symlink(_) | TreeEntryKind::Gitlink(_) => {
                    top.sums = top.sums.and(leaf(&entry.name, 0));
                }
            }
        }
        Ok(total)
    }
}

fn leaf(name: &BString, bytes: u64) -> Sums {
    let longest_path = u32::try_from(name.len()).unwrap_or(u32::MAX);
    Sums { entries: 1, bytes, depth: 1, longest_path }
}
