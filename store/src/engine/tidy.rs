//! Fewer files for the same objects: loose ones and small packs become one pack.
//!
//! Nothing is dropped, so it may run beside readers and writers: who looks for an object that has
//! moved finds it at the second look, as with git's own repacking. The new pack survives power loss
//! before what it replaces is removed.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::hash::ObjectId as GitId;
use gix::odb::loose;
use mesafs::tree::ObjectId;

use super::disk::sync_dir;
use super::error::{EngineError, EngineResult};
use super::export::reuse::Packs;
use super::ids::{self, git_id};
use super::objects::{Objects, WHOLE_BLOB_BYTES_MAX};
use super::pack::PackWriter;
use super::repository::Repository;
use super::types::Durability;

/// git's own measure for too many: so many loose objects, judged by one folder of 256.
const LOOSE_MAX: usize = 6700;
const SMALL_PACKS_MAX: usize = 50;
/// Bigger packs stay as they are.
const SMALL_PACK_BYTES_MAX: u64 = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tidy {
    /// Only where there are many files.
    IfNeeded,
    Always,
}

/// What was put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TidyReport {
    pub loose: usize,
    pub packs: usize,
    pub objects: usize,
}

impl Repository {
    /// Puts loose objects and small packs into one pack. Large blobs stay in files of their own.
    /// Answers what it did; nothing, if another thread is at it.
    ///
    /// # Errors
    /// `Io`, `System`, `Data`; everything can be read as before then.
    pub fn tidy(&self, how: Tidy) -> EngineResult<TidyReport> {
        let Some(_guard) = self.tidying.try_lock() else { return Ok(TidyReport::default()) };
        let folder = self.layout.objects();
        let packs = small_packs(&folder.join("pack"))?;
        let crowded =
            packs.len() > SMALL_PACKS_MAX || names_in(&folder.join("17"))?.len() * 256 > LOOSE_MAX;
        if how == Tidy::IfNeeded && !crowded {
            return Ok(TidyReport::default());
        }
        let loose = loose_objects(&self.objects, &folder)?;
        let packs = if packs.len() > 1 { packs } else { Vec::new() };
        if loose.is_empty() && packs.is_empty() {
            return Ok(TidyReport::default());
        }
        let new = repack(&self.objects, &folder, &loose, &packs)?;
        self.objects.note_pack();
        for path in loose.iter().map(|(_, path)| path) {
            remove(path)?;
        }
        for pack in packs.iter().filter(|pack| pack.file_stem() != Some(new.name.as_ref())) {
            // Without an index nobody looks into a pack.
            for extension in ["idx", "rev", "pack"] {
                remove(&pack.with_extension(extension))?;
            }
        }
        sync_dir(&folder.join("pack"), self.counters())?;
        Ok(TidyReport { loose: loose.len(), packs: packs.len(), objects: new.objects })
    }
}

struct NewPack {
    name: String,
    objects: usize,
}

fn repack(
    objects: &Objects,
    folder: &Path,
    loose: &[(ObjectId, PathBuf)],
    paths: &[PathBuf],
) -> EngineResult<NewPack> {
    let packs = Packs::open_some(paths)?;
    let mut order: Vec<ObjectId> = loose.iter().map(|(id, _)| *id).collect();
    for id in packs.objects() {
        order.push(ids::object_id(id.as_slice())?);
    }
    let mut along = HashSet::with_capacity(order.len());
    order.retain(|id| along.insert(*id));
    let name = write_pack(objects, folder, &packs, &order, &along)?;
    Ok(NewPack { name, objects: order.len() })
}

/// Writes the objects in `order` to one pack, which survives power loss then. Answers its name.
pub(super) fn write_pack(
    objects: &Objects,
    folder: &Path,
    packs: &Packs,
    order: &[ObjectId],
    along: &HashSet<ObjectId>,
) -> EngineResult<String> {
    let mut pack = PackWriter::new(folder).map_err(EngineError::io(folder))?;
    for &id in order {
        let done = match packs.find(id, along)? {
            Some(entry) => {
                pack.add_compressed(git_id(id), entry.header, entry.len, entry.compressed)
            }
            None => {
                let kind = objects.kind(id)?;
                objects.decode(id, kind, |data| pack.add(git_id(id), kind, data))?
            }
        };
        done.map_err(EngineError::io(folder))?;
    }
    pack.finish(Durability::Power, objects.counters()).map_err(EngineError::io(folder))
}

/// Loose objects that are not large.
fn loose_objects(objects: &Objects, folder: &Path) -> EngineResult<Vec<(ObjectId, PathBuf)>> {
    let store = loose::Store::at(folder, gix::hash::Kind::Sha1);
    let mut found = Vec::new();
    for id in store.iter() {
        // A file with another name is none of ours.
        let Ok(id) = id else { continue };
        let path = store.object_path(&id);
        let id: ObjectId = ids::object_id(GitId::as_slice(&id))?;
        if objects.size(id)? <= WHOLE_BLOB_BYTES_MAX {
            found.push((id, path));
        }
    }
    Ok(found)
}

/// The indexes of packs that may be replaced and are not big.
fn small_packs(folder: &Path) -> EngineResult<Vec<PathBuf>> {
    let mut packs = all_packs(folder)?;
    let mut failed = Ok(());
    packs.retain(|index| {
        let pack = index.with_extension("pack");
        match fs::metadata(&pack) {
            Ok(found) => found.len() <= SMALL_PACK_BYTES_MAX,
            Err(error) => {
                failed = Err(EngineError::io(&pack)(error));
                false
            }
        }
    });
    failed.map(|()| packs)
}

/// The indexes of packs that may be replaced.
pub(super) fn all_packs(folder: &Path) -> EngineResult<Vec<PathBuf>> {
    let mut packs = Vec::new();
    for name in names_in(folder)? {
        let path = folder.join(name);
        if path.extension().is_none_or(|extension| extension != "idx")
            || path.with_extension("keep").exists()
        {
            continue;
        }
        packs.push(path);
    }
    packs.sort_unstable();
    Ok(packs)
}

fn names_in(folder: &Path) -> EngineResult<Vec<std::ffi::OsString>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.file_name()).map_err(EngineError::io(folder)))
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(EngineError::io(folder)(error)),
    }
}

pub(super) fn remove(path: &Path) -> EngineResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EngineError::io(path)(error)),
        _ => Ok(()),
    }
}
