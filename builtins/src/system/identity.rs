//! `whoami`, `id`, `groups`, `hostname`, `logname`: the virtual identity.
use crate::prelude::*;

pub const WHOAMI: Command = Command {
    name: "whoami",
    synopsis: "whoami [OPTION]...",
    summary: "Print the user name associated with the current effective user ID.\nSame as id -un.",
    examples: &[Example { about: "The user.", script: "whoami", prints: "mesa\n" }],
    run: whoami,
    ..Command::BASE
};

pub const ID: Command = Command {
    name: "id",
    synopsis: "id [OPTION]... [USER]...",
    summary: "Print user and group information for each specified USER,\nor (when USER omitted) for the current process.",
    options: &[
        short('a', "ignore, for compatibility with other versions"),
        flag('Z', "context", "print only the security context of the process"),
        flag('g', "group", "print only the effective group ID"),
        flag('G', "groups", "print all group IDs"),
        flag('n', "name", "print a name instead of a number, for -ugG"),
        flag('r', "real", "print the real ID instead of the effective ID, with -ugG"),
        flag('u', "user", "print only the effective user ID"),
        flag('z', "zero", "delimit entries with NUL characters, not whitespace"),
    ],
    examples: &[Example { about: "The user's number.", script: "id -u", prints: "1000\n" }],
    run: id,
    ..Command::BASE
};

pub const GROUPS: Command = Command {
    name: "groups",
    synopsis: "groups [OPTION]... [USERNAME]...",
    summary: "Print group memberships for each USERNAME or, if no USERNAME is specified, for\nthe current process.",
    examples: &[Example { about: "The groups.", script: "groups", prints: "mesa\n" }],
    run: groups,
    ..Command::BASE
};

pub const HOSTNAME: Command = Command {
    name: "hostname",
    synopsis: "hostname [OPTION]",
    summary: "Show the host's name, which is virtual.",
    options: &[
        flag('f', "fqdn", "long host name"),
        flag('s', "short", "short host name"),
        flag('i', "ip-address", "addresses for the host name"),
    ],
    examples: &[Example { about: "The name.", script: "hostname", prints: "mesash\n" }],
    run: hostname,
    ..Command::BASE
};

pub const LOGNAME: Command = Command {
    name: "logname",
    synopsis: "logname [OPTION]",
    summary: "Print the user's login name.",
    examples: &[Example { about: "The name.", script: "logname", prints: "mesa\n" }],
    run: whoami,
    ..Command::BASE
};

fn put_line(ctx: &mut Context<'_>, text: &[u8]) -> CommandResult {
    ctx.stdout.put(&[text, b"\n"].concat())?;
    Ok(ExitStatus::SUCCESS)
}

fn whoami(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if let Some(extra) = args.operands().first() {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    let user = ctx.identity.user.clone();
    put_line(ctx, &user)
}

fn id(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let (user, uid, gid) = (ctx.identity.user.clone(), ctx.identity.uid, ctx.identity.gid);
    let chosen: Vec<char> = "ugG".chars().filter(|letter| args.has(*letter)).collect();
    if chosen.len() > 1 {
        return Err(failure("cannot print \"only\" of more than one choice"));
    }
    if chosen.is_empty() && (args.has('n') || args.has('r')) {
        return Err(failure("cannot print only names or real IDs in default format"));
    }
    if chosen.is_empty() && args.has('z') {
        return Err(failure("option --zero not permitted in default format"));
    }
    for operand in args.operands() {
        if *operand != user && *operand != uid.to_string() {
            return Err(failure(format!("{}: no such user", marked(operand))));
        }
    }
    let end: &[u8] = if args.has('z') { b"\0" } else { b"\n" };
    let text = match chosen.first() {
        None => {
            let text = format!("uid={uid}({user}) gid={gid}({user}) groups={gid}({user})");
            return put_line(ctx, text.as_bytes());
        }
        Some(_) if args.has('n') => user.to_vec(),
        Some('u') => uid.to_string().into_bytes(),
        Some(_) => gid.to_string().into_bytes(),
    };
    ctx.stdout.put(&[text.as_slice(), end].concat())?;
    Ok(ExitStatus::SUCCESS)
}

fn groups(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let user = ctx.identity.user.clone();
    if args.operands().is_empty() {
        return put_line(ctx, &user);
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        if *operand == user {
            put_line(ctx, &[user.as_slice(), b" : ", &user].concat())?;
        } else {
            ctx.complain(format!("{}: no such user", marked(operand)))?;
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn hostname(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if !args.operands().is_empty() {
        return Err(failure("you must be root to change the host name"));
    }
    let host = if args.has('i') { "127.0.1.1".into() } else { ctx.identity.host.clone() };
    put_line(ctx, &host)
}
