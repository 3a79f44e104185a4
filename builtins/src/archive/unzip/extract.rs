//! Extracts and tests.

use std::io::Read;

use jiff::civil;
use zip::{CompressionMethod, ZipArchive};

use super::{BAD_ARCHIVE, Call, Existing, Mode, NO_PASSWORD, WARNED, complain};
use crate::archive::bytes::of_stream;
use crate::archive::seek::Seeking;
use crate::prelude::*;

const PIECE_BYTES: usize = 128 << 10;

/// An entry, as far as it is needed once the archive is read on.
struct Entry {
    name: Vec<u8>,
    is_dir: bool,
    is_link: bool,
    stored: bool,
    mode: Option<u32>,
    mtime_ns: Option<i64>,
    encrypted: bool,
    known: bool,
}

/// What is done at the end.
#[derive(Default)]
struct Later {
    links: Vec<(VPath, Vec<u8>, String)>,
    folders: Vec<(VPath, u32)>,
}

pub(super) fn run(
    ctx: &mut Context<'_>,
    call: &mut Call,
    archive: &mut ZipArchive<Seeking>,
) -> CommandResult {
    let mut status = ExitStatus::SUCCESS;
    let mut later = Later::default();
    let root = match &call.folder {
        Some(folder) if call.mode == Mode::Extract => {
            let path = ctx.path(folder)?;
            if let Err(error) = ctx.fs.create_dir(&path, 0o777 & !ctx.umask, true) {
                complain(
                    ctx,
                    format!(
                        "checkdir:  cannot create extraction directory: {folder}\n           {error}\n"
                    ),
                )?;
                return Ok(ExitStatus(2));
            }
            ctx.fs.canonicalize(&path)?.to_vpath()
        }
        _ => ctx.fs.canonicalize(&ctx.cwd)?.to_vpath(),
    };
    let mut stop = false;
    let mut count = 0;
    for at in 0..archive.len() {
        ctx.check()?;
        let entry = match look(ctx, archive, at) {
            Ok(entry) => entry,
            Err(error) => {
                complain(ctx, format!("error:  invalid zip file: {error}\n"))?;
                status = BAD_ARCHIVE;
                continue;
            }
        };
        if !call.wants(&entry.name) || stop {
            continue;
        }
        count += 1;
        let done = one(ctx, call, archive, at, &entry, &root, &mut later)?;
        stop = done == Done::Stop;
        status = match done {
            Done::Good => status,
            Done::Bad(new) if status.success() || new != WARNED => new,
            Done::Bad(_) => status,
            Done::Stop => WARNED,
        };
    }
    finish(ctx, call, &later)?;
    if call.mode == Mode::Test && call.quiet < 2 {
        let name = &call.archive;
        let text = match status.success() {
            true if call.wanted.is_empty() => {
                format!("No errors detected in compressed data of {name}.\n")
            }
            true => {
                let s = if count == 1 { "" } else { "s" };
                format!("No errors detected in {name} for the {count} file{s} tested.\n")
            }
            false => format!("At least one error was detected in {name}.\n"),
        };
        ctx.stdout.put(text.as_bytes())?;
    }
    Ok(status)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Good,
    Bad(ExitStatus),
    /// Nothing more is extracted.
    Stop,
}

fn look(
    ctx: &Context<'_>,
    archive: &mut ZipArchive<Seeking>,
    at: usize,
) -> Result<Entry, zip::result::ZipError> {
    let entry = archive.by_index_raw(at)?;
    let mode = entry.unix_mode();
    let zone = crate::core::strftime::zone(ctx.var("TZ").map(|tz| tz.as_bytes()));
    let mtime_ns = entry.last_modified().and_then(|time| {
        let small = |n: u8| i8::try_from(n).ok();
        let civil = civil::DateTime::new(
            i16::try_from(time.year()).ok()?,
            small(time.month())?,
            small(time.day())?,
            small(time.hour())?,
            small(time.minute())?,
            small(time.second())?,
            0,
        );
        let time = zone.to_timestamp(civil.ok()?).ok()?;
        i64::try_from(time.as_nanosecond()).ok()
    });
    let name = entry.name_raw().to_vec();
    Ok(Entry {
        is_dir: name.ends_with(b"/"),
        is_link: mode.is_some_and(|mode| mode & 0o170_000 == 0o120_000),
        stored: entry.compression() == CompressionMethod::Stored,
        mode: mode.map(|mode| mode & 0o777),
        mtime_ns,
        encrypted: entry.encrypted(),
        known: matches!(
            entry.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ),
        name,
    })
}

