//! `unzip`: list, test and extract files in a zip archive.
//!
//! Names lose a leading `/` and every `..`, and a path through a symbolic link that leads out of the
//! folder is refused. Links of the archive are made last.

mod extract;
mod list;

use zip::ZipArchive;
use zip::result::ZipError;

use super::seek::Seeking;
use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;

pub const UNZIP: Command = Command {
    name: "unzip",
    synopsis: "unzip [-Z] [-opts[modifiers]] file[.zip] [list] [-x xlist] [-d exdir]",
    summary: "Default action is to extract files in list, except those in xlist, to exdir.",
    options: &[
        short('p', "extract files to pipe, no messages"),
        short('l', "list files (short format)"),
        short('f', "freshen existing files, create none"),
        short('t', "test compressed archive data"),
        short('u', "update files, create if necessary"),
        short('z', "display archive comment only"),
        short('v', "list verbosely"),
        short('x', "exclude files that follow (in xlist)").takes(Takes::Value("XLIST")),
        short('d', "extract files into exdir").takes(Takes::Value("EXDIR")),
        short('c', "extract files to stdout with their names"),
        short('n', "never overwrite existing files"),
        short('q', "quiet mode (-qq => quieter)"),
        short('o', "overwrite files WITHOUT prompting"),
        short('j', "junk paths (do not make directories)"),
        short('C', "match filenames case-insensitively"),
        short('L', "make names lowercase"),
        short('Z', "zipinfo mode: -Z1 lists names only"),
        short('a', "(ignored)"),
        short('X', "(ignored)"),
        short('K', "(ignored)"),
        short('1', ""),
    ],
    examples: &[Example {
        about: "Extract one file to a pipe.",
        script: "echo text > f; zip -q o.zip f; unzip -p o.zip f",
        prints: "text\n",
    }],
    order: Order::Raw,
    usage_status: 10,
    run: unzip,
    ..Command::BASE
};

/// Unzip's statuses.
const WARNED: ExitStatus = ExitStatus(1);
const BAD_ARCHIVE: ExitStatus = ExitStatus(3);
const NOT_FOUND: ExitStatus = ExitStatus(9);
const BAD_ARGUMENTS: ExitStatus = ExitStatus(10);
const NO_MATCH: ExitStatus = ExitStatus(11);
const NO_PASSWORD: ExitStatus = ExitStatus(82);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Extract,
    List,
    Verbose,
    Names,
    Test,
    Pipe,
    Comment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existing {
    Ask,
    Replace,
    Keep,
}

/// How `unzip` was called.
struct Call {
    archive: BString,
    /// With the text as typed, and whether it fitted something.
    wanted: Vec<(BString, Pattern, bool)>,
    excluded: Vec<(BString, Pattern, bool)>,
    folder: Option<BString>,
    mode: Mode,
    /// `-c` says the names too.
    named: bool,
    existing: Existing,
    update: bool,
    freshen: bool,
    junk_paths: bool,
    lowercase: bool,
    quiet: usize,
}

impl Call {
    /// Whether an entry is meant.
    fn wants(&mut self, name: &[u8]) -> bool {
        for (_, pattern, used) in &mut self.excluded {
            if pattern.is_match(name) {
                *used = true;
                return false;
            }
        }
        if self.wanted.is_empty() {
            return true;
        }
        for (_, pattern, used) in &mut self.wanted {
            if pattern.is_match(name) {
                *used = true;
                return true;
            }
        }
        false
    }
}

fn complain(ctx: &mut Context<'_>, text: impl AsRef<[u8]>) -> Result<(), CommandError> {
    match ctx.stderr.put(text.as_ref()) {
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        _ => Ok(()),
    }
}

