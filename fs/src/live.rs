//! The present tree of one change while it is being written.
//!
//! One writer at a time plans a batch on the tree as it is, makes it durable by its own means, and
//! publishes the new state; readers load the state atomically and never wait. Always true: the
//! tree and the table of open files are published together, so a handle never sees a path of one
//! version in the tree of another. Stores and scratch memory share this; where a batch is
//! journaled and which version it gets is theirs to say.

mod events;
mod limits;
mod open;
mod plan;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::{Mutex, MutexGuard};

pub use events::{EVENTS_QUEUED_MAX, Origin, Queue, QueueReader};
pub use limits::Limits;
pub use plan::{LandedData, Merge, Merged, Plan, Rules, Touched};

use crate::backend::OpenFile;
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::op::{Applied, Batch, OpenId};
use crate::path::RepoPath;
use crate::tree::{Dir, File, Node, Root};
use open::OpenFiles;

/// Gives out [`OpenId`]s. The trees that one checkout can switch between share one, so that an id
/// means one file in all of them.
#[derive(Debug, Clone, Default)]
pub struct OpenIds(Arc<AtomicU64>);

impl OpenIds {
    fn fresh(&self) -> OpenId {
        OpenId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// What readers see: the tree, and where the open files are in it.
#[derive(Debug)]
struct State {
    root: Root,
    open: OpenFiles,
}

/// The present tree of one change.
#[derive(Debug)]
pub struct LiveTree {
    state: ArcSwap<State>,
    /// Held from the plan of a batch until its events are queued, so that versions come in order.
    writing: Mutex<()>,
    /// Held while a new state is put in place, never while anything is waited for.
    publishing: Mutex<()>,
    queues: Mutex<Vec<Arc<Queue>>>,
    ids: OpenIds,
}

impl LiveTree {
    #[must_use]
    pub fn new(root: Root, ids: OpenIds) -> Self {
        Self {
            state: ArcSwap::from_pointee(State { root, open: OpenFiles::default() }),
            writing: Mutex::default(),
            publishing: Mutex::default(),
            queues: Mutex::default(),
            ids,
        }
    }

    /// The present tree; never waits for a writer.
    #[must_use]
    pub fn root(&self) -> Root {
        self.state.load().root.clone()
    }

    /// The version of the present tree.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.state.load().root.version
    }

    /// Waits for the writer before and becomes the writer.
    #[must_use]
    pub fn write(&self) -> Writer<'_> {
        Writer { tree: self, _turn: self.writing.lock() }
    }

    /// Plans `batch`, has it made durable, publishes it. `persist` gives the version; it is not
    /// called for a batch that leaves the tree as it is.
    ///
    /// # Errors
    /// That of the first op that cannot be done, or `persist`'s; nothing is applied then.
    pub fn apply(
        &self,
        batch: &Batch,
        rules: &Rules<'_>,
        origin: Origin,
        persist: impl FnOnce(&Plan) -> FsResult<u64>,
    ) -> FsResult<Applied> {
        let writer = self.write();
        let plan = writer.plan(batch, rules)?;
        let version = if plan.ops().is_empty() { self.version() } else { persist(&plan)? };
        Ok(writer.publish(plan, version, origin))
    }

    /// Holds the file at `path`: it is followed through renames, and kept when it loses its name,
    /// until the answer is dropped.
    ///
    /// # Errors
    /// ENOENT, EISDIR, ENOTDIR; ELOOP for a symbolic link.
    pub fn hold(self: &Arc<Self>, path: &RepoPath) -> FsResult<LiveFile> {
        // What has to be loaded is loaded before the lock is taken.
        let seen = self.state.load_full();
        file_at(&seen.root, path)?;
        let _publishing = self.publishing.lock();
        let state = self.state.load_full();
        if !Arc::ptr_eq(&seen, &state) {
            file_at(&state.root, path)?;
        }
        let mut open = state.open.clone();
        let id = open.hold(path, || self.ids.fresh());
        self.state.store(Arc::new(State { root: state.root.clone(), open }));
        Ok(LiveFile { tree: Arc::clone(self), id })
    }

    fn release(&self, id: OpenId) {
        let _publishing = self.publishing.lock();
        let state = self.state.load_full();
        let mut open = state.open.clone();
        open.release(id);
        self.state.store(Arc::new(State { root: state.root.clone(), open }));
    }

