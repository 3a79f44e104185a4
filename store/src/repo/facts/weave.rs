//! Facts of several commits, put together as their trees are: merged, picked from, and fitted to the
//! tree that git has of it then.
//!
//! Only what is noted is looked at, and of that only what differs; iterative. What a merge makes says
//! nothing reliable of trees and sums until it is fitted.

use std::collections::{BTreeMap, HashMap};
use std::vec;

use bstr::BString;
use mesafs::error::FsResult;
use mesafs::path::RepoPath;
use mesafs::tree::{ObjectId, Sums};

use super::{FactsEntry, FactsOf, encode_node};
use crate::engine::TreeEntryKind;

type Id = [u8; 32];
type Entry = Option<FactsEntry>;

/// What is noted already, and what git has.
pub(crate) trait Known {
    /// The entries of a node, sorted by name.
    fn node(&self, id: Id) -> FsResult<Vec<FactsEntry>>;
    fn tree(&self, tree: ObjectId) -> FsResult<HashMap<BString, TreeEntryKind>>;
    fn sums(&self, tree: ObjectId) -> FsResult<Sums>;
}

/// Puts facts together. The nodes that it makes are its own until somebody stores them.
pub(crate) struct Weave<'a> {
    known: &'a dyn Known,
    made: HashMap<Id, Vec<FactsEntry>>,
}

/// A directory that two sides changed.
struct Frame {
    /// What its entry will say but for its node.
    head: FactsEntry,
    names: vec::IntoIter<(BString, [Entry; 3])>,
    out: Vec<FactsEntry>,
}

/// A directory that is fitted to git's.
struct Fitting {
    head: FactsEntry,
    tree: Option<ObjectId>,
    git: HashMap<BString, TreeEntryKind>,
    entries: vec::IntoIter<FactsEntry>,
    out: Vec<FactsEntry>,
}

/// Whether two entries say the same of themselves and of all below them.
pub(crate) fn alike(one: Option<&FactsEntry>, other: Option<&FactsEntry>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one.is_none() && other.is_none() };
    let of = match (one.of, other.of) {
        (FactsOf::Dir { tree, facts, .. }, FactsOf::Dir { tree: there, facts: noted, .. }) => {
            facts == noted && tree.is_none() == there.is_none()
        }
        (one, other) => one == other,
    };
    of && one.mode == other.mode && one.mtime_ns == other.mtime_ns
}

/// The side that differs from the base; theirs where both do.
fn side<T: PartialEq>(base: T, ours: T, theirs: T) -> T {
    if theirs == base { ours } else { theirs }
}

fn node_of(entry: Option<&FactsEntry>) -> Option<Id> {
    match entry?.of {
        FactsOf::Dir { facts, .. } => facts,
        FactsOf::File(_) | FactsOf::Symlink(_) => None,
    }
}

fn is_bare(entry: &FactsEntry) -> bool {
    matches!(entry.of, FactsOf::Dir { tree: None, .. })
}

impl<'a> Weave<'a> {
    pub fn new(known: &'a dyn Known) -> Self {
        Self { known, made: HashMap::new() }
    }

    /// The node with this id, made here or noted before.
    fn node(&self, id: Option<Id>) -> FsResult<Vec<FactsEntry>> {
        match id {
            None => Ok(Vec::new()),
            Some(id) => match self.made.get(&id) {
                Some(entries) => Ok(entries.clone()),
                None => self.known.node(id),
            },
        }
    }

    fn make(&mut self, entries: Vec<FactsEntry>) -> Option<Id> {
        if entries.is_empty() {
            return None;
        }
        let (id, _) = encode_node(&entries);
        self.made.insert(id, entries);
        Some(id)
    }

    /// The bytes of a node that was made here, and of those below it that were, too.
    pub fn made(&self, root: Option<Id>) -> Vec<(Id, Vec<u8>)> {
        let mut waiting: Vec<Id> = root.into_iter().collect();
        let mut found: HashMap<Id, Vec<u8>> = HashMap::new();
        while let Some(id) = waiting.pop() {
            let Some(entries) = self.made.get(&id).filter(|_| !found.contains_key(&id)) else {
                continue;
            };
            found.insert(id, encode_node(entries).1);
            waiting.extend(entries.iter().filter_map(|entry| node_of(Some(entry))));
        }
        found.into_iter().collect()
    }

