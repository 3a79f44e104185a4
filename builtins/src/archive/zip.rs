//! `zip`: pack files into a zip archive.

mod write;

use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;

pub const ZIP: Command = Command {
    name: "zip",
    synopsis: "zip [-options] zipfile list [-xi list]",
    summary: "Add or replace zipfile entries from list, which can include the special name - to compress standard input.\nIf zipfile is -, it is written to standard output.",
    options: &[
        short('r', "recurse into directories"),
        short('j', "junk (don't record) directory names"),
        short('D', "do not add directory entries"),
        short('m', "move into zipfile (delete OS files)"),
        short('d', "delete entries in zipfile"),
        short('u', "update: only changed or new files"),
        short('f', "freshen: only changed files"),
        short('q', "quiet operation"),
        short('v', "verbose operation"),
        short('y', "store symbolic links as the link instead of the referenced file"),
        short('x', "exclude the following names").takes(Takes::Value("LIST")),
        short('i', "include only the following names").takes(Takes::Value("LIST")),
        short('@', "read names from stdin"),
        short('T', "test zipfile integrity"),
        short('X', "(ignored)"),
        short('g', "(ignored)"),
        short('o', "(ignored)"),
        short('S', "(ignored)"),
        short('0', "store only"),
        short('1', "compress faster"),
        short('2', ""),
        short('3', ""),
        short('4', ""),
        short('5', ""),
        short('6', ""),
        short('7', ""),
        short('8', ""),
        short('9', "compress better"),
    ],
    examples: &[Example {
        about: "Pack two files and list them.",
        script: "echo a > a; echo b > b; zip -q o.zip a b; unzip -l o.zip | tail -n 1 | tr -s ' '",
        prints: " 4 2 files\n",
    }],
    order: Order::Raw,
    usage_status: 16,
    run: zip,
    ..Command::BASE
};

/// Zip's statuses.
const NOTHING_TO_DO: ExitStatus = ExitStatus(12);
const BAD_ARGUMENTS: ExitStatus = ExitStatus(16);
const CANNOT_CREATE: ExitStatus = ExitStatus(15);

/// How `zip` was called.
struct Call {
    archive: BString,
    names: Vec<BString>,
    excluded: Vec<Pattern>,
    included: Vec<Pattern>,
    recursive: bool,
    junk_paths: bool,
    no_dirs: bool,
    moves: bool,
    deletes: bool,
    update: bool,
    freshen: bool,
    quiet: bool,
    verbose: bool,
    links: bool,
    level: u32,
    test: bool,
}

/// Ends the command with a blank line and `zip error: MESSAGE`.
fn fail(ctx: &mut Context<'_>, message: &str, status: ExitStatus) -> CommandError {
    // Zip's faults go where its words go.
    let text = format!("\nzip error: {message}\n");
    match ctx.stdout.put(text.as_bytes()) {
        Ok(()) => CommandError::Exit(status),
        Err(error) => error.into(),
    }
}

fn zip(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let Some(mut call) = read_call(ctx, args.operands())? else {
        ctx.stdout.put(crate::args::help_text(&ZIP).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    };
    if call.archive != "-"
        && !call.archive.rsplit_str("/").next().unwrap_or_default().contains(&b'.')
    {
        call.archive.extend_from_slice(b".zip");
    }
    write::run(ctx, &call)
}

/// `None` if there is nothing at all on the line, which asks for help.
fn read_call(ctx: &mut Context<'_>, argv: &[BString]) -> Result<Option<Call>, CommandError> {
    let mut call = Call {
        archive: BString::default(),
        names: Vec::new(),
        excluded: Vec::new(),
        included: Vec::new(),
        recursive: false,
        junk_paths: false,
        no_dirs: false,
        moves: false,
        deletes: false,
        update: false,
        freshen: false,
        quiet: false,
        verbose: false,
        links: false,
        level: 6,
        test: false,
    };
    let mut archive = None;
    // What operands are for: names, or patterns after -x and -i.
    let mut list = None;
    let mut from_stdin = false;
    let mut dashes = false;
    for arg in argv {
        if arg == "--" && !dashes {
            dashes = true;
            continue;
        }
        let is_option = !dashes && arg.len() > 1 && arg.starts_with(b"-");
        if is_option && arg.starts_with(b"--") {
            match &arg[2..] {
                b"help" => return Ok(None),
                b"recurse-paths" => call.recursive = true,
                b"junk-paths" => call.junk_paths = true,
                b"quiet" => call.quiet = true,
                b"symlinks" => call.links = true,
                b"exclude" => list = Some('x'),
                b"include" => list = Some('i'),
                b"delete" => call.deletes = true,
                b"move" => call.moves = true,
                other => {
                    let message = format!(
                        "Invalid command arguments (long option '{}' not supported)",
                        other.as_bstr()
                    );
                    return Err(fail(ctx, &message, BAD_ARGUMENTS));
                }
            }
            continue;
        }
        if is_option {
            list = None;
            let mut letters = arg[1..].chars();
            while let Some(letter) = letters.next() {
                match letter {
                    'r' => call.recursive = true,
                    'j' => call.junk_paths = true,
                    'D' => call.no_dirs = true,
                    'm' => call.moves = true,
                    'd' => call.deletes = true,
                    'u' => call.update = true,
                    'f' => call.freshen = true,
                    'q' => call.quiet = true,
                    'v' => call.verbose = true,
                    'y' => call.links = true,
                    'T' => call.test = true,
                    '@' => from_stdin = true,
                    'X' | 'g' | 'o' | 'S' => {}
                    '0'..='9' => call.level = letter.to_digit(10).unwrap_or(6),
                    'x' | 'i' => {
                        list = Some(letter);
                        let rest: String = letters.by_ref().collect();
                        if !rest.is_empty() {
                            push(&mut call, letter, rest.as_bytes());
                        }
                    }
                    _ => {
                        let message = format!(
                            "Invalid command arguments (short option '{letter}' not supported)"
                        );
                        return Err(fail(ctx, &message, BAD_ARGUMENTS));
                    }
                }
            }
            continue;
        }
        match (list, &archive) {
            (Some(_), _) if arg == "@" => list = None,
            (Some(letter), _) => push(&mut call, letter, arg),
            (None, None) => archive = Some(arg.clone()),
            (None, Some(_)) => call.names.push(arg.clone()),
        }
    }
    let Some(archive) = archive else {
        if argv.is_empty() {
            return Ok(None);
        }
        return Err(fail(ctx, "Nothing to do!", BAD_ARGUMENTS));
    };
    call.archive = archive;
    if from_stdin {
        while let Some(line) = ctx.stdin.line(b'\n')? {
            let name = line.strip_suffix(b"\n").unwrap_or(&line);
            if !name.is_empty() {
                call.names.push(name.into());
            }
        }
    }
    Ok(Some(call))
}

fn push(call: &mut Call, letter: char, text: &[u8]) {
    let pattern = Pattern::new(text, GlobOptions::default());
    match letter {
        'x' => call.excluded.push(pattern),
        _ => call.included.push(pattern),
    }
}
