//! `sync`: make what was written survive power loss.

use crate::prelude::*;

pub const SYNC: Command = Command {
    name: "sync",
    synopsis: "sync [OPTION] [FILE]...",
    summary: "Synchronize cached writes to persistent storage.\nIf one or more files are specified, sync only the repositories that hold them.",
    options: &[
        flag('d', "data", "sync only file data, no unneeded metadata"),
        flag('f', "file-system", "sync the file systems that contain the files"),
    ],
    examples: &[Example {
        about: "Everything.",
        script: "echo x > f; sync && cat f",
        prints: "x\n",
    }],
    run: sync,
    ..Command::BASE
};

fn sync(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('d') && args.has('f') {
        return Err(failure("cannot specify both --data and --file-system"));
    }
    if args.has('d') && args.operands().is_empty() {
        return Err(failure("--data needs at least one argument"));
    }
    if args.operands().is_empty() {
        let repos: Vec<String> = match ctx.fs.versions() {
            Some(versions) => versions
                .checkouts()
                .iter()
                .map(|checkout| format!("/{}", checkout.repo()))
                .collect(),
            None => Vec::new(),
        };
        for repo in repos {
            ctx.fs.sync(&VPath::new(repo)?)?;
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        let path = ctx.path(operand).and_then(|path| ctx.fs.metadata(&path).map(|_| path));
        match path {
            Ok(path) => {
                if let Err(error) = ctx.fs.sync(&path) {
                    ctx.complain(format_args!("error syncing {}: {error}", quoted(operand)))?;
                    status = ExitStatus::FAILURE;
                }
            }
            Err(error) => {
                ctx.complain(format_args!("error opening {}: {error}", quoted(operand)))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    Ok(status)
}