fn unzip(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut call = match read_call(args.operands()) {
        Ok(Some(call)) => call,
        Ok(None) => {
            ctx.stdout.put(crate::args::help_text(&UNZIP).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        Err(message) => {
            complain(ctx, format!("error:  {message}\n"))?;
            return Ok(BAD_ARGUMENTS);
        }
    };
    let names = [
        call.archive.clone(),
        [call.archive.as_slice(), b".zip"].concat().into(),
        [call.archive.as_slice(), b".ZIP"].concat().into(),
    ];
    let mut opened = None;
    for name in names {
        let file = ctx.path(&name).and_then(|path| {
            let is_file = ctx.fs.metadata(&path)?.is_file();
            Ok((is_file, ctx.fs.open(&path, &OpenOptions::reading())?))
        });
        if let Ok((true, handle)) = file {
            opened = Some((name, handle));
            break;
        }
    }
    let Some((name, handle)) = opened else {
        let name = &call.archive;
        if call.mode != Mode::Pipe {
            let text = format!("unzip:  cannot find or open {name}, {name}.zip or {name}.ZIP.\n");
            complain(ctx, text)?;
        }
        return Ok(NOT_FOUND);
    };
    let says = !matches!(call.mode, Mode::Pipe | Mode::Names) || call.named;
    if says && call.quiet == 0 {
        ctx.stdout.put(&[b"Archive:  ", name.as_slice(), b"\n"].concat())?;
    }
    let mut archive = match ZipArchive::new(Seeking::new(handle, ctx.cancel.clone())?) {
        Ok(archive) => archive,
        Err(error) => return no_archive(ctx, &call, &error),
    };
    call.archive = name;
    let status = match call.mode {
        Mode::List | Mode::Verbose | Mode::Names => list::list(ctx, &mut call, &mut archive)?,
        Mode::Comment => {
            let comment = archive.comment().to_vec();
            ctx.stdout.put(&comment)?;
            if !comment.is_empty() && !comment.ends_with(b"\n") {
                ctx.stdout.put(b"\n")?;
            }
            ExitStatus::SUCCESS
        }
        Mode::Extract | Mode::Test | Mode::Pipe => extract::run(ctx, &mut call, &mut archive)?,
    };
    let lists = matches!(call.mode, Mode::List | Mode::Verbose);
    let mut unmatched = false;
    for (word, list) in [("filename", &call.wanted), ("excluded filename", &call.excluded)] {
        for (text, ..) in list.iter().filter(|(.., used)| !used) {
            unmatched = true;
            if !lists {
                complain(ctx, format!("caution: {word} not matched:  {text}\n"))?;
            }
        }
    }
    let none = !call.wanted.is_empty() && call.wanted.iter().any(|(.., used)| !used);
    Ok(if status.success() && unmatched && none { NO_MATCH } else { status })
}

fn no_archive(ctx: &mut Context<'_>, call: &Call, error: &ZipError) -> CommandResult {
    if let ZipError::Io(error) = error
        && let Some(error) = super::bytes::of_stream(error)
    {
        return Err(error);
    }
    let name = &call.archive;
    let text = format!(
        "  End-of-central-directory signature not found.  Either this file is not\n  a zipfile, or it constitutes one disk of a multi-part archive.  In the\n  latter case the central directory and zipfile comment will be found on\n  the last disk(s) of this archive.\nunzip:  cannot find zipfile directory in one of {name} or\n        {name}.zip, and cannot find {name}.ZIP, period.\n"
    );
    complain(ctx, text)?;
    Ok(NOT_FOUND)
}

/// `None` if there is nothing on the line, which asks for help.
fn read_call(argv: &[BString]) -> Result<Option<Call>, String> {
    let mut call = Call {
        archive: BString::default(),
        wanted: Vec::new(),
        excluded: Vec::new(),
        folder: None,
        mode: Mode::Extract,
        named: false,
        existing: Existing::Ask,
        update: false,
        freshen: false,
        junk_paths: false,
        lowercase: false,
        quiet: 0,
    };
    let mut archive = None;
    let (mut excluding, mut nocase, mut info) = (false, false, false);
    let mut wanted = Vec::new();
    let mut excluded = Vec::new();
    let mut rest = argv.iter();
    while let Some(arg) = rest.next() {
        if arg.len() < 2 || !arg.starts_with(b"-") {
            match &archive {
                None => archive = Some(arg.clone()),
                Some(_) if excluding => excluded.push(arg.clone()),
                Some(_) => wanted.push(arg.clone()),
            }
            continue;
        }
        let mut letters = arg[1..].chars();
        while let Some(letter) = letters.next() {
            excluding = false;
            match letter {
                'l' => call.mode = Mode::List,
                'v' => call.mode = Mode::Verbose,
                't' => call.mode = Mode::Test,
                'p' => call.mode = Mode::Pipe,
                'c' => (call.mode, call.named) = (Mode::Pipe, true),
                'z' => call.mode = Mode::Comment,
                'Z' => (call.mode, info) = (Mode::Names, true),
                '1' if info => call.mode = Mode::Names,
                'n' => call.existing = Existing::Keep,
                'o' => call.existing = Existing::Replace,
                'u' => call.update = true,
                'f' => call.freshen = true,
                'j' => call.junk_paths = true,
                'L' => call.lowercase = true,
                'C' => nocase = true,
                'q' => call.quiet += 1,
                'a' | 'X' | 'K' | 'b' | 'U' | 'B' | 'D' => {}
                'x' => {
                    excluding = true;
                    let text: String = letters.by_ref().collect();
                    if !text.is_empty() {
                        excluded.push(text.into());
                    }
                }
                'd' => {
                    let text: String = letters.by_ref().collect();
                    call.folder = match text.is_empty() {
                        true => rest.next().cloned(),
                        false => Some(text.into()),
                    };
                    if call.folder.is_none() {
                        return Err(
                            "must specify directory to which to extract with -d option".into()
                        );
                    }
                }
                other => return Err(format!("invalid option -{other}")),
            }
        }
    }
    let Some(archive) = archive else {
        return if argv.is_empty() { Ok(None) } else { Err("no zipfile given".into()) };
    };
    call.archive = archive;
    let compile = |texts: Vec<BString>| {
        let options = GlobOptions { nocase, ..GlobOptions::default() };
        texts.into_iter().map(|text| (text.clone(), Pattern::new(&text, options), false)).collect()
    };
    call.wanted = compile(wanted);
    call.excluded = compile(excluded);
    Ok(Some(call))
}
