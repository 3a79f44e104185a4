//! Access tokens: what an API key signs for one mount, and how a backend verifies it.
//!
//! An [`ApiKey`] holds an Ed25519 seed; [`mint`] signs a JWT with it, locally and without the
//! network. A backend keeps only the public half ([`RegisteredKey`]), so what is stolen from it
//! cannot sign; its [`Verifier`] turns a token into a [`Grant`] or a [`TokenError`] that names the
//! one reason. Always true: a token or an API key shows in no message, `Debug` or log; a signature
//! is checked with the registered key alone, never with one that the token brings; a time is
//! compared by this module on the caller's clock. Not here: where keys are registered (the store).

mod error;
mod json;
mod key;
mod mint;
mod scope;
mod signature;
mod verify;

use std::collections::BTreeSet;
use std::fmt;

use zeroize::Zeroizing;

pub use error::TokenError;
pub use key::{ApiKey, KeyError, KeyId, PublicKey};
pub use mint::{Jti, MintError, Minted, mint, mint_admin};
pub use scope::{Scope, UnknownScope};
pub use verify::{KeyLookup, KeyRepos, RegisteredKey, Verified, Verifier};

use crate::name::{OrgName, RepoId};

/// The only audience that tokens are made for.
pub const AUDIENCE: &str = "mesa-api";
/// The `typ` of every token's header.
pub const TOKEN_TYP: &str = "mesa-at+jwt";
/// A token lives at least this long.
pub const TTL_S_MIN: u64 = 1;
/// A token lives at most this long.
pub const TTL_S_MAX: u64 = 86_400;
/// How far the signer's clock may be ahead of the verifier's. Expiry has no leeway.
pub const CLOCK_LEEWAY_S: i64 = 5;
/// Longer tokens are refused unread.
pub const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// What the claim `repos` of a token that administers `org` has as its only item.
fn whole_org(org: &OrgName) -> String {
    format!("{org}/*")
}

/// A signed token. Shows itself in no message.
#[derive(Clone)]
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    /// Takes a token as it came over a wire. Whether it is one shows when it is verified.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for sending and verifying only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// What a token allows, to whom, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub org: OrgName,
    pub key: KeyId,
    pub scope: Scope,
    /// Empty for a token that administers the org, and opens none of its repositories.
    pub repos: BTreeSet<RepoId>,
    pub issued_s: i64,
    pub not_before_s: i64,
    /// The first second at which the token is no longer valid.
    pub expires_s: i64,
    pub jti: Jti,
}

impl Grant {
    /// Checks the times: the token's use begins at `not_before_s`, less the leeway, and ends at
    /// `expires_s` exactly.
    ///
    /// # Errors
    /// [`TokenError::Expired`], [`TokenError::NotYetValid`], [`TokenError::IssuedInFuture`].
    pub fn check_time(&self, now_s: i64) -> Result<(), TokenError> {
        if now_s >= self.expires_s {
            return Err(TokenError::Expired);
        }
        let latest_s = now_s.saturating_add(CLOCK_LEEWAY_S);
        if self.not_before_s > latest_s {
            return Err(TokenError::NotYetValid);
        }
        if self.issued_s > latest_s {
            return Err(TokenError::IssuedInFuture);
        }
        Ok(())
    }

    /// Whether it administers its org.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.scope == Scope::Admin && self.repos.is_empty()
    }

    /// Whether `repo` is among the token's repositories.
    #[must_use]
    pub fn covers(&self, repo: &RepoId) -> bool {
        self.repos.contains(repo)
    }
}
