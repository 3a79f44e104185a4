//! `ln`: make symbolic links. Hard links are refused.
use super::backup::Backup;
use super::destination::{Destination, LinkedDirs};
use super::realpath::relative;
use super::rm::yes;
use crate::prelude::*;

pub const LN: Command = Command {
    name: "ln",
    synopsis: "ln [OPTION]... [-T] TARGET LINK_NAME\nln [OPTION]... TARGET\nln [OPTION]... TARGET... DIRECTORY\nln [OPTION]... -t DIRECTORY TARGET...",
    summary: "In the 1st form, create a link to TARGET with the name LINK_NAME.\nSymbolic links only (-s): files here have one name each.",
    options: &[
        super::backup::BACKUP,
        short('b', "like --backup but does not accept an argument"),
        flag('f', "force", "remove existing destination files"),
        flag('i', "interactive", "prompt whether to remove destinations"),
        flag(
            'n',
            "no-dereference",
            "treat LINK_NAME as a normal file if it is a symbolic link to a directory",
        ),
        flag('L', "logical", "(ignored with -s)"),
        flag('P', "physical", "(ignored with -s)"),
        flag('r', "relative", "with -s, create links relative to link location"),
        flag('s', "symbolic", "make symbolic links instead of hard links"),
        value('S', "suffix", "SUFFIX", "override the usual backup suffix"),
        value(
            't',
            "target-directory",
            "DIRECTORY",
            "specify the DIRECTORY in which to create the links",
        ),
        flag('T', "no-target-directory", "treat LINK_NAME as a normal file always"),
        flag('v', "verbose", "print name of each linked file"),
    ],
    examples: &[Example {
        about: "A link to a file.",
        script: "echo 1 > a; ln -s a b; cat b",
        prints: "1\n",
    }],
    run: ln,
    ..Command::BASE
};

fn ln(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let linked = if args.has('n') { LinkedDirs::AsFiles } else { LinkedDirs::Follow };
    let destination = match args.operands() {
        [only] if !args.has('t') && !args.has('T') => {
            Destination::into_dir(std::slice::from_ref(only), b".")
        }
        _ => Destination::read(ctx, args, linked)?,
    };
    let mut status = ExitStatus::SUCCESS;
    for (target, link) in &destination.pairs {
        if !link_one(ctx, args, target.as_bstr(), link.as_bstr())? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn link_one(
    ctx: &mut Context<'_>,
    args: &Args,
    target: &BStr,
    link: &BStr,
) -> Result<bool, CommandError> {
    let (shown_target, shown_link) = (quoted(target), quoted(link));
    if !args.has('s') {
        return refuse_hard_link(ctx, target, link);
    }
    let path = match ctx.path(link) {
        Ok(path) => path,
        Err(error) => {
            let message = format!("failed to create symbolic link {shown_link}: {error}");
            ctx.complain(message)?;
            return Ok(false);
        }
    };
    let mut kept = None;
    if let Ok(existing) = ctx.fs.symlink_metadata(&path) {
        let remove = match args.last_of("fi") {
            Some('i') => {
                if !yes(ctx, format!("replace {shown_link}? "))? {
                    return Ok(true);
                }
                true
            }
            Some('f') => true,
            _ => false,
        };
        if existing.is_directory() && remove {
            ctx.complain(format_args!("{shown_link}: cannot overwrite directory"))?;
            return Ok(false);
        }
        if let Some(backup) = Backup::read(ctx, args)? {
            kept = Some(backup.keep(ctx, link, &path)?);
        } else if remove {
            ctx.fs.remove(&path, false)?;
        }
    }
    let stored = if args.has('r') { relative_target(ctx, target, &path)? } else { target.into() };
    if let Err(error) = ctx.fs.symlink(&stored, &path) {
        let to = match error.errno() {
            Errno::NoEnt if target.is_empty() => format!("{shown_link} -> {shown_target}"),
            _ => shown_link.to_string(),
        };
        ctx.complain(format_args!("failed to create symbolic link {to}: {error}"))?;
        return Ok(false);
    }
    if args.has('v') {
        let kept = kept.map(|name| format!("{} ~ ", quoted(&name))).unwrap_or_default();
        let line = format!("{kept}{shown_link} -> {}\n", quoted(&stored));
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(true)
}

fn refuse_hard_link(
    ctx: &mut Context<'_>,
    target: &BStr,
    link: &BStr,
) -> Result<bool, CommandError> {
    let (shown_target, shown_link) = (quoted(target), quoted(link));
    match ctx.path(target).and_then(|path| ctx.fs.symlink_metadata(&path)) {
        Err(error) => ctx.complain(format_args!("failed to access {shown_target}: {error}"))?,
        Ok(stat) if stat.is_directory() => {
            let shown = quoted_as_needed(target);
            ctx.complain(format_args!("{shown}: hard link not allowed for directory"))?;
        }
        Ok(_) => {
            let why = "Operation not supported (hard links are not supported: use -s)";
            ctx.complain(format_args!(
                "failed to create hard link {shown_link} => {shown_target}: {why}"
            ))?;
        }
    }
    Ok(false)
}

/// `-r`: the way from the link's directory to what the target resolves to.
fn relative_target(
    ctx: &Context<'_>,
    target: &BStr,
    link: &VPath,
) -> Result<BString, CommandError> {
    let parent = VPath::new(super::dirname::parent_name(link.as_bstr()))?;
    let parent = ctx.fs.canonicalize(&parent).map_or(parent, |real| real.to_vpath());
    let whole = super::realpath::resolve(ctx, target, super::realpath::Missing::Any)?;
    Ok(relative(whole.as_bstr(), parent.as_bstr()))
}
