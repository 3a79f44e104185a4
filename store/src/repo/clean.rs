//! Cleaning a repository up while it is used.
//!
//! Whoever writes objects that nothing names yet holds the gate, and waits here; plain writes go into
//! the journal and don't. What live trees hold of the repository's objects stays, named or not.

use std::sync::Arc;

use mesafs::error::FsResult;
use mesafs::tree::{Body, Chunk, Dir, Node, ObjectId};

use super::{LiveChange, Repo};
use crate::engine::{Cleaned, GcReport, Kept};
use crate::error::StoreError;

impl Repo {
    /// Drops what no operation within retention, no open change and no bookmark needs, and what is kept
    /// beside it: the facts of commits, the sums of trees.
    ///
    /// # Errors
    /// EIO, ENOSPC; what is needed can be read as before then.
    pub fn clean_up(&self, kept: Kept) -> Result<GcReport, StoreError> {
        self.flush_dirty()?;
        let _alone = self.gate.write();
        let history = self.history.lock();
        self.refresh(&history)?;
        let used: Vec<ObjectId> = self.used()?.objects.into_iter().flatten().collect();
        let Cleaned { report, commits, dropped } = self.engine.gc(kept, &used)?;
        self.shared.records.keep_commit_facts(self.uid, &commits)?;
        self.shared.records.drop_sums(&dropped)?;
        Ok(report)
    }

    /// The facts nodes that open changes are made of, those below them aside.
    pub fn used_facts(&self) -> FsResult<Vec<[u8; 32]>> {
        Ok(self.used()?.facts)
    }

    fn used(&self) -> FsResult<Used> {
        let lives: Vec<Arc<LiveChange>> = self.lives.lock().values().map(Arc::clone).collect();
        let mut used = Used::default();
        for live in lives {
            // What was abandoned may be written to again, and is then what this was built on.
            used.objects.push(commit_object(&live));
            used_by(live.tree.root().dir, &mut used)?;
        }
        Ok(used)
    }
}

/// What open changes hold of what is stored.
#[derive(Debug, Default)]
struct Used {
    objects: Vec<Option<ObjectId>>,
    facts: Vec<[u8; 32]>,
}

fn commit_object(live: &LiveChange) -> Option<ObjectId> {
    let commit = live.commit();
    let mut id = [0; 20];
    for (byte, digits) in id.iter_mut().zip(commit.as_str().as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(ObjectId(id))
}

/// The objects that a live tree is made of, those below them aside. Iterative; looks only at what is
/// not stored as a whole.
fn used_by(dir: Dir, used: &mut Used) -> FsResult<()> {
    let mut dirs = vec![dir];
    while let Some(dir) = dirs.pop() {
        if let Some(stored) = dir.stored() {
            used.objects.push(stored.tree);
            used.facts.extend(stored.facts);
            continue;
        }
        for (_, node) in dir.iter()? {
            match node {
                Node::Dir(below) => dirs.push(below.clone()),
                Node::Symlink(link) => used.objects.push(link.stored()),
                Node::File(file) => {
                    used_by_body(&file.body, used);
                    let sides = file.conflict.iter();
                    let sides = sides.flat_map(|sides| sides.removes.iter().chain(&sides.adds));
                    sides.flatten().for_each(|body| used_by_body(body, used));
                }
                Node::Gitlink(_) => {}
            }
        }
    }
    Ok(())
}

fn used_by_body(body: &Body, used: &mut Used) {
    used.objects.push(body.stored());
    for chunk in body.chunks() {
        if let Chunk::Blob { blob, .. } = chunk {
            used.objects.push(Some(blob));
        }
    }
}
