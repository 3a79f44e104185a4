//! The changes and bookmarks of one repository in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesafs::backend::{Backwards, ChangeError, ChangeInfo, OpenError, Revision};
use mesafs::live::{LiveTree, OpenIds};
use mesafs::tree::{Attributes, Dir, Root};
use mesafs::{BookmarkName, ChangeId, CommitOid, Pin, RepoId};

#[derive(Debug, Clone)]
pub(super) struct Change {
    pub tree: Arc<LiveTree>,
    parent: Option<ChangeId>,
    /// What an empty change holds.
    base: Dir,
    description: String,
    committed_ms: i64,
    /// Grows with everything that would give it another commit, the files aside.
    edits: u64,
}

/// All changes of a repository; the root is the only immutable one.
#[derive(Debug)]
pub(super) struct History {
    ids: OpenIds,
    changes: BTreeMap<ChangeId, Change>,
    bookmarks: BTreeMap<BookmarkName, ChangeId>,
    made: u64,
}

/// `name` where the grammar is known to hold.
fn parsed<T, E: std::fmt::Display>(name: Result<T, E>) -> T {
    name.unwrap_or_else(|error| panic!("a name that memory made: {error}"))
}

impl History {
    pub fn new(ids: OpenIds, now_ns: i64) -> Self {
        let dir = Dir::empty(Attributes { mode: 0o755, mtime_ns: None });
        let mut history =
            Self { ids, changes: BTreeMap::new(), bookmarks: BTreeMap::new(), made: 0 };
        history.insert(ChangeId::root(), None, dir.clone(), "", now_ns);
        let first = history.fresh_id();
        history.insert(first.clone(), Some(ChangeId::root()), dir, "", now_ns);
        history.bookmarks.insert(parsed(BookmarkName::new("main")), first);
        history
    }

    /// Change ids that look like jj's and come in no order.
    fn fresh_id(&mut self) -> ChangeId {
        self.made += 1;
        let mut state = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let letter = |_| {
            state ^= state >> 29;
            state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
            char::from(b'k' + (state >> 60) as u8)
        };
        let id: String = (0..ChangeId::LETTERS).map(letter).collect();
        parsed(ChangeId::new(&id))
    }

    fn insert(
        &mut self,
        id: ChangeId,
        parent: Option<ChangeId>,
        base: Dir,
        text: &str,
        now_ns: i64,
    ) {
        let root = Root { dir: base.clone(), change: id.clone(), version: 0, opened_ns: now_ns };
        let change = Change {
            tree: Arc::new(LiveTree::new(root, self.ids.clone())),
            parent,
            base,
            description: text.to_owned(),
            committed_ms: now_ns.div_euclid(1_000_000),
            edits: 0,
        };
        self.changes.insert(id, change);
    }

    pub fn tree(&self, id: &ChangeId) -> Option<Arc<LiveTree>> {
        self.changes.get(id).map(|change| Arc::clone(&change.tree))
    }

    pub fn trees(&self) -> impl Iterator<Item = &Arc<LiveTree>> {
        self.changes.values().map(|change| &change.tree)
    }

    pub fn is_immutable(id: &ChangeId) -> bool {
        *id == ChangeId::root()
    }

    pub fn pinned(&self, pin: &Pin, repo: &RepoId) -> Result<ChangeId, OpenError> {
        let repo = repo.to_string();
        let revision = match pin {
            Pin::Default => Revision::Bookmark(parsed(BookmarkName::new("main"))),
            Pin::Bookmark(name) => Revision::Bookmark(name.clone()),
            Pin::Change(prefix) => Revision::Change(prefix.clone()),
        };
        self.resolve(&revision).map_err(|error| match error {
            ChangeError::NoBookmark(bookmark) => OpenError::NoBookmark { repo, bookmark },
            ChangeError::Ambiguous { prefix, candidates } => {
                OpenError::Ambiguous { repo, prefix, candidates }
            }
            ChangeError::NoChange(change) => OpenError::NoChange { repo, change },
            other => OpenError::Store(other.to_string()),
        })
    }

    pub fn resolve(&self, revision: &Revision) -> Result<ChangeId, ChangeError> {
        match revision {
            Revision::Bookmark(name) => {
                let target = self.bookmarks.get(name).cloned();
                target.ok_or_else(|| ChangeError::NoBookmark(name.to_string()))
            }
            Revision::Change(prefix) | Revision::Expression(prefix) => {
                let named = |id: &&ChangeId| !prefix.is_empty() && id.as_str().starts_with(prefix);
                let mut found: Vec<&ChangeId> = self.changes.keys().filter(named).collect();
                match found.pop() {
                    None => Err(ChangeError::NoChange(prefix.clone())),
                    Some(only) if found.is_empty() => Ok(only.clone()),
                    Some(last) => {
                        found.push(last);
                        let candidates = found.into_iter().map(ChangeId::to_string).collect();
                        Err(ChangeError::Ambiguous { prefix: prefix.clone(), candidates })
                    }
                }
            }
        }
    }

