//! Copying one source to one place: what `cp` does for each pair.
//!
//! A folder goes to a free name in one op. Entry by entry only where each must be looked at: the
//! target exists, links are followed, times are kept, or every step is told.

use std::collections::HashSet;

use super::backup::Backup;
use super::destination::inside;
use super::rm::yes;
use crate::prelude::*;

/// Which symbolic links of a source are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// `-P`
    Keep,
    /// `-H`
    FollowOperands,
    /// `-L`
    Follow,
}

/// What happens to a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Overwrite,
    /// `-i`
    Ask,
    /// `-n`
    Keep,
    /// `-u`: only if the source is newer.
    IfNewer,
}

#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub recursive: bool,
    pub links: Links,
    pub existing: Existing,
    /// `--remove-destination`
    pub remove_first: bool,
    pub keep_mode: bool,
    pub keep_times: bool,
    /// `--no-preserve=mode`: a new file has the mode of one that is made.
    pub plain_mode: bool,
    pub verbose: bool,
    /// `-s`, `-l`: a link instead of a copy.
    pub symbolic: bool,
    pub attributes_only: bool,
    pub backup: Option<Backup>,
}

impl Rules {
    fn needs_each_entry(&self) -> bool {
        self.verbose
            || self.keep_times
            || self.links == Links::Follow
            || self.symbolic
            || self.attributes_only
    }
}

/// Copies `source` to `target`; true if all of it was.
pub(super) fn copy(
    ctx: &mut Context<'_>,
    rules: &Rules,
    source: &BStr,
    target: &BStr,
) -> Result<bool, CommandError> {
    let mut all = true;
    let mut made = HashSet::new();
    let mut pending = vec![(BString::from(source), BString::from(target), true)];
    // Directory times are set last, when nothing is put in them any more.
    let mut directory_times = Vec::new();
    while let Some((from, to, operand)) = pending.pop() {
        ctx.check()?;
        let made = &mut made;
        let mut one = One { ctx, rules, from: &from, to: &to, operand, made, kept: None };
        match one.run()? {
            Step::Done => {}
            Step::Failed => all = false,
            Step::Enter(children, times) => {
                directory_times.push((to.clone(), times));
                let children = children.into_iter().rev();
                pending
                    .extend(children.map(|name| (inside(&from, &name), inside(&to, &name), false)));
            }
        }
    }
    for (name, mtime_ns) in directory_times.into_iter().rev() {
        if rules.keep_times {
            let path = ctx.path(&name)?;
            ctx.fs.set_times(&path, mtime_ns, mtime_ns, Follow::Yes)?;
        }
    }
    Ok(all)
}

enum Step {
    Done,
    Failed,
    Enter(Vec<BString>, i64),
}

struct One<'c, 'a> {
    ctx: &'c mut Context<'a>,
    rules: &'c Rules,
    from: &'c BString,
    to: &'c BString,
    operand: bool,
    /// Directories made by this copy, which it must not descend into as sources.
    made: &'c mut HashSet<BString>,
    /// The name that the file in the way has now.
    kept: Option<BString>,
}

impl One<'_, '_> {
    fn fail(&mut self, message: String) -> Result<Step, CommandError> {
        self.ctx.complain(message)?;
        Ok(Step::Failed)
    }

    fn run(&mut self) -> Result<Step, CommandError> {
        let follow = match self.rules.links {
            Links::Follow => true,
            Links::FollowOperands => self.operand,
            Links::Keep => false,
        };
        let from = match self.ctx.path(self.from) {
            Ok(from) => from,
            Err(error) => {
                return self.fail(format!("cannot stat {}: {error}", quoted(self.from)));
            }
        };
        let to = match self.ctx.path(self.to) {
            Ok(to) => to,
            Err(error) => {
                let shown = quoted(self.to);
                return self.fail(format!("cannot create regular file {shown}: {error}"));
            }
        };
        let fs = self.ctx.fs.clone();
        let stat = if follow { fs.metadata(&from) } else { fs.symlink_metadata(&from) };
        let stat = match stat {
            Ok(stat) => stat,
            Err(error) => {
                return self.fail(format!("cannot stat {}: {error}", quoted(self.from)));
            }
        };
        if stat.is_directory() {
            return self.directory(&from, &to, &stat);
        }
        self.file(&from, &to, &stat, follow)
    }

