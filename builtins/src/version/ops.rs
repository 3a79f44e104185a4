//! `ops`: the log of operations, who changed which file, and going back to an earlier state.

use mesafs::Checkout;
use mesafs::backend::{
    AuditEntry, BookmarkMove, Cause, ChangeError, CommitMove, OperationDetails, OperationInfo,
};
use mesafs::name::CommitOid;
use nu_ansi_term::{Color, Style};
use serde_json::{Value, json};

use super::changes::{limit, rewritten};
use super::place::{JSON, REPO, checkout, failed, history, paths, seen};
use super::show::{Look, put_json};
use super::subcommand::{Family, NO_PAGER, at_most, dispatch, page, text};
use crate::args::{Takes, long};
use crate::prelude::*;

/// How many letters of an operation's id are shown.
const ID_CHARS: usize = 12;

const PATH: Opt =
    long("path", "list the edits of PATH, of what is below it, or of a folder above it")
        .takes(Takes::Value("PATH"));
const LIMIT: Opt = value('n', "limit", "COUNT", "list at most COUNT (50); 0 lists all");

pub const OPS: Command = Command {
    name: "ops",
    synopsis: "ops [-n COUNT] [-r REPO] [--path PATH]... [--json]\nops show [-r REPO] [ID]\nops restore [-r REPO] ID",
    summary: "List what was done to a repository, when, by whom and by which line; with --path who changed a\nfile and by what. Show one operation; go back to an earlier state.",
    options: &[LIMIT, PATH, REPO, NO_PAGER, JSON],
    examples: &[
        Example {
            about: "Who changed a file, and by what.",
            script: "echo hi > a; echo more >> a\nops --path a | grep -F '$'",
            prints: "    $ echo hi > a; echo more >> a\n",
        },
        Example {
            about: "Take back what was abandoned.",
            script: "echo hi > a; changes abandon > /dev/null; ls\nops restore $(ops --json | grep -o '[0-9a-f]\\{128\\}' | sed -n 2p) > /dev/null\nchanges edit main > /dev/null; cat a",
            prints: "hi\n",
        },
    ],
    subcommands: &[&LIST, &SHOW, &RESTORE],
    order: Order::Raw,
    usage_status: 2,
    run: |ctx, args| dispatch(ctx, &FAMILY, args.operands()),
    ..Command::BASE
};

const FAMILY: Family =
    Family { command: &OPS, default: &DEFAULT, known_as: &[("log", "ops list"), ("undo", "undo")] };

const DEFAULT: Command = Command { name: "ops", ..LIST };

const LIST: Command = Command {
    name: "ops list",
    synopsis: "ops list [-n COUNT] [-r REPO] [--path PATH]...",
    summary: "List operations, the newest first; with --path edits.",
    options: &[LIMIT, PATH, REPO, NO_PAGER, JSON],
    usage_status: 2,
    run: list,
    ..Command::BASE
};

