//! `mesash repo`, `mesash key` and `mesash serve`: what the owner of a store does with it.
//!
//! They act on the store itself, not through a mount: in this process, by way of the one that has the
//! store open, or on a server, under a token that administers the org.

mod key;
mod repo;
mod serve;
mod store;

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};
use mesa_protocol::{AdminAnswer, AdminCall, ErrorBody, RepoTold, code};
use mesa_remote::{Address, RemoteBackend};
use mesafs::clock::SystemClock;
use mesafs::token::{AccessToken, ApiKey, Jti, mint_admin};
use serde_json::Value;

use super::args::Options;
use super::config::{self, KeySource, Settings, plain, read_key};
use super::failure::{FAILED, Failure, UNAUTHORIZED, USAGE};
use super::home::{self, Home};
use super::signals::Watch;
use super::{log, notice, share};

pub use store::StoreAdmin;

/// How long a token of a call lives; the server looks at it when the call begins.
const TOKEN_TTL_S: u64 = 300;

#[derive(Debug, Parser)]
#[command(name = "mesash", disable_help_subcommand = true)]
struct Admin {
    /// The store's folder (MESASH_STORE)
    #[arg(long, value_name = "DIR", global = true)]
    store: Option<OsString>,
    /// Do it on this server instead: https://HOST, http://localhost:PORT or unix:PATH
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// The org (MESA_ORG; default: the API key's, or 'local')
    #[arg(long, value_name = "ORG", global = true)]
    org: Option<String>,
    /// Log to standard error: error, warn, info, debug, trace, TARGET=LEVEL (MESASH_LOG)
    #[arg(long, value_name = "LEVEL", global = true)]
    log: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    group: Group,
}

#[derive(Debug, Subcommand)]
enum Group {
    /// Create, list, delete, import and export repositories
    #[command(subcommand)]
    Repo(repo::Action),
    /// Create, register, list and revoke API keys
    #[command(subcommand)]
    Key(key::Action),
    /// Let others mount the repositories of the store
    Serve(serve::Serve),
}

/// Where the store is, and how to answer.
struct Desk {
    settings: Settings,
    way: Way,
    json: bool,
}

enum Way {
    /// In this process.
    Here(Home),
    /// In another one, under this token.
    There(RemoteBackend, AccessToken),
}

/// `repo` and `key`, with what may follow them: names and a few words about each.
pub fn groups() -> Vec<(String, Vec<(String, String)>)> {
    let command = <Admin as clap::CommandFactory>::command();
    let named = |command: &clap::Command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        (command.get_name().to_owned(), about)
    };
    let groups = command.get_subcommands();
    groups
        .map(|group| (group.get_name().to_owned(), group.get_subcommands().map(named).collect()))
        .collect()
}

/// Runs the command that `words` are; `options` are those before them.
///
/// # Errors
/// [`Failure`].
pub fn run(words: &[OsString], options: &Options, json: bool) -> Result<u8, Failure> {
    let words = std::iter::once(OsString::from("mesash")).chain(words.iter().cloned());
    let admin = match Admin::try_parse_from(words) {
        Ok(admin) => admin,
        Err(error) => return explain(&error),
    };
    let default =
        matches!(admin.group, Group::Serve(_)).then_some("warn,mesa_server=info,mesa_store=info");
    log::begin(admin.log.as_deref().or(options.log.as_deref()), default)?;
    let Admin { store, server, org, group, json: as_json, .. } = admin;
    let given = Options { store, server, org, ..Options::default() }.or(options.clone());
    let settings = Settings::settle(&given, &config::host)?;
    let json = json || as_json;
    match group {
        Group::Serve(serve) => serve.run(settings, json),
        Group::Repo(action) => Desk::open(settings, json)?.close_after(|desk| action.run(desk)),
        Group::Key(action) => Desk::open(settings, json)?.close_after(|desk| action.run(desk)),
    }
}

/// Help goes to standard output; a wrong usage is worded as the program's own.
fn explain(error: &clap::Error) -> Result<u8, Failure> {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return super::usage::print(&text);
    }
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let message = text.split("\n\nFor more information").next().unwrap_or(text);
    Err(Failure::new(USAGE, message.trim_end()))
}

