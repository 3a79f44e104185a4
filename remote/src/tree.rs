//! Directories of a tree that a server told of: listed at the first look, and then known by their key.

use std::any::Any;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Weak};

use bstr::BString;
use bytes::Bytes;
use mesa_protocol::{DirKey, Entry as Told, EntryKind as Kind, Listing, Reply, Request, RootInfo};
use mesafs::tree::{
    Attributes, Conflict, Dir, Entry, EntryKind, File, Node, ObjectId, Root, Source, Sums, Symlink,
};
use mesafs::{Errno, FsError, FsResult, Operation, RepoPath};

use crate::body::{Around, Place};
use crate::link::NONSENSE;
use crate::session::Session;

/// How much of a tree comes along with the first listing below a path.
const AHEAD_ENTRIES: u32 = 4096;

/// A tree that the server keeps for as long as this is.
#[derive(Debug)]
pub(crate) struct RootPin {
    pub number: u64,
    /// Which of the sessions that the checkout has had it belongs to.
    pub generation: u64,
    /// Whether it was the present tree once: another revision's has nothing to do with that.
    pub present: bool,
    pub session: Weak<Session>,
}

impl Drop for RootPin {
    fn drop(&mut self) {
        if let Some(session) = self.session.upgrade() {
            session.let_go(self);
        }
    }
}

/// What a directory holds, and how often a content below it was not at hand.
#[derive(Debug)]
pub(crate) struct Listed {
    pub entries: Vec<Told>,
    pub misses: AtomicU32,
}

/// One directory of one tree.
#[derive(Debug)]
pub(crate) struct DirSource {
    pub pin: Arc<RootPin>,
    pub path: RepoPath,
    pub key: DirKey,
}

pub(crate) fn nonsense(operation: Operation) -> FsError {
    FsError::new(Errno::Io, operation, "").with_detail(NONSENSE)
}

pub(crate) fn gone(operation: Operation) -> FsError {
    FsError::new(Errno::Io, operation, "").with_detail("the mount is closed")
}

/// The tree that `info` tells of.
pub(crate) fn root(session: &Session, pin: &Arc<RootPin>, info: &RootInfo) -> Root {
    let source = DirSource { pin: Arc::clone(pin), path: RepoPath::root(), key: info.key };
    let dir = source.into_dir(session, info.attributes, info.sums);
    let (change, version, opened_ns) = (info.change.clone(), info.version, info.opened_ns);
    Root { dir, change, version, opened_ns }
}

/// The directory at `path`, if it is at hand and is what `key` says.
pub(crate) fn loaded_dir(root: &Dir, path: &RepoPath, key: &DirKey) -> Option<Dir> {
    let mut dir = root.clone();
    for name in path.names() {
        if !dir.is_loaded() {
            return None;
        }
        let Ok(Some(Node::Dir(below))) = dir.get(name).map(|node| node.cloned()) else {
            return None;
        };
        dir = below;
    }
    let source: &dyn Any = &**dir.source()?;
    let is = source.downcast_ref::<DirSource>().is_some_and(|source| source.key == *key);
    (is && dir.is_loaded()).then_some(dir)
}

/// Keeps what a directory has become since it was `base`.
pub(crate) fn learn_listing(
    session: &Arc<Session>,
    pin: &Arc<RootPin>,
    base: &Dir,
    listing: Listing,
) {
    let Listing { path, key, sums, since, entries } = listing;
    let gone = since.into_iter().flat_map(|since| since.gone);
    let source = DirSource { pin: Arc::clone(pin), path, key };
    let listed = Arc::new(Listed { entries, misses: AtomicU32::new(0) });
    let changed = (0..listed.entries.len()).filter_map(|at| {
        let Entry { name, kind, .. } = source.entry(session, &listed, at)?;
        let EntryKind::Ready(node) = kind else { return None };
        Some((Arc::from(&name[..]), Some(node)))
    });
    let changed: Vec<_> = changed.chain(gone.map(|name| (Arc::from(&name.0[..]), None))).collect();
    let attributes = Attributes { mode: 0, mtime_ns: None };
    let stands = source.into_dir(session, attributes, sums);
    // What was at hand needs no loading.
    if let Ok(dir) = base.become_as(&stands, changed) {
        session.dirs.put(key, dir, 1);
    }
}

