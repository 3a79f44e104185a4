//! What a batch comes to on a tree: pure, whole or nothing.
//!
//! Each op is checked as POSIX has it against the tree that the ops before it left. An edit makes
//! new directories along its path only, so `remove`, `rename` and `copy` cost O(depth). The ops of
//! the plan are what lands: free of handles and merges, so that a journal that replays them on the
//! same tree comes to the same tree.

mod attributes;
mod content;
mod entries;
mod transfer;

use std::sync::Arc;

use bytes::Bytes;

use super::limits::Limits;
use super::open::{OpenFiles, Step};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::name::check_entry_name;
use crate::op::{Batch, Op, Replaced};
use crate::path::RepoPath;
use crate::tree::{Body, Chunk, Dir, Landed, Node};

/// A three-way merge of a file's content.
#[derive(Debug, Clone)]
pub enum Merged {
    Clean(Bytes),
    /// What a reader sees of the conflict: text with markers.
    Conflicted(Bytes),
}

/// How a file is merged whose content is not what the writer had read.
pub trait Merge: Send + Sync {
    /// Merges the edits `base` → `ours`, which is there now, and `base` → `theirs`.
    ///
    /// # Errors
    /// EIO if a side cannot be read.
    fn merge(&self, base: &Body, ours: &Body, theirs: &Body) -> FsResult<Merged>;
}

/// What ops are checked against, and how they are done.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub limits: Limits,
    /// `None` where there are no conflicts: the later `Replace` wins.
    pub merge: Option<&'a dyn Merge>,
    /// Data of at least so many bytes is told in [`Plan::landed`], to be settled elsewhere.
    pub landed_bytes_min: usize,
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A path that may read differently now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    pub path: RepoPath,
    pub recursive: bool,
}

/// The data of an op that can leave memory once it can be read elsewhere ([`Landed::settle`]).
#[derive(Debug, Clone)]
pub struct LandedData {
    /// Which of [`Plan::ops`] it belongs to.
    pub op: usize,
    pub landed: Arc<Landed>,
}

/// What a batch comes to.
#[derive(Debug)]
pub struct Plan {
    dir: Dir,
    ops: Vec<Op>,
    landed: Vec<LandedData>,
    steps: Vec<Step>,
    touched: Vec<Touched>,
    replaced: Vec<Replaced>,
    nodes_visited: u64,
}

impl Plan {
    /// The tree with the batch applied.
    #[must_use]
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// What changes the tree, to be journaled: every target is a path, nothing is merged any more.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    #[must_use]
    pub fn landed(&self) -> &[LandedData] {
        &self.landed
    }

    #[must_use]
    pub fn touched(&self) -> &[Touched] {
        &self.touched
    }

    /// What became of the batch's [`Op::Replace`]s, in order.
    #[must_use]
    pub fn replaced(&self) -> &[Replaced] {
        &self.replaced
    }

    /// How many tree nodes the ops looked at.
    #[must_use]
    pub fn nodes_visited(&self) -> u64 {
        self.nodes_visited
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(super) fn changes_state(&self) -> bool {
        !(self.ops.is_empty() && self.steps.is_empty())
    }

    pub(super) fn into_replaced(self) -> Vec<Replaced> {
        self.replaced
    }
}

/// Applies `batch` to the tree `dir` in which `open` says where the open files are.
pub(super) fn plan(
    dir: &Dir,
    open: &OpenFiles,
    batch: &Batch,
    rules: &Rules<'_>,
) -> FsResult<Plan> {
    let plan = Plan {
        dir: dir.clone(),
        ops: Vec::with_capacity(batch.ops.len()),
        landed: Vec::new(),
        steps: Vec::new(),
        touched: Vec::new(),
        replaced: Vec::new(),
        nodes_visited: 0,
    };
    let mut planner = Planner { rules, now_ns: batch.now_ns, open: open.clone(), plan };
    batch.ops.iter().try_for_each(|op| planner.op(op))?;
    Ok(planner.plan)
}

struct Planner<'a> {
    rules: &'a Rules<'a>,
    now_ns: i64,
    /// As the ops so far leave it.
    open: OpenFiles,
    plan: Plan,
}

/// The way to an entry: the directories from the root to its parent, and its name.
struct Spine<'p> {
    operation: Operation,
    path: &'p RepoPath,
    /// Each with the name of the next one in it.
    above: Vec<(Dir, &'p [u8])>,
    parent: Dir,
    name: &'p [u8],
}

impl Spine<'_> {
    fn fail<T>(&self, errno: Errno) -> FsResult<T> {
        Err(FsError::new(errno, self.operation, self.path.as_bstr()))
    }

    /// What is at the end of the way.
    fn node(&self) -> FsResult<Option<&Node>> {
        self.parent.get(self.name).map_err(|error| error.at(self.path.as_bstr()))
    }

    /// Whether the name may be given to an entry.
    fn check_name(&self) -> FsResult<()> {
        check_entry_name(self.name, self.above.is_empty()).or_else(|errno| self.fail(errno))
    }
}

/// Whether an edit adds or takes away a name, which gives the directory a new time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Same,
    Changed,
}

