//! One repository on disk: making, opening, and the one writer.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Once};
use std::thread;

use arc_swap::ArcSwap;
use jj_lib::backend::CommitId;
use jj_lib::default_backend_factories::default_backend_factories;
use jj_lib::object_id::ObjectId as _;
use jj_lib::ref_name::WorkspaceName;
use jj_lib::repo::{ReadonlyRepo, Repo as _, RepoLoader};
use jj_lib::workspace::Workspace;
use mesafs::name::{BookmarkName, ChangeId, CommitOid};
use mesafs::tree::ObjectId;
use parking_lot::{Mutex, MutexGuard, RwLock};
use pollster::FutureExt as _;

use super::cache::Cache;
use super::conflict;
use super::counters::Counters;
use super::disk::{self, Layout};
use super::draft::Draft;
use super::error::{Doing, EngineError, EngineResult};
use super::history::{History, is_known};
use super::ids;
use super::journal;
use super::objects::Objects;
use super::refs::{self, Branches};
use super::settings::user_settings;
use super::types::{Author, Rewritten, RootTree, Transacted};
use super::writer::ObjectWriter;

/// After so many transactions jj's tables are loaded anew: it keeps all it ever read.
const TRANSACTIONS_PER_LOAD: u32 = 100;
/// How folders begin that are no repositories yet, or no more.
const BUILDING: &str = ".building-";
const REMOVED: &str = ".removed-";
const CONFLICTS_CACHED_MAX: usize = 10_000;

/// One repository: a folder with a git and jj repository in it.
pub struct Repository {
    pub(super) layout: Layout,
    counters: Arc<Counters>,
    pub(super) objects: Objects,
    /// Tips of what was imported.
    imported: ArcSwap<Vec<CommitId>>,
    history: ArcSwap<History>,
    /// Of conflicted commits.
    roots: Cache<ObjectId, RootTree>,
    default_bookmark: RwLock<BookmarkName>,
    writer: Mutex<Writer>,
    expected: Once,
    pub(super) tidying: Mutex<()>,
    /// What operations say of where they come from.
    behalf: Mutex<Vec<(String, String)>>,
}

/// What only the one writer touches.
pub(super) struct Writer {
    branches: Branches,
    transactions_since_load: u32,
    packs_at_load: u32,
    /// The journal's positions that the newest operation carries.
    pub positions: BTreeMap<ChangeId, u64>,
    /// Commits that other programs replaced, not yet told by [`Repository::refresh`].
    foreign: Vec<Rewritten>,
    /// What an operation of ours has made could not be read: only opening anew puts that right.
    lost: bool,
}

/// See [`Repository::on_behalf`].
#[derive(Debug)]
pub struct Behalf<'a>(&'a Repository);

impl Drop for Behalf<'_> {
    fn drop(&mut self) {
        self.0.behalf.lock().clear();
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository").field("dir", &self.layout.dir).finish_non_exhaustive()
    }
}

impl Repository {
    /// Makes a repository in `dir`, which must not exist, its parents may be missing:
    /// `default_bookmark` on an empty child of the root. Built beside `dir` and renamed into place.
    ///
    /// # Errors
    /// [`EngineError::Io`], also if `dir` exists.
    pub fn create(
        dir: &Path,
        author: &Author,
        default_bookmark: &BookmarkName,
    ) -> EngineResult<Self> {
        let counters = Arc::new(Counters::default());
        build(dir, &counters, |layout| {
            let repo = init_jj(layout)?;
            let history = Arc::new(History::new(repo, &[], None)?);
            let root = history.repo.store().root_commit();
            let mut draft = Draft::new(history, author, BTreeMap::new());
            let child = draft.new_child(&root, "")?;
            draft.set_bookmark(default_bookmark, child.id());
            let repo = draft.commit("create the repository")?;
            layout.make_own()?;
            layout.set_immutable(&[], &counters)?;
            layout.set_default_bookmark(default_bookmark, &counters)?;
            Branches::open(layout.git())?.follow(&History::new(repo, &[], None)?);
            Ok(())
        })?;
        Self::open(dir)
    }

