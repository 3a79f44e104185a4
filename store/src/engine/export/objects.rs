//! Which objects a destination lacks, and sending them.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;

use futures_util::TryStreamExt as _;
use gix::hash::ObjectId as GitId;
use gix::objs::{CommitRef, Kind, TagRefIter};
use jj_lib::backend::CommitId;
use jj_lib::object_id::ObjectId as _;
use jj_lib::revset;
use mesafs::tree::ObjectId;
use pollster::FutureExt as _;

use super::Existing;
use super::reuse::Packs;
use crate::engine::error::{Doing, EngineError, EngineResult};
use crate::engine::history::History;
use crate::engine::ids::{self, EMPTY_TREE, git_id};
use crate::engine::objects::{Objects, WHOLE_BLOB_BYTES_MAX};
use crate::engine::pack::PackWriter;
use crate::engine::types::{Durability, TreeEntry, TreeEntryKind};

/// Objects to send, each once, in the order they were met.
#[derive(Default)]
pub(in crate::engine) struct Wanted {
    order: Vec<(ObjectId, Kind)>,
    known: HashSet<ObjectId>,
}

impl Wanted {
    /// Whether it is new.
    fn add(&mut self, id: ObjectId, kind: Kind) -> bool {
        let new = self.known.insert(id);
        if new {
            self.order.push((id, kind));
        }
        new
    }
}

/// Of so many commits that the destination has, the trees are compared with, so that a change that
/// was rewritten doesn't send its files again.
const COMPARED_TIPS_MAX: usize = 8;

/// What is reachable from `wanted` and the tag objects among `tags`, but not from what is `there`.
///
/// Of each commit only what its parents don't have is looked at, so the cost is that of the edits.
pub(super) fn missing(
    objects: &Objects,
    history: &History,
    wanted: &[CommitId],
    there: &Existing,
    tags: impl Iterator<Item = GitId>,
) -> EngineResult<Wanted> {
    let root = history.repo.loader().store().root_commit_id();
    let commits = revset::walk_revs(history.repo.as_ref(), wanted, &there.tips)
        .doing("finding what to export")?;
    let commits: Vec<CommitId> =
        commits.stream().try_collect().block_on().doing("finding what to export")?;
    let tree_of = |id: &CommitId| {
        tree_and_parents(objects, ids::object_id(id.as_bytes())?).map(|(tree, _)| tree)
    };
    let tips: Vec<ObjectId> = there
        .tips
        .iter()
        .filter(|id| *id != root)
        .take(COMPARED_TIPS_MAX)
        .map(tree_of)
        .collect::<EngineResult<_>>()?;
    let commits = commits.iter().rev().filter(|id| *id != root);
    let commits: Vec<ObjectId> =
        commits.map(|id| ids::object_id(id.as_bytes())).collect::<EngineResult<_>>()?;
    brought_by(objects, &commits, &tips, tags)
}

/// What these commits have that neither their parents nor the trees `compared` have, and the tag
/// objects among `tags`.
pub(in crate::engine) fn brought_by(
    objects: &Objects,
    commits: &[ObjectId],
    compared: &[ObjectId],
    tags: impl Iterator<Item = GitId>,
) -> EngineResult<Wanted> {
    let mut brought = Wanted::default();
    for &id in commits {
        let (tree, parents) = tree_and_parents(objects, id)?;
        let parents = parents
            .into_iter()
            .map(|parent| Ok(tree_and_parents(objects, parent)?.0))
            .chain(compared.iter().copied().map(Ok))
            .collect::<EngineResult<Vec<_>>>()?;
        add_tree(objects, tree, parents, &mut brought)?;
        brought.add(id, Kind::Commit);
    }
    for tag in tags {
        add_tag(objects, tag, &mut brought)?;
    }
    Ok(brought)
}

fn tree_and_parents(
    objects: &Objects,
    commit: ObjectId,
) -> EngineResult<(ObjectId, Vec<ObjectId>)> {
    objects.decode(commit, Kind::Commit, |data| {
        let commit =
            CommitRef::from_bytes(data, gix::hash::Kind::Sha1).doing("decoding a commit")?;
        let parents = commit.parents().map(|id| ids::object_id(id.as_slice()));
        Ok((ids::object_id(commit.tree().as_slice())?, parents.collect::<EngineResult<_>>()?))
    })?
}

