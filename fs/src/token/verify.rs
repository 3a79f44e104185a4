//! Verification: from a token's text to what it grants, or to the one reason why not.
//!
//! The order is fixed: form, header, key, signature, revocation, claims, times, scopes and
//! repositories. What follows the signature is told only to a holder of the key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::error::label;
use super::json::{Json, decode_base64, duplicate, parse_object};
use super::key::{KeyId, PublicKey};
use super::mint::Jti;
use super::scope::Scope;
use super::signature;
use super::{
    AUDIENCE, Grant, TOKEN_BYTES_MAX, TOKEN_TYP, TTL_S_MAX, TTL_S_MIN, TokenError, whole_org,
};
use crate::name::{OrgName, RepoId, RepoName};

/// The repositories that a key may sign for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRepos {
    /// All of its org, present and future.
    All,
    Some(BTreeSet<RepoName>),
}

/// An API key as a backend knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredKey {
    pub org: OrgName,
    pub public: PublicKey,
    /// The widest scope that it may sign for.
    pub scope: Scope,
    pub repos: KeyRepos,
    pub revoked: bool,
}

/// Where keys are registered.
pub trait KeyLookup: Send + Sync + fmt::Debug {
    /// The key of this id, revoked or not.
    fn key(&self, id: &KeyId) -> Option<RegisteredKey>;
}

/// Keys in memory.
impl KeyLookup for BTreeMap<KeyId, RegisteredKey> {
    fn key(&self, id: &KeyId) -> Option<RegisteredKey> {
        self.get(id).cloned()
    }
}

/// A token that passed: what it grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub grant: Grant,
}

/// Verifies tokens against registered keys.
#[derive(Debug, Clone)]
pub struct Verifier<L> {
    keys: L,
}

impl<L: KeyLookup> Verifier<L> {
    pub fn new(keys: L) -> Self {
        Self { keys }
    }

    pub fn keys(&self) -> &L {
        &self.keys
    }

    /// Verifies `token` at `now_s`, whole seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`TokenError`]: the first reason found, in the order that the module states.
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Verified, TokenError> {
        let parts = Parts::split(token)?;
        let id = read_header(&parts.header)?;
        let key = self.keys.key(&id).ok_or(TokenError::UnknownKey)?;
        // The look-up is input too: a key under a wrong id must not verify.
        if key.public.thumbprint() != id {
            return Err(TokenError::UnknownKey);
        }
        if !signature::verify(&key.public, parts.message.as_bytes(), &parts.signature) {
            return Err(TokenError::Signature);
        }
        if key.revoked {
            return Err(TokenError::KeyRevoked);
        }
        let grant = read_claims(&parts.claims, id, &key, now_s)?;
        Ok(Verified { grant })
    }

    /// Checks a verified token again, later: its times, and that its key is still good for it.
    ///
    /// # Errors
    /// [`TokenError`], as [`Verifier::verify`] would tell it now.
    pub fn recheck(&self, verified: &Verified, now_s: i64) -> Result<(), TokenError> {
        let grant = &verified.grant;
        let key = self.keys.key(&grant.key).ok_or(TokenError::UnknownKey)?;
        if key.revoked {
            return Err(TokenError::KeyRevoked);
        }
        grant.check_time(now_s)?;
        check_scope(grant.scope, &key)?;
        check_repos(grant, &key)
    }
}

/// The three parts, decoded, and the text that the signature is over.
struct Parts<'a> {
    message: &'a str,
    header: Vec<u8>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong { bytes: token.len(), max: TOKEN_BYTES_MAX });
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Shape)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Shape)?;
        if claims.contains('.') {
            return Err(TokenError::Shape);
        }
        let decode = |text, part| decode_base64(text).ok_or(TokenError::Base64 { part });
        Ok(Self {
            message,
            header: decode(header, "header")?,
            claims: decode(claims, "claims")?,
            signature: decode(signature, "signature")?,
        })
    }
}

