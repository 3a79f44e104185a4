//! Applies the patches of a text, one file after the other.

use super::header::{self, Absent, Header};
use super::hunk::{self, Hunk, Side};
use super::locate::{Place, locate, trimmed};
use super::names::{self, Chosen};
use super::source::{self, Source};
use super::{Backup, Call, Kind, edit, fatal, reject};
use crate::budget::{Held, Resource};
use crate::prelude::*;
use mesafs::op::Replaced;
use mesafs::tree::Body;

pub(super) fn all(ctx: &mut Context<'_>, call: &Call, source: &mut Source) -> CommandResult {
    if source.is_empty() {
        return Ok(ExitStatus::SUCCESS);
    }
    let mut run = Run { ctx, call, failed: false, written: Vec::new() };
    let mut count = 0;
    loop {
        (source.indent, source.strip_return) = (0, false);
        let before = source.mark();
        let Some(header) = header::next(source, call.only, call.original.is_some()) else {
            source.go(before);
            break;
        };
        count += 1;
        if call.verbose {
            let line = match count {
                1 => format!("Hmm...  Looks like {} to me...\n", header.kind.name()),
                _ => format!("Hmm...  The next patch looks like {} to me...\n", header.kind.name()),
            };
            run.say(line)?;
        }
        run.patch(source, header)?;
    }
    if count == 0 {
        return Err(fatal("Only garbage was found in the patch input."));
    }
    if call.verbose {
        if source.peek().is_some() {
            run.say("Hmm...  Ignoring the trailing garbage.\n")?;
        }
        run.say("done\n")?;
    }
    Ok(if run.failed { ExitStatus::FAILURE } else { ExitStatus::SUCCESS })
}

struct Run<'a, 'c> {
    ctx: &'a mut Context<'c>,
    call: &'a Call,
    failed: bool,
    /// The files written so far: their originals are saved already.
    written: Vec<BString>,
}

/// The file being patched.
struct File {
    name: BString,
    from: Option<BString>,
    output: BString,
    exists: bool,
    content: Bytes,
    base: Option<Body>,
    mode: u32,
    mtime_ns: i64,
    _held: Held,
}

/// How far one patch has come.
#[derive(Default)]
struct Progress {
    reverse: bool,
    /// Nothing more of this patch is applied.
    skip: bool,
    keep_rejects: bool,
    mismatch: bool,
    hunks: usize,
    failures: usize,
    rejects: Vec<u8>,
    out: Vec<u8>,
    /// Lines of the input that were written or left out.
    frozen: usize,
    /// Where the last hunk stood, less where it says; and the lines that came in.
    offset: isize,
    grown: isize,
    apply_anyway: bool,
}

impl Run<'_, '_> {
    fn say(&mut self, text: impl AsRef<[u8]>) -> Result<(), CommandError> {
        let to_stdout = self.call.output.as_ref().is_some_and(|name| name == "-");
        let out = if to_stdout { &mut self.ctx.stderr } else { &mut self.ctx.stdout };
        Ok(out.put(text.as_ref())?)
    }

    fn tell(&mut self, text: impl AsRef<[u8]>) -> Result<(), CommandError> {
        if self.call.silent { Ok(()) } else { self.say(text) }
    }

    /// Asks at the terminal; without one there is no answer.
    fn ask(&mut self, question: &str) -> Result<BString, CommandError> {
        self.say(question)?;
        self.ctx.stdout.flush()?;
        if !self.ctx.stdin.stream().is_terminal() {
            self.say("\n")?;
            return Ok(BString::default());
        }
        let answer = self.ctx.stdin.line(b'\n')?.unwrap_or_default();
        Ok(answer.trim_ascii_end().into())
    }

