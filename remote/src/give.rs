//! Batches, as they are told to the server: what it has already is named, the rest is sent.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use mesa_protocol as wire;
use mesa_protocol::{Item, Piece, TreeNode};
use mesafs::op::{Batch, Op, Target};
use mesafs::tree::{Body, Chunk, Dir, Node};
use mesafs::{FsResult, RepoPath};

use crate::body::RemoteBody;
use crate::session::Session;
use crate::tree::DirSource;

/// So many bytes of a content from elsewhere are read at once.
const PIECE_BYTES: usize = 8 << 20;

/// A batch of `session`'s.
pub(crate) fn batch(session: &Arc<Session>, batch: &Batch) -> FsResult<wire::Batch> {
    let ops = batch.ops.iter().map(|op| told(session, op)).collect::<FsResult<_>>()?;
    Ok(wire::Batch { id: batch.id.0, now_ns: batch.now_ns, ops })
}

fn target(target: &Target) -> wire::Target {
    match target {
        Target::Path(path) => wire::Target::Path(path.clone()),
        Target::Open(id) => wire::Target::Held(id.0),
    }
}

fn told(session: &Arc<Session>, op: &Op) -> FsResult<wire::Op> {
    Ok(match op.clone() {
        Op::Create { path, mode, if_exists } => wire::Op::Create { path, mode, if_exists },
        Op::WriteAt { target: to, offset, data } => {
            wire::Op::WriteAt { target: target(&to), offset, data }
        }
        Op::Append { target: to, data } => wire::Op::Append { target: target(&to), data },
        Op::Truncate { target: to, len } => wire::Op::Truncate { target: target(&to), len },
        Op::Write { path, mode, data } => wire::Op::Write { path, mode, data },
        Op::Replace { path, base, data } => {
            wire::Op::Replace { path, base: body(session, &base)?, data }
        }
        Op::MakeDir { path, mode, parents } => wire::Op::MakeDir { path, mode, parents },
        Op::Remove { path, recursive } => wire::Op::Remove { path, recursive },
        Op::Rename { from, to, replace } => wire::Op::Rename { from, to, replace },
        Op::Copy { from, to } => wire::Op::Copy { from, to },
        Op::Graft { path, node: top } => wire::Op::Graft { path, node: node(session, top)? },
        Op::SetMode { path, mode } => wire::Op::SetMode { path, mode },
        Op::SetTimes { path, mtime_ns } => wire::Op::SetTimes { path, mtime_ns },
        Op::Symlink { path, target } => wire::Op::Symlink { path, target },
    })
}

/// Whether the server of `session` lets this token name what is another's.
fn shares(session: &Session, other: &Session) -> bool {
    Arc::ptr_eq(&session.link, &other.link) && session.token.expose() == other.token.expose()
}

fn body(session: &Arc<Session>, body: &Body) -> FsResult<wire::Body> {
    let mut pieces = Vec::new();
    for chunk in body.chunks() {
        match &chunk {
            Chunk::Memory(bytes) => pieces.push(Piece::Bytes(bytes.clone())),
            Chunk::Zeros(len) => pieces.push(Piece::Zeros(*len)),
            Chunk::External { reader, offset, len } => {
                let reader: &dyn Any = &**reader;
                let named = reader.downcast_ref::<RemoteBody>().and_then(|remote| {
                    let (other, id, place) = remote.named()?;
                    shares(session, &other).then_some((id, place, remote.key))
                });
                match named {
                    Some((session, place, expected)) => {
                        let (offset, len) = (*offset, *len);
                        pieces.push(Piece::Known { session, place, expected, offset, len });
                    }
                    None => read(&chunk, &mut pieces)?,
                }
            }
            _ => read(&chunk, &mut pieces)?,
        }
    }
    Ok(wire::Body(pieces))
}

fn read(chunk: &Chunk, pieces: &mut Vec<Piece>) -> FsResult<()> {
    let mut from = 0;
    while from < chunk.len() {
        let len = usize::try_from(chunk.len() - from).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let bytes: Bytes = chunk.read(from, len)?;
        from += bytes.len() as u64;
        pieces.push(Piece::Bytes(bytes));
    }
    Ok(())
}

/// How the server knows a directory that it told of.
fn known(session: &Session, dir: &Dir) -> Option<TreeNode> {
    let source: &dyn Any = &**dir.source()?;
    let source = source.downcast_ref::<DirSource>()?;
    let other = source.pin.session.upgrade()?;
    let id = other.id_in(source.pin.generation)?;
    let (root, path) = (source.pin.number, source.path.clone());
    shares(session, &other).then_some(TreeNode::Known { session: id, root, path })
}

fn node(session: &Arc<Session>, top: Node) -> FsResult<wire::Node> {
    let mut items = Vec::new();
    let mut pending = vec![(RepoPath::root(), top)];
    while let Some((path, node)) = pending.pop() {
        let attributes = node.attributes();
        let told = match &node {
            Node::Dir(dir) => match known(session, dir) {
                Some(known) => known,
                None => {
                    let below = dir.iter()?;
                    pending.extend(below.map(|(name, node)| (path.child(name), node.clone())));
                    TreeNode::Dir
                }
            },
            Node::File(file) => TreeNode::File(body(session, &file.body)?),
            Node::Symlink(link) => TreeNode::Symlink(link.target().to_owned()),
            Node::Gitlink(commit) => TreeNode::Gitlink(*commit),
        };
        items.push(Item { path, attributes, node: told });
    }
    Ok(wire::Node(items))
}