const SHOW: Command = Command {
    name: "ops show",
    synopsis: "ops show [-r REPO] [ID]",
    summary: "Show what an operation did, the last one if no ID is given.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: show,
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

fn cause_json(cause: &Cause) -> Value {
    json!({
        "author": cause.author,
        "author_email": cause.author_email,
        "session": cause.session,
        "key": cause.key,
        "line": cause.line.to_string(),
    })
}

fn operation_json(operation: &OperationInfo) -> Value {
    json!({
        "id": operation.id,
        "description": operation.description,
        "ended_ms": operation.ended_ms,
        "snapshot": operation.snapshot,
        "who": operation.who,
        "causes": operation.causes.iter().map(cause_json).collect::<Vec<_>>(),
        "edits": operation.edits,
        "paths": operation.paths.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn edit_json(edit: &AuditEntry) -> Value {
    json!({
        "path": edit.path.to_string(),
        "to": edit.to.as_ref().map(ToString::to_string),
        "op": edit.op.as_str(),
        "count": edit.count,
        "time_ms": edit.time_ms,
        "version": edit.version,
        "change_id": edit.change.as_str(),
        "before": edit.before.map(|id| id.to_string()),
        "after": edit.after.map(|id| id.to_string()),
        "cause": cause_json(&edit.cause),
    })
}

fn list(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    page(ctx, args);
    at_most(args, 0)?;
    let limit = limit(args)?;
    let checkout = checkout(ctx, args)?;
    let named: Vec<BString> = args.values("path").map(BStr::to_owned).collect();
    if !named.is_empty() {
        return edits(ctx, args, &*checkout, &named, limit);
    }
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
        let line = format!("{mark} {}\n", headline(&look, operation));
        ctx.stdout.put(line.as_bytes())?;
        // The newest line stands last, where the eye is.
        for cause in operation.causes.iter().rev().filter(|cause| !cause.line.is_empty()) {
            ctx.stdout.put(&line_of(&look, cause))?;
        }
    }
    Ok(ExitStatus::SUCCESS)
}

/// Id, time, who, and what in a few words.
fn headline(look: &Look, operation: &OperationInfo) -> String {
    let id = look.paint(Color::Blue.into(), short(&operation.id));
    if operation.parents.is_empty() {
        return format!("{id}  root()");
    }
    let when = look.when(operation.ended_ms);
    let who = look.paint(Color::Yellow.into(), &operation.who);
    let mut line = format!("{id}  {when:15}  {who}  {}", operation.description);
    if let Some((last, others)) = operation.paths.split_last() {
        let paths: Vec<String> = others.iter().chain([last]).map(ToString::to_string).collect();
        line.push_str(&format!(": {}", paths.join(", ")));
        if paths.len() >= mesafs::backend::TOLD_MAX {
            line.push_str(", ...");
        }
    }
    line
}

/// The first line of a cause's, as it was typed.
fn line_of(look: &Look, cause: &Cause) -> Vec<u8> {
    let mut lines = cause.line.lines();
    let first = lines.next().unwrap_or_default();
    let more: &[u8] = if lines.next().is_some() { b" ..." } else { b"" };
    let mut out = b"    ".to_vec();
    look.put(&mut out, Style::new().dimmed(), b"$ ");
    out.extend_from_slice(first);
    out.extend_from_slice(more);
    out.push(b'\n');
    out
}

fn edits(
    ctx: &mut Context<'_>,
    args: &Args,
    checkout: &dyn Checkout,
    named: &[BString],
    limit: usize,
) -> CommandResult {
    let paths = paths(ctx, named, checkout)?;
    let edits = history(checkout)?
        .audit(&paths, limit)
        .map_err(|error| failed("look up who changed it", checkout, error))?;
    if args.has("json") {
        return put_json(ctx, &edits.iter().map(edit_json).collect());
    }
    put_edits(ctx, checkout, &edits)
}

/// Edits, each followed by its line where that is not the line of the one after it, too.
fn put_edits(
    ctx: &mut Context<'_>,
    checkout: &dyn Checkout,
    edits: &[AuditEntry],
) -> CommandResult {
    let look = Look::of(ctx);
    for (at, edit) in edits.iter().enumerate() {
        ctx.check()?;
        let who = look.paint(Color::Yellow.into(), &edit.cause.author);
        let mut line = format!("{:15}  {who}  {} ", look.when(edit.time_ms), edit.op.as_str());
        let path = seen(ctx, &edit.path, checkout);
        let mut line_bytes = std::mem::take(&mut line).into_bytes();
        line_bytes.extend_from_slice(&path);
        if let Some(to) = &edit.to {
            line_bytes.extend_from_slice(b" to ");
            line_bytes.extend_from_slice(&seen(ctx, to, checkout));
        }
        if edit.count > 1 {
            line_bytes.extend_from_slice(format!(" ({} times)", edit.count).as_bytes());
        }
        line_bytes.push(b'\n');
        ctx.stdout.put(&line_bytes)?;
        let goes_on = edits.get(at + 1).is_some_and(|next| next.cause == edit.cause);
        if !goes_on && !edit.cause.line.is_empty() {
            ctx.stdout.put(&line_of(&look, &edit.cause))?;
        }
    }
    Ok(ExitStatus::SUCCESS)
}

fn show(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let checkout = checkout(ctx, args)?;
    let history = history(&*checkout)?;
    let fail = |error| failed("show the operation", &*checkout, error);
    let id = match args.operands().first() {
        Some(id) => text("operation id", id.as_bstr())?.to_owned(),
        None => match history.operations(1).map_err(fail)?.pop() {
            Some(last) => last.id,
            None => return Ok(ExitStatus::SUCCESS),
        },
    };
    let details = history.operation(&id).map_err(fail)?;
    if args.has("json") {
        return put_json(ctx, &details_json(&details));
    }
    let look = Look::of(ctx);
    let operation = &details.operation;
    let mut out = format!("{}\n", headline(&look, operation)).into_bytes();
    for cause in &operation.causes {
        if !cause.session.is_empty() {
            let told = format!("  session {} of key {}\n", cause.session, cause.key);
            out.extend_from_slice(told.as_bytes());
        }
        // Whole: this is where it is looked at.
        for line in cause.line.lines() {
            out.extend_from_slice(&[b"    $ ", line, b"\n"].concat());
        }
    }
    out.extend_from_slice(moves(&look, &details).as_bytes());
    ctx.stdout.put(&out)?;
    if !details.edits.is_empty() {
        ctx.stdout.put(b"\n")?;
    }
    put_edits(ctx, &*checkout, &details.edits)
}

/// What became of changes and bookmarks, a line each.
fn moves(look: &Look, details: &OperationDetails) -> String {
    let oid = |oid: &Option<CommitOid>| match oid {
        Some(oid) => look.oid(oid),
        None => "nothing".to_owned(),
    };
    let mut text = String::new();
    for CommitMove { change, before, after, summary } in &details.changes {
        let summary = if summary.is_empty() { "(no description set)" } else { summary };
        let id = look.id(change, 0);
        text += &match (before, after) {
            (None, Some(_)) => format!("  new {id} {}: {summary}\n", oid(after)),
            (Some(_), None) => format!("  gone {id} {}: {summary}\n", oid(before)),
            _ => format!("  change {id} {} -> {}: {summary}\n", oid(before), oid(after)),
        };
    }
    for BookmarkMove { name, before, after } in &details.bookmarks {
        let all = |oids: &[CommitOid]| match oids {
            [] => "nothing".to_owned(),
            oids => oids.iter().map(|oid| look.oid(oid)).collect::<Vec<_>>().join(" and "),
        };
        let name = look.bookmark(name);
        text += &format!("  bookmark {name} {} -> {}\n", all(before), all(after));
    }
    text
}

fn details_json(details: &OperationDetails) -> Value {
    let mut value = operation_json(&details.operation);
    let oids = |oids: &[CommitOid]| -> Value { oids.iter().map(CommitOid::as_str).collect() };
    let changes = details.changes.iter().map(|moved| {
        json!({
            "change_id": moved.change.as_str(),
            "before": moved.before.as_ref().map(CommitOid::as_str),
            "after": moved.after.as_ref().map(CommitOid::as_str),
            "summary": moved.summary,
        })
    });
    let bookmarks = details.bookmarks.iter().map(|moved| {
        json!({ "name": moved.name, "before": oids(&moved.before), "after": oids(&moved.after) })
    });
    if let Value::Object(fields) = &mut value {
        fields.insert("parents".into(), details.operation.parents.clone().into());
        fields.insert("changes".into(), changes.collect());
        fields.insert("bookmarks".into(), bookmarks.collect());
        // Here they are listed, not counted.
        fields.insert("edits".into(), details.edits.iter().map(edit_json).collect());
    }
    value
}

fn restore(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let Some(id) = args.operands().first() else {
        return Err(usage("missing operation id"));
    };
    let id = text("operation id", id.as_bstr())?;
    let checkout = checkout(ctx, args)?;
    let done = history(&*checkout)?.restore_operation(id).map_err(|error| match error {
        ChangeError::NoBookmark(name) => failure(format!(
            "operation {} is from before there was a bookmark '{name}': nothing could be opened then",
            short(id)
        )),
        error => failed("restore", &*checkout, error),
    })?;
    let did = format!("everything is as it was after operation {}", short(id));
    rewritten(ctx, args, &*checkout, &done, &did)
}