impl Planner<'_> {
    fn op(&mut self, op: &Op) -> FsResult<()> {
        let before = (self.plan.dir.clone(), self.open.private_bytes());
        let (operation, path) = match op {
            Op::Create { path, mode, if_exists } => {
                self.create(path, *mode, *if_exists)?;
                (Operation::Create, path.clone())
            }
            Op::WriteAt { target, offset, data } => {
                (Operation::Write, self.write_at(target, *offset, data)?)
            }
            Op::Append { target, data } => (Operation::Append, self.append(target, data)?),
            Op::Truncate { target, len } => (Operation::Truncate, self.truncate(target, *len)?),
            Op::Write { path, mode, data } => {
                self.write(path, *mode, data)?;
                (Operation::Write, path.clone())
            }
            Op::Replace { path, base, data } => {
                self.replace(path, base, data)?;
                (Operation::Replace, path.clone())
            }
            Op::MakeDir { path, mode, parents } => {
                self.make_dir(path, *mode, *parents)?;
                (Operation::MakeDir, path.clone())
            }
            Op::Remove { path, recursive } => {
                self.remove(path, *recursive)?;
                (Operation::Remove, path.clone())
            }
            Op::Rename { from, to, replace } => {
                self.rename(from, to, *replace)?;
                (Operation::Rename, to.clone())
            }
            Op::Copy { from, to } => {
                self.copy(from, to)?;
                (Operation::Copy, to.clone())
            }
            Op::Graft { path, node } => {
                self.graft(path, node)?;
                (Operation::Copy, path.clone())
            }
            Op::SetMode { path, mode } => {
                self.set_mode(path, *mode)?;
                (Operation::SetMode, path.clone())
            }
            Op::SetTimes { path, mtime_ns } => {
                self.set_times(path, *mtime_ns)?;
                (Operation::SetTimes, path.clone())
            }
            Op::Symlink { path, target } => {
                self.symlink(path, target)?;
                (Operation::Symlink, path.clone())
            }
        };
        let after = (&self.plan.dir, self.open.private_bytes());
        self.rules.limits.check((&before.0, before.1), after, operation, &path)
    }

    /// Walks to the parent of `path`. The root itself fails with `root`.
    fn spine<'p>(
        &mut self,
        path: &'p RepoPath,
        operation: Operation,
        root: Errno,
    ) -> FsResult<Spine<'p>> {
        let fail = |errno| FsError::new(errno, operation, path.as_bstr());
        if path.as_bstr().len() > self.rules.limits.path_bytes_max {
            return Err(fail(Errno::NameTooLong));
        }
        let mut names = path.names();
        let name = names.next_back().ok_or_else(|| fail(root))?;
        let mut above = Vec::new();
        let mut parent = self.plan.dir.clone();
        for name in names {
            let below = match parent.get(name).map_err(|error| error.at(path.as_bstr()))? {
                Some(Node::Dir(dir)) => dir.clone(),
                // A submodule is an empty directory that cannot be written.
                Some(Node::Gitlink(_)) => return Err(fail(Errno::RoFs)),
                Some(Node::File(_) | Node::Symlink(_)) => return Err(fail(Errno::NotDir)),
                None => return Err(fail(Errno::NoEnt)),
            };
            above.push((parent, name));
            parent = below;
        }
        self.plan.nodes_visited += above.len() as u64 + 2;
        Ok(Spine { operation, path, above, parent, name })
    }

    /// Puts `node` (nothing: a free name) at the end of the way.
    fn put(&mut self, spine: &Spine<'_>, node: Option<Node>, names: Names) -> FsResult<()> {
        let edited = match node {
            Some(node) => spine.parent.insert(spine.name, node),
            None => spine.parent.remove(spine.name),
        };
        let mut dir = edited.map_err(|error| error.at(spine.path.as_bstr()))?;
        if names == Names::Changed {
            dir.attributes = dir.attributes.touched(self.now_ns);
        }
        for (above, name) in spine.above.iter().rev() {
            dir = above.insert(name, dir.into()).map_err(|error| error.at(spine.path.as_bstr()))?;
        }
        self.plan.dir = dir;
        Ok(())
    }

    /// Notes an op that changed the tree, and what reads differently because of it.
    fn landed(&mut self, op: Op, path: &RepoPath, recursive: bool) {
        self.plan.ops.push(op);
        self.touch(path, recursive);
    }

    fn touch(&mut self, path: &RepoPath, recursive: bool) {
        let touched = Touched { path: path.clone(), recursive };
        if self.plan.touched.last() != Some(&touched) {
            self.plan.touched.push(touched);
        }
    }

    fn step(&mut self, step: Step) {
        if !self.open.is_empty() {
            self.open.follow(&step);
        }
        self.plan.steps.push(step);
    }

    /// The data of the op that lands next.
    fn chunk(&mut self, data: &Bytes) -> Chunk {
        if data.len() < self.rules.landed_bytes_min {
            return Chunk::Memory(data.clone());
        }
        let landed = Arc::new(Landed::new(data.clone()));
        self.plan.landed.push(LandedData { op: self.plan.ops.len(), landed: Arc::clone(&landed) });
        Chunk::Landed { landed, offset: 0, len: data.len() as u64 }
    }
}

/// Whether an entry may have others below it.
fn is_dir(node: &Node) -> bool {
    matches!(node, Node::Dir(_) | Node::Gitlink(_))
}