    /// `ours` with what `theirs` changed since `base`.
    pub fn merge(&mut self, base: Entry, ours: Entry, theirs: Entry) -> FsResult<Entry> {
        let mut stack: Vec<Frame> = Vec::new();
        let mut next = Some([base, ours, theirs]);
        loop {
            let merged = match next.take() {
                Some([base, ours, theirs]) => match self.decide(base, ours, theirs)? {
                    Ok(entry) => entry,
                    Err(frame) => {
                        stack.push(frame);
                        None
                    }
                },
                None => None,
            };
            match (merged, stack.last_mut()) {
                (merged, None) => return Ok(merged),
                (Some(merged), Some(frame)) => frame.out.push(merged),
                (None, Some(_)) => {}
            }
            // The next name, or a directory that is done and goes to the one above.
            loop {
                let Some(frame) = stack.last_mut() else { return Ok(None) };
                if let Some((_, sides)) = frame.names.next() {
                    next = Some(sides);
                    break;
                }
                let Some(frame) = stack.pop() else { return Ok(None) };
                let done = self.finish(frame.head, frame.out);
                match (done, stack.last_mut()) {
                    (done, None) => return Ok(done),
                    (Some(done), Some(above)) => above.out.push(done),
                    (None, Some(_)) => {}
                }
            }
        }
    }

    /// What three sides come to, or the directory that has to be looked into for that.
    fn decide(&self, base: Entry, ours: Entry, theirs: Entry) -> FsResult<Result<Entry, Frame>> {
        if alike(base.as_ref(), theirs.as_ref()) || alike(ours.as_ref(), theirs.as_ref()) {
            return Ok(Ok(ours));
        }
        if alike(base.as_ref(), ours.as_ref()) {
            return Ok(Ok(theirs));
        }
        let (Some(our), Some(their)) = (&ours, &theirs) else { return Ok(Ok(theirs.or(ours))) };
        let was = |entry: &Entry| entry.as_ref().map_or((None, None), |e| (e.mode, e.mtime_ns));
        let (base_mode, base_mtime) = was(&base);
        let mode = side(base_mode, our.mode, their.mode);
        match (our.of, their.of) {
            (FactsOf::Dir { .. }, FactsOf::Dir { tree, sums, .. }) => {
                let tree = if is_bare(our) { tree } else { tree.or_else(|| tree_of(our)) };
                let mut names: BTreeMap<BString, [Entry; 3]> = BTreeMap::new();
                for (at, entry) in [&base, &ours, &theirs].into_iter().enumerate() {
                    for below in self.node(node_of(entry.as_ref()))? {
                        let sides = names.entry(below.name.clone()).or_default();
                        if let Some(side) = sides.get_mut(at) {
                            *side = Some(below);
                        }
                    }
                }
                let mtime_ns = side(base_mtime, our.mtime_ns, their.mtime_ns);
                let of = FactsOf::Dir { tree, facts: None, sums };
                let head = FactsEntry { name: their.name.clone(), mode, mtime_ns, of };
                let names = names.into_iter().collect::<Vec<_>>().into_iter();
                Ok(Err(Frame { head, names, out: Vec::new() }))
            }
            // A time holds for the content that it was noted for.
            (our_of, their_of) => {
                let of_base = base.as_ref().map(|entry| entry.of);
                let (of, mtime_ns) = if of_base != Some(their_of) {
                    (their_of, their.mtime_ns)
                } else if of_base != Some(our_of) {
                    (our_of, our.mtime_ns)
                } else {
                    (their_of, side(base_mtime, our.mtime_ns, their.mtime_ns))
                };
                Ok(Ok(Some(FactsEntry { name: their.name.clone(), mode, mtime_ns, of })))
            }
        }
    }