    fn patch(&mut self, source: &mut Source, header: Header) -> Result<(), CommandError> {
        if header.indent > 0 {
            let s = if header.indent == 1 { "" } else { "s" };
            self.tell(format!("(Patch is indented {} space{s}.)\n", header.indent))?;
        }
        source.indent = header.indent;
        if header.strip_return && !self.call.binary {
            self.tell("(Stripping trailing CRs from patch; use --binary to disable.)\n")?;
            source.strip_return = true;
        }
        if self.call.verbose {
            self.leading(source, &header)?;
        }
        let mut progress =
            Progress { reverse: self.call.reverse, keep_rejects: true, ..Progress::default() };
        let chosen = match names::choose(self.ctx, self.call, &header, progress.reverse)? {
            Some(chosen) => Some(chosen),
            None => self.ask_name(source, &header)?,
        };
        let Some(chosen) = chosen else {
            progress.skip = true;
            return self.run_through(source, &header, &mut progress);
        };
        let Some(file) = self.open(chosen, &header, &mut progress)? else {
            return self.run_through(source, &header, &mut progress);
        };
        if header.kind == Kind::Ed {
            let mut lines = source::lines(&file.content);
            edit::run(source, &mut lines)?;
            progress.out = lines.concat();
            return self.finish(&file, &header, &mut progress);
        }
        self.announce(&file, &header)?;
        let lines = source::lines(&file.content);
        while let Some(hunk) = hunk::next(source, header.kind)? {
            self.ctx.check()?;
            self.hunk(&header, &lines, hunk, &mut progress)?;
        }
        copy_to(&lines, lines.len(), &mut progress);
        self.finish(&file, &header, &mut progress)
    }

    fn leading(&mut self, source: &Source, header: &Header) -> Result<(), CommandError> {
        let text = source.between(header.start, header.hunks);
        if text.is_empty() {
            return Ok(());
        }
        self.say("The text leading up to this was:\n--------------------------\n")?;
        for line in source::lines(&text) {
            self.say([b"|", line.as_ref()].concat())?;
        }
        self.say("--------------------------\n")
    }

    fn ask_name(
        &mut self,
        source: &Source,
        header: &Header,
    ) -> Result<Option<Chosen>, CommandError> {
        let hint = match self.call.strip {
            Some(_) => "Perhaps you used the wrong -p or --strip option?",
            None => "Perhaps you should have used the -p or --strip option?",
        };
        let line = header.hunk_line;
        self.say(format!("can't find file to patch at input line {line}\n{hint}\n"))?;
        if !self.call.verbose {
            self.leading(source, header)?;
        }
        loop {
            if self.call.force || self.call.batch {
                self.say("No file to patch.  Skipping patch.\n")?;
                return Ok(None);
            }
            let name = self.ask("File to patch: ")?;
            if !name.is_empty() {
                match self.ctx.path(&name).and_then(|path| self.ctx.fs.metadata(&path)) {
                    Ok(_) => return Ok(Some(Chosen { name, from: None })),
                    Err(error) => self.say(format!("{}: {error}\n", quoted_as_needed(&name)))?,
                }
            }
            if !self.ask("Skip this patch? [y] ")?.starts_with(b"n") {
                self.tell("Skipping patch.\n")?;
                return Ok(None);
            }
        }
    }

    /// Reads over the hunks of a patch that is not applied.
    fn run_through(
        &mut self,
        source: &mut Source,
        header: &Header,
        progress: &mut Progress,
    ) -> Result<(), CommandError> {
        if header.kind == Kind::Ed {
            let mut none = vec![Bytes::new(); 1 << 16];
            let _ = edit::run(source, &mut none);
            self.failed = true;
            return Ok(());
        }
        while hunk::next(source, header.kind)?.is_some() {
            progress.hunks += 1;
        }
        self.failed = true;
        progress.failures = progress.hunks;
        self.tell_failures(progress, None)
    }

    fn tell_failures(
        &mut self,
        progress: &Progress,
        rejects: Option<&BString>,
    ) -> Result<(), CommandError> {
        if progress.failures == 0 {
            return Ok(());
        }
        let s = if progress.hunks == 1 { "" } else { "s" };
        let what = if progress.skip { "ignored" } else { "FAILED" };
        let mut line = format!("{} out of {} hunk{s} {what}", progress.failures, progress.hunks);
        if let Some(name) = rejects {
            line.push_str(&format!(" -- saving rejects to file {}", quoted_as_needed(name)));
        }
        line.push('\n');
        self.say(line)
    }

