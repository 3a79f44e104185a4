//! Writes the archive anew: what stays is copied as it is, what is new or changed is packed.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{CANNOT_CREATE, Call, NOTHING_TO_DO, fail};
use crate::archive::seek::Seeking;
use crate::budget::{Held, Resource};
use crate::prelude::*;
use crate::time::Moment;

/// A file to pack, and the name that it gets.
struct Member {
    name: String,
    path: VPath,
    stat: FsStat,
}

type Sink = ZipWriter<Cursor<Vec<u8>>>;

pub(super) fn run(ctx: &mut Context<'_>, call: &Call) -> CommandResult {
    let to_stdout = call.archive == "-";
    let old = match to_stdout {
        true => None,
        false => open(ctx, call)?,
    };
    if call.deletes {
        return delete(ctx, call, old);
    }
    if call.names.is_empty() {
        if call.test
            && let Some(mut old) = old
        {
            return test(ctx, call, &mut old);
        }
        let message = format!("Nothing to do! ({})", call.archive);
        return Err(fail(ctx, &message, NOTHING_TO_DO));
    }
    let members = members(ctx, call)?;
    let mut held = ctx.budget.hold(Resource::Memory, 0)?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut changed = false;
    let mut left: Vec<Option<Member>> = members.into_iter().map(Some).collect();
    let mut packed = Vec::new();
    if let Some(mut old) = old {
        for at in 0..old.len() {
            ctx.check()?;
            let entry = old.by_index_raw(at).map_err(|error| broken(ctx, call, &error))?;
            let name = entry.name_raw().to_vec();
            let seconds = entry.last_modified().map(clock_s);
            let mine = left.iter_mut().find(|member| {
                member.as_ref().is_some_and(|member| member.name.as_bytes() == name)
            });
            let newer = |member: &Member| {
                let zone = zone(ctx);
                let own = Moment::new(member.stat.mtime_ns, &zone).map(|moment| dos_s(&moment));
                seconds.is_none_or(|seconds| own.is_some_and(|own| own / 2 > seconds / 2))
            };
            match mine.and_then(Option::take) {
                Some(member) if !(call.update || call.freshen) || newer(&member) => {
                    drop(entry);
                    pack(ctx, call, &mut writer, &member, "updating", &mut held)?;
                    packed.push(member.path);
                    changed = true;
                }
                _ => {
                    held.grow(entry.compressed_size())?;
                    writer.raw_copy_file(entry).map_err(|error| broken(ctx, call, &error))?;
                }
            }
        }
    }
    if !call.freshen {
        for member in left.into_iter().flatten() {
            ctx.check()?;
            pack(ctx, call, &mut writer, &member, "  adding", &mut held)?;
            packed.push(member.path);
            changed = true;
        }
    }
    if !changed {
        return Ok(NOTHING_TO_DO);
    }
    finish(ctx, call, writer)?;
    if call.moves {
        for path in packed.iter().rev() {
            ctx.fs.remove(path, false)?;
        }
    }
    Ok(ExitStatus::SUCCESS)
}

fn zone(ctx: &Context<'_>) -> jiff::tz::TimeZone {
    crate::core::strftime::zone(ctx.var("TZ").map(|tz| tz.as_bytes()))
}

/// Seconds on a wall clock, for comparing.
fn clock_s(time: DateTime) -> i64 {
    let days = i64::from(time.year()) * 372 + i64::from(time.month()) * 31 + i64::from(time.day());
    ((days * 24 + i64::from(time.hour())) * 60 + i64::from(time.minute())) * 60
        + i64::from(time.second())
}

fn dos_s(moment: &Moment) -> i64 {
    let civil = moment.civil;
    let days =
        i64::from(civil.year()) * 372 + i64::from(civil.month()) * 31 + i64::from(civil.day());
    ((days * 24 + i64::from(civil.hour())) * 60 + i64::from(civil.minute())) * 60
        + i64::from(civil.second())
}

fn broken(ctx: &mut Context<'_>, call: &Call, error: &zip::result::ZipError) -> CommandError {
    let message = format!("Zip file structure invalid ({}: {error})", call.archive);
    fail(ctx, &message, ExitStatus(3))
}

/// The archive as it is, if there is one.
fn open(ctx: &mut Context<'_>, call: &Call) -> Result<Option<ZipArchive<Seeking>>, CommandError> {
    let path = ctx.path(&call.archive)?;
    if ctx.fs.metadata(&path).is_err() {
        return Ok(None);
    }
    let handle = ctx.fs.open(&path, &OpenOptions::reading())?;
    match ZipArchive::new(Seeking::new(handle, ctx.cancel.clone())?) {
        Ok(archive) => Ok(Some(archive)),
        Err(error) => Err(broken(ctx, call, &error)),
    }
}

