//! `mktemp`: create a temporary file or directory.
use super::destination::inside;
use crate::prelude::*;

pub const MKTEMP: Command = Command {
    name: "mktemp",
    synopsis: "mktemp [OPTION]... [TEMPLATE]",
    summary: "Create a temporary file or directory, safely, and print its name.\nTEMPLATE must contain at least 3 consecutive 'X's in last component.",
    options: &[
        flag('d', "directory", "create a directory, not a file"),
        flag('u', "dry-run", "do not create anything; merely print a name (unsafe)"),
        flag('q', "quiet", "suppress diagnostics about file/dir-creation failure"),
        long("suffix", "append SUFF to TEMPLATE; SUFF must not contain a slash")
            .takes(Takes::Value("SUFF")),
        short('p', "interpret TEMPLATE relative to DIR").takes(Takes::Value("DIR")),
        long("tmpdir", "as -p; without DIR, use $TMPDIR if set, else /tmp")
            .takes(Takes::Optional("DIR")),
        short(
            't',
            "interpret TEMPLATE as a single file name component, relative to a directory: $TMPDIR, if set; else the directory specified via -p; else /tmp",
        ),
    ],
    examples: &[Example {
        about: "A directory to work in.",
        script: "d=$(mktemp -d) && [ -d \"$d\" ] && echo made",
        prints: "made\n",
    }],
    run: mktemp,
    ..Command::BASE
};

const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// How many names are tried before giving up.
const TRIES_MAX: usize = 1000;

fn mktemp(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let operands = args.operands();
    let directory = args.value('p').or(args.value("tmpdir")).map(BString::from);
    if operands.len() > 1 {
        return Err(usage("too many templates"));
    }
    let given = operands.first().cloned();
    let mut template = given.clone().unwrap_or_else(|| "tmp.XXXXXXXXXX".into());
    if let Some(suffix) = args.value("suffix") {
        if !template.ends_with(b"X") {
            let shown = marked(&template);
            return Err(failure(format!("with --suffix, template {shown} must end in X")));
        }
        if suffix.contains(&b'/') {
            let shown = marked(suffix);
            return Err(failure(format!("invalid suffix {shown}, contains directory separator")));
        }
        template.extend_from_slice(suffix);
    }
    let last = template.rfind_byte(b'/').map_or(0, |at| at + 1);
    let end = template.rfind_byte(b'X').map_or(0, |at| at + 1);
    let start = template[..end].iter().rposition(|&byte| byte != b'X').map_or(0, |at| at + 1);
    if end < start + 3 || end <= last {
        return Err(failure(format!("too few X's in template {}", marked(&template))));
    }
    let environment = ctx.var("TMPDIR").filter(|dir| !dir.is_empty()).map(BString::from);
    let parent = if args.has('t') {
        if template.contains(&b'/') {
            let shown = marked(&template);
            return Err(failure(format!(
                "invalid template, {shown}, contains directory separator"
            )));
        }
        Some(environment.or(directory).unwrap_or_else(|| "/tmp".into()))
    } else if args.has('p') || args.has("tmpdir") || given.is_none() {
        if template.starts_with(b"/") {
            let shown = marked(&template);
            return Err(failure(format!(
                "invalid template, {shown}; with --tmpdir, it may not be absolute"
            )));
        }
        Some(
            directory
                .filter(|dir| !dir.is_empty())
                .or(environment)
                .unwrap_or_else(|| "/tmp".into()),
        )
    } else {
        None
    };
    let whole = parent.map_or_else(|| template.clone(), |parent| inside(&parent, &template));
    let shift = whole.len() - template.len();
    match create(ctx, args, whole.as_bstr(), start + shift..end + shift)? {
        Ok(name) => {
            ctx.stdout.put(&name)?;
            ctx.stdout.put(b"\n")?;
            Ok(ExitStatus::SUCCESS)
        }
        Err(error) => {
            if !args.has('q') {
                let what = if args.has('d') { "directory" } else { "file" };
                let shown = marked(&whole);
                ctx.complain(format_args!(
                    "failed to create {what} via template {shown}: {error}"
                ))?;
            }
            Ok(ExitStatus::FAILURE)
        }
    }
}

fn create(
    ctx: &mut Context<'_>,
    args: &Args,
    template: &BStr,
    holes: std::ops::Range<usize>,
) -> Result<FsResult<BString>, CommandError> {
    let mut name = BString::from(template);
    for _ in 0..TRIES_MAX {
        ctx.check()?;
        let mut random = vec![0; holes.len()];
        if getrandom::fill(&mut random).is_err() {
            return Ok(Err(FsError::new(Errno::Io, mesafs::Operation::Create, template)));
        }
        for (letter, byte) in name[holes.clone()].iter_mut().zip(random) {
            *letter = LETTERS[usize::from(byte) % LETTERS.len()];
        }
        let path = ctx.path(&name)?;
        let made = match (args.has('u'), args.has('d')) {
            (true, _) => match ctx.fs.symlink_metadata(&path) {
                Ok(_) => continue,
                Err(_) => Ok(()),
            },
            (false, true) => ctx.fs.create_dir(&path, 0o700, false),
            (false, false) => ctx.fs.create_new(&path, 0o600),
        };
        match made {
            Err(error) if error.errno() == Errno::Exist => {}
            Err(error) => return Ok(Err(error)),
            Ok(()) => return Ok(Ok(name)),
        }
    }
    Ok(Err(FsError::new(Errno::Exist, mesafs::Operation::Create, template)))
}
