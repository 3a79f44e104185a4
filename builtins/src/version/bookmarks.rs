//! `bookmarks`: names that point at changes.

use mesafs::backend::{
    Backwards, BookmarkInfo, ChangeError, MergeOptions, MergeOutcome, MergeStrategy, Revision,
};
use mesafs::name::BookmarkName;
use mesafs::{Checkout, CommitOid, name::ChangeId};
use serde_json::json;

use super::changes::{hint, place};
use super::place::{
    BOOKMARK, CHANGE, CONFLICT, JSON, REPO, checkout, failed, history, named, revision,
};
use super::show::{Current, Look, put_json};
use super::subcommand::{Family, at_most, dispatch, text};
use crate::pattern::{Options, Pattern};
use crate::prelude::*;

pub const BOOKMARKS: Command = Command {
    name: "bookmarks",
    synopsis: "bookmarks [-r REPO] [--json]\nbookmarks SUBCOMMAND [OPTION]... [NAME [REVISION]]",
    summary: "List, make, move and merge bookmarks: names that point at changes.\nREVISIONs are those of 'changes'. With --expect a bookmark is only touched where it is expected;\nelse the status is 5, and trying again may help.",
    options: &[REPO, JSON],
    examples: &[Example {
        about: "A second name on the open change.",
        script: "bookmarks create fix > /dev/null; bookmarks | cut -c 3-6",
        prints: "fix \nmain\n",
    }],
    subcommands: &[&LIST, &CREATE, &SET, &MOVE, &ADVANCE, &RENAME, &DELETE, &MERGE],
    order: Order::Raw,
    usage_status: 2,
    run: |ctx, args| dispatch(ctx, &FAMILY, args.operands()),
    ..Command::BASE
};

const FAMILY: Family = Family {
    command: &BOOKMARKS,
    default: &DEFAULT,
    known_as: &[("forget", "bookmarks delete"), ("rm", "bookmarks delete")],
};

const DEFAULT: Command = Command { name: "bookmarks", ..LIST };

const LIST: Command = Command {
    name: "bookmarks list",
    synopsis: "bookmarks list [-r REPO] [PATTERN]...",
    summary: "List the bookmarks (those that match a PATTERN), the default one marked with *.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: list,
    ..Command::BASE
};

const CREATE: Command = Command {
    name: "bookmarks create",
    synopsis: "bookmarks create [-r REPO] NAME [REVISION | --bookmark NAME | --change ID]",
    summary: "Create a bookmark on a revision (the open change if none is given).",
    options: &[BOOKMARK, CHANGE, REPO, JSON],
    usage_status: 2,
    run: create,
    ..Command::BASE
};

const EXPECT: Opt =
    long("expect", "fail if the bookmark is not on this revision").takes(Takes::Value("REVISION"));

const SET: Command = Command {
    name: "bookmarks set",
    synopsis: "bookmarks set [--expect REVISION] [-r REPO] NAME [REVISION | --bookmark NAME | --change ID]",
    summary: "Put a bookmark on a revision (the open change if none is given), wherever it was before.",
    options: &[EXPECT, BOOKMARK, CHANGE, REPO, JSON],
    usage_status: 2,
    run: set,
    ..Command::BASE
};