/// The name without what leads out, with what is to be said of that.
fn safe(name: &[u8]) -> (String, Option<String>) {
    let text = name.to_str_lossy();
    let parts: Vec<&str> =
        text.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let warning = if text.starts_with('/') {
        Some(format!("warning:  stripped absolute path spec from {text}\n"))
    } else if text.split('/').any(|part| part == "..") {
        Some(format!("warning:  skipped \"../\" path component(s) in {text}\n"))
    } else {
        None
    };
    (parts.join("/"), warning)
}

fn one(
    ctx: &mut Context<'_>,
    call: &mut Call,
    archive: &mut ZipArchive<Seeking>,
    at: usize,
    entry: &Entry,
    root: &VPath,
    later: &mut Later,
) -> Result<Done, CommandError> {
    let raw = entry.name.to_str_lossy().into_owned();
    if call.mode == Mode::Test {
        if call.quiet == 0 {
            ctx.stdout.put(format!("    testing: {raw:<22}  ").as_bytes())?;
        }
    } else if call.mode == Mode::Pipe && entry.is_dir {
        return Ok(Done::Good);
    }
    if entry.encrypted || !entry.known {
        let why = if entry.encrypted {
            "unable to get password"
        } else {
            "unsupported compression method"
        };
        complain(ctx, format!("   skipping: {raw:<22}  {why}\n"))?;
        return Ok(Done::Bad(if entry.encrypted { NO_PASSWORD } else { ExitStatus(81) }));
    }
    match call.mode {
        Mode::Test => {
            let good = pour(ctx, call, archive, at, &raw, |_, _| Ok(()))?;
            if good && call.quiet == 0 {
                ctx.stdout.put(b" OK\n")?;
            }
            return Ok(if good { Done::Good } else { Done::Bad(BAD_ARCHIVE) });
        }
        Mode::Pipe => {
            if call.named && call.quiet == 0 {
                let verb = if entry.stored { " extracting" } else { "  inflating" };
                ctx.stdout.put(format!("{verb}: {raw:<22}  \n").as_bytes())?;
            }
            let good = pour(ctx, call, archive, at, &raw, |ctx, piece| {
                Ok(ctx.stdout.put_bytes(piece)?)
            })?;
            if call.named && call.quiet == 0 {
                ctx.stdout.put(b"\n")?;
            }
            return Ok(if good { Done::Good } else { Done::Bad(BAD_ARCHIVE) });
        }
        _ => {}
    }
    let (mut name, warning) = safe(&entry.name);
    let mut warned = Done::Good;
    if let Some(text) = warning {
        complain(ctx, text)?;
        warned = Done::Bad(WARNED);
    }
    if call.junk_paths {
        if entry.is_dir {
            return Ok(warned);
        }
        name = name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if call.lowercase {
        name = name.to_lowercase();
    }
    if name.is_empty() {
        return Ok(warned);
    }
    let shown = match &call.folder {
        Some(folder) => format!("{}/{name}", folder.to_str_lossy().trim_end_matches('/')),
        None => name.clone(),
    };
    if call.freshen && ctx.fs.symlink_metadata(&root.join(&name)?).is_err() {
        return Ok(warned);
    }
    if !parents(ctx, &name, root, &shown)? {
        return Ok(Done::Bad(ExitStatus(2)));
    }
    let path = root.join(&name)?;
    if entry.is_dir {
        if ctx.fs.metadata(&path).is_ok_and(|stat| stat.is_directory()) {
            return Ok(warned);
        }
        if call.quiet == 0 {
            ctx.stdout.put(format!("   creating: {shown}/\n").as_bytes())?;
        }
        if let Err(error) = ctx.fs.create_dir(&path, 0o777 & !ctx.umask, true) {
            complain(
                ctx,
                format!("checkdir error:  cannot create {shown}\n                 {error}\n"),
            )?;
            return Ok(Done::Bad(ExitStatus(2)));
        }
        later.folders.extend(entry.mode.map(|mode| (path, mode)));
        return Ok(warned);
    }
    match replace(ctx, call, entry, &path, &shown)? {
        Choice::Write => {}
        Choice::Skip => return Ok(warned),
        Choice::Stop => return Ok(Done::Stop),
    }
    if entry.is_link {
        let mut target = Vec::new();
        let good = pour(ctx, call, archive, at, &raw, |_, piece| {
            target.extend_from_slice(piece.get(..4096 - target.len().min(4096)).unwrap_or(&piece));
            Ok(())
        })?;
        if call.quiet == 0 {
            ctx.stdout
                .put(format!("    linking: {shown:<22}  -> {} \n", target.as_bstr()).as_bytes())?;
        }
        later.links.push((path, target, shown));
        return Ok(if good { warned } else { Done::Bad(BAD_ARCHIVE) });
    }
    if call.quiet == 0 {
        let verb = if entry.stored { " extracting" } else { "  inflating" };
        ctx.stdout.put(format!("{verb}: {shown:<22}  \n").as_bytes())?;
    }
    let mode = entry.mode.unwrap_or(0o666 & !ctx.umask);
    let options = OpenOptions { exclusive: true, ..OpenOptions::writing(mode) };
    let handle = match ctx.fs.open(&path, &options) {
        Ok(handle) => handle,
        Err(error) => {
            complain(ctx, format!("error:  cannot create {shown}\n        {error}\n"))?;
            return Ok(Done::Bad(ExitStatus(50)));
        }
    };
    let good = pour(ctx, call, archive, at, &raw, |_, piece| Ok(handle.write(piece)?))?;
    ctx.fs.set_mode(&path, mode, Follow::No)?;
    if let Some(ns) = entry.mtime_ns {
        ctx.fs.set_times(&path, ns, ns, Follow::No)?;
    }
    Ok(if good { warned } else { Done::Bad(BAD_ARCHIVE) })
}

/// Hands the content on piece by piece. False, and said, if it is damaged.
fn pour(
    ctx: &mut Context<'_>,
    call: &Call,
    archive: &mut ZipArchive<Seeking>,
    at: usize,
    name: &str,
    mut sink: impl FnMut(&mut Context<'_>, Bytes) -> Result<(), CommandError>,
) -> Result<bool, CommandError> {
    let mut entry = match archive.by_index(at) {
        Ok(entry) => entry,
        Err(error) => {
            complain(ctx, format!("error:  invalid compressed data in {name}: {error}\n"))?;
            return Ok(false);
        }
    };
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        ctx.check()?;
        match entry.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(len) => {
                let piece = Bytes::copy_from_slice(buffer.get(..len).unwrap_or_default());
                sink(ctx, piece)?;
            }
            Err(error) => {
                if let Some(error) = of_stream(&error) {
                    return Err(error);
                }
                let why = match error.to_string().to_lowercase().contains("checksum") {
                    true => "bad CRC",
                    false => "invalid compressed data to inflate",
                };
                let lead = if call.mode == Mode::Test { "" } else { name };
                complain(ctx, format!("{lead}  {why}\n"))?;
                return Ok(false);
            }
        }
    }
}

