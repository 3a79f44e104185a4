//! Which files are searched: operands, and what is below folders, in the order of their names.

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use ignore::gitignore::Gitignore;
use ignore::overrides::{Override, OverrideBuilder};
use ignore::types::{Types, TypesBuilder};

use super::ignores::{self, Place, Verdict, as_path};
use super::options::{Options, Sort};
use super::{reason, say, trouble};
use crate::prelude::*;

/// A file to search.
#[derive(Debug)]
pub(super) struct Found {
    /// As it is shown.
    pub name: BString,
    pub path: VPath,
    /// Named on the command line.
    pub explicit: bool,
}

/// What is left to do: folders and files in reverse order.
enum Task {
    File(Found),
    Folder { name: BString, path: BString, place: Place, depth: usize, above: Arc<Vec<u64>> },
}

pub(super) struct Walk<'a> {
    options: &'a Options,
    globs: Override,
    types: Types,
    more: Vec<Gitignore>,
    tasks: Vec<Task>,
    /// Something could not be looked at.
    pub failed: bool,
}

pub(super) fn types(ctx: &mut Context<'_>, args: &Args) -> Result<TypesBuilder, CommandError> {
    let mut builder = TypesBuilder::new();
    builder.add_defaults();
    for given in args.given() {
        let value = given.value.as_ref().map(|value| value.to_str_lossy()).unwrap_or_default();
        match given.opt.long {
            Some("type-clear") => {
                builder.clear(&value);
            }
            Some("type-add") => {
                builder.add_def(&value).map_err(|error| trouble(ctx, error.to_string()))?;
            }
            Some("type") => {
                builder.select(&value);
            }
            Some("type-not") => {
                builder.negate(&value);
            }
            _ => {}
        }
    }
    Ok(builder)
}

impl<'a> Walk<'a> {
    pub fn new(
        ctx: &mut Context<'_>,
        args: &Args,
        options: &'a Options,
    ) -> Result<Self, CommandError> {
        let builder = types(ctx, args)?;
        let types = builder.build().map_err(|error| trouble(ctx, error.to_string()))?;
        let mut more = Vec::new();
        if !options.has("no-ignore") && !options.has("no-ignore-files") {
            let root = ctx.cwd.as_bstr().to_owned();
            for file in args.values("ignore-file") {
                more.extend(ignores::read(ctx, options, &file.to_owned(), &root)?);
            }
            // The last one named has the first word.
            more.reverse();
        }
        let globs = globs(ctx, options)?;
        Ok(Self { options, globs, types, more, tasks: Vec::new(), failed: false })
    }

    /// Puts the operands in line. Says what is not there.
    pub fn start(
        &mut self,
        ctx: &mut Context<'_>,
        operands: &[BString],
    ) -> Result<(), CommandError> {
        let mut tasks = Vec::new();
        if operands.is_empty() {
            let path = ctx.cwd.clone();
            tasks.extend(self.folder(ctx, BString::default(), &path)?);
        }
        for operand in operands {
            let found = ctx.path(operand).and_then(|path| Ok((ctx.fs.metadata(&path)?, path)));
            match found {
                Ok((stat, path)) if stat.is_directory() => {
                    tasks.extend(self.folder(ctx, operand.clone(), &path)?);
                }
                Ok((_, path)) => {
                    tasks.push(Task::File(Found { name: operand.clone(), path, explicit: true }));
                }
                Err(error) => self.fault(ctx, operand.as_bstr(), &error)?,
            }
        }
        if self.options.sort_reversed {
            tasks.reverse();
        }
        tasks.reverse();
        self.tasks = tasks;
        if self.options.sort == Sort::Time {
            self.sort_by_time(ctx)?;
        }
        Ok(())
    }

    pub fn fault(
        &mut self,
        ctx: &mut Context<'_>,
        name: &BStr,
        error: &FsError,
    ) -> Result<(), CommandError> {
        if error.errno() == Errno::Canceled {
            return Err(error.clone().into());
        }
        self.failed = true;
        if !self.options.has("no-messages") {
            say(ctx, [name.as_bytes(), b": ", reason(error).as_bytes()].concat())?;
        }
        Ok(())
    }

    fn folder(
        &mut self,
        ctx: &mut Context<'_>,
        name: BString,
        path: &VPath,
    ) -> Result<Option<Task>, CommandError> {
        let real = match ctx.fs.canonicalize(path) {
            Ok(real) => real.to_vpath(),
            Err(error) => {
                self.fault(ctx, name.as_bstr(), &error)?;
                return Ok(None);
            }
        };
        let place = Place::around(ctx, self.options, &real)?;
        let path = BString::from(real);
        Ok(Some(Task::Folder { name, path, place, depth: 0, above: Arc::default() }))
    }

    /// Collects the whole walk to sort it by time.
    fn sort_by_time(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let mut all = Vec::new();
        while let Some(found) = self.next(ctx)? {
            let stat = ctx.fs.metadata(&found.path);
            all.push((stat.map_or(0, |stat| stat.mtime_ns), found));
        }
        all.sort_by_key(|(time, _)| *time);
        if !self.options.sort_reversed {
            all.reverse();
        }
        self.tasks = all.into_iter().map(|(_, found)| Task::File(found)).collect();
        Ok(())
    }

