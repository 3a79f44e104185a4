//! One mount's view of a repository in memory.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use mesafs::SpillFile;
use mesafs::backend::{
    Backwards, BookmarkInfo, ChangeError, ChangeInfo, Checkpoint, Description, EventQueue,
    OpenFile, Pin, Revision,
};
use mesafs::live::{Limits, LiveFile, LiveTree, Origin, Queue, Rules, Touched};
use mesafs::op::{Applied, Batch, Op, OpenId, Target};
use mesafs::token::Verified;
use mesafs::tree::{File, Root};
use mesafs::{
    Access, BookmarkName, ChangeId, Checkout, Errno, FsError, FsResult, Operation, RepoId,
    RepoPath, Volume,
};
use parking_lot::Mutex;

use super::backend::{Inner, Repo};
use super::changes::History;
use super::merge::MergeLines;

/// A checkout of a [`super::MemoryBackend`].
#[derive(Debug)]
pub struct MemoryCheckout {
    inner: Arc<Inner>,
    repo: Arc<Repo>,
    verified: Verified,
    access: Access,
    origin: Origin,
    opened_ns: i64,
    view: Mutex<View>,
}

/// The change that is open, and who wants to hear of it.
#[derive(Debug)]
struct View {
    change: ChangeId,
    queues: Vec<Arc<Queue>>,
    closed: bool,
}

impl MemoryCheckout {
    pub(super) fn new(
        inner: Arc<Inner>,
        repo: Arc<Repo>,
        verified: Verified,
        access: Access,
        origin: Origin,
        change: ChangeId,
    ) -> Self {
        let opened_ns = inner.clock.now_ns();
        let view = View { change, queues: Vec::new(), closed: false };
        Self { inner, repo, verified, access, origin, opened_ns, view: Mutex::new(view) }
    }

    /// The tree of the open change, if the checkout and its token live.
    fn tree(&self, operation: Operation) -> FsResult<Arc<LiveTree>> {
        let (change, closed) = {
            let view = self.view.lock();
            (view.change.clone(), view.closed)
        };
        if closed {
            return Err(FsError::new(Errno::Io, operation, "").with_detail("closed"));
        }
        self.check_token(operation)?;
        let missing = || FsError::new(Errno::Io, operation, "");
        self.repo.history.read().tree(&change).ok_or_else(missing)
    }

    fn check_token(&self, operation: Operation) -> FsResult<()> {
        let checked = self.inner.verifier.recheck(&self.verified, self.inner.clock.now_s());
        checked.map_err(|error| error.at(operation, ""))
    }

    fn check_writable(&self, operation: Operation) -> FsResult<()> {
        let refused = FsError::new(Errno::RoFs, operation, "");
        if self.access == Access::ReadOnly {
            return Err(refused);
        }
        let change = self.view.lock().change.clone();
        if History::is_immutable(&change) {
            let hint = format!("start a change of your own with 'changes new {change}'");
            return Err(refused.with_detail(hint));
        }
        Ok(())
    }

    /// Begins a call that changes history.
    fn changing(&self) -> Result<ChangeId, ChangeError> {
        self.inner.faults.begin(Operation::Change)?;
        self.tree(Operation::Change)?;
        if self.access == Access::ReadOnly {
            return Err(FsError::new(Errno::RoFs, Operation::Change, "").into());
        }
        Ok(self.view.lock().change.clone())
    }

    /// Begins a call that reads history.
    fn reading(&self) -> Result<ChangeId, ChangeError> {
        self.inner.faults.begin(Operation::Change)?;
        self.tree(Operation::Change)?;
        Ok(self.view.lock().change.clone())
    }

    fn resolved(&self, history: &History, revision: &Revision) -> Result<ChangeId, ChangeError> {
        if *revision == Revision::here() {
            return Ok(self.view.lock().change.clone());
        }
        history.resolve(revision)
    }

