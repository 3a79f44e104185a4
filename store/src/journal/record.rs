//! What a journal record says, and its bytes.
//!
//! A record is one batch, or the batches of a move between repositories: it lands whole or not at
//! all. Ops are those of a plan: every target is a path, merges are done, so replaying them on the
//! same tree comes to the same tree. Who wrote is said once in a segment, and by number after that.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use mesafs::error::{Errno, FsError, FsResult, Operation};
use mesafs::name::ChangeId;
use mesafs::op::{Batch, BatchId, IfExists, Op, Replaced, Target};
use mesafs::path::RepoPath;
use mesafs::tree::{Body, Conflict, Dir, File, Node, ObjectId, Source, Symlink};

use crate::cause::Cause;
use crate::engine::Author;
use crate::wire::{Reader, Writer};

/// Names a repository for good: never given again, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RepoUid(pub i64);

/// Whose tree a part of a record changes.
pub(crate) type ChangeKey = (RepoUid, ChangeId);

/// One change's part of a record, read back.
#[derive(Debug)]
pub(crate) struct Part {
    pub key: ChangeKey,
    pub cause: Arc<Cause>,
    pub replaced: Vec<Replaced>,
    pub batch: Batch,
    /// Where in the record's payload the data of ops are: the op's index and the offset.
    pub data: Vec<(usize, usize)>,
}

/// One change's part of a record, to be written. One without ops only raises the version.
#[derive(Debug, Clone)]
pub(crate) struct PartRef<'a> {
    pub repo: RepoUid,
    pub change: ChangeId,
    pub cause: &'a Cause,
    pub id: BatchId,
    pub now_ns: i64,
    pub replaced: &'a [Replaced],
    pub ops: &'a [Op],
}

/// Where in a record's payload an op's data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataAt {
    pub part: usize,
    pub op: usize,
    pub offset: usize,
}

const FORMAT: u8 = 2;
/// In which every part has its author's name and email.
const FORMAT_OF_AUTHORS: u8 = 1;

/// The causes that a segment has named so far, by their numbers.
pub(crate) type Causes = HashMap<u64, Arc<Cause>>;