/// Adds a tree and what is below, but for what one of the `parents` has under the same name.
fn add_tree(
    objects: &Objects,
    tree: ObjectId,
    parents: Vec<ObjectId>,
    missing: &mut Wanted,
) -> EngineResult<()> {
    let mut stack = Vec::new();
    if !parents.contains(&tree) {
        stack.push((tree, parents));
    }
    while let Some((tree, parents)) = stack.pop() {
        if !missing.add(tree, Kind::Tree) {
            continue;
        }
        let parents: Vec<Vec<TreeEntry>> =
            parents.into_iter().map(|tree| objects.tree(tree)).collect::<EngineResult<_>>()?;
        for entry in objects.tree(tree)? {
            let old: Vec<TreeEntryKind> = parents
                .iter()
                .filter_map(|parent| {
                    let at = parent.binary_search_by(|old| old.name.cmp(&entry.name)).ok()?;
                    parent.get(at).map(|old| old.kind)
                })
                .collect();
            match entry.kind {
                TreeEntryKind::Dir(below) if !old.contains(&entry.kind) => {
                    let folder = |old: &TreeEntryKind| match old {
                        TreeEntryKind::Dir(id) => Some(*id),
                        _ => None,
                    };
                    stack.push((below, old.iter().filter_map(folder).collect()));
                }
                TreeEntryKind::File { blob, .. } | TreeEntryKind::Symlink(blob)
                    if !old.contains(&entry.kind) =>
                {
                    missing.add(blob, Kind::Blob);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Adds tag objects down to the commit, which is among the wanted ones.
fn add_tag(objects: &Objects, tag: GitId, missing: &mut Wanted) -> EngineResult<()> {
    let mut next = Some(ids::object_id(tag.as_slice())?);
    while let Some(id) = next {
        if objects.kind(id)? != Kind::Tag || !missing.add(id, Kind::Tag) {
            break;
        }
        next = objects.decode(id, Kind::Tag, |data| {
            let target = TagRefIter::from_bytes(data, gix::hash::Kind::Sha1)
                .target_id()
                .doing("decoding a tag")?;
            ids::object_id(target.as_slice()).map(Some)
        })??;
    }
    Ok(())
}

/// Puts the objects into one pack of the destination, as they are stored here where that is
/// possible. Answers how many there were.
pub(in crate::engine) fn send(
    objects: &Objects,
    from: &Path,
    wanted: Wanted,
    to: &Path,
) -> EngineResult<u64> {
    if wanted.order.is_empty() {
        return Ok(0);
    }
    let failed = EngineError::io;
    let packs = Packs::open(from)?;
    let mut pack = PackWriter::new(to).map_err(failed(to))?;
    for &(id, kind) in &wanted.order {
        if let Some(entry) = packs.find(id, &wanted.known)? {
            pack.add_compressed(git_id(id), entry.header, entry.len, entry.compressed)
                .map_err(failed(to))?;
        } else if kind == Kind::Blob && objects.blob_size(id)? > WHOLE_BLOB_BYTES_MAX {
            let len = objects.blob_size(id)?;
            let mut content = BlobReader { objects, blob: id, offset: 0, len };
            pack.add_stream(git_id(id), kind, len, &mut content).map_err(failed(to))?;
        } else if id == EMPTY_TREE {
            pack.add(git_id(id), kind, &[]).map_err(failed(to))?;
        } else {
            objects
                .decode(id, kind, |data| pack.add(git_id(id), kind, data))?
                .map_err(failed(to))?;
        }
    }
    pack.finish(Durability::Power, objects.counters()).map_err(failed(to))?;
    Ok(wanted.order.len() as u64)
}

/// A blob from its beginning, by ranges.
struct BlobReader<'a> {
    objects: &'a Objects,
    blob: ObjectId,
    offset: u64,
    len: u64,
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len - self.offset).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        let bytes = self.objects.read(self.blob, self.offset, count).map_err(io::Error::other)?;
        let (filled, _) = buffer.split_at_mut(count);
        filled.copy_from_slice(&bytes);
        self.offset += count as u64;
        Ok(count)
    }
}
