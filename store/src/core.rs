//! What an open store is made of, and what its threads do.

use std::collections::HashMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use mesafs::counters::Counters;
use mesafs::error::{Errno, FsError, FsResult, Operation};
use mesafs::live::{OpenIds, Origin};
use mesafs::name::RepoId;
use mesafs::token::Verifier;
use mesafs::tree::Source;
use parking_lot::Mutex;

use crate::error::StoreError;
use crate::journal::{self, Journal, RepoUid};
use crate::lock::StoreLock;
use crate::options::StoreOptions;
use crate::persist::{Log, Records};
use crate::positions::Positions;
use crate::recent::RecentBatches;
use crate::records::{Database, KeyTable, RepoRow, SharedKeys};
use crate::repo::{LiveChange, Repo, Shared};
use crate::worker::{Why, Worker};

/// What is younger is not cleaned up: open mounts remember it.
pub(crate) const GRACE: Duration = Duration::from_secs(86_400);
/// What landed is synced this long after it.
const SYNC_AFTER: Duration = Duration::from_millis(100);
/// A change is snapshotted this long after its last write.
const SNAPSHOT_AFTER: Duration = Duration::from_secs(1);
/// A snapshot that failed is tried again after this.
const SNAPSHOT_RETRY: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Workers {
    sync: Worker,
    snapshot: Worker,
}

/// What an open store is made of.
#[derive(Debug)]
pub(crate) struct Core {
    pub dir: PathBuf,
    pub options: StoreOptions,
    pub counters: Arc<Counters>,
    pub database: Arc<Database>,
    pub journal: Arc<Journal>,
    pub keys: Arc<KeyTable>,
    pub verifier: Verifier<SharedKeys>,
    pub recent: RecentBatches,
    positions: Arc<Positions>,
    shared: Shared,
    /// Held by the one that makes or deletes a repository.
    making: Mutex<()>,
    /// Those that were used.
    repos: Mutex<HashMap<RepoUid, Arc<Repo>>>,
    origins: AtomicU64,
    process: u32,
    closed: AtomicBool,
    workers: OnceLock<Workers>,
    lock: Mutex<Option<StoreLock>>,
}

impl Core {
    pub fn open(dir: &Path, options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        // A new store is its owner's alone: it has others' names and the hashes of keys.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(StoreError::io(dir))?;
        let dir = dir.canonicalize().map_err(StoreError::io(dir))?;
        let lock = StoreLock::take(&dir, options.lock_wait)?;
        let counters = Arc::new(Counters::default());
        let database = Arc::new(Database::open(&dir.join("store.db"), Arc::clone(&counters))?);
        let keys = Arc::new(KeyTable::load(&database)?);
        let recent = RecentBatches::default();
        recent.load(database.batches()?);
        let journal = Arc::new(journal::recover(
            &dir.join("journal"),
            database.next_epoch()?,
            database.sequence_floor()?,
            options.segment_bytes_max,
            Arc::clone(&counters),
        )?);
        let positions = Arc::new(Positions::default());
        let shared = Shared {
            log: Arc::clone(&journal) as Arc<dyn Log>,
            records: Arc::clone(&database) as Arc<dyn Records>,
            positions: Arc::clone(&positions),
            clock: Arc::clone(&options.clock),
            counters: Arc::clone(&counters),
            open_ids: OpenIds::default(),
            dirty_bytes_max: options.dirty_bytes_max,
            retention: options.retention,
        };
        let core = Arc::new(Self {
            dir,
            options,
            counters,
            database,
            journal,
            verifier: Verifier::new(SharedKeys(Arc::clone(&keys))),
            keys,
            recent,
            positions,
            shared,
            making: Mutex::default(),
            repos: Mutex::default(),
            origins: AtomicU64::new(1),
            process: std::process::id(),
            // Where recovery fails there is nothing to close: what it did not get to, the journal must
            // keep, and a journal whose repositories are not known yet would be trimmed whole.
            closed: AtomicBool::new(true),
            workers: OnceLock::new(),
            lock: Mutex::new(Some(lock)),
        });
        core.recover()?;
        core.closed.store(false, Ordering::Release);
        core.start_workers()?;
        Ok(core)
    }

    /// Applies what the journal has and no commit holds.
    fn recover(&self) -> Result<(), StoreError> {
        self.clean_up()?;
        // Repositories that the journal does not name need nothing of it, now or ever.
        for row in self.database.repos()? {
            self.positions.add_repo(row.uid);
        }
        self.journal.replay(&mut |record, causes| {
            let mut failed = None;
            let mut source = |uid| match self.repo_by_uid(uid) {
                Ok(repo) => repo.map(|repo| repo.source() as Arc<dyn Source>),
                Err(error) => {
                    failed = Some(error);
                    None
                }
            };
            let parts = journal::decode(&record.payload, causes, &mut source);
            if let Some(error) = failed {
                return Err(error);
            }
            let parts = parts.ok_or_else(|| StoreError::JournalDamaged {
                path: record.segment.path.clone(),
                offset: record.offset,
            })?;
            for (index, part) in parts.iter().enumerate() {
                if let Some(repo) = self.repo_by_uid(part.key.0)? {
                    repo.replay(part, index, &record)?;
                }
                if !part.batch.ops.is_empty() {
                    self.recent.add(part.batch.id, record.sequence, &part.replaced);
                }
            }
            Ok(())
        })
    }

