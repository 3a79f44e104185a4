//! `cp`: copy files and directories.
use super::backup::{BACKUP, Backup};
use super::copy::{Existing, Links, Rules, copy};
use super::destination::{Destination, LinkedDirs, inside};
use crate::args::choice::{Choice, choose};
use crate::prelude::*;

pub const CP: Command = Command {
    name: "cp",
    synopsis: "cp [OPTION]... [-T] SOURCE DEST\ncp [OPTION]... SOURCE... DIRECTORY\ncp [OPTION]... -t DIRECTORY SOURCE...",
    summary: "Copy SOURCE to DEST, or multiple SOURCE(s) to DIRECTORY.",
    options: &[
        flag('a', "archive", "same as -dR --preserve=all"),
        long("attributes-only", "don't copy the file data, just the attributes"),
        BACKUP,
        short('b', "like --backup but does not accept an argument"),
        short('d', "same as --no-dereference --preserve=links"),
        flag(
            'f',
            "force",
            "if an existing destination file cannot be opened, remove it and try again",
        ),
        flag('i', "interactive", "prompt before overwrite (overrides a previous -n option)"),
        short('H', "follow command-line symbolic links in SOURCE"),
        flag('l', "link", "hard link files instead of copying (refused: there are none)"),
        flag('L', "dereference", "always follow symbolic links in SOURCE"),
        flag('n', "no-clobber", "do not overwrite an existing file"),
        flag('P', "no-dereference", "never follow symbolic links in SOURCE"),
        short('p', "same as --preserve=mode,ownership,timestamps"),
        long("preserve", "preserve the specified attributes").takes(Takes::Optional("ATTR_LIST")),
        long("no-preserve", "don't preserve the specified attributes")
            .takes(Takes::Value("ATTR_LIST")),
        long("parents", "use full source file name under DIRECTORY"),
        flag('R', "recursive", "copy directories recursively"),
        short('r', "same as -R"),
        long("reflink", "(ignored: copies always share what they can)")
            .takes(Takes::Optional("WHEN")),
        long("remove-destination", "remove each existing destination file before opening it"),
        long("sparse", "(ignored)").takes(Takes::Value("WHEN")),
        long("strip-trailing-slashes", "remove any trailing slashes from each SOURCE argument"),
        flag('s', "symbolic-link", "make symbolic links instead of copying"),
        value('S', "suffix", "SUFFIX", "override the usual backup suffix"),
        value('t', "target-directory", "DIRECTORY", "copy all SOURCE arguments into DIRECTORY"),
        flag('T', "no-target-directory", "treat DEST as a normal file"),
        flag(
            'u',
            "update",
            "copy only when the SOURCE file is newer than the destination file or when the destination file is missing",
        ),
        flag('v', "verbose", "explain what is being done"),
        flag('x', "one-file-system", "(ignored: every repository is one)"),
        short('Z', "(ignored)"),
        long("context", "(ignored)").takes(Takes::Optional("CTX")),
        long("copy-contents", "(ignored: there are no special files)"),
    ],
    examples: &[Example {
        about: "Copy a folder.",
        script: "mkdir a; echo 1 > a/x; cp -r a b; cat b/x",
        prints: "1\n",
    }],
    run: cp,
    ..Command::BASE
};