    fn switch_to(&self, change: &ChangeId) {
        let mut view = self.view.lock();
        let history = self.repo.history.read();
        let (Some(old), Some(new)) = (history.tree(&view.change), history.tree(change)) else {
            return;
        };
        view.change = change.clone();
        let everything = [Touched { path: RepoPath::root(), recursive: true }];
        view.queues.retain(|queue| !queue.is_abandoned());
        for queue in &view.queues {
            old.detach(queue);
            new.attach(queue);
            queue.push(&everything, new.version(), Some(self.origin));
        }
    }

    /// The tree that a batch is for: that of the files which it names by handle, else the open one.
    fn tree_for(&self, batch: &Batch, operation: Operation) -> FsResult<Arc<LiveTree>> {
        let tree = self.tree(operation)?;
        let held = batch.ops.iter().find_map(|op| match op {
            Op::WriteAt { target: Target::Open(id), .. }
            | Op::Append { target: Target::Open(id), .. }
            | Op::Truncate { target: Target::Open(id), .. } => Some(*id),
            _ => None,
        });
        match held {
            Some(id) if !tree.holds(id) => {
                let history = self.repo.history.read();
                Ok(history.trees().find(|tree| tree.holds(id)).cloned().unwrap_or(tree))
            }
            _ => Ok(tree),
        }
    }
}

impl Volume for MemoryCheckout {
    fn access(&self) -> Access {
        if self.check_writable(Operation::Open).is_ok() {
            Access::ReadWrite
        } else {
            Access::ReadOnly
        }
    }

    fn root(&self) -> FsResult<Root> {
        let root = self.tree(Operation::Lookup)?.root();
        Ok(Root { opened_ns: self.opened_ns, ..root })
    }

    fn apply(&self, batch: Batch) -> FsResult<Applied> {
        self.inner.faults.begin(Operation::Write)?;
        let tree = self.tree_for(&batch, Operation::Write)?;
        self.check_writable(Operation::Write)?;
        let rules = Rules {
            limits: Limits::default(),
            merge: Some(&MergeLines),
            landed_bytes_min: usize::MAX,
        };
        tree.apply(&batch, &rules, self.origin, |_| Ok(tree.version() + 1))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn hold(&self, path: &RepoPath) -> FsResult<Arc<dyn OpenFile>> {
        self.inner.faults.begin(Operation::Open)?;
        let file = self.tree(Operation::Open)?.hold(path)?;
        Ok(Arc::new(MemoryFile {
            file,
            inner: Arc::clone(&self.inner),
            verified: self.verified.clone(),
        }))
    }

    fn subscribe(&self) -> FsResult<Box<dyn EventQueue>> {
        self.inner.faults.begin(Operation::Subscribe)?;
        let tree = self.tree(Operation::Subscribe)?;
        let (queue, reader) = Queue::new(self.origin);
        tree.attach(&queue);
        self.view.lock().queues.push(queue);
        Ok(Box::new(reader))
    }

    fn sync(&self) -> FsResult<()> {
        self.inner.faults.begin(Operation::Sync)?;
        self.tree(Operation::Sync).map(|_| ())
    }
}

/// What stands in for a file of the host's.
#[derive(Debug, Default)]
struct Spilled(Mutex<Vec<u8>>);

impl SpillFile for Spilled {
    fn write_at(&self, offset: u64, data: &[u8]) -> FsResult<()> {
        let mut content = self.0.lock();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = content.len().max(from + data.len());
        content.resize(end, 0);
        content[from..from + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(Bytes::copy_from_slice(&self.0.lock()[from..from + len]))
    }
}

impl Checkout for MemoryCheckout {
    fn repo(&self) -> &RepoId {
        &self.repo.id
    }

    fn spill(&self) -> FsResult<Option<Box<dyn SpillFile>>> {
        Ok(Some(Box::new(Spilled::default())))
    }

    fn close(&self) -> FsResult<()> {
        let mut view = self.view.lock();
        view.closed = true;
        view.queues.drain(..).for_each(|queue| queue.close());
        Ok(())
    }