enum Choice {
    Write,
    Skip,
    Stop,
}

/// What becomes of a file that is there already; one that is to go is removed.
fn replace(
    ctx: &mut Context<'_>,
    call: &mut Call,
    entry: &Entry,
    path: &VPath,
    shown: &str,
) -> Result<Choice, CommandError> {
    let Ok(stat) = ctx.fs.symlink_metadata(path) else {
        return Ok(if call.freshen { Choice::Skip } else { Choice::Write });
    };
    if (call.update || call.freshen)
        && entry.mtime_ns.is_some_and(|time| stat.mtime_ns / 2_000_000_000 >= time / 2_000_000_000)
    {
        return Ok(Choice::Skip);
    }
    match call.existing {
        Existing::Keep => return Ok(Choice::Skip),
        Existing::Replace => {}
        Existing::Ask => {
            let question = format!("replace {shown}? [y]es, [n]o, [A]ll, [N]one, [r]ename: ");
            ctx.stdout.flush()?;
            complain(ctx, question)?;
            let answer = match ctx.stdin.stream().is_terminal() {
                true => ctx.stdin.line(b'\n')?,
                false => None,
            };
            match answer.as_deref().map(|answer| answer.trim_ascii()) {
                None => {
                    complain(ctx, " NULL\n(EOF or read error, treating as \"[N]one\" ...)\n")?;
                    return Ok(Choice::Stop);
                }
                Some(b"y" | b"Y") => {}
                Some(b"A") => call.existing = Existing::Replace,
                Some(b"N") => {
                    call.existing = Existing::Keep;
                    return Ok(Choice::Skip);
                }
                Some(_) => return Ok(Choice::Skip),
            }
        }
    }
    if stat.is_directory() {
        complain(ctx, format!("error:  cannot delete old {shown}\n        {}\n", Errno::IsDir))?;
        return Ok(Choice::Skip);
    }
    ctx.fs.remove(path, false)?;
    Ok(Choice::Write)
}