    fn directory(&mut self, from: &VPath, to: &VPath, stat: &FsStat) -> Result<Step, CommandError> {
        let (shown_from, shown_to) = (quoted(self.from), quoted(self.to));
        if !self.rules.recursive {
            return self.fail(format!("-r not specified; omitting directory {shown_from}"));
        }
        let fs = self.ctx.fs.clone();
        let real = fs.canonicalize(from).map(|real| BString::from(real.to_vpath()))?;
        if self.made.contains(&real) {
            return self
                .fail(format!("cannot copy a directory, {shown_from}, into itself, {shown_to}"));
        }
        let existing = fs.metadata(to);
        if let Ok(existing) = &existing
            && !existing.is_directory()
        {
            return self.fail(format!(
                "cannot overwrite non-directory {shown_to} with directory {shown_from}"
            ));
        }
        if self.is_below(to, real.as_bstr()) {
            return self
                .fail(format!("cannot copy a directory, {shown_from}, into itself, {shown_to}"));
        }
        if existing.is_err() && fs.symlink_metadata(to).is_ok() {
            return self.fail(format!(
                "cannot overwrite non-directory {shown_to} with directory {shown_from}"
            ));
        }
        if existing.is_err() && !self.rules.needs_each_entry() {
            return match fs.copy(from, to, true) {
                Ok(()) => Ok(Step::Done),
                Err(error) => self.fail(format!("cannot create directory {shown_to}: {error}")),
            };
        }
        if existing.is_err() {
            let mode = if self.rules.keep_mode { stat.mode } else { stat.mode & !self.ctx.umask };
            if let Err(error) = fs.create_dir(to, mode, false) {
                return self.fail(format!("cannot create directory {shown_to}: {error}"));
            }
            if let Ok(real) = fs.canonicalize(to) {
                self.made.insert(real.to_vpath().into());
            }
            if self.rules.verbose {
                self.tell()?;
            }
        }
        let entries = match fs.read_dir(from) {
            Ok(entries) => entries,
            Err(error) => {
                return self.fail(format!("cannot access {shown_from}: {error}"));
            }
        };
        Ok(Step::Enter(entries.into_iter().map(|entry| entry.name).collect(), stat.mtime_ns))
    }

