//! A throw-away copy of a mount, whose edits land together or not at all.
//!
//! A fork costs a pointer for each repository: its trees begin as the present ones and are edited in
//! memory, so nobody else sees anything of it, and nothing is left of one that is dropped. Landing
//! puts what differs into the present trees, as one batch for each repository and, where the store
//! can, one record for all of them. History is only looked at from a fork.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::files::Files;
use super::namespace::Namespace;
use super::undo::{Plan, Stray, plan};
use super::{Mounted, Shared};
use crate::backend::{
    Access, AuditEntry, Backwards, BookmarkInfo, ChangeError, ChangeInfo, Checkout, Checkpoint,
    Comparison, ConflictInfo, Description, Earlier, EventQueue, History, MergeOptions, Merged,
    Moved, OpenFile, OperationDetails, OperationInfo, Pick, Pin, Planned, Revision, Rewriting,
    Squash, Volume,
};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::live::{Limits, LiveTree, OpenIds, Origin, Queue, Rules};
use crate::name::{BookmarkName, ChangeId, RepoId};
use crate::op::{Applied, Batch, Op};
use crate::path::RepoPath;
use crate::tree::{Body, Conflict, Dir, File, Node, Root};

/// How often something is planned because somebody goes on writing.
pub(super) const ATTEMPTS: usize = 5;

/// A throw-away copy of a mount.
#[derive(Debug)]
pub struct Fork {
    files: Files,
    checkouts: Vec<Arc<ForkCheckout>>,
}

/// Why a fork did not land. Nothing of it is done then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LandError {
    /// Somebody has changed these meanwhile. Trying again may help.
    #[error("changed meanwhile: {}", paths.join(", "))]
    Raced { paths: Vec<String> },
    #[error("{0}")]
    Fs(#[from] FsError),
}

impl Files {
    /// A throw-away copy of this mount as it is now.
    ///
    /// # Errors
    /// Those of loading the trees' roots; EIO if the host has no randomness.
    pub fn fork(&self) -> FsResult<Fork> {
        let mounted = &self.0.mounted;
        let ids = OpenIds::default();
        let checkouts = self
            .0
            .checkouts
            .iter()
            .map(|checkout| ForkCheckout::new(checkout, &ids).map(Arc::new))
            .collect::<FsResult<Vec<_>>>()?;
        let dynamic: Vec<Arc<dyn Checkout>> =
            checkouts.iter().map(|fork| Arc::clone(fork) as Arc<dyn Checkout>).collect();
        let forked = Mounted {
            namespace: Namespace {
                org: mounted.namespace.org.clone(),
                repos: mounted.namespace.repos.clone(),
                commands: mounted.namespace.commands.clone(),
            },
            checkouts: dynamic,
            scratch: Arc::clone(&mounted.scratch),
            clock: Arc::clone(&mounted.clock),
            opened_ns: mounted.opened_ns,
            process: mounted.process,
            batch_base: super::batch_base()?,
            batches: 0.into(),
        };
        let shared = Shared::of(Arc::new(forked));
        Ok(Fork { files: Files(Arc::new(shared)), checkouts })
    }
}

impl Fork {
    /// The copy as a file system.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// From now on `status` compares with what the fork began with, not with the change's parent.
    pub fn compare_with_beginning(&self) {
        for checkout in &self.checkouts {
            checkout.from_beginning.store(true, Ordering::Release);
        }
    }

    /// The repositories in which something was edited.
    #[must_use]
    pub fn edited(&self) -> Vec<RepoId> {
        let edited = self.checkouts.iter().filter(|checkout| checkout.is_edited());
        edited.map(|checkout| checkout.repo().clone()).collect()
    }

    /// Puts what was edited into the present trees, all of it or nothing.
    ///
    /// # Errors
    /// [`LandError::Raced`] where somebody has edited the same; EROFS and the like.
    pub fn land(&self) -> Result<(), LandError> {
        for _ in 0..ATTEMPTS {
            match self.land_once() {
                Err(LandError::Fs(error)) if error.errno() == Errno::Again => {}
                landed => return landed,
            }
        }
        let edited = self.edited();
        Err(LandError::Raced { paths: edited.iter().map(|repo| format!("/{repo}")).collect() })
    }

