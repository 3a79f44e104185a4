//! `mesash key`.

use std::io::{IsTerminal, Write};

use clap::Subcommand;
use mesa_protocol::{AdminAnswer, AdminCall, KeyTold};
use mesafs::name::RepoName;
use mesafs::token::{ApiKey, PublicKey, Scope};
use serde_json::json;

use super::{Desk, unasked};
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
    fn repos(&self) -> Result<Option<Vec<RepoName>>, Failure> {
        if self.repo.is_empty() {
            return Ok(None);
        }
        let names: Result<_, _> = self.repo.iter().map(|name| RepoName::new(name)).collect();
        names.map(Some).map_err(Failure::usage)
    }
}

impl Action {
    pub fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Create { allowed } => create(desk, &allowed),
            Self::Add { public_key, allowed } => add(desk, &public_key, &allowed),
            Self::List => list(desk),
            Self::Revoke { id } => revoke(desk, &id),
        }
    }
}

/// Registers the public half of a key; answers its id.
fn register(desk: &Desk, public: &PublicKey, allowed: &Allowed) -> Result<String, Failure> {
    let (scope, repos) = (allowed.scope.as_str().to_owned(), allowed.repos()?);
    let call = AdminCall::AddKey { public_key: public.encoded(), scope, repos };
    match desk.call(call)? {
        AdminAnswer::Key(id) => Ok(id),
        _ => Err(unasked()),
    }
}

fn create(desk: &Desk, allowed: &Allowed) -> Result<(), Failure> {
    let org = &desk.settings.org;
    let key = ApiKey::generate(org.clone()).map_err(|error| Failure::new(FAILED, error))?;
    let id = register(desk, key.public(), allowed)?;
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr(), "mesash: made key {id}; it is shown this once");
    }
    let secret = key.expose();
    desk.answer(
        &format!("{}\n", *secret),
        &json!({ "id": id, "api_key": *secret, "scope": allowed.scope.as_str() }),
    )
}

fn add(desk: &Desk, public: &str, allowed: &Allowed) -> Result<(), Failure> {
    let public = PublicKey::parse(public).map_err(Failure::usage)?;
    let id = register(desk, &public, allowed)?;
    desk.answer(&format!("registered key {id}\n"), &json!({ "id": id }))
}

fn list(desk: &Desk) -> Result<(), Failure> {
    let own = super::key_of(&desk.settings)?.map(|key| key.thumbprint());
    let AdminAnswer::Keys(keys) = desk.call(AdminCall::Keys)? else { return Err(unasked()) };
    let mut text = String::new();
    let mut values = Vec::new();
    for KeyTold { id, public_key, scope, repos, revoked, created_ms } in keys {
        let names: Option<Vec<_>> =
            repos.as_ref().map(|names| names.iter().map(RepoName::as_str).collect());
        let repos = names.as_ref().map_or("all repositories".to_owned(), |names| names.join(","));
        let is_own = own.as_ref().is_some_and(|own| own.as_str() == id);
        let state = match (revoked, is_own) {
            (true, _) => "  revoked",
            (false, true) => "  in use",
            (false, false) => "",
        };
        text.push_str(&format!("{id}  {scope:5}  {repos}{state}\n"));
        values.push(json!({
            "id": id,
            "public_key": public_key,
            "scope": scope,
            "repos": names,
            "revoked": revoked,
            "created_ms": created_ms,
        }));
    }
    desk.answer(&text, &values.into())
}

fn revoke(desk: &Desk, id: &str) -> Result<(), Failure> {
    match desk.call(AdminCall::RevokeKey { id: id.to_owned() })? {
        AdminAnswer::Key(id) => desk.answer(&format!("revoked key {id}\n"), &json!({ "id": id })),
        _ => Err(unasked()),
    }
}
