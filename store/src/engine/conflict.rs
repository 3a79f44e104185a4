//! Conflicts: as jj stores them, and as text with markers.
//!
//! jj keeps a conflicted tree as several trees, sides and bases. What the store sees is one plain
//! tree that has the text with markers in their place, and the sides beside it. The text depends on
//! the sides alone, so that a file nobody touched is known by its blob.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use jj_lib::backend::{
    CommitId, CopyId, FileId, MergedTreeValue, MergedTreeValueExt as _, SymlinkId, TreeValue,
};
use jj_lib::conflict_labels::ConflictLabels;
use jj_lib::conflicts::{
    choose_materialized_conflict_marker_len, try_materialize_file_conflict_value,
    update_from_content,
};
use jj_lib::matchers::EverythingMatcher;
use jj_lib::merge::Merge;
use jj_lib::merged_tree::MergedTree;
use jj_lib::merged_tree_builder::MergedTreeBuilder;
use jj_lib::object_id::ObjectId as _;
use jj_lib::repo_path::{RepoPath as JjPath, RepoPathBuf};
use jj_lib::store::Store;
use mesafs::path::RepoPath;
use pollster::FutureExt as _;

use super::error::{Doing, EngineError, EngineResult};
use super::ids;
use super::merge_text::with_markers;
use super::objects::Objects;
use super::types::{ConflictedFile, RootTree, Side, TreeEntryKind};

/// A conflict as it is shown.
struct Shown {
    blob: FileId,
    executable: bool,
    /// The length of its markers; `None` if it is no conflict of files, and cannot be parsed back.
    marker_len: Option<usize>,
}

/// The content of a tree: plain, with the conflicts beside it.
pub(super) fn flatten(tree: &MergedTree) -> EngineResult<RootTree> {
    let doing = "reading conflicts";
    if let Some(plain) = tree.tree_ids().as_resolved() {
        return Ok(RootTree { tree: ids::object_id(plain.as_bytes())?, conflicts: Vec::new() });
    }
    let mut conflicts = Vec::new();
    let mut builder = MergedTreeBuilder::new(tree.clone());
    for (path, value) in tree.conflicts() {
        let value = value.doing(doing)?;
        let shown = show(tree.store(), &path, &value)?;
        builder.set_or_remove(path.clone(), Merge::normal(shown.value()));
        conflicts.push(ConflictedFile {
            path: our_path(&path)?,
            removes: value.removes().map(side).collect::<EngineResult<_>>()?,
            adds: value.adds().map(side).collect::<EngineResult<_>>()?,
        });
    }
    conflicts.sort_by(|a, b| a.path.as_bstr().cmp(b.path.as_bstr()));
    let flat = builder.write_tree().block_on().doing(doing)?;
    let plain = flat
        .tree_ids()
        .as_resolved()
        .ok_or_else(|| EngineError::Data { doing, reason: "conflicts are left".to_owned() })?;
    Ok(RootTree { tree: ids::object_id(plain.as_bytes())?, conflicts })
}

/// What a snapshot stores for `root`; `before` is the tree that the change had.
pub(super) fn merged_tree(
    objects: &Objects,
    store: &Arc<Store>,
    root: &RootTree,
    before: &MergedTree,
) -> EngineResult<MergedTree> {
    let doing = "storing conflicts";
    let plain = MergedTree::resolved(Arc::clone(store), ids::tree_id(root.tree));
    if root.conflicts.is_empty() {
        return Ok(plain);
    }
    let flat = flatten(before)?;
    if flat == *root {
        return Ok(before.clone());
    }
    // From the sides as they were, so that each stays a whole tree.
    let mut changes = changed_paths(&flat, &plain)?;
    for settled in flat.conflicts {
        let path = jj_path(&settled.path)?;
        let value = plain.path_value(&path).block_on().doing(doing)?;
        changes.insert(path, value);
    }
    for conflict in &root.conflicts {
        let path = jj_path(&conflict.path)?;
        let sides = sides(conflict)?;
        let now = plain.path_value(&path).block_on().doing(doing)?;
        let value = match now.as_normal() {
            Some(TreeValue::File { id, executable, .. }) => {
                parsed(objects, store, &path, &sides, id, *executable)?
            }
            _ => now,
        };
        changes.insert(path, value);
    }
    let mut builder = MergedTreeBuilder::new(before.clone());
    for (path, value) in changes {
        builder.set_or_remove(path, value);
    }
    builder.write_tree().block_on().doing(doing)
}

fn changed_paths(
    flat: &RootTree,
    plain: &MergedTree,
) -> EngineResult<BTreeMap<RepoPathBuf, MergedTreeValue>> {
    let before = MergedTree::resolved(Arc::clone(plain.store()), ids::tree_id(flat.tree));
    let mut changes = BTreeMap::new();
    let mut stream = before.diff_stream(plain, &EverythingMatcher);
    while let Some(entry) = stream.next().block_on() {
        changes.insert(entry.path, entry.values.doing("comparing trees")?.after);
    }
    Ok(changes)
}

