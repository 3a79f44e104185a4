//! `changes`: the units of work of a repository.

mod begin;
mod inspect;
mod rewrite;

use mesafs::Checkout;
use mesafs::backend::Rewriting;
use serde_json::{Value, json};

pub(super) use inspect::{conflict_json, conflict_line, limit};

use super::place::{CONFLICT, JSON, REPO, checkout, failed};
use super::show::{Current, Look, change_json, put_json};
use super::subcommand::{Family, at_most, dispatch};
use crate::prelude::*;

/// How many changes `changes` shows.
const OVERVIEW_MAX: usize = 10;

pub const CHANGES: Command = Command {
    name: "changes",
    synopsis: "changes [-r REPO] [--json]\nchanges SUBCOMMAND [OPTION]... [REVISION]",
    summary: "Show and make changes: units of work with their own history.\nA REVISION is a bookmark, a change id or a unique prefix of one, a commit oid, or what jj's language\nnames: @ is the open change, @- its parent, 'x..y' what y has and x has not.\nThe status is 3 where a conflict is left, 4 without the right to it, 5 where trying again may help.",
    options: &[REPO, JSON],
    examples: &[Example {
        about: "Describe what was done and go on in a new change.",
        script: "echo hi > a; changes checkpoint -m 'Say hi' > /dev/null; changes | grep -o 'Say hi'",
        prints: "Say hi\n",
    }],
    subcommands: &[
        &begin::NEW,
        &begin::EDIT,
        &begin::LIST,
        &begin::CURRENT,
        &begin::CHECKPOINT,
        &inspect::STATUS,
        &inspect::DIFF,
        &inspect::SHOW,
        &inspect::LOG,
        &inspect::HISTORY,
        &rewrite::DESCRIBE,
        &rewrite::ABANDON,
        &rewrite::SQUASH,
        &rewrite::RESTORE,
        &rewrite::SPLIT,
        &rewrite::REBASE,
        &rewrite::DUPLICATE,
        &rewrite::MERGE,
    ],
    order: Order::Raw,
    usage_status: 2,
    run: |ctx, args| dispatch(ctx, &FAMILY, args.operands()),
    ..Command::BASE
};

const FAMILY: Family = Family {
    command: &CHANGES,
    default: &OVERVIEW,
    known_as: &[
        ("commit", "changes checkpoint"),
        ("ci", "changes checkpoint"),
        ("evolog", "changes history"),
        ("obslog", "changes history"),
        ("st", "changes status"),
        ("desc", "changes describe"),
        ("undo", "undo"),
        ("redo", "redo"),
        ("resolve", "resolve"),
        ("bookmark", "bookmarks"),
        ("op", "ops"),
    ],
};

const OVERVIEW: Command =
    Command { order: Order::Permute, options: &[REPO, JSON], run: overview, ..CHANGES };

const MESSAGE: Opt = value('m', "message", "TEXT", "describe the change");

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
pub(super) fn place(look: &Look, checkout: &dyn Checkout, current: &Current) -> String {
    let change = &current.change;
    let id = look.id(&change.change_id, change.prefix_len);
    let bookmark = match &current.bookmark {
        Some(name) => format!(" ({})", look.bookmark(name.as_str())),
        None => String::new(),
    };
    format!("{} is on change {id}{bookmark}: {}", checkout.repo(), look.description(change))
}

/// The next command, for a person only.
pub(super) fn hint(ctx: &mut Context<'_>, text: &str) -> Result<(), CommandError> {
    if ctx.stdout.is_terminal() {
        ctx.stdout.put(format!("({text})\n").as_bytes())?;
    }
    Ok(())
}

/// What is said after the checkout moved.
pub(super) fn moved(ctx: &mut Context<'_>, args: &Args, checkout: &dyn Checkout) -> CommandResult {
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

fn ids(changes: &[mesafs::ChangeId]) -> Vec<&str> {
    changes.iter().map(mesafs::ChangeId::as_str).collect()
}

/// What is said after history was rewritten: what became of the changes, and where you are now.
/// Conflicts that came of it make the status.
pub(super) fn rewritten(
    ctx: &mut Context<'_>,
    args: &Args,
    checkout: &dyn Checkout,
    done: &Rewriting,
    did: &str,
) -> CommandResult {
    let current = Current::of(checkout)?;
    let status = if done.conflicted.is_empty() { ExitStatus::SUCCESS } else { CONFLICT };
    if args.has("json") {
        let value = json!({
            "rewritten": ids(&done.rewritten),
            "abandoned": ids(&done.abandoned),
            "conflicted": ids(&done.conflicted),
            "current": current.json(checkout),
        });
        put_json(ctx, &value)?;
        return Ok(status);
    }
    let look = Look::of(ctx);
    let list = |changes: &[mesafs::ChangeId]| {
        changes.iter().map(|id| look.id(id, 0)).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{did}\n");
    if !done.abandoned.is_empty() {
        text += &format!("gone: {}\n", list(&done.abandoned));
    }
    if !done.conflicted.is_empty() {
        text += &format!("new conflicts in: {}\n", list(&done.conflicted));
    }
    text += &format!("{}\n", place(&look, checkout, &current));
    ctx.stdout.put(text.as_bytes())?;
    if current.change.conflicted {
        hint(ctx, "see them: conflicts; settle one: resolve --ours|--theirs PATH")?;
    }
    Ok(status)
}

/// How many, in words.
pub(super) fn counted(count: usize) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

/// JSON of several changes, the open one marked.
fn changes_json(changes: &[mesafs::backend::ChangeInfo], open: &mesafs::ChangeId) -> Value {
    changes.iter().map(|change| change_json(change, change.change_id == *open)).collect()
}
