//! Actions: printing, deleting, running commands.

use bstr::{BString, ByteSlice};

use super::expression::{Action, Exec, Found, Settings, Sink};
use super::printf::target;
use crate::core::strftime::zone;
use crate::files::mode::letters;
use crate::files::owner::{blocks, group_name, kind_letter, user_name};
use crate::prelude::*;
use crate::time::{Moment, format as format_time};

/// How many bytes of names one command of `{} +` gets.
const BATCH_BYTES_MAX: usize = 128 << 10;

/// What the walk does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    On,
    /// Not into this directory.
    Prune,
    Quit,
}

/// What actions have left open.
pub(super) struct State {
    pub sinks: Vec<Output>,
    /// The names that wait for each `{} +`, by the directory they are to be run in.
    pub batches: Vec<(Vec<BString>, usize, Option<BString>)>,
    pub failed: bool,
    pub next: Next,
}

impl State {
    pub fn open(ctx: &Context<'_>, settings: &Settings) -> Result<Self, CommandError> {
        let mut sinks = Vec::new();
        for name in &settings.sinks {
            let sink = match name.as_bytes() {
                b"/dev/stdout" => {
                    Ok(Output::standard(ctx.stdout.stream().clone(), ctx.cancel.clone()))
                }
                _ => ctx.create(name),
            };
            sinks.push(sink.map_err(|error| failure(format!("{}: {error}", marked(name))))?);
        }
        let batches = (0..settings.batches).map(|_| (Vec::new(), 0, None)).collect();
        Ok(Self { sinks, batches, failed: false, next: Next::On })
    }

    fn put(&mut self, ctx: &mut Context<'_>, sink: Sink, text: &[u8]) -> Result<(), CommandError> {
        match sink.and_then(|at| self.sinks.get_mut(at)) {
            Some(output) => output.put(text)?,
            None => ctx.stdout.put(text)?,
        }
        Ok(())
    }

    pub fn act(
        &mut self,
        ctx: &mut Context<'_>,
        action: &Action,
        found: &Found,
        settings: &Settings,
    ) -> Result<bool, CommandError> {
        match action {
            Action::Print(sink, end) => {
                let line = [&found.path[..], &[*end]].concat();
                self.put(ctx, *sink, &line)?;
            }
            Action::Printf(sink, format) => {
                let mut out = Vec::new();
                format.fill(ctx, found, settings.follow, &mut out);
                self.put(ctx, *sink, &out)?;
            }
            Action::List(sink) => {
                let line = listed(ctx, found);
                self.put(ctx, *sink, &line)?;
            }
            Action::Prune => self.next = Next::Prune,
            Action::Quit => self.next = Next::Quit,
            Action::Delete => return self.delete(ctx, found),
            Action::Exec(exec) => return self.exec(ctx, exec, found),
        }
        Ok(true)
    }

    fn delete(&mut self, ctx: &mut Context<'_>, found: &Found) -> Result<bool, CommandError> {
        if found.name() == b"." {
            return Ok(true);
        }
        match ctx.path(&found.path).and_then(|path| ctx.fs.remove(&path, false)) {
            Ok(()) => Ok(true),
            Err(error) => {
                self.failed = true;
                let shown = marked(&found.path);
                ctx.complain(format_args!("cannot delete {shown}: {error}"))?;
                Ok(false)
            }
        }
    }

    fn exec(
        &mut self,
        ctx: &mut Context<'_>,
        exec: &Exec,
        found: &Found,
    ) -> Result<bool, CommandError> {
        let (name, dir) = if exec.in_dir {
            let (dir, name) = split(&found.path);
            (name, Some(dir))
        } else {
            (found.path.clone(), None)
        };
        if let Some(batch) = exec.batch.filter(|&at| at < self.batches.len()) {
            let elsewhere = self.batches[batch].2 != dir && !self.batches[batch].0.is_empty();
            if elsewhere || self.batches[batch].1 + name.len() > BATCH_BYTES_MAX {
                self.run_batch(ctx, exec, batch)?;
            }
            let (names, bytes, place) = &mut self.batches[batch];
            *bytes += name.len() + 1;
            *place = dir;
            names.push(name);
            return Ok(true);
        }
        let words: Vec<BString> =
            exec.words.iter().map(|word| word.replace("{}", &name).into()).collect();
        if exec.asks && !asked(ctx, exec, &found.path)? {
            return Ok(false);
        }
        let status = self.run(ctx, words, dir, exec.asks)?;
        Ok(status.success())
    }

