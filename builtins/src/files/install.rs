//! `install`: copy files and set their attributes.

use super::backup::Backup;
use super::basename::last_name;
use super::chown::{group, user};
use super::destination::inside;
use super::mode::Mode;
use crate::prelude::*;

pub const INSTALL: Command = Command {
    name: "install",
    synopsis: "install [OPTION]... [-T] SOURCE DEST\ninstall [OPTION]... SOURCE... DIRECTORY\ninstall [OPTION]... -t DIRECTORY SOURCE...\ninstall [OPTION]... -d DIRECTORY...",
    summary: "Copy files while setting attributes.",
    options: &[
        long("backup", "make a backup of each existing destination file")
            .takes(Takes::Optional("CONTROL")),
        short('b', "like --backup but does not accept an argument"),
        short('c', "(ignored)"),
        flag(
            'C',
            "compare",
            "compare content of source and destination files, and if no change, do not modify",
        ),
        flag('d', "directory", "treat all arguments as directory names; create all components"),
        short('D', "create all leading components of DEST except the last, then copy"),
        value('g', "group", "GROUP", "set group ownership"),
        value('m', "mode", "MODE", "set permission mode (as in chmod), instead of rwxr-xr-x"),
        value('o', "owner", "OWNER", "set ownership"),
        flag(
            'p',
            "preserve-timestamps",
            "apply modification times of SOURCE files to destination files",
        ),
        flag('s', "strip", "(refused: there is no strip)"),
        value('S', "suffix", "SUFFIX", "override the usual backup suffix"),
        value('t', "target-directory", "DIRECTORY", "copy all SOURCE arguments into DIRECTORY"),
        flag('T', "no-target-directory", "treat DEST as a normal file"),
        flag('v', "verbose", "print the name of each created file or directory"),
        short('Z', "(ignored)"),
        long("context", "(ignored)").takes(Takes::Optional("CTX")),
    ],
    examples: &[Example {
        about: "Put a script in place, with the folders that it needs.",
        script: "echo 'echo hi' > s; install -D -m 755 s bin/s; stat -c %a bin/s",
        prints: "755\n",
    }],
    run: install,
    ..Command::BASE
};