const MOVE: Command = Command {
    name: "bookmarks move",
    synopsis: "bookmarks move [OPTION]... NAME [REVISION | --bookmark NAME | --change ID]",
    summary: "Move a bookmark forward to a revision (the open change if none is given).",
    options: &[
        long("allow-backwards", "move backwards or sideways too"),
        EXPECT,
        BOOKMARK,
        CHANGE,
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: move_,
    ..Command::BASE
};

const ADVANCE: Command = Command {
    name: "bookmarks advance",
    synopsis: "bookmarks advance [-r REPO] [NAME]...",
    summary: "Move bookmarks (those that come closest) forward to the nearest change that is not empty.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: advance,
    ..Command::BASE
};

const RENAME: Command = Command {
    name: "bookmarks rename",
    synopsis: "bookmarks rename [--expect REVISION] [-r REPO] OLD NEW",
    summary: "Give a bookmark another name.",
    options: &[EXPECT, REPO, JSON],
    usage_status: 2,
    run: rename,
    ..Command::BASE
};

const DELETE: Command = Command {
    name: "bookmarks delete",
    synopsis: "bookmarks delete [--expect REVISION] [-r REPO] NAME...",
    summary: "Take names away. Their changes stay.",
    options: &[EXPECT, REPO, JSON],
    usage_status: 2,
    run: delete,
    ..Command::BASE
};

const MERGE: Command = Command {
    name: "bookmarks merge",
    synopsis: "bookmarks merge [OPTION]... SOURCE\nbookmarks merge [OPTION]... TARGET SOURCE",
    summary: "Bring everything that SOURCE has into TARGET (the bookmark that you are on).\nThe status is 3 where that leaves a conflict.",
    options: &[
        value('m', "message", "TEXT", "describe the merge"),
        long("strategy", "auto goes forward where that is possible; merge_commit never does")
            .takes(Takes::Value("auto|merge_commit")),
        long("delete-source", "take SOURCE's name away afterwards"),
        EXPECT,
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: merge,
    ..Command::BASE
};

fn all(checkout: &dyn Checkout) -> Result<Vec<BookmarkInfo>, CommandError> {
    checkout.bookmarks().map_err(|error| failed("list the bookmarks", checkout, error))
}

fn list(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    let mut bookmarks = all(&*checkout)?;
    let patterns: Vec<Pattern> =
        args.operands().iter().map(|operand| Pattern::new(operand, Options::default())).collect();
    bookmarks.retain(|bookmark| {
        let name = bookmark.name.as_str().as_bytes();
        patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(name))
    });
    if let ([name], [pattern], true) = (args.operands(), &patterns[..], bookmarks.is_empty())
        && pattern.literal().is_some()
    {
        let missing = ChangeError::NoBookmark(name.to_string());
        return Err(failed("list the bookmarks", &*checkout, missing));
    }
    if args.has("json") {
        let list: Vec<_> = bookmarks.iter().map(bookmark_json).collect();
        return put_json(ctx, &list.into());
    }
    let look = Look::of(ctx);
    let open = Current::of(&*checkout)?.change;
    let width = bookmarks.iter().map(|bookmark| bookmark.name.as_str().len()).max().unwrap_or(0);
    for bookmark in &bookmarks {
        ctx.check()?;
        let name = bookmark.name.as_str();
        let mark = if bookmark.default { "*" } else { " " };
        let pad = width - name.len();
        let target = match &bookmark.target {
            None => "(conflict)".to_owned(),
            Some(id) if *id == open.change_id => format!("{} @", look.id(id, open.prefix_len)),
            Some(id) => look.id(id, 0),
        };
        let line = format!("{mark} {}{:pad$}  {target}\n", look.bookmark(name), "");
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(ExitStatus::SUCCESS)
}

fn bookmark_json(bookmark: &BookmarkInfo) -> serde_json::Value {
    json!({
        "name": bookmark.name.as_str(),
        "change_id": bookmark.target.as_ref().map(ChangeId::as_str),
        "commit_oid": bookmark.commit_oid.as_ref().map(CommitOid::as_str),
        "conflict": bookmark.target.is_none(),
        "default": bookmark.default,
    })
}

/// The first operand as a bookmark's name.
fn name(args: &Args, checkout: &dyn Checkout) -> Result<BookmarkName, CommandError> {
    match args.operands().first() {
        Some(name) => checked(name, checkout),
        None => Err(usage("missing bookmark name")),
    }
}

fn checked(name: &BString, checkout: &dyn Checkout) -> Result<BookmarkName, CommandError> {
    let name = text("bookmark", name.as_bstr())?;
    BookmarkName::new(name).map_err(|error| failed("use the name", checkout, error))
}

fn expected(args: &Args, checkout: &dyn Checkout) -> Result<Option<Revision>, CommandError> {
    args.value("expect").map(|word| Ok(named(word, checkout)?.revision)).transpose()
}

fn create(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 2)?;
    let checkout = checkout(ctx, args)?;
    let name = name(args, &*checkout)?;
    let doing = "create the bookmark";
    let exists = |error: &ChangeError| {
        let way = match args.operands().get(1) {
            Some(to) => format!("{name} {to}"),
            None => name.to_string(),
        };
        failure(format!(
            "{error}: 'bookmarks move {way}' moves it forward, 'bookmarks set {way}' anywhere"
        ))
    };
    match revision(args, args.operands().get(1), &*checkout)? {
        None => checkout.create_bookmark(&name).map_err(|error| match error {
            ChangeError::BookmarkExists(_) => exists(&error),
            error => failed(doing, &*checkout, error),
        })?,
        Some(asked) => {
            let done = history(&*checkout)?.create_bookmark_at(&name, &asked.revision);
            done.map_err(|error| match error {
                ChangeError::BookmarkExists(_) => exists(&error),
                error => asked.failed(doing, &*checkout, error),
            })?;
        }
    }
    placed(ctx, args, &*checkout, &name, "")
}

fn set(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 2)?;
    let checkout = checkout(ctx, args)?;
    let (name, expected) = (name(args, &*checkout)?, expected(args, &*checkout)?);
    let asked = revision(args, args.operands().get(1), &*checkout)?;
    let to = asked.as_ref().map_or_else(Revision::here, |asked| asked.revision.clone());
    let is_new = all(&*checkout)?.iter().all(|bookmark| bookmark.name != name);
    let done = history(&*checkout)?.set_bookmark(&name, &to, expected.as_ref());
    done.map_err(|error| match &asked {
        Some(asked) => asked.failed("set the bookmark", &*checkout, error),
        None => failed("set the bookmark", &*checkout, error),
    })?;
    // A mistyped name makes a bookmark, so say that it did.
    placed(ctx, args, &*checkout, &name, if is_new { " (new)" } else { "" })
}