    /// Reads the file; `None` if the patch is not for it as it is.
    fn open(
        &mut self,
        chosen: Chosen,
        header: &Header,
        progress: &mut Progress,
    ) -> Result<Option<File>, CommandError> {
        let Chosen { name, from } = chosen;
        let origin = from.as_ref().unwrap_or(&name);
        let path = self.ctx.path(origin)?;
        let found = match self.call.follow {
            true => self.ctx.fs.metadata(&path),
            false => self.ctx.fs.symlink_metadata(&path),
        };
        let stat = match found {
            Ok(stat) => Some(stat),
            Err(error) if matches!(error.errno(), Errno::NoEnt | Errno::NotDir) => None,
            Err(error) => {
                let name = quoted_as_needed(&name);
                return Err(fatal(format!("Can't find file {name} : {error}")));
            }
        };
        let size = stat.as_ref().map_or(0, |stat| stat.size);
        let says = header.absent[usize::from(progress.reverse) ^ usize::from(size == 0)];
        let link = is_link(header);
        let kind = stat.as_ref().map(|stat| stat.kind);
        let folder = kind == Some(FileKind::Directory);
        if from.is_none()
            && !folder
            && (if size == 0 { says > Absent::No } else { says > Absent::Empty })
        {
            let when = if progress.reverse { ", when reversed," } else { "" };
            let (verb, state) = match (&stat, size) {
                (None, _) => ("delete", "does not exist"),
                (_, 0) => ("empty out", "is already empty"),
                _ => ("create", "already exists"),
            };
            let shown = quoted_as_needed(&name);
            let text =
                format!("The next patch{when} would {verb} the file {shown},\nwhich {state}!");
            self.reversal(&text, progress)?;
            if progress.skip {
                return Ok(None);
            }
        }
        let proper = if link { FileKind::Symlink } else { FileKind::File };
        if kind.is_some_and(|kind| kind != proper) {
            let what = if link { "a symbolic link" } else { "a regular file" };
            let shown = quoted_as_needed(&name);
            self.say(format!("File {shown} is not {what} -- refusing to patch\n"))?;
            progress.skip = true;
        }
        let held = self.ctx.budget.hold(Resource::Memory, size.saturating_mul(2))?;
        let (content, base) = match kind {
            Some(FileKind::Symlink) if link => {
                let target = self.ctx.fs.read_link(&path).map_err(|e| fatal(e.to_string()))?;
                (Bytes::from(Vec::from(target)), None)
            }
            Some(FileKind::File) => {
                let edition = self.ctx.fs.read_edition(&path).map_err(|error| {
                    fatal(format!("Can't open file {} : {error}", quoted_as_needed(origin)))
                })?;
                (edition.content, Some(edition.base))
            }
            _ => (Bytes::new(), None),
        };
        Ok(Some(File {
            output: self.call.output.clone().unwrap_or_else(|| name.clone()),
            exists: stat.is_some(),
            content,
            base,
            mode: stat.as_ref().map_or(0o666 & !self.ctx.umask, |stat| stat.mode),
            mtime_ns: stat.as_ref().map_or(0, |stat| stat.mtime_ns),
            name,
            from,
            _held: held,
        }))
    }

    fn announce(&mut self, file: &File, header: &Header) -> Result<(), CommandError> {
        if self.call.silent || (file.exists && file.base.is_none() && !is_link(header)) {
            return Ok(());
        }
        let verb = if self.call.dry_run { "checking" } else { "patching" };
        let what = if is_link(header) { "symbolic link" } else { "file" };
        let mut line = format!("{verb} {what} {}", quoted_as_needed(&file.output));
        match (&file.from, &header.git) {
            (Some(from), Some(git)) => {
                let how = if git.rename { "renamed" } else { "copied" };
                line.push_str(&format!(" ({how} from {})", quoted_as_needed(from)));
            }
            _ if file.output != file.name => {
                line.push_str(&format!(" (read from {})", quoted_as_needed(&file.name)));
            }
            _ => {}
        }
        line.push('\n');
        self.say(line)?;
        if self.call.verbose && header.kind != Kind::Bare {
            self.say("Using Plan A...\n")?;
        }
        Ok(())
    }

