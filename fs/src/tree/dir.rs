//! Directories: loaded at the first look, edited by making new ones that share the rest.
//!
//! Always true: names are sorted by their bytes and unique, and the sums are those of the children
//! (see [`Sums`]). A small directory, or one that nobody edited, is a sorted array; a big edited
//! one is a persistent map, so that an edit costs O(log n) of its entries.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use bstr::{BStr, ByteSlice};
use imbl::OrdMap;

use super::node::{Attributes, Node};
use super::source::{ObjectId, Source};
use super::sums::Sums;
use crate::error::FsResult;

/// An entry's name, shared by all versions of its directory.
pub type Name = Arc<[u8]>;

/// Up to this many entries an edit copies the array.
const ARRAY_ENTRIES_MAX: usize = 24;
/// Up to this depth a tree is dropped by plain recursion.
const DROP_DEPTH_MAX: u32 = 8;

/// Where a directory is stored: its git tree (none if git cannot hold it, having no files below)
/// and its node in the facts tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoredDir {
    pub tree: Option<ObjectId>,
    pub facts: Option<[u8; 32]>,
}

/// A directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Dir {
    pub attributes: Attributes,
    content: Arc<Content>,
}

#[derive(Debug)]
struct Content {
    sums: Sums,
    /// Set where `sums` has a maximum that may be too high.
    loose: bool,
    /// What [`Dir::tightened`] found.
    exact: OnceLock<Sums>,
    children: OnceLock<Children>,
    /// How many of the children are directories, once somebody asked.
    dirs: OnceLock<u64>,
    source: Option<Arc<dyn Source>>,
    stored: OnceLock<StoredDir>,
    /// See [`Dir::tag`].
    tag: OnceLock<u64>,
}

#[derive(Debug, Clone)]
enum Children {
    Array(Box<[(Name, Node)]>),
    Map(OrdMap<Name, Node>),
}

impl Dir {
    #[must_use]
    pub fn empty(attributes: Attributes) -> Self {
        Self::with_children(attributes, Children::Array(Box::default()), Sums::default(), false)
    }

    /// A stored directory: `source` lists it at the first look.
    #[must_use]
    pub fn lazy(
        attributes: Attributes,
        source: Arc<dyn Source>,
        tree: Option<ObjectId>,
        facts: Option<[u8; 32]>,
        sums: Sums,
    ) -> Self {
        let content = Content {
            sums,
            loose: false,
            exact: OnceLock::new(),
            children: OnceLock::new(),
            dirs: OnceLock::new(),
            source: Some(source),
            stored: OnceLock::from(StoredDir { tree, facts }),
            tag: OnceLock::new(),
        };
        Self { attributes, content: Arc::new(content) }
    }

    /// A directory of these entries, in any order; of two with one name the later one stays.
    #[must_use]
    pub fn from_entries<N: Into<Name>>(
        attributes: Attributes,
        entries: impl IntoIterator<Item = (N, Node)>,
    ) -> Self {
        let map: OrdMap<Name, Node> =
            entries.into_iter().map(|(name, node)| (name.into(), node)).collect();
        let array: Box<[(Name, Node)]> = map.into_iter().collect();
        let (sums, loose) = summed(&array);
        Self::with_children(attributes, Children::Array(array), sums, loose)
    }

    fn with_children(attributes: Attributes, children: Children, sums: Sums, loose: bool) -> Self {
        let content = Content {
            sums,
            loose,
            exact: OnceLock::new(),
            children: OnceLock::from(children),
            dirs: OnceLock::new(),
            source: None,
            stored: OnceLock::new(),
            tag: OnceLock::new(),
        };
        Self { attributes, content: Arc::new(content) }
    }

    /// The same content with other attributes.
    #[must_use]
    pub fn with_attributes(&self, attributes: Attributes) -> Self {
        Self { attributes, content: Arc::clone(&self.content) }
    }

    #[must_use]
    pub fn sums(&self) -> Sums {
        self.content.exact.get().copied().unwrap_or(self.content.sums)
    }

