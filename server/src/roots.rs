//! The trees that a session was told of, and how their contents are known again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mesa_protocol::{BodyKey, DirKey, Hash32, RootInfo};
use mesafs::Access;
use mesafs::tree::{Body, Dir, Root, StoredDir};
use parking_lot::Mutex;

/// So many trees are kept for one session; the oldest go first.
const ROOTS_MAX: usize = 4096;

/// Numbers what is not stored yet: no other content of this server's life gets the same.
#[derive(Debug)]
pub(crate) struct Tags {
    server: u64,
    next: AtomicU64,
}

impl Tags {
    /// `random` names the server, and where its numbers begin: what another server over the same
    /// trees has numbered keeps its number.
    pub fn new(random: u128) -> Self {
        let [server, next] = [random >> 64, random & u128::from(u64::MAX)]
            .map(|half| u64::try_from(half).unwrap_or_default());
        Self { server, next: AtomicU64::new(next) }
    }

    fn fresh(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub fn dir(&self, dir: &Dir) -> DirKey {
        // What was told by a number keeps it when it is stored: who knows it needs not look again.
        match dir.stored().filter(|_| dir.tagged().is_none()) {
            Some(StoredDir { tree, facts }) if tree.is_some() || facts.is_some() => {
                DirKey::Stored { tree, facts: facts.map(Hash32) }
            }
            _ => DirKey::Fresh { server: self.server, tag: dir.tag(|| self.fresh()) },
        }
    }

    pub fn body(&self, body: &Body) -> BodyKey {
        match body.stored().filter(|_| body.tagged().is_none()) {
            Some(blob) => BodyKey::Blob(blob),
            None => BodyKey::Fresh { server: self.server, tag: body.tag(|| self.fresh()) },
        }
    }

    /// Whether `body` is what was told as `key`, though it may have been stored since.
    pub fn is(&self, body: &Body, key: BodyKey) -> bool {
        match key {
            BodyKey::Blob(blob) => body.stored() == Some(blob),
            BodyKey::Fresh { server, tag } => {
                server == self.server && body.tag(|| self.fresh()) == tag
            }
        }
    }
}

/// The trees that one session was told of.
#[derive(Debug)]
pub(crate) struct Roots {
    tags: Arc<Tags>,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    next: u64,
    kept: BTreeMap<u64, Root>,
    /// The present tree when it was asked for last; stays whatever the client lets go.
    present: Option<(u64, Root)>,
}

impl Roots {
    pub fn new(tags: Arc<Tags>) -> Self {
        Self { tags, told: Mutex::default() }
    }

    /// Tells of the present tree, which `take` gives. Its numbers grow with its versions.
    pub fn present<E>(
        &self,
        take: impl FnOnce() -> Result<(Root, Access), E>,
    ) -> Result<RootInfo, E> {
        let mut told = self.told.lock();
        let (root, access) = take()?;
        let known = told.present.as_ref().filter(|(_, known)| {
            known.version == root.version
                && known.change == root.change
                && known.opened_ns == root.opened_ns
                && known.dir.identity() == root.dir.identity()
                && known.dir.attributes == root.dir.attributes
        });
        let number = match known {
            Some((number, _)) => *number,
            None => {
                let number = told.add(root.clone());
                told.present = Some((number, root.clone()));
                number
            }
        };
        drop(told);
        Ok(self.info(number, &root, access))
    }

    /// Tells of another tree: a revision's.
    pub fn add(&self, root: &Root, access: Access) -> RootInfo {
        let number = self.told.lock().add(root.clone());
        self.info(number, root, access)
    }

    fn info(&self, number: u64, root: &Root, access: Access) -> RootInfo {
        RootInfo {
            number,
            change: root.change.clone(),
            version: root.version,
            opened_ns: root.opened_ns,
            access,
            attributes: root.dir.attributes,
            key: self.tags.dir(&root.dir),
            sums: root.dir.sums(),
        }
    }

    pub fn get(&self, number: u64) -> Option<Root> {
        let told = self.told.lock();
        let present = told.present.as_ref().filter(|(present, _)| *present == number);
        told.kept.get(&number).or(present.map(|(_, root)| root)).cloned()
    }

    pub fn release(&self, numbers: &[u64]) {
        let mut told = self.told.lock();
        for number in numbers {
            told.kept.remove(number);
        }
    }
}

impl Told {
    fn add(&mut self, root: Root) -> u64 {
        self.next += 1;
        self.kept.insert(self.next, root);
        if self.kept.len() > ROOTS_MAX {
            self.kept.pop_first();
        }
        self.next
    }
}