    /// Plans on the trees as they are now; EAGAIN if one of them moves before that is written.
    fn land_once(&self) -> Result<(), LandError> {
        let mut batches = Vec::new();
        let mut raced = Vec::new();
        for checkout in self.checkouts.iter().filter(|checkout| checkout.is_edited()) {
            let now = checkout.inner.root()?;
            let told = |path: &RepoPath| format!("/{}/{path}", checkout.repo());
            if now.change != checkout.base.change {
                raced.push(format!("/{}", checkout.repo()));
                continue;
            }
            let edited = checkout.tree.root().dir;
            let Plan { ops, left, .. } = plan(&checkout.base.dir, &edited, &now.dir, Stray::Leave)?;
            raced.extend(left.iter().map(told));
            if !ops.is_empty() {
                let batch = self.files.0.batch(ops);
                batches.push((&checkout.inner, Planned { batch, version: now.version }));
            }
        }
        if !raced.is_empty() {
            return Err(LandError::Raced { paths: raced });
        }
        let Some((first, batch)) = batches.pop() else { return Ok(()) };
        let others: Vec<(&dyn Volume, Planned)> = batches
            .into_iter()
            .map(|(checkout, batch)| (checkout.as_ref() as &dyn Volume, batch))
            .collect();
        first.apply_together(batch, others)?;
        Ok(())
    }
}

/// A repository in a fork.
#[derive(Debug)]
struct ForkCheckout {
    inner: Arc<dyn Checkout>,
    base: Root,
    tree: Arc<LiveTree>,
    from_beginning: AtomicBool,
}

impl ForkCheckout {
    fn new(inner: &Arc<dyn Checkout>, ids: &OpenIds) -> FsResult<Self> {
        let base = inner.root()?;
        let tree = Arc::new(LiveTree::new(base.clone(), ids.clone()));
        Ok(Self { inner: Arc::clone(inner), base, tree, from_beginning: AtomicBool::new(false) })
    }

    fn is_edited(&self) -> bool {
        !self.base.dir.same_identity(&self.tree.root().dir)
    }

    fn inner_history(&self) -> Result<&dyn History, ChangeError> {
        let none = || FsError::new(Errno::NotSup, Operation::Change, "");
        self.inner.history().ok_or_else(|| none().into())
    }
}

fn refused<T>() -> Result<T, ChangeError> {
    let refused = FsError::new(Errno::Perm, Operation::Change, "");
    Err(refused.with_detail("history stays as it is until all has landed").into())
}

/// A node that hangs on no other repository.
fn own(node: &Node) -> FsResult<Node> {
    let body = |body: &Body| -> FsResult<Body> { Ok(Body::from(body.read_all()?)) };
    Ok(match node {
        Node::File(file) => {
            let mut own = File::new(file.attributes, body(&file.body)?);
            if let Some(conflict) = &file.conflict {
                let sides = |sides: &[Option<Body>]| -> FsResult<Vec<Option<Body>>> {
                    sides.iter().map(|side| side.as_ref().map(body).transpose()).collect()
                };
                let (removes, adds) = (sides(&conflict.removes)?, sides(&conflict.adds)?);
                own.conflict = Some(Arc::new(Conflict { removes, adds }));
            }
            own.into()
        }
        Node::Symlink(link) => {
            crate::tree::Symlink::new(link.attributes, link.target.clone()).into()
        }
        Node::Gitlink(commit) => Node::Gitlink(*commit),
        Node::Dir(dir) => own_dir(dir)?.into(),
    })
}

