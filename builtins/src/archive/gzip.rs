//! `gzip`, `gunzip`, `zcat`: compress and expand files.

mod expand;
mod names;

use std::io::Write;

use flate2::{Compression, GzBuilder};

use super::bytes::{Reading, of_stream};
use crate::prelude::*;
use names::{Renamed, compressed_name, expanded_name};

const OPTIONS: &[Opt] = &[
    flag('c', "stdout", "write on standard output, keep original files unchanged"),
    long("to-stdout", "the same as --stdout"),
    flag('d', "decompress", "decompress"),
    long("uncompress", "the same as --decompress"),
    flag('f', "force", "force overwrite of output file and compress links"),
    flag('h', "help", "give this help"),
    flag('k', "keep", "keep (don't delete) input files"),
    flag('l', "list", "list compressed file contents"),
    flag('L', "license", "display software license"),
    flag('n', "no-name", "do not save or restore the original name and timestamp"),
    flag('N', "name", "save or restore the original name and timestamp"),
    flag('q', "quiet", "suppress all warnings"),
    flag('r', "recursive", "operate recursively on directories"),
    long("rsyncable", "(ignored)"),
    long("synchronous", "(ignored: everything written is kept)"),
    value('S', "suffix", "SUF", "use suffix SUF on compressed files"),
    flag('t', "test", "test compressed file integrity"),
    flag('v', "verbose", "verbose mode"),
    flag('V', "version", "display version number"),
    flag('1', "fast", "compress faster"),
    short('2', ""),
    short('3', ""),
    short('4', ""),
    short('5', ""),
    short('6', ""),
    short('7', ""),
    short('8', ""),
    flag('9', "best", "compress better"),
];

pub const GZIP: Command = Command {
    name: "gzip",
    synopsis: "gzip [OPTION]... [FILE]...",
    summary: "Compress or uncompress FILEs (by default, compress FILES in-place).\nWith no FILE, or when FILE is -, read standard input.",
    options: OPTIONS,
    examples: &[Example {
        about: "Compress a file and read it.",
        script: "echo hello > f; gzip f; ls; zcat f.gz",
        prints: "f.gz\nhello\n",
    }],
    order: Order::Raw,
    run: gzip,
    ..Command::BASE
};

pub const GUNZIP: Command = Command {
    name: "gunzip",
    synopsis: "gunzip [OPTION]... [FILE]...",
    summary: "Uncompress FILEs (by default, in-place), as gzip -d does.",
    examples: &[Example {
        about: "Expand a file.",
        script: "echo hello | gzip > f.gz; gunzip f.gz; cat f",
        prints: "hello\n",
    }],
    run: gunzip,
    ..GZIP
};

pub const ZCAT: Command = Command {
    name: "zcat",
    synopsis: "zcat [OPTION]... [FILE]...",
    summary: "Uncompress FILEs to standard output, as gzip -cd does.",
    examples: &[Example {
        about: "Read what is compressed.",
        script: "echo hello | gzip | zcat",
        prints: "hello\n",
    }],
    run: zcat,
    ..GZIP
};

/// Wrong data, and a warning.
const FAILED: ExitStatus = ExitStatus(1);
const WARNED: ExitStatus = ExitStatus(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Compress,
    Expand,
    Test,
    List,
}

/// How `gzip` was called.
struct Call {
    mode: Mode,
    stdout: bool,
    force: bool,
    keep: bool,
    /// Whether the name and the time are stored, or restored.
    name: bool,
    quiet: bool,
    recursive: bool,
    verbose: bool,
    suffix: BString,
    level: u32,
    /// Sums for the last line of a list.
    listed: (u64, u64, usize),
}

fn gzip(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    run(ctx, args, Mode::Compress, false)
}

fn gunzip(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    run(ctx, args, Mode::Expand, false)
}

fn zcat(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    run(ctx, args, Mode::Expand, true)
}

/// Says `gzip: MESSAGE`, whatever name the command was called by.
fn say(ctx: &mut Context<'_>, message: impl AsRef<[u8]>) -> Result<(), CommandError> {
    let line = [b"gzip: ", message.as_ref(), b"\n"].concat();
    put_error(ctx, &line)
}