    fn pin(&self) -> Pin {
        let change = self.view.lock().change.clone();
        match self.repo.history.read().bookmark_on(&change) {
            Some(name) => Pin::Bookmark(name),
            None => Pin::Change(change.to_string()),
        }
    }

    fn current(&self) -> Result<(ChangeInfo, Option<BookmarkName>), ChangeError> {
        let change = self.reading()?;
        let history = self.repo.history.read();
        Ok((history.info(&change)?, history.bookmark_on(&change)))
    }

    fn changes(&self, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        let change = self.reading()?;
        let history = self.repo.history.read();
        let limit = if limit == 0 { usize::MAX } else { limit };
        history.ancestry(&change).iter().take(limit).map(|id| history.info(id)).collect()
    }

    fn new_change(&self, base: &Revision, message: Option<&str>) -> Result<ChangeId, ChangeError> {
        self.changing()?;
        let child = {
            let mut history = self.repo.history.write();
            let parent = self.resolved(&history, base)?;
            history.child(&parent, message.unwrap_or_default(), self.inner.clock.now_ns())
        };
        self.switch_to(&child);
        Ok(child)
    }

    fn edit(&self, revision: &Revision) -> Result<ChangeId, ChangeError> {
        self.reading()?;
        let change = self.resolved(&self.repo.history.read(), revision)?;
        self.switch_to(&change);
        Ok(change)
    }

    fn checkpoint(&self, description: Description) -> Result<Checkpoint, ChangeError> {
        let saved = self.changing()?;
        let (checkpoint, active) = {
            let mut history = self.repo.history.write();
            let bookmark = history.bookmark_on(&saved).ok_or(ChangeError::NotOnBookmark)?;
            if let Description::Set(text) = description {
                history.describe(&saved, text);
            }
            let active = history.child(&saved, "", self.inner.clock.now_ns());
            history.move_bookmark(&bookmark, active.clone(), Backwards::Refuse)?;
            let checkpoint = Checkpoint {
                saved_change_oid: history.info(&saved)?.commit_oid,
                active_change_oid: history.info(&active)?.commit_oid,
                saved_change_id: saved,
                active_change_id: active.clone(),
            };
            (checkpoint, active)
        };
        self.switch_to(&active);
        Ok(checkpoint)
    }

    fn bookmarks(&self) -> Result<Vec<BookmarkInfo>, ChangeError> {
        self.reading()?;
        let history = self.repo.history.read();
        let info = |(name, target): (&BookmarkName, &ChangeId)| {
            Ok(BookmarkInfo {
                name: name.clone(),
                target: Some(target.clone()),
                commit_oid: Some(history.info(target)?.commit_oid),
                default: name.as_str() == "main",
            })
        };
        history.bookmarks().iter().map(info).collect()
    }

    fn create_bookmark(&self, name: &BookmarkName) -> Result<(), ChangeError> {
        let change = self.changing()?;
        self.repo.history.write().create_bookmark(name, change)
    }

    fn move_bookmark(
        &self,
        name: &BookmarkName,
        change: &str,
        backwards: Backwards,
    ) -> Result<(), ChangeError> {
        self.changing()?;
        let mut history = self.repo.history.write();
        let change = history.resolve(&Revision::Change(change.to_owned()))?;
        history.move_bookmark(name, change, backwards)
    }
}

/// A held file, until the token of its checkout ends.
#[derive(Debug)]
struct MemoryFile {
    file: LiveFile,
    inner: Arc<Inner>,
    verified: Verified,
}

impl OpenFile for MemoryFile {
    fn id(&self) -> OpenId {
        self.file.id()
    }

    fn file(&self) -> FsResult<File> {
        let checked = self.inner.verifier.recheck(&self.verified, self.inner.clock.now_s());
        checked.map_err(|error| error.at(Operation::Read, ""))?;
        self.file.file()
    }

    fn path(&self) -> Option<RepoPath> {
        self.file.path()
    }
}
