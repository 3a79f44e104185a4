//! `chown`, `chgrp`: change owner and group. Every file belongs to the one user that there is: what
//! names this user is accepted, anything else is EPERM.

use super::owner::{group_name, user_name};
use crate::prelude::*;

const SHARED: &[Opt] = &[
    flag('c', "changes", "like verbose but report only when a change is made"),
    flag('f', "silent", "suppress most error messages"),
    long("quiet", "the same as --silent"),
    flag('v', "verbose", "output a diagnostic for every file processed"),
    long("dereference", "affect the referent of each symbolic link (default)"),
    flag('h', "no-dereference", "affect symbolic links instead of any referenced file"),
    long("from", "change only if the current owner and group match these")
        .takes(Takes::Value("CURRENT_OWNER:CURRENT_GROUP")),
    long("no-preserve-root", "do not treat '/' specially (the default)"),
    long("preserve-root", "fail to operate recursively on '/'"),
    long("reference", "use RFILE's owner and group").takes(Takes::Value("RFILE")),
    flag('R', "recursive", "operate on files and directories recursively"),
    short('H', "with -R, follow a command line argument that is a link to a directory"),
    short('L', "with -R, follow every link to a directory"),
    short('P', "with -R, do not follow links (default)"),
];

pub const CHOWN: Command = Command {
    name: "chown",
    synopsis: "chown [OPTION]... [OWNER][:[GROUP]] FILE...\nchown [OPTION]... --reference=RFILE FILE...",
    summary: "Change the owner and/or group of each FILE to OWNER and/or GROUP.",
    options: SHARED,
    examples: &[Example {
        about: "Files belong to the user already.",
        script: "echo > f; chown -v \"$(id -u)\" f",
        prints: "ownership of 'f' retained as mesa\n",
    }],
    run: chown,
    ..Command::BASE
};

pub const CHGRP: Command = Command {
    name: "chgrp",
    synopsis: "chgrp [OPTION]... GROUP FILE...\nchgrp [OPTION]... --reference=RFILE FILE...",
    summary: "Change the group of each FILE to GROUP.",
    examples: &[Example {
        about: "Files belong to the user's group already.",
        script: "echo > f; chgrp -v \"$(id -g)\" f",
        prints: "group of 'f' retained as mesa\n",
    }],
    run: chgrp,
    ..CHOWN
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Owner,
    Group,
}

/// Whom files are to belong to.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    uid: Option<u32>,
    gid: Option<u32>,
}

fn chown(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    run(ctx, args, Kind::Owner)
}

fn chgrp(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    run(ctx, args, Kind::Group)
}

