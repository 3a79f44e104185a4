//! The table of open files: where each is, or the body of one that has no name any more.
//!
//! An [`OpenId`] stands for a file, not for a handle: all handles on one file share it, so that they
//! go on seeing each other's writes when the file loses its name. The table is persistent: a clone
//! is one pointer.

use std::sync::Arc;

use bstr::ByteVec;
use imbl::OrdMap;

use super::file_at;
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::op::OpenId;
use crate::path::RepoPath;
use crate::tree::{File, Node, Root};

/// What a plan does to open files.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// An entry, with all below it, has another path.
    Moved { from: RepoPath, to: RepoPath },
    /// An entry, with all below it, has no name any more.
    Gone { path: RepoPath, node: Node },
    /// A file without a name was written.
    Written { id: OpenId, file: Arc<File> },
}

#[derive(Debug, Clone)]
struct Held {
    place: Place,
    holders: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    Named(RepoPath),
    /// Without a name, for the holders alone.
    Private(Arc<File>),
    /// It could not be read when it lost its name.
    Lost(FsError),
}

#[derive(Debug, Clone, Default)]
pub(super) struct OpenFiles {
    held: OrdMap<OpenId, Held>,
    by_path: OrdMap<RepoPath, OpenId>,
    private_bytes: u64,
}

impl OpenFiles {
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Logical bytes of the files that have no name any more.
    pub fn private_bytes(&self) -> u64 {
        self.private_bytes
    }

    pub fn place(&self, id: OpenId) -> Option<&Place> {
        self.held.get(&id).map(|held| &held.place)
    }

    /// `None` if `id` is not held, `Some(None)` if its file has no name.
    pub fn path(&self, id: OpenId) -> Option<Option<RepoPath>> {
        self.place(id).map(|place| match place {
            Place::Named(path) => Some(path.clone()),
            Place::Private(_) | Place::Lost(_) => None,
        })
    }

    pub fn file(&self, id: OpenId, root: &Root) -> FsResult<Arc<File>> {
        match self.place(id) {
            Some(Place::Named(path)) => file_at(root, path),
            Some(Place::Private(file)) => Ok(Arc::clone(file)),
            Some(Place::Lost(error)) => Err(error.clone()),
            None => Err(FsError::new(Errno::BadF, Operation::Read, "")),
        }
    }

    /// One more holder of the file at `path`, which the caller has seen to be one.
    pub fn hold(&mut self, path: &RepoPath, fresh: impl FnOnce() -> OpenId) -> OpenId {
        if let Some(id) = self.by_path.get(path)
            && let Some(held) = self.held.get_mut(id)
        {
            held.holders += 1;
            return *id;
        }
        let id = fresh();
        self.held.insert(id, Held { place: Place::Named(path.clone()), holders: 1 });
        self.by_path.insert(path.clone(), id);
        id
    }

    /// One holder less.
    pub fn release(&mut self, id: OpenId) {
        let Some(held) = self.held.get_mut(&id) else { return };
        held.holders -= 1;
        if held.holders > 0 {
            return;
        }
        match self.held.remove(&id).map(|held| held.place) {
            Some(Place::Named(path)) => drop(self.by_path.remove(&path)),
            Some(Place::Private(file)) => self.private_bytes -= file.body.len(),
            Some(Place::Lost(_)) | None => {}
        }
    }

    pub fn follow(&mut self, step: &Step) {
        match step {
            Step::Moved { from, to } => {
                for (path, id) in self.take_below(from) {
                    if let Some(path) = path.rebased(from, to) {
                        self.place_at(id, path);
                    }
                }
            }
            Step::Gone { path, node } => {
                for (held, id) in self.take_below(path) {
                    self.part(id, file_below(node, path, &held));
                }
            }
            Step::Written { id, file } => {
                if let Some(held) = self.held.get_mut(id) {
                    if let Place::Private(old) = &held.place {
                        self.private_bytes -= old.body.len();
                    }
                    self.private_bytes += file.body.len();
                    held.place = Place::Private(Arc::clone(file));
                }
            }
        }
    }

    /// Looks at each open file in another tree: it stays if there is a file at its path.
    pub fn settle_in(&mut self, before: &Root, after: &Root) {
        for (path, id) in self.take_below(&RepoPath::root()) {
            if file_at(after, &path).is_ok() {
                self.place_at(id, path);
            } else {
                self.part(id, file_at(before, &path));
            }
        }
    }

    /// Takes out of the index what is at or below `path`.
    fn take_below(&mut self, path: &RepoPath) -> Vec<(RepoPath, OpenId)> {
        if self.by_path.is_empty() {
            return Vec::new();
        }
        let taken: Vec<(RepoPath, OpenId)> = if path.is_root() {
            self.by_path.iter().map(|(path, id)| (path.clone(), *id)).collect()
        } else {
            // `path/` up to what follows every `path/…`: `0` is the byte after `/`.
            let bound = |end: u8| {
                let mut text = path.as_bstr().to_owned();
                text.push_byte(end);
                RepoPath::from_names([&text[..]])
            };
            let own = self.by_path.get_key_value(path).into_iter();
            let below = self.by_path.range(bound(b'/')..bound(b'0'));
            own.chain(below).map(|(path, id)| (path.clone(), *id)).collect()
        };
        for (path, _) in &taken {
            self.by_path.remove(path);
        }
        taken
    }

    fn place_at(&mut self, id: OpenId, path: RepoPath) {
        if let Some(held) = self.held.get_mut(&id) {
            held.place = Place::Named(path.clone());
            self.by_path.insert(path, id);
        }
    }

    fn part(&mut self, id: OpenId, file: FsResult<Arc<File>>) {
        if let Some(held) = self.held.get_mut(&id) {
            held.place = match file {
                Ok(file) => {
                    self.private_bytes += file.body.len();
                    Place::Private(file)
                }
                Err(error) => Place::Lost(error),
            };
        }
    }
}

/// The file that is at `held` when `node` is at `path`.
fn file_below(node: &Node, path: &RepoPath, held: &RepoPath) -> FsResult<Arc<File>> {
    let lost = || FsError::new(Errno::Io, Operation::Read, held.as_bstr());
    let rest = RepoPath::new(held.below(path).ok_or_else(lost)?)?;
    let mut node = node.clone();
    for name in rest.names() {
        let Node::Dir(dir) = &node else { return Err(lost()) };
        node = dir.get(name)?.cloned().ok_or_else(lost)?;
    }
    match node {
        Node::File(file) => Ok(file),
        _ => Err(lost()),
    }
}