    /// What looks reversed: whether it is to be reversed or skipped.
    fn reversal(&mut self, message: &str, progress: &mut Progress) -> Result<bool, CommandError> {
        if self.call.forward || !(self.call.force && self.call.silent) {
            self.say(message)?;
        }
        let reverse = progress.reverse;
        let mut turned = false;
        if self.call.forward {
            self.say("  Skipping patch.\n")?;
            progress.skip = true;
        } else if self.call.force {
            self.tell("  Applying it anyway.\n")?;
        } else if self.call.batch {
            self.say(if reverse { "  Ignoring -R.\n" } else { "  Assuming -R.\n" })?;
            turned = true;
        } else {
            let question = if reverse { "  Ignore -R? [n] " } else { "  Assume -R? [n] " };
            turned = self.ask(question)?.starts_with(b"y");
            if !turned && !self.ask("Apply anyway? [n] ")?.starts_with(b"y") {
                self.tell("Skipping patch.\n")?;
                progress.skip = true;
            }
        }
        progress.reverse ^= turned;
        Ok(turned)
    }

    fn hunk(
        &mut self,
        header: &Header,
        lines: &[Bytes],
        mut hunk: Hunk,
        progress: &mut Progress,
    ) -> Result<(), CommandError> {
        progress.hunks += 1;
        if progress.reverse {
            hunk.swap();
        }
        let place = Place {
            lines,
            frozen: progress.frozen,
            ignore_space: self.call.ignore_space,
            should_be_absent: header.absent[usize::from(progress.reverse)] == Absent::Missing,
        };
        let (before, after) = hunk.context();
        let fuzz_max = self.call.fuzz_max.min(before.max(after));
        let mut fuzz = 0;
        let mut found = None;
        while !progress.skip && fuzz <= fuzz_max {
            let guess = hunk.old_first.cast_signed() + progress.offset;
            found = locate(self.ctx, &place, &hunk, guess, fuzz)?;
            let moved = found.is_some_and(|at| at != hunk.old_first.cast_signed());
            progress.mismatch |= found.is_none() || fuzz > 0 || moved;
            let may_ask = !self.call.force && !progress.apply_anyway;
            if progress.hunks == 1
                && found.is_none()
                && may_ask
                && progress.reverse == self.call.reverse
            {
                let mut swapped = hunk.clone();
                swapped.swap();
                let absent = header.absent[usize::from(!progress.reverse)] == Absent::Missing;
                let place = Place { should_be_absent: absent, ..place };
                let guess = swapped.old_first.cast_signed();
                let fit = locate(self.ctx, &place, &swapped, guess, fuzz)?;
                if fit.is_some() {
                    let what = match progress.reverse {
                        true => "Unreversed patch detected!",
                        false => "Reversed (or previously applied) patch detected!",
                    };
                    if self.reversal(what, progress)? {
                        (hunk, found) = (swapped, fit);
                    } else {
                        progress.apply_anyway = true;
                        continue;
                    }
                }
            }
            if found.is_some() {
                break;
            }
            fuzz += 1;
        }
        let number = progress.hunks;
        let Some(at) = found.filter(|_| !progress.skip) else {
            progress.failures += 1;
            let at = hunk.old_first.cast_signed() + progress.grown;
            if !progress.skip {
                self.tell(format!("Hunk #{number} FAILED at {at}.\n"))?;
            } else if self.call.verbose {
                self.say(format!("Hunk #{number} ignored at {at}.\n"))?;
            }
            let normal = header.kind == Kind::Normal;
            reject::hunk(
                self.reject_kind(header),
                normal,
                &hunk,
                progress.grown,
                &mut progress.rejects,
            );
            return Ok(());
        };
        progress.offset = at - hunk.old_first.cast_signed();
        if self.call.verbose || fuzz > 0 || progress.offset != 0 {
            let mut line = format!("Hunk #{number} succeeded at {}", at + progress.grown);
            if fuzz > 0 {
                line.push_str(&format!(" with fuzz {fuzz}"));
            }
            if progress.offset != 0 {
                let s = if progress.offset == 1 { "" } else { "s" };
                line.push_str(&format!(" (offset {} line{s})", progress.offset));
            }
            line.push_str(".\n");
            self.tell(line)?;
        }
        progress.grown += hunk.new_len().cast_signed() - hunk.old_len().cast_signed();
        self.merge(lines, &hunk, at.max(1).unsigned_abs(), fuzz, progress);
        Ok(())
    }