impl Source for DirSource {
    fn list(&self, _: Option<ObjectId>, _: Option<[u8; 32]>) -> FsResult<Vec<Entry>> {
        let session = self.pin.session.upgrade().ok_or_else(|| gone(Operation::List))?;
        let listed = match session.listings.get(&self.key) {
            Some(listed) => listed,
            None => self.ask(&session)?,
        };
        let count = listed.entries.len();
        Ok((0..count).filter_map(|at| self.entry(&session, &listed, at)).collect())
    }

    fn read(&self, _: ObjectId, _: u64, _: usize) -> FsResult<Bytes> {
        // Contents are read by place, never by their id.
        Err(nonsense(Operation::Read))
    }
}

impl DirSource {
    /// The directory that it lists, if nobody has yet.
    fn into_dir(self, session: &Session, attributes: Attributes, sums: Sums) -> Dir {
        if let Some(known) = session.dirs.get(&self.key) {
            return known.with_attributes(attributes);
        }
        let stored = self.key.to_stored();
        Dir::lazy(attributes, Arc::new(self), stored.tree, stored.facts, sums)
    }

    fn ask(&self, session: &Arc<Session>) -> FsResult<Arc<Listed>> {
        // Below a path that was looked at before, little is new.
        let first = session.looks_first_at(&self.path);
        let entries_max = if first { AHEAD_ENTRIES } else { 0 };
        let asked = self.pin.generation;
        let ask = |root: u64, generation: u64| {
            let paths = vec![self.path.clone()];
            session.call_in(generation, Operation::List, |session| Request::List {
                session,
                root,
                paths: paths.clone(),
                entries_max,
            })
        };
        let (same, reply) = match ask(self.pin.number, asked) {
            // The session of this tree is gone; the present one may show the same.
            Err(error) if error.errno() == Errno::Stale && self.pin.present => {
                let (generation, present) = session.present_pin();
                (false, ask(present, generation)?)
            }
            reply => (true, reply?),
        };
        let Reply::Listings(listings) = reply else { return Err(nonsense(Operation::List)) };
        let mut own = None;
        for listing in listings {
            let (key, path) = (listing.key, listing.path.clone());
            let listed = session.keep(listing);
            // What was stored meanwhile has another key in the same tree.
            if key == self.key || (same && path == self.path) {
                session.listings.put(self.key, Arc::clone(&listed), listed.entries.len() + 1);
                own.get_or_insert(listed);
            } else if path == self.path {
                // Nobody has the lost tree any more: whoever walks in it goes on in the present one.
                own.get_or_insert(listed);
            }
        }
        own.ok_or_else(|| {
            let stale = FsError::new(Errno::Stale, Operation::List, self.path.as_bstr());
            stale.with_detail("the server keeps this tree no more")
        })
    }

    fn entry(&self, session: &Arc<Session>, listed: &Arc<Listed>, at: usize) -> Option<Entry> {
        let told = listed.entries.get(at)?;
        let (name, attributes) = (told.name.clone(), told.attributes);
        let path = || self.path.child(&told.name);
        let node: Node = match &told.kind {
            Kind::Dir { key, sums } => {
                let source = Self { pin: Arc::clone(&self.pin), path: path(), key: *key };
                source.into_dir(session, attributes, *sums).into()
            }
            Kind::File { key, len, conflicted } => {
                let around = Around { dir: self.path.clone(), listed: Arc::clone(listed), at };
                let place = Place::Tree { pin: Arc::clone(&self.pin), path: path() };
                let body = session.body(*key, *len, place, Some(around));
                file(attributes, body, *conflicted).into()
            }
            Kind::Symlink { target, blob } => {
                let link = Symlink::new(attributes, BString::clone(target));
                if let Some(blob) = blob {
                    link.mark_stored(*blob);
                }
                link.into()
            }
            Kind::Gitlink { commit } => Node::Gitlink(*commit),
        };
        Some(Entry { name, attributes, kind: EntryKind::Ready(node) })
    }
}

/// A file as it was told of. The sides of a conflict stay on the server.
pub(crate) fn file(attributes: Attributes, body: mesafs::tree::Body, conflicted: bool) -> File {
    let sides = || Arc::new(Conflict { removes: Vec::new(), adds: Vec::new() });
    File { attributes, body, conflict: conflicted.then(sides) }
}
