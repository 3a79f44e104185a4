//! Writes the nodes of a live tree that are not stored yet, and only those.
//!
//! Iterative, children before their directory. Nothing in the tree is marked before the objects and
//! the facts are sure to be readable: [`Settle`] does that, after
//! [`crate::engine::ObjectWriter::finish`] and [`crate::persist::Records::put_nodes`].

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::vec;

use bstr::BString;
use bytes::Bytes;
use mesafs::error::{FsResult, Operation};
use mesafs::path::RepoPath;
use mesafs::tree::{Attributes, Body, Dir, File, Node, ObjectId, Source, StoredDir, Sums, Symlink};

use super::facts::{
    DIR_MODE, FactsEntry, FactsOf, LINK_MODE, encode_node, file_mode, is_executable,
};
use crate::engine::{ConflictedFile, ObjectWriter, RootTree, Side, TreeEntry, TreeEntryKind};
use crate::error::engine_to_fs;

/// How much of a body is read at once.
const BODY_READ_BYTES: usize = 256 << 10;

/// A live tree as objects.
#[derive(Debug)]
pub(crate) struct StoredTree {
    pub root: RootTree,
    /// What is noted beside the root directory.
    pub noted: FactsEntry,
    pub facts: Vec<([u8; 32], Vec<u8>)>,
    pub sums: Vec<(ObjectId, Sums)>,
    pub settle: Settle,
    /// Bytes of the blobs that had to be written.
    pub blob_bytes: u64,
    /// Whether git has nothing of it, there being no files.
    pub is_bare: bool,
}

/// Whose objects the marks of a tree's nodes speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// This repository's: what is marked as stored need not be stored again.
    Own,
    /// Another repository's: everything is stored, and nothing is marked.
    Foreign,
}

/// What to note in the nodes once their objects are readable.
#[derive(Debug, Default)]
pub(crate) struct Settle {
    bodies: Vec<(Body, ObjectId)>,
    links: Vec<(Arc<Symlink>, ObjectId)>,
    dirs: Vec<(Dir, StoredDir)>,
}

impl Settle {
    /// Bodies are read from their blobs from now on, which lets memory and the journal go.
    pub fn apply(self, source: &Arc<dyn Source>) {
        for (body, blob) in self.bodies {
            body.settle_as_blob(Arc::clone(source), blob);
        }
        for (link, blob) in self.links {
            link.mark_stored(blob);
        }
        for (dir, stored) in self.dirs {
            dir.mark_stored(stored.tree, stored.facts);
        }
    }
}

/// Stores what of `dir` is not stored yet. The caller finishes the writer.
///
/// # Errors
/// EIO, ENOSPC; what was written by then is of no consequence.
pub(crate) fn store_tree(
    dir: &Dir,
    marks: Marks,
    writer: &mut ObjectWriter,
) -> FsResult<StoredTree> {
    let mut storing = Storing {
        writer,
        marks,
        blob_bytes: 0,
        conflicts: Vec::new(),
        facts: Vec::new(),
        sums: Vec::new(),
        settle: Settle::default(),
        done: HashMap::new(),
    };
    let stored = storing.dir(dir)?;
    let is_bare = stored.tree.is_none();
    let tree = match stored.tree {
        Some(tree) => tree,
        None => storing.writer.tree(&[]).map_err(|error| engine_to_fs(&error, Operation::Sync))?,
    };
    let Storing { mut conflicts, facts, sums, settle, blob_bytes, .. } = storing;
    conflicts.sort_by(|one, other| one.path.cmp(&other.path));
    let Attributes { mode, mtime_ns } = dir.attributes;
    let of = FactsOf::Dir { tree: Some(tree), facts: stored.facts, sums: dir.tightened()? };
    let mode = (mode != DIR_MODE).then_some(mode);
    let noted = FactsEntry { name: BString::default(), mode, mtime_ns, of };
    Ok(StoredTree {
        root: RootTree { tree, conflicts },
        noted,
        facts,
        sums,
        settle,
        blob_bytes,
        is_bare,
    })
}

struct Storing<'a> {
    writer: &'a mut ObjectWriter,
    marks: Marks,
    blob_bytes: u64,
    conflicts: Vec<ConflictedFile>,
    facts: Vec<([u8; 32], Vec<u8>)>,
    sums: Vec<(ObjectId, Sums)>,
    settle: Settle,
    /// Directories that were stored in this run: copies share their content.
    done: HashMap<usize, StoredDir>,
}

/// A directory whose children are being stored.
struct Frame {
    path: RepoPath,
    name: BString,
    dir: Dir,
    children: vec::IntoIter<(BString, Node)>,
    git: Vec<TreeEntry>,
    facts: Vec<FactsEntry>,
    /// Whether a conflict is in it: then every snapshot must come by here again.
    conflicted: bool,
}

impl Frame {
    fn new(path: RepoPath, name: BString, dir: Dir) -> FsResult<Self> {
        let children: Vec<_> =
            dir.iter()?.map(|(name, node)| (name.to_owned(), node.clone())).collect();
        let children = children.into_iter();
        Ok(Self { path, name, dir, children, git: vec![], facts: vec![], conflicted: false })
    }

    fn add_dir(&mut self, name: BString, dir: &Dir, stored: StoredDir) -> FsResult<()> {
        let StoredDir { tree, facts } = stored;
        let of = FactsOf::Dir { tree, facts, sums: dir.tightened()? };
        self.facts.extend(FactsEntry::new(&name, dir.attributes, DIR_MODE, of));
        self.git.extend(tree.map(|tree| TreeEntry { name, kind: TreeEntryKind::Dir(tree) }));
        Ok(())
    }
}