    fn reject_kind(&self, header: &Header) -> Kind {
        self.call.reject_kind.unwrap_or(match header.kind {
            Kind::Context | Kind::Normal => Kind::Context,
            _ => Kind::Unified,
        })
    }

    /// Writes the lines before a hunk and its new lines, and leaves out its old ones.
    fn merge(&self, lines: &[Bytes], hunk: &Hunk, at: usize, fuzz: usize, progress: &mut Progress) {
        let (before, after) = trimmed(hunk, fuzz);
        let kept = hunk.lines.len().saturating_sub(after);
        let part = hunk.lines.get(before.min(kept)..kept).unwrap_or_default();
        copy_to(lines, (at - 1 + before).min(lines.len()), progress);
        let Some(define) = &self.call.define else {
            for (side, line) in part {
                match side {
                    Side::Both => copy_to(lines, progress.frozen + 1, progress),
                    Side::Old => progress.frozen += 1,
                    Side::New => put_line(line, &mut progress.out),
                }
            }
            return;
        };
        for group in part.chunk_by(|a, b| (a.0 == Side::Both) == (b.0 == Side::Both)) {
            let count = |side: Side| group.iter().filter(|(other, _)| *other == side).count();
            let (same, old, new) = (count(Side::Both), count(Side::Old), count(Side::New));
            if same > 0 {
                copy_to(lines, progress.frozen + same, progress);
                continue;
            }
            let word = if old > 0 { b"#ifndef ".as_slice() } else { b"#ifdef " };
            put_line(&[word, define, b"\n"].concat(), &mut progress.out);
            copy_to(lines, progress.frozen + old, progress);
            if old > 0 && new > 0 {
                put_line(b"#else\n", &mut progress.out);
            }
            for (_, line) in group.iter().filter(|(side, _)| *side == Side::New) {
                put_line(line, &mut progress.out);
            }
            put_line(b"#endif\n", &mut progress.out);
        }
    }

    fn finish(
        &mut self,
        file: &File,
        header: &Header,
        progress: &mut Progress,
    ) -> Result<(), CommandError> {
        let gone = header.absent[usize::from(!progress.reverse)] == Absent::Missing;
        let removes = progress.out.is_empty()
            && self.call.output.is_none()
            && (gone && !self.call.posix || self.call.remove_empty);
        if gone && !progress.out.is_empty() && !progress.skip {
            let name = quoted_as_needed(&file.output);
            self.tell(format!("Not deleting file {name} as content differs from patch\n"))?;
            self.failed = true;
        }
        if !self.call.dry_run && !progress.skip {
            self.write(file, header, progress, removes)?;
        }
        self.failed |= progress.failures > 0 || progress.skip;
        let name = reject::name(self.call.reject_file.as_ref(), &file.output);
        let saves = progress.failures > 0
            && progress.keep_rejects
            && !self.call.dry_run
            && self.call.reject_file.as_ref().is_none_or(|name| name != "-");
        self.tell_failures(progress, saves.then_some(&name))?;
        if saves {
            self.save_rejects(header, progress, &name)?;
        }
        Ok(())
    }

    fn save_rejects(
        &mut self,
        header: &Header,
        progress: &mut Progress,
        name: &BString,
    ) -> Result<(), CommandError> {
        let side = |side: &header::Side| {
            let name = side
                .name
                .as_ref()
                .and_then(|name| names::stripped(name.as_bstr(), self.call.strip));
            let name = name.unwrap_or_else(|| "/dev/null".into());
            if side.name.is_some() { [name.as_slice(), &side.stamp].concat() } else { name.into() }
        };
        let (old, new) = (side(&header.old), side(&header.new));
        let (old, new) = if progress.reverse { (new, old) } else { (old, new) };
        let mut text = Vec::new();
        reject::heading(self.reject_kind(header), [&old, &new], &mut text);
        text.append(&mut progress.rejects);
        let path = self.ctx.path(name)?;
        let mode = 0o666 & !self.ctx.umask;
        self.ctx.fs.write(&path, text.into(), mode).map_err(|error| {
            fatal(format!("Can't create file {} : {error}", quoted_as_needed(name)))
        })
    }

