//! What differs between two states of a repository, with renames found.

use std::collections::HashMap;

use mesafs::backend::Comparison;
use mesafs::path::RepoPath;
use mesafs::tree::{Difference, Dir, Node, differences};

use crate::prelude::*;

/// Files that are alike in so many parts of a hundred may be one that was renamed, as in git.
const ALIKE_MIN: u8 = 50;
/// Beyond so many candidates only equal files are taken for renamed.
const CANDIDATES_MAX: usize = 400;
/// Longer files are only taken for renamed if they are equal.
const ALIKE_BYTES_MAX: u64 = 1 << 20;

/// A path that differs.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub path: RepoPath,
    pub before: Option<Node>,
    pub after: Option<Node>,
    /// Where it was before, and in how many parts of a hundred it is alike.
    pub renamed: Option<(RepoPath, u8)>,
}

impl Changed {
    /// jj's letter for it.
    pub fn letter(&self) -> char {
        match (&self.renamed, &self.before, &self.after) {
            (Some(_), _, _) => 'R',
            (None, None, _) => 'A',
            (None, _, None) => 'D',
            _ => 'M',
        }
    }

    /// Its path; a renamed file's both.
    pub fn name(&self) -> String {
        match &self.renamed {
            None => self.path.to_string(),
            Some((from, _)) => arrow(&from.to_string(), &self.path.to_string()),
        }
    }

    pub fn is_conflicted(&self) -> bool {
        matches!(&self.after, Some(Node::File(file)) if file.conflict.is_some())
    }
}

/// Whether a folder has something at a path below it.
pub(super) fn is_there(dir: &Dir, path: &RepoPath) -> FsResult<bool> {
    let mut found = Node::Dir(dir.clone());
    for name in path.names() {
        let Node::Dir(above) = &found else { return Ok(false) };
        let Some(below) = above.get(name)? else { return Ok(false) };
        found = below.clone();
    }
    Ok(true)
}

/// `dir/{old => new}`: what both paths have in common stands outside.
fn arrow(from: &str, to: &str) -> String {
    let common = from.bytes().zip(to.bytes()).take_while(|(one, two)| one == two).count();
    let start = from.get(..common).and_then(|same| same.rfind('/')).map_or(0, |at| at + 1);
    let (old, new) = (from.get(start..).unwrap_or(from), to.get(start..).unwrap_or(to));
    let end = old.bytes().rev().zip(new.bytes().rev()).take_while(|(one, two)| one == two).count();
    let tail = old.len() - end;
    let tail = old.get(tail..).and_then(|same| same.find('/')).map_or(old.len(), |at| tail + at);
    let after = old.len() - tail;
    let head = from.get(..start).unwrap_or_default();
    let middle = (old.get(..tail), new.get(..new.len() - after));
    let (Some(one), Some(two)) = middle else { return format!("{{{from} => {to}}}") };
    format!("{head}{{{one} => {two}}}{}", old.get(tail..).unwrap_or_default())
}

/// What differs below `paths` (anywhere, if there are none), sorted by path.
///
/// # Errors
/// EIO where something cannot be read.
pub(super) fn compare(
    ctx: &Context<'_>,
    comparison: &Comparison,
    paths: &[RepoPath],
) -> Result<Vec<Changed>, CommandError> {
    let mut found = Vec::new();
    for difference in differences(&comparison.before, &comparison.after) {
        ctx.check()?;
        let Difference { path, before, after } =
            difference.map_err(|error| failure(format!("cannot compare: {error}")))?;
        if paths.is_empty() || paths.iter().any(|above| path.below(above).is_some()) {
            found.push(Changed { path, before, after, renamed: None });
        }
    }
    let mut found = renames(ctx, found)?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Joins what went from one path with what came to another.
fn renames(ctx: &Context<'_>, found: Vec<Changed>) -> Result<Vec<Changed>, CommandError> {
    let is_file =
        |node: &Option<Node>| matches!(node, Some(Node::File(file)) if !file.body.is_empty());
    let gone = |changed: &Changed| is_file(&changed.before) && changed.after.is_none();
    let came = |changed: &Changed| is_file(&changed.after) && changed.before.is_none();
    let (left, mut rest): (Vec<_>, Vec<_>) = found.into_iter().partition(gone);
    let mut left: Vec<Option<Changed>> = left.into_iter().map(Some).collect();
    let news: Vec<usize> =
        rest.iter().enumerate().filter(|(_, changed)| came(changed)).map(|(at, _)| at).collect();
    if news.is_empty() || left.is_empty() {
        rest.extend(left.into_iter().flatten());
        return Ok(rest);
    }
    let few = news.len() <= CANDIDATES_MAX && left.len() <= CANDIDATES_MAX;
    let mut pairs: Vec<(u8, usize, usize)> = Vec::new();
    let mut lines = HashMap::new();
    for &new in &news {
        for (old, candidate) in left.iter().enumerate() {
            ctx.check()?;
            let (
                Some(Changed { before: Some(Node::File(one)), .. }),
                Some(Changed { after: Some(Node::File(two)), .. }),
            ) = (candidate, rest.get(new))
            else {
                continue;
            };
            let (one, two) = (&one.body, &two.body);
            let same_len = one.len() == two.len();
            if same_len && one.same_content(two).unwrap_or(false) {
                pairs.push((100, old, new));
                // Nothing can be more alike.
                break;
            }
            let lens = (one.len().min(two.len()), one.len().max(two.len()));
            if !few || lens.1 > ALIKE_BYTES_MAX || lens.0 * 100 < lens.1 * u64::from(ALIKE_MIN) {
                continue;
            }
            let one = lines.entry((true, old)).or_insert_with(|| counted(one)).clone();
            let two = lines.entry((false, new)).or_insert_with(|| counted(two)).clone();
            let alike = alike(&one, &two, lens.1);
            if alike >= ALIKE_MIN {
                pairs.push((alike, old, new));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    for (alike, old, new) in pairs {
        let Some(changed) = rest.get_mut(new).filter(|changed| changed.renamed.is_none()) else {
            continue;
        };
        if let Some(gone) = left.get_mut(old).and_then(Option::take) {
            changed.before = gone.before;
            changed.renamed = Some((gone.path, alike));
        }
    }
    rest.extend(left.into_iter().flatten());
    Ok(rest)
}

type Lines = std::sync::Arc<HashMap<Vec<u8>, u64>>;

/// How many bytes each distinct line of a text takes.
fn counted(body: &mesafs::tree::Body) -> Lines {
    let mut lines = HashMap::new();
    for line in body.read_all().unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
        *lines.entry(line.to_vec()).or_insert(0) += line.len() as u64;
    }
    lines.into()
}

fn alike(one: &Lines, two: &Lines, longer: u64) -> u8 {
    let common: u64 =
        one.iter().map(|(line, bytes)| two.get(line).copied().unwrap_or(0).min(*bytes)).sum();
    // Only what is equal is wholly alike.
    u8::try_from(common * 100 / longer.max(1)).unwrap_or(99).min(99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_paths_have_in_common_stands_outside() {
        assert_eq!(arrow("a", "b"), "{a => b}");
        assert_eq!(arrow("src/old.rs", "src/new.rs"), "src/{old.rs => new.rs}");
        assert_eq!(arrow("a/x/f", "a/y/f"), "a/{x => y}/f");
        assert_eq!(arrow("f", "d/f"), "{f => d/f}");
    }
}
