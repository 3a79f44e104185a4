//! `repos`: what is mounted.

use mesafs::Access;
use serde_json::json;

use super::place::{JSON, versions};
use super::show::{Current, Look, put_json};
use super::subcommand::at_most;
use crate::prelude::*;

pub const REPOS: Command = Command {
    name: "repos",
    synopsis: "repos [--json]",
    summary: "List the mounted repositories, and the change and bookmark that each is on.",
    options: &[JSON],
    examples: &[Example {
        about: "The names alone.",
        script: "repos | cut -d ' ' -f 1",
        prints: "acme/app\n",
    }],
    usage_status: 2,
    run: repos,
    ..Command::BASE
};

fn repos(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    let checkouts = versions(ctx)?.checkouts();
    let read_only = |access| access == Access::ReadOnly;
    let width = checkouts.iter().map(|checkout| checkout.repo().to_string().len()).max();
    let look = Look::of(ctx);
    let mut list = Vec::new();
    for checkout in checkouts {
        let current = Current::of(&**checkout)?;
        if args.has("json") {
            list.push(json!({
                "repo": checkout.repo().to_string(),
                "path": format!("/{}", checkout.repo()),
                "read_only": read_only(checkout.access()),
                "bookmark": current.bookmark.as_ref().map(|name| name.as_str()),
                "change_id": current.change.change_id.as_str(),
            }));
            continue;
        }
        let name = format!("{:1$}", checkout.repo().to_string(), width.unwrap_or(0));
        let id = look.id(&current.change.change_id, current.change.prefix_len);
        let bookmark = current.bookmark.as_ref().map_or("", |name| name.as_str());
        let access = if read_only(checkout.access()) { "  read-only" } else { "" };
        let line = format!("{name}  {id}  {}{access}\n", look.bookmark(bookmark));
        ctx.stdout.put(line.as_bytes())?;
    }
    if args.has("json") {
        return put_json(ctx, &list.into());
    }
    Ok(ExitStatus::SUCCESS)
}
