//! The store as mounts see it.

use std::sync::Arc;

use mesafs::backend::{Access, Backend, Checkout, OpenError, Pin};
use mesafs::name::RepoId;
use mesafs::token::{AccessToken, Scope, TokenError};

use crate::checkout::{Guard, StoreCheckout};
use crate::core::Core;
use crate::engine::{Author, EngineError};
use crate::error::StoreError;
use crate::options::Timer;

/// A [`Backend`] over an open store; its mounts' changes have one author.
#[derive(Debug)]
pub(crate) struct StoreBackend {
    core: Arc<Core>,
    author: Option<Author>,
}

impl StoreBackend {
    pub fn new(core: Arc<Core>, author: Option<Author>) -> Self {
        Self { core, author }
    }
}

fn store_error(error: impl std::fmt::Display) -> OpenError {
    OpenError::Store(error.to_string())
}

impl Backend for StoreBackend {
    fn repos(&self, token: &AccessToken) -> Result<Vec<RepoId>, OpenError> {
        self.core.check_open().map_err(store_error)?;
        let now_s = self.core.options.clock.now_s();
        let grant = self.core.verifier.verify(token.expose(), now_s)?.grant;
        let rows = self.core.database.repos().map_err(store_error)?;
        Ok(rows.into_iter().map(|row| row.id).filter(|id| grant.covers(id)).collect())
    }

    fn open(
        &self,
        token: &AccessToken,
        repo: &RepoId,
        pin: &Pin,
        access: Access,
    ) -> Result<Arc<dyn Checkout>, OpenError> {
        self.core.check_open().map_err(store_error)?;
        let now_s = self.core.options.clock.now_s();
        let generation = self.core.keys.generation();
        let verified = self.core.verifier.verify(token.expose(), now_s)?;
        let grant = &verified.grant;
        if !grant.covers(repo) {
            return Err(OpenError::NoRepo { repo: repo.to_string() });
        }
        if access == Access::ReadWrite && grant.scope < Scope::Write {
            let (asked, allowed) = (Scope::Write, grant.scope);
            return Err(TokenError::ScopeBeyondKey { asked, allowed }.into());
        }
        let author = self.author.clone().unwrap_or_else(|| Author {
            name: grant.key.author_name(&grant.org),
            email: String::new(),
        });
        let opened = self.core.repo(repo).and_then(|held| Ok((held.open_pin(pin)?, held)));
        let (opened, held) = opened.map_err(|error| open_error(repo, error))?;
        if access == Access::ReadWrite && self.core.options.timer == Timer::Host {
            held.engine.expect_operation();
        }
        let guard = Guard::new(Arc::clone(&self.core), verified, generation);
        Ok(Arc::new(StoreCheckout::new(guard, held, access, author, opened)))
    }
}

fn open_error(repo: &RepoId, error: StoreError) -> OpenError {
    let repo = repo.to_string();
    match error {
        StoreError::NoRepo { repo } => OpenError::NoRepo { repo },
        StoreError::Engine(EngineError::NoBookmark(bookmark)) => {
            OpenError::NoBookmark { repo, bookmark }
        }
        StoreError::Engine(EngineError::NoChange(change)) => OpenError::NoChange { repo, change },
        StoreError::Engine(EngineError::Ambiguous { prefix, candidates }) => {
            OpenError::Ambiguous { repo, prefix, candidates }
        }
        other => store_error(other),
    }
}