/// Appends the payload of a record to `out` and answers where the ops' data are in it. Causes that are
/// not `named` in the segment yet are named in the record.
///
/// # Errors
/// EIO if the content of a graft cannot be read.
pub(crate) fn encode(
    parts: &[PartRef<'_>],
    named: &HashSet<u64>,
    out: &mut Writer,
) -> FsResult<Vec<DataAt>> {
    let start = out.0.len();
    let mut data_at = Vec::new();
    out.u8(FORMAT);
    let mut new: Vec<&Cause> = Vec::new();
    for cause in parts.iter().map(|part| part.cause) {
        if !named.contains(&cause.id) && new.iter().all(|new| new.id != cause.id) {
            new.push(cause);
        }
    }
    out.len(new.len() as u64);
    for cause in new {
        out.u64(cause.id);
        let Author { name, email } = &cause.author;
        for text in [name, email, &cause.session, &cause.key] {
            out.bytes(text.as_bytes());
        }
        out.bytes(&cause.line());
    }
    out.len(parts.len() as u64);
    for (index, part) in parts.iter().enumerate() {
        // The length comes first, so that what belongs to a deleted repository can be skipped.
        let length_at = out.0.len();
        out.raw(&[0; 8]);
        out.i64(part.repo.0);
        out.bytes(part.change.as_str().as_bytes());
        out.u64(part.cause.id);
        out.u128(part.id.0);
        out.i64(part.now_ns);
        out.len(part.replaced.len() as u64);
        part.replaced.iter().for_each(|replaced| out.u8(replaced_code(*replaced)));
        out.len(part.ops.len() as u64);
        for (op, at) in part.ops.iter().zip(0..) {
            if let Some(len) = encode_op(op, out)? {
                data_at.push(DataAt { part: index, op: at, offset: out.0.len() - len - start });
            }
        }
        let len = (out.0.len() - length_at - 8) as u64;
        if let Some(prefix) = out.0.get_mut(length_at..length_at + 8) {
            prefix.copy_from_slice(&len.to_le_bytes());
        }
    }
    Ok(data_at)
}

fn replaced_code(replaced: Replaced) -> u8 {
    match replaced {
        Replaced::Clean => 0,
        Replaced::Merged => 1,
        Replaced::Conflicted => 2,
    }
}

fn put_path(path: &RepoPath, out: &mut Writer) {
    out.bytes(path.as_ref());
}

fn put_target(target: &Target, out: &mut Writer) -> FsResult<()> {
    match target {
        Target::Path(path) => put_path(path, out),
        // Plans have resolved every target to a path.
        Target::Open(_) => return Err(FsError::new(Errno::BadF, Operation::Write, "")),
    }
    Ok(())
}

/// Answers how many bytes at the end are the op's data, if it has any.
fn encode_op(op: &Op, out: &mut Writer) -> FsResult<Option<usize>> {
    match op {
        Op::Create { path, mode, if_exists } => {
            out.u8(1);
            put_path(path, out);
            out.u32(*mode);
            out.u8(match if_exists {
                IfExists::Fail => 0,
                IfExists::Keep => 1,
                IfExists::Truncate => 2,
            });
        }
        Op::WriteAt { target, offset, data } => {
            out.u8(2);
            put_target(target, out)?;
            out.len(*offset);
            out.bytes(data);
            return Ok(Some(data.len()));
        }
        Op::Append { target, data } => {
            out.u8(3);
            put_target(target, out)?;
            out.bytes(data);
            return Ok(Some(data.len()));
        }
        Op::Truncate { target, len } => {
            out.u8(4);
            put_target(target, out)?;
            out.len(*len);
        }
        Op::Write { path, mode, data } => {
            out.u8(5);
            put_path(path, out);
            out.u32(*mode);
            out.bytes(data);
            return Ok(Some(data.len()));
        }
        // Plans have turned it into a write or a graft.
        Op::Replace { path, .. } => {
            return Err(FsError::new(Errno::Io, Operation::Replace, path.clone()));
        }
        Op::MakeDir { path, mode, parents } => {
            out.u8(6);
            put_path(path, out);
            out.u32(*mode);
            out.u8(u8::from(*parents));
        }
        Op::Remove { path, recursive } => {
            out.u8(7);
            put_path(path, out);
            out.u8(u8::from(*recursive));
        }
        Op::Rename { from, to, replace } => {
            out.u8(8);
            put_path(from, out);
            put_path(to, out);
            out.u8(u8::from(*replace));
        }
        Op::Copy { from, to } => {
            out.u8(9);
            put_path(from, out);
            put_path(to, out);
        }
        Op::Graft { path, node } => {
            out.u8(10);
            put_path(path, out);
            put_node(node, out)?;
        }
        Op::SetMode { path, mode } => {
            out.u8(11);
            put_path(path, out);
            out.u32(*mode);
        }
        Op::SetTimes { path, mtime_ns } => {
            out.u8(12);
            put_path(path, out);
            out.i64(*mtime_ns);
        }
        Op::Symlink { path, target } => {
            out.u8(13);
            put_path(path, out);
            out.bytes(target);
        }
    }
    Ok(None)
}

/// A graft's node: what its repository stores by where it is stored, else whole.
fn put_node(node: &Node, out: &mut Writer) -> FsResult<()> {
    out.attributes(node.attributes());
    match node {
        Node::File(file) => {
            out.u8(1);
            put_body(&file.body, out)?;
            let Some(conflict) = &file.conflict else {
                out.u8(0);
                return Ok(());
            };
            out.u8(1);
            for sides in [&conflict.removes, &conflict.adds] {
                out.len(sides.len() as u64);
                for side in sides {
                    out.u8(u8::from(side.is_some()));
                    side.as_ref().map_or(Ok(()), |body| put_body(body, out))?;
                }
            }
        }
        Node::Symlink(link) => {
            out.u8(2);
            out.bytes(link.target());
        }
        Node::Dir(dir) => {
            out.u8(3);
            let stored = dir.stored().ok_or_else(|| {
                FsError::new(Errno::Io, Operation::Copy, "").with_detail("directory not stored")
            })?;
            out.object(stored.tree);
            out.facts(stored.facts);
            out.sums(dir.tightened()?);
        }
        Node::Gitlink(commit) => {
            out.u8(4);
            out.raw(&commit.0);
        }
    }
    Ok(())
}

fn put_body(body: &Body, out: &mut Writer) -> FsResult<()> {
    if let Some(blob) = body.stored() {
        out.u8(1);
        out.raw(&blob.0);
        out.len(body.len());
        return Ok(());
    }
    out.u8(0);
    out.len(body.len());
    for chunk in body.chunks() {
        out.raw(&chunk.read(0, usize::try_from(chunk.len()).unwrap_or(usize::MAX))?);
    }
    Ok(())
}

/// Reads a record's payload back, and notes the causes that it names. `source` gives what reads a repository's objects, `None` for one
/// that is gone: its parts are left out. The answer is `None` if the bytes are no record.
pub(crate) fn decode(
    payload: &Bytes,
    causes: &mut Causes,
    source: &mut dyn FnMut(RepoUid) -> Option<Arc<dyn Source>>,
) -> Option<Vec<Part>> {
    let mut reader = Reader::new(payload.clone());
    let format = reader.u8()?;
    for (id, cause) in take_causes(format, &mut reader)? {
        causes.insert(id, cause);
    }
    let count = reader.count(8)?;
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let len = usize::try_from(u64::from_le_bytes(reader.array()?)).ok()?;
        let start = reader.at();
        let repo = RepoUid(reader.i64()?);
        match source(repo) {
            Some(source) => parts.push(decode_part(format, repo, &mut reader, causes, &source)?),
            None => reader.skip(len.checked_sub(8)?)?,
        }
        if reader.at() != start.checked_add(len)? {
            return None;
        }
    }
    reader.is_done().then_some(parts)
}

