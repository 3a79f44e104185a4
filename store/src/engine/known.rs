//! Which objects a repository has, for a writer of many: asked without a system call for each.
//!
//! What others add after it was opened is not known, and is then stored twice, which does no harm.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::hash::{ObjectId as GitId, oid};
use gix::odb::pack::index;

/// The objects of a database at the moment it was opened.
pub(super) struct KnownObjects {
    objects_dir: PathBuf,
    packs: Vec<index::File>,
    /// The loose ones by their first byte, each folder listed when it is first asked for.
    loose: Vec<Option<HashSet<GitId>>>,
}

impl KnownObjects {
    /// # Errors
    /// An index of a pack that cannot be read.
    pub fn open(objects_dir: &Path) -> io::Result<Self> {
        let mut packs = Vec::new();
        for entry in fs::read_dir(objects_dir.join("pack"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "idx") {
                let pack = index::File::at(&path, gix::hash::Kind::Sha1);
                packs.push(pack.map_err(io::Error::other)?);
            }
        }
        let loose = vec![None; usize::from(u8::MAX) + 1];
        Ok(Self { objects_dir: objects_dir.to_owned(), packs, loose })
    }

    pub fn has(&mut self, id: &oid) -> bool {
        if self.packs.iter().any(|pack| pack.lookup(id).is_some()) {
            return true;
        }
        let first = id.first_byte();
        let Some(folder) = self.loose.get_mut(usize::from(first)) else { return false };
        folder.get_or_insert_with(|| listed(&self.objects_dir, first)).contains(id)
    }
}

/// The loose objects whose ids begin with `first`. A folder that cannot be read counts as empty.
fn listed(objects_dir: &Path, first: u8) -> HashSet<GitId> {
    let prefix = format!("{first:02x}");
    let Ok(entries) = fs::read_dir(objects_dir.join(&prefix)) else { return HashSet::new() };
    let id = |entry: io::Result<fs::DirEntry>| {
        let name = entry.ok()?.file_name();
        GitId::from_hex(format!("{prefix}{}", name.to_str()?).as_bytes()).ok()
    };
    entries.filter_map(id).collect()
}