    pub fn run_batch(
        &mut self,
        ctx: &mut Context<'_>,
        exec: &Exec,
        batch: usize,
    ) -> Result<(), CommandError> {
        let Some((names, bytes, dir)) = self.batches.get_mut(batch) else { return Ok(()) };
        let (names, dir) = (std::mem::take(names), dir.take());
        *bytes = 0;
        if names.is_empty() {
            return Ok(());
        }
        let mut words = exec.words.clone();
        words.pop();
        words.extend(names);
        if !self.run(ctx, words, dir, false)?.success() {
            self.failed = true;
        }
        Ok(())
    }

    fn run(
        &mut self,
        ctx: &mut Context<'_>,
        words: Vec<BString>,
        dir: Option<BString>,
        empty_input: bool,
    ) -> Result<ExitStatus, CommandError> {
        ctx.check()?;
        ctx.stdout.flush()?;
        for sink in &mut self.sinks {
            sink.flush()?;
        }
        let program = words.first().cloned().unwrap_or_default();
        let cwd = match dir {
            Some(dir) => Some(ctx.path(&dir)?),
            None => None,
        };
        let mut spawn = Spawn { cwd, ..Spawn::new(words) };
        if empty_input {
            let null = ctx.open_stream("/dev/null", &OpenOptions::reading());
            spawn.stdin = null.ok();
        }
        match ctx.host.run(spawn) {
            Ok(status) => Ok(status),
            Err(SpawnError::Limit(limit)) => Err(limit.into()),
            Err(SpawnError::NotFound) => {
                ctx.complain(format_args!("{}: No such file or directory", marked(&program)))?;
                Ok(ExitStatus(127))
            }
            Err(SpawnError::NotExecutable(error)) => {
                ctx.complain(format_args!("{}: {error}", marked(&program)))?;
                Ok(ExitStatus(126))
            }
        }
    }
}

/// The directory of a path and `./name` in it.
fn split(path: &BString) -> (BString, BString) {
    let trimmed = path.trim_end_with(|letter| letter == '/');
    match trimmed.rfind_byte(b'/') {
        Some(0) => ("/".into(), BString::from([b"./", &trimmed[1..]].concat())),
        Some(at) => (trimmed[..at].into(), BString::from([b"./", &trimmed[at + 1..]].concat())),
        None if trimmed.is_empty() => ("/".into(), "./".into()),
        None => (".".into(), BString::from([b"./", trimmed].concat())),
    }
}

/// `-ok`: asks on standard error, reads a line of standard input.
fn asked(ctx: &mut Context<'_>, exec: &Exec, path: &BString) -> Result<bool, CommandError> {
    ctx.stdout.flush()?;
    let program = exec.words.first().cloned().unwrap_or_default();
    let question = format!("< {program} ... {path} > ? ");
    ctx.stderr.put(question.as_bytes())?;
    let line = ctx.stdin.line(b'\n')?.unwrap_or_default();
    Ok(matches!(line.first(), Some(b'y' | b'Y')))
}

/// A line as `ls -dils` has it.
fn listed(ctx: &Context<'_>, found: &Found) -> Vec<u8> {
    let stat = &found.stat;
    let zone = zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
    let mut time = Vec::new();
    if let Some(moment) = Moment::new(stat.mtime_ns, &zone) {
        let age = ctx.clock.now_s() - moment.seconds;
        let recent = (-3600..=15_552_000).contains(&age);
        format_time(if recent { b"%b %e %H:%M" } else { b"%b %e  %Y" }, &moment, &mut time);
    }
    let (user, group) = (user_name(ctx, ctx.identity.uid), group_name(ctx, ctx.identity.gid));
    let mut line = format!(
        "{:9} {:6} {}{} {:3} {user:8} {group:8} {:8} ",
        stat.inode,
        blocks(stat).div_ceil(2),
        kind_letter(stat.kind),
        letters(stat.mode),
        stat.links,
        stat.size,
    )
    .into_bytes();
    line.extend_from_slice(&time);
    line.push(b' ');
    line.extend_from_slice(&escaped(&found.path));
    if let Some(target) = target(ctx, found) {
        line.extend_from_slice(b" -> ");
        line.extend_from_slice(&escaped(&target));
    }
    line.push(b'\n');
    line
}

fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for &byte in name {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b' ' => out.extend_from_slice(b"\\ "),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'"' => out.extend_from_slice(b"\\\""),
            0..=0x1f | 0x7f => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out
}
