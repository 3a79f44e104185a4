//! Looks at every commit and tree before it is taken in.

use std::collections::{HashMap, HashSet};

use gix::hash::ObjectId as GitId;
use gix::objs::{CommitRef, Kind};
use jj_lib::git_backend::{JJ_CONFLICT_LABELS_COMMIT_HEADER, JJ_TREES_COMMIT_HEADER};
use mesafs::name::{CommitOid, check_entry_name};
use mesafs::tree::{ObjectId, Sums};

use super::{ImportError, RefusedName};
use crate::engine::error::{Doing, EngineError, EngineResult};
use crate::engine::ids;
use crate::engine::objects::Objects;
use crate::engine::sums::Folder;
use crate::engine::types::TreeEntry;

const REFUSED_LISTED_MAX: usize = 100;

pub(super) struct Checked {
    /// Each before its parents.
    pub commits: Vec<GitId>,
    /// Distinct ones.
    pub trees: usize,
}

/// What was taken in before, and is not looked at again.
pub(super) trait Known {
    fn commit(&self, id: GitId) -> EngineResult<bool>;
    /// The sums of a tree whose names are known to be good.
    fn tree(&self, id: ObjectId) -> Option<Sums>;
}

/// Nothing was.
pub(super) struct Nothing;

impl Known for Nothing {
    fn commit(&self, _id: GitId) -> EngineResult<bool> {
        Ok(false)
    }

    fn tree(&self, _id: ObjectId) -> Option<Sums> {
        None
    }
}

/// What matters of one commit.
struct Seen {
    parents: Vec<GitId>,
    /// One; several if jj made it with conflicts, whose git tree is only for show.
    roots: Vec<ObjectId>,
}

/// Reads all that is reachable from `tips` and not `known`. Every object must be there, and every name one that the
/// file system would take. `on_tree` gets each distinct tree's sums.
pub(super) fn check(
    objects: &Objects,
    tips: &[GitId],
    known: &dyn Known,
    on_tree: &mut dyn FnMut(ObjectId, Sums),
) -> Result<Checked, ImportError> {
    let (mut met, mut commits): (HashSet<GitId>, Vec<GitId>) = Default::default();
    let mut trees: HashMap<ObjectId, Sums> = HashMap::new();
    let mut roots: HashSet<ObjectId> = HashSet::new();
    let mut refused = Vec::new();
    let mut stack = tips.to_vec();
    while let Some(id) = stack.pop() {
        if !met.insert(id) || known.commit(id)? {
            continue;
        }
        commits.push(id);
        let seen = read_commit(objects, id)?;
        stack.extend(seen.parents.iter().rev());
        for root in seen.roots {
            if roots.insert(root) {
                check_root(objects, root, id, known, &mut trees, &mut refused, on_tree)?;
            }
        }
        if refused.len() >= REFUSED_LISTED_MAX {
            break;
        }
    }
    if refused.is_empty() {
        return Ok(Checked { commits, trees: trees.len() });
    }
    refused.truncate(REFUSED_LISTED_MAX);
    Err(ImportError::Names(refused))
}

fn check_root(
    objects: &Objects,
    root: ObjectId,
    commit: GitId,
    known: &dyn Known,
    trees: &mut HashMap<ObjectId, Sums>,
    refused: &mut Vec<RefusedName>,
    on_tree: &mut dyn FnMut(ObjectId, Sums),
) -> EngineResult<()> {
    let commit = CommitOid::new(&commit.to_string()).doing("reading a commit id")?;
    let mut look = |folder: &Folder<'_>, entries: &[TreeEntry]| {
        let doubled = entries.windows(2).filter_map(|pair| match pair {
            [first, second] if first.name == second.name => Some(second),
            _ => None,
        });
        let bad =
            entries.iter().filter(|entry| check_entry_name(&entry.name, folder.is_root()).is_err());
        for entry in bad.chain(doubled) {
            let path = folder.join(&entry.name);
            refused.push(RefusedName { path, commit: commit.clone() });
        }
    };
    if trees.contains_key(&root) || known.tree(root).is_some() {
        // Met before as a folder: only the rule for roots is new.
        look(&Folder::root(), &objects.tree(root)?);
        return Ok(());
    }
    let mut fresh = Vec::new();
    objects.walk(
        root,
        &mut |tree| trees.get(&tree).copied().or_else(|| known.tree(tree)),
        &mut |tree, sums| fresh.push((tree, sums)),
        &mut look,
    )?;
    for (tree, sums) in fresh {
        on_tree(tree, sums);
        trees.insert(tree, sums);
    }
    Ok(())
}

fn read_commit(objects: &Objects, id: GitId) -> EngineResult<Seen> {
    let bad = |reason: &str| EngineError::Data {
        doing: "reading a commit",
        reason: format!("{id}: {reason}"),
    };
    objects.decode(ids::object_id(id.as_slice())?, Kind::Commit, |data| {
        let commit =
            CommitRef::from_bytes(data, id.kind()).map_err(|error| bad(&error.to_string()))?;
        let header = |name: &str| commit.extra_headers().find(name);
        let roots: Vec<ObjectId> = match header(JJ_TREES_COMMIT_HEADER) {
            None => vec![ids::object_id(commit.tree().as_slice())?],
            Some(sides) => sides
                .split(|byte| *byte == b' ')
                .map(|side| {
                    let id = GitId::from_hex(side).map_err(|_| bad("its jj:trees are damaged"))?;
                    ids::object_id(id.as_slice())
                })
                .collect::<EngineResult<_>>()?,
        };
        // jj takes what it wrote itself on trust, and panics where this is not so.
        if roots.len().is_multiple_of(2)
            || header(JJ_TREES_COMMIT_HEADER).is_some() != (roots.len() > 1)
        {
            return Err(bad("its jj:trees are no sides and bases"));
        }
        if let Some(labels) = header(JJ_CONFLICT_LABELS_COMMIT_HEADER) {
            let labels = std::str::from_utf8(labels)
                .map_err(|_| bad("its conflict labels are not UTF-8"))?;
            if labels.split_terminator('\n').count() != roots.len() {
                return Err(bad("its conflict labels are not one for each tree"));
            }
        }
        Ok(Seen { parents: commit.parents().collect(), roots })
    })?
}
