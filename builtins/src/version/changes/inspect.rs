//! `changes status`, `diff`, `show`, `log`, `history`: looking without touching.

use std::collections::HashSet;

use mesafs::backend::{ChangeInfo, Comparison, ConflictInfo, Earlier, History, Revision};
use mesafs::path::RepoPath;
use mesafs::{ChangeId, Checkout, CommitOid};
use serde_json::{Value, json};

use super::{hint, place};
use crate::prelude::*;
use crate::version::compare::{Changed, compare, is_there};
use crate::version::graph::{Drawn, Graph};
use crate::version::patch::{self, CONTEXT, Format, GIT, NAME_ONLY, STAT, SUMMARY, changed_json};
use crate::version::place::{
    BOOKMARK, CHANGE, JSON, REPO, checkout, failed, history, option, paths, revision, seen,
};
use crate::version::show::{Current, Look, change_json, named, put_json};
use crate::version::subcommand::{NO_PAGER, at_most, page, text};

/// What `changes log` shows without an operand: what is open and whatever may change, with what it
/// was built on.
const LOG_DEFAULT: &str = "@ | ancestors(mutable(), 2) | trunk()";
/// How many changes `log` and `history` show without `-n`.
const LOG_MAX: usize = 50;

/// The commit oid of the root.
const ROOT: &str = "0000000000000000000000000000000000000000";

const LIMIT: Opt = value('n', "limit", "COUNT", "show at most COUNT (50); 0 shows all");

pub const STATUS: Command = Command {
    name: "changes status",
    synopsis: "changes status [-r REPO] [PATH]...",
    summary: "Show what the open change has changed so far, and where it is conflicted.",
    options: &[REPO, JSON],
    usage_status: 2,
    run: status,
    ..Command::BASE
};

pub const DIFF: Command = Command {
    name: "changes diff",
    synopsis: "changes diff [OPTION]... [PATH]...",
    summary: "Show what the open change has changed, or what differs between revisions.",
    options: &[
        value('f', "from", "REVISION", "compare with this revision's content"),
        value('t', "to", "REVISION", "show the way to this revision (the open change)"),
        value('c', "of", "REVISION", "show what this revision changed"),
        GIT,
        STAT,
        SUMMARY,
        NAME_ONLY,
        CONTEXT,
        REPO,
        NO_PAGER,
        JSON,
    ],
    usage_status: 2,
    run: diff,
    ..Command::BASE
};

pub const SHOW: Command = Command {
    name: "changes show",
    synopsis: "changes show [OPTION]... [REVISION | --bookmark NAME | --change ID]",
    summary: "Show a revision (the open change if none is given) and what it changed.",
    options: &[BOOKMARK, CHANGE, GIT, STAT, SUMMARY, NAME_ONLY, CONTEXT, REPO, NO_PAGER, JSON],
    usage_status: 2,
    run: show,
    ..Command::BASE
};

pub const LOG: Command = Command {
    name: "changes log",
    synopsis: "changes log [-n COUNT] [--no-graph] [-r REPO] [REVISIONS]",
    summary: "Show changes as a graph: what REVISIONS name in jj's language, else all that may change.",
    options: &[LIMIT, long("no-graph", "draw no graph"), REPO, NO_PAGER, JSON],
    usage_status: 2,
    run: log,
    ..Command::BASE
};

pub const HISTORY: Command = Command {
    name: "changes history",
    synopsis: "changes history [-n COUNT] [-r REPO] [REVISION | --bookmark NAME | --change ID]",
    summary: "Show the earlier snapshots of a change (the open one if none is given), newest first.",
    options: &[LIMIT, BOOKMARK, CHANGE, REPO, NO_PAGER, JSON],
    usage_status: 2,
    run: evolution,
    ..Command::BASE
};

pub(in crate::version) fn limit(args: &Args) -> Result<usize, CommandError> {
    match args.value('n') {
        None => Ok(LOG_MAX),
        Some(count) => count
            .to_str()
            .ok()
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| usage(format!("invalid count: '{count}'"))),
    }
}

