//! `rm`: remove files and directories. A directory goes in one op, whatever it holds, unless each
//! entry has to be told or asked about.
use super::basename::last_name;
use crate::prelude::*;

pub const RM: Command = Command {
    name: "rm",
    synopsis: "rm [OPTION]... [FILE]...",
    summary: "Remove (unlink) the FILE(s).",
    options: &[
        flag('f', "force", "ignore nonexistent files and arguments, never prompt"),
        short('i', "prompt before every removal"),
        short(
            'I',
            "prompt once before removing more than three files, or when removing recursively",
        ),
        long("interactive", "prompt according to WHEN: never, once (-I), or always (-i)")
            .takes(Takes::Optional("WHEN")),
        long("one-file-system", "(ignored: every repository is one)"),
        long("no-preserve-root", "do not treat '/' specially"),
        long("preserve-root", "do not remove '/' (default)").takes(Takes::Optional("all")),
        flag('r', "recursive", "remove directories and their contents recursively"),
        short('R', "same as -r"),
        flag('d', "dir", "remove empty directories"),
        flag('v', "verbose", "explain what is being done"),
    ],
    examples: &[Example {
        about: "Remove a directory and what is in it.",
        script: "mkdir -p a/b; rm -r a; ls",
        prints: "",
    }],
    run: rm,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Never,
    Once,
    Always,
}