fn cp(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('l') {
        return Err(failure("hard links are not supported: use -s for symbolic links"));
    }
    check_words(args)?;
    let rules = rules(args, Backup::read(ctx, args)?);
    let destination = if args.has("parents") {
        under_parents(ctx, args)?
    } else {
        Destination::read(ctx, args, LinkedDirs::Follow)?
    };
    let mut status = ExitStatus::SUCCESS;
    for (source, target) in &destination.pairs {
        let source = if args.has("strip-trailing-slashes") {
            source.trim_end_with(|letter| letter == '/').as_bstr()
        } else {
            source.as_bstr()
        };
        if !copy(ctx, &rules, source, target.as_bstr())? {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn rules(args: &Args, backup: Option<Backup>) -> Rules {
    let recursive = args.has('r') || args.has('R') || args.has('a');
    let mut links = if recursive { Links::Keep } else { Links::Follow };
    let mut existing = Existing::Overwrite;
    let mut plain_mode = false;
    let (mut keep_mode, mut keep_times) = (false, false);
    for given in args.given() {
        if matches!(given.opt.short, Some('p' | 'a')) {
            (keep_mode, keep_times, plain_mode) = (true, true, false);
        }
        match (given.opt.short, given.opt.long) {
            (Some('L'), _) => links = Links::Follow,
            (Some('P' | 'd' | 'a'), _) => links = Links::Keep,
            (Some('H'), _) => links = Links::FollowOperands,
            (Some('i'), _) => existing = Existing::Ask,
            (Some('n'), _) => existing = Existing::Keep,
            (Some('u'), _) if existing == Existing::Overwrite => existing = Existing::IfNewer,
            (_, Some("preserve")) => match given.value.as_ref() {
                None => (keep_mode, keep_times) = (true, true),
                Some(list) => {
                    let named =
                        |name: &str| list.split_str(",").any(|part| part == name.as_bytes());
                    keep_mode |= named("mode") || named("all");
                    keep_times |= named("timestamps") || named("all");
                }
            },
            (_, Some("no-preserve")) => {
                let list = given.value.clone().unwrap_or_default();
                let named = |name: &str| list.split_str(",").any(|part| part == name.as_bytes());
                plain_mode |= named("mode") || named("all");
                keep_mode &= !(named("mode") || named("all"));
                keep_times &= !(named("timestamps") || named("all"));
            }
            _ => {}
        }
    }
    Rules {
        recursive,
        links,
        existing,
        remove_first: args.has("remove-destination"),
        keep_mode,
        keep_times,
        plain_mode,
        verbose: args.has('v'),
        symbolic: args.has('s'),
        attributes_only: args.has("attributes-only"),
        backup,
    }
}

/// The attributes that can be kept or not.
const ATTRIBUTES: &[Choice<u8>] = &[
    (&["mode"], 0),
    (&["timestamps"], 1),
    (&["ownership"], 2),
    (&["links"], 3),
    (&["context"], 4),
    (&["xattr"], 5),
    (&["all"], 6),
];
const SPARSE: &[Choice<u8>] = &[(&["never"], 0), (&["auto"], 1), (&["always"], 2)];
const REFLINK: &[Choice<u8>] = &[(&["auto"], 0), (&["always"], 1), (&["never"], 2)];

/// Refuses words that mean nothing, where the right ones may change nothing either.
fn check_words(args: &Args) -> Result<(), CommandError> {
    for option in ["preserve", "no-preserve"] {
        for list in args.values(option) {
            for word in list.split_str(",") {
                choose(&format!("--{option}"), word, ATTRIBUTES)?;
            }
        }
    }
    for (option, words) in [("sparse", SPARSE), ("reflink", REFLINK)] {
        for word in args.values(option) {
            choose(&format!("--{option}"), word, words)?;
        }
    }
    Ok(())
}

/// `--parents`: each source keeps its directories below the target, which are made.
fn under_parents(ctx: &mut Context<'_>, args: &Args) -> Result<Destination, CommandError> {
    let (sources, target) = match (args.value('t'), args.operands().split_last()) {
        (Some(target), _) => (args.operands(), BString::from(target)),
        (None, Some((target, sources))) if !sources.is_empty() => (sources, target.clone()),
        (None, Some((only, _))) => {
            let shown = quoted(only);
            return Err(usage(format!("missing destination file operand after {shown}")));
        }
        (None, None) => return Err(usage("missing file operand")),
    };
    let is_dir = ctx.path(&target).and_then(|path| ctx.fs.metadata(&path));
    if !is_dir.is_ok_and(|stat| stat.is_directory()) {
        return Err(usage("with --parents, the destination must be a directory"));
    }
    let mut pairs = Vec::new();
    for source in sources {
        let relative = source.trim_start_with(|letter| letter == '/');
        let to = inside(&target, relative);
        let exists = ctx.path(source).and_then(|path| ctx.fs.symlink_metadata(&path)).is_ok();
        if let Some(at) = relative.trim_end_with(|letter| letter == '/').rfind_byte(b'/')
            && exists
        {
            make_parents(ctx, args, &target, &relative[..at])?;
        }
        pairs.push((source.clone(), to));
    }
    Ok(Destination { pairs })
}

/// Makes the folders of a source below the target, telling of each that is new.
fn make_parents(
    ctx: &mut Context<'_>,
    args: &Args,
    target: &BString,
    folders: &[u8],
) -> Result<(), CommandError> {
    let ends = folders.find_iter("/").chain([folders.len()]).filter(|end| *end > 0);
    for end in ends {
        let folder = folders.get(..end).unwrap_or_default();
        let to = inside(target, folder);
        let path = ctx.path(&to)?;
        if ctx.fs.metadata(&path).is_ok() {
            continue;
        }
        ctx.fs.create_dir(&path, 0o777 & !ctx.umask, true)?;
        if args.has('v') {
            let line = [folder, b" -> ", to.as_slice(), b"\n"].concat();
            ctx.stdout.put(&line)?;
        }
    }
    Ok(())
}
