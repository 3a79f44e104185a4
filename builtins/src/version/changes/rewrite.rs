//! `changes describe`, `abandon`, `squash`, `restore`, `split`, `rebase`, `duplicate`, `merge`.

use mesafs::backend::{ChangeError, Moved, Revision, Squash};
use mesafs::{ChangeId, Checkout};
use serde_json::json;

use super::{MESSAGE, counted, ids, moved, place, rewritten};
use crate::context::ComposeError;
use crate::prelude::*;
use crate::version::compare::compare;
use crate::version::place::{
    Asked, BOOKMARK, CHANGE, CONFLICT, JSON, REPO, checkout, failed, history, named, option,
    options, paths, revision,
};
use crate::version::show::{Current, Look, put_json};
use crate::version::subcommand::{at_most, text};

pub const DESCRIBE: Command = Command {
    name: "changes describe",
    synopsis: "changes describe (-m TEXT | --stdin) [-r REPO] [REVISION | --bookmark NAME | --change ID]",
    summary: "Set the description of a change (the open one if none is given); an empty one clears it.",
    options: &[
        MESSAGE,
        long("stdin", "read the description from standard input"),
        BOOKMARK,
        CHANGE,
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: describe,
    ..Command::BASE
};

pub const ABANDON: Command = Command {
    name: "changes abandon",
    synopsis: "changes abandon [-r REPO] [REVISION]...",
    summary: "Take changes away (the open one if none is given): their children and bookmarks move to their parents.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: abandon,
    ..Command::BASE
};

pub const SQUASH: Command = Command {
    name: "changes squash",
    synopsis: "changes squash [-f REVISION]... [-t REVISION] [-m TEXT] [-k] [-r REPO] [PATH]...",
    summary: "Move what the open change changed into its parent, or from one change into another.",
    options: &[
        value('f', "from", "REVISION", "move what this changed (the open change)"),
        value('t', "into", "REVISION", "move it into this (the parent of the open change)"),
        MESSAGE,
        flag('k', "keep-emptied", "keep a change that has nothing left"),
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: squash,
    ..Command::BASE
};

pub const RESTORE: Command = Command {
    name: "changes restore",
    synopsis: "changes restore [-f REVISION] [-t REVISION] [-r REPO] [PATH]...",
    summary: "Give the open change, or PATHs of it, the content that another revision has.",
    options: &[
        value('f', "from", "REVISION", "take the content of this (the parent of the target)"),
        value('t', "into", "REVISION", "give it to this change (the open one)"),
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: restore,
    ..Command::BASE
};

pub const SPLIT: Command = Command {
    name: "changes split",
    synopsis: "changes split [-m TEXT] [-c REVISION] [-r REPO] PATH...",
    summary: "Split a change in two: it keeps what it changed in PATHs, a new child has the rest.",
    options: &[
        MESSAGE,
        value('c', "of", "REVISION", "split this change (the open one)"),
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: split,
    ..Command::BASE
};

pub const REBASE: Command = Command {
    name: "changes rebase",
    synopsis: "changes rebase [-b REVISION | -s REVISION | --only REVISION]... -d REVISION... [-r REPO]",
    summary: "Move changes onto other parents. Conflicts stop nothing: they are content.",
    options: &[
        value('d', "onto", "REVISION", "the new parent; several make a merge"),
        value('b', "branch", "REVISION", "move the branch that leads to this (the open change)"),
        value('s', "source", "REVISION", "move this and what comes after it"),
        long("only", "move this alone; what comes after it goes to its parents")
            .takes(Takes::Value("REVISION")),
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: rebase,
    ..Command::BASE
};

pub const DUPLICATE: Command = Command {
    name: "changes duplicate",
    synopsis: "changes duplicate [-d REVISION]... [-r REPO] [REVISION]...",
    summary: "Copy changes (the open one if none is given), each under an id of its own.",
    options: &[
        value('d', "onto", "REVISION", "give the copies this parent instead of theirs"),
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: duplicate,
    ..Command::BASE
};

pub const MERGE: Command = Command {
    name: "changes merge",
    synopsis: "changes merge [-m TEXT] [-r REPO] REVISION REVISION...",
    summary: "Start a change on top of several, with their content merged.",
    options: &[MESSAGE, REPO, JSON],
    usage_status: 2,
    run: merge,
    ..Command::BASE
};

/// The operands as revisions; the open change if there are none.
fn operands(
    args: &Args,
    checkout: &dyn Checkout,
) -> Result<(Vec<Revision>, Vec<Asked>), CommandError> {
    let mut asked = Vec::new();
    for word in args.operands() {
        asked.push(named(word.as_bstr(), checkout)?);
    }
    let revisions: Vec<Revision> = asked.iter().map(|asked| asked.revision.clone()).collect();
    let revisions = if revisions.is_empty() { vec![Revision::here()] } else { revisions };
    Ok((revisions, asked))
}

/// A failure that any of these revisions may have led to.
fn told(
    asked: &[Asked],
    doing: &str,
    checkout: &dyn Checkout,
) -> impl FnOnce(ChangeError) -> CommandError {
    move |error| match asked.first() {
        Some(first) => first.failed(doing, checkout, error),
        None => failed(doing, checkout, error),
    }
}

fn message(args: &Args) -> Result<Option<&str>, CommandError> {
    args.value('m').map(|value| text("message", value)).transpose()
}

fn describe(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let read;
    let text = match (message(args)?, args.has("stdin")) {
        (Some(text), false) => text,
        (None, true) => {
            let (bytes, _held) = ctx.stdin.rest_within(&ctx.budget)?;
            read = String::from_utf8(bytes.to_vec())
                .map_err(|_| failure("the description is not UTF-8"))?;
            &read
        }
        (Some(_), true) => return Err(usage("give -m or --stdin, not both")),
        (None, false) => {
            read = composed(ctx, args)?;
            &read
        }
    };
    let checkout = checkout(ctx, args)?;
    let asked = revision(args, args.operands().first(), &*checkout)?;
    let target = asked.as_ref().map_or_else(Revision::here, |asked| asked.revision.clone());
    let done = history(&*checkout)?.describe(&target, text);
    let done = done.map_err(|error| match &asked {
        Some(asked) => asked.failed("describe the change", &*checkout, error),
        None => failed("describe the change", &*checkout, error),
    })?;
    rewritten(ctx, args, &*checkout, &done, "described 1 change")
}

/// What is not part of a description that a person edits.
const COMMENT: &str = "mesash: ";

/// The description as a person edits it.
fn composed(ctx: &mut Context<'_>, args: &Args) -> Result<String, CommandError> {
    let checkout = checkout(ctx, args)?;
    let asked = revision(args, args.operands().first(), &*checkout)?;
    let target = asked.as_ref().map_or_else(Revision::here, |asked| asked.revision.clone());
    let found = history(&*checkout)?.find(&target);
    let change = found.map_err(|error| failed("describe the change", &*checkout, error))?;
    let before = change.description.trim_end();
    let draft = format!(
        "{before}\n\n{COMMENT}describe change {} above; these lines are left out.\n",
        change.change_id
    );
    let text = match ctx.host.compose("description".into(), draft.as_bytes()) {
        Ok(text) => text,
        Err(ComposeError::NoTerminal) => {
            return Err(usage("missing description: give -m TEXT or --stdin"));
        }
        Err(error) => return Err(crate::files::edit::refused(&error)),
    };
    let text = String::from_utf8(text).map_err(|_| failure("the description is not UTF-8"))?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(COMMENT)).collect();
    Ok(lines.join("\n").trim().to_owned())
}

fn abandon(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    let (revisions, asked) = operands(args, &*checkout)?;
    let done = history(&*checkout)?.abandon(&revisions);
    let done = done.map_err(told(&asked, "abandon the change", &*checkout))?;
    let did = format!("abandoned {}", counted(done.abandoned.len()));
    rewritten(ctx, args, &*checkout, &done, &did)
}

fn squash(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    let from = options(args, "from", &*checkout)?;
    // As in jj: what is squashed from elsewhere goes into the open change.
    let into = if from.is_empty() { "@-" } else { "@" };
    let squash = Squash {
        into: option(args, "into", into, &*checkout)?,
        from: if from.is_empty() { vec![Revision::here()] } else { from },
        paths: paths(ctx, args.operands(), &*checkout)?,
        message: message(args)?.map(str::to_owned),
        keep_emptied: args.has('k'),
    };
    let done = history(&*checkout)?.squash(&squash);
    let done = done.map_err(|error| failed("squash", &*checkout, error))?;
    let did = match done.rewritten.is_empty() {
        true => "nothing to squash".to_owned(),
        false => format!("squashed into {}", squash.into),
    };
    rewritten(ctx, args, &*checkout, &done, &did)
}

fn restore(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    let into = option(args, "into", "@", &*checkout)?;
    let is_symbol =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'@');
    let parent = match into.to_string() {
        into if is_symbol(&into) => format!("{into}-"),
        into => format!("({into})-"),
    };
    let from = option(args, "from", &parent, &*checkout)?;
    let paths = paths(ctx, args.operands(), &*checkout)?;
    let done = history(&*checkout)?.restore(&into, &from, &paths);
    let done = done.map_err(|error| failed("restore", &*checkout, error))?;
    let did = match done.rewritten.is_empty() {
        true => "nothing to restore".to_owned(),
        false => format!("restored from {from}"),
    };
    rewritten(ctx, args, &*checkout, &done, &did)
}

fn split(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing path"));
    }
    let checkout = checkout(ctx, args)?;
    let of = option(args, "of", "@", &*checkout)?;
    let paths = paths(ctx, args.operands(), &*checkout)?;
    let fail = |error| failed("split the change", &*checkout, error);
    let changed = history(&*checkout)?.changed(&of).map_err(fail)?;
    if compare(ctx, &changed, &paths)?.is_empty() {
        return Err(failure("the change has changed nothing there"));
    }
    let halves = history(&*checkout)?.split(&of, &paths, message(args)?);
    let (first, rest) = halves.map_err(fail)?;
    let current = Current::of(&*checkout)?;
    if args.has("json") {
        let value = json!({
            "first_change_id": first.as_str(),
            "rest_change_id": rest.as_str(),
            "current": current.json(&*checkout),
        });
        return put_json(ctx, &value);
    }
    let look = Look::of(ctx);
    let (first, rest) = (look.id(&first, 0), look.id(&rest, 0));
    let place = place(&look, &*checkout, &current);
    ctx.stdout
        .put(format!("{first} keeps the paths, {rest} has the rest\n{place}\n").as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}

fn rebase(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let checkout = checkout(ctx, args)?;
    let onto = options(args, "onto", &*checkout)?;
    if onto.is_empty() {
        return Err(usage("missing new parent: give -d REVISION"));
    }
    let ways =
        [("branch", Moved::Branch), ("source", Moved::WithDescendants), ("only", Moved::Alone)];
    let mut given = ways.into_iter().filter(|(key, _)| args.has(*key));
    let (revisions, way) = match (given.next(), given.next()) {
        (None, _) => (vec![Revision::here()], Moved::Branch),
        (Some((key, way)), None) => (options(args, key, &*checkout)?, way),
        (Some(_), Some(_)) => return Err(usage("give one of -b, -s and --only")),
    };
    let done = history(&*checkout)?.rebase(&revisions, way, &onto);
    let done = done.map_err(|error| failed("rebase", &*checkout, error))?;
    let did = format!("rebased {}", counted(done.rewritten.len()));
    rewritten(ctx, args, &*checkout, &done, &did)
}

fn duplicate(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    let (revisions, asked) = operands(args, &*checkout)?;
    let onto = options(args, "onto", &*checkout)?;
    let copies = history(&*checkout)?.duplicate(&revisions, &onto);
    let copies: Vec<ChangeId> = copies.map_err(told(&asked, "duplicate the change", &*checkout))?;
    if args.has("json") {
        return put_json(ctx, &json!({ "change_ids": ids(&copies) }));
    }
    let look = Look::of(ctx);
    for copy in &copies {
        ctx.stdout.put(format!("made change {}\n", look.id(copy, 0)).as_bytes())?;
    }
    let current = Current::of(&*checkout)?;
    ctx.stdout.put(format!("{}\n", place(&look, &*checkout, &current)).as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}

fn merge(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().len() < 2 {
        return Err(usage("give two revisions or more"));
    }
    let checkout = checkout(ctx, args)?;
    let (revisions, asked) = operands(args, &*checkout)?;
    let merged = history(&*checkout)?.merge(&revisions, message(args)?);
    merged.map_err(told(&asked, "merge", &*checkout))?;
    let said = moved(ctx, args, &*checkout)?;
    let conflicted = Current::of(&*checkout)?.change.conflicted;
    Ok(if conflicted { CONFLICT } else { said })
}