impl Storing<'_> {
    fn stored(&self, dir: &Dir) -> Option<StoredDir> {
        let marked = if self.marks == Marks::Own { dir.stored() } else { None };
        marked.or_else(|| self.done.get(&dir.identity()).copied())
    }

    fn stored_blob(&self, marked: Option<ObjectId>) -> Option<ObjectId> {
        marked.filter(|_| self.marks == Marks::Own)
    }

    fn dir(&mut self, root: &Dir) -> FsResult<StoredDir> {
        if let Some(stored) = self.stored(root) {
            return Ok(stored);
        }
        let mut stack = vec![Frame::new(RepoPath::root(), BString::default(), root.clone())?];
        loop {
            let Some(frame) = stack.last_mut() else {
                return Ok(StoredDir { tree: None, facts: None });
            };
            if let Some((name, node)) = frame.children.next() {
                if let Node::Dir(dir) = &node {
                    match self.stored(dir) {
                        Some(stored) => frame.add_dir(name, dir, stored)?,
                        None => {
                            let below = Frame::new(frame.path.child(&name), name, dir.clone())?;
                            stack.push(below);
                        }
                    }
                } else {
                    self.leaf(frame, name, &node)?;
                }
                continue;
            }
            let Some(frame) = stack.pop() else { continue };
            let stored = self.finish(&frame)?;
            let Some(above) = stack.last_mut() else { return Ok(stored) };
            above.conflicted |= frame.conflicted;
            above.add_dir(frame.name, &frame.dir, stored)?;
        }
    }

    fn finish(&mut self, frame: &Frame) -> FsResult<StoredDir> {
        let tree = match &frame.git[..] {
            [] => None,
            entries => {
                let written = self.writer.tree(entries);
                Some(written.map_err(|error| engine_to_fs(&error, Operation::Sync))?)
            }
        };
        let facts = match &frame.facts[..] {
            [] => None,
            entries => {
                let (id, node) = encode_node(entries);
                self.facts.push((id, node));
                Some(id)
            }
        };
        if let (Some(tree), None) = (tree, facts) {
            self.sums.push((tree, frame.dir.tightened()?));
        }
        let stored = StoredDir { tree, facts };
        if !frame.conflicted {
            self.done.insert(frame.dir.identity(), stored);
            self.settle.dirs.push((frame.dir.clone(), stored));
        }
        Ok(stored)
    }

    fn leaf(&mut self, frame: &mut Frame, name: BString, node: &Node) -> FsResult<()> {
        let kind = match node {
            Node::File(file) => {
                let blob = self.body(&file.body)?;
                let executable = is_executable(file.attributes.mode);
                let (git_mode, of) = (file_mode(executable), FactsOf::File(blob));
                frame.facts.extend(FactsEntry::new(&name, file.attributes, git_mode, of));
                if file.conflict.is_some() {
                    frame.conflicted = true;
                    self.conflict(frame.path.child(&name), file)?;
                }
                TreeEntryKind::File { blob, executable }
            }
            Node::Symlink(link) => {
                let blob = match self.stored_blob(link.stored()) {
                    Some(blob) => blob,
                    None => {
                        let target = Body::from(Bytes::copy_from_slice(link.target()));
                        let blob = self.blob(&target)?;
                        self.settle.links.push((Arc::clone(link), blob));
                        blob
                    }
                };
                let of = FactsOf::Symlink(blob);
                frame.facts.extend(FactsEntry::new(&name, link.attributes, LINK_MODE, of));
                TreeEntryKind::Symlink(blob)
            }
            Node::Gitlink(commit) => TreeEntryKind::Gitlink(*commit),
            // The caller has pushed a frame for it.
            Node::Dir(_) => return Ok(()),
        };
        frame.git.push(TreeEntry { name, kind });
        Ok(())
    }

    fn conflict(&mut self, path: RepoPath, file: &File) -> FsResult<()> {
        let Some(conflict) = &file.conflict else { return Ok(()) };
        let executable = is_executable(file.attributes.mode);
        let mut sides = |bodies: &[Option<Body>]| -> FsResult<Vec<Side>> {
            let side = |body: &Option<Body>| match body {
                None => Ok(None),
                Some(body) => {
                    let blob = self.body(body)?;
                    Ok(Some(TreeEntryKind::File { blob, executable }))
                }
            };
            bodies.iter().map(side).collect()
        };
        let (removes, adds) = (sides(&conflict.removes)?, sides(&conflict.adds)?);
        self.conflicts.push(ConflictedFile { path, removes, adds });
        Ok(())
    }

    fn body(&mut self, body: &Body) -> FsResult<ObjectId> {
        if let Some(blob) = self.stored_blob(body.stored()) {
            return Ok(blob);
        }
        let blob = self.blob(body)?;
        self.settle.bodies.push((body.clone(), blob));
        Ok(blob)
    }

    fn blob(&mut self, body: &Body) -> FsResult<ObjectId> {
        self.blob_bytes += body.len();
        let mut reader = BodyReader { body, at: 0, ready: Bytes::new() };
        let written = self.writer.blob(body.len(), &mut reader);
        written.map_err(|error| engine_to_fs(&error, Operation::Sync))
    }
}

/// Streams a body.
struct BodyReader<'a> {
    body: &'a Body,
    at: u64,
    ready: Bytes,
}

impl Read for BodyReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() {
            self.ready = self.body.read_at(self.at, BODY_READ_BYTES)?;
            self.at += self.ready.len() as u64;
        }
        let len = self.ready.len().min(buffer.len());
        let (Some(out), now) = (buffer.get_mut(..len), self.ready.split_to(len)) else {
            return Ok(0);
        };
        out.copy_from_slice(&now);
        Ok(len)
    }
}