    /// Puts the new content in place.
    fn write(
        &mut self,
        file: &File,
        header: &Header,
        progress: &mut Progress,
        removes: bool,
    ) -> Result<(), CommandError> {
        let out = Bytes::from(std::mem::take(&mut progress.out));
        if file.output == "-" {
            return Ok(self.ctx.stdout.put_bytes(out)?);
        }
        if self.call.backup || (self.call.backup_on_mismatch && progress.mismatch) {
            self.back_up(&file.output)?;
        }
        let failed = |error: FsError| {
            fatal(format!("Can't write file {} : {error}", quoted_as_needed(&file.output)))
        };
        let path = self.ctx.path(&file.output)?;
        self.written.push(file.output.clone());
        if removes {
            if file.exists {
                self.ctx.fs.remove(&path, false).map_err(failed)?;
                self.remove_parents(&file.output);
            }
            return Ok(());
        }
        self.make_parents(&file.output)?;
        if let Some(from) = &file.from {
            let source = self.ctx.path(from)?;
            match header.git.as_ref().is_some_and(|git| git.rename) {
                true => self.ctx.fs.rename(&source, &path).map_err(failed)?,
                false => self.ctx.fs.copy(&source, &path, false).map_err(failed)?,
            }
        }
        let mode = header.git.as_ref().and_then(|git| match progress.reverse {
            true => git.old_mode,
            false => git.new_mode,
        });
        if is_link(header) {
            if file.exists {
                self.ctx.fs.remove(&path, false).map_err(failed)?;
            }
            return self.ctx.fs.symlink(&out, &path).map_err(failed);
        }
        match &file.base {
            Some(_) if out == file.content && self.call.output.is_none() => {}
            Some(base) if self.call.output.is_none() => {
                let done = self.ctx.fs.replace(&path, base, out).map_err(failed)?;
                if done == Replaced::Conflicted {
                    let name = quoted_as_needed(&file.output);
                    self.say(format!("File {name} was changed meanwhile: both edits are kept\n"))?;
                    self.failed = true;
                }
            }
            _ => self.ctx.fs.write(&path, out, file.mode).map_err(failed)?,
        }
        if let Some(mode) = mode {
            self.ctx.fs.set_mode(&path, mode & 0o777, Follow::Yes).map_err(failed)?;
        }
        self.set_time(file, header, progress, &path)
    }

    fn set_time(
        &mut self,
        file: &File,
        header: &Header,
        progress: &Progress,
        path: &VPath,
    ) -> Result<(), CommandError> {
        let Some(zone) = &self.call.set_times else { return Ok(()) };
        let now_ns = self.ctx.clock.now_ns();
        let time = |side: &header::Side| {
            let (seconds, ns) = crate::time::parse_date(side.stamp.trim_ascii(), now_ns, zone)?;
            Some(seconds.checked_mul(1_000_000_000)?.saturating_add(i64::from(ns)))
        };
        let (old, new) = (time(&header.old), time(&header.new));
        let (old, new) = if progress.reverse { (new, old) } else { (old, new) };
        let Some(new) = new else { return Ok(()) };
        let same_second =
            |time: i64| time.div_euclid(1_000_000_000) == file.mtime_ns.div_euclid(1_000_000_000);
        let reason = if self.call.force {
            None
        } else if progress.mismatch {
            Some("contents")
        } else if old.is_some_and(|old| !same_second(old)) {
            Some("time")
        } else {
            None
        };
        if let Some(reason) = reason {
            let name = quoted_as_needed(&file.output);
            return self.say(format!("Not setting time of file {name} ({reason} mismatch)\n"));
        }
        Ok(self.ctx.fs.set_times(path, new, new, Follow::Yes)?)
    }

