//! `bookmarks`: names that point at changes.

use mesafs::backend::{Backwards, BookmarkInfo, Revision};
use mesafs::name::BookmarkName;
use mesafs::{Checkout, name::ChangeId};
use serde_json::json;

use super::place::{BOOKMARK, CHANGE, JSON, REPO, checkout, failed, revision};
use super::show::{Current, Look, put_json};
use super::subcommand::{Family, at_most, dispatch, text};
use crate::args::long;
use crate::prelude::*;

pub const BOOKMARKS: Command = Command {
    name: "bookmarks",
    synopsis: "bookmarks [-r REPO] [--json]\nbookmarks SUBCOMMAND [OPTION]... [NAME [REVISION]]",
    summary: "List, create and move bookmarks: names that point at changes.\nA REVISION is a bookmark, a change id or a unique prefix of one, or @, the open change.",
    options: &[REPO, JSON],
    examples: &[Example {
        about: "A second name on the open change.",
        script: "bookmarks create fix > /dev/null; bookmarks | cut -c 3-6",
        prints: "fix \nmain\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: |ctx, args| dispatch(ctx, &FAMILY, args.operands()),
    ..Command::BASE
};

const FAMILY: Family =
    Family { command: &BOOKMARKS, default: &DEFAULT, subcommands: &[&LIST, &CREATE, &MOVE] };

const DEFAULT: Command = Command { name: "bookmarks", ..LIST };

const LIST: Command = Command {
    name: "bookmarks list",
    synopsis: "bookmarks list [-r REPO]",
    summary: "List the bookmarks, the default one marked with *.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: list,
    ..Command::BASE
};

const CREATE: Command = Command {
    name: "bookmarks create",
    synopsis: "bookmarks create [-r REPO] NAME",
    summary: "Create a bookmark on the open change.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: create,
    ..Command::BASE
};

const MOVE: Command = Command {
    name: "bookmarks move",
    synopsis: "bookmarks move [-r REPO] NAME [REVISION | --bookmark NAME | --change ID]",
    summary: "Move a bookmark to a revision (the open change if none is given).",
    options: &[
        long("allow-backwards", "move backwards or sideways too"),
        BOOKMARK,
        CHANGE,
        REPO,
        JSON,
    ],
    usage_status: 2,
    run: move_,
    ..Command::BASE
};

fn all(checkout: &dyn Checkout) -> Result<Vec<BookmarkInfo>, CommandError> {
    checkout.bookmarks().map_err(|error| failed("list the bookmarks", checkout, error))
}

fn list(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let checkout = checkout(ctx, args)?;
    let bookmarks = all(&*checkout)?;
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
        "conflict": bookmark.target.is_none(),
        "default": bookmark.default,
    })
}

/// The first operand as a bookmark's name.
fn name(args: &Args, checkout: &dyn Checkout) -> Result<BookmarkName, CommandError> {
    let Some(name) = args.operands().first() else {
        return Err(usage("missing bookmark name"));
    };
    let name = text("bookmark", name.as_bstr())?;
    BookmarkName::new(name).map_err(|error| failed("use the name", checkout, error))
}

fn create(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 1)?;
    let checkout = checkout(ctx, args)?;
    let name = name(args, &*checkout)?;
    checkout
        .create_bookmark(&name)
        .map_err(|error| failed("create the bookmark", &*checkout, error))?;
    placed(ctx, args, &*checkout, &name)
}

fn move_(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 2)?;
    let checkout = checkout(ctx, args)?;
    let name = name(args, &*checkout)?;
    let backwards = if args.has("allow-backwards") { Backwards::Allow } else { Backwards::Refuse };
    let doing = "move the bookmark";
    match revision(args, args.operands().get(1), &*checkout)? {
        None => {
            let open = Current::of(&*checkout)?.change.change_id;
            checkout
                .move_bookmark(&name, open.as_str(), backwards)
                .map_err(|error| failed(doing, &*checkout, error))?;
        }
        Some(asked) => {
            let target = match &asked.revision {
                Revision::Change(id) | Revision::Expression(id) => id.clone(),
                Revision::Bookmark(other) => target_of(&*checkout, other)?.to_string(),
            };
            checkout
                .move_bookmark(&name, &target, backwards)
                .map_err(|error| asked.failed(doing, &*checkout, error))?;
        }
    }
    placed(ctx, args, &*checkout, &name)
}

fn target_of(checkout: &dyn Checkout, name: &BookmarkName) -> Result<ChangeId, CommandError> {
    use mesafs::backend::ChangeError;
    let found = all(checkout)?.into_iter().find(|bookmark| bookmark.name == *name);
    let error = match found {
        Some(BookmarkInfo { target: Some(target), .. }) => return Ok(target),
        Some(_) => ChangeError::BookmarkConflicted(name.to_string()),
        None => ChangeError::NoBookmark(name.to_string()),
    };
    Err(failed("look up", checkout, error))
}

/// What is said after a bookmark was put somewhere.
fn placed(
    ctx: &mut Context<'_>,
    args: &Args,
    checkout: &dyn Checkout,
    name: &BookmarkName,
) -> CommandResult {
    let target = target_of(checkout, name)?;
    if args.has("json") {
        return put_json(ctx, &json!({ "name": name.as_str(), "change_id": target.as_str() }));
    }
    let look = Look::of(ctx);
    let (name, id) = (look.bookmark(name.as_str()), look.id(&target, 0));
    ctx.stdout.put(format!("{name} is on change {id}\n").as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}
