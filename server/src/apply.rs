//! Batches: from what was told to ops on a checkout.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bstr::BString;
use mesa_protocol as wire;
use mesa_protocol::{
    ErrorBody, How, OPS_MAX, Part, PartApplied, Piece, Reply, SessionId, Step, Stepped, TreeNode,
    code,
};
use mesafs::RepoPath;
use mesafs::backend::{Checkout, Planned};
use mesafs::op::{Applied, Batch, BatchId, Op, OpenId, Target};
use mesafs::tree::{Body, Chunk, Dir, File, Node, Symlink};

use crate::read::Unknown;
use crate::session::Session;

/// So many batches can become visible together.
const PARTS_MAX: usize = 64;
/// So many of the paths that a batch changes are looked at for its answer.
const PATHS_TOLD_MAX: usize = 64;
/// The same, of many batches.
const STEPS_PATHS_TOLD_MAX: usize = 512;

/// The sessions that a call may name: those of its token.
pub(crate) type Known<'a> = &'a dyn Fn(SessionId) -> Result<Arc<Session>, ErrorBody>;

fn malformed(text: &str) -> ErrorBody {
    ErrorBody::new(code::MALFORMED, text)
}

/// Lands batches. Answers the sessions that they are for, beside the reply.
pub(crate) fn apply(
    how: How,
    line: Option<&BString>,
    parts: Vec<Part>,
    known: Known<'_>,
) -> Result<(Vec<Arc<Session>>, Reply), ErrorBody> {
    let counted = match how {
        How::Plain | How::Own => parts.len() == 1,
        How::Together => (1..=PARTS_MAX).contains(&parts.len()),
        How::Move => parts.len() == 2,
    };
    if !counted {
        return Err(malformed("a wrong number of batches"));
    }
    let mut taken = Vec::new();
    for part in parts {
        let session = known(part.session)?;
        let named = Named::of(&part.batch);
        let batch = batch_of(&session, part.batch, known)?;
        let checkout = session.for_line(line);
        taken.push((session, checkout, Planned { batch, version: part.version }, named));
    }
    let id = taken.first().map_or(0, |(_, _, planned, _)| planned.batch.id.0);
    let Some(first) = taken.first().map(|(session, ..)| Arc::clone(session)) else {
        return Err(malformed("no batch"));
    };
    let sessions = taken.iter().map(|(session, ..)| Arc::clone(session)).collect();
    let reply = first.answers.once(id, || {
        let mut applied = land(how, &taken)?;
        let mut told = Vec::new();
        for (session, _, _, named) in &taken {
            let root = session.root()?;
            let held = session.held_after(&named.handles);
            let paths: Vec<RepoPath> = held
                .iter()
                .filter_map(|held| held.path.clone())
                .chain(named.paths.clone())
                .collect();
            let listings = session.leading_to(root.number, &paths, Unknown::Tell);
            let applied = applied.pop_front();
            let version = applied.as_ref().map_or(root.version, |applied| applied.version);
            let replaced = applied.map(|applied| applied.replaced).unwrap_or_default();
            told.push(PartApplied { version, replaced, root, held, listings });
        }
        Ok(Reply::Applied(told))
    });
    Ok((sessions, reply?))
}

type Taken = (Arc<Session>, Arc<dyn Checkout>, Planned, Named);

fn land(how: How, taken: &[Taken]) -> Result<VecDeque<Applied>, ErrorBody> {
    let [(_, first, planned, _), others @ ..] = taken else { return Err(malformed("no batch")) };
    let batch = planned.batch.clone();
    match (how, others) {
        (How::Plain, _) => Ok([first.apply(batch)?].into()),
        (How::Own, _) => Ok([first.apply_own(batch)?].into()),
        (How::Move, [(_, other, removal, _)]) => {
            first.apply_with(batch, &**other, removal.batch.clone())?;
            Ok([].into())
        }
        _ => {
            let others = others.iter().map(|(_, other, planned, _)| {
                let other: &dyn mesafs::Volume = &**other;
                (other, planned.clone())
            });
            first.apply_together(planned.clone(), others.collect())?;
            Ok([].into())
        }
    }
}

/// What a batch names, as far as its sender will look at it next.
struct Named {
    handles: Vec<u64>,
    paths: Vec<RepoPath>,
}

impl Named {
    fn of(batch: &wire::Batch) -> Self {
        let (mut handles, mut paths) = (Vec::new(), Vec::new());
        for op in &batch.ops {
            match op.target() {
                wire::Target::Held(handle) => handles.push(handle),
                wire::Target::Path(path) => paths.push(path),
            }
            if let wire::Op::Rename { from, .. } = op {
                paths.push(from.clone());
            }
        }
        handles.sort_unstable();
        handles.dedup();
        paths.sort();
        paths.dedup();
        paths.truncate(PATHS_TOLD_MAX);
        Self { handles, paths }
    }
}

