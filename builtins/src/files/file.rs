//! `file`: determine file type by what is in it.

mod binary;
mod text;

use crate::prelude::*;

pub const FILE: Command = Command {
    name: "file",
    synopsis: "file [OPTION...] [FILE...]",
    summary: "Determine type of FILEs.",
    options: &[
        flag('b', "brief", "do not prepend filenames to output lines"),
        flag('c', "checking-printout", "(ignored)"),
        short('E', "exit with an error if a file is not there"),
        value('e', "exclude", "TEST", "(ignored)"),
        value('f', "files-from", "FILE", "read the filenames to be examined from FILE"),
        value('F', "separator", "STRING", "use string as separator instead of ':'"),
        flag('h', "no-dereference", "don't follow symlinks (default)"),
        flag('i', "mime", "output MIME type strings (--mime-type and --mime-encoding)"),
        long("mime-type", "output the MIME type"),
        long("mime-encoding", "output the MIME encoding"),
        flag('k', "keep-going", "(ignored)"),
        flag('l', "list", "(ignored)"),
        flag('L', "dereference", "follow symlinks"),
        value('m', "magic-file", "LIST", "(ignored)"),
        flag('n', "no-buffer", "do not buffer output"),
        flag('N', "no-pad", "do not pad output"),
        flag('0', "print0", "terminate filenames with ASCII NUL"),
        flag('p', "preserve-date", "(ignored)"),
        value('P', "parameter", "NAME=VALUE", "(ignored)"),
        flag('r', "raw", "don't translate unprintable chars to \\ooo"),
        flag('s', "special-files", "treat special (block/char devices) files as ordinary ones"),
        flag('S', "no-sandbox", "(ignored)"),
        flag('z', "uncompress", "(ignored)"),
        flag('Z', "uncompress-noreport", "(ignored)"),
        flag('v', "version", "output version information and exit"),
    ],
    examples: &[Example {
        about: "Text, a script, and its kind for programs.",
        script: "printf '#!/bin/sh\\n' > s; echo hi > t; file s t; file -bi t",
        prints: "s: POSIX shell script, ASCII text executable\nt: ASCII text\ntext/plain; charset=us-ascii\n",
    }],
    run: file,
    ..Command::BASE
};

/// What is looked at of a file.
const HEAD_BYTES: usize = 1 << 20;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    text: String,
    mime: &'static str,
    charset: &'static str,
}

impl Kind {
    fn new(text: impl Into<String>, mime: &'static str, charset: &'static str) -> Self {
        Self { text: text.into(), mime, charset }
    }
}

fn file(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('v') {
        ctx.stdout.put(crate::args::version_text(&FILE).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    // Names of a list are lined up among themselves.
    let mut groups: Vec<Vec<BString>> = Vec::new();
    for list in args.values('f') {
        let text = match list.as_bytes() {
            b"-" => ctx.stdin.rest(),
            _ => ctx.open(list).and_then(|mut input| input.rest()),
        };
        match text {
            Ok(text) => groups.push(text.lines().map(BString::from).collect()),
            Err(error) => return Err(failure(format!("Cannot open `{list}' ({error})"))),
        }
    }
    groups.push(args.operands().to_vec());
    if groups.iter().all(Vec::is_empty) {
        return Err(usage(""));
    }
    let mut status = ExitStatus::SUCCESS;
    for names in &groups {
        status = status.or(each(ctx, args, names)?);
    }
    Ok(status)
}

/// A line for each name.
fn each(ctx: &mut Context<'_>, args: &Args, names: &[BString]) -> CommandResult {
    let shown = |name: &BString| -> BString {
        if name == "-" { "/dev/stdin".into() } else { name.clone() }
    };
    let widest = names.iter().map(|name| shown(name).chars().count()).max().unwrap_or(0);
    let separator = args.value('F').unwrap_or(":".into()).to_owned();
    let mut status = ExitStatus::SUCCESS;
    for name in names {
        ctx.check()?;
        let kind = match kind_of(ctx, args, name) {
            Ok(kind) => kind,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) if args.has('E') => {
                status = ExitStatus::FAILURE;
                let text = format!("ERROR: cannot stat `{name}' ({error})");
                Kind::new(text, "", "")
            }
            Err(error) => Kind::new(format!("cannot open `{name}' ({error})"), "", ""),
        };
        let mut line = Vec::new();
        if !args.has('b') {
            let name = shown(name);
            line.extend_from_slice(&name);
            if args.has('0') {
                line.push(0);
            }
            line.extend_from_slice(&separator);
            let pad =
                if args.has('N') || args.has('0') { 0 } else { widest - name.chars().count() };
            line.extend(std::iter::repeat_n(b' ', pad + 1));
        }
        let text = if kind.mime.is_empty() {
            kind.text
        } else if args.has('i') || (args.has("mime-type") && args.has("mime-encoding")) {
            format!("{}; charset={}", kind.mime, kind.charset)
        } else if args.has("mime-type") {
            kind.mime.to_owned()
        } else if args.has("mime-encoding") {
            kind.charset.to_owned()
        } else {
            kind.text
        };
        line.extend_from_slice(text.as_bytes());
        line.push(b'\n');
        ctx.stdout.put(&line)?;
        if args.has('n') {
            ctx.stdout.flush()?;
        }
    }
    Ok(status)
}

fn kind_of(ctx: &mut Context<'_>, args: &Args, name: &BString) -> FsResult<Kind> {
    let (head, whole_size) = if name == "-" {
        let head = read(&mut ctx.stdin)?;
        let len = head.len() as u64;
        (head, len)
    } else {
        let path = ctx.path(name)?;
        let follow = args.has('L') && !args.has('h');
        let stat = if follow { ctx.fs.metadata(&path)? } else { ctx.fs.symlink_metadata(&path)? };
        match stat.kind {
            FileKind::Directory => return Ok(Kind::new("directory", "inode/directory", "binary")),
            FileKind::Symlink => {
                let target = ctx.fs.read_link(&path)?;
                let broken = if ctx.fs.metadata(&path).is_ok() { "" } else { "broken " };
                let text = format!("{broken}symbolic link to {target}");
                return Ok(Kind::new(text, "inode/symlink", "binary"));
            }
            FileKind::CharDevice if !args.has('s') => {
                return Ok(Kind::new("character special (1/3)", "inode/chardevice", "binary"));
            }
            FileKind::Pipe if !args.has('s') => {
                return Ok(Kind::new("fifo (named pipe)", "inode/fifo", "binary"));
            }
            _ => {}
        }
        (read(&mut ctx.open(name)?)?, stat.size)
    };
    if head.is_empty() {
        return Ok(Kind::new("empty", "inode/x-empty", "binary"));
    }
    let tail = match whole_size > head.len() as u64 {
        true => {
            let handle = ctx.fs.open(&ctx.path(name)?, &OpenOptions::reading())?;
            handle.read_at(whole_size.saturating_sub(8), 8)?.to_vec()
        }
        false => head.get(head.len().saturating_sub(8)..).unwrap_or_default().to_vec(),
    };
    if let Some((text, mime)) = binary::describe(&head, &tail) {
        return Ok(Kind::new(text, mime, text::charset(&head)));
    }
    Ok(text::describe(&head))
}

/// The beginning of an input.
fn read(input: &mut Input) -> FsResult<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < HEAD_BYTES {
        let chunk = input.chunk()?;
        if chunk.is_empty() {
            break;
        }
        head.extend_from_slice(&chunk);
    }
    head.truncate(HEAD_BYTES);
    Ok(head)
}
