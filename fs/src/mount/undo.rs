//! Undo: what the last lines of a run did to files, taken back and put in place again.
//!
//! A line is what was entered at the prompt, or one top-level command of a script. Its trees before
//! and after are kept, which costs what it edited; taking it back looks only at what differs, and
//! puts whole folders back as one op. A path that is not as the line left it is somebody else's by
//! now: it is named and left, unless that is forced.

use std::collections::VecDeque;
use std::sync::Arc;

use bstr::BString;
use parking_lot::Mutex;

use super::Shared;
use super::fork::ATTEMPTS;
use crate::backend::{Checkout, Planned, Volume};
use crate::error::{Errno, FsResult};
use crate::name::{ChangeId, RepoId};
use crate::op::Op;
use crate::path::RepoPath;
use crate::tree::{Dir, Node, Root};

/// So many lines can be taken back.
pub const LINES_MAX: usize = 1000;

/// What the lines of a run did.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    /// The trees as the line that runs began, in the order of the checkouts.
    before: Vec<Option<Root>>,
    done: VecDeque<Line>,
    undone: Vec<Line>,
    /// Whether the line that runs takes back others: then it is none itself.
    replaying: bool,
}

#[derive(Debug, Clone)]
struct Line {
    text: BString,
    edits: Vec<Edit>,
}

/// What a line did to one change.
#[derive(Debug, Clone)]
struct Edit {
    repo: usize,
    change: ChangeId,
    before: Dir,
    after: Dir,
}

/// Which way lines are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Undo,
    Redo,
}

/// What is done with a path that is not as the line left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    Leave,
    Overwrite,
}

/// A line that was taken back or put in place again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    pub line: BString,
    pub repos: Vec<ReplayedRepo>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedRepo {
    pub repo: RepoId,
    /// The files and folders that were put back or removed, each as a whole.
    pub paths: Vec<RepoPath>,
    /// Those that are not as the line left them.
    pub left: Vec<RepoPath>,
}