    /// The entry of a directory with these names noted in it, if anything is to be said of it.
    fn finish(&mut self, head: FactsEntry, out: Vec<FactsEntry>) -> Entry {
        let FactsOf::Dir { tree, sums, .. } = head.of else { return Some(head) };
        let facts = self.make(out);
        let says = head.mode.is_some() || head.mtime_ns.is_some() || facts.is_some();
        let is_root = head.name.is_empty();
        let of = FactsOf::Dir { tree, facts, sums };
        (says || tree.is_none() || is_root).then_some(FactsEntry { of, ..head })
    }

    /// `into` with what `from` says of `path` and of all below it.
    pub fn pick(&mut self, into: Entry, from: Entry, path: &RepoPath) -> FsResult<Entry> {
        let mut above: Vec<(FactsEntry, Vec<FactsEntry>)> = Vec::new();
        let (mut into, mut from) = (into, from);
        for name in path.names() {
            let Some(head) = into.clone().or_else(|| from.clone()) else {
                // Nobody says anything of what is on the way.
                break;
            };
            let own = self.node(node_of(into.as_ref()))?;
            let others = self.node(node_of(from.as_ref()))?;
            let plain = into.is_none();
            let at = |entries: &[FactsEntry]| entries.iter().find(|e| e.name == name).cloned();
            (into, from) = (at(&own), at(&others));
            let rest = own.into_iter().filter(|entry| entry.name != name).collect();
            let head = match plain {
                true => FactsEntry { mode: None, mtime_ns: None, ..head },
                false => head,
            };
            above.push((head, rest));
        }
        let mut picked = from;
        while let Some((head, mut rest)) = above.pop() {
            rest.extend(picked);
            rest.sort_by(|one, other| one.name.cmp(&other.name));
            picked = match head.of {
                FactsOf::Dir { .. } => self.finish(head, rest),
                // A file was on the way: the tree decides what is there.
                FactsOf::File(_) | FactsOf::Symlink(_) => Some(head),
            };
        }
        Ok(picked)
    }

    /// What was made here, fitted to the tree that git has: what is said of names that are not there
    /// goes, and sums are those of what is.
    pub fn fit(&mut self, root: FactsEntry, tree: ObjectId) -> FsResult<FactsEntry> {
        let mut stack = vec![self.fitting(root.clone(), Some(tree))?];
        loop {
            let Some(frame) = stack.last_mut() else { return Ok(root) };
            let Some(entry) = frame.entries.next() else {
                let Some(frame) = stack.pop() else { return Ok(root) };
                let done = self.fitted(frame)?;
                match (done, stack.last_mut()) {
                    (done, None) => return Ok(done.unwrap_or(root)),
                    (Some(done), Some(above)) => above.out.push(done),
                    (None, Some(_)) => {}
                }
                continue;
            };
            let there = frame.git.get(&entry.name).copied();
            match (entry.of, there) {
                (FactsOf::Dir { tree: None, .. }, None)
                | (FactsOf::Dir { .. }, Some(TreeEntryKind::Dir(_))) => {
                    let tree = match there {
                        Some(TreeEntryKind::Dir(tree)) => Some(tree),
                        _ => None,
                    };
                    let made = node_of(Some(&entry)).is_some_and(|id| self.made.contains_key(&id));
                    if made {
                        let below = self.fitting(entry, tree)?;
                        stack.push(below);
                    } else {
                        frame.out.push(entry);
                    }
                }
                (FactsOf::File(_), Some(TreeEntryKind::File { .. }))
                | (FactsOf::Symlink(_), Some(TreeEntryKind::Symlink(_))) => frame.out.push(entry),
                _ => {}
            }
        }
    }

    fn fitting(&self, head: FactsEntry, tree: Option<ObjectId>) -> FsResult<Fitting> {
        let git = tree.map_or_else(|| Ok(HashMap::new()), |tree| self.known.tree(tree))?;
        let entries = self.node(node_of(Some(&head)))?.into_iter();
        Ok(Fitting { head, tree, git, entries, out: Vec::new() })
    }

