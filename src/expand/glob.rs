//! Pathname expansion.

use super::Expander;
use super::error::{ExpandError, Expanded};
use super::sink::Field;
use crate::state::{Opt, Str, names};
use mesafs::{FileKind, VPath};
use mesash_builtins::budget::{LimitReached, Resource};
use mesash_builtins::pattern::{Builder, Options, Pattern};

/// Whether a byte may make a word a pattern.
pub(super) fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'\\' | b'+' | b'@' | b'!')
}

/// Whether the field is a pattern: an active `*`, `?`, a closed `[`, or an extended pattern.
pub(super) fn may_match(field: &Field, extglob: bool) -> bool {
    let mut open = false;
    for (piece, active) in field.pieces() {
        if !active {
            continue;
        }
        let mut escaped = false;
        for (at, &byte) in piece.iter().enumerate() {
            if std::mem::take(&mut escaped) {
                continue;
            }
            match byte {
                b'\\' => escaped = true,
                b'*' | b'?' => return true,
                b'[' => open = true,
                b']' if open => return true,
                b'+' | b'@' | b'!' if extglob && piece.get(at + 1) == Some(&b'(') => return true,
                _ => {}
            }
        }
    }
    false
}

/// One component of the pattern.
enum Component {
    /// A name that is only appended.
    Name(Vec<u8>),
    Pattern {
        pattern: Pattern,
        hidden: bool,
    },
    /// `**` under `globstar`
    Deep,
}

/// How names are chosen.
struct Rules {
    /// Names that start with a dot match too.
    dots: bool,
    limit: u64,
}

impl Expander<'_> {
    /// The paths that `field` matches, sorted; the field itself, nothing, or an error if none does.
    pub(super) fn glob(&mut self, field: Field, out: &mut Vec<Str>) -> Expanded<()> {
        let mut found = self.glob_paths(&field)?;
        if let Some(ignore) = self.shell.text(names::GLOBIGNORE).filter(|text| !text.is_empty()) {
            let options = self.glob_options();
            let patterns: Vec<Pattern> = split_ignore(&ignore)
                .into_iter()
                .map(|pattern| Pattern::new(pattern, options))
                .collect();
            found.retain(|path| !patterns.iter().any(|pattern| pattern.is_match(path)));
        }
        if found.is_empty() {
            if self.shell.options.has(Opt::FailGlob) {
                return Err(ExpandError::NoMatch(Str::from(field.bytes)));
            }
            if !self.shell.options.has(Opt::NullGlob) {
                out.push(Str::charged(field.bytes, &self.shell.budget)?);
            }
            return Ok(());
        }
        found.sort_unstable();
        for path in found {
            out.push(Str::charged(path, &self.shell.budget)?);
        }
        Ok(())
    }

    fn glob_options(&self) -> Options {
        Options {
            nocase: self.shell.options.has(Opt::NoCaseGlob),
            bytes: self.shell.counts_bytes(),
            extglob: self.shell.options.has(Opt::ExtGlob),
        }
    }

    fn glob_paths(&mut self, field: &Field) -> Expanded<Vec<Vec<u8>>> {
        let options = self.glob_options();
        let globstar = self.shell.options.has(Opt::GlobStar);
        let dots = self.shell.options.has(Opt::DotGlob);
        let rules = Rules { dots, limit: self.shell.budget.limits().words };
        let mut paths = vec![Vec::new()];
        let components = split(field);
        let count = components.len();
        // Entries that were just listed are there; what is appended to them may not be.
        let mut listed = false;
        for (at, component) in components.into_iter().enumerate() {
            let last = at + 1 == count;
            // All but the first are after a slash.
            if at > 0 {
                paths.iter_mut().for_each(|path| {
                    // `**` that stood for no directory at all leaves nothing to separate.
                    if !path.is_empty() || at == 1 && is_rooted(field) {
                        path.push(b'/');
                    }
                });
            }
            listed = false;
            match compile(&component, options, globstar) {
                Component::Name(name) => {
                    paths.iter_mut().for_each(|path| path.extend_from_slice(&name));
                }
                Component::Pattern { pattern, hidden } => {
                    paths = self.level(paths, &pattern, hidden, last, &rules)?;
                    listed = true;
                }
                Component::Deep => {
                    paths = self.deep(paths, last, &rules)?;
                    paths.dedup();
                }
            }
            if paths.is_empty() {
                break;
            }
        }
        paths.retain(|path| !path.is_empty() && (listed || self.exists(path)));
        Ok(paths)
    }

    fn exists(&self, path: &[u8]) -> bool {
        let Ok(path) = self.shell.dirs.cwd.join(path) else { return false };
        self.shell.fs().symlink_metadata(&path).is_ok()
    }

    /// Tells the entries of a directory one by one; one that can't be listed has none.
    fn entries(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], FileKind)) -> Expanded<()> {
        if self.shell.cancel.is_cancelled() {
            return Err(ExpandError::Interrupted);
        }
        let cwd = &self.shell.dirs.cwd;
        let path: Option<VPath> =
            if prefix.is_empty() { Some(cwd.clone()) } else { cwd.join(prefix).ok() };
        if let Some(path) = path {
            let _none_if_unreadable = self.shell.fs().scan_dir(&path, each);
        }
        Ok(())
    }

    fn check(&self, count: usize, rules: &Rules) -> Expanded<()> {
        if count as u64 > rules.limit {
            let resource = Resource::Words;
            return Err(LimitReached { resource, limit: rules.limit }.into());
        }
        Ok(())
    }

    /// The entries of each directory that match one component.
    fn level(
        &mut self,
        paths: Vec<Vec<u8>>,
        pattern: &Pattern,
        hidden: bool,
        last: bool,
        rules: &Rules,
    ) -> Expanded<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        for prefix in paths {
            self.entries(&prefix, &mut |name, kind| {
                let is_hidden = name.first() == Some(&b'.');
                let descends = matches!(kind, FileKind::Directory | FileKind::Symlink);
                if (!is_hidden || hidden || rules.dots)
                    && (last || descends)
                    && pattern.is_match(name)
                {
                    found.push([prefix.as_slice(), name].concat());
                }
            })?;
            self.check(found.len(), rules)?;
        }
        Ok(found)
    }

    /// `**`: each directory and all below it, symbolic links not followed; files too at the end.
    fn deep(&mut self, paths: Vec<Vec<u8>>, last: bool, rules: &Rules) -> Expanded<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        for prefix in paths {
            // No directory at all: `a/**` gives `a/`, `**/x` gives `x`.
            found.push(prefix.strip_suffix(b"/").filter(|_| !last).unwrap_or(&prefix).to_vec());
            let mut pending = vec![prefix];
            while let Some(prefix) = pending.pop() {
                self.entries(&prefix, &mut |name, kind| {
                    if name.first() == Some(&b'.') && !rules.dots {
                        return;
                    }
                    let path = [prefix.as_slice(), name].concat();
                    if kind == FileKind::Directory {
                        pending.push([path.as_slice(), b"/"].concat());
                        found.push(path);
                    } else if last {
                        found.push(path);
                    }
                })?;
                self.check(found.len() + pending.len(), rules)?;
            }
        }
        Ok(found)
    }
}