/// Why nothing was taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UndoError {
    #[error("nothing to {0}")]
    Nothing(&'static str),
    #[error("it was done to change '{change}' of '{repo}': open that with 'changes edit {change}'")]
    OtherChange { repo: RepoId, change: ChangeId },
    #[error("{0}")]
    Fs(#[from] crate::error::FsError),
}

fn roots(checkouts: &[Arc<dyn Checkout>]) -> Vec<Option<Root>> {
    checkouts.iter().map(|checkout| checkout.root().ok()).collect()
}

impl Lines {
    /// A run that begins with these trees.
    pub fn new(checkouts: &[Arc<dyn Checkout>]) -> Self {
        Self(Mutex::new(Table { before: roots(checkouts), ..Table::default() }))
    }
}

impl Shared {
    /// A line begins.
    pub(super) fn line_begins(&self, line: Arc<crate::line::Line>) {
        self.present.set(line);
        let before = roots(&self.checkouts);
        let mut table = self.lines.0.lock();
        (table.before, table.replaying) = (before, false);
        drop(table);
        self.checkouts.iter().for_each(|checkout| checkout.line_begins());
    }

    /// The line ends.
    pub(super) fn line_ends(&self) -> FsResult<()> {
        let ended: Vec<_> = self.checkouts.iter().map(|checkout| checkout.line_ends()).collect();
        self.note_line();
        ended.into_iter().collect()
    }

    fn note_line(&self) {
        let mut table = self.lines.0.lock();
        let before = std::mem::take(&mut table.before);
        let mut edits = Vec::new();
        for (repo, (before, checkout)) in before.iter().zip(&self.checkouts).enumerate() {
            let Some(before) = before else { continue };
            let Ok(after) = checkout.root() else { continue };
            let edited = after.version != before.version && after.change == before.change;
            if edited && !before.dir.same_identity(&after.dir) {
                let (before, after, change) = (before.dir.clone(), after.dir, after.change);
                edits.push(Edit { repo, change, before, after });
            }
        }
        if edits.is_empty() || table.replaying {
            return;
        }
        table.undone.clear();
        if table.done.len() == LINES_MAX {
            table.done.pop_front();
        }
        let text = self.present.get().map(|line| line.text().to_owned()).unwrap_or_default();
        table.done.push_back(Line { text, edits });
    }

    /// Takes back the last `count` lines, or puts them in place again; the last one first.
    pub(super) fn replay(
        &self,
        count: usize,
        direction: Direction,
        stray: Stray,
    ) -> Result<Vec<Replayed>, UndoError> {
        let mut replayed = Vec::new();
        self.lines.0.lock().replaying = true;
        for _ in 0..count {
            let next = {
                let table = self.lines.0.lock();
                match direction {
                    Direction::Undo => table.done.back().cloned(),
                    Direction::Redo => table.undone.last().cloned(),
                }
            };
            let Some(line) = next else {
                let what = if direction == Direction::Undo { "undo" } else { "redo" };
                if replayed.is_empty() {
                    return Err(UndoError::Nothing(what));
                }
                break;
            };
            let repos = self.replay_line(&line, direction, stray)?;
            let mut table = self.lines.0.lock();
            match direction {
                Direction::Undo => {
                    table.done.pop_back();
                    table.undone.push(line.clone());
                }
                Direction::Redo => {
                    table.undone.pop();
                    table.done.push_back(line.clone());
                }
            }
            replayed.push(Replayed { line: line.text, repos });
        }
        Ok(replayed)
    }

    /// Replays what a line did, all of it at once; planned anew where somebody writes before it is done,
    /// EAGAIN if that goes on.
    fn replay_line(
        &self,
        line: &Line,
        direction: Direction,
        stray: Stray,
    ) -> Result<Vec<ReplayedRepo>, UndoError> {
        let mut replayed = self.replay_once(line, direction, stray);
        for _ in 1..ATTEMPTS {
            match replayed {
                Err(UndoError::Fs(error)) if error.errno() == Errno::Again => {
                    replayed = self.replay_once(line, direction, stray);
                }
                replayed => return replayed,
            }
        }
        replayed
    }

    fn replay_once(
        &self,
        line: &Line,
        direction: Direction,
        stray: Stray,
    ) -> Result<Vec<ReplayedRepo>, UndoError> {
        let mut replayed = Vec::new();
        let mut batches = Vec::new();
        for edit in &line.edits {
            let Some(checkout) = self.checkouts.get(edit.repo) else {
                return Err(UndoError::Nothing("undo"));
            };
            let now = checkout.root()?;
            let repo = checkout.repo().clone();
            if now.change != edit.change {
                return Err(UndoError::OtherChange { repo, change: edit.change.clone() });
            }
            let (from, to) = match direction {
                Direction::Undo => (&edit.after, &edit.before),
                Direction::Redo => (&edit.before, &edit.after),
            };
            let Plan { ops, paths, left } = plan(from, to, &now.dir, stray)?;
            if !ops.is_empty() {
                batches.push((checkout, Planned { batch: self.batch(ops), version: now.version }));
            }
            replayed.push(ReplayedRepo { repo, paths, left });
        }
        if let Some((first, batch)) = batches.pop() {
            let others: Vec<(&dyn Volume, Planned)> = batches
                .into_iter()
                .map(|(checkout, batch)| (checkout.as_ref() as &dyn Volume, batch))
                .collect();
            first.apply_together(batch, others)?;
        }
        Ok(replayed)
    }
}

/// What brings a tree to where it is to be.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub ops: Vec<Op>,
    /// Where they are.
    pub paths: Vec<RepoPath>,
    /// What is not as it was expected.
    pub left: Vec<RepoPath>,
}

/// A place that the line edited: as it left it, as it is to be, as it is now.
struct Place {
    path: RepoPath,
    from: Option<Node>,
    to: Option<Node>,
    now: Option<Node>,
}

