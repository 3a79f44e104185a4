//! `changes`: the units of work of a repository.

use mesafs::Checkout;
use mesafs::backend::{Description, Revision};
use serde_json::json;

use super::place::{BOOKMARK, CHANGE, JSON, REPO, checkout, failed, revision};
use super::show::{Current, Look, change_json, put_json, short_oid};
use super::subcommand::{Family, at_most, dispatch, text};
use crate::prelude::*;

/// How many changes `changes` shows, and `changes list` without `-n`.
const OVERVIEW_MAX: usize = 10;
const LIST_MAX: usize = 50;

pub const CHANGES: Command = Command {
    name: "changes",
    synopsis: "changes [-r REPO] [--json]\nchanges SUBCOMMAND [OPTION]... [REVISION]",
    summary: "Show and make changes: units of work with their own history.\nA REVISION is a bookmark, a change id or a unique prefix of one, or @, the open change.",
    options: &[REPO, JSON],
    examples: &[Example {
        about: "Describe what was done and go on in a new change.",
        script: "echo hi > a; changes checkpoint -m 'Say hi' > /dev/null; changes | grep -o 'Say hi'",
        prints: "Say hi\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: |ctx, args| dispatch(ctx, &FAMILY, args.operands()),
    ..Command::BASE
};

const FAMILY: Family = Family {
    command: &CHANGES,
    default: &OVERVIEW,
    subcommands: &[&NEW, &EDIT, &LIST, &CURRENT, &CHECKPOINT],
};

const OVERVIEW: Command =
    Command { order: Order::Permute, options: &[REPO, JSON], run: overview, ..CHANGES };

const MESSAGE: Opt = value('m', "message", "TEXT", "describe the change");

const NEW: Command = Command {
    name: "changes new",
    synopsis: "changes new [-m TEXT] [-r REPO] [REVISION | --bookmark NAME | --change ID]",
    summary: "Start an empty change on top of a revision (the open change if none is given).",
    options: &[MESSAGE, BOOKMARK, CHANGE, REPO, JSON],
    usage_status: 2,
    run: new,
    ..Command::BASE
};

const EDIT: Command = Command {
    name: "changes edit",
    synopsis: "changes edit [-r REPO] (REVISION | --bookmark NAME | --change ID)",
    summary: "Open a change that exists.",
    options: &[BOOKMARK, CHANGE, REPO, JSON],
    usage_status: 2,
    run: edit,
    ..Command::BASE
};

const LIST: Command = Command {
    name: "changes list",
    synopsis: "changes list [-n COUNT] [-r REPO]",
    summary: "List the open change and those before it, the newest first.",
    options: &[value('n', "limit", "COUNT", "list at most COUNT (50); 0 lists all"), REPO, JSON],
    usage_status: 2,
    run: list,
    ..Command::BASE
};

const CURRENT: Command = Command {
    name: "changes current",
    synopsis: "changes current [-r REPO]",
    summary: "Show the open change.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: current,
    ..Command::BASE
};

const CHECKPOINT: Command = Command {
    name: "changes checkpoint",
    synopsis: "changes checkpoint [-m TEXT] [-r REPO]",
    summary: "Finish the open change, and go on in a new one with the bookmark on it.",
    options: &[MESSAGE, REPO, JSON],
    usage_status: 2,
    run: checkpoint,
    ..Command::BASE
};

fn overview(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let checkout = checkout(ctx, args)?;
    let current = Current::of(&*checkout)?;
    let changes = checkout
        .changes(OVERVIEW_MAX)
        .map_err(|error| failed("list the changes", &*checkout, error))?;
    let is_open = |id: &mesafs::ChangeId| *id == current.change.change_id;
    if args.has("json") {
        let list: Vec<_> =
            changes.iter().map(|change| change_json(change, is_open(&change.change_id))).collect();
        let value = json!({ "current": current.json(&*checkout), "changes": list });
        return put_json(ctx, &value);
    }
    let look = Look::of(ctx);
    ctx.stdout.put(format!("{}\n\n", place(&look, &*checkout, &current)).as_bytes())?;
    for change in &changes {
        let line = look.line(change, is_open(&change.change_id));
        ctx.stdout.put(format!("{line}\n").as_bytes())?;
    }
    if changes.len() == OVERVIEW_MAX {
        hint(ctx, "all of them: changes list -n 0")?;
    }
    Ok(ExitStatus::SUCCESS)
}

/// `local/app is on change kxqzmnop (main): (empty) (no description set)`
fn place(look: &Look, checkout: &dyn Checkout, current: &Current) -> String {
    let change = &current.change;
    let id = look.id(&change.change_id, change.prefix_len);
    let bookmark = match &current.bookmark {
        Some(name) => format!(" ({})", look.bookmark(name.as_str())),
        None => String::new(),
    };
    format!("{} is on change {id}{bookmark}: {}", checkout.repo(), look.description(change))
}

/// The next command, for a person only.
fn hint(ctx: &mut Context<'_>, text: &str) -> Result<(), CommandError> {
    if ctx.stdout.is_terminal() {
        ctx.stdout.put(format!("({text})\n").as_bytes())?;
    }
    Ok(())
}

/// What is said after the checkout moved.
fn moved(ctx: &mut Context<'_>, args: &Args, checkout: &dyn Checkout) -> CommandResult {
    let current = Current::of(checkout)?;
    if args.has("json") {
        return put_json(ctx, &current.json(checkout));
    }
    let line = place(&Look::of(ctx), checkout, &current);
    ctx.stdout.put(format!("{line}\n").as_bytes())?;
    if current.bookmark.is_none() && !current.change.immutable {
        hint(ctx, "give it a name: bookmarks create NAME")?;
    }
    if current.change.immutable {
        hint(ctx, "it is immutable; to write: changes new")?;
    }
    Ok(ExitStatus::SUCCESS)
}

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
        let list: Vec<_> =
            changes.iter().map(|change| change_json(change, change.change_id == open)).collect();
        return put_json(ctx, &list.into());
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
    let oid = short_oid(&done.saved_change_oid);
    let current = Current::of(&*checkout)?;
    let place = place(&look, &*checkout, &current);
    ctx.stdout.put(format!("saved change {saved} as commit {oid}\n{place}\n").as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}
