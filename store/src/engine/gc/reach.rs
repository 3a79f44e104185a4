//! What leads to what: every object that some commits, references and others need.

use std::collections::{BTreeSet, HashSet};

use gix::objs::{CommitRef, Kind, TagRefIter};
use jj_lib::backend::CommitId;
use jj_lib::object_id::ObjectId as _;
use mesafs::tree::ObjectId;

use crate::engine::error::{Doing, EngineError, EngineResult};
use crate::engine::ids::{self, EMPTY_TREE};
use crate::engine::objects::Objects;
use crate::engine::types::TreeEntryKind;

/// The objects that are needed.
#[derive(Default)]
pub(super) struct Reached {
    pub objects: HashSet<ObjectId>,
    pub commits: HashSet<ObjectId>,
    /// Commits that others of them have as parents.
    pub parents: HashSet<ObjectId>,
}

/// Everything that `roots`, the references but jj's own, and `used` lead to; what `young` lead to as far
/// as it is there, for they stay and must not hang in the air.
///
/// # Errors
/// `Data` where an object is missing or damaged.
pub(super) fn reach(
    objects: &Objects,
    git: &gix::Repository,
    roots: &BTreeSet<CommitId>,
    used: &[ObjectId],
    young: &[ObjectId],
) -> EngineResult<Reached> {
    let mut reached = Reached::default();
    let commits: Vec<ObjectId> =
        roots.iter().map(|id| ids::object_id(id.as_bytes())).collect::<EngineResult<_>>()?;
    let mut others = used.to_vec();
    let doing = "reading references";
    for reference in git.references().doing(doing)?.all().doing(doing)? {
        let reference =
            reference.map_err(|error| EngineError::Data { doing, reason: error.to_string() })?;
        if reference.name().as_bstr().starts_with(super::KEEP.as_bytes()) {
            continue;
        }
        if let Some(id) = reference.try_id() {
            others.push(ids::object_id(id.as_bytes())?);
        }
    }
    add(objects, others, commits, &mut reached)?;
    for id in young {
        // An interrupted writer's may lack what was to come.
        drop(add(objects, vec![*id], Vec::new(), &mut reached));
    }
    Ok(reached)
}

fn add(
    objects: &Objects,
    mut others: Vec<ObjectId>,
    mut commits: Vec<ObjectId>,
    reached: &mut Reached,
) -> EngineResult<()> {
    while let Some(id) = others.pop() {
        match objects.kind(id)? {
            Kind::Commit => commits.push(id),
            Kind::Tree => add_tree(objects, id, reached)?,
            Kind::Blob => drop(reached.objects.insert(id)),
            Kind::Tag if reached.objects.insert(id) => {
                let target = objects.decode(id, Kind::Tag, |data| {
                    TagRefIter::from_bytes(data, gix::hash::Kind::Sha1).target_id()
                })?;
                others.push(ids::object_id(target.doing("decoding a tag")?.as_slice())?);
            }
            Kind::Tag => {}
        }
    }
    while let Some(id) = commits.pop() {
        if !reached.objects.insert(id) {
            continue;
        }
        reached.commits.insert(id);
        let (tree, parents) = objects.decode(id, Kind::Commit, |data| {
            let commit =
                CommitRef::from_bytes(data, gix::hash::Kind::Sha1).doing("decoding a commit")?;
            let parents = commit.parents().map(|id| ids::object_id(id.as_slice()));
            let parents = parents.collect::<EngineResult<Vec<_>>>()?;
            EngineResult::Ok((ids::object_id(commit.tree().as_slice())?, parents))
        })??;
        add_tree(objects, tree, reached)?;
        reached.parents.extend(&parents);
        commits.extend(parents);
    }
    Ok(())
}

/// Adds a tree and what is below. Iterative.
fn add_tree(objects: &Objects, tree: ObjectId, reached: &mut Reached) -> EngineResult<()> {
    let mut trees = vec![tree];
    while let Some(tree) = trees.pop() {
        if !reached.objects.insert(tree) {
            continue;
        }
        // git writes the empty tree where jj does; it need not be there.
        if tree == EMPTY_TREE {
            continue;
        }
        for entry in objects.tree(tree)? {
            match entry.kind {
                TreeEntryKind::Dir(below) => trees.push(below),
                TreeEntryKind::File { blob, .. } | TreeEntryKind::Symlink(blob) => {
                    reached.objects.insert(blob);
                }
                TreeEntryKind::Gitlink(_) => {}
            }
        }
    }
    Ok(())
}