/// `a    2-sided conflict including 1 deletion`
pub(in crate::version) fn conflict_line(
    ctx: &Context<'_>,
    checkout: &dyn Checkout,
    conflict: &ConflictInfo,
) -> BString {
    use mesafs::backend::SideKind;
    let gone = conflict.sides.iter().filter(|side| **side == SideKind::Absent).count();
    let odd = conflict
        .sides
        .iter()
        .any(|side| matches!(side, SideKind::Symlink | SideKind::Dir | SideKind::Gitlink));
    let mut text = format!("    {}-sided conflict", conflict.sides.len());
    match gone {
        0 => {}
        1 => text += " including 1 deletion",
        gone => text += &format!(" including {gone} deletions"),
    }
    if odd {
        text += " of what are not all files";
    }
    let mut line = seen(ctx, &conflict.path, checkout);
    line.extend_from_slice(text.as_bytes());
    line.push(b'\n');
    line
}

pub(in crate::version) fn conflict_json(conflict: &ConflictInfo) -> Value {
    json!({
        "path": conflict.path.to_string(),
        "sides": conflict.sides.len(),
        "bases": conflict.bases.len(),
    })
}

fn status(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let checkout = checkout(ctx, args)?;
    let paths = paths(ctx, args.operands(), &*checkout)?;
    let history = history(&*checkout)?;
    let fail = |error| failed("look at the change", &*checkout, error);
    let comparison = history.status().map_err(fail)?;
    let changed = compare(ctx, &comparison, &paths)?;
    let status = unmatched(ctx, args, &comparison, &paths, &*checkout)?;
    let current = Current::of(&*checkout)?;
    let mut conflicts = match current.change.conflicted {
        true => history.conflicts(&Revision::here()).map_err(fail)?,
        false => Vec::new(),
    };
    conflicts.retain(|conflict| {
        paths.is_empty() || paths.iter().any(|path| conflict.path.below(path).is_some())
    });
    if args.has("json") {
        let value = json!({
            "current": current.json(&*checkout),
            "files": changed.iter().map(changed_json).collect::<Vec<_>>(),
            "conflicts": conflicts.iter().map(conflict_json).collect::<Vec<_>>(),
        });
        put_json(ctx, &value)?;
        return Ok(status);
    }
    let look = Look::of(ctx);
    ctx.stdout.put(format!("{}\n", place(&look, &*checkout, &current)).as_bytes())?;
    for changed in &changed {
        ctx.check()?;
        let name = match changed.renamed {
            Some(_) => changed.name().into(),
            None => seen(ctx, &changed.path, &*checkout),
        };
        let letter = look.letter(changed);
        ctx.stdout.put(&[letter.as_bytes(), b" ", &name[..], b"\n"].concat())?;
    }
    if changed.is_empty() {
        ctx.stdout.put(b"nothing is changed\n")?;
    }
    if !conflicts.is_empty() {
        ctx.stdout.put(b"conflicts:\n")?;
        for conflict in &conflicts {
            let line = conflict_line(ctx, &*checkout, conflict);
            ctx.stdout.put(&line)?;
        }
        hint(ctx, "settle one: resolve --ours|--theirs PATH, or write the file")?;
    }
    Ok(status)
}

/// Complains of operands that are no paths on either side.
fn unmatched(
    ctx: &mut Context<'_>,
    args: &Args,
    comparison: &Comparison,
    paths: &[RepoPath],
    checkout: &dyn Checkout,
) -> CommandResult {
    let mut status = ExitStatus::SUCCESS;
    for (operand, path) in args.operands().iter().zip(paths) {
        if is_there(&comparison.before, path)? || is_there(&comparison.after, path)? {
            continue;
        }
        let is_revision = operand.to_str().is_ok_and(|text| {
            checkout.history().is_some_and(|history| history.log(text, 1).is_ok())
        });
        let way = match is_revision {
            true => "; a revision goes behind --of, --from or --to",
            false => "",
        };
        ctx.complain(format_args!("nothing at {}{way}", quoted(operand)))?;
        status = ExitStatus::FAILURE;
    }
    Ok(status)
}