fn put_error(ctx: &mut Context<'_>, text: &[u8]) -> Result<(), CommandError> {
    match ctx.stderr.put(text) {
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        _ => Ok(()),
    }
}

fn run(ctx: &mut Context<'_>, args: &Args, mode: Mode, stdout: bool) -> CommandResult {
    let table = Command { order: Order::Permute, ..GZIP };
    let args = match Args::parse(&table, args.operands()) {
        Ok(crate::args::Parsed::Run(args)) => args,
        Ok(_) => {
            ctx.stdout.put(crate::args::help_text(&GZIP).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        Err(message) => {
            say(ctx, message)?;
            put_error(ctx, b"Try `gzip --help' for more information.\n")?;
            return Ok(FAILED);
        }
    };
    if args.has('h') {
        ctx.stdout.put(crate::args::help_text(&GZIP).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    if args.has('V') || args.has('L') {
        ctx.stdout.put(crate::args::version_text(&GZIP).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let mode = if args.has('l') {
        Mode::List
    } else if args.has('t') {
        Mode::Test
    } else if args.has('d') || args.has("uncompress") {
        Mode::Expand
    } else {
        mode
    };
    let named = args.last_of("nN");
    let level = args.last_of("123456789").and_then(|letter| letter.to_digit(10)).unwrap_or(6);
    let suffix = args.value('S').unwrap_or(".gz".into());
    if suffix.is_empty() {
        say(ctx, format!("invalid suffix '{suffix}'"))?;
        return Ok(FAILED);
    }
    let mut call = Call {
        mode,
        stdout: stdout || args.has('c') || args.has("to-stdout"),
        force: args.has('f'),
        keep: args.has('k'),
        name: match mode {
            Mode::Compress => named != Some('n'),
            _ => named == Some('N'),
        },
        quiet: args.has('q'),
        recursive: args.has('r'),
        verbose: args.has('v') && !args.has('q'),
        suffix: suffix.into(),
        level,
        listed: (0, 0, 0),
    };
    let stdin = [BString::from("-")];
    let operands = if args.operands().is_empty() { &stdin[..] } else { args.operands() };
    let mut status = ExitStatus::SUCCESS;
    let mut pending: Vec<BString> = operands.iter().rev().cloned().collect();
    while let Some(name) = pending.pop() {
        ctx.check()?;
        let done = match name.as_slice() {
            b"-" => stream(ctx, &mut call)?,
            _ => one(ctx, &mut call, &name, &mut pending)?,
        };
        // A failure goes before a warning.
        if status != FAILED && done != ExitStatus::SUCCESS {
            status = done;
        }
    }
    if call.mode == Mode::List && call.listed.2 > 1 && !call.quiet {
        let (packed, whole, _) = call.listed;
        let lead = if call.verbose { " ".repeat(28) } else { String::new() };
        let ratio = ratio(whole, packed);
        let line = format!("{lead}{packed:>19} {whole:>19} {ratio} (totals)\n");
        ctx.stdout.put(line.as_bytes())?;
    }
    Ok(status)
}

/// `-33.3%`, ` 98.9%`: how much smaller it became.
fn ratio(whole: u64, packed: u64) -> String {
    if whole == 0 {
        return "  0.0%".to_owned();
    }
    let saved = whole as f64 - packed as f64;
    format!("{:>5.1}%", 100.0 * saved / whole as f64)
}

/// Standard input to standard output.
fn stream(ctx: &mut Context<'_>, call: &mut Call) -> CommandResult {
    if call.mode == Mode::Compress && ctx.stdout.is_terminal() && !call.force {
        let text = "compressed data not written to a terminal. Use -f to force compression.\nFor help, type: gzip -h";
        say(ctx, text)?;
        return Ok(FAILED);
    }
    let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
    let input = std::mem::replace(&mut ctx.stdin, again);
    let mut reading = Reading::new(input);
    match call.mode {
        Mode::Compress => {
            let mut out = take_stdout(ctx);
            let done = compress(ctx, &mut reading, &mut out, call, None, 0);
            ctx.stdout = out;
            let (whole, packed) = done?;
            if call.verbose {
                put_error(ctx, format!("{}\n", ratio(whole, packed)).as_bytes())?;
            }
            Ok(ExitStatus::SUCCESS)
        }
        Mode::List => expand::list(ctx, call, &mut reading, "stdout".into(), 0, None),
        Mode::Test => expand::test(ctx, call, &mut reading, "stdin".into()),
        Mode::Expand => {
            let mut out = take_stdout(ctx);
            let done = expand::expand(ctx, call, &mut reading, &mut out, "stdin".into());
            ctx.stdout = out;
            Ok(done?.0)
        }
    }
}

fn take_stdout(ctx: &mut Context<'_>) -> Output {
    let stream = ctx.stdout.stream().clone();
    let again = Output::standard(stream, ctx.cancel.clone());
    std::mem::replace(&mut ctx.stdout, again)
}

/// Compresses to the end: how many bytes there were, and how many the compressed data has.
fn compress(
    ctx: &Context<'_>,
    input: &mut Reading,
    out: &mut Output,
    call: &Call,
    name: Option<&[u8]>,
    mtime_s: u32,
) -> Result<(u64, u64), CommandError> {
    let mut builder = GzBuilder::new().operating_system(3).mtime(mtime_s);
    if let Some(name) = name.filter(|name| !name.contains(&0)) {
        builder = builder.filename(name);
    }
    let before = out.written();
    let mut encoder = builder.write(&mut *out, Compression::new(call.level));
    let mut whole = 0;
    loop {
        ctx.check()?;
        let chunk = std::io::BufRead::fill_buf(input)?;
        if chunk.is_empty() {
            break;
        }
        let len = chunk.len();
        encoder.write_all(chunk)?;
        whole += len as u64;
        std::io::BufRead::consume(input, len);
    }
    encoder.finish()?;
    let head = 18 + name.map_or(0, |name| name.len() as u64 + 1);
    Ok((whole, (out.written() - before).saturating_sub(head)))
}

/// One operand; what is in a folder goes to `pending` with `-r`.
fn one(
    ctx: &mut Context<'_>,
    call: &mut Call,
    name: &BString,
    pending: &mut Vec<BString>,
) -> CommandResult {
    let found = names::find(ctx, call, name);
    let (name, path, stat) = match found {
        Ok(found) => found,
        Err((name, error)) => {
            let lead = if name.is_empty() { String::new() } else { format!("{name}: ") };
            say(ctx, format!("{lead}{error}"))?;
            return Ok(FAILED);
        }
    };
    if stat.is_directory() {
        if !call.recursive {
            if !call.quiet {
                say(ctx, format!("{name} is a directory -- ignored"))?;
            }
            return Ok(WARNED);
        }
        let entries = ctx.fs.read_dir(&path)?;
        let base = name.strip_suffix(b"/").unwrap_or(&name).to_vec();
        let inner = entries.iter().rev().map(|entry| [&base, &b"/"[..], &entry.name].concat());
        pending.extend(inner.map(BString::from));
        return Ok(ExitStatus::SUCCESS);
    }
    let links = ctx.fs.symlink_metadata(&path).is_ok_and(|stat| stat.is_symbolic_link());
    if links && !call.force && !call.stdout && matches!(call.mode, Mode::Compress | Mode::Expand) {
        say(ctx, format!("{name}: Too many levels of symbolic links"))?;
        return Ok(FAILED);
    }
    let mut reading = Reading::new(ctx.open(&name)?);
    match call.mode {
        Mode::Test => return expand::test(ctx, call, &mut reading, name),
        Mode::List => {
            let shown = match expanded_name(call, &name) {
                Renamed::To(shown) => shown,
                _ => name.clone(),
            };
            let length = stat.size;
            return expand::list(ctx, call, &mut reading, shown, length, Some((&name, &stat)));
        }
        _ => {}
    }
    let target = match call.mode {
        _ if call.stdout => None,
        Mode::Compress => match compressed_name(call, &name) {
            Renamed::To(target) => Some(target),
            Renamed::Has(suffix) => {
                if !call.quiet {
                    say(ctx, format!("{name} already has {suffix} suffix -- unchanged"))?;
                }
                return Ok(ExitStatus::SUCCESS);
            }
            Renamed::Unknown => None,
        },
        _ => match expanded_name(call, &name) {
            Renamed::To(target) => Some(target),
            _ => {
                if !call.quiet {
                    say(ctx, format!("{name}: unknown suffix -- ignored"))?;
                }
                return Ok(WARNED);
            }
        },
    };
    let Some(mut target) = target else { return to_stdout(ctx, call, &mut reading, &name, &stat) };
    let mut mtime_ns = stat.mtime_ns;
    if call.mode == Mode::Expand && call.name {
        let stored = expand::stored(&mut reading)?;
        if let Some(base) = stored.name {
            let folder = target.rfind_byte(b'/').map_or(0, |at| at + 1);
            target.truncate(folder);
            target.extend_from_slice(&base);
        }
        if stored.mtime_s > 0 {
            mtime_ns = i64::from(stored.mtime_s) * 1_000_000_000;
        }
    }
    let to = ctx.path(&target)?;
    if ctx.fs.symlink_metadata(&to).is_ok() {
        if !call.force {
            say(ctx, format!("{target} already exists;\tnot overwritten"))?;
            return Ok(WARNED);
        }
        ctx.fs.remove(&to, false)?;
    }
    let options = OpenOptions { exclusive: true, ..OpenOptions::writing(0o600) };
    let stream = match ctx.open_stream(&target, &options) {
        Ok(stream) => stream,
        Err(error) => {
            say(ctx, format!("{target}: {error}"))?;
            return Ok(FAILED);
        }
    };
    let mut out = Output::standard(stream, ctx.cancel.clone());
    let done = work(ctx, call, &mut reading, &mut out, &name, &stat);
    let done = done.and_then(|done| Ok(out.flush().map(|()| done)?));
    let (status, whole, packed) = match done {
        Ok((status, ..)) if status == FAILED => {
            ctx.fs.remove(&to, false)?;
            return Ok(status);
        }
        Ok(done) => done,
        Err(error) => {
            // Half a file helps nobody.
            let _ = ctx.fs.remove(&to, false);
            return Err(error);
        }
    };
    ctx.fs.set_mode(&to, stat.mode, Follow::Yes)?;
    ctx.fs.set_times(&to, mtime_ns, mtime_ns, Follow::Yes)?;
    if !call.keep {
        ctx.fs.remove(&path, false)?;
    }
    if call.verbose {
        let verb = if call.keep { "created" } else { "replaced with" };
        let line = format!("{name}:\t{} -- {verb} {target}\n", ratio(whole, packed));
        put_error(ctx, line.as_bytes())?;
    }
    Ok(status)
}

/// Compresses or expands: the status, and the sizes of both.
fn work(
    ctx: &mut Context<'_>,
    call: &Call,
    reading: &mut Reading,
    out: &mut Output,
    name: &BString,
    stat: &FsStat,
) -> Result<(ExitStatus, u64, u64), CommandError> {
    if call.mode == Mode::Expand {
        return expand::expand(ctx, call, reading, out, name.clone());
    }
    let base = name.rsplit_str("/").next().unwrap_or(name);
    let base = call.name.then_some(base);
    let mtime_s = if call.name { stat.mtime_ns.div_euclid(1_000_000_000) } else { 0 };
    let mtime_s = u32::try_from(mtime_s).unwrap_or(0);
    let (whole, packed) = compress(ctx, reading, out, call, base, mtime_s)?;
    Ok((ExitStatus::SUCCESS, whole, packed))
}

fn to_stdout(
    ctx: &mut Context<'_>,
    call: &Call,
    reading: &mut Reading,
    name: &BString,
    stat: &FsStat,
) -> CommandResult {
    let mut out = take_stdout(ctx);
    let done = work(ctx, call, reading, &mut out, name, stat);
    ctx.stdout = out;
    let (status, whole, packed) = done?;
    if call.verbose && status != FAILED {
        let line = format!("{name}:\t{} -- replaced with stdout\n", ratio(whole, packed));
        put_error(ctx, line.as_bytes())?;
    }
    Ok(status)
}

/// Why the data could not be read, in gzip's words.
fn reason(error: &std::io::Error) -> Result<&'static str, CommandError> {
    if let Some(error) = of_stream(error) {
        return Err(error);
    }
    Ok(match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "unexpected end of file",
        _ if error.to_string().contains("checksum") => "invalid compressed data--crc error",
        _ => "invalid compressed data--format violated",
    })
}
