//! `events`: what changes under paths, as it happens.

use std::time::Duration;

use mesafs::backend::EventQueue;
use mesafs::{Errno, Invalidation, RealPath, RepoId};
use serde_json::json;

use super::place::{JSON, versions};
use super::subcommand::text;
use crate::args::{Opt, value};
use crate::prelude::*;

const COUNT: Opt = value('n', "count", "COUNT", "end after COUNT events");

/// How long a wait for an event lasts before a cancel is looked for.
const CANCEL_LOOK: Duration = Duration::from_millis(25);

pub const EVENTS: Command = Command {
    name: "events",
    synopsis: "events [--json] [-n COUNT] [PATH]...",
    summary: "Tell what changes at or below each PATH (default: the working directory), from now on, whoever\nchanges it. A line has the version, the path, '/...' behind it if anything below may have changed\ntoo, and '(own)' if this mount did it. What is told can be seen already.",
    options: &[COUNT, JSON],
    examples: &[Example {
        about: "Nothing is waited for where no event is asked for.",
        script: "events -n 0; echo $?",
        prints: "0\n",
    }],
    usage_status: 2,
    run: events,
    ..Command::BASE
};

/// A repository that is watched.
struct Watched {
    repo: RepoId,
    queue: Box<dyn EventQueue>,
}

fn events(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut left = match args.value('n') {
        None => u64::MAX,
        Some(count) => match text("count", count)?.parse() {
            Ok(count) => count,
            Err(_) => return Err(usage(format!("invalid count '{count}'"))),
        },
    };
    let here = [BString::from(".")];
    let operands = if args.operands().is_empty() { &here[..] } else { args.operands() };
    let mut paths = Vec::new();
    for operand in operands {
        paths.push(place(ctx, operand)?);
    }
    let mut watched = Vec::new();
    for checkout in versions(ctx)?.checkouts() {
        let repo = checkout.repo();
        let top = top_of(repo);
        if paths.iter().any(|path| is_at_or_below(path, &top) || is_at_or_below(&top, path)) {
            watched.push(Watched { repo: repo.clone(), queue: checkout.subscribe()? });
        }
    }
    if watched.is_empty() {
        return Err(failure("no mounted repository is there"));
    }
    while left > 0 {
        ctx.check()?;
        for (nth, Watched { repo, queue }) in watched.iter_mut().enumerate() {
            // The first one's wait is the wait for all.
            let wait = if nth == 0 { CANCEL_LOOK } else { Duration::ZERO };
            for event in queue.wait(Some(wait)) {
                let event = event.to_invalidation(repo);
                if left > 0 && paths.iter().any(|path| concerns(&event, path)) {
                    left -= 1;
                    put(ctx, args, &event)?;
                }
            }
        }
    }
    Ok(ExitStatus::SUCCESS)
}

/// Where an operand leads to. What is not there yet can be waited for, if its folder is there.
fn place(ctx: &Context<'_>, operand: &BString) -> Result<RealPath, CommandError> {
    let path = ctx.path(operand)?;
    match ctx.fs.canonicalize(&path) {
        Err(error) if error.errno() == Errno::NoEnt => {
            let mut names: Vec<&[u8]> = path.components().collect();
            let Some(name) = names.pop().filter(|name| !matches!(*name, b"." | b"..")) else {
                return Err(error.into());
            };
            let folder = mesafs::VPath::new([b"/", &names.join(&b'/')[..]].concat())?;
            let folder = ctx.fs.canonicalize(&folder)?.to_vpath().join(name)?;
            Ok(RealPath::from_names(folder.components()))
        }
        found => Ok(found?),
    }
}

fn top_of(repo: &RepoId) -> RealPath {
    RealPath::from_names([repo.org.as_str().as_bytes(), repo.repo.as_str().as_bytes()])
}

fn is_at_or_below(path: &RealPath, top: &RealPath) -> bool {
    let (path, top): (&[u8], &[u8]) = (path.as_bstr(), top.as_bstr());
    match path.strip_prefix(top) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"/") || top.ends_with(b"/"),
        None => false,
    }
}

/// Whether what is at or below `path` may read differently after an event.
fn concerns(event: &Invalidation, path: &RealPath) -> bool {
    is_at_or_below(&event.path, path) || (event.recursive && is_at_or_below(path, &event.path))
}

fn put(ctx: &mut Context<'_>, args: &Args, event: &Invalidation) -> Result<(), CommandError> {
    let Invalidation { path, recursive, version, own } = event;
    let line = if args.has("json") {
        let path = path.as_bstr().to_string();
        let told = json!({ "path": path, "recursive": recursive, "version": version, "own": own });
        format!("{told}\n").into_bytes()
    } else {
        let path: &[u8] = path.as_bstr();
        let below: &[u8] = if *recursive { b"/..." } else { b"" };
        let own: &[u8] = if *own { b"  (own)" } else { b"" };
        [format!("{version}  ").as_bytes(), path, below, own, b"\n"].concat()
    };
    ctx.stdout.put(&line)?;
    Ok(ctx.stdout.flush()?)
}