    /// Known without loading it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.content.sums.entries == 0
    }

    /// Where this content is stored, once that is known.
    #[must_use]
    pub fn stored(&self) -> Option<StoredDir> {
        self.content.stored.get().copied()
    }

    /// Notes where this content is stored, for everything that shares it.
    pub fn mark_stored(&self, tree: Option<ObjectId>, facts: Option<[u8; 32]>) {
        let _first_is_right = self.content.stored.set(StoredDir { tree, facts });
    }

    /// What lists it, if it has not been edited since it was loaded.
    #[must_use]
    pub fn source(&self) -> Option<&Arc<dyn Source>> {
        self.content.source.as_ref()
    }

    /// A number that stays with this content, for who tells others of it: `fresh` makes it when it is
    /// asked for first.
    pub fn tag(&self, fresh: impl FnOnce() -> u64) -> u64 {
        *self.content.tag.get_or_init(fresh)
    }

    /// The number that [`Dir::tag`] has given, if it has.
    #[must_use]
    pub fn tagged(&self) -> Option<u64> {
        self.content.tag.get().copied()
    }

    /// What this directory has become elsewhere: the entries of `changes` are others, or none. Where it
    /// is stored, what lists it, and its sums are as `stands` has them, which is not listed any more.
    ///
    /// # Errors
    /// Those of loading this one.
    pub fn become_as(
        &self,
        stands: &Self,
        changes: impl IntoIterator<Item = (Name, Option<Node>)>,
    ) -> FsResult<Self> {
        let mut map: OrdMap<Name, Node> = match self.children()? {
            Children::Array(array) => array.iter().cloned().collect(),
            Children::Map(map) => map.clone(),
        };
        for (name, node) in changes {
            match node {
                Some(node) => drop(map.insert(name, node)),
                None => drop(map.remove(&*name)),
            }
        }
        let children = match map.len() <= ARRAY_ENTRIES_MAX {
            true => Children::Array(map.into_iter().collect()),
            false => Children::Map(map),
        };
        let _listed_meanwhile = stands.content.children.set(children);
        Ok(stands.clone())
    }

    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.content.stored.get().is_some()
    }

    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.content.children.get().is_some()
    }

    /// Whether both are known, without reading, to hold the same (attributes of their own aside).
    #[must_use]
    pub fn same_identity(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.content, &other.content)
            || self.stored().is_some_and(|stored| {
                other.stored() == Some(stored) && (stored.tree.is_some() || stored.facts.is_some())
            })
    }

    /// A number that the copies of this content have in common, and no other while one of them
    /// lives.
    #[must_use]
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.content) as usize
    }

    fn children(&self) -> FsResult<&Children> {
        if let Some(children) = self.content.children.get() {
            return Ok(children);
        }
        let array = match (&self.content.source, self.stored()) {
            (Some(source), Some(StoredDir { tree, facts })) => {
                let entries = source.list(tree, facts)?;
                debug_assert!(entries.is_sorted_by(|one, two| one.name < two.name));
                let node = |entry| Node::from_entry(source, entry);
                entries.iter().map(|entry| (Name::from(&entry.name[..]), node(entry))).collect()
            }
            _ => Box::default(),
        };
        Ok(self.content.children.get_or_init(|| Children::Array(array)))
    }

    /// # Errors
    /// EIO if the directory cannot be loaded; so for all that look into one.
    pub fn get(&self, name: &[u8]) -> FsResult<Option<&Node>> {
        Ok(match self.children()? {
            Children::Array(array) => {
                find(array, name).ok().and_then(|at| array.get(at)).map(|(_, node)| node)
            }
            Children::Map(map) => map.get(name),
        })
    }

    /// How many names it has itself.
    pub fn len(&self) -> FsResult<usize> {
        Ok(match self.children()? {
            Children::Array(array) => array.len(),
            Children::Map(map) => map.len(),
        })
    }

    /// How many directories it has itself; counted once.
    pub fn dirs_len(&self) -> FsResult<u64> {
        if let Some(dirs) = self.content.dirs.get() {
            return Ok(*dirs);
        }
        let is_dir = |node: &Node| matches!(node, Node::Dir(_) | Node::Gitlink(_));
        let dirs = self.iter()?.filter(|(_, node)| is_dir(node)).count() as u64;
        Ok(*self.content.dirs.get_or_init(|| dirs))
    }

    /// The entries, sorted by the bytes of their names.
    pub fn iter(&self) -> FsResult<DirIter<'_>> {
        Ok(DirIter(match self.children()? {
            Children::Array(array) => Either::Array(array.iter()),
            Children::Map(map) => Either::Map(map.iter()),
        }))
    }

    /// This directory with `node` at `name`, in place of what is there.
    pub fn insert(&self, name: &[u8], node: Node) -> FsResult<Self> {
        self.edited(name, Some(node))
    }

    /// This directory without `name`.
    pub fn remove(&self, name: &[u8]) -> FsResult<Self> {
        self.edited(name, None)
    }

    fn edited(&self, name: &[u8], node: Option<Node>) -> FsResult<Self> {
        let children = match self.children()? {
            Children::Array(array) if array.len() <= ARRAY_ENTRIES_MAX => {
                let array = edited_array(array, name, node);
                let (sums, loose) = summed(&array);
                let children = Children::Array(array);
                return Ok(Self::with_children(self.attributes, children, sums, loose));
            }
            Children::Array(array) => array.iter().cloned().collect(),
            Children::Map(map) => map.clone(),
        };
        let mut map = children;
        let adds = node.as_ref().map(|node| Sums::of_child(name, node)).unwrap_or_default();
        let mut loose = self.content.loose || node.as_ref().is_some_and(is_loose);
        let lost = match node {
            Some(node) => match map.get_mut(name) {
                Some(at) => Some(std::mem::replace(at, node)),
                None => map.insert(Name::from(name), node),
            },
            None => map.remove(name),
        };
        let mut sums = self.sums();
        if let Some(lost) = &lost {
            let lost = Sums::of_child(name, lost);
            sums = sums.without(lost);
            let stays = lost.depth <= adds.depth && lost.longest_path <= adds.longest_path;
            loose |= !stays && sums.may_hang_on(lost);
        }
        Ok(Self::with_children(self.attributes, Children::Map(map), sums.and(adds), loose))
    }

    /// Counts the maxima again where they may be too high; the answer is exact and remembered.
    /// Looks only into directories that lost something, each once.
    pub fn tightened(&self) -> FsResult<Sums> {
        let mut stack = vec![self];
        while let Some(dir) = stack.last().copied() {
            if !dir.is_loose() {
                stack.pop();
                continue;
            }
            let waiting = stack.len();
            let mut sums = Sums::default();
            for (name, node) in dir.iter()? {
                sums = sums.and(Sums::of_child(name, node));
                if let Node::Dir(below) = node
                    && below.is_loose()
                {
                    stack.push(below);
                }
            }
            if stack.len() == waiting {
                let _same_for_all = dir.content.exact.set(sums);
                stack.pop();
            }
        }
        Ok(self.sums())
    }

    /// Whether a maximum of [`Dir::sums`] may be too high.
    #[must_use]
    pub fn is_loose(&self) -> bool {
        self.content.loose && self.content.exact.get().is_none()
    }
}