fn diff(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    page(ctx, args);
    let format = Format::of(args)?;
    let checkout = checkout(ctx, args)?;
    let paths = paths(ctx, args.operands(), &*checkout)?;
    let history = history(&*checkout)?;
    let fail = |error| failed("compare", &*checkout, error);
    let ways = (args.has('c'), args.has('f') || args.has('t'));
    let comparison = match ways {
        (true, true) => return Err(usage("give --of or --from and --to, not both")),
        (false, false) => history.status().map_err(fail)?,
        (true, false) => {
            let of = option(args, "of", "@", &*checkout)?;
            history.changed(&of).map_err(fail)?
        }
        (false, true) => {
            let from = option(args, "from", "@", &*checkout)?;
            let to = option(args, "to", "@", &*checkout)?;
            let (before, after) =
                (history.content(&from).map_err(fail)?, history.content(&to).map_err(fail)?);
            Comparison { before: before.dir, after: after.dir }
        }
    };
    let changed = compare(ctx, &comparison, &paths)?;
    let status = unmatched(ctx, args, &comparison, &paths, &*checkout)?;
    if args.has("json") {
        put_json(ctx, &changed.iter().map(changed_json).collect())?;
        return Ok(status);
    }
    let look = Look::of(ctx);
    patch::put(ctx, &look, &changed, format)?;
    Ok(status)
}

fn asked(args: &Args, checkout: &dyn Checkout) -> Result<Revision, CommandError> {
    at_most(args, 1)?;
    let asked = revision(args, args.operands().first(), checkout)?;
    Ok(asked.map_or_else(Revision::here, |asked| asked.revision))
}

fn show(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    page(ctx, args);
    let format = Format::of(args)?;
    let checkout = checkout(ctx, args)?;
    let revision = asked(args, &*checkout)?;
    let history = history(&*checkout)?;
    let fail = |error| failed("show the revision", &*checkout, error);
    let change = history.find(&revision).map_err(fail)?;
    let comparison = history.changed(&revision).map_err(fail)?;
    let changed: Vec<Changed> = compare(ctx, &comparison, &[])?;
    let open = Current::of(&*checkout)?.change.change_id;
    if args.has("json") {
        let mut value = change_json(&change, change.change_id == open);
        if let Value::Object(fields) = &mut value {
            let files: Vec<_> = changed.iter().map(changed_json).collect();
            fields.insert("files".into(), files.into());
        }
        return put_json(ctx, &value);
    }
    let look = Look::of(ctx);
    ctx.stdout.put(heading(&look, &change).as_bytes())?;
    patch::put(ctx, &look, &changed, format)?;
    Ok(ExitStatus::SUCCESS)
}