fn is_rooted(field: &Field) -> bool {
    field.bytes.first() == Some(&b'/')
}

/// The components between slashes, as pieces. A slash in brackets divides too.
fn split(field: &Field) -> Vec<Vec<(Vec<u8>, bool)>> {
    let mut components = vec![Vec::new()];
    for (piece, active) in field.pieces() {
        for (at, part) in piece.split(|&byte| byte == b'/').enumerate() {
            if at > 0 {
                components.push(Vec::new());
            }
            if let Some(component) = components.last_mut()
                && !part.is_empty()
            {
                component.push((part.to_vec(), active));
            }
        }
    }
    components
}

fn compile(component: &[(Vec<u8>, bool)], options: Options, globstar: bool) -> Component {
    if globstar && matches!(component, [(text, true)] if text == b"**") {
        return Component::Deep;
    }
    let mut field = Field::default();
    for (text, active) in component {
        let start = field.bytes.len();
        field.bytes.extend_from_slice(text);
        if *active {
            field.active.push((start, field.bytes.len()));
        }
    }
    if !may_match(&field, options.extglob) {
        return Component::Name(unescaped(component));
    }
    let mut builder = Builder::new();
    for (text, active) in component {
        if *active { builder.active(text) } else { builder.quoted(text) }
    }
    let hidden = starts_hidden(&field.bytes, options.extglob);
    Component::Pattern { pattern: builder.build(options), hidden }
}

/// Whether the pattern itself names the dot: `.*`, `@(.a|b)`.
fn starts_hidden(text: &[u8], extglob: bool) -> bool {
    match text {
        [b'.', ..] | [b'\\', b'.', ..] => true,
        [b'?' | b'*' | b'+' | b'@', b'(', rest @ ..] if extglob => {
            rest.first() == Some(&b'.') || rest.windows(2).any(|pair| pair == b"|.")
        }
        _ => false,
    }
}

/// A name without the backslashes that quote in active text.
fn unescaped(component: &[(Vec<u8>, bool)]) -> Vec<u8> {
    let mut name = Vec::new();
    for (text, active) in component {
        let mut bytes = text.iter();
        while let Some(&byte) = bytes.next() {
            match bytes.as_slice().first() {
                Some(&next) if *active && byte == b'\\' => {
                    bytes.next();
                    name.push(next);
                }
                _ => name.push(byte),
            }
        }
    }
    name
}

/// The patterns of GLOBIGNORE: divided by colons, but not inside of brackets.
fn split_ignore(text: &[u8]) -> Vec<&[u8]> {
    let (mut patterns, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' if text.get(at + 1) == Some(&b':') => {
                let rest = text.get(at + 2..).unwrap_or_default();
                let end = rest.windows(2).position(|pair| pair == b":]");
                at += end.map_or(1, |end| end + 3);
            }
            b':' => {
                patterns.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    patterns.push(text.get(start..).unwrap_or_default());
    patterns
}
