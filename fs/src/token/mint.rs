//! Signing a token, locally.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::json::{decode_base64, encode_base64};
use super::key::{ApiKey, KeyError};
use super::scope::Scope;
use super::signature;
use super::{
    AUDIENCE, AccessToken, Grant, TOKEN_BYTES_MAX, TOKEN_TYP, TTL_S_MAX, TTL_S_MIN, whole_org,
};
use crate::clock::Clock;
use crate::name::RepoId;

/// Why no token is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    #[error("invalid ttl {ttl_s}: use 1 to 86400 seconds")]
    Ttl { ttl_s: u64 },
    #[error("no repositories: name at least one")]
    NoRepos,
    #[error("repository '{repo}' is named twice")]
    RepoTwice { repo: RepoId },
    #[error("repository '{repo}' is not of the API key's org '{org}'")]
    OtherOrg { repo: RepoId, org: String },
    #[error("too many repositories for one token")]
    TooLong,
    #[error("the clock shows a time before 1970 or beyond any date")]
    Clock,
    #[error("the API key cannot sign")]
    Sign,
}

/// A token's own id: 16 to 64 characters of base64url, canonical as such.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Jti(String);

impl Jti {
    /// Reads an id; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = (16..=64).contains(&text.len()) && decode_base64(text).is_some();
        plain.then(|| Self(text.to_owned()))
    }

    /// 128 random bits.
    ///
    /// # Errors
    /// [`KeyError::Random`] if the system has none.
    pub fn random() -> Result<Self, KeyError> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).map_err(|_| KeyError::Random)?;
        Ok(Self::from_bits(bits))
    }

    /// The id that 128 bits are.
    #[must_use]
    pub fn from_bits(bits: [u8; 16]) -> Self {
        Self(encode_base64(&bits))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A token, and what its holder knows about it without asking the backend.
#[derive(Debug, Clone)]
pub struct Minted {
    pub token: AccessToken,
    pub grant: Grant,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: &'a str,
    scopes: Vec<&'a str>,
    repos: Vec<String>,
}

/// Signs a token for `repos` that lives `ttl_s` seconds from now. Whether the key may do that is
/// for the backend to say.
///
/// # Errors
/// [`MintError`]: what is wrong with the request.
pub fn mint(
    key: &ApiKey,
    repos: &[RepoId],
    scope: Scope,
    ttl_s: u64,
    clock: &dyn Clock,
    jti: Jti,
) -> Result<Minted, MintError> {
    if repos.is_empty() {
        return Err(MintError::NoRepos);
    }
    let grant = grant(key, repos, scope, ttl_s, clock, jti)?;
    sign(key, grant)
}

/// Signs a token to administer the key's org, which opens no repository, that lives `ttl_s` seconds
/// from now. Whether the key may do that is for the backend to say.
///
/// # Errors
/// [`MintError`]: what is wrong with the request.
pub fn mint_admin(
    key: &ApiKey,
    ttl_s: u64,
    clock: &dyn Clock,
    jti: Jti,
) -> Result<Minted, MintError> {
    sign(key, grant(key, &[], Scope::Admin, ttl_s, clock, jti)?)
}

fn sign(key: &ApiKey, grant: Grant) -> Result<Minted, MintError> {
    let kid = grant.key.as_str();
    let repos = match grant.repos.is_empty() {
        true => vec![whole_org(&grant.org)],
        false => grant.repos.iter().map(RepoId::to_string).collect(),
    };
    let header = Header { alg: "EdDSA", typ: TOKEN_TYP, kid };
    let claims = Claims {
        iss: grant.org.as_str(),
        sub: kid,
        aud: AUDIENCE,
        iat: grant.issued_s,
        nbf: grant.not_before_s,
        exp: grant.expires_s,
        jti: grant.jti.as_str(),
        scopes: grant.scope.included().map(Scope::as_str).collect(),
        repos,
    };
    let message = format!("{}.{}", encode_part(&header)?, encode_part(&claims)?);
    let signature = signature::sign(key, message.as_bytes()).ok_or(MintError::Sign)?;
    let text = format!("{message}.{}", encode_base64(&signature));
    if text.len() > TOKEN_BYTES_MAX {
        return Err(MintError::TooLong);
    }
    Ok(Minted { token: AccessToken::new(text), grant })
}

fn grant(
    key: &ApiKey,
    repos: &[RepoId],
    scope: Scope,
    ttl_s: u64,
    clock: &dyn Clock,
    jti: Jti,
) -> Result<Grant, MintError> {
    if !(TTL_S_MIN..=TTL_S_MAX).contains(&ttl_s) {
        return Err(MintError::Ttl { ttl_s });
    }
    let mut distinct = BTreeSet::new();
    for repo in repos {
        if repo.org != *key.org() {
            return Err(MintError::OtherOrg { repo: repo.clone(), org: key.org().to_string() });
        }
        if !distinct.insert(repo.clone()) {
            return Err(MintError::RepoTwice { repo: repo.clone() });
        }
    }
    let now_s = clock.now_s();
    let ttl_s = i64::try_from(ttl_s).map_err(|_| MintError::Ttl { ttl_s })?;
    let expires_s = now_s.checked_add(ttl_s).filter(|_| now_s >= 0).ok_or(MintError::Clock)?;
    Ok(Grant {
        org: key.org().clone(),
        key: key.thumbprint(),
        scope,
        repos: distinct,
        issued_s: now_s,
        not_before_s: now_s,
        expires_s,
        jti,
    })
}

fn encode_part(part: &impl Serialize) -> Result<String, MintError> {
    let json = serde_json::to_vec(part).map_err(|_| MintError::Sign)?;
    Ok(encode_base64(&json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::name::OrgName;

    fn mint_for(repos: &[&str], ttl_s: u64) -> Result<Minted, MintError> {
        let org = OrgName::new("acme").unwrap();
        let key = ApiKey::from_seed(org.clone(), [7; 32]);
        let repos: Vec<_> = repos.iter().map(|repo| RepoId::parse(repo, &org).unwrap()).collect();
        let clock = ManualClock::at_s(1_000_000);
        mint(&key, &repos, Scope::Write, ttl_s, &clock, Jti::from_bits([1; 16]))
    }

    #[test]
    fn a_token_says_what_section_7_of_the_design_lists() {
        let minted = mint_for(&["app", "acme/docs"], 60).unwrap();
        let parts: Vec<_> =
            minted.token.expose().split('.').map(|p| decode_base64(p).unwrap()).collect();
        let kid = &minted.grant.key;
        assert_eq!(
            String::from_utf8_lossy(&parts[0]),
            format!(r#"{{"alg":"EdDSA","typ":"mesa-at+jwt","kid":"{kid}"}}"#)
        );
        assert_eq!(
            String::from_utf8_lossy(&parts[1]),
            format!(
                r#"{{"iss":"acme","sub":"{kid}","aud":"mesa-api","iat":1000000,"nbf":1000000,"exp":1000060,"jti":"AQEBAQEBAQEBAQEBAQEBAQ","scopes":["read","write"],"repos":["acme/app","acme/docs"]}}"#
            )
        );
        assert_eq!(parts[2].len(), 64);
    }

    #[test]
    fn requests_that_make_no_sense_are_refused() {
        assert_eq!(mint_for(&["app"], 0).unwrap_err(), MintError::Ttl { ttl_s: 0 });
        assert_eq!(mint_for(&["app"], 86_401).unwrap_err(), MintError::Ttl { ttl_s: 86_401 });
        assert_eq!(mint_for(&["app"], u64::MAX).unwrap_err(), MintError::Ttl { ttl_s: u64::MAX });
        assert!(mint_for(&["app"], 1).is_ok() && mint_for(&["app"], 86_400).is_ok());
        assert_eq!(mint_for(&[], 60).unwrap_err(), MintError::NoRepos);
        let twice = mint_for(&["app", "acme/app"], 60).unwrap_err();
        assert_eq!(twice.to_string(), "repository 'acme/app' is named twice");
        let other = mint_for(&["other/app"], 60).unwrap_err();
        assert_eq!(other.to_string(), "repository 'other/app' is not of the API key's org 'acme'");
        let many: Vec<_> = (0..4000).map(|n| format!("repository-{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(mint_for(&many, 60).unwrap_err(), MintError::TooLong);
    }

    #[test]
    fn a_token_shows_in_no_debug_output() {
        let minted = mint_for(&["app"], 60).unwrap();
        let shown = format!("{minted:?}");
        for part in minted.token.expose().split('.') {
            assert!(!shown.contains(part));
        }
    }

    #[test]
    fn ids_are_base64url() {
        assert_ne!(Jti::random().unwrap(), Jti::random().unwrap());
        for bad in
            ["", "short", "AQEBAQEBAQEBAQEBAQEBAR", "AQEBAQEBAQEBAQEBAQEB==", &"A".repeat(68)]
        {
            assert_eq!(Jti::parse(bad), None, "{bad}");
        }
    }
}
