//! Which entries are listed, in which order, and how many they are.

use std::cmp::Ordering;
use std::collections::HashSet;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::draw::Draw;
use super::options::{Options, Sort};
use crate::prelude::*;

/// How deep folders are followed.
const DEPTH_MAX: usize = 2048;

/// One entry of a folder.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: BString,
    pub stat: FsStat,
    /// Where a link leads, and what is there.
    pub target: Option<BString>,
    pub target_stat: Option<FsStat>,
}

impl Entry {
    fn new(ctx: &Context<'_>, path: &VPath, name: BString, stat: FsStat) -> Self {
        let link = stat.is_symbolic_link();
        let target = if link { ctx.fs.read_link(path).ok() } else { None };
        let target_stat = if link { ctx.fs.metadata(path).ok() } else { None };
        Self { name, stat, target, target_stat }
    }

    /// A directory, or a link to one.
    pub fn leads_to_dir(&self) -> bool {
        self.stat.is_directory() || self.target_stat.as_ref().is_some_and(FsStat::is_directory)
    }
}

/// How much was listed.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub dirs: u64,
    pub files: u64,
    pub bytes: u64,
}

pub(super) fn all(ctx: &mut Context<'_>, options: &Options, roots: &[BString]) -> CommandResult {
    let mut walk = Walk {
        options,
        draw: Draw::new(ctx, options),
        totals: Totals::default(),
        seen: HashSet::new(),
    };
    let mut status = ExitStatus::SUCCESS;
    walk.draw.begin(ctx)?;
    for (at, root) in roots.iter().enumerate() {
        if !walk.root(ctx, root, at > 0)? {
            status = ExitStatus(2);
        }
    }
    walk.draw.end(ctx, &walk.totals)?;
    Ok(status)
}

struct Walk<'a> {
    options: &'a Options,
    draw: Draw<'a>,
    totals: Totals,
    /// With `-l`, the folders that were listed: a link leads into none of them again.
    seen: HashSet<u64>,
}

