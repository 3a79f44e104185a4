//! `changes new`, `edit`, `list`, `current`, `checkpoint`.

use mesafs::backend::{Description, Revision};
use serde_json::json;

use super::{MESSAGE, changes_json, moved, place};
use crate::prelude::*;
use crate::version::place::{BOOKMARK, CHANGE, JSON, REPO, checkout, failed, revision};
use crate::version::show::{Current, Look, put_json};
use crate::version::subcommand::{at_most, text};

/// How many changes `changes list` shows without `-n`.
const LIST_MAX: usize = 50;

pub const NEW: Command = Command {
    name: "changes new",
    synopsis: "changes new [-m TEXT] [-r REPO] [REVISION | --bookmark NAME | --change ID]",
    summary: "Start an empty change on top of a revision (the open change if none is given).",
    options: &[MESSAGE, BOOKMARK, CHANGE, REPO, JSON],
    usage_status: 2,
    run: new,
    ..Command::BASE
};

pub const EDIT: Command = Command {
    name: "changes edit",
    synopsis: "changes edit [-r REPO] (REVISION | --bookmark NAME | --change ID)",
    summary: "Open a change that exists.",
    options: &[BOOKMARK, CHANGE, REPO, JSON],
    usage_status: 2,
    run: edit,
    ..Command::BASE
};

pub const LIST: Command = Command {
    name: "changes list",
    synopsis: "changes list [-n COUNT] [-r REPO]",
    summary: "List the open change and those before it, the newest first.",
    options: &[value('n', "limit", "COUNT", "list at most COUNT (50); 0 lists all"), REPO, JSON],
    usage_status: 2,
    run: list,
    ..Command::BASE
};

pub const CURRENT: Command = Command {
    name: "changes current",
    synopsis: "changes current [-r REPO]",
    summary: "Show the open change.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: current,
    ..Command::BASE
};

pub const CHECKPOINT: Command = Command {
    name: "changes checkpoint",
    synopsis: "changes checkpoint [-m TEXT] [-r REPO]",
    summary: "Finish the open change, and go on in a new one with the bookmark on it.",
    options: &[MESSAGE, REPO, JSON],
    usage_status: 2,
    run: checkpoint,
    ..Command::BASE
};

fn new(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let message = args.value('m').map(|value| text("message", value)).transpose()?;
    let checkout = checkout(ctx, args)?;
    let doing = "start a change";
    match revision(args, args.operands().first(), &*checkout)? {
        Some(asked) => checkout
            .new_change(&asked.revision, message)
            .map_err(|error| asked.failed(doing, &*checkout, error))?,
        None => {
            let base = Current::of(&*checkout)?.change.change_id.to_string();
            checkout
                .new_change(&Revision::Change(base), message)
                .map_err(|error| failed(doing, &*checkout, error))?
        }
    };
    moved(ctx, args, &*checkout)
}

fn edit(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let checkout = checkout(ctx, args)?;
    let Some(asked) = revision(args, args.operands().first(), &*checkout)? else {
        return Err(usage("missing revision"));
    };
    checkout
        .edit(&asked.revision)
        .map_err(|error| asked.failed("open the change", &*checkout, error))?;
    moved(ctx, args, &*checkout)
}

fn list(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let limit = match args.value('n') {
        None => LIST_MAX,
        Some(count) => count
            .to_str()
            .ok()
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| usage(format!("invalid count: '{count}'")))?,
    };
    let checkout = checkout(ctx, args)?;
    let open = Current::of(&*checkout)?.change.change_id;
    let changes =
        checkout.changes(limit).map_err(|error| failed("list the changes", &*checkout, error))?;
    if args.has("json") {
        return put_json(ctx, &changes_json(&changes, &open));
    }
    let look = Look::of(ctx);
    for change in &changes {
        ctx.check()?;
        let line = look.line(change, change.change_id == open);
        ctx.stdout.put(format!("{line}\n").as_bytes())?;
    }
    Ok(ExitStatus::SUCCESS)
}

fn current(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let checkout = checkout(ctx, args)?;
    let current = Current::of(&*checkout)?;
    if args.has("json") {
        return put_json(ctx, &current.json(&*checkout));
    }
    let line = Look::of(ctx).line(&current.change, true);
    ctx.stdout.put(format!("{line}\n").as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}

fn checkpoint(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let description = match args.value('m') {
        None => Description::Keep,
        Some(value) => Description::Set(text("message", value)?.to_owned()),
    };
    let checkout = checkout(ctx, args)?;
    let done = checkout
        .checkpoint(description)
        .map_err(|error| failed("make a checkpoint", &*checkout, error))?;
    if args.has("json") {
        let value = json!({
            "saved_change_id": done.saved_change_id.as_str(),
            "saved_change_oid": done.saved_change_oid.as_str(),
            "active_change_id": done.active_change_id.as_str(),
            "active_change_oid": done.active_change_oid.as_str(),
        });
        return put_json(ctx, &value);
    }
    let look = Look::of(ctx);
    let saved = look.id(&done.saved_change_id, 0);
    let oid = look.oid(&done.saved_change_oid);
    let current = Current::of(&*checkout)?;
    let place = place(&look, &*checkout, &current);
    ctx.stdout.put(format!("saved change {saved} as commit {oid}\n{place}\n").as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}