fn move_(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 2)?;
    let checkout = checkout(ctx, args)?;
    let (name, expected) = (name(args, &*checkout)?, expected(args, &*checkout)?);
    let backwards = if args.has("allow-backwards") { Backwards::Allow } else { Backwards::Refuse };
    let asked = revision(args, args.operands().get(1), &*checkout)?;
    let to = asked.as_ref().map_or_else(Revision::here, |asked| asked.revision.clone());
    let moved = match checkout.history() {
        Some(history) => history.move_bookmark_to(&name, &to, backwards, expected.as_ref()),
        None => {
            let to = change_of(&*checkout, &to)?;
            checkout.move_bookmark(&name, to.as_str(), backwards)
        }
    };
    moved.map_err(|error| match &asked {
        Some(asked) => asked.failed("move the bookmark", &*checkout, error),
        None => failed("move the bookmark", &*checkout, error),
    })?;
    placed(ctx, args, &*checkout, &name, "")
}

/// The change that a revision names where the backend keeps no history.
fn change_of(checkout: &dyn Checkout, revision: &Revision) -> Result<String, CommandError> {
    match revision {
        Revision::Bookmark(name) => Ok(target_of(checkout, name)?.to_string()),
        Revision::Change(id) => Ok(id.clone()),
        Revision::Expression(_) => Ok(Current::of(checkout)?.change.change_id.to_string()),
    }
}

fn advance(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    let names: Vec<BookmarkName> =
        args.operands().iter().map(|name| checked(name, &*checkout)).collect::<Result<_, _>>()?;
    let (moved, to) = history(&*checkout)?
        .advance_bookmarks(&names)
        .map_err(|error| failed("move the bookmarks", &*checkout, error))?;
    if args.has("json") {
        let moved: Vec<_> = moved.iter().map(BookmarkName::as_str).collect();
        return put_json(ctx, &json!({ "moved": moved, "change_id": to.as_str() }));
    }
    let look = Look::of(ctx);
    let id = look.id(&to, 0);
    for name in &moved {
        let name = look.bookmark(name.as_str());
        ctx.stdout.put(format!("{name} is on change {id}\n").as_bytes())?;
    }
    if moved.is_empty() {
        ctx.stdout.put(b"no bookmark to move\n")?;
    }
    Ok(ExitStatus::SUCCESS)
}

fn rename(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 2)?;
    let checkout = checkout(ctx, args)?;
    let (old, expected) = (name(args, &*checkout)?, expected(args, &*checkout)?);
    let Some(new) = args.operands().get(1) else { return Err(usage("missing new name")) };
    let new = checked(new, &*checkout)?;
    history(&*checkout)?
        .rename_bookmark(&old, &new, expected.as_ref())
        .map_err(|error| failed("rename the bookmark", &*checkout, error))?;
    placed(ctx, args, &*checkout, &new, "")
}