    /// Removes what interrupted runs left beside the repositories.
    fn clean_up(&self) -> Result<(), StoreError> {
        let dir = self.dir.join("repos");
        let orgs = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            orgs => orgs.map_err(StoreError::io(&dir))?,
        };
        for org in orgs {
            let org = org.map_err(StoreError::io(&dir))?;
            if org.file_type().is_ok_and(|kind| kind.is_dir()) {
                crate::engine::Repository::clean_up(&org.path())?;
            }
        }
        Ok(())
    }

    fn start_workers(self: &Arc<Self>) -> Result<(), StoreError> {
        let timer = self.options.timer;
        let core = Arc::downgrade(self);
        let sync = Worker::start("mesa-journal", timer, move |_| {
            let core = Weak::upgrade(&core)?;
            if let Err(error) = core.journal.sync() {
                tracing::error!(%error, "journal not synced");
            }
            None
        })?;
        let core = Arc::downgrade(self);
        let snapshot = Worker::start("mesa-snapshot", timer, move |why| {
            Weak::upgrade(&core).and_then(|core| core.snapshot(why))
        })?;
        let workers = self.workers.get_or_init(|| Workers { sync, snapshot });
        workers.snapshot.poke(SNAPSHOT_AFTER);
        Ok(())
    }

    /// Snapshots what is due; answers when to look again.
    fn snapshot(&self, why: Why) -> Option<Duration> {
        let now = self.options.clock.monotonic();
        let mut next: Option<Duration> = None;
        let mut again = |delay: Duration| next = Some(next.map_or(delay, |next| next.min(delay)));
        for repo in self.used_repos() {
            let mut flushed = false;
            for live in repo.dirty() {
                let idle = now.saturating_sub(live.last_write());
                let full = live.unsaved_bytes() >= live.bytes_max.load(Ordering::Relaxed);
                if why == Why::Due && !full && idle < SNAPSHOT_AFTER {
                    again(SNAPSHOT_AFTER - idle);
                } else if let Err(error) = repo.flush(&live) {
                    tracing::warn!(%error, repo = %repo.id, "no snapshot");
                    again(SNAPSHOT_RETRY);
                } else {
                    flushed = true;
                }
            }
            // Only in idle moments of the store's own: nobody waits for it.
            if flushed
                && why == Why::Due
                && let Err(error) = repo.engine.tidy(crate::engine::Tidy::IfNeeded)
            {
                tracing::warn!(%error, repo = %repo.id, "objects not put together");
            }
        }
        if let Err(error) = self.trim() {
            tracing::warn!(%error, "journal not trimmed");
        }
        next
    }

    /// Lets go of the journal's oldest segments, as far as commits hold them.
    pub fn trim(&self) -> Result<(), StoreError> {
        let passed = |key: &journal::ChangeKey| self.positions.passed(key);
        if self.journal.is_trimmable(&passed) {
            self.database.keep_of_journal(&self.recent.encode(), self.journal.last())?;
            self.journal.trim(&passed)?;
        }
        Ok(())
    }

    /// Notes that something landed: it is synced and snapshotted in time. Whoever writes faster
    /// than snapshots are made waits here.
    pub fn wrote(&self, repo: &Repo, live: &Arc<LiveChange>) {
        if let Some(workers) = self.workers.get() {
            workers.sync.poke(SYNC_AFTER);
            workers.snapshot.poke(SNAPSHOT_AFTER);
            let (bytes, max) = (live.unsaved_bytes(), live.bytes_max.load(Ordering::Relaxed));
            if bytes >= max {
                workers.snapshot.hurry(Duration::ZERO);
            }
            if bytes >= max.saturating_mul(2)
                && let Err(error) = repo.flush(live)
            {
                tracing::warn!(%error, repo = %repo.id, "no snapshot");
            }
        }
    }

    /// See [`crate::Store::tick`].
    pub fn tick(&self) {
        if let Some(workers) = self.workers.get() {
            workers.sync.ask();
            workers.snapshot.ask();
        }
    }

    pub fn check(&self, operation: Operation) -> FsResult<()> {
        let fail = |detail| Err(FsError::new(Errno::Io, operation, "").with_detail(detail));
        if self.closed.load(Ordering::Acquire) {
            return fail("the store is closed");
        }
        if std::process::id() != self.process {
            return fail("the process was forked after the store was opened");
        }
        Ok(())
    }

    /// As [`Core::check`], for calls of the store itself.
    pub fn check_open(&self) -> Result<(), StoreError> {
        self.check(Operation::Mount).map_err(|_| StoreError::Closed)
    }

    pub fn origin(&self) -> Origin {
        Origin(self.origins.fetch_add(1, Ordering::Relaxed))
    }

    /// The folder of a repository.
    pub fn repo_dir(&self, id: &RepoId) -> PathBuf {
        self.dir.join("repos").join(id.org.as_str()).join(id.repo.as_str())
    }

    fn used_repos(&self) -> Vec<Arc<Repo>> {
        self.repos.lock().values().map(Arc::clone).collect()
    }

    /// # Errors
    /// [`StoreError::NoRepo`].
    pub fn repo(&self, id: &RepoId) -> Result<Arc<Repo>, StoreError> {
        let mut repos = self.repos.lock();
        let missing = || StoreError::NoRepo { repo: id.to_string() };
        let row = self.database.repo(id)?.ok_or_else(missing)?;
        self.used(&mut repos, row)
    }

    fn repo_by_uid(&self, uid: RepoUid) -> Result<Option<Arc<Repo>>, StoreError> {
        let mut repos = self.repos.lock();
        if let Some(repo) = repos.get(&uid) {
            return Ok(Some(Arc::clone(repo)));
        }
        let row = self.database.repo_by_uid(uid)?;
        row.map(|row| self.used(&mut repos, row)).transpose()
    }

    fn used(
        &self,
        repos: &mut HashMap<RepoUid, Arc<Repo>>,
        row: RepoRow,
    ) -> Result<Arc<Repo>, StoreError> {
        if let Some(repo) = repos.get(&row.uid) {
            return Ok(Arc::clone(repo));
        }
        let dir = self.repo_dir(&row.id);
        let repo = Arc::new(Repo::open(row.uid, row.id, &dir, self.shared.clone())?);
        repos.insert(row.uid, Arc::clone(&repo));
        Ok(repo)
    }

    /// Makes the repository that `make` puts into the folder it gets.
    ///
    /// # Errors
    /// [`StoreError::RepoExists`]; those of `make`.
    pub fn add_repo<T>(
        &self,
        id: &RepoId,
        make: impl FnOnce(&Path) -> Result<(crate::engine::Repository, T), StoreError>,
    ) -> Result<T, StoreError> {
        let _making = self.making.lock();
        if self.database.repo(id)?.is_some() {
            return Err(StoreError::RepoExists { repo: id.to_string() });
        }
        let dir = self.repo_dir(id);
        if let Some(org) = dir.parent() {
            std::fs::create_dir_all(org).map_err(StoreError::io(org))?;
        }
        // Left by a run that was stopped between the folder and the row, or before it was deleted.
        if dir.exists() {
            crate::engine::Repository::delete(&dir)?;
        }
        let (engine, made) = make(&dir)?;
        let uid = self.database.add_repo(id, self.options.clock.now_ms())?;
        let repo = Repo::over(uid, id.clone(), engine, self.shared.clone());
        self.repos.lock().insert(uid, Arc::new(repo));
        Ok(made)
    }

    /// # Errors
    /// [`StoreError::NoRepo`], [`StoreError::RepoMounted`].
    pub fn delete_repo(&self, id: &RepoId) -> Result<(), StoreError> {
        let _making = self.making.lock();
        let mut repos = self.repos.lock();
        let missing = || StoreError::NoRepo { repo: id.to_string() };
        let row = self.database.repo(id)?.ok_or_else(missing)?;
        if repos.get(&row.uid).is_some_and(|repo| repo.is_open()) {
            return Err(StoreError::RepoMounted { repo: id.to_string() });
        }
        self.database.remove_repo(row.uid)?;
        self.positions.remove_repo(row.uid);
        repos.remove(&row.uid);
        crate::engine::Repository::delete(&self.repo_dir(id))?;
        Ok(())
    }

    /// Drops the facts that no repository has needed for a while.
    pub fn sweep_facts(&self) -> Result<(), StoreError> {
        let mut used = Vec::new();
        for repo in self.used_repos() {
            used.extend(repo.used_facts()?);
        }
        let now_ms = self.options.clock.now_ms();
        let grace_ms = i64::try_from(GRACE.as_millis()).unwrap_or(i64::MAX);
        let dropped = self.database.sweep_facts(used, now_ms, now_ms.saturating_sub(grace_ms))?;
        tracing::debug!(dropped, "facts swept");
        Ok(())
    }

    /// Snapshots everything that is pending; the first failure, after all were tried.
    pub fn flush_all(&self) -> Result<(), StoreError> {
        let mut done = Ok(());
        for repo in self.used_repos() {
            done = done.and(repo.flush_dirty());
        }
        done
    }

    /// See [`crate::Store::close`].
    pub fn close(&self) -> Result<(), StoreError> {
        if std::process::id() != self.process || self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        if let Some(workers) = self.workers.get() {
            workers.sync.stop();
            workers.snapshot.stop();
        }
        let flushed = self.flush_all();
        let synced = self.journal.sync().map_err(StoreError::from);
        let trimmed = self.trim();
        let checked = self.database.checkpoint();
        self.lock.lock().take();
        flushed.and(synced).and(trimmed).and(checked)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "the store was not closed well");
        }
    }
}
