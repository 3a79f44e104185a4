//! The program: arguments, settings, the host's terminal and signals, and administration.
//!
//! The only place, with `repl`, that touches the host. A run that needs no repository touches no
//! store; what goes wrong before a script runs is said as `mesash: REASON` with the exit codes of
//! `failure.rs`, and what a script does is bash's to say.

mod admin;
mod args;
mod completions;
mod config;
mod doctor;
mod failure;
mod header;
mod home;
mod host_stream;
mod json;
mod lazy;
mod log;
mod manual;
mod run;
mod share;
mod signals;
mod tool;
mod trial;
mod usage;
mod waiting;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use args::{Args, Mode};
use failure::USAGE;

pub(crate) use args::Options;
pub(crate) use config::{host, plain};
pub(crate) use failure::Failure;
pub(crate) use lazy::LazyFileSystem;
pub(crate) use run::{Prepared, environment, prepare};
pub(crate) use signals::{Target, Watch};

/// Runs the program, and gives its exit code.
#[must_use]
pub fn main() -> ExitCode {
    match dispatch() {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            // Whoever closed standard error gets the code alone.
            let mut stderr = std::io::stderr().lock();
            if !failure.message.is_empty() {
                let _ = writeln!(stderr, "{failure}");
            }
            if failure.status == USAGE {
                let _ = writeln!(stderr, "Try 'mesash --help' for more information.");
            }
            ExitCode::from(failure.status)
        }
    }
}

fn dispatch() -> Result<u8, Failure> {
    let args = Args::parse(std::env::args_os().skip(1))?;
    if !matches!(args.mode, Mode::Admin(_)) {
        log::begin(args.options.log.as_deref(), None)?;
    }
    match &args.mode {
        Mode::Help => usage::print(usage::HELP),
        Mode::Version => usage::print(usage::VERSION),
        Mode::Admin(words) if words.first().is_some_and(|word| word == "doctor") => {
            doctor::run(words, &args.options)
        }
        Mode::Admin(words) if words.first().is_some_and(|word| word == "completions") => {
            completions::run(words)
        }
        Mode::Admin(words) if words.first().is_some_and(|word| word == "manual") => {
            manual::run(words)
        }
        Mode::Admin(words) => admin::run(words, &args.options, args.json),
        _ if args.tool.is_some() => tool::run(args),
        Mode::Input(_) if is_prompt(&args) => crate::repl::run(&args.options),
        _ => run::run(args),
    }
}

/// A prompt is for a person: standard input and error are terminals, as bash asks, or `-i` says so.
fn is_prompt(args: &Args) -> bool {
    args.trial.is_none()
        && (args.interactive || (std::io::stdin().is_terminal() && std::io::stderr().is_terminal()))
}

/// Says what was made, if a person may read it.
fn notice(lines: &[String]) {
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        for line in lines {
            let _ = writeln!(stderr, "mesash: {line}");
        }
    }
}
