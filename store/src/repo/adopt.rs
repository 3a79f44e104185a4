//! What comes from another repository, or from scratch memory, becomes this repository's own.
//!
//! A graft's content must not hang on the place it came from. Small files go into the journal
//! whole; everything else is stored here first, and the journal says where.

use std::borrow::Cow;
use std::sync::Arc;

use mesafs::error::{FsError, FsResult, Operation};
use mesafs::op::{Batch, Op};
use mesafs::path::RepoPath;
use mesafs::tree::{Body, Conflict, Dir, File, Node, Symlink};

use super::Repo;
use super::facts::FactsOf;
use super::write::{Marks, store_tree};
use crate::engine::Durability;
use crate::error::{StoreError, engine_to_fs};
use crate::records::Lasting;

/// A file up to this size goes into the journal whole.
const INLINE_BYTES_MAX: u64 = 4 << 20;

impl Repo {
    /// The batch with every graft's content in this repository.
    pub(super) fn adopted<'a>(&self, batch: &'a Batch, from: Marks) -> FsResult<Cow<'a, Batch>> {
        if !batch.ops.iter().any(|op| matches!(op, Op::Graft { .. })) {
            return Ok(Cow::Borrowed(batch));
        }
        let mut ops = Vec::with_capacity(batch.ops.len());
        for op in &batch.ops {
            let Op::Graft { path, node } = op else {
                ops.push(op.clone());
                continue;
            };
            let fail = |error: FsError| error.at(path.clone());
            let adopted = match from {
                Marks::Own => self.kept(node),
                Marks::Foreign => self.adopt(node),
            };
            ops.push(Op::Graft { path: path.clone(), node: adopted.map_err(fail)? });
            self.conflicts_below(path, node, &mut ops).map_err(fail)?;
        }
        Ok(Cow::Owned(Batch { ops, ..*batch }))
    }

    /// A stored folder holds the text of conflicts: their sides are put there after it. Iterative; looks
    /// only at what is in memory, for what was never touched has no conflict that is not there.
    fn conflicts_below(&self, path: &RepoPath, node: &Node, ops: &mut Vec<Op>) -> FsResult<()> {
        let Node::Dir(dir) = node else { return Ok(()) };
        let mut dirs = vec![(path.clone(), dir.clone())];
        while let Some((path, dir)) = dirs.pop() {
            // A folder with a conflict in it is never noted as stored.
            if dir.stored().is_some() {
                continue;
            }
            for (name, node) in dir.iter()? {
                match node {
                    Node::Dir(below) => dirs.push((path.child(name), below.clone())),
                    Node::File(file) if file.conflict.is_some() => {
                        ops.push(Op::Graft { path: path.child(name), node: self.adopt(node)? });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// What was in this repository before: only what is not stored yet has to be brought in.
    fn kept(&self, node: &Node) -> FsResult<Node> {
        match node {
            Node::Dir(dir) if dir.stored().is_some() => Ok(node.clone()),
            Node::Dir(dir) => {
                let fail = |error| engine_to_fs(&error, Operation::Copy);
                let mut writer = self.heads.writer();
                let mut stored = store_tree(dir, Marks::Own, &mut writer)?;
                writer.finish(Durability::Power).map_err(fail)?;
                let (facts, sums) = (&stored.facts, &stored.sums);
                let kept = self.shared.records.put_nodes(facts, sums, Lasting::Power);
                kept.map_err(|error: StoreError| error.to_fs(Operation::Copy))?;
                std::mem::take(&mut stored.settle).apply(&self.source());
                // A folder with a conflict in it is never noted as stored.
                match dir.stored() {
                    Some(_) => Ok(node.clone()),
                    None => self.adopt(node),
                }
            }
            Node::File(file) if file.conflict.is_none() && file.body.stored().is_some() => {
                Ok(node.clone())
            }
            _ => self.adopt(node),
        }
    }

    fn adopt(&self, node: &Node) -> FsResult<Node> {
        Ok(match node {
            Node::Symlink(link) => Symlink::new(link.attributes, link.target()).into(),
            Node::Gitlink(commit) => Node::Gitlink(*commit),
            Node::File(file) => {
                let conflict = match &file.conflict {
                    None => None,
                    Some(conflict) => {
                        let side = |side: &Option<Body>| {
                            side.as_ref().map(|body| self.adopt_body(body)).transpose()
                        };
                        Some(Arc::new(Conflict {
                            removes: conflict.removes.iter().map(side).collect::<FsResult<_>>()?,
                            adds: conflict.adds.iter().map(side).collect::<FsResult<_>>()?,
                        }))
                    }
                };
                let body = self.adopt_body(&file.body)?;
                File { attributes: file.attributes, body, conflict }.into()
            }
            Node::Dir(dir) => self.adopt_dir(dir)?.into(),
        })
    }

    fn adopt_body(&self, body: &Body) -> FsResult<Body> {
        if body.len() <= INLINE_BYTES_MAX {
            return Ok(Body::from(body.read_all()?));
        }
        let file =
            File::new(mesafs::tree::Attributes { mode: 0o644, mtime_ns: None }, body.clone());
        let around = Dir::empty(file.attributes).insert(b"content", file.into())?;
        let adopted = self.adopt_dir(&around)?;
        match adopted.get(b"content")? {
            Some(Node::File(file)) => Ok(file.body.clone()),
            _ => Ok(Body::empty()),
        }
    }

    fn adopt_dir(&self, dir: &Dir) -> FsResult<Dir> {
        let fail = |error| engine_to_fs(&error, Operation::Copy);
        let mut writer = self.heads.writer();
        let stored = store_tree(dir, Marks::Foreign, &mut writer)?;
        writer.finish(Durability::Power).map_err(fail)?;
        let kept = self.shared.records.put_nodes(&stored.facts, &stored.sums, Lasting::Power);
        kept.map_err(|error: StoreError| error.to_fs(Operation::Copy))?;
        let FactsOf::Dir { facts, sums, .. } = stored.noted.of else {
            return Ok(Dir::empty(dir.attributes));
        };
        // A directory without files has no tree of its own.
        let tree = (!stored.is_bare).then_some(stored.root.tree);
        Ok(Dir::lazy(dir.attributes, self.source(), tree, facts, sums))
    }
}