impl Walk<'_> {
    /// False if there is no such file.
    fn root(
        &mut self,
        ctx: &mut Context<'_>,
        name: &BString,
        another: bool,
    ) -> Result<bool, CommandError> {
        let path = ctx.path(name)?;
        let Ok(own) = ctx.fs.symlink_metadata(&path) else {
            self.draw.no_root(ctx, name, another, None)?;
            return Ok(false);
        };
        let Some(stat) = ctx.fs.metadata(&path).ok().filter(FsStat::is_directory) else {
            self.draw.no_root(ctx, name, another, Some(&own))?;
            self.totals.files += 1;
            return Ok(true);
        };
        let mut entry = Entry { name: name.clone(), stat, target: None, target_stat: None };
        if self.options.sums {
            entry.stat.size += self.below(ctx, &path, 1)?;
        }
        self.totals.bytes += entry.stat.size;
        self.seen.insert(entry.stat.inode);
        let git = self.git_rules(ctx, &path);
        let entries = self.entries(ctx, &path, 1, &git);
        let entries = match entries {
            Ok(entries) => entries,
            Err(CommandError::Stream(error)) if error.errno() != Errno::Canceled => {
                self.draw.no_root(ctx, name, another, Some(&entry.stat))?;
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        self.totals.dirs += u64::from(!entries.is_empty());
        let full = self.full(name, &entries);
        self.draw.root(ctx, &entry, another, !entries.is_empty() && full.is_none(), full)?;
        if full.is_none() {
            self.list(ctx, name, &path, entries, 1, &git)?;
        }
        self.draw.close_root(ctx, !entries_empty(full))?;
        Ok(true)
    }

    /// How many entries a folder has, if that is too many to list.
    fn full(&self, _name: &BString, entries: &[Entry]) -> Option<usize> {
        let max = self.options.entries_max?;
        (entries.len() > max).then_some(entries.len())
    }

    fn git_rules(&self, ctx: &Context<'_>, folder: &VPath) -> Vec<Gitignore> {
        if !self.options.git_ignores {
            return Vec::new();
        }
        self.rules_of(ctx, folder).into_iter().collect()
    }

    fn rules_of(&self, ctx: &Context<'_>, folder: &VPath) -> Option<Gitignore> {
        let text = folder.join(".gitignore").and_then(|path| ctx.fs.read(&path)).ok()?;
        let root = as_path(folder.as_bstr());
        let mut builder = GitignoreBuilder::new(root);
        for line in text.lines().filter_map(|line| line.to_str().ok()) {
            // A faulty line is passed over.
            let _ = builder.add_line(None, line);
        }
        builder.build().ok()
    }

    /// The entries of a folder that are listed, in order.
    fn entries(
        &self,
        ctx: &Context<'_>,
        folder: &VPath,
        depth: usize,
        git: &[Gitignore],
    ) -> Result<Vec<Entry>, CommandError> {
        ctx.check()?;
        let mut entries = Vec::new();
        for (name, stat) in ctx.fs.read_dir_stats(folder)? {
            let path = folder.join(&name)?;
            let entry = Entry::new(ctx, &path, name, stat);
            if self.shows(&entry, &path, git) {
                entries.push(entry);
            }
        }
        if self.options.prune {
            let mut kept = Vec::with_capacity(entries.len());
            for entry in entries {
                let path = folder.join(&entry.name)?;
                let keeps = match entry.stat.is_directory() || self.options.follow {
                    true => !entry.leads_to_dir() || self.has_files(ctx, &path, depth + 1, git)?,
                    false => !entry.leads_to_dir(),
                };
                if keeps {
                    kept.push(entry);
                }
            }
            entries = kept;
        }
        if self.options.sums {
            for entry in &mut entries {
                if entry.stat.is_directory() {
                    entry.stat.size += self.below(ctx, &folder.join(&entry.name)?, depth + 1)?;
                }
            }
        }
        self.sort(&mut entries);
        Ok(entries)
    }

    fn shows(&self, entry: &Entry, path: &VPath, git: &[Gitignore]) -> bool {
        let options = self.options;
        if !options.all && entry.name.starts_with(b".") {
            return false;
        }
        let is_dir = entry.stat.is_directory();
        if options.dirs_only && !entry.leads_to_dir() {
            return false;
        }
        if options.without.iter().any(|filter| filter.matches(&entry.name, is_dir)) {
            return false;
        }
        if !options.only.is_empty()
            && !is_dir
            && !options.only.iter().any(|filter| filter.matches(&entry.name, is_dir))
        {
            return false;
        }
        let path = as_path(path.as_bstr());
        let word = git.iter().rev().map(|rules| rules.matched(path, is_dir));
        !word.into_iter().find(|word| !word.is_none()).is_some_and(|word| word.is_ignore())
    }

    fn has_files(
        &self,
        ctx: &Context<'_>,
        folder: &VPath,
        depth: usize,
        git: &[Gitignore],
    ) -> Result<bool, CommandError> {
        let deepest = self.options.level_max.unwrap_or(DEPTH_MAX).min(DEPTH_MAX);
        if depth > deepest {
            return Ok(true);
        }
        Ok(!self.entries(ctx, folder, depth, git)?.is_empty())
    }

    /// The bytes of everything in a folder.
    fn below(&self, ctx: &Context<'_>, folder: &VPath, depth: usize) -> Result<u64, CommandError> {
        ctx.check()?;
        let mut bytes = 0;
        if depth > DEPTH_MAX {
            return Ok(0);
        }
        for (name, stat) in ctx.fs.read_dir_stats(folder)? {
            if !self.options.all && name.starts_with(b".") {
                continue;
            }
            bytes += stat.size;
            if stat.is_directory() {
                bytes += self.below(ctx, &folder.join(&name)?, depth + 1)?;
            }
        }
        Ok(bytes)
    }

    fn sort(&self, entries: &mut [Entry]) {
        let options = self.options;
        let by = |a: &Entry, b: &Entry| match options.sort {
            Sort::Name => a.name.cmp(&b.name),
            Sort::Version => crate::natural::compare(&a.name, &b.name),
            Sort::Size => b.stat.size.cmp(&a.stat.size).then_with(|| a.name.cmp(&b.name)),
            Sort::Time => a.stat.mtime_ns.cmp(&b.stat.mtime_ns).then_with(|| a.name.cmp(&b.name)),
            Sort::No => Ordering::Equal,
        };
        entries.sort_by(|a, b| {
            let order = by(a, b);
            let order = if options.reverse { order.reverse() } else { order };
            let (a, b) = (a.leads_to_dir(), b.leads_to_dir());
            if options.dirs_first {
                b.cmp(&a).then(order)
            } else if options.files_first {
                a.cmp(&b).then(order)
            } else {
                order
            }
        });
    }

    fn list(
        &mut self,
        ctx: &mut Context<'_>,
        shown: &BString,
        folder: &VPath,
        entries: Vec<Entry>,
        depth: usize,
        git: &[Gitignore],
    ) -> Result<(), CommandError> {
        let count = entries.len();
        for (at, entry) in entries.into_iter().enumerate() {
            ctx.check()?;
            let last = at + 1 == count;
            let path = folder.join(&entry.name)?;
            let full_name = super::super::destination::inside(shown, &entry.name);
            match entry.leads_to_dir() {
                true => self.totals.dirs += 1,
                false => self.totals.files += 1,
            }
            let recursive = self.options.follow
                && entry.target_stat.as_ref().is_some_and(|stat| self.seen.contains(&stat.inode));
            let enters = entry.stat.is_directory()
                || (self.options.follow && entry.leads_to_dir() && !recursive);
            let deeper =
                enters && depth < DEPTH_MAX && self.options.level_max.is_none_or(|max| depth < max);
            if deeper {
                self.seen.insert(entry.target_stat.as_ref().unwrap_or(&entry.stat).inode);
            }
            let mut rules = git.to_vec();
            if deeper && self.options.git_ignores {
                rules.extend(self.rules_of(ctx, &path));
            }
            let inner =
                if deeper { self.entries(ctx, &path, depth + 1, &rules)? } else { Vec::new() };
            let full = self.full(&entry.name, &inner);
            let opens = !inner.is_empty() && full.is_none();
            self.draw.entry(ctx, &entry, &full_name, last, opens, recursive, full)?;
            if opens {
                self.draw.push(last);
                self.list(ctx, &full_name, &path, inner, depth + 1, &rules)?;
                self.draw.pop();
                self.draw.close(ctx, last)?;
            }
        }
        Ok(())
    }
}

fn as_path(bytes: &[u8]) -> &std::path::Path {
    use std::os::unix::ffi::OsStrExt;
    std::path::Path::new(std::ffi::OsStr::from_bytes(bytes))
}

fn entries_empty(full: Option<usize>) -> bool {
    full.is_some()
}
