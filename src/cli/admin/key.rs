//! `mesash key`.

use std::io::{IsTerminal, Write};

use clap::Subcommand;
use mesafs::name::RepoName;
use mesafs::token::{ApiKey, KeyRepos, PublicKey, Scope};
use serde_json::json;

use super::Desk;
use crate::cli::failure::{FAILED, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Make an API key, register it, and print it: it is shown this once
    Create {
        #[command(flatten)]
        allowed: Allowed,
    },
    /// Register the public half of an API key that was made elsewhere
    Add {
        /// 43 characters of base64url
        public_key: String,
        #[command(flatten)]
        allowed: Allowed,
    },
    /// List the org's keys
    List,
    /// Refuse a key, and every token that it signed, from now on
    Revoke {
        /// The key's id, or a unique beginning of it
        // One id in 64 begins with a dash.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

/// What a key may sign for.
#[derive(Debug, clap::Args)]
pub(super) struct Allowed {
    /// read, write or admin
    #[arg(long, default_value = "write")]
    scope: Scope,
    /// A repository of the org; again for more (default: all, present and future)
    #[arg(long, value_name = "NAME")]
    repo: Vec<String>,
}

impl Allowed {
    fn repos(&self) -> Result<KeyRepos, Failure> {
        if self.repo.is_empty() {
            return Ok(KeyRepos::All);
        }
        let names: Result<_, _> = self.repo.iter().map(|name| RepoName::new(name)).collect();
        names.map(KeyRepos::Some).map_err(Failure::usage)
    }
}

impl Action {
    pub fn run(self, desk: &mut Desk) -> Result<(), Failure> {
        match self {
            Self::Create { allowed } => create(desk, &allowed),
            Self::Add { public_key, allowed } => add(desk, &public_key, &allowed),
            Self::List => list(desk),
            Self::Revoke { id } => revoke(desk, &id),
        }
    }
}

fn create(desk: &Desk, allowed: &Allowed) -> Result<(), Failure> {
    let org = &desk.settings.org;
    let key = ApiKey::generate(org.clone()).map_err(|error| Failure::new(FAILED, error))?;
    let id = desk.home.store.add_key(org, key.public(), allowed.scope, allowed.repos()?)?;
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr(), "mesash: made key {id}; it is shown this once");
    }
    let secret = key.expose();
    desk.answer(
        &format!("{}\n", *secret),
        &json!({ "id": id.as_str(), "api_key": *secret, "scope": allowed.scope.as_str() }),
    )
}

fn add(desk: &Desk, public: &str, allowed: &Allowed) -> Result<(), Failure> {
    let public = PublicKey::parse(public).map_err(Failure::usage)?;
    let org = &desk.settings.org;
    let id = desk.home.store.add_key(org, &public, allowed.scope, allowed.repos()?)?;
    desk.answer(&format!("registered key {id}\n"), &json!({ "id": id.as_str() }))
}

fn list(desk: &Desk) -> Result<(), Failure> {
    let own = desk.home.key.thumbprint();
    let mut text = String::new();
    let mut values = Vec::new();
    for info in desk.home.store.keys(Some(&desk.settings.org))? {
        let names: Option<Vec<_>> = match &info.key.repos {
            KeyRepos::All => None,
            KeyRepos::Some(names) => Some(names.iter().map(RepoName::as_str).collect()),
        };
        let repos = names.as_ref().map_or("all repositories".to_owned(), |names| names.join(","));
        let state = match (info.key.revoked, info.id == own) {
            (true, _) => "  revoked",
            (false, true) => "  in use",
            (false, false) => "",
        };
        text.push_str(&format!("{}  {:5}  {repos}{state}\n", info.id, info.key.scope.as_str()));
        values.push(json!({
            "id": info.id.as_str(),
            "public_key": info.key.public.encoded(),
            "scope": info.key.scope.as_str(),
            "repos": names,
            "revoked": info.key.revoked,
            "created_ms": info.created_ms,
        }));
    }
    desk.answer(&text, &values.into())
}

fn revoke(desk: &Desk, id: &str) -> Result<(), Failure> {
    let id = desk.home.store.revoke_key(id)?;
    desk.answer(&format!("revoked key {id}\n"), &json!({ "id": id.as_str() }))
}