fn install(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mode = match args.value('m') {
        None => 0o755,
        Some(text) => match Mode::parse(text) {
            Some(mode) => mode.of(0, args.has('d'), 0),
            None => return Err(failure(format!("invalid mode {}", marked(text)))),
        },
    };
    if args.has('s') {
        return Err(failure("--strip is not available: there is no strip here"));
    }
    let operands = args.operands();
    if args.has('d') && args.has('t') {
        return Err(failure("target directory not allowed when installing a directory"));
    }
    let Some(first) = operands.first() else { return Err(usage("missing file operand")) };
    let (uid, gid) = owners(ctx, args)?;
    let foreign = uid.is_some_and(|uid| uid != ctx.identity.uid)
        || gid.is_some_and(|gid| gid != ctx.identity.gid);
    let mut status = ExitStatus::SUCCESS;
    if args.has('d') {
        for name in operands {
            if !directory(ctx, name, args.has('m').then_some(mode), args.has('v'))? {
                status = ExitStatus::FAILURE;
            }
        }
        return Ok(status);
    }
    for (source, target) in pairs(ctx, args, first)? {
        ctx.check()?;
        if !file(ctx, args, &source, &target, mode, foreign)? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn owners(ctx: &Context<'_>, args: &Args) -> Result<(Option<u32>, Option<u32>), CommandError> {
    let uid = match args.value('o') {
        None => None,
        Some(name) => match user(ctx, name) {
            Some(uid) => Some(uid),
            None => return Err(failure(format!("invalid user {}", marked(name)))),
        },
    };
    let gid = match args.value('g') {
        None => None,
        Some(name) => match group(ctx, name) {
            Some(gid) => Some(gid),
            None => return Err(failure(format!("invalid group {}", marked(name)))),
        },
    };
    Ok((uid, gid))
}

fn is_dir(ctx: &Context<'_>, name: &[u8]) -> FsResult<()> {
    let path = ctx.path(name)?;
    if ctx.fs.metadata(&path)?.is_directory() {
        return Ok(());
    }
    Err(FsError::new(Errno::NotDir, mesafs::Operation::Lookup, path))
}

/// Each source and where it goes.
fn pairs(
    ctx: &mut Context<'_>,
    args: &Args,
    first: &BString,
) -> Result<Vec<(BString, BString)>, CommandError> {
    let operands = args.operands();
    let verbose = args.has('v');
    let into = |folder: &[u8], sources: &[BString]| -> Vec<(BString, BString)> {
        sources.iter().map(|source| (source.clone(), inside(folder, last_name(source)))).collect()
    };
    if let Some(folder) = args.value('t') {
        if args.has('T') {
            let both = "cannot combine --target-directory (-t) and --no-target-directory (-T)";
            return Err(failure(both));
        }
        if args.has('D') {
            directory(ctx, &folder.to_owned(), None, verbose)?;
        }
        if let Err(error) = is_dir(ctx, folder) {
            return Err(failure(format!("failed to access {}: {error}", quoted(folder))));
        }
        return Ok(into(folder, operands));
    }
    let (target, sources) = match operands.split_last() {
        Some((target, sources)) if !sources.is_empty() => (target, sources),
        _ => {
            let shown = quoted(first);
            return Err(usage(format!("missing destination file operand after {shown}")));
        }
    };
    if args.has('T') && sources.len() > 1 {
        return Err(usage(format!("extra operand {}", quoted(&operands[2]))));
    }
    let folder = is_dir(ctx, target);
    if !args.has('T') && folder.is_ok() {
        return Ok(into(target, sources));
    }
    match (sources, folder) {
        ([source], _) => {
            if args.has('D')
                && let Some(at) = target.trim_end_with(|c| c == '/').rfind_byte(b'/')
                && let Some(parent) = target.get(..at).filter(|parent| !parent.is_empty())
            {
                directory(ctx, &parent.into(), None, verbose)?;
            }
            Ok(vec![(source.clone(), target.clone())])
        }
        (_, Err(error)) => Err(failure(format!("target {}: {error}", quoted(target)))),
        (_, Ok(())) => Err(usage(format!("extra operand {}", quoted(target)))),
    }
}

/// Makes a folder and those around it. The mode is for the last one.
fn directory(
    ctx: &mut Context<'_>,
    name: &BString,
    mode: Option<u32>,
    verbose: bool,
) -> Result<bool, CommandError> {
    let mut ends: Vec<usize> = name.find_iter("/").filter(|at| *at > 0).collect();
    if !name.ends_with(b"/") {
        ends.push(name.len());
    }
    for (at, end) in ends.iter().enumerate() {
        let part = name.get(..*end).unwrap_or_default();
        let path = ctx.path(part)?;
        let last = at + 1 == ends.len();
        match ctx.fs.create_dir(&path, 0o755, false) {
            Ok(()) => {
                if verbose {
                    let line = format!("{}: creating directory {}\n", ctx.name, quoted(part));
                    ctx.stdout.put(line.as_bytes())?;
                }
            }
            Err(_) if is_dir(ctx, part).is_ok() => {}
            Err(error) => {
                ctx.complain(format_args!("cannot create directory {}: {error}", marked(part)))?;
                return Ok(false);
            }
        }
        if let Some(mode) = mode.filter(|_| last)
            && let Err(error) = ctx.fs.set_mode(&path, mode, Follow::Yes)
        {
            ctx.complain(format_args!("cannot change permissions of {}: {error}", marked(part)))?;
            return Ok(false);
        }
    }
    Ok(true)
}

fn file(
    ctx: &mut Context<'_>,
    args: &Args,
    source: &BString,
    target: &BString,
    mode: u32,
    foreign: bool,
) -> Result<bool, CommandError> {
    let (from, to) = (ctx.path(source)?, ctx.path(target)?);
    let stat = match ctx.fs.metadata(&from) {
        Ok(stat) => stat,
        Err(error) => {
            ctx.complain(format_args!("cannot stat {}: {error}", quoted(source)))?;
            return Ok(false);
        }
    };
    if stat.is_directory() {
        ctx.complain(format_args!("omitting directory {}", quoted(source)))?;
        return Ok(false);
    }
    let old = ctx.fs.symlink_metadata(&to).ok();
    if old.as_ref().is_some_and(FsStat::is_directory) {
        let shown = quoted(target);
        ctx.complain(format_args!("cannot overwrite directory {shown} with non-directory"))?;
        return Ok(false);
    }
    if let Some(old) = &old
        && (old.device, old.inode) == (stat.device, stat.inode)
    {
        let (source, target) = (quoted(source), quoted(target));
        ctx.complain(format_args!("{source} and {target} are the same file"))?;
        return Ok(false);
    }
    if args.has('C')
        && let Some(old) = &old
        && old.is_file()
        && old.mode == mode
        && old.size == stat.size
        && ctx.fs.read(&from)? == ctx.fs.read(&to)?
    {
        return Ok(true);
    }
    let mut backup = None;
    if let Some(keeping) = Backup::read(ctx, args)?
        && old.is_some()
    {
        backup = Some(keeping.keep(ctx, target.as_bstr(), &to)?);
    } else if args.has('v') && old.is_some() {
        ctx.stdout.put(format!("removed {}\n", quoted(target)).as_bytes())?;
    }
    let copied = match old.as_ref().is_some_and(FsStat::is_symbolic_link) && backup.is_none() {
        true => ctx.fs.remove(&to, false),
        false => Ok(()),
    };
    let copied = copied.and_then(|()| {
        let from = ctx.fs.canonicalize(&from)?.to_vpath();
        ctx.fs.copy(&from, &to, false)?;
        ctx.fs.set_mode(&to, mode, Follow::Yes)
    });
    if let Err(error) = copied {
        ctx.complain(format_args!("cannot create regular file {}: {error}", quoted(target)))?;
        return Ok(false);
    }
    if args.has('p') {
        ctx.fs.set_times(&to, stat.mtime_ns, stat.mtime_ns, Follow::Yes)?;
    }
    if args.has('v') {
        let mut line = format!("{} -> {}", quoted(source), quoted(target));
        if let Some(name) = backup {
            line.push_str(&format!(" (backup: {})", quoted(&name)));
        }
        line.push('\n');
        ctx.stdout.put(line.as_bytes())?;
    }
    if foreign {
        let reason = Errno::Perm;
        ctx.complain(format_args!("cannot change ownership of {}: {reason}", marked(target)))?;
        return Ok(false);
    }
    Ok(true)
}