    pub fn child(&mut self, parent: &ChangeId, message: &str, now_ns: i64) -> ChangeId {
        let id = self.fresh_id();
        let dir = self.changes.get(parent).map(|change| change.tree.root().dir);
        let dir = dir.unwrap_or_else(|| Dir::empty(Attributes { mode: 0o755, mtime_ns: None }));
        self.insert(id.clone(), Some(parent.clone()), dir, message, now_ns);
        id
    }

    pub fn describe(&mut self, id: &ChangeId, text: String) {
        if let Some(change) = self.changes.get_mut(id) {
            change.description = text;
            change.edits += 1;
        }
    }

    pub fn info(&self, id: &ChangeId) -> Result<ChangeInfo, ChangeError> {
        let missing = || ChangeError::NoChange(id.to_string());
        let change = self.changes.get(id).ok_or_else(missing)?;
        let others = self.changes.keys().filter(|other| *other != id);
        let shared = |other: &ChangeId| {
            let both = other.as_str().bytes().zip(id.as_str().bytes());
            both.take_while(|(one, two)| one == two).count()
        };
        let bookmarks = self.bookmarks.iter().filter(|(_, target)| *target == id);
        Ok(ChangeInfo {
            change_id: id.clone(),
            commit_oid: commit_oid(id, change),
            parents: self.parents(change),
            description: change.description.clone(),
            summary: change.description.lines().next().unwrap_or_default().to_owned(),
            bookmarks: bookmarks.map(|(name, _)| name.clone()).collect(),
            author: "memory".into(),
            author_email: String::new(),
            committed_ms: change.committed_ms,
            empty: change.tree.root().dir.same_identity(&change.base),
            immutable: Self::is_immutable(id),
            conflicted: false,
            divergent: false,
            prefix_len: others.map(shared).max().map_or(1, |longest| longest + 1),
        })
    }

    fn parents(&self, change: &Change) -> Vec<CommitOid> {
        let parent = change.parent.as_ref().filter(|id| !Self::is_immutable(id));
        let found = parent.and_then(|id| Some((id, self.changes.get(id)?)));
        found.map(|(id, change)| commit_oid(id, change)).into_iter().collect()
    }

    /// The change and what came before it, newest first, without the root.
    pub fn ancestry(&self, id: &ChangeId) -> Vec<ChangeId> {
        let parent = |id: &ChangeId| self.changes.get(id).and_then(|change| change.parent.clone());
        let line = std::iter::successors(Some(id.clone()), parent);
        line.filter(|id| !Self::is_immutable(id)).collect()
    }

    pub fn bookmarks(&self) -> &BTreeMap<BookmarkName, ChangeId> {
        &self.bookmarks
    }

    /// The first bookmark on `id`.
    pub fn bookmark_on(&self, id: &ChangeId) -> Option<BookmarkName> {
        self.bookmarks.iter().find(|(_, target)| *target == id).map(|(name, _)| name.clone())
    }

    pub fn create_bookmark(
        &mut self,
        name: &BookmarkName,
        id: ChangeId,
    ) -> Result<(), ChangeError> {
        if self.bookmarks.contains_key(name) {
            return Err(ChangeError::BookmarkExists(name.to_string()));
        }
        self.bookmarks.insert(name.clone(), id);
        Ok(())
    }

    pub fn move_bookmark(
        &mut self,
        name: &BookmarkName,
        id: ChangeId,
        backwards: Backwards,
    ) -> Result<(), ChangeError> {
        let Some(from) = self.bookmarks.get(name) else {
            return Err(ChangeError::NoBookmark(name.to_string()));
        };
        let refused = |direction| ChangeError::MoveRefused { name: name.to_string(), direction };
        if backwards == Backwards::Refuse && !self.ancestry(&id).contains(from) {
            let back = self.ancestry(from).contains(&id) || Self::is_immutable(&id);
            return Err(refused(if back { "backwards" } else { "sideways" }));
        }
        self.bookmarks.insert(name.clone(), id);
        Ok(())
    }
}

/// Forty digits that differ when the change or its content does.
fn commit_oid(id: &ChangeId, change: &Change) -> CommitOid {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |bytes: &[u8]| {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    add(id.as_str().as_bytes());
    add(&change.tree.version().to_le_bytes());
    add(&change.edits.to_le_bytes());
    parsed(CommitOid::new(&format!("{hash:016x}{:016x}{:08x}", !hash, hash >> 32)))
}
