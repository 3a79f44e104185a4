//! What differs between two trees.

use std::vec;

use bstr::BString;

use super::dir::Dir;
use super::node::Node;
use crate::error::FsResult;
use crate::path::RepoPath;

/// What git keeps of a mode.
const EXECUTE: u32 = 0o100;

/// A path that is not the same on both sides. Never a folder: what is in it is told one by one.
#[derive(Debug, Clone)]
pub struct Difference {
    pub path: RepoPath,
    pub before: Option<Node>,
    pub after: Option<Node>,
}

/// Tells what differs as git sees it: contents, kinds and whether a file can be run, but no times and no empty
/// folders. Sorted by the names of each folder. Looks only into folders that are not known to be
/// the same, so it costs what was edited; after an error it goes on behind the folder that failed.
#[must_use]
pub fn differences(before: &Dir, after: &Dir) -> Differences {
    let pair = Step::Enter(RepoPath::root(), Some(before.clone()), Some(after.clone()));
    Differences(vec![pair])
}

/// See [`differences`].
#[derive(Debug)]
pub struct Differences(Vec<Step>);

#[derive(Debug)]
enum Step {
    Enter(RepoPath, Option<Dir>, Option<Dir>),
    Tell(Difference),
}

impl Differences {
    fn enter(&mut self, path: &RepoPath, before: Option<Dir>, after: Option<Dir>) -> FsResult<()> {
        if let (Some(before), Some(after)) = (&before, &after)
            && before.same_identity(after)
        {
            return Ok(());
        }
        let mut steps = Vec::new();
        let mut old = entries(before.as_ref(), path)?.peekable();
        let mut new = entries(after.as_ref(), path)?.peekable();
        loop {
            let (name, before, after) = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some((one, _)), Some((two, _))) if one == two => {
                    let (Some((name, before)), Some((_, after))) = (old.next(), new.next()) else {
                        break;
                    };
                    (name, Some(before), Some(after))
                }
                (Some((one, _)), other) if other.is_none_or(|(two, _)| one < two) => {
                    let Some((name, before)) = old.next() else { break };
                    (name, Some(before), None)
                }
                _ => {
                    let Some((name, after)) = new.next() else { break };
                    (name, None, Some(after))
                }
            };
            if !same_leaf(before.as_ref(), after.as_ref())? {
                compare(&mut steps, path.child(&name), before, after);
            }
        }
        steps.reverse();
        self.0.append(&mut steps);
        Ok(())
    }
}

impl Iterator for Differences {
    type Item = FsResult<Difference>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.pop()? {
                Step::Tell(difference) => return Some(Ok(difference)),
                Step::Enter(path, before, after) => {
                    if let Err(error) = self.enter(&path, before, after) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

fn entries(dir: Option<&Dir>, path: &RepoPath) -> FsResult<vec::IntoIter<(BString, Node)>> {
    let Some(dir) = dir else { return Ok(Vec::new().into_iter()) };
    let entries = dir.iter().map_err(|error| error.at(path.as_bstr()))?;
    let entries: Vec<_> = entries.map(|(name, node)| (name.to_owned(), node.clone())).collect();
    Ok(entries.into_iter())
}

/// A folder is looked into, everything else told.
fn compare(steps: &mut Vec<Step>, path: RepoPath, before: Option<Node>, after: Option<Node>) {
    let parted = |node: Option<Node>| match node {
        Some(Node::Dir(dir)) => (Some(dir), None),
        other => (None, other),
    };
    let ((old, before), (new, after)) = (parted(before), parted(after));
    if before.is_some() || after.is_some() {
        steps.push(Step::Tell(Difference { path: path.clone(), before, after }));
    }
    if old.is_some() || new.is_some() {
        steps.push(Step::Enter(path, old, new));
    }
}

fn same_leaf(before: Option<&Node>, after: Option<&Node>) -> FsResult<bool> {
    Ok(match (before, after) {
        (Some(Node::File(one)), Some(Node::File(two))) => {
            let runs = |file: &super::File| file.attributes.mode & EXECUTE != 0;
            runs(one) == runs(two)
                && one.conflict.is_some() == two.conflict.is_some()
                && match (one.body.stored(), two.body.stored()) {
                    (Some(one), Some(two)) => one == two,
                    _ => one.body.same_content(&two.body)?,
                }
        }
        (Some(Node::Symlink(one)), Some(Node::Symlink(two))) => one.target() == two.target(),
        (Some(one), Some(two)) => one.same_identity(two),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::tree::{Attributes, Body, File, Symlink};

    fn file(text: &'static str, mode: u32) -> Node {
        let attributes = Attributes { mode, mtime_ns: None };
        File::new(attributes, Body::from(Bytes::from_static(text.as_bytes()))).into()
    }

    fn link(target: &str, mtime_ns: i64) -> Node {
        Symlink::new(Attributes::new(0o777, mtime_ns), target).into()
    }

    fn dir(entries: &[(&str, Node)]) -> Dir {
        let entries = entries.iter().map(|(name, node)| (name.as_bytes(), node.clone()));
        Dir::from_entries(Attributes { mode: 0o755, mtime_ns: None }, entries)
    }

    #[test]
    fn what_differs_is_told_in_order_and_nothing_else() -> FsResult<()> {
        let same = dir(&[("x", file("x", 0o644))]);
        let before = dir(&[
            ("a", file("1", 0o644)),
            ("d", dir(&[("gone", file("g", 0o644))]).into()),
            ("f", file("f", 0o644)),
            ("k", link("a", 1)),
            ("l", link("a", 1)),
            ("same", same.clone().into()),
            ("t", file("touched", 0o600)),
            ("x", file("x", 0o644)),
        ]);
        let after = dir(&[
            ("a", file("2", 0o644)),
            ("d", file("file now", 0o644)),
            ("f", dir(&[("in", file("f", 0o644))]).into()),
            ("k", link("a", 2)),
            ("l", link("b", 1)),
            ("same", same.into()),
            ("t", file("touched", 0o644)),
            ("x", file("x", 0o755)),
        ]);
        let told: Vec<_> = differences(&before, &after)
            .map(|found| {
                let found = found?;
                Ok((found.path.to_string(), found.before.is_some(), found.after.is_some()))
            })
            .collect::<FsResult<_>>()?;
        let wanted = [
            ("a", true, true),
            ("d", false, true),
            ("d/gone", true, false),
            ("f", true, false),
            ("f/in", false, true),
            ("l", true, true),
            ("x", true, true),
        ];
        let wanted: Vec<_> =
            wanted.iter().map(|(path, old, new)| ((*path).to_owned(), *old, *new)).collect();
        assert_eq!(told, wanted);
        Ok(())
    }
}
