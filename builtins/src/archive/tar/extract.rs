//! `-t` and `-x`.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use mesafs::filesystem::Handle;
use tar::{Archive, Entry, EntryType};

use super::options::{Action, Existing};
use super::read::{Source, fault, open};
use super::transform::Role;
use super::{Run, names};
use crate::prelude::*;

const PIECE_BYTES: usize = 128 << 10;

/// What is done at the end, when everything is in place.
#[derive(Default)]
struct Later {
    /// Modes and times of folders: path, mode, seconds.
    folders: Vec<(VPath, u32, i64)>,
    /// Links that point outside: path, target, name.
    links: Vec<(VPath, Vec<u8>, BString)>,
    /// Which folders were looked at and lie inside.
    inside: HashMap<BString, bool>,
}

pub(super) fn run(ctx: &mut Context<'_>, run: &mut Run) -> Result<(), CommandError> {
    let mut source = open(ctx, &run.options)?;
    if source.is_empty()? {
        run.complain(ctx, "This does not look like a tar archive")?;
        return Ok(());
    }
    let mut archive = Archive::new(source);
    archive.set_ignore_zeros(run.options.ignore_zeros);
    let mut later = Later::default();
    top_level(ctx, run)?;
    let root = match ctx.fs.canonicalize(&run.options.folder) {
        Ok(root) => root.to_vpath(),
        Err(error) => return Err(super::read::cannot_open(run.options.folder.as_bstr(), &error)),
    };
    let mut first = true;
    let entries = archive.entries();
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => return fault(ctx, run, &error, true),
    };
    for entry in entries {
        ctx.check()?;
        match entry {
            Ok(mut entry) => member(ctx, run, &mut entry, &root, &mut later)?,
            Err(error) => {
                fault(ctx, run, &error, first)?;
                break;
            }
        }
        first = false;
    }
    finish(ctx, run, &later)?;
    if run.options.totals {
        let read = archive.into_inner().taken().next_multiple_of(10_240);
        let line = format!("Total bytes read: {read} ({}KiB, ?/s)\n", read.div_ceil(1024));
        ctx.stderr.put(line.as_bytes())?;
    }
    let wildcards = run.options.wildcards;
    let missing: Vec<BString> = run
        .options
        .members
        .iter()
        .filter(|member| !member.found)
        .map(|member| member.name.clone())
        .collect();
    if !wildcards && missing.iter().any(|name| name.find_byteset(b"*?[").is_some()) {
        ctx.stdout.flush()?;
        ctx.complain("Pattern matching characters used in file names")?;
        ctx.complain("Use --wildcards to enable pattern matching, or --no-wildcards to suppress this warning")?;
    }
    for name in missing {
        run.complain(ctx, [&name, &b": Not found in archive"[..]].concat())?;
    }
    Ok(())
}

/// Makes the folder of `--one-top-level` and goes there.
fn top_level(ctx: &mut Context<'_>, run: &mut Run) -> Result<(), CommandError> {
    if run.options.action != Action::Extract {
        return Ok(());
    }
    let Some(name) = run.options.top_level.clone() else { return Ok(()) };
    let name = if name.is_empty() {
        let base = run.options.archive.rsplit_str("/").next().unwrap_or_default();
        let ends = [&b".tar.gz"[..], b".tgz", b".tar"];
        ends.iter().find_map(|end| base.strip_suffix(*end)).unwrap_or(base).into()
    } else {
        name
    };
    let path = run.options.folder.join(&name)?;
    match ctx.fs.create_dir(&path, 0o777 & !ctx.umask, true) {
        Ok(()) => run.options.folder = path,
        Err(error) => return Err(super::fatal(format!("{name}: Cannot mkdir: {error}"))),
    }
    Ok(())
}

fn member(
    ctx: &mut Context<'_>,
    run: &mut Run,
    entry: &mut Entry<'_, Source>,
    root: &VPath,
    later: &mut Later,
) -> Result<(), CommandError> {
    let kind = entry.header().entry_type();
    if matches!(kind, EntryType::XGlobalHeader) {
        return Ok(());
    }
    let stored = BString::from(entry.path_bytes().into_owned());
    let mode = (run.options.wildcards, run.options.recursion);
    if !names::is_meant(&mut run.options.members, &mode, &stored)
        || names::is_excluded(&run.options, &stored)
    {
        return Ok(());
    }
    if run.options.action == Action::List {
        let long = run.options.verbose > 0;
        let shown = match run.options.show_transformed {
            true => run.transformed(ctx, stored.clone(), Role::Member),
            false => stored.clone(),
        };
        let line = run.line_of(entry, &shown, long);
        ctx.stdout.put(&line)?;
        return run.safe_name(ctx, &stored, "member names").map(|_| ());
    }
    let transformed = run.transformed(ctx, stored.clone(), Role::Member);
    let Some(name) = names::stripped(&transformed, run.options.strip) else { return Ok(()) };
    if run.options.verbose > 0 {
        let long = run.options.verbose > 1;
        let shown = if run.options.show_transformed { &name } else { &stored };
        let line = run.line_of(entry, shown, long);
        let out = if run.options.to_stdout { &mut ctx.stderr } else { &mut ctx.stdout };
        out.put(&line)?;
    }
    let raw = name;
    let name = run.safe_name(ctx, &raw, "member names")?;
    if !run.options.absolute_names && raw.split(|&byte| byte == b'/').any(|part| part == b"..") {
        return run.complain(ctx, [raw.as_slice(), b": Member name contains '..'"].concat());
    }
    if run.options.to_stdout {
        if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
            return copy(ctx, run, entry, &name, Target::Stdout);
        }
        return Ok(());
    }
    unpack(ctx, run, entry, &name, root, later)
}

