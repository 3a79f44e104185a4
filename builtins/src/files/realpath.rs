//! `realpath`: print the resolved path.
use crate::prelude::*;

pub const REALPATH: Command = Command {
    name: "realpath",
    synopsis: "realpath [OPTION]... FILE...",
    summary: "Print the resolved absolute file name;\nall but the last component must exist",
    options: &[
        flag('e', "canonicalize-existing", "all components of the path must exist"),
        flag('m', "canonicalize-missing", "no path components need exist or be a directory"),
        flag('L', "logical", "resolve '..' components before symlinks"),
        flag('P', "physical", "resolve symlinks as encountered (default)"),
        flag('q', "quiet", "suppress most error messages"),
        long("relative-to", "print the resolved path relative to DIR").takes(Takes::Value("DIR")),
        long("relative-base", "print absolute paths unless paths below DIR")
            .takes(Takes::Value("DIR")),
        flag('s', "strip", "don't expand symlinks"),
        long("no-symlinks", "same as --strip"),
        flag('z', "zero", "end each output line with NUL, not newline"),
    ],
    examples: &[Example {
        about: "Follow a link.",
        script: "cd /tmp; echo > a; ln -s a b; realpath b",
        prints: "/tmp/a\n",
    }],
    run: realpath,
    ..Command::BASE
};

/// Which components may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    None,
    Last,
    Any,
}

fn realpath(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    let missing = match args.last_of("em") {
        Some('e') => Missing::None,
        Some(_) => Missing::Any,
        None => Missing::Last,
    };
    let textual = args.has('s') || args.has("no-symlinks");
    let logical = args.last_of("LP") == Some('L');
    let resolved = |ctx: &Context<'_>, name: &BStr| {
        if textual || logical {
            let text = mesafs::resolve_path(ctx.cwd.as_bstr(), name)?;
            if textual {
                return Ok(BString::from(text));
            }
            return resolve(ctx, BString::from(text).as_bstr(), missing);
        }
        resolve(ctx, name, missing)
    };
    let base = |ctx: &Context<'_>, key: &str| match args.value(key) {
        None => Ok(None),
        Some(dir) => match resolved(ctx, dir) {
            Ok(path) => Ok(Some(path)),
            Err(error) => {
                Err(failure([dir.as_bytes(), b": ", error.to_string().as_bytes()].concat()))
            }
        },
    };
    let below = base(ctx, "relative-base")?;
    let to = base(ctx, "relative-to")?.or_else(|| below.clone());
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        match resolved(ctx, operand.as_bstr()) {
            Ok(path) => {
                let inside = |dir: &BString| starts_with_dir(path.as_bstr(), dir.as_bstr());
                let shown = match &to {
                    Some(to)
                        if below.as_ref().is_none_or(|below| {
                            inside(below) && starts_with_dir(to.as_bstr(), below.as_bstr())
                        }) =>
                    {
                        relative(path.as_bstr(), to.as_bstr())
                    }
                    _ => path,
                };
                ctx.stdout.put(&shown)?;
                ctx.stdout.put(if args.has('z') { b"\0" } else { b"\n" })?;
            }
            Err(error) => {
                if !args.has('q') {
                    let shown = quoted_name(operand);
                    ctx.complain(format_args!("{shown}: {error}"))?;
                }
                status = ExitStatus::FAILURE;
            }
        }
    }
    Ok(status)
}

fn starts_with_dir(path: &BStr, dir: &BStr) -> bool {
    let rest = path.strip_prefix(dir.trim_end_with(|letter| letter == '/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// The canonical path of `name`, in which the last or any component may be missing.
pub(super) fn resolve(ctx: &Context<'_>, name: &BStr, missing: Missing) -> FsResult<BString> {
    let mut path = ctx.path(name)?;
    let mut links = 0;
    loop {
        match ctx.fs.canonicalize(&path) {
            Ok(real) => return Ok(real.into()),
            Err(error) if missing == Missing::None => return Err(error),
            Err(error) if missing == Missing::Last && error.errno() != Errno::NoEnt => {
                return Err(error);
            }
            Err(error) if error.errno() == Errno::Loop => return Err(error),
            Err(error) => {
                // A dangling link stands for where it leads.
                let text = BString::from(path.as_bstr().trim_end_with(|letter| letter == '/'));
                let (parent, last) = match text.rfind_byte(b'/') {
                    Some(at) => (&text[..at.max(1)], &text[at + 1..]),
                    None => return Err(error),
                };
                let parent = VPath::new(parent)?;
                if let Ok(target) = ctx.fs.read_link(&VPath::new(text.clone())?) {
                    links += 1;
                    if links > 40 {
                        return Err(FsError::new(Errno::Loop, error.operation(), name));
                    }
                    path = parent.join(target)?;
                    continue;
                }
                return match (ctx.fs.canonicalize(&parent), missing) {
                    (Ok(real), _) if last == b".." || last == b"." => {
                        mesafs::resolve_path(real.as_bstr(), last).map(BString::from)
                    }
                    (Ok(real), _) => Ok(super::destination::inside(real.as_bstr(), last)),
                    (Err(_), Missing::Any) => resolve_missing(ctx, &path),
                    (Err(error), _) => Err(error),
                };
            }
        }
    }
}

/// `-m`: as much as is there is resolved, the rest is taken as text.
fn resolve_missing(ctx: &Context<'_>, path: &VPath) -> FsResult<BString> {
    let mut reached = VPath::root();
    for part in path.components() {
        let next = reached.join(part)?;
        reached = match ctx.fs.canonicalize(&next) {
            Ok(real) => real.to_vpath(),
            Err(_) => mesafs::resolve_path(reached.as_bstr(), part)?,
        };
    }
    Ok(reached.into())
}

/// The way from directory `from` to `path`, both canonical.
pub(super) fn relative(path: &BStr, from: &BStr) -> BString {
    let parts = |path: &'_ BStr| -> Vec<BString> {
        path.split_str("/").filter(|part| !part.is_empty()).map(BString::from).collect()
    };
    let (path, from) = (parts(path), parts(from));
    let shared = path.iter().zip(&from).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n(BString::from(".."), from.len() - shared);
    let way: Vec<BString> = up.chain(path.into_iter().skip(shared)).collect();
    if way.is_empty() { ".".into() } else { bstr::join("/", way).into() }
}
