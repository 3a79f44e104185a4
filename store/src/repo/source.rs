//! Loads what no edit has touched: git's trees and blobs, with the facts beside them.

use std::iter::Peekable;
use std::sync::Arc;
use std::vec;

use bytes::Bytes;
use mesafs::counters::Counters;
use mesafs::error::{Errno, FsError, FsResult, Operation};
use mesafs::tree::{Attributes, Entry, EntryKind, ObjectId, Source, Sums};

use super::facts::{
    DIR_MODE, FactsEntry, FactsOf, LINK_MODE, decode_node, file_mode, is_executable,
};
use crate::engine::{EngineError, TreeEntry, TreeEntryKind};
use crate::error::{StoreError, engine_to_fs};
use crate::persist::{Objects, Records};

/// How many directories may lie in each other where sums are counted anew.
const FACTS_WALKED_MAX: usize = 1 << 20;

/// Reads one repository.
#[derive(Debug)]
pub(crate) struct RepoSource {
    objects: Arc<dyn Objects>,
    records: Arc<dyn Records>,
    counters: Arc<Counters>,
}

impl RepoSource {
    pub fn new(
        objects: Arc<dyn Objects>,
        records: Arc<dyn Records>,
        counters: Arc<Counters>,
    ) -> Arc<Self> {
        Arc::new(Self { objects, records, counters })
    }

    pub(super) fn objects(&self) -> &dyn Objects {
        &*self.objects
    }

    pub(super) fn facts_node(&self, id: [u8; 32]) -> FsResult<Vec<FactsEntry>> {
        self.counters.add_objects_read(1);
        let stored = self.records.facts(&id).map_err(|error| error.to_fs(Operation::List))?;
        let entries = stored.and_then(|bytes| decode_node(bytes.into()));
        entries.ok_or_else(|| {
            let lost = FsError::new(Errno::Io, Operation::List, "");
            lost.with_detail("facts are missing or damaged")
        })
    }

    /// What a directory's entry says; `facts` is what was noted under its name.
    pub fn dir(
        &self,
        tree: ObjectId,
        facts: Option<&FactsEntry>,
    ) -> FsResult<(Attributes, EntryKind)> {
        let plain = Attributes { mode: DIR_MODE, mtime_ns: None };
        let Some(noted) = facts else {
            let sums = self.sums(tree)?;
            return Ok((plain, EntryKind::Dir { tree: Some(tree), facts: None, sums }));
        };
        let FactsOf::Dir { tree: noted_for, facts, sums } = noted.of else {
            let sums = self.sums(tree)?;
            return Ok((plain, EntryKind::Dir { tree: Some(tree), facts: None, sums }));
        };
        let sums = match facts {
            _ if noted_for == Some(tree) => sums,
            None => self.sums(tree)?,
            // A rewrite merged the directory: what git has, and what the facts have beyond it.
            Some(facts) => self.sums(tree)?.and(self.empties(facts)?),
        };
        let attributes = noted.attributes(DIR_MODE);
        Ok((attributes, EntryKind::Dir { tree: Some(tree), facts, sums }))
    }

    /// The sums of a git tree, counted once and kept.
    pub fn sums(&self, tree: ObjectId) -> FsResult<Sums> {
        let get = |tree| self.records.sums(tree).map_err(|error| error.to_fs(Operation::List));
        if let Some(sums) = get(tree)? {
            return Ok(sums);
        }
        let mut found = Vec::new();
        let mut known = |tree| self.records.sums(tree).ok().flatten();
        let sums = self
            .objects
            .sums(tree, &mut known, &mut |tree, sums| found.push((tree, sums)))
            .map_err(|error| engine_to_fs(&error, Operation::List))?;
        self.counters.add_objects_read(found.len() as u64);
        self.records.put_sums(&found).map_err(|error| error.to_fs(Operation::List))?;
        Ok(sums)
    }

    /// An upper bound of what a facts node holds that git does not: directories without files.
    fn empties(&self, facts: [u8; 32]) -> FsResult<Sums> {
        let mut total = Sums::default();
        let mut waiting = vec![(facts, 0_u32, 0_u32)];
        for _ in 0..FACTS_WALKED_MAX {
            let Some((facts, depth, path_bytes)) = waiting.pop() else { break };
            for entry in self.facts_node(facts)? {
                let FactsOf::Dir { tree, facts: below, .. } = entry.of else { continue };
                let name = u32::try_from(entry.name.len()).unwrap_or(u32::MAX);
                let path = path_bytes.saturating_add(name);
                let own = Sums { entries: 1, bytes: 0, depth: depth + 1, longest_path: path };
                if tree.is_none() {
                    total = total.and(own);
                }
                waiting.extend(below.map(|id| (id, depth + 1, path.saturating_add(1))));
            }
        }
        Ok(total)
    }

