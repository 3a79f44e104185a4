//! A store: repositories, keys, and the way to mount them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mesafs::backend::Backend;
use mesafs::counters::Counters;
use mesafs::name::{BookmarkName, OrgName, RepoId, RepoName};
use mesafs::token::{
    AccessToken, Grant, KeyId, KeyRepos, PublicKey, RegisteredKey, Scope, TokenError,
};
use mesafs::tree::{ObjectId, Sums};

use crate::backend::StoreBackend;
use crate::core::{Core, GRACE};
use crate::engine::{Author, ExportReport, GcReport, ImportReport, Kept, Repository, TakeReport};
use crate::error::StoreError;
use crate::options::StoreOptions;

/// So many trees' sums are stored at once while a repository is imported.
const SUMS_AT_ONCE: usize = 4096;

/// A repository as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoInfo {
    pub id: RepoId,
    pub default_bookmark: BookmarkName,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncReport {
    /// The git repository.
    pub with: PathBuf,
    pub taken: TakeReport,
    pub exported: ExportReport,
}

/// A registered key as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    pub id: KeyId,
    pub key: RegisteredKey,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// An open store. Cloning shares it; when the last clone, backend and checkout is gone it closes as
/// well as it can. Blocks; call it from threads that may wait.
#[derive(Debug, Clone)]
pub struct Store(Arc<Core>);

impl Store {
    /// Opens the store in the folder `dir`, making it if it is missing, and recovers what the
    /// journal holds.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it open and keeps it for `options.lock_wait`.
    pub fn open(dir: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        Core::open(dir, options).map(Self)
    }

    /// The repositories of an org by a look at the folder, without the lock: an answer that may be
    /// old. Empty if there is no store.
    ///
    /// # Errors
    /// Those of reading the folder.
    pub fn peek_repos(dir: &Path, org: &OrgName) -> io::Result<Vec<RepoId>> {
        let listed = match std::fs::read_dir(dir.join("repos").join(org.as_str())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        let mut repos = Vec::new();
        for entry in listed {
            let name = entry?.file_name();
            // What is being made or deleted has other names.
            let name = name.to_str().and_then(|name| RepoName::new(name).ok());
            repos.extend(name.map(|name| RepoId::new(org.clone(), name)));
        }
        repos.sort();
        Ok(repos)
    }

    /// Makes an empty repository with the bookmark `main`.
    ///
    /// # Errors
    /// [`StoreError::RepoExists`].
    pub fn create_repo(&self, repo: &RepoId, author: &Author) -> Result<(), StoreError> {
        self.0.check_open()?;
        self.0.add_repo(repo, |dir| {
            let main = BookmarkName::new("main").map_err(|error| StoreError::Io {
                path: dir.to_owned(),
                source: io::Error::other(error),
            })?;
            Ok((Repository::create(dir, author, &main)?, ()))
        })
    }

    /// Deletes a repository with its whole history.
    ///
    /// # Errors
    /// [`StoreError::NoRepo`], [`StoreError::RepoMounted`].
    pub fn delete_repo(&self, repo: &RepoId) -> Result<(), StoreError> {
        self.0.check_open()?;
        self.0.delete_repo(repo)
    }

    /// The repositories of `org`, or all of them; sorted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn repos(&self, org: Option<&OrgName>) -> Result<Vec<RepoInfo>, StoreError> {
        self.0.check_open()?;
        let rows = self.0.database.repos()?.into_iter();
        rows.filter(|row| org.is_none_or(|org| row.id.org == *org))
            .map(|row| {
                let default_bookmark = self.0.repo(&row.id)?.engine.default_bookmark();
                Ok(RepoInfo { id: row.id, default_bookmark, created_ms: row.created_ms })
            })
            .collect()
    }