    /// Whether `to` would be inside the directory `real`.
    fn is_below(&self, to: &VPath, real: &BStr) -> bool {
        let text = to.as_bstr().trim_end_with(|letter| letter == '/');
        let parent = match text.rfind_byte(b'/') {
            Some(at) if at > 0 => &text[..at],
            _ => b"/",
        };
        let whole = self.ctx.fs.canonicalize(to).ok();
        let parent = VPath::new(parent).and_then(|parent| self.ctx.fs.canonicalize(&parent)).ok();
        let below = |path: &mesafs::RealPath| {
            let rest = path.as_bstr().strip_prefix(real.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        whole.as_ref().is_some_and(below) || parent.as_ref().is_some_and(below)
    }

    fn tell(&mut self) -> Result<(), CommandError> {
        let mut line = format!("{} -> {}", quoted(self.from), quoted(self.to));
        if let Some(kept) = &self.kept {
            line.push_str(&format!(" (backup: {})", quoted(kept)));
        }
        line.push('\n');
        Ok(self.ctx.stdout.put(line.as_bytes())?)
    }

    fn file(
        &mut self,
        from: &VPath,
        to: &VPath,
        stat: &FsStat,
        follow: bool,
    ) -> Result<Step, CommandError> {
        let fs = self.ctx.fs.clone();
        let (shown_from, shown_to) = (quoted(self.from), quoted(self.to));
        let existing = fs.metadata(to).or_else(|_| fs.symlink_metadata(to)).ok();
        if let Some(existing) = &existing {
            if existing.is_directory() {
                return self
                    .fail(format!("cannot overwrite directory {shown_to} with non-directory"));
            }
            if existing.is_symbolic_link() && !stat.is_symbolic_link() && self.writes_through() {
                return self.fail(format!("not writing through dangling symlink {shown_to}"));
            }
            if let Some(step) = self.settle_existing(from, to, stat, existing, follow)? {
                return Ok(step);
            }
        } else if self.to.ends_with(b"/") {
            return self.fail(format!("cannot create regular file {shown_to}: Not a directory"));
        }
        if self.rules.symbolic {
            return match fs.symlink(self.from, to) {
                Ok(()) => self.done(),
                Err(error) => self.fail(format!(
                    "cannot create symbolic link {shown_to} to {shown_from}: {error}"
                )),
            };
        }
        let source = if follow { fs.canonicalize(from)?.to_vpath() } else { from.clone() };
        let copied = match stat.kind {
            FileKind::Symlink => self.copy_link(from, to, existing.is_some()),
            FileKind::File if self.rules.attributes_only => {
                fs.create_if_missing(to, stat.mode & !self.ctx.umask).map(|_| ())
            }
            FileKind::File
                if existing.as_ref().is_some_and(|old| old.kind == FileKind::CharDevice) =>
            {
                self.copy_stream(to)
            }
            FileKind::File => fs.copy(&source, to, false),
            FileKind::Directory | FileKind::CharDevice | FileKind::Pipe => self.copy_stream(to),
        };
        if let Err(error) = copied {
            let what = match (error.errno(), stat.is_symbolic_link()) {
                (_, true) => "create symbolic link",
                _ if existing.is_some() => "create regular file",
                _ => "create regular file",
            };
            return self.fail(format!("cannot {what} {shown_to}: {error}"));
        }
        let device = existing.as_ref().is_some_and(|old| old.kind == FileKind::CharDevice);
        if stat.kind == FileKind::File && !device {
            self.settle_attributes(to, stat, existing.as_ref())?;
        }
        self.done()
    }

    /// Whether a link at the target is written through, and not replaced.
    fn writes_through(&self) -> bool {
        self.rules.existing == Existing::Overwrite
            && self.rules.backup.is_none()
            && !(self.rules.remove_first || self.rules.symbolic)
    }

    fn done(&mut self) -> Result<Step, CommandError> {
        if self.rules.verbose {
            self.tell()?;
        }
        Ok(Step::Done)
    }

    /// What is there already may keep the copy from happening.
    fn settle_existing(
        &mut self,
        from: &VPath,
        to: &VPath,
        stat: &FsStat,
        existing: &FsStat,
        follow: bool,
    ) -> Result<Option<Step>, CommandError> {
        let fs = self.ctx.fs.clone();
        let (shown_from, shown_to) = (quoted(self.from), quoted(self.to));
        match self.rules.existing {
            Existing::Keep => return Ok(Some(Step::Done)),
            Existing::IfNewer if existing.mtime_ns >= stat.mtime_ns => {
                return Ok(Some(Step::Done));
            }
            Existing::Ask => {
                if !yes(self.ctx, format!("overwrite {shown_to}? "))? {
                    return Ok(Some(Step::Done));
                }
            }
            Existing::Overwrite | Existing::IfNewer => {}
        }
        let same_entry = match (follow, fs.symlink_metadata(from), fs.symlink_metadata(to)) {
            (true, ..) => {
                matches!((fs.canonicalize(from), fs.canonicalize(to)), (Ok(a), Ok(b)) if a == b)
            }
            (false, Ok(one), Ok(other)) => (one.inode, one.device) == (other.inode, other.device),
            _ => false,
        };
        if same_entry && self.rules.backup.is_none() && !self.rules.remove_first {
            return self.fail(format!("{shown_from} and {shown_to} are the same file")).map(Some);
        }
        if let Some(backup) = &self.rules.backup {
            match backup.keep(self.ctx, self.to.as_bstr(), to) {
                Ok(name) => self.kept = Some(name),
                Err(error) => {
                    return self.fail(format!("cannot backup {shown_to}: {error}")).map(Some);
                }
            }
        } else if self.rules.remove_first
            && let Err(error) = fs.remove(to, false)
        {
            return self.fail(format!("cannot remove {shown_to}: {error}")).map(Some);
        }
        Ok(None)
    }

    fn copy_link(&self, from: &VPath, to: &VPath, replace: bool) -> FsResult<()> {
        let fs = &self.ctx.fs;
        let target = fs.read_link(from)?;
        if replace {
            fs.remove(to, false)?;
        }
        fs.symlink(&target, to)
    }

    /// Copies what is no file: a device or a descriptor.
    fn copy_stream(&self, to: &VPath) -> FsResult<()> {
        let mut input = self.ctx.open(self.from)?;
        let handle = self.ctx.fs.open(to, &OpenOptions::writing(0o666 & !self.ctx.umask))?;
        loop {
            let chunk = input.chunk()?;
            if chunk.is_empty() {
                return Ok(());
            }
            handle.write(chunk)?;
        }
    }

    /// A new file gets the source's mode less the umask, one that was there keeps its own.
    fn settle_attributes(
        &self,
        to: &VPath,
        stat: &FsStat,
        existing: Option<&FsStat>,
    ) -> FsResult<()> {
        let fs = &self.ctx.fs;
        let mode = match existing {
            _ if self.rules.keep_mode => stat.mode,
            Some(existing) if existing.is_file() && !self.rules.remove_first => existing.mode,
            _ if self.rules.plain_mode => 0o666 & !self.ctx.umask,
            _ => stat.mode & !self.ctx.umask & 0o777,
        };
        let copied = fs.metadata(to)?;
        if copied.mode != mode {
            fs.set_mode(to, mode, Follow::Yes)?;
        }
        if self.rules.keep_times {
            fs.set_times(to, stat.mtime_ns, stat.mtime_ns, Follow::Yes)?;
        }
        Ok(())
    }
}