/// Copies a folder, children before it. Iterative.
fn own_dir(dir: &Dir) -> FsResult<Dir> {
    struct Frame {
        name: Vec<u8>,
        dir: Dir,
        left: std::vec::IntoIter<(Vec<u8>, Node)>,
        done: Vec<(Vec<u8>, Node)>,
    }
    let frame = |name: Vec<u8>, dir: &Dir| -> FsResult<Frame> {
        let left: Vec<_> = dir.iter()?.map(|(name, node)| (name.to_vec(), node.clone())).collect();
        Ok(Frame { name, dir: dir.clone(), left: left.into_iter(), done: Vec::new() })
    };
    let mut stack = vec![frame(Vec::new(), dir)?];
    while let Some(top) = stack.last_mut() {
        match top.left.next() {
            Some((name, Node::Dir(below))) => {
                let below = frame(name, &below)?;
                stack.push(below);
            }
            Some((name, node)) => top.done.push((name, own(&node)?)),
            None => {
                let Some(Frame { name, dir, done, .. }) = stack.pop() else { break };
                let copy = Dir::from_entries(dir.attributes, done);
                match stack.last_mut() {
                    Some(above) => above.done.push((name, copy.into())),
                    None => return Ok(copy),
                }
            }
        }
    }
    Ok(dir.clone())
}

impl Volume for ForkCheckout {
    fn access(&self) -> Access {
        self.inner.access()
    }

    fn root(&self) -> FsResult<Root> {
        let now = self.inner.root()?;
        Ok(Root { opened_ns: now.opened_ns, ..self.tree.root() })
    }

    fn apply(&self, batch: Batch) -> FsResult<Applied> {
        // A batch of nothing only asks whether it may be written.
        self.inner.apply(Batch { ops: Vec::new(), ..batch })?;
        let ops = batch.ops.into_iter().map(|op| match op {
            Op::Graft { path, node } => Ok(Op::Graft { path, node: own(&node)? }),
            op => Ok(op),
        });
        let batch = Batch { ops: ops.collect::<FsResult<_>>()?, ..batch };
        self.apply_own(batch)
    }

    fn apply_own(&self, batch: Batch) -> FsResult<Applied> {
        let rules = Rules { limits: Limits::default(), merge: None, landed_bytes_min: usize::MAX };
        self.tree.apply(&batch, &rules, Origin(0), |_| Ok(self.tree.version() + 1))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn hold(&self, path: &RepoPath) -> FsResult<Arc<dyn OpenFile>> {
        self.inner.root()?;
        Ok(Arc::new(self.tree.hold(path)?))
    }

    fn subscribe(&self) -> FsResult<Box<dyn EventQueue>> {
        let (queue, reader) = Queue::new(Origin(0));
        self.tree.attach(&queue);
        Ok(Box::new(reader))
    }

    fn sync(&self) -> FsResult<()> {
        Ok(())
    }
}

impl Checkout for ForkCheckout {
    fn repo(&self) -> &RepoId {
        self.inner.repo()
    }

    fn close(&self) -> FsResult<()> {
        Ok(())
    }

    fn spill(&self) -> FsResult<Option<Box<dyn crate::SpillFile>>> {
        self.inner.spill()
    }

    fn pin(&self) -> Pin {
        self.inner.pin()
    }

    fn current(&self) -> Result<(ChangeInfo, Option<BookmarkName>), ChangeError> {
        self.inner.current()
    }

    fn changes(&self, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        self.inner.changes(limit)
    }

    fn new_change(&self, _base: &Revision, _text: Option<&str>) -> Result<ChangeId, ChangeError> {
        refused()
    }

    fn edit(&self, _revision: &Revision) -> Result<ChangeId, ChangeError> {
        refused()
    }

    fn checkpoint(&self, _description: Description) -> Result<Checkpoint, ChangeError> {
        refused()
    }

    fn bookmarks(&self) -> Result<Vec<BookmarkInfo>, ChangeError> {
        self.inner.bookmarks()
    }

    fn create_bookmark(&self, _name: &BookmarkName) -> Result<(), ChangeError> {
        refused()
    }

    fn move_bookmark(
        &self,
        _name: &BookmarkName,
        _change: &str,
        _backwards: Backwards,
    ) -> Result<(), ChangeError> {
        refused()
    }

    fn history(&self) -> Option<&dyn History> {
        self.inner.history().is_some().then_some(self)
    }
}

impl History for ForkCheckout {
    fn find(&self, revision: &Revision) -> Result<ChangeInfo, ChangeError> {
        self.inner_history()?.find(revision)
    }

    fn log(&self, revisions: &str, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        self.inner_history()?.log(revisions, limit)
    }