enum Target {
    Stdout,
    File(Arc<dyn Handle>),
}

/// Copies the content of a member.
fn copy(
    ctx: &mut Context<'_>,
    run: &mut Run,
    entry: &mut Entry<'_, Source>,
    name: &BString,
    target: Target,
) -> Result<(), CommandError> {
    let mut left = entry.size();
    let mut buffer = vec![0; PIECE_BYTES];
    while left > 0 {
        ctx.check()?;
        let len = match entry.read(&mut buffer) {
            Ok(0) => return Err(super::fatal("Unexpected EOF in archive")),
            Ok(len) => len,
            Err(error) => return fault(ctx, run, &error, false),
        };
        left = left.saturating_sub(len as u64);
        let piece = Bytes::copy_from_slice(buffer.get(..len).unwrap_or_default());
        match &target {
            Target::Stdout => ctx.stdout.put_bytes(piece)?,
            Target::File(handle) => {
                if let Err(error) = handle.write(piece) {
                    return run.complain(ctx, format!("{name}: Cannot write: {error}"));
                }
            }
        }
    }
    Ok(())
}

fn unpack(
    ctx: &mut Context<'_>,
    run: &mut Run,
    entry: &mut Entry<'_, Source>,
    name: &BString,
    root: &VPath,
    later: &mut Later,
) -> Result<(), CommandError> {
    let path = root.join(name)?;
    if !parents(ctx, run, name, root, later)? {
        return Ok(());
    }
    let header = entry.header();
    let kind = header.entry_type();
    let mode = header.mode().unwrap_or(0o644) & 0o7777;
    let mode = if run.options.preserve { mode } else { mode & 0o777 & !ctx.umask };
    let mtime_s = header.mtime().ok().and_then(|s| i64::try_from(s).ok()).unwrap_or(0);
    let mtime_ns = mtime_s.saturating_mul(1_000_000_000);
    let old = ctx.fs.symlink_metadata(&path).ok();
    if kind.is_dir() || name.ends_with(b"/") {
        let made = match &old {
            Some(stat) if stat.is_directory() => Ok(()),
            // A link to a folder stays, as long as it leads inside: the check of what goes through it.
            Some(stat) if stat.is_symbolic_link() && run.options.overwrite => Ok(()),
            Some(_) => {
                ctx.fs.remove(&path, false).and_then(|()| ctx.fs.create_dir(&path, 0o755, false))
            }
            None => ctx.fs.create_dir(&path, 0o755, false),
        };
        return match made {
            Ok(()) => {
                later.folders.push((path, mode, mtime_s));
                Ok(())
            }
            Err(error) => run.complain(ctx, format!("{name}: Cannot mkdir: {error}")),
        };
    }
    if let Some(stat) = &old {
        match run.options.existing {
            Existing::Kept => {
                return run.complain(ctx, format!("{name}: Cannot open: {}", Errno::Exist));
            }
            Existing::Skipped => return Ok(()),
            Existing::KeptIfNewer if stat.mtime_ns >= mtime_ns => {
                ctx.stdout.flush()?;
                return ctx.complain(format!("Current ‘{name}’ is newer or same age"));
            }
            _ => {}
        }
        if stat.is_directory() {
            // An empty folder gives way to a file.
            if let Err(error) = ctx.fs.remove(&path, false) {
                let why =
                    if error.errno() == Errno::NotEmpty { Errno::IsDir } else { error.errno() };
                return run.complain(ctx, format!("{name}: Cannot open: {why}"));
            }
        } else if (!run.options.overwrite || stat.is_symbolic_link())
            && let Err(error) = ctx.fs.remove(&path, false)
        {
            return run.complain(ctx, format!("{name}: Cannot unlink: {error}"));
        }
    }
    let link = entry.link_name_bytes().map(|link| link.into_owned()).unwrap_or_default();
    match kind {
        EntryType::Symlink => {
            let link = Vec::from(run.transformed(ctx, link.into(), Role::SymbolicTarget));
            let (prefix, _) = names::split_unsafe(&link);
            if !prefix.is_empty() && !run.options.absolute_names {
                later.links.push((path, link, name.clone()));
                return Ok(());
            }
            if let Err(error) = ctx.fs.symlink(&link, &path) {
                let link = link.as_bstr();
                return run
                    .complain(ctx, format!("{name}: Cannot create symlink to ‘{link}’: {error}"));
            }
            return Ok(());
        }
        EntryType::Link => {
            // There are no hard links: the file is copied.
            let link = run.transformed(ctx, link.into(), Role::HardTarget);
            let target = run.safe_name(ctx, &link, "hard link targets")?;
            let copied = if parents(ctx, run, &target, root, later)? {
                root.join(&target).and_then(|from| ctx.fs.copy(&from, &path, false))
            } else {
                return Ok(());
            };
            if let Err(error) = copied {
                return run
                    .complain(ctx, format!("{name}: Cannot hard link to ‘{target}’: {error}"));
            }
            return Ok(());
        }
        EntryType::Fifo | EntryType::Char | EntryType::Block => {
            let what = if kind == EntryType::Fifo { "mkfifo" } else { "mknod" };
            return run.complain(ctx, format!("{name}: Cannot {what}: {}", Errno::NotSup));
        }
        _ => {}
    }
    let options = OpenOptions { exclusive: !run.options.overwrite, ..OpenOptions::writing(mode) };
    match ctx.fs.open(&path, &options) {
        Ok(handle) => copy(ctx, run, entry, name, Target::File(handle))?,
        Err(error) => return run.complain(ctx, format!("{name}: Cannot open: {error}")),
    }
    let mut done = ctx.fs.set_mode(&path, mode, Follow::No);
    if !run.options.touch {
        done = done.and_then(|()| ctx.fs.set_times(&path, mtime_ns, mtime_ns, Follow::No));
    }
    match done {
        Ok(()) => Ok(()),
        Err(error) => run.complain(ctx, format!("{name}: Cannot utime: {error}")),
    }
}

