//! `ops`: the log of operations, and going back to one.

use mesafs::backend::OperationInfo;
use serde_json::{Value, json};

use super::changes::{limit, rewritten};
use super::place::{JSON, REPO, checkout, failed, history};
use super::show::{Look, put_json};
use super::subcommand::{Family, at_most, dispatch, text};
use crate::prelude::*;
use nu_ansi_term::Color;

/// How many letters of an operation's id are shown.
const ID_CHARS: usize = 12;

pub const OPS: Command = Command {
    name: "ops",
    synopsis: "ops [-n COUNT] [-r REPO] [--json]\nops restore ID",
    summary: "List what was done to a repository, and go back to an earlier state.",
    options: &[value('n', "limit", "COUNT", "list at most COUNT (50); 0 lists all"), REPO, JSON],
    examples: &[Example {
        about: "Take back what was abandoned.",
        script: "echo hi > a; changes abandon > /dev/null; ls\nops restore $(ops --json | grep -o '[0-9a-f]\\{128\\}' | sed -n 2p) > /dev/null\nchanges edit main > /dev/null; cat a",
        prints: "hi\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: |ctx, args| dispatch(ctx, &FAMILY, args.operands()),
    ..Command::BASE
};

const FAMILY: Family = Family { command: &OPS, default: &DEFAULT, subcommands: &[&LIST, &RESTORE] };

const DEFAULT: Command = Command { name: "ops", ..LIST };

const LIST: Command = Command {
    name: "ops list",
    synopsis: "ops list [-n COUNT] [-r REPO]",
    summary: "List operations, the newest first.",
    options: &[value('n', "limit", "COUNT", "list at most COUNT (50); 0 lists all"), REPO, JSON],
    usage_status: 2,
    run: list,
    ..Command::BASE
};

const RESTORE: Command = Command {
    name: "ops restore",
    synopsis: "ops restore [-r REPO] ID",
    summary: "Make changes and bookmarks what they were after an operation. That is one, too.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: restore,
    ..Command::BASE
};

fn short(id: &str) -> &str {
    id.get(..ID_CHARS).unwrap_or(id)
}

fn operation_json(operation: &OperationInfo) -> Value {
    json!({
        "id": operation.id,
        "description": operation.description,
        "ended_ms": operation.ended_ms,
        "snapshot": operation.snapshot,
    })
}

fn list(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let limit = limit(args)?;
    let checkout = checkout(ctx, args)?;
    let operations = history(&*checkout)?
        .operations(limit)
        .map_err(|error| failed("list the operations", &*checkout, error))?;
    if args.has("json") {
        return put_json(ctx, &operations.iter().map(operation_json).collect());
    }
    let look = Look::of(ctx);
    for (at, operation) in operations.iter().enumerate() {
        ctx.check()?;
        let mark = if at == 0 { look.paint(Color::Green.bold(), "@") } else { "○".to_owned() };
        let id = look.paint(Color::Blue.into(), short(&operation.id));
        let when = look.when(operation.ended_ms);
        let line = format!("{mark} {id}  {when:15}  {}\n", operation.description);
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(ExitStatus::SUCCESS)
}

fn restore(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let Some(id) = args.operands().first() else {
        return Err(usage("missing operation id"));
    };
    let id = text("operation id", id.as_bstr())?;
    let checkout = checkout(ctx, args)?;
    let done = history(&*checkout)?
        .restore_operation(id)
        .map_err(|error| failed("restore", &*checkout, error))?;
    let did = format!("everything is as it was after operation {}", short(id));
    rewritten(ctx, args, &*checkout, &done, &did)
}
