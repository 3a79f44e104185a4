//! A store: repositories, keys, and the way to mount them.

use std::path::Path;
use std::sync::Arc;

use mesafs::backend::Backend;
use mesafs::counters::Counters;
use mesafs::name::{BookmarkName, OrgName, RepoId};
use mesafs::token::{KeyId, KeyRepos, PublicKey, RegisteredKey, Scope};

use crate::engine::{Author, ExportReport, ImportReport};
use crate::error::StoreError;
use crate::options::StoreOptions;

/// A repository as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoInfo {
    pub id: RepoId,
    pub default_bookmark: BookmarkName,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// A registered key as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    pub id: KeyId,
    pub key: RegisteredKey,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// An open store. Cloning shares it; the last one that is dropped closes it as well as it can.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens the store in the folder `dir`, making it if it is missing, and recovers what the
    /// journal holds.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it open and keeps it for `options.lock_wait`.
    pub fn open(dir: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        todo!()
    }

    /// Makes an empty repository with the bookmark `main`.
    ///
    /// # Errors
    /// [`StoreError::RepoExists`].
    pub fn create_repo(&self, repo: &RepoId, author: &Author) -> Result<(), StoreError> {
        todo!()
    }

    /// Deletes a repository with its whole history.
    ///
    /// # Errors
    /// [`StoreError::NoRepo`], [`StoreError::RepoMounted`].
    pub fn delete_repo(&self, repo: &RepoId) -> Result<(), StoreError> {
        todo!()
    }

    /// The repositories of `org`, or all of them; sorted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn repos(&self, org: Option<&OrgName>) -> Result<Vec<RepoInfo>, StoreError> {
        todo!()
    }

    /// The orgs that have a key or a repository; sorted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn orgs(&self) -> Result<Vec<OrgName>, StoreError> {
        todo!()
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
        todo!()
    }

    /// Makes or updates the git repository at `dest`.
    ///
    /// # Errors
    /// [`StoreError::NoRepo`], [`StoreError::Export`].
    pub fn export_repo(&self, repo: &RepoId, dest: &Path) -> Result<ExportReport, StoreError> {
        todo!()
    }

    /// # Errors
    /// [`StoreError::NoRepo`]; [`StoreError::Engine`] if there is no such bookmark.
    pub fn set_default_bookmark(
        &self,
        repo: &RepoId,
        bookmark: &BookmarkName,
    ) -> Result<(), StoreError> {
        todo!()
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
        todo!()
    }

    /// The keys of `org`, or all of them, revoked ones too; in the order they were added.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn keys(&self, org: Option<&OrgName>) -> Result<Vec<KeyInfo>, StoreError> {
        todo!()
    }

    /// Revokes the key that `id`, or a unique beginning of one, names. Tokens that it signed are
    /// refused from now on.
    ///
    /// # Errors
    /// [`StoreError::NoKey`], [`StoreError::AmbiguousKey`].
    pub fn revoke_key(&self, id: &str) -> Result<KeyId, StoreError> {
        todo!()
    }

    /// What mounts talk to. Changes made through it are `author`'s, else `ORG key KID8`'s.
    #[must_use]
    pub fn backend(&self, author: Option<Author>) -> Arc<dyn Backend> {
        todo!()
    }

    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        todo!()
    }

    /// Makes everything that returned survive power loss.
    ///
    /// # Errors
    /// EIO, ENOSPC.
    pub fn sync(&self) -> Result<(), StoreError> {
        todo!()
    }

    /// Has the store's threads do what is due, and waits for them. Under [`crate::Timer::Manual`]
    /// they do nothing otherwise.
    pub fn tick(&self) {
        todo!()
    }

    /// Snapshots what is pending, syncs, and lets the store go. Calls fail afterwards.
    ///
    /// # Errors
    /// The first failure, after everything was tried.
    pub fn close(&self) -> Result<(), StoreError> {
        todo!()
    }
}