    /// The next file.
    pub fn next(&mut self, ctx: &mut Context<'_>) -> Result<Option<Found>, CommandError> {
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::File(found) => return Ok(Some(found)),
                Task::Folder { name, path, place, depth, above } => {
                    ctx.check()?;
                    self.enter(ctx, name, path, place, depth, &above)?;
                }
            }
        }
        Ok(None)
    }

    fn enter(
        &mut self,
        ctx: &mut Context<'_>,
        name: BString,
        path: BString,
        place: Place,
        depth: usize,
        above: &Arc<Vec<u64>>,
    ) -> Result<(), CommandError> {
        if self.options.max_depth.is_some_and(|max| depth >= max) {
            return Ok(());
        }
        let folder = VPath::new(path.clone())?;
        let entries = match ctx.fs.read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => return self.fault(ctx, name.as_bstr(), &error),
        };
        let root = place.in_git && is_root(ctx, &folder);
        let names = entries.iter().map(|entry| &entry.name);
        let place = place.inside(ctx, self.options, &path, names, root)?;
        let first = self.tasks.len();
        for entry in entries {
            let child = joined(&path, entry.name.as_bstr());
            let shown = if name.is_empty() {
                entry.name.clone()
            } else {
                joined(&name, entry.name.as_bstr())
            };
            let mut kind = entry.kind;
            let mut above = Arc::clone(above);
            if kind == FileKind::Symlink {
                if !self.options.has("follow") {
                    continue;
                }
                match ctx.fs.metadata(&VPath::new(child.clone())?) {
                    Ok(stat) => kind = stat.kind,
                    Err(error) => {
                        let name = format!("{shown}: IO error for operation on {shown}");
                        self.fault(ctx, name.as_str().into(), &error)?;
                        continue;
                    }
                }
            }
            let is_dir = kind == FileKind::Directory;
            if self.leaves_out(&place, &child, entry.name.as_bstr(), is_dir) {
                continue;
            }
            if is_dir {
                if self.options.has("follow") {
                    let stat = ctx.fs.metadata(&VPath::new(child.clone())?);
                    let inode = stat.map_or(0, |stat| stat.inode);
                    if above.contains(&inode) {
                        self.failed = true;
                        let text = format!("File system loop found: {shown} points to an ancestor");
                        say(ctx, text)?;
                        continue;
                    }
                    Arc::make_mut(&mut above).push(inode);
                }
                let place = place.clone();
                self.tasks.push(Task::Folder {
                    name: shown,
                    path: child,
                    place,
                    depth: depth + 1,
                    above,
                });
            } else if kind == FileKind::File {
                let path = VPath::new(child)?;
                if let Some(max) = self.options.max_filesize
                    && ctx.fs.metadata(&path).is_ok_and(|stat| stat.size > max)
                {
                    continue;
                }
                self.tasks.push(Task::File(Found { name: shown, path, explicit: false }));
            }
        }
        if !self.options.sort_reversed || self.options.sort == Sort::Time {
            self.tasks.get_mut(first..).unwrap_or_default().reverse();
        }
        Ok(())
    }

    fn leaves_out(&self, place: &Place, path: &[u8], name: &BStr, is_dir: bool) -> bool {
        let at = as_path(path);
        if !self.globs.is_empty() {
            let found = self.globs.matched(at, is_dir);
            if !found.is_none() {
                return found.is_ignore();
            }
        }
        let mut kept = false;
        let verdict = match place.verdict(path, is_dir) {
            Verdict::Unnamed => {
                let found = self.more.iter().map(|rules| rules.matched(at, is_dir));
                match found.into_iter().find(|found| !found.is_none()) {
                    Some(found) if found.is_ignore() => Verdict::Ignored,
                    Some(_) => Verdict::Kept,
                    None => Verdict::Unnamed,
                }
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Ignored => return true,
            Verdict::Kept => kept = true,
            Verdict::Unnamed => {}
        }
        if !self.types.is_empty() {
            let found = self.types.matched(at, is_dir);
            if found.is_ignore() {
                return true;
            }
            kept |= found.is_whitelist();
        }
        !kept && !self.options.has("hidden") && name.starts_with(b".")
    }
}

fn globs(ctx: &mut Context<'_>, options: &Options) -> Result<Override, CommandError> {
    let mut builder = OverrideBuilder::new(as_path(ctx.cwd.as_bstr()));
    let insensitive = options.has("glob-case-insensitive");
    for (glob, folded) in &options.globs {
        let text = glob.to_str_lossy();
        let added = builder
            .case_insensitive(insensitive || *folded)
            .and_then(|builder| builder.add(&text).map(|_| ()));
        added.map_err(|error| trouble(ctx, error.to_string()))?;
    }
    builder.build().map_err(|error| trouble(ctx, error.to_string()))
}

/// Whether a folder is the root of a repository.
fn is_root(ctx: &Context<'_>, folder: &VPath) -> bool {
    let mounted =
        || ctx.fs.versions().is_some_and(|v| matches!(v.checkout_at(folder), Ok(Some(_))));
    folder.components().count() == 2 && mounted()
}

fn joined(folder: &BString, name: &BStr) -> BString {
    let separator: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
    [folder.as_slice(), separator, name.as_bytes()].concat().into()
}