    /// # Errors
    /// [`EngineError::Io`] or [`EngineError::Data`] if there is no repository there.
    pub fn open(dir: &Path) -> EngineResult<Self> {
        let dir = fs::canonicalize(dir).map_err(EngineError::io(dir))?;
        let layout = Layout::new(&dir);
        refs::break_stale_locks(&layout.git())?;
        let counters = Arc::new(Counters::default());
        let default_bookmark = layout.default_bookmark()?;
        let mut imported = layout.immutable()?;
        let repo = load_jj(&layout)?;
        for tip in layout.taking()? {
            if is_known(&repo, &tip)? && !imported.contains(&tip) {
                imported.push(tip);
            }
        }
        let positions = journal::positions(repo.operation())?;
        let history = History::new(repo, &imported, None)?;
        let writer = Writer {
            branches: Branches::new(layout.git()),
            transactions_since_load: 0,
            packs_at_load: 0,
            positions,
            foreign: Vec::new(),
            lost: false,
        };
        Ok(Self {
            objects: Objects::open(&layout.objects(), Arc::clone(&counters))?,
            layout,
            counters,
            imported: ArcSwap::from_pointee(imported),
            history: ArcSwap::from_pointee(history),
            roots: Cache::new(CONFLICTS_CACHED_MAX, |root: &RootTree| root.conflicts.len()),
            default_bookmark: RwLock::new(default_bookmark),
            writer: Mutex::new(writer),
            expected: Once::new(),
            tidying: Mutex::new(()),
            behalf: Mutex::default(),
        })
    }

    /// Does, once and beside what else runs, what the first operation would have to do first: the
    /// branches are read, and gix learns the local time zone, for which it reads a folder of some
    /// hundred names. Nothing is promised: what could not be done here the operation does, and tells.
    pub fn expect_operation(self: &Arc<Self>) {
        self.expected.call_once(|| {
            let this = Arc::downgrade(self);
            let ready = move || {
                if let Some(this) = this.upgrade() {
                    let _looked = this.writer.lock().branches.look();
                }
                // gix keeps it for the whole process.
                gix::date::Time::now_local_or_utc();
            };
            let _started = thread::Builder::new().name("mesa-ready".into()).spawn(ready);
        });
    }

    /// Removes the repository's folder, which nothing may have open.
    ///
    /// # Errors
    /// [`EngineError::Io`].
    pub fn delete(dir: &Path) -> EngineResult<()> {
        // First out of sight, whole: a repository half removed would look like a damaged one.
        let parent = dir.parent().unwrap_or(Path::new("/"));
        let doomed = tempfile::Builder::new()
            .prefix(REMOVED)
            .tempdir_in(parent)
            .map_err(EngineError::io(parent))?;
        fs::rename(dir, doomed.path().join("repository")).map_err(EngineError::io(dir))?;
        doomed.close().map_err(EngineError::io(dir))
    }

