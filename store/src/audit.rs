//! Which edits were made, by whom and by what: noted as they land, stored with the next snapshot.
//!
//! Nothing of this is on the way of a write but a note in memory; what a process that is killed had
//! noted comes back from the journal, whose records say who wrote them.

use std::sync::Arc;

use mesafs::backend::AuditOp;
use mesafs::op::{Op, Target};
use mesafs::path::RepoPath;
use mesafs::tree::{Dir, Node, ObjectId};

use crate::cause::Cause;

/// What a note counts for where it is decided when to snapshot: more than it takes in memory, so that
/// millions of small edits don't wait for a quiet second.
pub(crate) const NOTE_BYTES: u64 = 512;

/// One edit, or several of one line that add to one file.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub sequence: u64,
    /// Tells the notes of one record apart.
    pub at: u64,
    pub time_ns: i64,
    pub cause: Arc<Cause>,
    pub op: AuditOp,
    pub path: RepoPath,
    pub to: Option<RepoPath>,
    pub count: u64,
}

/// A note as a snapshot stores it: with what was at its path, and what is.
#[derive(Debug, Clone)]
pub(crate) struct Audited {
    pub note: Note,
    pub before: Option<ObjectId>,
    pub after: Option<ObjectId>,
}

/// What was noted of one change since its last snapshot.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    notes: Vec<Note>,
    /// Those before this are being stored: nothing is added to them.
    sealed: usize,
}

impl Notes {
    /// Notes the ops of a batch, the parts of a record being told apart by `part`. Answers how many
    /// notes there are more.
    pub fn add(
        &mut self,
        (sequence, part): (u64, usize),
        time_ns: i64,
        cause: &Arc<Cause>,
        ops: &[Op],
    ) -> u64 {
        let before = self.notes.len();
        let first = (part as u64) << 32;
        for (op, at) in ops.iter().zip(first..) {
            let Some((op, path, to)) = told(op) else { continue };
            if let Some(last) = self.notes.last_mut().filter(|_| self.sealed < before)
                && cause.has_line()
                && last.cause.id == cause.id
                && last.op == op
                && last.path == *path
                && matches!(op, AuditOp::Write | AuditOp::Append)
            {
                last.count += 1;
                continue;
            }
            let (path, to, cause) = (path.clone(), to.cloned(), Arc::clone(cause));
            self.notes.push(Note { sequence, at, time_ns, cause, op, path, to, count: 1 });
        }
        (self.notes.len() - before) as u64
    }

    /// Those up to `version`, to be stored.
    pub fn seal(&mut self, version: u64) -> Vec<Note> {
        self.sealed = self.notes.len();
        self.notes.iter().filter(|note| note.sequence <= version).cloned().collect()
    }

    /// Those up to `version` are stored.
    pub fn forget(&mut self, version: u64) {
        self.notes.retain(|note| note.sequence > version);
        self.sealed = 0;
        if self.notes.is_empty() {
            self.notes = Vec::new();
        }
    }
}

/// What an op is told as: what it does, where, and where to.
fn told(op: &Op) -> Option<(AuditOp, &RepoPath, Option<&RepoPath>)> {
    fn of(target: &Target) -> Option<&RepoPath> {
        match target {
            Target::Path(path) => Some(path),
            // Plans have resolved every target to a path.
            Target::Open(_) => None,
        }
    }
    Some(match op {
        Op::Create { path, .. } => (AuditOp::Create, path, None),
        Op::WriteAt { target, .. } => (AuditOp::Write, of(target)?, None),
        Op::Append { target, .. } => (AuditOp::Append, of(target)?, None),
        Op::Truncate { target, .. } => (AuditOp::Truncate, of(target)?, None),
        Op::Write { path, .. } | Op::Replace { path, .. } => (AuditOp::Write, path, None),
        Op::MakeDir { path, .. } => (AuditOp::MakeDir, path, None),
        Op::Remove { path, .. } => (AuditOp::Remove, path, None),
        Op::Rename { from, to, .. } => (AuditOp::Rename, from, Some(to)),
        Op::Copy { from, to } => (AuditOp::Copy, from, Some(to)),
        Op::Graft { path, .. } => (AuditOp::Put, path, None),
        Op::SetMode { path, .. } => (AuditOp::SetMode, path, None),
        Op::SetTimes { path, .. } => (AuditOp::SetTimes, path, None),
        Op::Symlink { path, .. } => (AuditOp::Symlink, path, None),
    })
}

/// Adds to notes what was at their paths and what is. `after` is stored by now.
pub(crate) fn audited(notes: Vec<Note>, before: &Dir, after: &Dir) -> Vec<Audited> {
    let with = |note: Note| {
        let path = note.to.as_ref().unwrap_or(&note.path);
        let (before, after) = (object_at(before, path), object_at(after, path));
        Audited { note, before, after }
    };
    notes.into_iter().map(with).collect()
}

/// The object at a path. What cannot be looked up counts as nothing: it only tells.
fn object_at(dir: &Dir, path: &RepoPath) -> Option<ObjectId> {
    let Some((parents, name)) = path.split_last() else { return dir.stored()?.tree };
    let mut dir = dir.clone();
    for name in parents.names() {
        let Some(Node::Dir(below)) = dir.get(name).ok()?.cloned() else { return None };
        dir = below;
    }
    match dir.get(name).ok()?? {
        Node::Dir(dir) => dir.stored()?.tree,
        Node::File(file) => file.body.stored(),
        Node::Symlink(link) => link.stored(),
        Node::Gitlink(commit) => Some(*commit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Author;
    use bytes::Bytes;
    use mesafs::line::Line;

    #[test]
    fn what_a_line_adds_to_one_file_is_one_note() {
        let author = Author { name: "a".into(), email: String::new() };
        let line = Line::new(|| "for ...".into());
        let cause = Cause::new(author.clone(), "s".into(), "k".into(), Some(line));
        let call = Cause::new(author, "s".into(), "k".into(), None);
        let append = |path: &str| Op::Append {
            target: Target::Path(RepoPath::new(path).unwrap()),
            data: Bytes::from_static(b"x"),
        };
        let mut notes = Notes::default();
        for sequence in 1..=5 {
            notes.add((sequence, 0), 0, &cause, &[append("a")]);
        }
        assert_eq!(notes.add((6, 0), 0, &cause, &[append("b"), append("b")]), 1);
        let stored = notes.seal(5);
        assert_eq!(stored.iter().map(|note| note.count).collect::<Vec<_>>(), [5]);
        // What is being stored stays as it is.
        notes.add((7, 0), 0, &cause, &[append("b")]);
        notes.forget(6);
        let left = notes.seal(9);
        assert_eq!(
            left.iter().map(|note| (note.sequence, note.count)).collect::<Vec<_>>(),
            [(7, 1)]
        );
        notes.forget(9);
        for sequence in 10..=12 {
            notes.add((sequence, 0), 0, &call, &[append("a")]);
        }
        assert_eq!(notes.seal(20).len(), 3, "calls are told one by one");
    }
}
