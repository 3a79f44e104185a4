//! What `.gitignore`, `.ignore` and `.rgignore` leave out.
//!
//! A chain of folders, innermost first. Of each kind of file the innermost word counts, and
//! `.rgignore` goes before `.ignore` before `.gitignore`. Inside a mounted repository `.gitignore`
//! counts up to its root, outside of one only with `--no-require-git`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::options::Options;
use super::say;
use crate::prelude::*;

/// The longest ignore file that is read.
const BYTES_MAX: u64 = 16 << 20;

const NAMES: [&str; 3] = [".rgignore", ".ignore", ".gitignore"];
const CUSTOM: usize = 0;
const GIT: usize = 2;

pub(super) fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The rules of one folder and of those around it.
#[derive(Debug)]
pub(super) struct Level {
    parent: Option<Arc<Level>>,
    rules: [Option<Gitignore>; 3],
    /// The root of a repository: `.gitignore` files further out don't count.
    ends_git: bool,
}

/// Where a walk is: the rules, and whether `.gitignore` counts here.
#[derive(Debug, Clone)]
pub(super) struct Place {
    level: Option<Arc<Level>>,
    pub in_git: bool,
}

/// Whether an entry is left out, kept in spite of other rules, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Unnamed,
    Ignored,
    Kept,
}

fn verdict<T>(found: &Match<T>) -> Verdict {
    match found {
        Match::None => Verdict::Unnamed,
        Match::Ignore(_) => Verdict::Ignored,
        Match::Whitelist(_) => Verdict::Kept,
    }
}

impl Place {
    /// What the rules say of the entry at an absolute path.
    pub fn verdict(&self, path: &[u8], is_dir: bool) -> Verdict {
        let mut found = [Verdict::Unnamed; 3];
        let mut git = true;
        let mut level = self.level.as_ref();
        while let Some(here) = level {
            for (kind, (found, rules)) in found.iter_mut().zip(&here.rules).enumerate() {
                if let Some(rules) = rules
                    && *found == Verdict::Unnamed
                    && (git || kind != GIT)
                {
                    *found = verdict(&rules.matched(as_path(path), is_dir));
                }
            }
            git &= !here.ends_git;
            level = here.parent.as_ref();
        }
        found.into_iter().find(|found| *found != Verdict::Unnamed).unwrap_or(Verdict::Unnamed)
    }

    /// The place for what is outside of every walk.
    pub fn outside() -> Self {
        Self { level: None, in_git: false }
    }

    /// The place around the folder at an absolute path without links.
    pub fn around(
        ctx: &mut Context<'_>,
        options: &Options,
        path: &VPath,
    ) -> Result<Self, CommandError> {
        let mut place = Self::outside();
        let root = repository(ctx, path);
        let parts: Vec<&[u8]> = path.components().collect();
        let mut at = BString::from("/");
        for (depth, part) in parts.iter().enumerate() {
            place.in_git |= root == Some(depth) || options.has("no-require-git");
            if options.ignores_parents() {
                let names = ctx.fs.read_dir(&VPath::new(at.clone())?).unwrap_or_default();
                let names = names.iter().map(|entry| &entry.name);
                place = place.inside(ctx, options, &at, names, root == Some(depth))?;
            }
            if depth > 0 {
                at.push(b'/');
            }
            at.extend_from_slice(part);
        }
        place.in_git |= root.is_some() || options.has("no-require-git");
        Ok(place)
    }

    /// The place in a folder, whose names are given.
    pub fn inside<'n>(
        &self,
        ctx: &mut Context<'_>,
        options: &Options,
        folder: &BString,
        names: impl Iterator<Item = &'n BString>,
        ends_git: bool,
    ) -> Result<Self, CommandError> {
        let mut rules = [None, None, None];
        for name in names.filter(|name| name.starts_with(b".")) {
            let Some(kind) = NAMES.iter().position(|known| name == known) else { continue };
            let wanted = match kind {
                GIT => options.ignores_vcs() && self.in_git,
                CUSTOM => !options.has("no-ignore"),
                _ => options.ignores_dot(),
            };
            if wanted {
                let separator: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
                let path = BString::from([folder, separator, name.as_bytes()].concat());
                rules[kind] = read(ctx, options, &path, folder)?;
            }
        }
        if rules.iter().all(Option::is_none) && !ends_git {
            return Ok(self.clone());
        }
        let level = Level { parent: self.level.clone(), rules, ends_git };
        Ok(Self { level: Some(Arc::new(level)), in_git: self.in_git })
    }
}

/// How many parts the root of the repository that holds `path` has.
fn repository(ctx: &Context<'_>, path: &VPath) -> Option<usize> {
    let versions = ctx.fs.versions()?;
    versions.checkout_at(path).ok().flatten().map(|_| 2)
}

/// Reads the rules of a file, for what is below `root`. Faults are said and passed over.
pub(super) fn read(
    ctx: &mut Context<'_>,
    options: &Options,
    path: &BString,
    root: &[u8],
) -> Result<Option<Gitignore>, CommandError> {
    let at = ctx.path(path)?;
    let text = ctx.fs.metadata(&at).and_then(|stat| match stat.kind {
        FileKind::File if stat.size <= BYTES_MAX => ctx.fs.read(&at),
        _ => Ok(Bytes::new()),
    });
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            if !options.has("no-messages") {
                say(ctx, format!("{path}: {}", super::reason(&error)))?;
            }
            return Ok(None);
        }
    };
    let mut builder = GitignoreBuilder::new(as_path(root));
    let insensitive = options.has("ignore-file-case-insensitive");
    let mut faults = Vec::new();
    if let Err(error) = builder.case_insensitive(insensitive) {
        faults.push(error.to_string());
    }
    for (number, line) in text.lines().enumerate() {
        let Ok(line) = line.to_str() else { continue };
        let line = if number == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if let Err(error) = builder.add_line(None, line) {
            faults.push(format!("{path}: line {}: {error}", number + 1));
        }
    }
    if !options.has("no-messages") && !options.has("no-ignore-messages") {
        for fault in faults {
            say(ctx, fault)?;
        }
    }
    Ok(builder.build().ok().filter(|rules| !rules.is_empty()))
}