/// Prints text for a person, or the value.
fn answer(json: bool, text: &str, value: &Value) -> Result<(), Failure> {
    let line = if json { format!("{value}\n") } else { text.to_owned() };
    let written = std::io::stdout().lock().write_all(line.as_bytes());
    written.map_err(|error| Failure::new(FAILED, format!("write error: {}", plain(&error))))
}

/// The key of the settings; `None` where the file that should hold it is missing.
fn key_of(settings: &Settings) -> Result<Option<ApiKey>, Failure> {
    match &settings.key {
        KeySource::Given(key) => Ok(Some(key.clone())),
        KeySource::File(path) => read_key(path),
    }
}

/// A token to administer the org by.
fn token(settings: &Settings) -> Result<AccessToken, Failure> {
    let none = || format!("no API key for org '{}': set MESA_API_KEY", settings.org);
    let key = key_of(settings)?.ok_or_else(|| Failure::new(UNAUTHORIZED, none()))?;
    let jti = Jti::random().map_err(|error| Failure::new(FAILED, error))?;
    let minted = mint_admin(&key, TOKEN_TTL_S, &SystemClock, jti);
    Ok(minted.map_err(|error| Failure::new(FAILED, error))?.token)
}

impl Desk {
    /// Finds the store. One that another process has open is worked on by way of that process.
    fn open(settings: Settings, json: bool) -> Result<Self, Failure> {
        let way = match &settings.server {
            Some(address) => Way::There(home::connect(address)?, token(&settings)?),
            None => match home::open_or_join(&settings, &Watch::default())? {
                Some(store) => {
                    let home = Home::of(store, &settings)?;
                    notice(&home.made);
                    Way::Here(home)
                }
                None => {
                    let socket = Address::Unix(share::socket(&settings.store));
                    // Whoever may use that socket could open the store: no token is asked for.
                    Way::There(home::connect(&socket)?, AccessToken::new(String::new()))
                }
            },
        };
        Ok(Self { settings, way, json })
    }

    fn close_after(self, act: impl FnOnce(&Self) -> Result<(), Failure>) -> Result<u8, Failure> {
        let done = act(&self);
        if let Way::Here(home) = &self.way {
            let closed = home.store.close();
            done?;
            closed?;
        } else {
            done?;
        }
        Ok(0)
    }

    /// Whether folders are named to another process, which is in another one.
    fn is_elsewhere(&self) -> bool {
        matches!(self.way, Way::There(..))
    }

    fn call(&self, call: AdminCall) -> Result<AdminAnswer, Failure> {
        let org = &self.settings.org;
        let done = match &self.way {
            Way::Here(home) => store::administer(&home.store, org, call),
            Way::There(backend, token) => {
                let admin = mesa_protocol::Admin { org: org.clone(), call };
                backend.administer(token, admin)
            }
        };
        done.map_err(|ErrorBody { code, message, .. }| match &*code {
            code::UNAUTHORIZED => Failure::new(UNAUTHORIZED, message),
            _ => Failure::new(FAILED, message),
        })
    }

    fn repos(&self) -> Result<Vec<RepoTold>, Failure> {
        match self.call(AdminCall::Repos)? {
            AdminAnswer::Repos(repos) => Ok(repos),
            _ => Err(unasked()),
        }
    }

    /// Whose what is made is, as far as this side knows.
    fn author(&self) -> Result<Option<mesa_protocol::Author>, Failure> {
        if let Some(author) = &self.settings.author {
            let (name, email) = (author.name.clone(), author.email.clone());
            return Ok(Some(mesa_protocol::Author { name, email }));
        }
        let key = match &self.way {
            Way::Here(home) => Some(home.key.clone()),
            Way::There(..) => key_of(&self.settings)?,
        };
        Ok(key.map(|key| mesa_protocol::Author { name: key.author_name(), email: String::new() }))
    }

    fn answer(&self, text: &str, value: &Value) -> Result<(), Failure> {
        answer(self.json, text, value)
    }
}

/// An answer of another kind than the call.
fn unasked() -> Failure {
    Failure::new(FAILED, "the server answered what it was not asked")
}
