//! `tree`: list what is below folders, drawn as a tree.

mod draw;
mod options;
mod walk;

use crate::prelude::*;
use options::{OPTIONS, Options};

pub const TREE: Command = Command {
    name: "tree",
    synopsis: "tree [OPTION]... [DIRECTORY]...",
    summary: "List the contents of directories in a tree-like format.",
    options: OPTIONS,
    examples: &[Example {
        about: "Folders and files, two levels deep.",
        script: "mkdir -p a/b/c; touch a/x; tree -L 2 a",
        prints: "a\n├── b\n│\u{a0}\u{a0} └── c\n└── x\n\n3 directories, 1 file\n",
    }],
    run: tree,
    ..Command::BASE
};

fn tree(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let options = Options::read(ctx, args)?;
    let here = [BString::from(".")];
    let roots = if args.operands().is_empty() { &here[..] } else { args.operands() };
    let Some(name) = args.value('o') else { return walk::all(ctx, &options, roots) };
    let file =
        ctx.create(name).map_err(|error| failure(format!("invalid filename '{name}': {error}")))?;
    let stdout = std::mem::replace(&mut ctx.stdout, file);
    let done = walk::all(ctx, &options, roots);
    let flushed = ctx.stdout.flush();
    ctx.stdout = stdout;
    flushed?;
    done
}