    fn content(&self, revision: &Revision) -> Result<Root, ChangeError> {
        self.inner_history()?.content(revision)
    }

    fn changed(&self, revision: &Revision) -> Result<Comparison, ChangeError> {
        self.inner_history()?.changed(revision)
    }

    fn status(&self) -> Result<Comparison, ChangeError> {
        let after = self.tree.root().dir;
        let before = match self.from_beginning.load(Ordering::Acquire) {
            true => self.base.dir.clone(),
            false => self.inner_history()?.status()?.before,
        };
        Ok(Comparison { before, after })
    }

    fn earlier(&self, revision: &Revision, limit: usize) -> Result<Vec<Earlier>, ChangeError> {
        self.inner_history()?.earlier(revision, limit)
    }

    fn describe(&self, _revision: &Revision, _text: &str) -> Result<Rewriting, ChangeError> {
        refused()
    }

    fn abandon(&self, _revisions: &[Revision]) -> Result<Rewriting, ChangeError> {
        refused()
    }

    fn squash(&self, _squash: &Squash) -> Result<Rewriting, ChangeError> {
        refused()
    }

    fn restore(
        &self,
        _revision: &Revision,
        _from: &Revision,
        _paths: &[RepoPath],
    ) -> Result<Rewriting, ChangeError> {
        refused()
    }

    fn split(
        &self,
        _revision: &Revision,
        _paths: &[RepoPath],
        _message: Option<&str>,
    ) -> Result<(ChangeId, ChangeId), ChangeError> {
        refused()
    }

    fn rebase(
        &self,
        _revisions: &[Revision],
        _moved: Moved,
        _onto: &[Revision],
    ) -> Result<Rewriting, ChangeError> {
        refused()
    }

    fn duplicate(
        &self,
        _revisions: &[Revision],
        _onto: &[Revision],
    ) -> Result<Vec<ChangeId>, ChangeError> {
        refused()
    }

    fn merge(&self, _parents: &[Revision], _text: Option<&str>) -> Result<ChangeId, ChangeError> {
        refused()
    }

    fn conflicts(&self, revision: &Revision) -> Result<Vec<ConflictInfo>, ChangeError> {
        self.inner_history()?.conflicts(revision)
    }

    fn resolve(&self, _path: &RepoPath, _pick: Pick) -> Result<(), ChangeError> {
        refused()
    }

    fn create_bookmark_at(&self, _name: &BookmarkName, _at: &Revision) -> Result<(), ChangeError> {
        refused()
    }

    fn set_bookmark(
        &self,
        _name: &BookmarkName,
        _to: &Revision,
        _expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        refused()
    }

    fn move_bookmark_to(
        &self,
        _name: &BookmarkName,
        _to: &Revision,
        _backwards: Backwards,
        _expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        refused()
    }

    fn advance_bookmarks(
        &self,
        _names: &[BookmarkName],
    ) -> Result<(Vec<BookmarkName>, ChangeId), ChangeError> {
        refused()
    }

    fn rename_bookmark(
        &self,
        _name: &BookmarkName,
        _to: &BookmarkName,
        _expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        refused()
    }

    fn delete_bookmark(
        &self,
        _name: &BookmarkName,
        _expected: Option<&Revision>,
    ) -> Result<(), ChangeError> {
        refused()
    }

    fn merge_bookmarks(
        &self,
        _target: &BookmarkName,
        _source: &BookmarkName,
        _options: &MergeOptions,
    ) -> Result<Merged, ChangeError> {
        refused()
    }

    fn operations(&self, limit: usize) -> Result<Vec<OperationInfo>, ChangeError> {
        self.inner_history()?.operations(limit)
    }

    fn operation(&self, id: &str) -> Result<OperationDetails, ChangeError> {
        self.inner_history()?.operation(id)
    }

    fn audit(&self, paths: &[RepoPath], limit: usize) -> Result<Vec<AuditEntry>, ChangeError> {
        self.inner_history()?.audit(paths, limit)
    }

    fn restore_operation(&self, _id: &str) -> Result<Rewriting, ChangeError> {
        refused()
    }
}
