//! Between jj's ids and git's, and mesash's own.

use gix::hash::ObjectId as GitId;
use jj_lib::backend::{ChangeId as JjChangeId, CommitId, TreeId};
use jj_lib::object_id::ObjectId as _;
use mesafs::name::{ChangeId, CommitOid};
use mesafs::tree::ObjectId;

use super::error::{Doing, EngineError, EngineResult};

/// git's empty tree, which needs no object to exist.
pub(super) const EMPTY_TREE: ObjectId = ObjectId([
    0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88,
    0xfb, 0xee, 0x49, 0x04,
]);

pub(super) fn git_id(id: ObjectId) -> GitId {
    GitId::from(id.0)
}

pub(super) fn object_id(id: &[u8]) -> EngineResult<ObjectId> {
    <[u8; 20]>::try_from(id).map(ObjectId).doing("reading an object id")
}

pub(super) fn tree_id(id: ObjectId) -> TreeId {
    TreeId::from_bytes(&id.0)
}

pub(super) fn commit_id(oid: &CommitOid) -> EngineResult<CommitId> {
    CommitId::try_from_hex(oid.as_str()).ok_or_else(|| no_id("commit oid", oid.as_str()))
}

pub(super) fn commit_oid(id: &CommitId) -> EngineResult<CommitOid> {
    CommitOid::new(&id.hex()).doing("reading a commit id")
}

pub(super) fn jj_change(change: &ChangeId) -> EngineResult<JjChangeId> {
    JjChangeId::try_from_reverse_hex(change.as_str())
        .ok_or_else(|| no_id("change id", change.as_str()))
}

pub(super) fn change_id(id: &JjChangeId) -> EngineResult<ChangeId> {
    ChangeId::new(&id.reverse_hex()).doing("reading a change id")
}

fn no_id(what: &'static str, text: &str) -> EngineError {
    EngineError::Data { doing: "reading an id", reason: format!("'{text}' is not a {what}") }
}
