//! `mesash repo`, `mesash key` and `mesash serve`: what the owner of a store does with it.
//!
//! They act on the store itself, not through a mount, so they need the folder and no token.

mod key;
mod repo;
mod serve;

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};
use serde_json::Value;

use super::args::Options;
use super::config::{self, Settings, plain};
use super::failure::{FAILED, Failure, USAGE};
use super::home::Home;
use super::notice;
use super::signals::Watch;

#[derive(Debug, Parser)]
#[command(name = "mesash", disable_help_subcommand = true)]
struct Admin {
    /// The store's folder (MESASH_STORE)
    #[arg(long, value_name = "DIR", global = true)]
    store: Option<OsString>,
    /// The org (MESA_ORG; default: the API key's, or 'local')
    #[arg(long, value_name = "ORG", global = true)]
    org: Option<String>,
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

/// An open store, and how to answer.
struct Desk {
    settings: Settings,
    home: Home,
    json: bool,
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
    let given =
        Options { store: admin.store, org: admin.org, ..Options::default() }.or(options.clone());
    let settings = Settings::settle(&given, &config::host)?;
    if settings.server.is_some() {
        return Err(Failure::usage("this is done on the store: name it with --store"));
    }
    let home = Home::open(&settings, &Watch::default())?;
    notice(&home.made);
    let mut desk = Desk { settings, home, json: json || admin.json };
    let done = match admin.group {
        Group::Repo(action) => action.run(&mut desk),
        Group::Key(action) => action.run(&mut desk),
        Group::Serve(serve) => serve.run(&mut desk),
    };
    let closed = desk.home.store.close();
    done?;
    closed?;
    Ok(0)
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

impl Desk {
    /// Prints text for a person, or the value.
    fn answer(&self, text: &str, value: &Value) -> Result<(), Failure> {
        let line = if self.json { format!("{value}\n") } else { text.to_owned() };
        let written = std::io::stdout().lock().write_all(line.as_bytes());
        written.map_err(|error| Failure::new(FAILED, format!("write error: {}", plain(&error))))
    }
}