    /// Whether any handle holds a file of this tree.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.state.load().open.is_empty()
    }

    /// Whether `id` is a file that this tree holds.
    #[must_use]
    pub fn holds(&self, id: OpenId) -> bool {
        self.state.load().open.path(id).is_some()
    }

    /// Queues this tree's events in `queue` from now on.
    pub fn attach(&self, queue: &Arc<Queue>) {
        self.queues.lock().push(Arc::clone(queue));
    }

    /// Queues no more events in `queue`.
    pub fn detach(&self, queue: &Arc<Queue>) {
        self.queues.lock().retain(|attached| !Arc::ptr_eq(attached, queue));
    }

    fn tell(&self, touched: &[Touched], version: u64, origin: Option<Origin>) {
        let mut queues = self.queues.lock();
        queues.retain(|queue| !queue.is_abandoned());
        for queue in &*queues {
            queue.push(touched, version, origin);
        }
    }
}

/// The right to change a [`LiveTree`], held by one at a time.
#[derive(Debug)]
pub struct Writer<'a> {
    tree: &'a LiveTree,
    _turn: MutexGuard<'a, ()>,
}

impl Writer<'_> {
    /// The tree as it is until this writer publishes.
    #[must_use]
    pub fn root(&self) -> Root {
        self.tree.root()
    }

    /// Checks the whole of `batch` on the present tree. Nothing is changed yet.
    ///
    /// # Errors
    /// That of the first op that cannot be done.
    pub fn plan(&self, batch: &Batch, rules: &Rules<'_>) -> FsResult<Plan> {
        let state = self.tree.state.load_full();
        plan::plan(&state.root.dir, &state.open, batch, rules)
    }

    /// Makes a plan of this writer's the present state and queues its events.
    pub fn publish(&self, plan: Plan, version: u64, origin: Origin) -> Applied {
        if plan.changes_state() {
            let _publishing = self.tree.publishing.lock();
            let state = self.tree.state.load_full();
            // Files may have been held since the plan was made: its steps hold for them too.
            let mut open = state.open.clone();
            plan.steps().iter().for_each(|step| open.follow(step));
            let root = Root { dir: plan.dir().clone(), version, ..state.root.clone() };
            self.tree.state.store(Arc::new(State { root, open }));
        }
        if !plan.touched().is_empty() {
            self.tree.tell(plan.touched(), version, Some(origin));
        }
        Applied { version, replaced: plan.into_replaced() }
    }

    /// Puts another tree in the place of the present one, as an operation on history does. Open
    /// files stay where they are if there still is a file, and else keep what they had.
    pub fn reset(&self, dir: Dir, version: u64) {
        {
            let _publishing = self.tree.publishing.lock();
            let state = self.tree.state.load_full();
            let root = Root { dir, version, ..state.root.clone() };
            let mut open = state.open.clone();
            open.settle_in(&state.root, &root);
            self.tree.state.store(Arc::new(State { root, open }));
        }
        let everything = Touched { path: RepoPath::root(), recursive: true };
        self.tree.tell(&[everything], version, None);
    }
}

/// The file at `path` of `root`, literally.
fn file_at(root: &Root, path: &RepoPath) -> FsResult<Arc<File>> {
    let fail = |errno| Err(FsError::new(errno, Operation::Open, path.as_bstr()));
    match root.lookup(path)? {
        Node::File(file) => Ok(file),
        Node::Dir(_) | Node::Gitlink(_) => fail(Errno::IsDir),
        Node::Symlink(_) => fail(Errno::Loop),
    }
}

/// A file of a [`LiveTree`], held open.
#[derive(Debug)]
pub struct LiveFile {
    tree: Arc<LiveTree>,
    id: OpenId,
}

impl LiveFile {
    /// The tree that the file is, or was, in.
    #[must_use]
    pub fn tree(&self) -> &Arc<LiveTree> {
        &self.tree
    }
}

impl OpenFile for LiveFile {
    fn id(&self) -> OpenId {
        self.id
    }

    fn file(&self) -> FsResult<File> {
        let state = self.tree.state.load();
        state.open.file(self.id, &state.root).map(|file| File::clone(&file))
    }

    fn path(&self) -> Option<RepoPath> {
        self.tree.state.load().open.path(self.id).flatten()
    }
}

impl Drop for LiveFile {
    fn drop(&mut self) {
        self.tree.release(self.id);
    }
}
