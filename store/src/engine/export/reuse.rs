//! Entries of our packs that go into another pack as they are, deltas too.
//!
//! What was imported from a well packed repository would be many times as big if every object were
//! stored whole. A delta is taken only if its base goes along, and is found in the same pack: so no
//! delta can depend on itself by way of another pack.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use gix::hash::ObjectId as GitId;
use gix::odb::pack;
use gix::odb::pack::data::entry::Header;
use mesafs::tree::ObjectId;

use crate::engine::error::{Doing, EngineError, EngineResult};
use crate::engine::ids::{self, git_id};

pub(in crate::engine) struct Packs(Vec<Pack>);

struct Pack {
    index: pack::index::File,
    data: pack::data::File,
    /// Where each object begins, in that order.
    places: Vec<(u64, GitId)>,
}

/// One object as a pack has it.
pub(in crate::engine) struct Entry<'a> {
    pub header: Header,
    /// Of the object or the delta, inflated.
    pub len: u64,
    pub compressed: &'a [u8],
}

impl Packs {
    pub fn open(objects_dir: &Path) -> EngineResult<Self> {
        let folder = objects_dir.join("pack");
        let mut indexes = Vec::new();
        for entry in fs::read_dir(&folder).map_err(EngineError::io(&folder))? {
            let path = entry.map_err(EngineError::io(&folder))?.path();
            if path.extension().is_some_and(|extension| extension == "idx") {
                indexes.push(path);
            }
        }
        Self::open_some(&indexes)
    }

    /// The packs with these indexes.
    pub fn open_some(indexes: &[PathBuf]) -> EngineResult<Self> {
        indexes.iter().map(|path| Pack::open(path)).collect::<EngineResult<_>>().map(Self)
    }

    /// All their objects, those of one pack after those of another, in the order they are stored.
    pub fn objects(&self) -> impl Iterator<Item = GitId> {
        self.0.iter().flat_map(|pack| pack.places.iter().map(|place| place.1))
    }

    /// The object's entry, if it can go into a pack with exactly the objects `along`.
    pub fn find(&self, id: ObjectId, along: &HashSet<ObjectId>) -> EngineResult<Option<Entry<'_>>> {
        let Some((at, pack, offset)) = self.place(git_id(id)) else { return Ok(None) };
        let entry = pack.data.entry(offset).doing("reading a pack")?;
        let base = match entry.header {
            Header::RefDelta { base_id } => Some(base_id),
            Header::OfsDelta { base_distance } => {
                Header::verified_base_pack_offset(offset, base_distance)
                    .and_then(|base| pack.begins_at(base))
                    .ok_or_else(|| broken("a delta without its base"))
                    .map(Some)?
            }
            _ => None,
        };
        let header = match base {
            None => entry.header,
            Some(base_id) => {
                let same_pack = self.place(base_id).is_some_and(|(of_base, ..)| of_base == at);
                if !same_pack || !along.contains(&ids::object_id(base_id.as_slice())?) {
                    return Ok(None);
                }
                Header::RefDelta { base_id }
            }
        };
        let compressed = pack
            .data
            .entry_slice(entry.data_offset..pack.end_of(offset))
            .ok_or_else(|| broken("an object beyond its end"))?;
        Ok(Some(Entry { header, len: entry.decompressed_size, compressed }))
    }

    /// The first pack that has the object, its number, and where the object begins there.
    fn place(&self, id: GitId) -> Option<(usize, &Pack, u64)> {
        self.0.iter().enumerate().find_map(|(at, pack)| {
            let found = pack.index.lookup(id)?;
            Some((at, pack, pack.index.pack_offset_at_index(found)))
        })
    }
}

impl Pack {
    fn open(path: &Path) -> EngineResult<Self> {
        let kind = gix::hash::Kind::Sha1;
        let index = pack::index::File::at(path, kind).doing("opening a pack's index")?;
        let data =
            pack::data::File::at(path.with_extension("pack"), kind).doing("opening a pack")?;
        let mut places: Vec<(u64, GitId)> =
            index.iter().map(|entry| (entry.pack_offset, entry.oid)).collect();
        places.sort_unstable();
        Ok(Self { index, data, places })
    }

    fn begins_at(&self, offset: u64) -> Option<GitId> {
        let at = self.places.binary_search_by_key(&offset, |place| place.0).ok()?;
        self.places.get(at).map(|place| place.1)
    }

    /// Where the object that begins at `offset` ends.
    fn end_of(&self, offset: u64) -> u64 {
        let next = self.places.partition_point(|place| place.0 <= offset);
        self.places.get(next).map_or(self.data.pack_end() as u64, |place| place.0)
    }
}

fn broken(reason: &str) -> EngineError {
    EngineError::Data { doing: "reading a pack", reason: reason.to_owned() }
}
