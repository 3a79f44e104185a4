//! Removing the objects that are not needed, and putting the others into one pack.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gix::hash::ObjectId as GitId;
use gix::odb::loose;
use mesafs::tree::ObjectId;

use super::reach::Reached;
use crate::engine::disk::sync_dir;
use crate::engine::error::{EngineError, EngineResult};
use crate::engine::export::reuse::Packs;
use crate::engine::ids;
use crate::engine::objects::{Objects, WHOLE_BLOB_BYTES_MAX};
use crate::engine::tidy::{all_packs, remove, write_pack};

/// A pack of at least this size that is needed whole stays as it is.
const BIG_PACK_BYTES_MIN: u64 = 64 << 20;

/// Fewer loose objects than this are not worth a pack and its index.
const PACKED_MIN: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Swept {
    pub dropped: Vec<ObjectId>,
    pub kept: usize,
}

/// A loose object, and what becomes of it.
struct Loose {
    id: ObjectId,
    path: PathBuf,
}

/// The objects that were written after `newest`, as far as can be told.
pub(super) fn young(folder: &Path, newest: SystemTime) -> EngineResult<Vec<ObjectId>> {
    let mut young = Vec::new();
    let store = loose::Store::at(folder, gix::hash::Kind::Sha1);
    for id in store.iter().flatten() {
        if is_young(&store.object_path(&id), newest) {
            young.push(ids::object_id(GitId::as_slice(&id))?);
        }
    }
    for index in all_packs(&folder.join("pack"))?.iter().filter(|index| is_young(index, newest)) {
        for id in Packs::open_some(std::slice::from_ref(index))?.objects() {
            young.push(ids::object_id(id.as_slice())?);
        }
    }
    Ok(young)
}

/// Removes what is not in `reached` and older than `newest`; the rest becomes one pack, large blobs
/// that are files of their own aside.
///
/// # Errors
/// `Io`, `Data`: whatever is needed can still be read then.
pub(super) fn sweep(
    objects: &Objects,
    folder: &Path,
    reached: &Reached,
    newest: SystemTime,
) -> EngineResult<Swept> {
    let mut swept = Swept::default();
    let mut old_packs = Vec::new();
    let mut staying = HashSet::new();
    for index in all_packs(&folder.join("pack"))? {
        let pack = Packs::open_some(std::slice::from_ref(&index))?;
        let all = pack
            .objects()
            .map(|id| ids::object_id(id.as_slice()))
            .collect::<EngineResult<Vec<_>>>()?;
        let gone = all.iter().filter(|id| !reached.objects.contains(*id)).copied();
        let gone: Vec<ObjectId> = gone.collect();
        let is_big = size_of(&index.with_extension("pack"))? >= BIG_PACK_BYTES_MIN;
        if is_young(&index, newest) || (is_big && gone.is_empty()) {
            staying.extend(all);
        } else {
            swept.dropped.extend(gone);
            old_packs.push(index);
        }
    }
    let (mut packed, mut doomed) = (Vec::new(), Vec::new());
    let store = loose::Store::at(folder, gix::hash::Kind::Sha1);
    for id in store.iter() {
        // A file with another name is none of ours.
        let Ok(id) = id else { continue };
        let path = store.object_path(&id);
        let found = Loose { id: ids::object_id(GitId::as_slice(&id))?, path };
        if !reached.objects.contains(&found.id) {
            if !is_young(&found.path, newest) {
                doomed.push(found);
            }
        } else if objects.size(found.id)? <= WHOLE_BLOB_BYTES_MAX {
            packed.push(found);
        } else {
            staying.insert(found.id);
        }
    }
    if old_packs.is_empty() && packed.len() < PACKED_MIN {
        staying.extend(packed.drain(..).map(|found| found.id));
    }
    let packs = Packs::open_some(&old_packs)?;
    let mut order: Vec<ObjectId> = packed.iter().map(|found| found.id).collect();
    for id in packs.objects() {
        let id = ids::object_id(id.as_slice())?;
        if reached.objects.contains(&id) {
            order.push(id);
        }
    }
    let mut along = HashSet::with_capacity(order.len());
    order.retain(|id| !staying.contains(id) && along.insert(*id));
    swept.kept = order.len() + staying.len();
    let new = match order.is_empty() {
        true => None,
        false => Some(write_pack(objects, folder, &packs, &order, &along)?),
    };
    if let Some(new) = &new {
        objects.note_pack();
        check(&folder.join("pack").join(new).with_extension("idx"), &along)?;
    }
    drop(packs);
    swept.dropped.extend(doomed.iter().map(|found| found.id));
    for found in doomed.iter().chain(&packed) {
        remove(&found.path)?;
    }
    let is_new =
        |pack: &Path| new.as_deref().is_some_and(|new| pack.file_stem() == Some(new.as_ref()));
    for pack in old_packs.iter().filter(|pack| !is_new(pack)) {
        // Without an index nobody looks into a pack.
        for extension in ["idx", "rev", "pack"] {
            remove(&pack.with_extension(extension))?;
        }
    }
    sync_dir(&folder.join("pack"), objects.counters())?;
    Ok(swept)
}

/// Sees that what takes the place of others is there, before they go.
fn check(index: &PathBuf, along: &HashSet<ObjectId>) -> EngineResult<()> {
    let written = Packs::open_some(std::slice::from_ref(index))?;
    if written.objects().count() != along.len() {
        return Err(EngineError::Data {
            doing: "putting objects together",
            reason: "the new pack lacks some".to_owned(),
        });
    }
    Ok(())
}

fn size_of(path: &Path) -> EngineResult<u64> {
    fs::metadata(path).map(|found| found.len()).map_err(EngineError::io(path))
}

/// What cannot be asked for its age counts as young.
fn is_young(path: &Path, newest: SystemTime) -> bool {
    fs::metadata(path).and_then(|found| found.modified()).map_or(true, |modified| modified > newest)
}