    /// Removes what interrupted calls of [`Self::create`], [`Self::import`] and [`Self::delete`] left in
    /// the folder of repositories that they were for. Nothing may be under way there.
    ///
    /// # Errors
    /// [`EngineError::Io`].
    pub fn clean_up(folder: &Path) -> EngineResult<()> {
        for entry in fs::read_dir(folder).map_err(EngineError::io(folder))? {
            let entry = entry.map_err(EngineError::io(folder))?;
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            if name.starts_with(BUILDING.as_bytes()) || name.starts_with(REMOVED.as_bytes()) {
                fs::remove_dir_all(entry.path()).map_err(EngineError::io(entry.path()))?;
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Reads trees and blobs. Cheap to clone, lives on its own.
    #[must_use]
    pub fn objects(&self) -> Objects {
        self.objects.clone()
    }

    /// Writes blobs and trees.
    #[must_use]
    pub fn writer(&self) -> ObjectWriter {
        ObjectWriter::new(self.objects.clone(), &self.layout.objects())
    }

    /// Makes everything that was written so far survive power loss.
    ///
    /// # Errors
    /// [`EngineError::Io`].
    pub fn sync(&self) -> EngineResult<()> {
        disk::sync_file_system(&self.layout.dir, &self.counters)
    }

    /// The content of a commit.
    ///
    /// # Errors
    /// [`EngineError::Data`] if there is no such commit.
    pub fn commit_root(&self, commit: &CommitOid) -> EngineResult<RootTree> {
        let commit = self.history().commit(&ids::commit_id(commit)?)?;
        let key = ids::object_id(commit.id().as_bytes())?;
        if let Some(root) = self.roots.get(key) {
            return Ok(root);
        }
        let root = conflict::flatten(&commit.tree())?;
        if !root.conflicts.is_empty() {
            self.roots.put(key, root.clone());
        }
        Ok(root)
    }

    /// Loads the operations that others (the real `jj`) made since the last call and answers the
    /// commits they replaced, those that our own transactions met in between included.
    ///
    /// # Errors
    /// [`EngineError::Data`].
    pub fn refresh(&self) -> EngineResult<Vec<Rewritten>> {
        let mut writer = self.writer.lock();
        let history = self.newest(&mut writer)?;
        let mut told = HashSet::new();
        let mut replaced = Vec::new();
        for mut rewritten in std::mem::take(&mut writer.foreign) {
            if told.insert(rewritten.before.clone()) {
                // Own transactions may have moved it on meanwhile.
                let visible = history.visible(&ids::jj_change(&rewritten.change)?)?;
                rewritten.after = visible.first().map(ids::commit_oid).transpose()?;
                replaced.push(rewritten);
            }
        }
        Ok(replaced)
    }

    /// jj's id of the newest operation known, in hexadecimal.
    #[must_use]
    pub fn operation(&self) -> String {
        self.history().repo.op_id().hex()
    }

    #[must_use]
    pub fn default_bookmark(&self) -> BookmarkName {
        self.default_bookmark.read().clone()
    }

    /// # Errors
    /// `NoBookmark`, `Io`.
    pub fn set_default_bookmark(&self, name: &BookmarkName) -> EngineResult<()> {
        let mut writer = self.writer.lock();
        self.newest(&mut writer)?.bookmark_target(name)?;
        self.layout.set_default_bookmark(name, &self.counters)?;
        *self.default_bookmark.write() = name.clone();
        Ok(())
    }

    /// Has operations say so of where they come from, until the answer is dropped. Who calls is the only
    /// one then that makes any.
    #[must_use]
    pub fn on_behalf(&self, attributes: Vec<(String, String)>) -> Behalf<'_> {
        *self.behalf.lock() = attributes;
        Behalf(self)
    }

    /// Tips of what was imported.
    pub(super) fn imported_tips(&self) -> Arc<Vec<CommitId>> {
        self.imported.load_full()
    }

    /// Makes these immutable, too, and what they come of.
    pub(super) fn set_imported(&self, more: &[CommitId]) -> EngineResult<()> {
        let writer = self.writer.lock();
        let history = self.history();
        let all: Vec<CommitId> = self.imported_tips().iter().chain(more).cloned().collect();
        let heads = history.repo.index().heads(&mut all.iter()).block_on();
        let heads = heads.doing("finding the immutable commits")?;
        self.layout.set_immutable(&heads, &self.counters)?;
        let history = History::new(Arc::clone(&history.repo), &heads, None)?;
        self.imported.store(Arc::new(heads));
        self.history.store(Arc::new(history));
        drop(writer);
        Ok(())
    }

    /// Takes jj in as it was loaded anew, where only the names of operations are others.
    pub(super) fn took_in(
        &self,
        writer: &mut Writer,
        repo: Arc<ReadonlyRepo>,
        before: &History,
    ) -> EngineResult<Arc<History>> {
        let history = Arc::new(History::new(repo, &self.imported.load(), Some(before))?);
        writer.transactions_since_load = 0;
        writer.packs_at_load = self.objects.packs_added();
        self.history.store(Arc::clone(&history));
        Ok(history)
    }

    /// The newest state known, for reading.
    pub(super) fn history(&self) -> Arc<History> {
        self.history.load_full()
    }

    pub(super) fn write_lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock()
    }

    /// What a call answers that had nothing to do.
    pub fn unchanged(&self) -> Transacted {
        Transacted { operation: self.operation(), rewritten: Vec::new() }
    }

    /// Does `body` in one jj operation; `None` where it changed nothing, and nothing is written.
    pub(super) fn transact<T>(
        &self,
        doing: &str,
        author: &Author,
        body: impl FnOnce(&mut Draft) -> EngineResult<T>,
    ) -> EngineResult<(T, Option<Transacted>)> {
        self.transact_with(doing, author, Ok, body)
    }

    /// As [`Self::transact`], for the helpers of jj that sign commits by themselves.
    pub(super) fn transact_signed_by_jj<T>(
        &self,
        doing: &str,
        author: &Author,
        body: impl FnOnce(&mut Draft) -> EngineResult<T>,
    ) -> EngineResult<(T, Option<Transacted>)> {
        self.transact_with(doing, author, Draft::signed_by_jj, body)
    }

    fn transact_with<T>(
        &self,
        doing: &str,
        author: &Author,
        prepare: impl FnOnce(Draft) -> EngineResult<Draft>,
        body: impl FnOnce(&mut Draft) -> EngineResult<T>,
    ) -> EngineResult<(T, Option<Transacted>)> {
        let mut writer = self.writer.lock();
        let before = self.newest(&mut writer)?;
        let draft = Draft::new(Arc::clone(&before), author, writer.positions.clone());
        let landed = catch_unwind(AssertUnwindSafe(|| {
            let mut draft = prepare(draft)?;
            for (name, text) in self.behalf.lock().iter() {
                draft.tx.set_attribute(name.clone(), text.clone());
            }
            let answer = body(&mut draft)?;
            if !draft.tx.repo().has_changes() {
                return Ok((answer, None));
            }
            let positions = draft.positions.clone();
            Ok((answer, Some((draft.commit(doing)?, positions))))
        }));
        let (answer, landed) = match landed {
            Ok(landed) => landed?,
            Err(panic) => {
                // jj's locks may be poisoned now: whoever comes next gets a jj without that.
                if let Ok(repo) = load_jj(&self.layout) {
                    let history = History { repo, immutable: before.immutable.clone() };
                    self.history.store(Arc::new(history));
                }
                resume_unwind(panic)
            }
        };
        let Some((repo, positions)) = landed else { return Ok((answer, None)) };
        writer.positions = positions;
        writer.transactions_since_load += 1;
        self.counters.transaction();
        // Until the new state is taken in, the operation would be met again as if another program had
        // made it: nothing may build on that.
        writer.lost = true;
        let history = Arc::new(History::new(repo, &self.imported.load(), Some(&before))?);
        let rewritten = history.replaced_since(&before)?;
        writer.lost = false;
        self.history.store(Arc::clone(&history));
        writer.branches.follow(&history);
        Ok((answer, Some(Transacted { operation: history.repo.op_id().hex(), rewritten })))
    }

    /// The newest state on disk. Operations that others made are merged and remembered. Where packs
    /// were added jj is loaded anew: its database has room for few more than it found.
    pub(super) fn newest(&self, writer: &mut Writer) -> EngineResult<Arc<History>> {
        if writer.lost {
            let reason = "it failed; opening the repository anew will".to_owned();
            return Err(EngineError::Data { doing: "reading the newest operation", reason });
        }
        let before = self.history();
        let heads = before
            .repo
            .op_heads_store()
            .get_op_heads()
            .block_on()
            .doing("reading the operation heads")?;
        let ours = heads.as_slice() == std::slice::from_ref(before.repo.op_id());
        let packs = self.objects.packs_added();
        let repo = if writer.transactions_since_load >= TRANSACTIONS_PER_LOAD
            || writer.packs_at_load != packs
        {
            writer.transactions_since_load = 0;
            writer.packs_at_load = packs;
            load_jj(&self.layout)?
        } else if ours {
            return Ok(before);
        } else {
            before.repo.reload_at_head().block_on().doing("loading the newest operation")?
        };
        let history = Arc::new(History::new(repo, &self.imported.load(), Some(&before))?);
        if history.repo.op_id() != before.repo.op_id() {
            let replaced = history.replaced_since(&before)?;
            // One of ours may be among them, whose landing was not noticed.
            for (change, sequence) in journal::positions(history.repo.operation())? {
                let known = writer.positions.entry(change).or_default();
                *known = sequence.max(*known);
            }
            writer.foreign.extend(replaced);
            writer.branches.follow(&history);
        }
        self.history.store(Arc::clone(&history));
        Ok(history)
    }
}

/// Builds a repository in a folder beside `dir`, and renames it when `fill` is done.
pub(super) fn build<T, E: From<EngineError>>(
    dir: &Path,
    counters: &Counters,
    fill: impl FnOnce(&Layout) -> Result<T, E>,
) -> Result<T, E> {
    if fs::symlink_metadata(dir).is_ok() {
        let exists = std::io::ErrorKind::AlreadyExists;
        return Err(EngineError::io(dir)(exists.into()).into());
    }
    let parent = dir.parent().filter(|path| !path.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(EngineError::io(parent))?;
    let building = tempfile::Builder::new()
        .prefix(BUILDING)
        .tempdir_in(parent)
        .map_err(EngineError::io(parent))?;
    let answer = fill(&Layout::new(building.path()))?;
    disk::sync_file_system(building.path(), counters)?;
    disk::rename_into_place(building.path(), dir, counters)?;
    // It has left: there is nothing to remove.
    let _moved = building.keep();
    Ok(answer)
}

/// What `jj git init` makes, but without a working copy: no workspace has a commit.
pub(super) fn init_jj(layout: &Layout) -> EngineResult<Arc<ReadonlyRepo>> {
    let settings = user_settings()?;
    let (_, repo) = Workspace::init_internal_git(&settings, &layout.dir, gix::hash::Kind::Sha1)
        .block_on()
        .doing("making the repository")?;
    let mut tx = repo.start_transaction();
    let repo = tx.repo_mut();
    repo.remove_workspace(WorkspaceName::DEFAULT).block_on().doing("making the repository")?;
    repo.rebase_descendants().block_on().doing("making the repository")?;
    tx.commit("leave the working copy").block_on().doing("making the repository")
}

pub(super) fn load_jj(layout: &Layout) -> EngineResult<Arc<ReadonlyRepo>> {
    let loader = RepoLoader::init_from_file_system(
        &user_settings()?,
        &layout.jj_repo(),
        &default_backend_factories(),
    )
    .doing("opening the repository")?;
    loader.load_at_head().block_on().doing("opening the repository")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_one_call() {
        let folder = tempfile::TempDir::new().unwrap();
        let author = Author { name: "Ann".into(), email: "ann@example.com".into() };
        let main = BookmarkName::new("main").unwrap();
        let repo = Repository::create(&folder.path().join("repo"), &author, &main).unwrap();
        let before = repo.operation();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            repo.transact("panic", &author, |draft| -> EngineResult<()> {
                let root = draft.history.repo.store().root_commit();
                draft.new_child(&root, "half done")?;
                panic!("as a library might")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(repo.operation(), before);
        let change = repo.resolve_bookmark(&main).unwrap();
        repo.describe(&change.change, "goes on", &author).unwrap();
        let log = repo.log(&repo.resolve_bookmark(&main).unwrap().commit, 0).unwrap();
        assert_eq!(log[0].description, "goes on\n");
    }
}
