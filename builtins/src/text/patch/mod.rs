//! `patch`: apply a diff file to originals.
//!
//! A file is rewritten with the file system's *replace* call: if somebody else wrote it since it was
//! read, both edits are merged.

mod apply;
mod edit;
mod header;
mod hunk;
mod locate;
mod names;
mod reject;
mod source;

use crate::prelude::*;
use source::Source;

pub const PATCH: Command = Command {
    name: "patch",
    synopsis: "patch [OPTION]... [ORIGFILE [PATCHFILE]]",
    summary: "Apply a diff file to an original.",
    options: &[
        value('p', "strip", "NUM", "strip NUM leading components from file names"),
        value('F', "fuzz", "LINES", "set the fuzz factor to LINES for inexact matching"),
        flag('l', "ignore-whitespace", "ignore white space changes between patch and input"),
        flag('c', "context", "interpret the patch as a context difference"),
        flag('e', "ed", "interpret the patch as an ed script"),
        flag('n', "normal", "interpret the patch as a normal difference"),
        flag('u', "unified", "interpret the patch as a unified difference"),
        flag('N', "forward", "ignore patches that appear to be reversed or already applied"),
        flag('R', "reverse", "assume patches were created with old and new files swapped"),
        value('i', "input", "PATCHFILE", "read patch from PATCHFILE instead of stdin"),
        value('o', "output", "FILE", "output patched files to FILE"),
        value('r', "reject-file", "FILE", "output rejects to FILE"),
        value('D', "ifdef", "NAME", "make merged if-then-else output using NAME"),
        flag('E', "remove-empty-files", "remove output files that are empty after patching"),
        flag('Z', "set-utc", "set times of patched files, assuming the diff uses UTC"),
        flag('T', "set-time", "likewise, assuming local time"),
        long("quoting-style", "(ignored)").takes(Takes::Value("WORD")),
        flag('b', "backup", "back up the original contents of each file"),
        long("backup-if-mismatch", "back up if the patch does not match exactly (default)"),
        long("no-backup-if-mismatch", "back up mismatches only if otherwise requested"),
        value(
            'V',
            "version-control",
            "STYLE",
            "use STYLE version control: simple, numbered or existing",
        ),
        value('B', "prefix", "PREFIX", "prepend PREFIX to backup file names"),
        value('Y', "basename-prefix", "PREFIX", "prepend PREFIX to backup file basenames"),
        value('z', "suffix", "SUFFIX", "append SUFFIX to backup file names"),
        value('g', "get", "NUM", "(ignored: there is no RCS here)"),
        flag('t', "batch", "ask no questions; skip bad-Prereq patches; assume reversed"),
        flag('f', "force", "like -t, but ignore bad-Prereq patches, and assume unreversed"),
        flag('s', "quiet", "work silently unless an error occurs"),
        long("silent", "the same as --quiet"),
        long("verbose", "output extra information about the work being done"),
        long("dry-run", "do not actually change any files; just print what would happen"),
        long("posix", "conform to the POSIX standard"),
        value('d', "directory", "DIR", "change the working directory to DIR first"),
        long("reject-format", "create 'context' or 'unified' rejects")
            .takes(Takes::Value("FORMAT")),
        long("binary", "do not strip carriage returns of the patch"),
        long("read-only", "(ignored: write bits are not enforced)").takes(Takes::Value("BEHAVIOR")),
        long("follow-symlinks", "follow symbolic links to the files to patch"),
        value('x', "debug", "NUM", "(ignored)"),
        flag('v', "version", "output version info"),
    ],
    examples: &[Example {
        about: "Apply a unified diff, leaving out the first part of its names.",
        script: "printf 'one\\ntwo\\n' > f; printf -- '--- a/f\\n+++ b/f\\n@@ -1,2 +1,2 @@\\n one\\n-two\\n+TWO\\n' | patch -p1; cat f",
        prints: "patching file f\none\nTWO\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: patch,
    ..Command::BASE
};

/// Which kind of difference a patch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unified,
    Context,
    Normal,
    Ed,
    /// A git header without hunks: a mode, a rename, an empty file.
    Bare,
}

impl Kind {
    /// With its article.
    fn name(self) -> &'static str {
        match self {
            Self::Unified => "a unified diff",
            Self::Context => "a new-style context diff",
            Self::Normal => "a normal diff",
            Self::Ed => "an ed script",
            Self::Bare => "a unified diff",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backup {
    Simple,
    Numbered,
    Existing,
}

/// How `patch` was called.
struct Call {
    strip: Option<usize>,
    fuzz_max: usize,
    ignore_space: bool,
    only: Option<Kind>,
    forward: bool,
    reverse: bool,
    original: Option<BString>,
    output: Option<BString>,
    reject_file: Option<BString>,
    reject_kind: Option<Kind>,
    define: Option<BString>,
    remove_empty: bool,
    set_times: Option<jiff::tz::TimeZone>,
    backup: bool,
    backup_on_mismatch: bool,
    backup_style: Backup,
    backup_prefix: BString,
    backup_base_prefix: BString,
    backup_suffix: BString,
    batch: bool,
    force: bool,
    silent: bool,
    verbose: bool,
    dry_run: bool,
    posix: bool,
    binary: bool,
    follow: bool,
}

/// Ends the command with `patch: **** MESSAGE` and status 2.
fn fatal(message: impl AsRef<[u8]>) -> CommandError {
    CommandError::Fail([b"**** ", message.as_ref()].concat(), ExitStatus(2))
}

fn patch(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    // The hint has the command's name in front too.
    let table = Command { order: Order::Permute, ..PATCH };
    let args = match Args::parse(&table, args.operands()) {
        Ok(crate::args::Parsed::Run(args)) => args,
        Ok(_) => {
            return super::operands::parse(ctx, &PATCH, args.operands())
                .map(|_| ExitStatus::SUCCESS);
        }
        Err(message) => return Err(misuse(&message)),
    };
    if args.has('v') {
        ctx.stdout.put(crate::args::version_text(&PATCH).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let (call, input) = read_call(ctx, &args)?;
    if let Some(folder) = args.value('d') {
        let entered = ctx.path(folder).and_then(|path| {
            let stat = ctx.fs.metadata(&path)?;
            let refused = || FsError::new(Errno::NotDir, mesafs::Operation::Lookup, path.clone());
            if stat.is_directory() { Ok(path) } else { Err(refused()) }
        });
        ctx.cwd = entered.map_err(|error| {
            fatal(format!("Can't change to directory {} : {error}", quoted_as_needed(folder)))
        })?;
    }
    let (text, _held) = match input.as_ref().filter(|name| *name != "-") {
        None => ctx.stdin.rest_within(&ctx.budget)?,
        Some(name) => match ctx.open(name) {
            Ok(mut input) => input.rest_within(&ctx.budget)?,
            Err(error) => {
                let name = quoted_as_needed(name);
                return Err(fatal(format!("Can't open patch file {name} : {error}")));
            }
        },
    };
    let mut source = Source::new(&text);
    apply::all(ctx, &call, &mut source)
}

fn misuse(message: &str) -> CommandError {
    let lead = if message.is_empty() { String::new() } else { format!("{message}\npatch: ") };
    let message = format!("{lead}Try 'patch --help' for more information.");
    CommandError::Fail(message.into_bytes(), ExitStatus(2))
}

fn number(text: &BStr, what: &str) -> Result<usize, CommandError> {
    let number = text.to_str().ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| fatal(format!("{what} {} is not a number", quoted_as_needed(text))))
}

/// The options, and where the patch comes from.
fn read_call(ctx: &Context<'_>, args: &Args) -> Result<(Call, Option<BString>), CommandError> {
    let (original, second) = match args.operands() {
        [] => (None, None),
        [original] => (Some(original.clone()), None),
        [original, patch] => (Some(original.clone()), Some(patch.clone())),
        [_, _, extra, ..] => return Err(misuse(&format!("{extra}: extra operand"))),
    };
    let variable =
        |names: [&str; 2]| names.iter().find_map(|name| ctx.var(name)).map(BString::from);
    let style = args.value('V').map(BString::from);
    let style = style.or_else(|| variable(["PATCH_VERSION_CONTROL", "VERSION_CONTROL"]));
    let backup_style = match style.as_ref().map(|style| style.as_slice()) {
        None => Backup::Existing,
        Some(text) => match text {
            b"simple" | b"never" => Backup::Simple,
            b"numbered" | b"t" => Backup::Numbered,
            _ => Backup::Existing,
        },
    };
    let named = ['B', 'Y', 'z'].iter().any(|letter| args.has(*letter));
    let text = |key: char| args.value(key).map(BString::from);
    let posix_env = ctx.var("POSIXLY_CORRECT").is_some();
    let mismatch = args.given().iter().rev().find_map(|given| match given.opt.long {
        Some("backup-if-mismatch") => Some(true),
        Some("no-backup-if-mismatch") => Some(false),
        _ => None,
    });
    let tz = ctx.var("TZ").map(|tz| tz.as_bytes().to_vec());
    let call = Call {
        strip: args.value('p').map(|text| number(text, "strip count")).transpose()?,
        fuzz_max: args.value('F').map_or(Ok(2), |text| number(text, "fuzz factor"))?,
        ignore_space: args.has('l'),
        only: match args.last_of("ceun") {
            Some('c') => Some(Kind::Context),
            Some('e') => Some(Kind::Ed),
            Some('u') => Some(Kind::Unified),
            Some('n') => Some(Kind::Normal),
            _ => None,
        },
        forward: args.has('N'),
        reverse: args.has('R'),
        original,
        output: text('o'),
        reject_file: text('r'),
        reject_kind: match args.value("reject-format").map(|format| format.as_bytes()) {
            None => None,
            Some(b"context") => Some(Kind::Context),
            Some(b"unified") => Some(Kind::Unified),
            Some(_) => return Err(misuse("")),
        },
        define: text('D'),
        remove_empty: args.has('E'),
        set_times: match args.last_of("ZT") {
            Some('Z') => Some(jiff::tz::TimeZone::UTC),
            Some(_) => Some(crate::core::strftime::zone(tz.as_deref())),
            None => None,
        },
        backup: args.has('b') || args.has('V') || named,
        backup_on_mismatch: mismatch.unwrap_or(!posix_env),
        backup_style: if named && !args.has('V') { Backup::Simple } else { backup_style },
        backup_prefix: text('B').unwrap_or_default(),
        backup_base_prefix: text('Y').unwrap_or_default(),
        backup_suffix: text('z')
            .or_else(|| ctx.var("SIMPLE_BACKUP_SUFFIX").map(BString::from))
            .unwrap_or_else(|| {
                let prefixed = args.has('B') || args.has('Y');
                if prefixed { BString::default() } else { ".orig".into() }
            }),
        batch: args.has('t'),
        force: args.has('f'),
        silent: args.has('s') || args.has("silent"),
        verbose: args.has("verbose"),
        dry_run: args.has("dry-run"),
        posix: args.has("posix") || posix_env,
        binary: args.has("binary"),
        follow: args.has("follow-symlinks"),
    };
    Ok((call, args.value('i').map(BString::from).or(second)))
}