    fn fitted(&mut self, frame: Fitting) -> FsResult<Entry> {
        let Fitting { head, tree, out, .. } = frame;
        let mut sums = match tree {
            Some(tree) => self.known.sums(tree)?,
            None => Sums::default(),
        };
        sums = self.bare(&out)?.into_iter().fold(sums, Sums::and);
        let of = FactsOf::Dir { tree, facts: None, sums };
        Ok(self.finish(FactsEntry { of, ..head }, out))
    }

    /// What directories without files add to the sums of the one that has these entries: at most.
    fn bare(&self, entries: &[FactsEntry]) -> FsResult<Vec<Sums>> {
        let mut found = Vec::new();
        let mut waiting: Vec<(FactsEntry, u32, u32)> =
            entries.iter().map(|entry| (entry.clone(), 0, 0)).collect();
        while let Some((entry, depth, above)) = waiting.pop() {
            let FactsOf::Dir { tree, facts, .. } = entry.of else { continue };
            let name = u32::try_from(entry.name.len()).unwrap_or(u32::MAX);
            let longest_path = above.saturating_add(name);
            if tree.is_none() {
                found.push(Sums { entries: 1, bytes: 0, depth: depth + 1, longest_path });
            }
            let below = self.node(facts)?.into_iter();
            waiting.extend(below.map(|entry| (entry, depth + 1, longest_path.saturating_add(1))));
        }
        Ok(found)
    }

    /// Whether two say something else beyond times: another mode, another empty directory.
    pub fn differs(&self, one: Entry, other: Entry) -> FsResult<bool> {
        let mut waiting = vec![(one, other)];
        while let Some((one, other)) = waiting.pop() {
            if alike(one.as_ref(), other.as_ref()) {
                continue;
            }
            let mode = |entry: &Entry| entry.as_ref().and_then(|entry| entry.mode);
            let bare = |entry: &Entry| entry.as_ref().is_some_and(is_bare);
            if mode(&one) != mode(&other) || bare(&one) != bare(&other) {
                // Nothing below has to be looked at.
                return Ok(true);
            }
            let mut names: BTreeMap<BString, (Entry, Entry)> = BTreeMap::new();
            for entry in self.node(node_of(one.as_ref()))? {
                let name = entry.name.clone();
                names.entry(name).or_default().0 = Some(entry);
            }
            for entry in self.node(node_of(other.as_ref()))? {
                let name = entry.name.clone();
                names.entry(name).or_default().1 = Some(entry);
            }
            waiting.extend(names.into_values());
        }
        Ok(false)
    }
}

