//! `mkdir`: make directories.
use super::mode::Mode;
use crate::prelude::*;

pub const MKDIR: Command = Command {
    name: "mkdir",
    synopsis: "mkdir [OPTION]... DIRECTORY...",
    summary: "Create the DIRECTORY(ies), if they do not already exist.",
    options: &[
        value('m', "mode", "MODE", "set file mode (as in chmod), not a=rwx - umask"),
        flag('p', "parents", "no error if existing, make parent directories as needed"),
        flag('v', "verbose", "print a message for each created directory"),
        short('Z', "(ignored)"),
    ],
    examples: &[Example {
        about: "Make a directory and its parents.",
        script: "mkdir -p a/b && ls a",
        prints: "b\n",
    }],
    run: mkdir,
    ..Command::BASE
};

fn mkdir(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    let default = 0o777 & !ctx.umask;
    let mode = match args.value('m') {
        None => default,
        Some(text) => match Mode::parse(text) {
            Some(mode) => mode.of(0o777, true, ctx.umask),
            None => return Err(failure(format!("invalid mode {}", marked(text)))),
        },
    };
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        let made = if args.has('p') {
            make_all(ctx, operand, mode, args.has('v'))?
        } else {
            make(ctx, operand, mode, args.has('v'))?
        };
        status = status.or(if made { ExitStatus::SUCCESS } else { ExitStatus::FAILURE });
    }
    Ok(status)
}

fn tell(ctx: &mut Context<'_>, name: &[u8]) -> Result<(), CommandError> {
    let line = format!("{}: created directory {}\n", ctx.name, quoted(name));
    Ok(ctx.stdout.put(line.as_bytes())?)
}

fn refuse(ctx: &mut Context<'_>, name: &[u8], reason: &FsError) -> Result<bool, CommandError> {
    ctx.complain(format_args!("cannot create directory {}: {reason}", marked(name)))?;
    Ok(false)
}

fn make(
    ctx: &mut Context<'_>,
    name: &[u8],
    mode: u32,
    verbose: bool,
) -> Result<bool, CommandError> {
    match ctx.path(name).and_then(|path| ctx.fs.create_dir(&path, mode, false)) {
        Err(error) => refuse(ctx, name, &error),
        Ok(()) => {
            if verbose {
                tell(ctx, name)?;
            }
            Ok(true)
        }
    }
}

/// Makes each missing directory on the way, the parents with `u+wx` and the umask (POSIX `mkdir -p`).
fn make_all(
    ctx: &mut Context<'_>,
    name: &[u8],
    mode: u32,
    verbose: bool,
) -> Result<bool, CommandError> {
    let parent_mode = (0o777 & !ctx.umask) | 0o300;
    let inner = name.iter().enumerate().skip(1);
    let mut ends: Vec<usize> = inner
        .filter(|&(at, &byte)| byte == b'/' && name[at - 1] != b'/')
        .map(|(at, _)| at)
        .collect();
    if !name.ends_with(b"/") {
        ends.push(name.len());
    }
    if name.is_empty() {
        return make(ctx, name, mode, verbose);
    }
    for (nth, &end) in ends.iter().enumerate() {
        let prefix = &name[..end];
        let last = nth + 1 == ends.len();
        let path = match ctx.path(prefix) {
            Ok(path) => path,
            Err(error) => return refuse(ctx, name, &error),
        };
        match ctx.fs.create_dir(&path, if last { mode } else { parent_mode }, false) {
            Ok(()) if verbose => tell(ctx, prefix)?,
            Ok(()) => {}
            Err(error) => {
                // What is there already, or cannot be made but is there (a mount point), will do.
                match ctx.fs.metadata(&path) {
                    Ok(stat) if stat.is_directory() => {}
                    Ok(_) if !last => {
                        let reason = FsError::new(Errno::NotDir, error.operation(), prefix);
                        return refuse(ctx, prefix, &reason);
                    }
                    _ => return refuse(ctx, prefix, &error),
                }
            }
        }
    }
    Ok(true)
}