fn is_loose(node: &Node) -> bool {
    matches!(node, Node::Dir(dir) if dir.is_loose())
}

fn find(array: &[(Name, Node)], name: &[u8]) -> Result<usize, usize> {
    array.binary_search_by(|(key, _)| (**key).cmp(name))
}

fn summed(array: &[(Name, Node)]) -> (Sums, bool) {
    let all = array.iter().map(|(name, node)| Sums::of_child(name, node));
    (all.fold(Sums::default(), Sums::and), array.iter().any(|(_, node)| is_loose(node)))
}

fn edited_array(array: &[(Name, Node)], name: &[u8], node: Option<Node>) -> Box<[(Name, Node)]> {
    let mut edited = Vec::with_capacity(array.len() + 1);
    edited.extend_from_slice(array);
    match (find(array, name), node) {
        (Ok(at), Some(node)) => {
            if let Some(entry) = edited.get_mut(at) {
                entry.1 = node;
            }
        }
        (Ok(at), None) => drop(edited.remove(at)),
        (Err(at), Some(node)) => edited.insert(at, (Name::from(name), node)),
        (Err(_), None) => {}
    }
    edited.into_boxed_slice()
}

/// The entries of one directory, sorted by the bytes of their names.
pub struct DirIter<'a>(Either<'a>);

impl std::fmt::Debug for DirIter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirIter")
    }
}

enum Either<'a> {
    Array(std::slice::Iter<'a, (Name, Node)>),
    Map(imbl::ordmap::Iter<'a, Name, Node, imbl::shared_ptr::DefaultSharedPtr>),
}

impl<'a> Iterator for DirIter<'a> {
    type Item = (&'a BStr, &'a Node);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Either::Array(iter) => iter.next().map(|(name, node)| (name.as_bstr(), node)),
            Either::Map(iter) => iter.next().map(|(name, node)| (name.as_bstr(), node)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Either::Array(iter) => iter.size_hint(),
            Either::Map(iter) => iter.size_hint(),
        }
    }
}

thread_local! {
    /// What the drop that is going on in this thread has yet to drop.
    static DROPPING: RefCell<Option<Vec<Children>>> = const { RefCell::new(None) };
}

/// Dropping a deep tree must not recurse: the outermost drop of a thread takes the children of all
/// that fall within it.
impl Drop for Content {
    fn drop(&mut self) {
        let Some(children) = self.children.take() else { return };
        if self.sums.depth <= DROP_DEPTH_MAX {
            return;
        }
        let mut held = Some(children);
        let outermost = DROPPING.try_with(|dropping| match &mut *dropping.borrow_mut() {
            Some(waiting) => {
                waiting.extend(held.take());
                false
            }
            none => {
                *none = Some(Vec::new());
                true
            }
        });
        if outermost != Ok(true) {
            return;
        }
        while let Some(children) = held.take() {
            drop(children);
            let next = |dropping: &RefCell<Option<Vec<Children>>>| {
                dropping.borrow_mut().as_mut().and_then(Vec::pop)
            };
            held = DROPPING.try_with(next).ok().flatten();
        }
        let _thread_ends = DROPPING.try_with(|dropping| *dropping.borrow_mut() = None);
    }
}