/// Reads a header of exactly `alg`, `typ`, `kid` and perhaps `jwk`: the id of the key to look up.
fn read_header(bytes: &[u8]) -> Result<KeyId, TokenError> {
    let members = parse_object(bytes).ok_or(TokenError::Json { part: "header" })?;
    if let Some(name) = duplicate(&members) {
        return Err(TokenError::HeaderDuplicate { name: label(name) });
    }
    let find = |name: &str| members.iter().find(|(own, _)| own == name).map(|(_, value)| value);
    let text = |name: &'static str| match find(name) {
        Some(Json::Text(text)) => Ok(text.as_str()),
        Some(other) => Err(TokenError::HeaderType { name, wanted: "string", found: other.kind() }),
        None => Err(TokenError::HeaderMissing { name }),
    };
    let alg = text("alg")?;
    if alg != "EdDSA" {
        return Err(TokenError::Algorithm { found: label(alg) });
    }
    if text("typ")? != TOKEN_TYP {
        return Err(TokenError::Typ);
    }
    if find("crit").is_some() {
        return Err(TokenError::Critical);
    }
    let known = ["alg", "typ", "kid", "jwk"];
    if let Some((name, _)) = members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(TokenError::HeaderUnexpected { name: label(name) });
    }
    let id = KeyId::parse(text("kid")?).map_err(|_| TokenError::KeyIdForm)?;
    match find("jwk") {
        Some(jwk) if read_jwk(jwk)?.thumbprint() != id => Err(TokenError::JwkMismatch),
        _ => Ok(id),
    }
}

/// The public key of a JWK that has `kty`, `crv` and `x`, and nothing else.
fn read_jwk(jwk: &Json) -> Result<PublicKey, TokenError> {
    let Json::Object(members) = jwk else {
        let found = jwk.kind();
        return Err(TokenError::HeaderType { name: "jwk", wanted: "object", found });
    };
    let (mut x, mut fixed) = (None, 0);
    for (name, value) in members {
        match (name.as_str(), value) {
            ("kty", Json::Text(kty)) if kty == "OKP" => fixed += 1,
            ("crv", Json::Text(crv)) if crv == "Ed25519" => fixed += 1,
            ("x", Json::Text(text)) => x = Some(text),
            _ => return Err(TokenError::JwkForm),
        }
    }
    match x {
        Some(x) if fixed == 2 && members.len() == 3 && duplicate(members).is_none() => {
            PublicKey::parse(x).map_err(|_| TokenError::JwkForm)
        }
        _ => Err(TokenError::JwkForm),
    }
}

/// Claims in their exact types, each taken once.
struct Claims(Vec<(String, Json)>);