    /// The orgs that have a key or a repository; sorted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn orgs(&self) -> Result<Vec<OrgName>, StoreError> {
        self.0.check_open()?;
        let of_repos = self.0.database.repos()?.into_iter().map(|row| row.id.org);
        let of_keys = self.0.database.keys()?.into_iter().map(|info| info.key.org);
        let orgs: BTreeSet<OrgName> = of_repos.chain(of_keys).collect();
        Ok(orgs.into_iter().collect())
    }

    /// Makes the repository `repo` of the git repository at `source` (a worktree, its `.git`, or a
    /// bare one).
    ///
    /// # Errors
    /// [`StoreError::RepoExists`], [`StoreError::Import`]; nothing is made then.
    pub fn import_repo(
        &self,
        source: &Path,
        repo: &RepoId,
        author: &Author,
    ) -> Result<ImportReport, StoreError> {
        self.0.check_open()?;
        self.0.add_repo(repo, |dir| {
            self.with_sums(&mut |on_tree| Ok(Repository::import(source, dir, author, on_tree)?))
        })
    }

    /// Does what meets trees, and keeps their sums. Those that cannot be kept are counted again when they
    /// are asked for.
    fn with_sums<T>(
        &self,
        work: &mut dyn FnMut(&mut dyn FnMut(ObjectId, Sums)) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut sums = Vec::new();
        let mut failed = None;
        let mut put = |sums: &mut Vec<(ObjectId, Sums)>| {
            if let Err(error) = self.0.database.put_sums(sums) {
                failed.get_or_insert(error);
            }
            sums.clear();
        };
        let done = work(&mut |tree, of_tree| {
            sums.push((tree, of_tree));
            if sums.len() >= SUMS_AT_ONCE {
                put(&mut sums);
            }
        })?;
        put(&mut sums);
        if let Some(error) = failed {
            tracing::warn!(%error, "sums of trees were not kept");
        }
        Ok(done)
    }

    /// Brings a repository and a git repository that it was exported to or imported from together: what
    /// the real git did there comes in, then what was done here goes out. Without `with` it is the git
    /// repository of the last time. Where a branch and its bookmark have both moved neither does; the
    /// branch's commit gets the bookmark `git/NAME` here, to be merged.
    ///
    /// # Errors
    /// [`StoreError::NoRepo`], [`StoreError::NeverSynced`], [`StoreError::Import`] and bookmarks are as
    /// they were, [`StoreError::Export`] and only the git repository is.
    pub fn sync_repo(
        &self,
        repo: &RepoId,
        with: Option<&Path>,
        author: &Author,
    ) -> Result<SyncReport, StoreError> {
        self.0.check_open()?;
        let name = repo.to_string();
        let repo = self.0.repo(repo)?;
        let with = match with {
            Some(with) => std::path::absolute(with).map_err(StoreError::io(with))?,
            None => repo.engine.synced()?.ok_or(StoreError::NeverSynced { repo: name })?,
        };
        let is_new = std::fs::read_dir(&with).map_or(true, |mut entries| entries.next().is_none());
        let taken = match is_new {
            true => TakeReport::default(),
            false => self.with_sums(&mut |on_tree| repo.take_in(&with, author, on_tree))?,
        };
        repo.flush_dirty()?;
        repo.refreshed()?;
        let exported = repo.engine.export_but(&with, &taken.left())?;
        repo.engine.set_synced(&with)?;
        Ok(SyncReport { with, taken, exported })
    }

    /// Makes or updates the git repository at `dest`, after a snapshot of what is pending.
    ///
    /// # Errors
    /// [`StoreError::NoRepo`], [`StoreError::Export`].
    pub fn export_repo(&self, repo: &RepoId, dest: &Path) -> Result<ExportReport, StoreError> {
        self.0.check_open()?;
        let repo = self.0.repo(repo)?;
        repo.dirty().iter().try_for_each(|live| repo.flush(live))?;
        repo.refreshed()?;
        Ok(repo.engine.export(dest)?)
    }

    /// Cleans a repository up, while it may be in use: operations older than `retention` go from its log,
    /// but for the last one before, and what no other needs goes with them; the rest becomes one pack.
    /// What was written within a day, or `retention` if that is shorter, stays in any case, so that
    /// what mounts remember can be read. Audit records older than `retention` go from the whole store, and
    /// the facts that nothing has needed for a day.
    ///
    /// # Errors
    /// [`StoreError::NoRepo`], [`StoreError::Engine`]; whatever is needed can be read as before then.
    pub fn gc(&self, repo: &RepoId, retention: Duration) -> Result<GcReport, StoreError> {
        self.0.check_open()?;
        let repo = self.0.repo(repo)?;
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        // Operations have the host's time, as jj gives it to them.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let since_ms = ms(now).saturating_sub(ms(retention));
        let report = repo.clean_up(Kept { since_ms, grace: retention.min(GRACE) })?;
        let oldest_ms = self.0.options.clock.now_ms().saturating_sub(ms(retention));
        self.0.database.prune_audit(oldest_ms.saturating_mul(1_000_000))?;
        self.0.sweep_facts()?;
        self.0.trim()?;
        Ok(report)
    }

    /// How long earlier states and the audit are kept.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.0.options.retention
    }

    /// # Errors
    /// [`StoreError::NoRepo`]; [`StoreError::Engine`] if there is no such bookmark.
    pub fn set_default_bookmark(
        &self,
        repo: &RepoId,
        bookmark: &BookmarkName,
    ) -> Result<(), StoreError> {
        self.0.check_open()?;
        Ok(self.0.repo(repo)?.engine.set_default_bookmark(bookmark)?)
    }

    /// Registers the public half of an API key. Registering it again changes its scope and
    /// repositories, and makes a revoked one good again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_key(
        &self,
        org: &OrgName,
        public: &PublicKey,
        scope: Scope,
        repos: KeyRepos,
    ) -> Result<KeyId, StoreError> {
        self.0.check_open()?;
        let id = public.thumbprint();
        let key = RegisteredKey { org: org.clone(), public: *public, scope, repos, revoked: false };
        let info = KeyInfo { id: id.clone(), key, created_ms: self.0.options.clock.now_ms() };
        self.0.database.put_key(&info)?;
        self.0.keys.put(info.id, info.key);
        Ok(id)
    }

    /// The keys of `org`, or all of them, revoked ones too; in the order they were added.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn keys(&self, org: Option<&OrgName>) -> Result<Vec<KeyInfo>, StoreError> {
        self.0.check_open()?;
        let mut keys = self.0.database.keys()?;
        keys.retain(|info| org.is_none_or(|org| info.key.org == *org));
        Ok(keys)
    }

    /// Revokes the key that `id`, or a unique beginning of one, names. Tokens that it signed are
    /// refused from now on.
    ///
    /// # Errors
    /// [`StoreError::NoKey`], [`StoreError::AmbiguousKey`].
    pub fn revoke_key(&self, id: &str) -> Result<KeyId, StoreError> {
        let keys = self.keys(None)?;
        let mut named = keys.into_iter().filter(|info| info.id.as_str().starts_with(id));
        let key = match (named.next(), named.next()) {
            (Some(info), None) => info.id,
            (Some(info), Some(_)) if info.id.as_str() == id => info.id,
            (Some(_), Some(_)) => return Err(StoreError::AmbiguousKey { key: id.into() }),
            (None, _) => return Err(StoreError::NoKey { key: id.into() }),
        };
        self.0.database.revoke_key(&key)?;
        self.0.keys.revoke(&key);
        Ok(key)
    }

    /// Verifies a token to administer an org by: what it grants.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::NotAdmin`] for one that opens repositories.
    pub fn verify_admin(&self, token: &AccessToken) -> Result<Grant, TokenError> {
        let now_s = self.0.options.clock.now_s();
        let grant = self.0.verifier.verify(token.expose(), now_s)?.grant;
        if grant.administers() { Ok(grant) } else { Err(TokenError::NotAdmin) }
    }

    /// What mounts talk to. Changes made through it are `author`'s, else `ORG key KID8`'s.
    #[must_use]
    pub fn backend(&self, author: Option<Author>) -> Arc<dyn Backend> {
        Arc::new(StoreBackend::new(Arc::clone(&self.0), author))
    }

    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.0.counters
    }

    /// Makes everything that returned survive power loss.
    ///
    /// # Errors
    /// EIO, ENOSPC.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.0.check_open()?;
        Ok(self.0.journal.sync()?)
    }

    /// Has the store's threads do what is due, and waits for them. Under [`crate::Timer::Manual`]
    /// they do nothing otherwise.
    pub fn tick(&self) {
        self.0.tick();
    }

    /// Snapshots what is pending, syncs, and lets the store go. Calls fail afterwards.
    ///
    /// # Errors
    /// The first failure, after everything was tried.
    pub fn close(&self) -> Result<(), StoreError> {
        self.0.close()
    }
}