/// Makes the folders around a file. False, and said, if a link on the way leads outside.
fn parents(
    ctx: &mut Context<'_>,
    name: &str,
    root: &VPath,
    shown: &str,
) -> Result<bool, CommandError> {
    let Some((folder, _)) = name.rsplit_once('/') else { return Ok(true) };
    let root_text = BString::from(root.clone());
    let mut at = root_text.clone();
    for part in folder.split('/') {
        at.push(b'/');
        at.extend_from_slice(part.as_bytes());
        let path = VPath::new(at.clone())?;
        match ctx.fs.symlink_metadata(&path) {
            Ok(stat) if stat.is_symbolic_link() => {
                let real = ctx.fs.canonicalize(&path).map(BString::from).unwrap_or_default();
                let rest = real.strip_prefix(root_text.as_slice());
                if root_text != "/"
                    && !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
                {
                    complain(
                        ctx,
                        format!("error:  {shown}: a symbolic link leads out of the folder\n"),
                    )?;
                    return Ok(false);
                }
            }
            Ok(_) => {}
            Err(_) => {
                if let Err(error) = ctx.fs.create_dir(&path, 0o777 & !ctx.umask, false) {
                    complain(
                        ctx,
                        format!(
                            "checkdir error:  cannot create {shown}\n                 {error}\n"
                        ),
                    )?;
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

fn finish(ctx: &mut Context<'_>, call: &Call, later: &Later) -> Result<(), CommandError> {
    if !later.links.is_empty() && call.quiet == 0 {
        ctx.stdout.put(b"finishing deferred symbolic links:\n")?;
    }
    for (path, target, shown) in &later.links {
        if call.quiet == 0 {
            ctx.stdout.put(format!("  {shown:<22} -> {}\n", target.as_bstr()).as_bytes())?;
        }
        if let Err(error) = ctx.fs.symlink(target, path) {
            complain(ctx, format!("error:  cannot create {shown}: {error}\n"))?;
        }
    }
    for (path, mode) in later.folders.iter().rev() {
        // One that has gone since needs no mode.
        let _ = ctx.fs.set_mode(path, *mode, Follow::No);
    }
    Ok(())
}