fn run(ctx: &mut Context<'_>, args: &Args, kind: Kind) -> CommandResult {
    let (wanted, files) = match args.value("reference") {
        Some(file) => {
            let found = ctx.path(file).and_then(|path| ctx.fs.metadata(&path));
            if let Err(error) = found {
                let file = quoted(file);
                return Err(failure(format!("failed to get attributes of {file}: {error}")));
            }
            (Wanted { uid: Some(ctx.identity.uid), gid: Some(ctx.identity.gid) }, args.operands())
        }
        None => match args.operands() {
            [] => return Err(usage("missing operand")),
            [only] => return Err(usage(format!("missing operand after {}", marked(only)))),
            [who, files @ ..] => match kind {
                Kind::Owner => (owner(ctx, who)?, files),
                Kind::Group => {
                    let gid = group(ctx, who);
                    let gid =
                        gid.ok_or_else(|| failure(format!("invalid group: {}", marked(who))))?;
                    (Wanted { uid: None, gid: Some(gid) }, files)
                }
            },
        },
    };
    if files.is_empty() {
        return Err(usage("missing operand"));
    }
    if let Some(from) = args.value("from") {
        owner(ctx, &from.to_owned())?;
    }
    let mut status = ExitStatus::SUCCESS;
    let mut pending: Vec<(BString, bool)> =
        files.iter().rev().map(|file| (file.clone(), false)).collect();
    while let Some((name, told)) = pending.pop() {
        ctx.check()?;
        if !told && args.has('R') && enter(ctx, args, &name, &mut pending)? {
            continue;
        }
        if !one(ctx, args, &name, wanted, kind)? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

/// Puts what is in a folder in line, before the folder itself.
fn enter(
    ctx: &mut Context<'_>,
    args: &Args,
    name: &BString,
    pending: &mut Vec<(BString, bool)>,
) -> Result<bool, CommandError> {
    let Ok(path) = ctx.path(name) else { return Ok(false) };
    let stat = if args.has('L') { ctx.fs.metadata(&path) } else { ctx.fs.symlink_metadata(&path) };
    if !stat.is_ok_and(|stat| stat.is_directory()) {
        return Ok(false);
    }
    let entries = ctx.fs.read_dir(&path)?;
    pending.push((name.clone(), true));
    let inner = entries.iter().rev().map(|entry| super::destination::inside(name, &entry.name));
    pending.extend(inner.map(|child| (child, false)));
    Ok(true)
}

fn one(
    ctx: &mut Context<'_>,
    args: &Args,
    name: &BString,
    wanted: Wanted,
    kind: Kind,
) -> Result<bool, CommandError> {
    let quiet = args.has('f') || args.has("quiet");
    let found = ctx.path(name).and_then(|path| match args.has('h') || args.has('R') {
        true => ctx.fs.symlink_metadata(&path),
        false => ctx.fs.metadata(&path),
    });
    let shown = quoted(name);
    if let Err(error) = found {
        if !quiet {
            ctx.complain(format_args!("cannot access {shown}: {error}"))?;
        }
        return Ok(false);
    }
    let (uid, gid) = (ctx.identity.uid, ctx.identity.gid);
    let allowed = wanted.uid.is_none_or(|id| id == uid) && wanted.gid.is_none_or(|id| id == gid);
    if !allowed {
        if !quiet {
            let what = match (kind, wanted.uid) {
                (Kind::Owner, Some(_)) => "ownership",
                _ => "group",
            };
            let reason = Errno::Perm;
            ctx.complain(format_args!("changing {what} of {shown}: {reason}"))?;
        }
        return Ok(false);
    }
    if args.has('v') {
        let line = match (wanted.uid, wanted.gid) {
            (Some(uid), Some(gid)) => {
                let (user, group) = (user_name(ctx, uid), group_name(ctx, gid));
                format!("ownership of {shown} retained as {user}:{group}\n")
            }
            (Some(uid), None) => {
                format!("ownership of {shown} retained as {}\n", user_name(ctx, uid))
            }
            (None, Some(gid)) if kind == Kind::Group => {
                format!("group of {shown} retained as {}\n", group_name(ctx, gid))
            }
            (None, Some(gid)) => {
                let (user, group) = (user_name(ctx, ctx.identity.uid), group_name(ctx, gid));
                format!("ownership of {shown} retained as {user}:{group}\n")
            }
            (None, None) => format!("ownership of {shown} retained\n"),
        };
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(true)
}

fn number(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    digits.to_str().ok()?.parse().ok()
}

/// `USER`, `USER:GROUP`, `USER:` (the user's group), `:GROUP`, and with `.` for `:`.
fn owner(ctx: &mut Context<'_>, text: &BString) -> Result<Wanted, CommandError> {
    let mut separator = text.find_byte(b':');
    if separator.is_none()
        && user(ctx, text).is_none()
        && let Some(at) = text.find_byte(b'.')
    {
        ctx.complain(format_args!("warning: '.' should be ':': {}", marked(text)))?;
        separator = Some(at);
    }
    let (name, group_text) = match separator {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text.as_slice(), None),
    };
    let uid = match name {
        b"" => None,
        name => {
            let uid = user(ctx, name);
            Some(uid.ok_or_else(|| failure(format!("invalid user: {}", marked(text))))?)
        }
    };
    let gid = match group_text {
        None => None,
        Some(b"") => uid.map(|_| ctx.identity.gid),
        Some(name) => {
            let gid = group(ctx, name);
            Some(gid.ok_or_else(|| failure(format!("invalid group: {}", marked(text))))?)
        }
    };
    Ok(Wanted { uid, gid })
}

/// The number of a user, by name or as it is.
pub(super) fn user(ctx: &Context<'_>, name: &[u8]) -> Option<u32> {
    match name {
        b"root" => Some(0),
        name if name == ctx.identity.user => Some(ctx.identity.uid),
        name => number(name),
    }
}

/// The number of a group, by name or as it is.
pub(super) fn group(ctx: &Context<'_>, name: &[u8]) -> Option<u32> {
    match name {
        b"root" => Some(0),
        name if name == ctx.identity.user => Some(ctx.identity.gid),
        name => number(name),
    }
}