fn heading(look: &Look, change: &ChangeInfo) -> String {
    let mut out = format!("Commit ID: {}\n", change.commit_oid);
    out += &format!("Change ID: {}\n", change.change_id);
    if !change.bookmarks.is_empty() {
        out += &format!("Bookmarks: {}\n", look.bookmarks(change));
    }
    let when = jiff::Timestamp::from_millisecond(change.committed_ms);
    let when = when.map_or(String::new(), |when| when.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let (name, email) = (named(&change.author, "name"), named(&change.author_email, "email"));
    let email = if email.starts_with('(') { email.to_owned() } else { format!("<{email}>") };
    out += &format!("Author   : {name} {email}\n");
    out += &format!("Committed: {when} ({})\n", look.when(change.committed_ms));
    let mut marks = Vec::new();
    if change.conflicted {
        marks.push("(conflict)");
    }
    if change.empty {
        marks.push("(empty)");
    }
    if !marks.is_empty() {
        out += &format!("State    : {}\n", marks.join(" "));
    }
    out.push('\n');
    let text = match change.description.trim_end() {
        "" => "(no description set)",
        text => text,
    };
    for line in text.lines() {
        out += format!("    {line}").trim_end();
        out.push('\n');
    }
    out.push('\n');
    out
}

fn log(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    page(ctx, args);
    at_most(args, 1)?;
    let limit = limit(args)?;
    let checkout = checkout(ctx, args)?;
    let revisions = match args.operands().first() {
        Some(revisions) => text("revisions", revisions.as_bstr())?,
        None => LOG_DEFAULT,
    };
    let history = history(&*checkout)?;
    let changes = history
        .log(revisions, limit)
        .map_err(|error| failed("list the changes", &*checkout, error))?;
    let open = Current::of(&*checkout)?.change.change_id;
    if args.has("json") {
        return put_json(ctx, &super::changes_json(&changes, &open));
    }
    let look = Look::of(ctx);
    let all = limit == 0 || changes.len() < limit;
    let root = match all && asks_for_root(history, revisions) {
        true => Some(CommitOid::new(ROOT).map_err(|error| failure(error.to_string()))?),
        false => None,
    };
    if args.has("no-graph") {
        for change in &changes {
            ctx.check()?;
            let (mark, lines) = (look.mark(change, change.change_id == open), look.entry(change));
            ctx.stdout.put(format!("{mark} {}\n  {}\n", lines[0], lines[1]).as_bytes())?;
        }
        if root.is_some() {
            ctx.stdout.put(format!("{} {}\n", look.root_mark(), look.root()).as_bytes())?;
        }
    } else {
        draw(ctx, &look, &changes, &open, root.as_ref())?;
    }
    if !all {
        hint(ctx, "all of them: changes log -n 0")?;
    }
    Ok(ExitStatus::SUCCESS)
}

/// Whether the root, which the changes listed leave out, is among what is asked for.
fn asks_for_root(history: &dyn History, revisions: &str) -> bool {
    history.find(&Revision::Expression(format!("({revisions}) & root()"))).is_ok()
}

fn draw(
    ctx: &mut Context<'_>,
    look: &Look,
    changes: &[ChangeInfo],
    open: &ChangeId,
    root: Option<&CommitOid>,
) -> Result<(), CommandError> {
    let known: HashSet<&CommitOid> =
        changes.iter().map(|change| &change.commit_oid).chain(root).collect();
    let mut graph = Graph::default();
    for change in changes {
        ctx.check()?;
        let (mark, lines) = (look.mark(change, change.change_id == *open), look.entry(change));
        let (mut parents, others): (Vec<_>, Vec<_>) =
            change.parents.iter().partition(|parent| known.contains(parent));
        let on_root = change.parents.is_empty();
        parents.extend(root.filter(|_| on_root));
        let elided = !others.is_empty() || (on_root && root.is_none());
        let oid = &change.commit_oid;
        let drawn = graph.draw(&Drawn { oid, parents, elided, mark: &mark, lines: &lines });
        ctx.stdout.put(drawn.as_bytes())?;
    }
    if let Some(oid) = root {
        let (mark, lines) = (look.root_mark(), [look.root()]);
        let last = Drawn { oid, parents: Vec::new(), elided: false, mark: &mark, lines: &lines };
        ctx.stdout.put(graph.draw(&last).as_bytes())?;
    }
    Ok(())
}

fn evolution(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    page(ctx, args);
    let limit = limit(args)?;
    let checkout = checkout(ctx, args)?;
    let revision = asked(args, &*checkout)?;
    let earlier = history(&*checkout)?
        .earlier(&revision, limit)
        .map_err(|error| failed("look at the change", &*checkout, error))?;
    if args.has("json") {
        let told = |(at, earlier): (usize, &Earlier)| {
            let mut value = change_json(&earlier.change, false);
            if let Value::Object(fields) = &mut value {
                fields.insert("current".into(), (at == 0).into());
                let made = earlier.operation.as_ref();
                let made = made.map(|made| json!({"id": made.id, "description": made.description}));
                fields.insert("operation".into(), made.into());
            }
            value
        };
        return put_json(ctx, &earlier.iter().enumerate().map(told).collect());
    }
    let look = Look::of(ctx);
    let open = Current::of(&*checkout)?.change.change_id;
    for (at, Earlier { change, operation }) in earlier.iter().enumerate() {
        ctx.check()?;
        let mark = look.mark(change, at == 0 && change.change_id == open);
        let [mut first, second] = look.entry(change);
        // Only the first is to be found by the change's id.
        if at > 0 {
            first.push_str(" (hidden)");
        }
        let line = if at + 1 < earlier.len() { "│" } else { " " };
        let made = operation.as_ref().map_or(String::new(), |made| {
            let id = made.id.get(..12).unwrap_or(&made.id);
            format!("{line}  -- operation {id} {}\n", made.description)
        });
        ctx.stdout.put(format!("{mark}  {first}\n{line}  {second}\n{made}").as_bytes())?;
    }
    if earlier.len() == limit {
        hint(ctx, "all of them: changes history -n 0")?;
    }
    Ok(ExitStatus::SUCCESS)
}
