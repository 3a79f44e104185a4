//! `undo` and `redo`: what the last lines did to files, taken back and put in place again.

use mesafs::mount::{Direction, Replayed, Stray, UndoError};
use mesafs::path::RepoPath;
use serde_json::json;

use super::place::{CONFLICT, JSON, versions};
use super::show::put_json;
use super::subcommand::at_most;
use crate::prelude::*;

const FORCE: Opt =
    flag('f', "force", "overwrite what somebody has changed since, instead of leaving it");

pub const UNDO: Command = Command {
    name: "undo",
    synopsis: "undo [-f] [COUNT]",
    summary: "Take back what the last COUNT (1) lines that changed files did to them.\nA line is what was entered at the prompt, or a top-level command of a script. What somebody has\nchanged since is named and left; the status is 3 then. For what was done to history: ops restore.",
    options: &[FORCE, JSON],
    examples: &[Example {
        about: "Bring back what was removed.",
        script: "mkdir d; echo hi > d/a\nrm -r d\nundo > /dev/null; cat d/a",
        prints: "hi\n",
    }],
    usage_status: 2,
    run: |ctx, args| replay(ctx, args, Direction::Undo),
    ..Command::BASE
};

pub const REDO: Command = Command {
    name: "redo",
    synopsis: "redo [-f] [COUNT]",
    summary: "Put in place again what the last COUNT (1) lines did that were taken back.",
    options: &[FORCE, JSON],
    examples: &[Example {
        about: "There and back.",
        script: "echo 1 > a\necho 2 > a\nundo > /dev/null\nredo > /dev/null; cat a",
        prints: "2\n",
    }],
    usage_status: 2,
    run: |ctx, args| replay(ctx, args, Direction::Redo),
    ..Command::BASE
};

fn replay(ctx: &mut Context<'_>, args: &Args, direction: Direction) -> CommandResult {
    at_most(args, 1)?;
    let count = match args.operands().first() {
        None => 1,
        Some(count) => count
            .to_str()
            .ok()
            .and_then(|count| count.parse().ok())
            .filter(|count| *count > 0)
            .ok_or_else(|| usage(format!("invalid count: '{count}'")))?,
    };
    let stray = if args.has('f') { Stray::Overwrite } else { Stray::Leave };
    let replayed = versions(ctx)?.replay(count, direction, stray).map_err(|error| match error {
        UndoError::Fs(error) if error.errno() == Errno::Canceled => CommandError::Stream(error),
        error => failure(error.to_string()),
    })?;
    let repos = || replayed.iter().flat_map(|line| &line.repos);
    let strays = repos().any(|repo| !repo.left.is_empty());
    let status = if strays { CONFLICT } else { ExitStatus::SUCCESS };
    if args.has("json") {
        put_json(ctx, &replayed.iter().map(line_json).collect())?;
        return Ok(status);
    }
    let (did, again) = match direction {
        Direction::Undo => ("took back", "redo"),
        Direction::Redo => ("did again", "undo"),
    };
    for line in &replayed {
        let told = first_line(line.line.as_bstr());
        ctx.stdout.put(&[did.as_bytes(), b": ", &told[..], b"\n"].concat())?;
        for repo in &line.repos {
            for path in &repo.left {
                let line = format!("  left /{}/{path}: it was changed since\n", repo.repo);
                ctx.stdout.put(line.as_bytes())?;
            }
        }
    }
    if strays {
        super::changes::hint(ctx, "overwrite what was left: -f")?;
    } else {
        super::changes::hint(ctx, &format!("and back: {again}"))?;
    }
    Ok(status)
}

/// A command of several lines by its first one.
fn first_line(text: &BStr) -> BString {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let more: &[u8] = if lines.next().is_some() { b" ..." } else { b"" };
    [first, more].concat().into()
}

fn line_json(line: &Replayed) -> serde_json::Value {
    let names = |paths: &[RepoPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    let repo = |repo: &mesafs::mount::ReplayedRepo| {
        json!({
            "repo": repo.repo.to_string(),
            "paths": names(&repo.paths),
            "left": names(&repo.left),
        })
    };
    json!({
        "line": line.line.to_string(),
        "repos": line.repos.iter().map(repo).collect::<Vec<_>>(),
    })
}
