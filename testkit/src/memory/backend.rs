//! The repositories of one backend in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesafs::backend::OpenError;
use mesafs::clock::Clock;
use mesafs::live::{OpenIds, Origin};
use mesafs::token::{
    AccessToken, ApiKey, Jti, KeyId, KeyRepos, RegisteredKey, Scope, Verified, Verifier, mint,
};
use mesafs::{Access, Backend, Checkout, OrgName, Pin, RepoId};
use parking_lot::{Mutex, RwLock};

use super::changes::History;
use super::checkout::MemoryCheckout;
use super::faults::Faults;

/// The seed of the key that signs for every backend in memory.
const KEY_SEED: [u8; 32] = [7; 32];
/// How long its tokens live.
const TTL_S: u64 = 3600;

/// What the backend and its checkouts share.
#[derive(Debug)]
pub(super) struct Inner {
    pub clock: Arc<dyn Clock>,
    pub faults: Faults,
    pub ids: OpenIds,
    pub verifier: Verifier<BTreeMap<KeyId, RegisteredKey>>,
    repos: Mutex<BTreeMap<RepoId, Arc<Repo>>>,
    origins: Mutex<u64>,
}

#[derive(Debug)]
pub(super) struct Repo {
    pub id: RepoId,
    pub history: RwLock<History>,
}

/// A fake backend: repositories in memory, with a trivial history.
#[derive(Debug, Clone)]
pub struct MemoryBackend {
    inner: Arc<Inner>,
    key: ApiKey,
}

impl MemoryBackend {
    /// A backend of `org` without repositories.
    #[must_use]
    pub fn new(org: &OrgName, clock: Arc<dyn Clock>) -> Self {
        let key = ApiKey::from_seed(org.clone(), KEY_SEED);
        let registered = RegisteredKey {
            org: org.clone(),
            public: *key.public(),
            scope: Scope::Admin,
            repos: KeyRepos::All,
            revoked: false,
        };
        let inner = Inner {
            clock,
            faults: Faults::default(),
            ids: OpenIds::default(),
            verifier: Verifier::new(BTreeMap::from([(key.thumbprint(), registered)])),
            repos: Mutex::default(),
            origins: Mutex::default(),
        };
        Self { inner: Arc::new(inner), key }
    }

    /// Makes an empty repository with the bookmark `main`.
    pub fn create_repo(&self, id: &RepoId) {
        let history = History::new(self.inner.ids.clone(), self.inner.clock.now_ns());
        let repo = Repo { id: id.clone(), history: RwLock::new(history) };
        self.inner.repos.lock().insert(id.clone(), Arc::new(repo));
    }

    /// A token that may write to `repos` for an hour.
    ///
    /// # Panics
    /// If `repos` is empty or names another org's.
    #[must_use]
    pub fn token(&self, repos: &[RepoId]) -> AccessToken {
        let (clock, jti) = (&*self.inner.clock, Jti::from_bits([1; 16]));
        match mint(&self.key, repos, Scope::Write, TTL_S, clock, jti) {
            Ok(minted) => minted.token,
            Err(error) => panic!("no token for a test: {error}"),
        }
    }

    /// Makes the `nth` call from now, counted from 1, fail with EIO; 0: none. Calls are all of a
    /// checkout but [`mesafs::Volume::root`] and `access`.
    pub fn fail_call(&self, nth: u64) {
        self.inner.faults.fail_call(nth);
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.inner.faults.calls()
    }

    fn verify(&self, token: &AccessToken) -> Result<Verified, OpenError> {
        Ok(self.inner.verifier.verify(token.expose(), self.inner.clock.now_s())?)
    }
}

impl Backend for MemoryBackend {
    fn repos(&self, token: &AccessToken) -> Result<Vec<RepoId>, OpenError> {
        let verified = self.verify(token)?;
        let repos = self.inner.repos.lock();
        Ok(repos.keys().filter(|id| verified.grant.covers(id)).cloned().collect())
    }

    fn open(
        &self,
        token: &AccessToken,
        id: &RepoId,
        pin: &Pin,
        access: Access,
    ) -> Result<Arc<dyn Checkout>, OpenError> {
        let verified = self.verify(token)?;
        let missing = || OpenError::NoRepo { repo: id.to_string() };
        if !verified.grant.covers(id) {
            return Err(missing());
        }
        let repo = self.inner.repos.lock().get(id).cloned().ok_or_else(missing)?;
        let access = match verified.grant.scope {
            Scope::Read => Access::ReadOnly,
            Scope::Write | Scope::Admin => access,
        };
        let change = repo.history.read().pinned(pin, id)?;
        let origin = {
            let mut origins = self.inner.origins.lock();
            *origins += 1;
            Origin(*origins)
        };
        let inner = Arc::clone(&self.inner);
        Ok(Arc::new(MemoryCheckout::new(inner, repo, verified, access, origin, change)))
    }
}
