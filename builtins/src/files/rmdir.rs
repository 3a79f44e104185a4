//! `rmdir`: remove empty directories.
use super::dirname::parent_name;
use crate::prelude::*;

pub const RMDIR: Command = Command {
    name: "rmdir",
    synopsis: "rmdir [OPTION]... DIRECTORY...",
    summary: "Remove the DIRECTORY(ies), if they are empty.",
    options: &[
        long(
            "ignore-fail-on-non-empty",
            "ignore each failure that is solely because a directory is non-empty",
        ),
        flag('p', "parents", "remove DIRECTORY and its ancestors"),
        flag('v', "verbose", "output a diagnostic for every directory processed"),
    ],
    examples: &[Example {
        about: "Remove a directory and its parent.",
        script: "mkdir -p a/b; rmdir -p a/b; ls",
        prints: "",
    }],
    run: rmdir,
    ..Command::BASE
};

fn rmdir(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        let mut name = operand.as_bytes();
        let mut failed = !remove(ctx, args, name, false)?;
        while args.has('p') && !failed {
            name = parent_name(name);
            if matches!(name, b"." | b"/") {
                break;
            }
            failed = !remove(ctx, args, name, true)?;
        }
        if failed {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn remove(
    ctx: &mut Context<'_>,
    args: &Args,
    name: &[u8],
    parent: bool,
) -> Result<bool, CommandError> {
    if args.has('v') {
        let line = format!("{}: removing directory, {}\n", ctx.name, quoted(name));
        ctx.stdout.put(line.as_bytes())?;
    }
    let Err(reason) = remove_empty(ctx, name) else { return Ok(true) };
    if reason.errno() == Errno::NotEmpty && args.has("ignore-fail-on-non-empty") {
        return Ok(!parent || args.has('p'));
    }
    let what = if parent { "directory " } else { "" };
    ctx.complain(format_args!("failed to remove {what}{}: {reason}", quoted(name)))?;
    Ok(false)
}

fn remove_empty(ctx: &Context<'_>, name: &[u8]) -> FsResult<()> {
    let path = ctx.path(name)?;
    let stat = ctx.fs.symlink_metadata(&path)?;
    if !stat.is_directory() {
        return Err(FsError::new(Errno::NotDir, mesafs::Operation::Remove, name));
    }
    ctx.fs.remove(&path, false)
}