impl Claims {
    fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let members = parse_object(bytes).ok_or(TokenError::Json { part: "claims" })?;
        match duplicate(&members) {
            Some(name) => Err(TokenError::ClaimDuplicate { name: label(name) }),
            None => Ok(Self(members)),
        }
    }

    fn take(&mut self, name: &'static str) -> Result<Json, TokenError> {
        match self.0.iter().position(|(own, _)| own == name) {
            Some(at) => Ok(self.0.swap_remove(at).1),
            None => Err(TokenError::ClaimMissing { name }),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<String, TokenError> {
        match self.take(name)? {
            Json::Text(text) => Ok(text),
            other => Err(TokenError::ClaimType { name, wanted: "string", found: other.kind() }),
        }
    }

    fn texts(&mut self, name: &'static str) -> Result<Vec<String>, TokenError> {
        const WANTED: &str = "array of strings";
        let items = match self.take(name)? {
            Json::Array(items) => items,
            other => {
                return Err(TokenError::ClaimType { name, wanted: WANTED, found: other.kind() });
            }
        };
        let text = |item| match item {
            Json::Text(text) => Ok(text),
            _ => Err(TokenError::ClaimType { name, wanted: WANTED, found: "array" }),
        };
        items.into_iter().map(text).collect()
    }

    /// A number of seconds up to the year 9999.
    fn seconds(&mut self, name: &'static str) -> Result<i64, TokenError> {
        const SECONDS_MAX: i64 = 253_402_300_799;
        match self.take(name)? {
            Json::Integer(seconds) => i64::try_from(seconds)
                .ok()
                .filter(|seconds| *seconds <= SECONDS_MAX)
                .ok_or(TokenError::ClaimHuge { name }),
            Json::Negative => Err(TokenError::ClaimNegative { name }),
            other => Err(TokenError::ClaimType { name, wanted: "integer", found: other.kind() }),
        }
    }

    fn finish(self) -> Result<(), TokenError> {
        match self.0.first() {
            Some((name, _)) => Err(TokenError::ClaimUnexpected { name: label(name) }),
            None => Ok(()),
        }
    }
}

fn read_claims(
    bytes: &[u8],
    id: KeyId,
    key: &RegisteredKey,
    now_s: i64,
) -> Result<Grant, TokenError> {
    let mut claims = Claims::parse(bytes)?;
    let (iss, sub, aud) = (claims.text("iss")?, claims.text("sub")?, claims.text("aud")?);
    let issued_s = claims.seconds("iat")?;
    let not_before_s = claims.seconds("nbf")?;
    let expires_s = claims.seconds("exp")?;
    let jti = claims.text("jti")?;
    let (scopes, repos) = (claims.texts("scopes")?, claims.texts("repos")?);
    claims.finish()?;
    if iss != key.org.as_str() {
        return Err(TokenError::Issuer);
    }
    if sub != id.as_str() {
        return Err(TokenError::Subject);
    }
    if aud != AUDIENCE {
        return Err(TokenError::Audience);
    }
    check_lifetime(issued_s, not_before_s, expires_s)?;
    let grant = Grant {
        org: key.org.clone(),
        key: id,
        scope: read_scopes(&scopes)?,
        repos: read_repos(&repos, &key.org)?,
        issued_s,
        not_before_s,
        expires_s,
        jti: Jti::parse(&jti).ok_or(TokenError::Jti)?,
    };
    grant.check_time(now_s)?;
    check_scope(grant.scope, key)?;
    check_repos(&grant, key)?;
    Ok(grant)
}

fn check_lifetime(issued_s: i64, not_before_s: i64, expires_s: i64) -> Result<(), TokenError> {
    let life_s = u64::try_from(expires_s - issued_s).map_err(|_| TokenError::Lifetime)?;
    if (TTL_S_MIN..=TTL_S_MAX).contains(&life_s) && not_before_s < expires_s {
        Ok(())
    } else {
        Err(TokenError::Lifetime)
    }
}

fn read_scopes(names: &[String]) -> Result<Scope, TokenError> {
    let mut scopes = BTreeSet::new();
    for name in names {
        let scope = name.parse().map_err(|_| TokenError::ScopeUnknown)?;
        if !scopes.insert(scope) {
            return Err(TokenError::ScopeTwice);
        }
    }
    scopes.last().copied().ok_or(TokenError::ScopesEmpty)
}

/// The repositories that are named; none of them where the org is, as a whole.
fn read_repos(names: &[String], org: &OrgName) -> Result<BTreeSet<RepoId>, TokenError> {
    if let [only] = names
        && *only == whole_org(org)
    {
        return Ok(BTreeSet::new());
    }
    let mut repos = BTreeSet::new();
    for name in names {
        // Only full names: a bare one would mean another repository to another reader.
        let full = name.contains('/').then(|| RepoId::parse(name, org));
        let repo = full.and_then(Result::ok).ok_or(TokenError::RepoForm)?;
        if !repos.insert(repo) {
            return Err(TokenError::RepoTwice);
        }
    }
    if repos.is_empty() { Err(TokenError::ReposEmpty) } else { Ok(repos) }
}

fn check_scope(asked: Scope, key: &RegisteredKey) -> Result<(), TokenError> {
    if asked > key.scope {
        return Err(TokenError::ScopeBeyondKey { asked, allowed: key.scope });
    }
    Ok(())
}

fn check_repos(grant: &Grant, key: &RegisteredKey) -> Result<(), TokenError> {
    if grant.repos.is_empty() {
        return match key.repos {
            _ if !grant.administers() => Err(TokenError::RepoForm),
            KeyRepos::All => Ok(()),
            KeyRepos::Some(_) => Err(TokenError::RepoBeyondKey),
        };
    }
    grant.repos.iter().try_for_each(|repo| check_repo(repo, key))
}

fn check_repo(repo: &RepoId, key: &RegisteredKey) -> Result<(), TokenError> {
    if repo.org != key.org {
        return Err(TokenError::RepoOtherOrg);
    }
    match &key.repos {
        KeyRepos::Some(names) if !names.contains(&repo.repo) => Err(TokenError::RepoBeyondKey),
        _ => Ok(()),
    }
}