fn tell(ctx: &mut Context<'_>, call: &Call, text: &str) -> Result<(), CommandError> {
    if call.quiet {
        return Ok(());
    }
    let out = if call.archive == "-" { &mut ctx.stderr } else { &mut ctx.stdout };
    Ok(out.put(text.as_bytes())?)
}

/// What is packed, in order.
fn members(ctx: &mut Context<'_>, call: &Call) -> Result<Vec<Member>, CommandError> {
    let mut members: Vec<Member> = Vec::new();
    let mut missing = false;
    for operand in &call.names {
        let mut pending = vec![operand.clone()];
        while let Some(name) = pending.pop() {
            ctx.check()?;
            let path = ctx.path(&name)?;
            let stat = match call.links {
                true => ctx.fs.symlink_metadata(&path),
                false => ctx.fs.metadata(&path),
            };
            let Ok(stat) = stat else {
                missing = true;
                tell(ctx, call, &format!("\tzip warning: name not matched: {name}\n"))?;
                continue;
            };
            let is_dir = stat.is_directory();
            if is_dir && call.recursive {
                let base = name.strip_suffix(b"/").unwrap_or(&name);
                let entries = ctx.fs.read_dir(&path)?;
                let child = |entry: &DirEntry| match base {
                    b"." => entry.name.clone(),
                    base => [base, b"/", &entry.name].concat().into(),
                };
                pending.extend(entries.iter().rev().map(child));
            }
            let Some(stored) = stored(call, &name, is_dir) else { continue };
            let hit = |patterns: &[crate::pattern::Pattern]| {
                patterns.iter().any(|pattern| pattern.is_match(stored.as_bytes()))
            };
            if hit(&call.excluded) || (!call.included.is_empty() && !hit(&call.included)) {
                continue;
            }
            let own = call.archive == name;
            if !own && !members.iter().any(|member| member.name == stored) {
                members.push(Member { name: stored, path, stat });
            }
        }
    }
    if members.is_empty() && missing {
        let hint = match call.recursive {
            true => {
                let names = bstr::join(" ", &call.names);
                format!("try: zip -r {} . -i {}", call.archive, names.as_bstr())
            }
            false => call.archive.to_string(),
        };
        return Err(fail(ctx, &format!("Nothing to do! ({hint})"), NOTHING_TO_DO));
    }
    if members.is_empty() {
        let message = format!("Nothing to do! ({})", call.archive);
        return Err(fail(ctx, &message, NOTHING_TO_DO));
    }
    Ok(members)
}

/// The name in the archive: without what leads out, and for a folder with a slash at the end.
fn stored(call: &Call, name: &BString, is_dir: bool) -> Option<String> {
    let text = name.to_str_lossy();
    let mut parts = text.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let mut stored = match call.junk_paths {
        true => parts.next_back()?.to_owned(),
        false => parts.collect::<Vec<_>>().join("/"),
    };
    if is_dir {
        if call.junk_paths || call.no_dirs {
            return None;
        }
        stored.push('/');
    }
    (stored != "/" && !stored.is_empty()).then_some(stored)
}

fn pack(
    ctx: &mut Context<'_>,
    call: &Call,
    writer: &mut Sink,
    member: &Member,
    verb: &str,
    held: &mut Held,
) -> Result<(), CommandError> {
    let zone = zone(ctx);
    let time = Moment::new(member.stat.mtime_ns, &zone).and_then(|moment| {
        let civil = moment.civil;
        let part = |n: i8| u8::try_from(n).unwrap_or(0);
        DateTime::from_date_and_time(
            u16::try_from(civil.year()).ok()?,
            part(civil.month()),
            part(civil.day()),
            part(civil.hour()),
            part(civil.minute()),
            part(civil.second()),
        )
        .ok()
    });
    let options = SimpleFileOptions::default()
        .last_modified_time(time.unwrap_or_else(DateTime::default_for_write))
        .unix_permissions(member.stat.mode);
    let done = match member.stat.kind {
        FileKind::Directory => {
            writer.add_directory(member.name.as_str(), options).map(|()| (0, None))
        }
        FileKind::Symlink => {
            let target = ctx.fs.read_link(&member.path)?;
            let len = target.len() as u64;
            writer
                .add_symlink(member.name.as_str(), target.to_str_lossy().into_owned(), options)
                .map(|()| (len, None))
        }
        _ => {
            held.grow(member.stat.size.saturating_mul(2))?;
            let content = ctx.fs.read(&member.path)?;
            let smaller = deflated(ctx, &content, call.level)?;
            let method = match smaller {
                Some(_) => CompressionMethod::Deflated,
                None => CompressionMethod::Stored,
            };
            let level = (call.level > 0 && smaller.is_some()).then_some(i64::from(call.level));
            let options = options.compression_method(method).compression_level(level);
            writer.start_file(member.name.as_str(), options).and_then(|()| {
                writer.write_all(&content)?;
                Ok((content.len() as u64, smaller))
            })
        }
    };
    let (whole, smaller) = done.map_err(|error| broken(ctx, call, &error))?;
    let how = match smaller {
        Some(packed) => {
            let percent = 100.0 * (whole as f64 - packed as f64) / whole as f64;
            format!("deflated {percent:.0}%")
        }
        None => "stored 0%".to_owned(),
    };
    let sizes = match call.verbose {
        true => format!("\t(in={whole}) (out={}) ({how})", smaller.unwrap_or(whole)),
        false => format!(" ({how})"),
    };
    tell(ctx, call, &format!("{verb}: {}{sizes}\n", member.name))
}

