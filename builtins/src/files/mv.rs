//! `mv`: move (rename) files. A folder goes in one op, across repositories too.
use super::backup::Backup;
use super::destination::{Destination, LinkedDirs};
use super::rm::yes;
use crate::prelude::*;

pub const MV: Command = Command {
    name: "mv",
    synopsis: "mv [OPTION]... [-T] SOURCE DEST\nmv [OPTION]... SOURCE... DIRECTORY\nmv [OPTION]... -t DIRECTORY SOURCE...",
    summary: "Rename SOURCE to DEST, or move SOURCE(s) to DIRECTORY.",
    options: &[
        super::backup::BACKUP,
        short('b', "like --backup but does not accept an argument"),
        flag('f', "force", "do not prompt before overwriting"),
        flag('i', "interactive", "prompt before overwrite"),
        flag('n', "no-clobber", "do not overwrite an existing file"),
        long("strip-trailing-slashes", "remove any trailing slashes from each SOURCE argument"),
        value('S', "suffix", "SUFFIX", "override the usual backup suffix"),
        value('t', "target-directory", "DIRECTORY", "move all SOURCE arguments into DIRECTORY"),
        flag('T', "no-target-directory", "treat DEST as a normal file"),
        flag(
            'u',
            "update",
            "move only when the SOURCE file is newer than the destination file or when the destination file is missing",
        ),
        flag('v', "verbose", "explain what is being done"),
        flag('Z', "context", "set the security context, of which there is none"),
    ],
    examples: &[Example {
        about: "Rename a file.",
        script: "echo 1 > a; mv -v a b",
        prints: "renamed 'a' -> 'b'\n",
    }],
    run: mv,
    ..Command::BASE
};

fn mv(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let destination = Destination::read(ctx, args, LinkedDirs::Follow)?;
    let mut status = ExitStatus::SUCCESS;
    for (source, target) in &destination.pairs {
        ctx.check()?;
        let source = if args.has("strip-trailing-slashes") {
            source.trim_end_with(|letter| letter == '/').as_bstr()
        } else {
            source.as_bstr()
        };
        if !move_one(ctx, args, source, target.as_bstr())? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn move_one(
    ctx: &mut Context<'_>,
    args: &Args,
    source: &BStr,
    target: &BStr,
) -> Result<bool, CommandError> {
    let (shown_source, shown_target) = (quoted(source), quoted(target));
    let stats = ctx.path(source).and_then(|from| Ok((ctx.fs.symlink_metadata(&from)?, from)));
    let (stat, from) = match stats {
        Ok(found) => found,
        Err(error) => {
            ctx.complain(format_args!("cannot stat {shown_source}: {error}"))?;
            return Ok(false);
        }
    };
    let to = match ctx.path(target) {
        Ok(to) => to,
        Err(error) => {
            let message = format!("cannot move {shown_source} to {shown_target}: {error}");
            ctx.complain(message)?;
            return Ok(false);
        }
    };
    let mut kept = None;
    if let Ok(existing) = ctx.fs.symlink_metadata(&to) {
        if (existing.inode, existing.device) == (stat.inode, stat.device) {
            ctx.complain(format_args!("{shown_source} and {shown_target} are the same file"))?;
            return Ok(false);
        }
        match args.last_of("fin") {
            Some('n') => return Ok(true),
            Some('i') if !yes(ctx, format!("overwrite {shown_target}? "))? => return Ok(true),
            _ => {}
        }
        if args.has('u') && existing.mtime_ns >= stat.mtime_ns {
            return Ok(true);
        }
        let refused = match (stat.is_directory(), existing.is_directory()) {
            (true, false) => Some(format!(
                "cannot overwrite non-directory {shown_target} with directory {shown_source}"
            )),
            (false, true) => {
                Some(format!("cannot overwrite directory {shown_target} with non-directory"))
            }
            _ => None,
        };
        if let Some(message) = refused {
            ctx.complain(message)?;
            return Ok(false);
        }
        if let Some(backup) = Backup::read(ctx, args)? {
            kept = Some(backup.keep(ctx, target, &to)?);
        }
    }
    match ctx.fs.rename(&from, &to) {
        Ok(()) => {
            if args.has('v') {
                let kept = kept.map(|name| format!(" (backup: {})", quoted(&name)));
                let kept = kept.unwrap_or_default();
                let line = format!("renamed {shown_source} -> {shown_target}{kept}\n");
                ctx.stdout.put(line.as_bytes())?;
            }
            Ok(true)
        }
        Err(error) if error.errno() == Errno::Inval && stat.is_directory() => {
            let message =
                format!("cannot move {shown_source} to a subdirectory of itself, {shown_target}");
            ctx.complain(message)?;
            Ok(false)
        }
        Err(error) => {
            ctx.complain(format_args!("cannot move {shown_source} to {shown_target}: {error}"))?;
            Ok(false)
        }
    }
}