    fn entry(&self, git: TreeEntry, facts: Option<&FactsEntry>) -> FsResult<Entry> {
        let fail = |error: EngineError| engine_to_fs(&error, Operation::List);
        let (attributes, kind) = match git.kind {
            TreeEntryKind::Dir(tree) => self.dir(tree, facts)?,
            TreeEntryKind::File { blob, executable } => {
                let mut attributes = Attributes { mode: file_mode(executable), mtime_ns: None };
                if let Some(noted) = facts
                    && let FactsOf::File(noted_for) = noted.of
                {
                    let mode = noted.mode.unwrap_or(attributes.mode);
                    if is_executable(mode) == executable {
                        attributes.mode = mode;
                    }
                    attributes.mtime_ns = noted.mtime_ns.filter(|_| noted_for == blob);
                }
                self.counters.add_objects_read(1);
                let size = self.objects.blob_size(blob).map_err(fail)?;
                (attributes, EntryKind::File { blob, size })
            }
            TreeEntryKind::Symlink(blob) => {
                self.counters.add_objects_read(1);
                let target = self.objects.symlink_target(blob).map_err(fail)?;
                let noted = facts.filter(|noted| noted.of == FactsOf::Symlink(blob));
                let mtime_ns = noted.and_then(|noted| noted.mtime_ns);
                let attributes = Attributes { mode: LINK_MODE, mtime_ns };
                (attributes, EntryKind::Symlink { target, blob })
            }
            TreeEntryKind::Gitlink(commit) => {
                let attributes = Attributes { mode: DIR_MODE, mtime_ns: None };
                (attributes, EntryKind::Gitlink { commit })
            }
        };
        Ok(Entry { name: git.name, attributes, kind })
    }
}

/// A directory that only the facts have; one that git had and lost is gone with its files.
fn facts_only(noted: &FactsEntry) -> Option<Entry> {
    match noted.of {
        FactsOf::Dir { tree: None, facts, sums } => Some(Entry {
            name: noted.name.clone(),
            attributes: noted.attributes(DIR_MODE),
            kind: EntryKind::Dir { tree: None, facts, sums },
        }),
        _ => None,
    }
}

impl Source for RepoSource {
    fn list(&self, tree: Option<ObjectId>, facts: Option<[u8; 32]>) -> FsResult<Vec<Entry>> {
        let git = match tree {
            Some(tree) => {
                self.counters.add_objects_read(1);
                let listed = self.objects.tree(tree);
                listed.map_err(|error| engine_to_fs(&error, Operation::List))?
            }
            None => Vec::new(),
        };
        let facts = facts.map_or(Ok(Vec::new()), |id| self.facts_node(id))?;
        let mut entries = Vec::with_capacity(git.len());
        let mut noted: Peekable<vec::IntoIter<FactsEntry>> = facts.into_iter().peekable();
        for entry in git {
            while let Some(before) = noted.next_if(|noted| noted.name < entry.name) {
                entries.extend(facts_only(&before));
            }
            let own = noted.next_if(|noted| noted.name == entry.name);
            entries.push(self.entry(entry, own.as_ref())?);
        }
        entries.extend(noted.filter_map(|noted| facts_only(&noted)));
        Ok(entries)
    }

    fn read(&self, blob: ObjectId, offset: u64, len: usize) -> FsResult<Bytes> {
        self.counters.add_objects_read(1);
        let read = self.objects.read(blob, offset, len);
        read.map_err(|error| engine_to_fs(&error, Operation::Read))
    }
}

impl RepoSource {
    /// The root directory of a commit's tree, as `noted` has it.
    pub fn root(
        self: &Arc<Self>,
        tree: ObjectId,
        noted: Option<&FactsEntry>,
    ) -> FsResult<mesafs::tree::Dir> {
        let (attributes, kind) = self.dir(tree, noted)?;
        let source = Arc::clone(self) as Arc<dyn Source>;
        let EntryKind::Dir { tree, facts, sums } = kind else {
            return Ok(mesafs::tree::Dir::empty(attributes));
        };
        Ok(mesafs::tree::Dir::lazy(attributes, source, tree, facts, sums))
    }

    /// What is noted beside the root directory of a commit.
    pub fn decode_root(bytes: Vec<u8>) -> Result<FactsEntry, StoreError> {
        FactsEntry::decode(bytes.into()).ok_or_else(|| {
            let damaged = FsError::new(Errno::Io, Operation::Lookup, "");
            StoreError::Fs(damaged.with_detail("facts of a commit are damaged"))
        })
    }
}