/// Whose trees the record with this payload changes, deleted repositories' included.
pub(crate) fn keys(payload: &Bytes) -> Option<Vec<ChangeKey>> {
    let mut reader = Reader::new(payload.clone());
    let format = reader.u8()?;
    take_causes(format, &mut reader)?;
    let count = reader.count(8)?;
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        let len = usize::try_from(u64::from_le_bytes(reader.array()?)).ok()?;
        let start = reader.at();
        let repo = RepoUid(reader.i64()?);
        keys.push((repo, ChangeId::new(&reader.text()?).ok()?));
        reader.skip(len.checked_sub(reader.at() - start)?)?;
    }
    Some(keys)
}

/// The causes that a record names.
fn take_causes(format: u8, reader: &mut Reader) -> Option<Vec<(u64, Arc<Cause>)>> {
    match format {
        FORMAT => {}
        FORMAT_OF_AUTHORS => return Some(Vec::new()),
        _ => return None,
    }
    let count = reader.count(13)?;
    let cause = |_| {
        let id = reader.u64()?;
        let author = Author { name: reader.text()?, email: reader.text()? };
        let (session, key) = (reader.text()?, reader.text()?);
        let line = reader.bytes()?.to_vec().into();
        Some((id, Cause::recovered(author, session, key, line)))
    };
    (0..count).map(cause).collect()
}

