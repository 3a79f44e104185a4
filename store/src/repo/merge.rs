//! Merging what a live tree has beyond its commit into the commit that took that one's place.

use std::sync::Arc;
use std::vec;

use bytes::Bytes;
use mesafs::error::FsResult;
use mesafs::tree::{Attributes, Body, Conflict, Dir, File, Node};

use crate::engine::{MergedText, merge_text};

/// A directory that both sides changed.
struct Frame {
    name: Vec<u8>,
    base: Dir,
    ours: Dir,
    theirs: Dir,
    /// Names that our side changed and that are not looked at yet.
    names: vec::IntoIter<Vec<u8>>,
    merged: Dir,
}

impl Frame {
    fn new(name: Vec<u8>, base: Dir, ours: Dir, theirs: Dir) -> FsResult<Self> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for (name, node) in ours.iter()? {
            if !same(base.get(name)?, Some(node)) {
                names.push(name.to_vec());
            }
        }
        for (name, _) in base.iter()? {
            if ours.get(name)?.is_none() {
                names.push(name.to_vec());
            }
        }
        let attributes = side(base.attributes, ours.attributes, theirs.attributes);
        let merged = theirs.with_attributes(attributes);
        Ok(Self { name, base, ours, theirs, names: names.into_iter(), merged })
    }
}

fn same(one: Option<&Node>, other: Option<&Node>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.same_identity(other),
        _ => false,
    }
}

fn side(base: Attributes, ours: Attributes, theirs: Attributes) -> Attributes {
    if ours == base { theirs } else { ours }
}

/// `theirs` with what `ours` changed since `base`. Where both changed one text it is merged, or
/// kept as a conflict; what one side changed and the other removed stays.
///
/// # Errors
/// EIO if something cannot be read.
pub(crate) fn merge_dirs(base: &Dir, ours: &Dir, theirs: &Dir) -> FsResult<Dir> {
    let root = Frame::new(Vec::new(), base.clone(), ours.clone(), theirs.clone())?;
    let mut stack = vec![root];
    let mut done: Option<(Vec<u8>, Dir)> = None;
    while let Some(frame) = stack.last_mut() {
        if let Some((name, dir)) = done.take() {
            frame.merged = frame.merged.insert(&name, dir.into())?;
        }
        let Some(name) = frame.names.next() else {
            done = stack.pop().map(|frame| (frame.name, frame.merged));
            continue;
        };
        let base = frame.base.get(&name)?.cloned();
        let (ours, theirs) = (frame.ours.get(&name)?, frame.theirs.get(&name)?);
        let merged = match (ours, theirs) {
            _ if same(ours, theirs) => continue,
            (ours, theirs) if same(base.as_ref(), theirs) => ours.cloned(),
            (None, Some(_)) => continue,
            (Some(Node::Dir(ours)), Some(Node::Dir(theirs))) => {
                let base = match base {
                    Some(Node::Dir(base)) => base,
                    _ => Dir::empty(theirs.attributes),
                };
                let below = Frame::new(name, base, ours.clone(), theirs.clone())?;
                stack.push(below);
                continue;
            }
            (Some(Node::File(ours)), Some(Node::File(theirs))) => {
                Some(merge_files(base.as_ref(), ours, theirs)?.into())
            }
            (ours, _) => ours.cloned(),
        };
        frame.merged = match merged {
            Some(node) => frame.merged.insert(&name, node)?,
            None => frame.merged.remove(&name)?,
        };
    }
    Ok(done.map_or_else(|| theirs.clone(), |(_, dir)| dir))
}

fn merge_files(base: Option<&Node>, ours: &File, theirs: &File) -> FsResult<File> {
    let (base_body, attributes) = match base {
        Some(Node::File(base)) => {
            (base.body.clone(), side(base.attributes, ours.attributes, theirs.attributes))
        }
        _ => (Body::empty(), ours.attributes),
    };
    let with = |file: &File| File { attributes, ..file.clone() };
    if ours.body.same_content(&theirs.body)? || theirs.body.same_content(&base_body)? {
        return Ok(with(ours));
    }
    if ours.body.same_content(&base_body)? {
        return Ok(with(theirs));
    }
    let texts = (base_body.read_all()?, ours.body.read_all()?, theirs.body.read_all()?);
    Ok(match merge_text(&texts.0, &texts.1, &texts.2) {
        MergedText::Clean(text) => File::new(attributes, Body::from(Bytes::from(text))),
        MergedText::Conflicted(text) => {
            let removes = vec![base.is_some().then_some(base_body)];
            let adds = vec![Some(ours.body.clone()), Some(theirs.body.clone())];
            let body = Body::from(Bytes::from(text));
            File { attributes, body, conflict: Some(Arc::new(Conflict { removes, adds })) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &'static str) -> Node {
        let attributes = Attributes { mode: 0o644, mtime_ns: None };
        File::new(attributes, Body::from(Bytes::from_static(text.as_bytes()))).into()
    }

    fn dir(entries: &[(&str, Node)]) -> Dir {
        let entries = entries.iter().map(|(name, node)| (name.as_bytes(), node.clone()));
        Dir::from_entries(Attributes { mode: 0o755, mtime_ns: None }, entries)
    }

    #[test]
    fn both_sides_edits_are_in_the_merge() -> FsResult<()> {
        let (kept, gone, old) = (file("kept"), file("gone"), file("old"));
        let sub = dir(&[("x", file("x"))]);
        let base = dir(&[
            ("gone", gone.clone()),
            ("kept", kept.clone()),
            ("old", old.clone()),
            ("sub", sub.clone().into()),
        ]);
        let ours = base.remove(b"gone")?.insert(b"old", file("ours"))?;
        let ours = ours.insert(b"sub", sub.insert(b"y", file("y"))?.into())?;
        let theirs = base.insert(b"new", file("new"))?;
        let theirs = theirs.insert(b"sub", sub.insert(b"z", file("z"))?.into())?;
        let merged = merge_dirs(&base, &ours, &theirs)?;
        let names: Vec<_> = merged.iter()?.map(|(name, _)| name.to_string()).collect();
        assert_eq!(names, ["kept", "new", "old", "sub"]);
        let Some(Node::Dir(sub)) = merged.get(b"sub")? else { panic!("sub is a directory") };
        assert_eq!(sub.len()?, 3);
        let Some(Node::File(old)) = merged.get(b"old")? else { panic!("old is a file") };
        assert_eq!(old.body.read_all()?, "ours");
        Ok(())
    }

    #[test]
    fn what_one_side_changed_outlives_the_other_s_removal() -> FsResult<()> {
        let base = dir(&[("a", file("a")), ("b", file("b"))]);
        let ours = base.insert(b"a", file("edited"))?.remove(b"b")?;
        let theirs = base.remove(b"a")?.insert(b"b", file("edited"))?;
        let merged = merge_dirs(&base, &ours, &theirs)?;
        assert_eq!(merged.len()?, 2);
        Ok(())
    }
}
