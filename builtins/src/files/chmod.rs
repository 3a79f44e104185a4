//! `chmod`: change file mode bits.
use super::mode::{Mode, letters};
use crate::prelude::*;

pub const CHMOD: Command = Command {
    name: "chmod",
    synopsis: "chmod [OPTION]... MODE[,MODE]... FILE...\nchmod [OPTION]... OCTAL-MODE FILE...\nchmod [OPTION]... --reference=RFILE FILE...",
    summary: "Change the mode of each FILE to MODE.",
    options: &[
        flag('c', "changes", "like verbose but report only when a change is made"),
        flag('f', "silent", "suppress most error messages"),
        long("quiet", "same as --silent"),
        flag('v', "verbose", "output a diagnostic for every file processed"),
        long("no-preserve-root", "do not treat '/' specially (the default)"),
        long("preserve-root", "fail to operate recursively on '/'"),
        long("reference", "use RFILE's mode instead of specifying MODE values")
            .takes(Takes::Value("RFILE")),
        flag('R', "recursive", "change files and directories recursively"),
    ],
    examples: &[Example {
        about: "Make a script executable.",
        script: "echo 'echo hi' > s; chmod +x s; ./s",
        prints: "hi\n",
    }],
    order: Order::Raw,
    run: chmod,
    ..Command::BASE
};

/// `-x` and the like are modes, not options: they are taken out before the options are read.
fn split(argv: &[BString]) -> (Option<BString>, Vec<BString>) {
    let mut mode: Option<BString> = None;
    let mut rest = Vec::new();
    let mut ended = false;
    for arg in argv {
        let letters = arg.len() > 1
            && arg.starts_with(b"-")
            && arg[1..].iter().all(|byte| b"rwxXstugo,+-=01234567".contains(byte));
        if letters && !ended && arg != "--" {
            mode = Some(match mode {
                Some(before) => [&before[..], b",", arg].concat().into(),
                None => arg.clone(),
            });
            continue;
        }
        ended |= arg == "--";
        rest.push(arg.clone());
    }
    (mode, rest)
}

fn chmod(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let (dashed, rest) = split(args.operands());
    let table = Command { order: Order::Permute, ..CHMOD };
    let args = match Args::parse(&table, &rest).map_err(usage)? {
        crate::args::Parsed::Run(args) => args,
        crate::args::Parsed::Help => {
            ctx.stdout.put(crate::args::help_text(&CHMOD).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        crate::args::Parsed::Version => {
            ctx.stdout.put(crate::args::version_text(&CHMOD).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
    };
    let mut files = args.operands().iter();
    let mode = if let Some(reference) = args.value("reference") {
        let stat = ctx.path(reference).and_then(|path| ctx.fs.metadata(&path));
        match stat {
            Ok(stat) => Mode::parse(format!("{:05o}", stat.mode).as_bytes()),
            Err(error) => {
                let shown = quoted(reference);
                return Err(failure(format!("failed to get attributes of {shown}: {error}")));
            }
        }
    } else {
        let Some(text) = dashed.as_ref().or_else(|| files.next()) else {
            return Err(usage("missing operand"));
        };
        if files.len() == 0 {
            return Err(usage(format!("missing operand after {}", marked(text))));
        }
        match Mode::parse(text) {
            Some(mode) => Some(mode),
            None => return Err(usage(format!("invalid mode: {}", marked(text)))),
        }
    };
    let (Some(mode), true) = (mode, files.len() > 0) else { return Err(usage("missing operand")) };
    let mut status = ExitStatus::SUCCESS;
    let mut pending: Vec<(BString, bool)> = files.rev().map(|file| (file.clone(), true)).collect();
    while let Some((name, operand)) = pending.pop() {
        ctx.check()?;
        if !change(ctx, &args, &mode, name, operand, &mut pending)? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn change(
    ctx: &mut Context<'_>,
    args: &Args,
    mode: &Mode,
    name: BString,
    operand: bool,
    pending: &mut Vec<(BString, bool)>,
) -> Result<bool, CommandError> {
    let quiet = args.has('f') || args.has("quiet");
    let path = ctx.path(&name)?;
    if !operand && ctx.fs.symlink_metadata(&path).is_ok_and(|stat| stat.is_symbolic_link()) {
        return Ok(true);
    }
    let stat = match ctx.fs.metadata(&path) {
        Ok(stat) => stat,
        Err(error) => {
            let dangling = ctx.fs.symlink_metadata(&path).is_ok_and(|stat| stat.is_symbolic_link());
            let shown = quoted(&name);
            if quiet {
            } else if dangling {
                ctx.complain(format_args!("cannot operate on dangling symlink {shown}"))?;
            } else {
                ctx.complain(format_args!("cannot access {shown}: {error}"))?;
            }
            return Ok(false);
        }
    };
    let new = mode.of(stat.mode, stat.is_directory(), ctx.umask);
    if let Err(error) = ctx.fs.set_mode(&path, new, Follow::Yes) {
        if !quiet {
            ctx.complain(format_args!("changing permissions of {}: {error}", quoted(&name)))?;
        }
        return Ok(false);
    }
    report(ctx, args, &name, stat.mode, new)?;
    if args.has('R') && stat.is_directory() {
        let entries = ctx.fs.read_dir(&path)?;
        let base = name.strip_suffix(b"/").unwrap_or(&name);
        let children = entries.iter().rev().map(|entry| [base, b"/", &entry.name].concat().into());
        pending.extend(children.map(|child| (child, false)));
    }
    Ok(true)
}

fn report(
    ctx: &mut Context<'_>,
    args: &Args,
    name: &BString,
    old: u32,
    new: u32,
) -> Result<(), CommandError> {
    let shown = quoted(name);
    let line = if old != new && (args.has('c') || args.has('v')) {
        let (was, is) = (letters(old), letters(new));
        format!("mode of {shown} changed from {old:04o} ({was}) to {new:04o} ({is})\n")
    } else if old == new && args.has('v') {
        format!("mode of {shown} retained as {new:04o} ({})\n", letters(new))
    } else {
        return Ok(());
    };
    Ok(ctx.stdout.put(line.as_bytes())?)
}