fn delete(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    name(args, &*checkout)?;
    let expected = expected(args, &*checkout)?;
    let mut names: Vec<BookmarkName> = Vec::new();
    for operand in args.operands() {
        let name = checked(operand, &*checkout)?;
        // All of them are there, or none goes.
        if all(&*checkout)?.iter().all(|bookmark| bookmark.name != name) {
            let missing = ChangeError::NoBookmark(name.to_string());
            return Err(failed("delete the bookmark", &*checkout, missing));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in &names {
        history(&*checkout)?
            .delete_bookmark(name, expected.as_ref())
            .map_err(|error| failed("delete the bookmark", &*checkout, error))?;
    }
    if args.has("json") {
        let names: Vec<_> = names.iter().map(BookmarkName::as_str).collect();
        return put_json(ctx, &json!({ "deleted": names }));
    }
    let look = Look::of(ctx);
    for name in &names {
        let line = format!("{} is deleted\n", look.bookmark(name.as_str()));
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(ExitStatus::SUCCESS)
}

fn merge(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 2)?;
    let strategy = match args.value("strategy").map(|word| word.as_bytes()) {
        None | Some(b"auto") => MergeStrategy::Auto,
        Some(b"merge_commit" | b"merge-commit") => MergeStrategy::MergeCommit,
        Some(other) => return Err(usage(format!("invalid strategy: '{}'", other.as_bstr()))),
    };
    let message = args.value('m').map(|value| text("message", value)).transpose()?;
    let checkout = checkout(ctx, args)?;
    let first = name(args, &*checkout)?;
    let (target, source) = match args.operands().get(1) {
        Some(source) => (first, checked(source, &*checkout)?),
        None => {
            let here = Current::of(&*checkout)?.bookmark;
            let none = || failed("merge", &*checkout, ChangeError::NotOnBookmark);
            (here.ok_or_else(none)?, first)
        }
    };
    let options = MergeOptions {
        strategy,
        message: message.map(str::to_owned),
        delete_source: args.has("delete-source"),
        expected: expected(args, &*checkout)?,
    };
    let merged = history(&*checkout)?
        .merge_bookmarks(&target, &source, &options)
        .map_err(|error| failed("merge", &*checkout, error))?;
    let status = if merged.conflicts.is_empty() { ExitStatus::SUCCESS } else { CONFLICT };
    let conflicts: Vec<String> = merged.conflicts.iter().map(ToString::to_string).collect();
    if args.has("json") {
        let value = json!({
            "outcome": merged.outcome.as_str(),
            "change_id": merged.change_id.as_str(),
            "commit_oid": merged.commit_oid.as_str(),
            "conflicts": conflicts,
        });
        put_json(ctx, &value)?;
        return Ok(status);
    }
    let look = Look::of(ctx);
    let (target, source) = (look.bookmark(target.as_str()), look.bookmark(source.as_str()));
    let id = look.id(&merged.change_id, 0);
    let mut said = match merged.outcome {
        MergeOutcome::NoOp => format!("{target} has everything of {source} already\n"),
        MergeOutcome::FastForward => format!("{target} went forward to change {id}\n"),
        MergeOutcome::MergeCommit => format!("merged {source} into {target}: change {id}\n"),
    };
    for path in &conflicts {
        said += &format!("conflict in {path}\n");
    }
    said += &format!("{}\n", place(&look, &*checkout, &Current::of(&*checkout)?));
    ctx.stdout.put(said.as_bytes())?;
    if !conflicts.is_empty() {
        hint(ctx, "settle one: resolve --ours|--theirs PATH, or write the file")?;
    }
    Ok(status)
}

fn target_of(checkout: &dyn Checkout, name: &BookmarkName) -> Result<ChangeId, CommandError> {
    let found = all(checkout)?.into_iter().find(|bookmark| bookmark.name == *name);
    let error = match found {
        Some(BookmarkInfo { target: Some(target), .. }) => return Ok(target),
        Some(_) => ChangeError::BookmarkConflicted(name.to_string()),
        None => ChangeError::NoBookmark(name.to_string()),
    };
    Err(failed("look up", checkout, error))
}

/// What is said after a bookmark was put somewhere; `more` at the end.
fn placed(
    ctx: &mut Context<'_>,
    args: &Args,
    checkout: &dyn Checkout,
    name: &BookmarkName,
    more: &str,
) -> CommandResult {
    let target = target_of(checkout, name)?;
    if args.has("json") {
        return put_json(ctx, &json!({ "name": name.as_str(), "change_id": target.as_str() }));
    }
    let look = Look::of(ctx);
    let (name, id) = (look.bookmark(name.as_str()), look.id(&target, 0));
    ctx.stdout.put(format!("{name} is on change {id}{more}\n").as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}