fn decode_part(
    format: u8,
    repo: RepoUid,
    reader: &mut Reader,
    causes: &Causes,
    source: &Arc<dyn Source>,
) -> Option<Part> {
    let change = ChangeId::new(&reader.text()?).ok()?;
    let cause = if format == FORMAT_OF_AUTHORS {
        let author = Author { name: reader.text()?, email: reader.text()? };
        Cause::recovered(author, String::new(), String::new(), Default::default())
    } else {
        causes.get(&reader.u64()?).map_or_else(Cause::nobody, Arc::clone)
    };
    let id = BatchId(reader.u128()?);
    let now_ns = reader.i64()?;
    let replaced = (0..reader.count(1)?)
        .map(|_| match reader.u8()? {
            0 => Some(Replaced::Clean),
            1 => Some(Replaced::Merged),
            2 => Some(Replaced::Conflicted),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let count = reader.count(2)?;
    let mut ops = Vec::with_capacity(count);
    let mut data = Vec::new();
    for index in 0..count {
        let op = decode_op(reader, source)?;
        if let Op::WriteAt { data: bytes, .. }
        | Op::Append { data: bytes, .. }
        | Op::Write { data: bytes, .. } = &op
        {
            data.push((index, reader.at() - bytes.len()));
        }
        ops.push(op);
    }
    let batch = Batch { id, now_ns, ops };
    Some(Part { key: (repo, change), cause, replaced, batch, data })
}

fn decode_op(reader: &mut Reader, source: &Arc<dyn Source>) -> Option<Op> {
    let tag = reader.u8()?;
    let path = take_path(reader)?;
    Some(match tag {
        1 => Op::Create {
            path,
            mode: reader.u32()?,
            if_exists: match reader.u8()? {
                0 => IfExists::Fail,
                1 => IfExists::Keep,
                2 => IfExists::Truncate,
                _ => return None,
            },
        },
        2 => {
            let target = Target::Path(path);
            Op::WriteAt { target, offset: reader.len()?, data: reader.bytes()? }
        }
        3 => Op::Append { target: Target::Path(path), data: reader.bytes()? },
        4 => Op::Truncate { target: Target::Path(path), len: reader.len()? },
        5 => Op::Write { path, mode: reader.u32()?, data: reader.bytes()? },
        6 => Op::MakeDir { path, mode: reader.u32()?, parents: take_flag(reader)? },
        7 => Op::Remove { path, recursive: take_flag(reader)? },
        8 => Op::Rename { from: path, to: take_path(reader)?, replace: take_flag(reader)? },
        9 => Op::Copy { from: path, to: take_path(reader)? },
        10 => Op::Graft { path, node: take_node(reader, source)? },
        11 => Op::SetMode { path, mode: reader.u32()? },
        12 => Op::SetTimes { path, mtime_ns: reader.i64()? },
        13 => Op::Symlink { path, target: reader.bytes()? },
        _ => return None,
    })
}

fn take_path(reader: &mut Reader) -> Option<RepoPath> {
    RepoPath::new(&reader.bytes()?[..]).ok()
}

fn take_flag(reader: &mut Reader) -> Option<bool> {
    match reader.u8()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn take_node(reader: &mut Reader, source: &Arc<dyn Source>) -> Option<Node> {
    let attributes = reader.attributes()?;
    Some(match reader.u8()? {
        1 => {
            let body = take_body(reader, source)?;
            let mut file = File::new(attributes, body);
            if take_flag(reader)? {
                let mut sides = || {
                    let count = reader.count(1)?;
                    let side = |_| match take_flag(reader)? {
                        true => take_body(reader, source).map(Some),
                        false => Some(None),
                    };
                    (0..count).map(side).collect::<Option<Vec<_>>>()
                };
                file.conflict = Some(Arc::new(Conflict { removes: sides()?, adds: sides()? }));
            }
            file.into()
        }
        2 => Symlink::new(attributes, &reader.bytes()?[..]).into(),
        3 => {
            let (tree, facts) = (reader.object()?, reader.facts()?);
            let sums = reader.sums()?;
            Dir::lazy(attributes, Arc::clone(source), tree, facts, sums).into()
        }
        4 => Node::Gitlink(ObjectId(reader.array()?)),
        _ => return None,
    })
}

fn take_body(reader: &mut Reader, source: &Arc<dyn Source>) -> Option<Body> {
    match reader.u8()? {
        0 => Some(Body::from(reader.bytes()?)),
        1 => {
            let blob = ObjectId(reader.array()?);
            Some(Body::from_blob(Arc::clone(source), blob, reader.len()?))
        }
        _ => None,
    }
}
