//! `conflicts` and `resolve`: where sides differ, and what is to stand there.

use mesafs::backend::{Pick, Revision};
use serde_json::json;

use super::changes::{conflict_json, conflict_line, hint};
use super::place::{
    BOOKMARK, CHANGE, JSON, REPO, checkout, failed, history, paths, revision, seen,
};
use super::show::put_json;
use super::subcommand::at_most;
use crate::prelude::*;

pub const CONFLICTS: Command = Command {
    name: "conflicts",
    synopsis: "conflicts [-r REPO] [REVISION | --bookmark NAME | --change ID]",
    summary: "List the files in which a revision (the open change if none is given) is conflicted.\nA conflicted file reads as its sides with markers; written without markers it is settled.",
    options: &[BOOKMARK, CHANGE, REPO, JSON],
    examples: &[Example {
        about: "How many there are.",
        script: "conflicts | wc -l",
        prints: "0\n",
    }],
    usage_status: 2,
    run: conflicts,
    ..Command::BASE
};

pub const RESOLVE: Command = Command {
    name: "resolve",
    synopsis: "resolve --ours PATH...\nresolve --theirs PATH...\nresolve PATH...",
    summary: "Settle conflicts of the open change: with one side's file, or with the file as it was written.",
    options: &[
        long("ours", "take the first side: what the change was put onto"),
        long("theirs", "take the last side"),
        REPO,
        JSON,
    ],
    examples: &[Example {
        about: "Two changes of one line, merged; the second one's is taken.",
        script: "echo 1 > a; changes checkpoint -m base > /dev/null\necho 2 > a; bookmarks create side > /dev/null\nchanges new @- > /dev/null; echo 3 > a\nchanges merge @ side > /dev/null; conflicts\nresolve --theirs a; cat a",
        prints: "a    2-sided conflict\nsettled a\n2\n",
    }],
    usage_status: 2,
    run: resolve,
    ..Command::BASE
};

fn conflicts(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let checkout = checkout(ctx, args)?;
    let asked = revision(args, args.operands().first(), &*checkout)?;
    let of = asked.map_or_else(Revision::here, |asked| asked.revision);
    let found = history(&*checkout)?
        .conflicts(&of)
        .map_err(|error| failed("look for conflicts", &*checkout, error))?;
    if args.has("json") {
        return put_json(ctx, &found.iter().map(conflict_json).collect());
    }
    for conflict in &found {
        ctx.check()?;
        let line = conflict_line(ctx, &*checkout, conflict);
        ctx.stdout.put(&line)?;
    }
    if !found.is_empty() {
        hint(ctx, "settle one: resolve --ours|--theirs PATH, or write the file")?;
    }
    Ok(ExitStatus::SUCCESS)
}

fn resolve(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let pick = match (args.has("ours"), args.has("theirs")) {
        (true, true) => return Err(usage("give --ours or --theirs, not both")),
        (true, false) => Pick::Ours,
        (false, true) => Pick::Theirs,
        (false, false) => Pick::AsItIs,
    };
    if args.operands().is_empty() {
        return Err(usage("missing path"));
    }
    let checkout = checkout(ctx, args)?;
    let history = history(&*checkout)?;
    let mut settled = Vec::new();
    let mut status = ExitStatus::SUCCESS;
    for path in paths(ctx, args.operands(), &*checkout)? {
        match history.resolve(&path, pick) {
            Ok(()) => settled.push(path),
            Err(error) => match failed("settle the conflict", &*checkout, error) {
                CommandError::Fail(message, failed) => {
                    ctx.complain_bytes(&message)?;
                    status = status.or(failed);
                }
                other => return Err(other),
            },
        }
    }
    let fail = |error| failed("look for conflicts", &*checkout, error);
    let left = history.conflicts(&Revision::here()).map_err(fail)?;
    if args.has("json") {
        let settled: Vec<String> = settled.iter().map(ToString::to_string).collect();
        let left: Vec<_> = left.iter().map(conflict_json).collect();
        put_json(ctx, &json!({ "settled": settled, "conflicts": left }))?;
        return Ok(status);
    }
    for path in &settled {
        let name = seen(ctx, path, &*checkout);
        ctx.stdout.put(&[b"settled ", &name[..], b"\n"].concat())?;
    }
    if !left.is_empty() {
        let conflicts = if left.len() == 1 { "conflict is" } else { "conflicts are" };
        ctx.stdout.put(format!("{} {conflicts} left\n", left.len()).as_bytes())?;
    }
    Ok(status)
}
