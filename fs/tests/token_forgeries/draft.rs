//! A token as a forger writes it, member by member.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use mesafs::OrgName;
use mesafs::token::{ApiKey, KeyRepos, RegisteredKey, Scope, TokenError, Verifier};

pub const NOW_S: i64 = 1_800_000_000;
pub const SEED: [u8; 32] = [7; 32];
pub const OTHER_SEED: [u8; 32] = [8; 32];

pub fn org() -> OrgName {
    OrgName::new("acme").unwrap()
}

pub fn key(seed: [u8; 32]) -> ApiKey {
    ApiKey::from_seed(org(), seed)
}

pub fn kid(seed: [u8; 32]) -> String {
    key(seed).thumbprint().to_string()
}

pub fn jwk(seed: [u8; 32]) -> String {
    format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, key(seed).public().encoded())
}

pub fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// How the message is signed.
#[derive(Clone, Copy)]
pub enum Signature {
    Ed25519([u8; 32]),
    /// HMAC-SHA256 with the public key as the secret.
    Hs256WithPublicKey,
    Empty,
}

/// A token as a forger writes it, and what the backend knows when it comes.
#[derive(Clone)]
pub struct Draft {
    pub header: Vec<(String, String)>,
    pub claims: Vec<(String, String)>,
    /// Written instead of the members.
    header_text: Option<String>,
    claims_text: Option<String>,
    signature: Signature,
    /// Applied to the finished text.
    rewrite: fn(&str) -> String,
    pub registered: Option<RegisteredKey>,
    pub now_s: i64,
}

pub fn draft() -> Draft {
    let own = |members: &[(&str, String)]| {
        members.iter().map(|(name, raw)| ((*name).to_owned(), raw.clone())).collect()
    };
    Draft {
        header: own(&[
            ("alg", quoted("EdDSA")),
            ("typ", quoted("mesa-at+jwt")),
            ("kid", quoted(&kid(SEED))),
        ]),
        claims: own(&[
            ("iss", quoted("acme")),
            ("sub", quoted(&kid(SEED))),
            ("aud", quoted("mesa-api")),
            ("iat", NOW_S.to_string()),
            ("nbf", NOW_S.to_string()),
            ("exp", (NOW_S + 3600).to_string()),
            ("jti", quoted("AQEBAQEBAQEBAQEBAQEBAQ")),
            ("scopes", r#"["read","write"]"#.to_owned()),
            ("repos", r#"["acme/app"]"#.to_owned()),
        ]),
        header_text: None,
        claims_text: None,
        signature: Signature::Ed25519(SEED),
        rewrite: str::to_owned,
        registered: Some(RegisteredKey {
            org: org(),
            public: *key(SEED).public(),
            scope: Scope::Write,
            repos: KeyRepos::All,
            revoked: false,
        }),
        now_s: NOW_S,
    }
}

pub fn set(members: &mut Vec<(String, String)>, name: &str, raw: &str) {
    match members.iter_mut().find(|(own, _)| own == name) {
        Some((_, value)) => raw.clone_into(value),
        None => members.push((name.to_owned(), raw.to_owned())),
    }
}

pub fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, raw)| format!("\"{name}\":{raw}")).collect();
    format!("{{{}}}", members.join(","))
}

impl Draft {
    pub fn header(mut self, name: &str, raw: &str) -> Self {
        set(&mut self.header, name, raw);
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.header.retain(|(own, _)| own != name);
        self
    }

    pub fn claim(mut self, name: &str, raw: &str) -> Self {
        set(&mut self.claims, name, raw);
        self
    }

    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.retain(|(own, _)| own != name);
        self
    }

    /// Adds a member even where one of that name stands.
    pub fn add_header(mut self, name: &str, raw: &str) -> Self {
        self.header.push((name.to_owned(), raw.to_owned()));
        self
    }

    pub fn add_claim(mut self, name: &str, raw: &str) -> Self {
        self.claims.push((name.to_owned(), raw.to_owned()));
        self
    }

    pub fn header_text(mut self, text: impl Into<String>) -> Self {
        self.header_text = Some(text.into());
        self
    }

    pub fn claims_text(mut self, text: impl Into<String>) -> Self {
        self.claims_text = Some(text.into());
        self
    }

    pub fn signed(mut self, signature: Signature) -> Self {
        self.signature = signature;
        self
    }

    pub fn rewrite(mut self, rewrite: fn(&str) -> String) -> Self {
        self.rewrite = rewrite;
        self
    }

    pub fn at(mut self, now_s: i64) -> Self {
        self.now_s = now_s;
        self
    }

    pub fn key(mut self, change: fn(&mut RegisteredKey)) -> Self {
        change(self.registered.as_mut().unwrap());
        self
    }

    pub fn unregistered(mut self) -> Self {
        self.registered = None;
        self
    }

    pub fn text(&self) -> String {
        let header = self.header_text.clone().unwrap_or_else(|| object(&self.header));
        let claims = self.claims_text.clone().unwrap_or_else(|| object(&self.claims));
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = match self.signature {
            Signature::Ed25519(seed) => {
                let signature = SigningKey::from_bytes(&seed).sign(message.as_bytes());
                URL_SAFE_NO_PAD.encode(signature.to_bytes())
            }
            Signature::Hs256WithPublicKey => {
                let secret = jsonwebtoken::EncodingKey::from_secret(key(SEED).public().as_bytes());
                let algorithm = jsonwebtoken::Algorithm::HS256;
                jsonwebtoken::crypto::sign(message.as_bytes(), &secret, algorithm).unwrap()
            }
            Signature::Empty => String::new(),
        };
        (self.rewrite)(&format!("{message}.{signature}"))
    }

    pub fn verify(&self) -> Result<(), TokenError> {
        let registered = self.registered.iter();
        let keys: BTreeMap<_, _> =
            registered.map(|key| (key.public.thumbprint(), key.clone())).collect();
        Verifier::new(keys).verify(&self.text(), self.now_s).map(drop)
    }
}