/// Does steps in order until one fails. What failed is part of the answer: what came before is done.
pub(crate) fn steps_of(
    session: &Arc<Session>,
    id: u128,
    line: Option<&BString>,
    steps: Vec<Step>,
    known: Known<'_>,
) -> Result<Reply, ErrorBody> {
    if steps.len() > OPS_MAX {
        return Err(ErrorBody::new(code::TOO_LARGE, "too many steps in one call"));
    }
    let checkout = session.for_line(line);
    session.answers.once(id, || {
        session.checkout.root()?;
        let (mut done, mut failed, mut paths) = (0, None, BTreeSet::new());
        for step in steps {
            let stepped = match step {
                Step::Batch(batch) => {
                    if paths.len() < STEPS_PATHS_TOLD_MAX {
                        paths.extend(Named::of(&batch).paths);
                    }
                    land_step(session, &*checkout, batch, known)
                }
                Step::Hold { handle, path } => session.hold(&[(handle, path)]).map(drop),
                Step::Release { handle } => {
                    session.release(&[handle]);
                    Ok(())
                }
            };
            if let Err(error) = stepped {
                failed = Some(error);
                break;
            }
            done += 1;
        }
        let root = session.root()?;
        let held = session.held_all();
        paths.extend(held.iter().filter_map(|held| held.path.clone()));
        let paths: Vec<RepoPath> = paths.into_iter().collect();
        let listings = session.leading_to(root.number, &paths, Unknown::Tell);
        Ok(Reply::Stepped(Stepped { done, failed, root, held, listings }))
    })
}

/// Lands a batch of steps. When they are sent again, to another session, a file may be gone that a batch
/// had named which has landed: the backend knows that by its id before it looks at its ops.
fn land_step(
    session: &Session,
    checkout: &dyn Checkout,
    batch: wire::Batch,
    known: Known<'_>,
) -> Result<(), ErrorBody> {
    if batch.ops.len() > OPS_MAX {
        return Err(ErrorBody::new(code::TOO_LARGE, "too many ops in one batch"));
    }
    let target = |target| match target {
        wire::Target::Held(handle) if session.handle(handle).is_err() => {
            Ok(Target::Open(OpenId(u64::MAX)))
        }
        target => target_of(session, target),
    };
    let op = |op| match op {
        wire::Op::WriteAt { target: to, offset, data } => {
            Ok(Op::WriteAt { target: target(to)?, offset, data })
        }
        wire::Op::Append { target: to, data } => Ok(Op::Append { target: target(to)?, data }),
        wire::Op::Truncate { target: to, len } => Ok(Op::Truncate { target: target(to)?, len }),
        op => op_of(session, op, known),
    };
    let ops = batch.ops.into_iter().map(op).collect::<Result<_, ErrorBody>>()?;
    checkout.apply(Batch { id: BatchId(batch.id), now_ns: batch.now_ns, ops })?;
    Ok(())
}

fn batch_of(session: &Session, batch: wire::Batch, known: Known<'_>) -> Result<Batch, ErrorBody> {
    if batch.ops.len() > OPS_MAX {
        return Err(ErrorBody::new(code::TOO_LARGE, "too many ops in one batch"));
    }
    let ops = batch.ops.into_iter().map(|op| op_of(session, op, known));
    Ok(Batch { id: BatchId(batch.id), now_ns: batch.now_ns, ops: ops.collect::<Result<_, _>>()? })
}

fn target_of(session: &Session, target: wire::Target) -> Result<Target, ErrorBody> {
    Ok(match target {
        wire::Target::Path(path) => Target::Path(path),
        wire::Target::Held(handle) => Target::Open(session.handle(handle)?.id()),
    })
}

