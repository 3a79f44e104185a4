//! Conflicts: as jj stores them, and as text with markers.

use std::sync::Arc;

use jj_lib::merged_tree::MergedTree;
use jj_lib::store::Store;

use super::error::EngineResult;
use super::ids;
use super::types::RootTree;

/// The content of a conflicted tree.
pub(super) fn flatten(_tree: &MergedTree) -> EngineResult<RootTree> {
    todo!()
}

/// What a snapshot stores; `before` is the tree that the change had.
pub(super) fn merged_tree(
    store: &Arc<Store>,
    root: &RootTree,
    _before: &MergedTree,
) -> EngineResult<MergedTree> {
    if root.conflicts.is_empty() {
        return Ok(MergedTree::resolved(Arc::clone(store), ids::tree_id(root.tree)));
    }
    todo!()
}