fn tree_of(entry: &FactsEntry) -> Option<ObjectId> {
    match entry.of {
        FactsOf::Dir { tree, .. } => tree,
        FactsOf::File(_) | FactsOf::Symlink(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesafs::error::{Errno, FsError, Operation};

    #[derive(Default)]
    struct Memory {
        nodes: HashMap<Id, Vec<FactsEntry>>,
        trees: HashMap<ObjectId, HashMap<BString, TreeEntryKind>>,
    }

    impl Known for Memory {
        fn node(&self, id: Id) -> FsResult<Vec<FactsEntry>> {
            let lost = || FsError::new(Errno::Io, Operation::List, "");
            self.nodes.get(&id).cloned().ok_or_else(lost)
        }

        fn tree(&self, tree: ObjectId) -> FsResult<HashMap<BString, TreeEntryKind>> {
            Ok(self.trees.get(&tree).cloned().unwrap_or_default())
        }

        fn sums(&self, tree: ObjectId) -> FsResult<Sums> {
            let entries = self.tree(tree)?.len() as u64;
            Ok(Sums { entries, ..Sums::default() })
        }
    }

    impl Memory {
        fn dir(&mut self, name: &str, tree: Option<u8>, entries: &[FactsEntry]) -> FactsEntry {
            let mut entries = entries.to_vec();
            entries.sort_by(|one, other| one.name.cmp(&other.name));
            let (id, _) = encode_node(&entries);
            let facts = (!entries.is_empty()).then_some(id);
            self.nodes.insert(id, entries);
            let tree = tree.map(|byte| ObjectId([byte; 20]));
            let of = FactsOf::Dir { tree, facts, sums: Sums::default() };
            FactsEntry { name: name.into(), mode: None, mtime_ns: None, of }
        }
    }

    fn file(name: &str, blob: u8, mode: Option<u32>, mtime_ns: Option<i64>) -> FactsEntry {
        let of = FactsOf::File(ObjectId([blob; 20]));
        FactsEntry { name: name.into(), mode, mtime_ns, of }
    }

    #[test]
    fn both_sides_modes_times_and_empty_folders_are_in_the_merge() -> FsResult<()> {
        let mut memory = Memory::default();
        let gone = memory.dir("gone", None, &[]);
        let base_sub = memory.dir("sub", Some(1), &[file("x", 1, None, Some(1))]);
        let base = memory.dir("", Some(9), &[file("a", 1, None, Some(1)), base_sub, gone.clone()]);
        let our_sub = memory.dir("sub", Some(2), &[file("x", 1, Some(0o600), Some(1))]);
        let ours = memory.dir("", Some(8), &[file("a", 2, None, Some(2)), our_sub, gone]);
        let their_sub = memory.dir(
            "sub",
            Some(3),
            &[file("x", 1, None, Some(5)), file("y", 4, Some(0o640), None)],
        );
        let new = memory.dir("new", None, &[]);
        let theirs = memory.dir("", Some(7), &[file("a", 1, Some(0o400), Some(1)), their_sub, new]);
        let entry = |name: &str, kind| (BString::from(name), kind);
        let blob = |byte| TreeEntryKind::File { blob: ObjectId([byte; 20]), executable: false };
        let tree = ObjectId([5; 20]);
        let sub = ObjectId([6; 20]);
        let top = HashMap::from([entry("a", blob(2)), entry("sub", TreeEntryKind::Dir(sub))]);
        memory.trees.insert(tree, top);
        memory.trees.insert(sub, HashMap::from([entry("x", blob(1)), entry("y", blob(4))]));
        let mut weave = Weave::new(&memory);
        let merged = weave.merge(Some(base), Some(ours), Some(theirs))?.unwrap();
        let fitted = weave.fit(merged, tree)?;
        let entries = weave.node(node_of(Some(&fitted)))?;
        let names: Vec<_> = entries.iter().map(|entry| entry.name.to_string()).collect();
        assert_eq!(names, ["a", "new", "sub"]);
        assert_eq!(entries[0], file("a", 2, Some(0o400), Some(2)));
        let below = weave.node(node_of(Some(&entries[2])))?;
        let y = file("y", 4, Some(0o640), None);
        assert_eq!(below, [file("x", 1, Some(0o600), Some(5)), y]);
        let FactsOf::Dir { tree: at, sums, .. } = fitted.of else { panic!("a directory") };
        assert_eq!((at, sums.entries), (Some(tree), 3), "git's two and the empty one");
        // What is made and stands below the root is stored, what it was made of is not.
        assert_eq!(weave.made(node_of(Some(&fitted))).len(), 2);
        Ok(())
    }

    #[test]
    fn what_is_picked_takes_the_place_of_what_was_there() -> FsResult<()> {
        let mut memory = Memory::default();
        let sub = memory.dir("sub", Some(1), &[file("x", 1, Some(0o600), None)]);
        let from = memory.dir("", Some(9), &[sub, file("b", 1, Some(0o400), None)]);
        let into = memory.dir("", Some(9), &[file("b", 1, None, Some(7))]);
        let mut weave = Weave::new(&memory);
        let at = |path: &str| RepoPath::new(path).unwrap();
        let picked = weave.pick(Some(into.clone()), Some(from.clone()), &at("sub/x"))?;
        let entries = weave.node(node_of(picked.as_ref()))?;
        assert_eq!(entries.len(), 2);
        assert!(weave.differs(picked.clone(), Some(into.clone()))?);
        // And back again, where the other side has nothing of it.
        let back = weave.pick(picked, Some(into.clone()), &at("sub/x"))?;
        assert!(!weave.differs(back.clone(), Some(into.clone()))?);
        let nothing = weave.pick(Some(into.clone()), Some(from), &at("none/at/all"))?;
        assert_eq!(nothing, Some(into));
        Ok(())
    }
}