fn op_of(session: &Session, op: wire::Op, known: Known<'_>) -> Result<Op, ErrorBody> {
    Ok(match op {
        wire::Op::Create { path, mode, if_exists } => Op::Create { path, mode, if_exists },
        wire::Op::WriteAt { target, offset, data } => {
            Op::WriteAt { target: target_of(session, target)?, offset, data }
        }
        wire::Op::Append { target, data } => {
            Op::Append { target: target_of(session, target)?, data }
        }
        wire::Op::Truncate { target, len } => {
            Op::Truncate { target: target_of(session, target)?, len }
        }
        wire::Op::Write { path, mode, data } => Op::Write { path, mode, data },
        wire::Op::Replace { path, base, data } => {
            Op::Replace { path, base: body_of(base, known)?, data }
        }
        wire::Op::MakeDir { path, mode, parents } => Op::MakeDir { path, mode, parents },
        wire::Op::Remove { path, recursive } => Op::Remove { path, recursive },
        wire::Op::Rename { from, to, replace } => Op::Rename { from, to, replace },
        wire::Op::Copy { from, to } => Op::Copy { from, to },
        wire::Op::Graft { path, node } => Op::Graft { path, node: node_of(node, known)? },
        wire::Op::SetMode { path, mode } => Op::SetMode { path, mode },
        wire::Op::SetTimes { path, mtime_ns } => Op::SetTimes { path, mtime_ns },
        wire::Op::Symlink { path, target } => Op::Symlink { path, target },
    })
}

/// A content that came along: its pieces joined, or one that a session was told of, as it is.
fn body_of(body: wire::Body, known: Known<'_>) -> Result<Body, ErrorBody> {
    let unknown = || ErrorBody::new(code::BASE_UNKNOWN, "a content that is not kept any more");
    let mut whole: Option<Body> = None;
    let pieces = body.0.len();
    for piece in body.0 {
        let chunks: Vec<Chunk> = match piece {
            Piece::Bytes(bytes) => vec![Chunk::Memory(bytes)],
            Piece::Zeros(len) => vec![Chunk::Zeros(len)],
            Piece::Known { session, place, expected, offset, len } => {
                let session = known(session)?;
                let body = session.body_at(&place, expected)?.ok_or_else(unknown)?;
                if pieces == 1 && offset == 0 && len == body.len() {
                    return Ok(body);
                }
                body.chunks_within(offset, len)
            }
        };
        let mut joined = whole.take().unwrap_or_default();
        for chunk in chunks {
            if joined.len().saturating_add(chunk.len()) > mesafs::tree::FILE_BYTES_MAX {
                return Err(ErrorBody::new(code::TOO_LARGE, "a file too large"));
            }
            joined = joined.append(chunk);
        }
        whole = Some(joined);
    }
    Ok(whole.unwrap_or_default())
}

/// A subtree that came along. Its items are put together from the deepest ones up.
fn node_of(node: wire::Node, known: Known<'_>) -> Result<Node, ErrorBody> {
    let mut items: BTreeMap<RepoPath, Node> = BTreeMap::new();
    let mut dirs: BTreeSet<RepoPath> = BTreeSet::new();
    for item in node.0 {
        let (path, attributes) = (item.path, item.attributes);
        let made = match item.node {
            TreeNode::Dir => {
                dirs.insert(path.clone());
                Dir::empty(attributes).into()
            }
            TreeNode::File(body) => File::new(attributes, body_of(body, known)?).into(),
            TreeNode::Symlink(target) => Symlink::new(attributes, target).into(),
            TreeNode::Gitlink(commit) => Node::Gitlink(commit),
            TreeNode::Known { session, root, path } => {
                let root = known(session)?.roots.get(root).ok_or_else(|| {
                    ErrorBody::new(code::BASE_UNKNOWN, "a tree that is not kept any more")
                })?;
                with_attributes(root.lookup(&path)?, attributes)
            }
        };
        if items.insert(path, made).is_some() {
            return Err(malformed("a tree with one path twice"));
        }
    }
    let mut below: BTreeMap<RepoPath, Vec<(Arc<[u8]>, Node)>> = BTreeMap::new();
    let mut flat: Vec<(usize, RepoPath, Node)> =
        items.into_iter().map(|(path, node)| (path.names().count(), path, node)).collect();
    flat.sort_by_key(|(depth, ..)| std::cmp::Reverse(*depth));
    for (_, path, mut node) in flat {
        if let Some(entries) = below.remove(&path)
            && let Node::Dir(dir) = &node
        {
            node = Dir::from_entries(dir.attributes, entries).into();
        }
        let Some((parent, name)) = path.split_last() else { return Ok(node) };
        if !dirs.contains(&parent) {
            return Err(malformed("a tree with a gap"));
        }
        below.entry(parent).or_default().push((name.into(), node));
    }
    Err(malformed("a tree without a top"))
}

fn with_attributes(node: Node, attributes: mesafs::tree::Attributes) -> Node {
    match node {
        Node::Dir(dir) => dir.with_attributes(attributes).into(),
        Node::File(file) => File { attributes, ..File::clone(&file) }.into(),
        Node::Symlink(link) => link.with_attributes(attributes).into(),
        Node::Gitlink(commit) => Node::Gitlink(commit),
    }
}