/// Makes the folders around a member. False, and said, if they lie outside.
fn parents(
    ctx: &mut Context<'_>,
    run: &mut Run,
    name: &BString,
    root: &VPath,
    later: &mut Later,
) -> Result<bool, CommandError> {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let Some(at) = name.rfind_byte(b'/') else { return Ok(true) };
    let folder = BString::from(name.get(..at).unwrap_or_default());
    if folder.is_empty() {
        return Ok(true);
    }
    if let Some(inside) = later.inside.get(&folder) {
        return Ok(*inside);
    }
    let path = root.join(&folder)?;
    let made = match ctx.fs.metadata(&path) {
        Ok(_) => Ok(()),
        Err(_) => make_below(ctx, run, &folder, root),
    };
    let real = made.and_then(|()| ctx.fs.canonicalize(&path));
    let inside = match real {
        Ok(real) => {
            let (real, root) = (BString::from(real), BString::from(root.clone()));
            let rest = real.strip_prefix(root.as_slice());
            run.options.absolute_names
                || root == "/"
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        }
        Err(error) => {
            run.complain(ctx, format!("{}: Cannot open: {error}", name.as_bstr()))?;
            return Ok(false);
        }
    };
    if !inside {
        let text =
            format!("{}: Cannot open: a symbolic link leads out of the folder", name.as_bstr());
        run.complain(ctx, text)?;
    }
    later.inside.insert(folder, inside);
    Ok(inside)
}

/// Makes each folder of a path that is not there, never through a link that leads outside.
fn make_below(ctx: &Context<'_>, run: &Run, folder: &BString, root: &VPath) -> FsResult<()> {
    let mut at = BString::from(root.clone());
    for part in folder.split(|&byte| byte == b'/').filter(|part| !part.is_empty()) {
        at.push(b'/');
        at.extend_from_slice(part);
        let path = VPath::new(at.clone())?;
        match ctx.fs.symlink_metadata(&path) {
            Ok(stat) if stat.is_symbolic_link() && !run.options.absolute_names => {
                let real = BString::from(ctx.fs.canonicalize(&path)?);
                let root = BString::from(root.clone());
                if !real.starts_with(&root) {
                    return Err(FsError::new(Errno::XDev, mesafs::Operation::MakeDir, path));
                }
            }
            Ok(_) => {}
            Err(_) => ctx.fs.create_dir(&path, 0o777 & !ctx.umask, false)?,
        }
    }
    Ok(())
}

/// Links that point outside, and the modes and times of folders.
fn finish(ctx: &mut Context<'_>, run: &mut Run, later: &Later) -> Result<(), CommandError> {
    for (path, target, name) in &later.links {
        if let Err(error) = ctx.fs.symlink(target, path) {
            let target = target.as_bstr();
            run.complain(ctx, format!("{name}: Cannot create symlink to ‘{target}’: {error}"))?;
        }
    }
    for (path, mode, mtime_s) in later.folders.iter().rev() {
        // A folder that has gone since needs neither.
        let _ = ctx.fs.set_mode(path, *mode, Follow::No);
        if !run.options.touch {
            let ns = mtime_s.saturating_mul(1_000_000_000);
            let _ = ctx.fs.set_times(path, ns, ns, Follow::No);
        }
    }
    Ok(())
}