fn rm(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return if args.has('f') { Ok(ExitStatus::SUCCESS) } else { Err(usage("missing operand")) };
    }
    let ask = asking(args)?;
    let recursive = args.has('r') || args.has('R');
    let count = args.operands().len();
    if ask == Ask::Once && (recursive || count > 3) {
        let s = if count == 1 { "" } else { "s" };
        let how = if recursive { " recursively" } else { "" };
        if !yes(ctx, format!("remove {count} argument{s}{how}? "))? {
            return Ok(ExitStatus::SUCCESS);
        }
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        ctx.check()?;
        if !remove_operand(ctx, args, operand.as_bstr(), recursive, ask)? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

/// The last of `-f -i -I --interactive` counts.
fn asking(args: &Args) -> Result<Ask, CommandError> {
    let mut ask = Ask::Never;
    for given in args.given() {
        ask = match (given.opt.short, given.opt.long, given.value.as_ref()) {
            (Some('f'), ..) => Ask::Never,
            (Some('i'), ..) => Ask::Always,
            (Some('I'), ..) => Ask::Once,
            (_, Some("interactive"), None) => Ask::Always,
            (_, Some("interactive"), Some(when)) => match &when[..] {
                b"never" | b"no" | b"none" => Ask::Never,
                b"once" => Ask::Once,
                b"always" | b"yes" => Ask::Always,
                _ => {
                    let valid = "Valid arguments are:\n  - ‘never’, ‘no’, ‘none’\n  - ‘once’\n  - ‘always’, ‘yes’";
                    let when = marked(when);
                    return Err(usage(format!(
                        "invalid argument {when} for ‘--interactive’\n{valid}"
                    )));
                }
            },
            _ => ask,
        };
    }
    Ok(ask)
}

fn remove_operand(
    ctx: &mut Context<'_>,
    args: &Args,
    operand: &BStr,
    recursive: bool,
    ask: Ask,
) -> Result<bool, CommandError> {
    if recursive && matches!(last_name(operand), b"." | b"..") {
        let shown = quoted(operand);
        ctx.complain(format_args!("refusing to remove '.' or '..' directory: skipping {shown}"))?;
        return Ok(false);
    }
    let path = ctx.path(operand);
    let stat = path.as_ref().map_err(Clone::clone).and_then(|path| ctx.fs.symlink_metadata(path));
    let (path, stat) = match (path, stat) {
        (Ok(path), Ok(stat)) => (path, stat),
        (Err(error), _) | (_, Err(error)) => {
            let missing = matches!(error.errno(), Errno::NoEnt | Errno::NotDir);
            if missing && args.has('f') {
                return Ok(true);
            }
            ctx.complain(format_args!("cannot remove {}: {error}", quoted(operand)))?;
            return Ok(false);
        }
    };
    if !stat.is_directory() {
        return remove_one(ctx, args, operand, &path, "", ask);
    }
    if !recursive {
        if args.has('d') {
            return remove_one(ctx, args, operand, &path, "directory ", ask);
        }
        ctx.complain(format_args!("cannot remove {}: Is a directory", quoted(operand)))?;
        return Ok(false);
    }
    if !args.has("no-preserve-root")
        && ctx.fs.canonicalize(&path).is_ok_and(|real| real == mesafs::RealPath::root())
    {
        let same = if operand == "/" { String::new() } else { " (same as '/')".into() };
        let shown = quoted(operand);
        ctx.complain(format_args!("it is dangerous to operate recursively on {shown}{same}"))?;
        ctx.complain("use --no-preserve-root to override this failsafe")?;
        return Ok(false);
    }
    if ask == Ask::Always || args.has('v') {
        return remove_tree(ctx, args, operand, ask);
    }
    match ctx.fs.remove(&path, true) {
        Ok(()) => Ok(true),
        Err(error) if error.errno() == Errno::NoEnt && args.has('f') => Ok(true),
        Err(error) => {
            ctx.complain(format_args!("cannot remove {}: {error}", quoted(operand)))?;
            Ok(false)
        }
    }
}

/// Entry by entry, depth first, without recursion of ours.
fn remove_tree(
    ctx: &mut Context<'_>,
    args: &Args,
    operand: &BStr,
    ask: Ask,
) -> Result<bool, CommandError> {
    enum Step {
        Enter(BString),
        Leave(BString),
    }
    let mut steps = vec![Step::Enter(operand.into())];
    let mut all = true;
    while let Some(step) = steps.pop() {
        ctx.check()?;
        let (name, leaving) = match step {
            Step::Enter(name) => (name, false),
            Step::Leave(name) => (name, true),
        };
        let path = ctx.path(&name)?;
        if leaving {
            all &= remove_one(ctx, args, name.as_bstr(), &path, "directory ", ask)?;
            continue;
        }
        let directory = ctx.fs.symlink_metadata(&path).is_ok_and(|stat| stat.is_directory());
        if !directory {
            all &= remove_one(ctx, args, name.as_bstr(), &path, "", ask)?;
            continue;
        }
        let entries = ctx.fs.read_dir(&path)?;
        let descend = || format!("descend into directory {}? ", quoted(&name));
        if ask == Ask::Always && !entries.is_empty() && !yes(ctx, descend())? {
            continue;
        }
        let base = name.strip_suffix(b"/").unwrap_or(&name).to_vec();
        steps.push(Step::Leave(name));
        for entry in entries.iter().rev() {
            steps.push(Step::Enter([&base[..], b"/", &entry.name].concat().into()));
        }
    }
    Ok(all)
}

fn remove_one(
    ctx: &mut Context<'_>,
    args: &Args,
    name: &BStr,
    path: &VPath,
    what: &str,
    ask: Ask,
) -> Result<bool, CommandError> {
    if ask == Ask::Always {
        let kind = match ctx.fs.symlink_metadata(path) {
            Ok(stat) if stat.is_directory() => "directory",
            Ok(stat) if stat.is_symbolic_link() => "symbolic link",
            Ok(stat) if stat.size == 0 => "regular empty file",
            _ => "regular file",
        };
        if !yes(ctx, format!("remove {kind} {}? ", quoted(name)))? {
            return Ok(true);
        }
    }
    match ctx.fs.remove(path, false) {
        Ok(()) => {
            if args.has('v') {
                ctx.stdout.put(format!("removed {what}{}\n", quoted(name)).as_bytes())?;
            }
            Ok(true)
        }
        Err(error) if error.errno() == Errno::NoEnt && args.has('f') => Ok(true),
        Err(error) => {
            ctx.complain(format_args!("cannot remove {}: {error}", quoted(name)))?;
            Ok(false)
        }
    }
}

/// Asks on standard error and reads the answer: yes if it starts with `y` or `Y`.
pub(super) fn yes(ctx: &mut Context<'_>, question: String) -> Result<bool, CommandError> {
    ctx.stdout.flush()?;
    ctx.stderr.put(format!("{}: {question}", ctx.name).as_bytes())?;
    let answer = ctx.stdin.line(b'\n')?;
    Ok(answer.is_some_and(|line| matches!(line.first(), Some(b'y' | b'Y'))))
}