/// How small the content becomes, if it becomes smaller.
fn deflated(ctx: &Context<'_>, content: &[u8], level: u32) -> Result<Option<u64>, CommandError> {
    if level == 0 || content.is_empty() {
        return Ok(None);
    }
    let mut encoder = DeflateEncoder::new(Counting(0), Compression::new(level));
    for piece in content.chunks(1 << 20) {
        ctx.check()?;
        encoder.write_all(piece)?;
    }
    let Counting(packed) = encoder.finish()?;
    Ok((packed < content.len() as u64).then_some(packed))
}

/// Counts what is written and keeps nothing.
struct Counting(u64);

impl Write for Counting {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.0 += data.len() as u64;
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn finish(ctx: &mut Context<'_>, call: &Call, writer: Sink) -> Result<(), CommandError> {
    let bytes = writer.finish().map_err(|error| broken(ctx, call, &error))?.into_inner();
    if call.archive == "-" {
        return Ok(ctx.stdout.put_bytes(bytes.into())?);
    }
    let path = ctx.path(&call.archive)?;
    if let Err(error) = ctx.fs.write(&path, bytes.into(), 0o666 & !ctx.umask) {
        let message = format!("Could not create output file ({}): {error}", call.archive);
        return Err(fail(ctx, &message, CANNOT_CREATE));
    }
    Ok(())
}

/// `-d`.
fn delete(ctx: &mut Context<'_>, call: &Call, old: Option<ZipArchive<Seeking>>) -> CommandResult {
    let Some(mut old) = old else {
        let message = format!("Nothing to do! ({})", call.archive);
        return Err(fail(ctx, &message, NOTHING_TO_DO));
    };
    let patterns: Vec<_> = call
        .names
        .iter()
        .map(|name| (name, crate::pattern::Pattern::new(name, crate::pattern::Options::default())))
        .collect();
    let mut used = vec![false; patterns.len()];
    let mut gone = Vec::new();
    let mut kept = 0;
    let mut held = ctx.budget.hold(Resource::Memory, 0)?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..old.len() {
        ctx.check()?;
        let entry = old.by_index_raw(at).map_err(|error| broken(ctx, call, &error))?;
        let name = entry.name_raw().to_vec();
        let mut hit = false;
        for (used, (_, pattern)) in used.iter_mut().zip(&patterns) {
            if pattern.is_match(&name) {
                *used = true;
                hit = true;
            }
        }
        if hit {
            gone.push(name);
            continue;
        }
        kept += 1;
        held.grow(entry.compressed_size())?;
        writer.raw_copy_file(entry).map_err(|error| broken(ctx, call, &error))?;
    }
    for (_, (name, _)) in used.iter().zip(&patterns).filter(|(used, _)| !**used) {
        tell(ctx, call, &format!("\tzip warning: name not matched: {name}\n"))?;
    }
    if gone.is_empty() {
        let message = format!("Nothing to do! ({})", call.archive);
        return Err(fail(ctx, &message, NOTHING_TO_DO));
    }
    for name in &gone {
        tell(ctx, call, &format!("deleting: {}\n", name.as_bstr()))?;
    }
    if kept == 0 {
        tell(ctx, call, "\tzip warning: zip file empty\n")?;
        ctx.fs.remove(&ctx.path(&call.archive)?, false)?;
        return Ok(ExitStatus::SUCCESS);
    }
    finish(ctx, call, writer)?;
    Ok(ExitStatus::SUCCESS)
}

/// `-T`.
fn test(ctx: &mut Context<'_>, call: &Call, old: &mut ZipArchive<Seeking>) -> CommandResult {
    for at in 0..old.len() {
        ctx.check()?;
        let read = old.by_index(at).map_err(std::io::Error::other);
        let read = read.and_then(|mut entry| std::io::copy(&mut entry, &mut Counting(0)));
        if let Err(error) = read {
            if let Some(error) = crate::archive::bytes::of_stream(&error) {
                return Err(error);
            }
            let message = format!(
                "Zip file invalid, could not spawn unzip, or wrong unzip (original files unmodified) ({})",
                call.archive
            );
            return Err(fail(ctx, &message, ExitStatus(8)));
        }
    }
    tell(ctx, call, &format!("test of {} OK\n", call.archive))?;
    Ok(ExitStatus::SUCCESS)
}
