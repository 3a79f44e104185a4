//! Cleaning up: what no operation within retention needs goes, and the rest becomes one pack.
//!
//! Operations before retention are taken out of the log, as `jj op abandon` does; then jj's index is
//! made anew, commits that no operation that is left names lose the references that jj keeps them by,
//! and objects that nothing leads to are removed. Always true: nothing is removed before what takes its
//! place survives power loss; what is younger than the grace stays, whoever needs it; a walk that meets
//! something missing ends everything before anything was removed. No other program is started.

mod reach;
mod sweep;

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::slice;
use std::time::{Duration, SystemTime};

use bstr::ByteSlice as _;
use futures_util::TryStreamExt as _;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use jj_lib::backend::CommitId;
use jj_lib::default_index::DefaultIndexStore;
use jj_lib::object_id::ObjectId as _;
use jj_lib::op_walk;
use jj_lib::operation::Operation;
use jj_lib::repo::Repo as _;
use jj_lib::stacked_table::TableStore;
use mesafs::name::CommitOid;
use mesafs::tree::ObjectId;
use pollster::FutureExt as _;

use super::error::{Doing, EngineError, EngineResult};
use super::history::History;
use super::ids;
use super::refs::open_git;
use super::repository::{Repository, Writer, load_jj};
use super::tidy::remove;
use reach::Reached;

/// The references that jj keeps its commits by.
const KEEP: &str = "refs/jj/keep/";
/// References are edited so many at once.
const EDITS_AT_ONCE: usize = 1000;
const COMMIT_ID_BYTES: usize = 20;
/// What the content of a file takes is a multiple of this, nearly everywhere.
const BLOCK_BYTES: u64 = 4096;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Milliseconds since the Unix epoch: every operation since then, and the one before.
    pub since_ms: i64,
    /// Whatever was written so shortly ago.
    pub grace: Duration,
}

/// What a clean-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcReport {
    /// Operations that were taken out of the log, and those that are left.
    pub operations_dropped: usize,
    pub operations_kept: usize,
    pub refs_dropped: usize,
    pub objects_dropped: usize,
    pub objects_kept: usize,
    /// Of the whole repository on disk, in blocks of 4 KiB as file systems give them out.
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// What a clean-up leaves to be done beside the repository.
#[derive(Debug)]
pub struct Cleaned {
    pub report: GcReport,
    /// Those that are left.
    pub commits: HashSet<CommitOid>,
    /// The objects that are gone.
    pub dropped: Vec<ObjectId>,
}

impl Repository {
    /// Drops what nothing needs. `used` are objects that something else holds: trees and blobs; they,
    /// and what they lead to, stay. Nobody may write objects meanwhile.
    ///
    /// # Errors
    /// `Io`, `Data`; everything that was needed can be read as before then.
    pub fn gc(&self, kept: Kept, used: &[ObjectId]) -> EngineResult<Cleaned> {
        let _tidying = self.tidying.lock();
        let mut writer = self.write_lock();
        let history = self.newest(&mut writer)?;
        let mut report =
            GcReport { bytes_before: bytes_below(&self.layout.dir)?, ..GcReport::default() };
        let newest = SystemTime::now().checked_sub(kept.grace).unwrap_or(SystemTime::UNIX_EPOCH);
        report.operations_dropped = self.trim_log(&history, kept.since_ms)?;
        let history = if report.operations_dropped > 0 {
            let index = history.repo.loader().index_store();
            if let Some(index) = index.downcast_ref::<DefaultIndexStore>() {
                index.reinit().doing("making the index anew")?;
            }
            self.loaded_anew(&mut writer, &history)?
        } else {
            history
        };
        let operations = ancestors(&history)?;
        report.operations_kept = operations.len();
        let op_store = history.repo.op_store();
        let head = slice::from_ref(history.repo.op_id());
        op_store.gc(head, newest).block_on().doing("cleaning up operations")?;
        let extra = TableStore::load(self.layout.jj_repo().join("store/extra"), COMMIT_ID_BYTES);
        let table = extra.get_head().doing("cleaning up jj's tables")?;
        extra.gc(&table, newest).doing("cleaning up jj's tables")?;

        let roots = self.roots(&history, &operations)?;
        let git = open_git(&self.layout.git())?;
        let young = sweep::young(&self.layout.objects(), newest)?;
        let reached = reach::reach(&self.objects, &git, &roots, used, &young)?;
        report.refs_dropped = keep_by_references(&git, &roots, &reached, newest)?;
        let swept = sweep::sweep(&self.objects, &self.layout.objects(), &reached, newest)?;
        (report.objects_dropped, report.objects_kept) = (swept.dropped.len(), swept.kept);
        self.objects.reopen(&self.layout.objects())?;
        self.loaded_anew(&mut writer, &history)?;
        report.bytes_after = bytes_below(&self.layout.dir)?;
        let commits = reached.commits.iter().map(|id| ids::commit_oid(&id_of(*id)));
        let commits = commits.collect::<EngineResult<_>>()?;
        Ok(Cleaned { report, commits, dropped: swept.dropped })
    }