/// What brings `now` to `to` where it is as `from`. Iterative; looks only at what differs.
pub(super) fn plan(from: &Dir, to: &Dir, now: &Dir, stray: Stray) -> FsResult<Plan> {
    let node = |dir: &Dir| Some(Node::Dir(dir.clone()));
    let root = Place { path: RepoPath::root(), from: node(from), to: node(to), now: node(now) };
    let mut plan = Plan::default();
    let mut places = vec![root];
    while let Some(Place { path, from, to, now }) = places.pop() {
        if is_same(from.as_ref(), to.as_ref())? {
            continue;
        }
        if let (Some(Node::Dir(from)), Some(Node::Dir(to)), Some(Node::Dir(now))) =
            (&from, &to, &now)
        {
            let mode = |dir: &Dir| dir.attributes.mode;
            if mode(from) != mode(to) && !path.is_root() {
                plan.ops.push(Op::SetMode { path: path.clone(), mode: mode(to) });
                plan.paths.push(path.clone());
            }
            enter(&mut places, &path, Some(from), Some(to), now)?;
        } else if is_same(now.as_ref(), to.as_ref())? {
            // It is so already.
        } else if stray == Stray::Overwrite || is_same(now.as_ref(), from.as_ref())? {
            if now.is_some() {
                plan.ops.push(Op::Remove { path: path.clone(), recursive: true });
            }
            plan.ops.extend(to.map(|node| Op::Graft { path: path.clone(), node }));
            plan.paths.push(path);
        } else if let (Some(Node::Dir(from)), None, Some(Node::Dir(now))) = (&from, &to, &now) {
            // Somebody has put something into a folder that goes: that stays, and so does it.
            enter(&mut places, &path, Some(from), None, now)?;
        } else {
            plan.left.push(path);
        }
    }
    Ok(plan)
}

/// Goes into a folder, the names that the line edited alone.
fn enter(
    places: &mut Vec<Place>,
    path: &RepoPath,
    from: Option<&Dir>,
    to: Option<&Dir>,
    now: &Dir,
) -> FsResult<()> {
    let get = |dir: Option<&Dir>, name: &[u8]| -> FsResult<Option<Node>> {
        Ok(dir.map(|dir| dir.get(name)).transpose()?.flatten().cloned())
    };
    let mut push = |name: &[u8]| -> FsResult<()> {
        let (from, to) = (get(from, name)?, get(to, name)?);
        let untouched = match (&from, &to) {
            (Some(one), Some(two)) => one.same_identity(two),
            (None, None) => true,
            _ => false,
        };
        if !untouched {
            let now = now.get(name)?.cloned();
            places.push(Place { path: path.child(name), from, to, now });
        }
        Ok(())
    };
    if let Some(from) = from {
        for (name, _) in from.iter()? {
            push(name)?;
        }
    }
    if let Some(to) = to {
        for (name, _) in to.iter()? {
            if get(from, name)?.is_none() {
                push(name)?;
            }
        }
    }
    Ok(())
}

/// Whether both are the same to whoever looks, times aside. Iterative; looks only at what does not share
/// its content.
fn is_same(one: Option<&Node>, other: Option<&Node>) -> FsResult<bool> {
    let (one, other) = match (one, other) {
        (None, None) => return Ok(true),
        (Some(one), Some(other)) => (one, other),
        _ => return Ok(false),
    };
    let mut pairs = vec![(one.clone(), other.clone())];
    while let Some((one, other)) = pairs.pop() {
        if one.same_identity(&other) {
            continue;
        }
        let same = match (&one, &other) {
            (Node::Dir(one), Node::Dir(other)) => {
                one.attributes.mode == other.attributes.mode
                    && (one.same_identity(other) || pair_up(one, other, &mut pairs)?)
            }
            (Node::File(one), Node::File(other)) => {
                one.attributes.mode == other.attributes.mode
                    && one.conflict == other.conflict
                    && one.body.same_content(&other.body)?
            }
            (Node::Symlink(one), Node::Symlink(other)) => one.target == other.target,
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts the entries of both aside, each with its like; false if one of them has none.
fn pair_up(one: &Dir, other: &Dir, pairs: &mut Vec<(Node, Node)>) -> FsResult<bool> {
    let mut count = 0;
    for (name, node) in one.iter()? {
        match other.get(name)? {
            Some(like) => pairs.push((node.clone(), like.clone())),
            None => return Ok(false),
        }
        count += 1;
    }
    Ok(other.iter()?.count() == count)
}