    fn make_parents(&self, name: &BString) -> Result<(), CommandError> {
        let Some(at) = name.rfind_byte(b'/').filter(|at| *at > 0) else { return Ok(()) };
        let folder = self.ctx.path(name.get(..at).unwrap_or_default())?;
        self.ctx.fs.create_dir(&folder, 0o777 & !self.ctx.umask, true).map_err(|error| {
            fatal(format!(
                "Can't create directory {} : {error}",
                quoted_as_needed(name.get(..at).unwrap_or_default())
            ))
        })
    }

    /// Folders that a removed file leaves empty go too.
    fn remove_parents(&self, name: &BString) {
        let mut rest = name.as_slice();
        while let Some(at) = rest.rfind_byte(b'/').filter(|at| *at > 0) {
            rest = rest.get(..at).unwrap_or_default();
            let removed = self.ctx.path(rest).and_then(|path| self.ctx.fs.remove(&path, false));
            if removed.is_err() {
                return;
            }
        }
    }

    fn back_up(&mut self, name: &BString) -> Result<(), CommandError> {
        if self.written.contains(name) {
            return Ok(());
        }
        let backup = self.backup_name(name)?;
        self.make_parents(&backup)?;
        let failed = |error: FsError| {
            fatal(format!("Can't create file {} : {error}", quoted_as_needed(&backup)))
        };
        let (from, to) = (self.ctx.path(name)?, self.ctx.path(&backup)?);
        let Ok(stat) = self.ctx.fs.symlink_metadata(&from) else {
            // What was not there is kept as an empty file.
            return self.ctx.fs.write(&to, Bytes::new(), 0o666 & !self.ctx.umask).map_err(failed);
        };
        if stat.is_symbolic_link() && self.ctx.fs.symlink_metadata(&to).is_ok() {
            self.ctx.fs.remove(&to, false).map_err(failed)?;
        }
        self.ctx.fs.copy(&from, &to, false).map_err(failed)?;
        if stat.is_file() {
            self.ctx.fs.set_times(&to, stat.mtime_ns, stat.mtime_ns, Follow::No).map_err(failed)?;
        }
        Ok(())
    }

    fn backup_name(&self, name: &BString) -> Result<BString, CommandError> {
        let split = name.rfind_byte(b'/').map_or(0, |at| at + 1);
        let (folder, base) = name.split_at(split);
        let simple = [
            self.call.backup_prefix.as_slice(),
            folder,
            &self.call.backup_base_prefix,
            base,
            &self.call.backup_suffix,
        ];
        let simple = BString::from(simple.concat());
        if self.call.backup_style == Backup::Simple {
            return Ok(simple);
        }
        let here = if folder.is_empty() { b".".as_slice() } else { folder };
        let entries = self.ctx.path(here).and_then(|path| self.ctx.fs.read_dir(&path));
        let number = |entry: &DirEntry| {
            let middle = entry.name.strip_prefix(base)?.strip_prefix(b".~")?.strip_suffix(b"~")?;
            middle.to_str().ok()?.parse::<u64>().ok()
        };
        let highest = entries.unwrap_or_default().iter().filter_map(number).max();
        Ok(match (highest, self.call.backup_style) {
            (None, Backup::Existing) => simple,
            (highest, _) => {
                let number = format!(".~{}~", highest.unwrap_or(0) + 1);
                [folder, base, number.as_bytes()].concat().into()
            }
        })
    }
}

fn is_link(header: &Header) -> bool {
    let of = |mode: Option<u32>| mode.is_some_and(|mode| mode & 0o170_000 == 0o120_000);
    header.git.as_ref().is_some_and(|git| of(git.new_mode) || of(git.old_mode))
}

/// Writes the input up to line `end`.
fn copy_to(lines: &[Bytes], end: usize, progress: &mut Progress) {
    for line in lines.get(progress.frozen..end.min(lines.len())).unwrap_or_default() {
        put_line(line, &mut progress.out);
    }
    progress.frozen = end.max(progress.frozen);
}

/// A line. One that comes after a last line without newline starts a new one.
fn put_line(line: &[u8], out: &mut Vec<u8>) {
    if out.last().is_some_and(|byte| *byte != b'\n') {
        out.push(b'\n');
    }
    out.extend_from_slice(line);
}
