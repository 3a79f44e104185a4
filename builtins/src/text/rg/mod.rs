//! `rg`: search folders for lines that match, leaving out what version control ignores.
//!
//! The searching and the printing are ripgrep's own libraries; the walk is ours, over the mounted
//! file system, in the order of the names. A mounted repository counts as a git repository.

mod ignores;
mod matcher;
mod options;
mod perl;
mod printer;
mod run;
mod walk;

use crate::prelude::*;
use options::OPTIONS;

pub const RG: Command = Command {
    name: "rg",
    synopsis: "rg [OPTIONS] PATTERN [PATH ...]\nrg [OPTIONS] -e PATTERN ... [PATH ...]\nrg [OPTIONS] -f PATTERNFILE ... [PATH ...]\nrg [OPTIONS] --files [PATH ...]\nrg [OPTIONS] --type-list",
    summary: "Recursively search PATHs for lines that match the regular expression PATTERN.\nWhat .gitignore, .ignore and .rgignore name, hidden files and binary files are left out.\nExit status is 0 if a line matched, 1 if none did, 2 if trouble.",
    options: OPTIONS,
    examples: &[
        Example {
            about: "Lines with their numbers, below a folder.",
            script: "mkdir src; echo 'fn main() {}' > src/a.rs; rg -n main src",
            prints: "src/a.rs:1:fn main() {}\n",
        },
        Example {
            about: "Only what matched, rewritten.",
            script: "echo 'a=1' | rg -o '(\\w)=(\\d)' -r '$2:$1'",
            prints: "1:a\n",
        },
    ],
    order: Order::Permute,
    usage_status: 2,
    run: run::rg,
    ..Command::BASE
};

/// Ends the command with a message as it stands, without the command's name, and status 2.
fn trouble(ctx: &mut Context<'_>, message: impl AsRef<[u8]>) -> CommandError {
    let _ = say(ctx, message);
    CommandError::Exit(ExitStatus(2))
}

/// Says a message without the command's name, as ripgrep does.
fn say(ctx: &mut Context<'_>, message: impl AsRef<[u8]>) -> Result<(), CommandError> {
    let line = [message.as_ref(), b"\n"].concat();
    match ctx.stderr.put(&line) {
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        _ => Ok(()),
    }
}

/// A failed call in ripgrep's words.
fn reason(error: &FsError) -> String {
    format!("{error} (os error {})", error.errno().code())
}