/// What a file that was a conflict is now: the conflict as it was if its text is, else what jj
/// reads out of the text.
fn parsed(
    objects: &Objects,
    store: &Store,
    path: &JjPath,
    conflict: &MergedTreeValue,
    blob: &FileId,
    executable: bool,
) -> EngineResult<MergedTreeValue> {
    let shown = show(store, path, conflict)?;
    let edited = if *blob == shown.blob {
        conflict.clone()
    } else {
        let plain = Merge::normal(file(blob, executable));
        let (Some(marker_len), Some(files)) = (shown.marker_len, conflict.to_file_merge()) else {
            return Ok(plain);
        };
        let content = objects.whole_blob(ids::object_id(blob.as_bytes())?)?;
        let files = update_from_content(&files, store, path, &content, marker_len)
            .block_on()
            .doing("reading an edited conflict")?;
        if files.is_resolved() {
            return Ok(plain);
        }
        conflict.with_new_file_ids(&files)
    };
    if executable == shown.executable {
        return Ok(edited);
    }
    Ok(edited.map(|term| match term {
        Some(TreeValue::File { id, .. }) => Some(file(id, executable)),
        other => other.clone(),
    }))
}

fn show(store: &Store, path: &JjPath, conflict: &MergedTreeValue) -> EngineResult<Shown> {
    let doing = "showing a conflict";
    let unlabeled = ConflictLabels::unlabeled();
    let files = try_materialize_file_conflict_value(store, path, conflict, &unlabeled)
        .block_on()
        .doing(doing)?;
    let (text, executable, marker_len) = match files {
        Some(files) => (
            with_markers(&files.contents),
            files.executable.unwrap_or_default(),
            Some(choose_materialized_conflict_marker_len(&files.contents)),
        ),
        None => (conflict.describe(&unlabeled).into_bytes(), false, None),
    };
    let blob = store.write_file(path, &mut text.as_slice()).block_on().doing(doing)?;
    Ok(Shown { blob, executable, marker_len })
}

impl Shown {
    fn value(&self) -> TreeValue {
        file(&self.blob, self.executable)
    }
}

fn file(id: &FileId, executable: bool) -> TreeValue {
    TreeValue::File { id: id.clone(), executable, copy_id: CopyId::placeholder() }
}

fn side(value: &Option<TreeValue>) -> EngineResult<Side> {
    value.as_ref().map(entry_kind).transpose()
}

/// One value of a tree, in our words.
pub(super) fn entry_kind(value: &TreeValue) -> EngineResult<TreeEntryKind> {
    Ok(match value {
        TreeValue::File { id, executable, .. } => {
            TreeEntryKind::File { blob: ids::object_id(id.as_bytes())?, executable: *executable }
        }
        TreeValue::Symlink(id) => TreeEntryKind::Symlink(ids::object_id(id.as_bytes())?),
        TreeValue::Tree(id) => TreeEntryKind::Dir(ids::object_id(id.as_bytes())?),
        TreeValue::GitSubmodule(id) => TreeEntryKind::Gitlink(ids::object_id(id.as_bytes())?),
    })
}

fn tree_value(side: &Side) -> Option<TreeValue> {
    side.map(|kind| match kind {
        TreeEntryKind::File { blob, executable } => file(&FileId::from_bytes(&blob.0), executable),
        TreeEntryKind::Symlink(id) => TreeValue::Symlink(SymlinkId::from_bytes(&id.0)),
        TreeEntryKind::Dir(id) => TreeValue::Tree(ids::tree_id(id)),
        TreeEntryKind::Gitlink(id) => TreeValue::GitSubmodule(CommitId::from_bytes(&id.0)),
    })
}

fn sides(conflict: &ConflictedFile) -> EngineResult<MergedTreeValue> {
    if conflict.adds.len() != conflict.removes.len() + 1 {
        let reason =
            format!("{}: a conflict has one side more than bases", conflict.path.as_bstr());
        return Err(EngineError::Data { doing: "storing conflicts", reason });
    }
    let removes = conflict.removes.iter().map(tree_value);
    Ok(Merge::from_removes_adds(removes, conflict.adds.iter().map(tree_value)))
}

pub(super) fn our_path(path: &JjPath) -> EngineResult<RepoPath> {
    RepoPath::new(path.as_internal_file_string()).doing("reading a path")
}

pub(super) fn jj_path(path: &RepoPath) -> EngineResult<RepoPathBuf> {
    let text = std::str::from_utf8(path.as_bstr()).doing("reading a path")?;
    RepoPathBuf::from_internal_string(text).doing("reading a path")
}