    /// Takes the operations before `since_ms` out of the log, but for the newest of them, which is what
    /// everything was when that began. Answers how many.
    fn trim_log(&self, history: &History, since_ms: i64) -> EngineResult<usize> {
        let doing = "trimming the log of operations";
        let head = slice::from_ref(history.repo.operation());
        let store = history.repo.op_store();
        let mut walk = Box::pin(op_walk::walk_ancestors(head));
        let mut boundary = None;
        while let Some(operation) = walk.try_next().block_on().doing(doing)? {
            if operation.metadata().time.end.timestamp.0 < since_ms {
                boundary = Some(operation);
                break;
            }
        }
        drop(walk);
        let Some(boundary) = boundary else { return Ok(0) };
        if boundary.id() == store.root_operation_id() {
            return Ok(0);
        }
        let before = boundary.parents().block_on().doing(doing)?;
        let root = history.repo.loader().root_operation().block_on();
        if before.iter().all(|operation| operation.id() == root.id()) {
            return Ok(0);
        }
        let done = op_walk::reparent_range(store.as_ref(), &before, head, &root)
            .block_on()
            .doing(doing)?;
        let [new_head] = &done.new_head_ids[..] else { return Ok(0) };
        self.sync()?;
        let heads = history.repo.op_heads_store();
        let old = slice::from_ref(history.repo.op_id());
        heads.update_op_heads(old, new_head).block_on().doing(doing)?;
        Ok(done.unreachable_count)
    }

    /// Loads jj as if the repository were opened just now.
    fn loaded_anew(
        &self,
        writer: &mut Writer,
        before: &History,
    ) -> EngineResult<std::sync::Arc<History>> {
        let repo = load_jj(&self.layout)?;
        self.took_in(writer, repo, before)
    }

    /// The commits that the operations, the references and we ourselves name.
    fn roots(
        &self,
        history: &History,
        operations: &[Operation],
    ) -> EngineResult<BTreeSet<CommitId>> {
        let mut roots = BTreeSet::new();
        for operation in operations {
            let view = operation.view().block_on().doing("reading operations")?;
            roots.extend(view.all_referenced_commit_ids().cloned());
            let earlier = operation.store_operation().commit_predecessors.iter().flatten();
            for (commit, predecessors) in earlier {
                // What was gone before is no reason to stop.
                let all = std::iter::once(commit).chain(predecessors);
                roots.extend(all.filter(|id| self.has_commit(id)).cloned());
            }
        }
        roots.extend(self.imported_tips().iter().cloned());
        roots.remove(history.repo.store().root_commit_id());
        Ok(roots)
    }

    fn has_commit(&self, id: &CommitId) -> bool {
        ids::object_id(id.as_bytes()).is_ok_and(|id| self.objects.kind(id).is_ok())
    }
}

fn ancestors(history: &History) -> EngineResult<Vec<Operation>> {
    let head = slice::from_ref(history.repo.operation());
    op_walk::walk_ancestors(head).try_collect().block_on().doing("reading operations")
}

fn id_of(id: ObjectId) -> CommitId {
    CommitId::from_bytes(&id.0)
}

/// Has jj's references keep what nothing else of `roots` leads to, and no more. Answers how many went.
fn keep_by_references(
    git: &gix::Repository,
    roots: &BTreeSet<CommitId>,
    reached: &Reached,
    newest: SystemTime,
) -> EngineResult<usize> {
    let doing = "editing references";
    let heads: HashSet<ObjectId> = roots
        .iter()
        .map(|id| ids::object_id(id.as_bytes()))
        .filter(|id| id.as_ref().map_or(true, |id| !reached.parents.contains(id)))
        .collect::<EngineResult<_>>()?;
    let mut missing = heads.clone();
    let (mut edits, mut files) = (Vec::new(), Vec::new());
    let packed = match fs::read(git.path().join("packed-refs")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        packed => packed.map_err(EngineError::io(git.path()))?,
    };
    let any_is_packed = packed.contains_str(KEEP);
    let platform = git.references().doing(doing)?;
    for reference in platform.prefixed(KEEP).doing(doing)? {
        let reference = reference.map_err(|error| EngineError::Data {
            doing: "reading references",
            reason: error.to_string(),
        })?;
        let name = reference.name().to_owned();
        let id = match reference.try_id() {
            Some(id) => ids::object_id(id.as_bytes())?,
            None => continue,
        };
        let loose = git.path().join(name.to_path());
        let modified = fs::metadata(&loose).and_then(|found| found.modified());
        let is_young = modified.is_ok_and(|modified| modified > newest);
        let is_kept = heads.contains(&id) || (is_young && reached.objects.contains(&id));
        if is_kept {
            missing.remove(&id);
        } else if !any_is_packed {
            // A file of jj's that nobody writes twice: a transaction for each would take its time.
            files.push(loose);
        } else {
            let change = Change::Delete { expected: PreviousValue::Any, log: RefLog::AndReference };
            edits.push(RefEdit { change, name, deref: false });
        }
    }
    let dropped = edits.len() + files.len();
    for id in missing {
        let change = Change::Update {
            log: LogChange { message: "used by jj".into(), ..LogChange::default() },
            expected: PreviousValue::Any,
            new: Target::Object(ids::git_id(id)),
        };
        let name = format!("{KEEP}{id}").try_into().doing(doing)?;
        edits.push(RefEdit { change, name, deref: false });
    }
    // First what keeps, then what goes.
    edits.reverse();
    for edits in edits.chunks(EDITS_AT_ONCE) {
        git.edit_references(edits.to_vec()).doing(doing)?;
    }
    files.iter().try_for_each(|file| remove(file))?;
    Ok(dropped)
}

/// The room that all files below a folder take.
fn bytes_below(folder: &std::path::Path) -> EngineResult<u64> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(EngineError::io(&folder))? {
            let entry = entry.map_err(EngineError::io(&folder))?;
            // The real jj may have removed one meanwhile.
            let Ok(found) = entry.metadata() else { continue };
            if found.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += found.len().next_multiple_of(BLOCK_BYTES);
            }
        }
    }
    Ok(bytes)
}
