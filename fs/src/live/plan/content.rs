//! Ops that change what a file holds.

use std::sync::Arc;

use bytes::Bytes;

use super::{Merged, Names, Planner, Spine};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::live::open::{Place, Step};
use crate::op::{Op, Replaced, Target};
use crate::path::RepoPath;
use crate::tree::{Attributes, Body, Chunk, Conflict, FILE_BYTES_MAX, File, Node};

/// What a write does to a content.
enum Edit<'a> {
    Put { offset: u64, data: &'a Bytes },
    Append(&'a Bytes),
    Resize(u64),
}

impl Edit<'_> {
    fn data(&self) -> Option<&Bytes> {
        match self {
            Self::Put { data, .. } | Self::Append(data) => Some(data),
            Self::Resize(_) => None,
        }
    }

    /// How long a content becomes; `None` if it stays as it is, as POSIX has it for no bytes.
    fn len_after(&self, body: &Body) -> Option<u64> {
        match self {
            Self::Put { data, .. } | Self::Append(data) if data.is_empty() => None,
            Self::Put { offset, data } => {
                Some(body.len().max(offset.saturating_add(data.len() as u64)))
            }
            Self::Append(data) => Some(body.len().saturating_add(data.len() as u64)),
            Self::Resize(len) => Some(*len),
        }
    }

    fn apply(&self, body: &Body, chunk: Option<Chunk>) -> Body {
        match (self, chunk) {
            (Self::Put { offset, .. }, Some(chunk)) => body.write_at(*offset, chunk),
            (Self::Append(_), Some(chunk)) => body.append(chunk),
            (Self::Resize(len), _) => body.truncate(*len),
            (Self::Put { .. } | Self::Append(_), None) => body.clone(),
        }
    }

    fn into_op(self, path: RepoPath) -> Op {
        let target = Target::Path(path);
        match self {
            Self::Put { offset, data } => Op::WriteAt { target, offset, data: data.clone() },
            Self::Append(data) => Op::Append { target, data: data.clone() },
            Self::Resize(len) => Op::Truncate { target, len },
        }
    }
}

impl Planner<'_> {
    pub fn write_at(&mut self, target: &Target, offset: u64, data: &Bytes) -> FsResult<RepoPath> {
        self.edit(target, Operation::Write, Edit::Put { offset, data })
    }

    pub fn append(&mut self, target: &Target, data: &Bytes) -> FsResult<RepoPath> {
        self.edit(target, Operation::Append, Edit::Append(data))
    }

    pub fn truncate(&mut self, target: &Target, len: u64) -> FsResult<RepoPath> {
        self.edit(target, Operation::Truncate, Edit::Resize(len))
    }

    /// Answers the path of the file, the root's for one without a name.
    fn edit(
        &mut self,
        target: &Target,
        operation: Operation,
        edit: Edit<'_>,
    ) -> FsResult<RepoPath> {
        let path = match target {
            Target::Path(path) => path.clone(),
            Target::Open(id) => match self.open.place(*id) {
                Some(Place::Named(path)) => path.clone(),
                Some(Place::Private(file)) => {
                    let file = Arc::clone(file);
                    let Some(len) = edit.len_after(&file.body) else {
                        return Ok(RepoPath::root());
                    };
                    check_len(len, operation, &RepoPath::root())?;
                    let chunk = edit.data().map(|data| Chunk::Memory(data.clone()));
                    let body = edit.apply(&file.body, chunk);
                    let file = Arc::new(file.with_body(body, self.now_ns));
                    self.step(Step::Written { id: *id, file });
                    return Ok(RepoPath::root());
                }
                Some(Place::Lost(error)) => return Err(error.clone()),
                None => return Err(FsError::new(Errno::BadF, operation, "")),
            },
        };
        let spine = self.spine(&path, operation, Errno::IsDir)?;
        let Some(file) = file_at(&spine)? else { return spine.fail(Errno::NoEnt) };
        if let Some(len) = edit.len_after(&file.body) {
            check_len(len, operation, &path)?;
            let chunk = edit.data().map(|data| self.chunk(data));
            let body = edit.apply(&file.body, chunk);
            self.put(&spine, Some(file.with_body(body, self.now_ns).into()), Names::Same)?;
            self.landed(edit.into_op(path.clone()), &path, false);
        }
        Ok(path)
    }

    pub fn write(&mut self, path: &RepoPath, mode: u32, data: &Bytes) -> FsResult<()> {
        let spine = self.spine(path, Operation::Write, Errno::IsDir)?;
        check_len(data.len() as u64, Operation::Write, path)?;
        let (file, names) = match file_at(&spine)? {
            Some(file) => (file, Names::Same),
            None => {
                spine.check_name()?;
                let attributes = Attributes::new(mode, self.now_ns);
                (Arc::new(File::new(attributes, Body::empty())), Names::Changed)
            }
        };
        let body = Body::from_chunk(self.chunk(data));
        self.put(&spine, Some(file.with_body(body, self.now_ns).into()), names)?;
        self.landed(Op::Write { path: path.clone(), mode, data: data.clone() }, path, false);
        Ok(())
    }

    pub fn replace(&mut self, path: &RepoPath, base: &Body, data: &Bytes) -> FsResult<()> {
        let spine = self.spine(path, Operation::Replace, Errno::IsDir)?;
        let Some(file) = file_at(&spine)? else { return spine.fail(Errno::NoEnt) };
        let told = |error: FsError| error.at(path.as_bstr());
        let merge = match self.rules.merge {
            Some(merge) if !base.same_content(&file.body).map_err(told)? => merge,
            _ => return self.put_whole(&spine, &file, data, Replaced::Clean),
        };
        let theirs = Body::from(data.clone());
        // Both came to the same text: nothing is left to merge.
        if theirs.same_content(&file.body).map_err(told)? {
            return self.put_whole(&spine, &file, data, Replaced::Merged);
        }
        match merge.merge(base, &file.body, &theirs).map_err(told)? {
            Merged::Clean(text) => self.put_whole(&spine, &file, &text, Replaced::Merged),
            Merged::Conflicted(text) => {
                check_len(text.len() as u64, Operation::Replace, path)?;
                let conflict = Conflict {
                    removes: vec![Some(base.clone())],
                    adds: vec![Some(file.body.clone()), Some(theirs)],
                };
                let edited = File {
                    conflict: Some(Arc::new(conflict)),
                    ..file.with_body(Body::from(text), self.now_ns)
                };
                let node = Node::from(edited);
                self.put(&spine, Some(node.clone()), Names::Same)?;
                self.landed(Op::Graft { path: path.clone(), node }, path, false);
                self.plan.replaced.push(Replaced::Conflicted);
                Ok(())
            }
        }
    }

    fn put_whole(
        &mut self,
        spine: &Spine<'_>,
        file: &File,
        data: &Bytes,
        replaced: Replaced,
    ) -> FsResult<()> {
        check_len(data.len() as u64, spine.operation, spine.path)?;
        let body = Body::from_chunk(self.chunk(data));
        self.put(spine, Some(file.with_body(body, self.now_ns).into()), Names::Same)?;
        let (path, mode) = (spine.path.clone(), file.attributes.mode);
        self.landed(Op::Write { path, mode, data: data.clone() }, spine.path, false);
        self.plan.replaced.push(replaced);
        Ok(())
    }
}

/// The file at the end of the way, if anything is there.
pub(super) fn file_at(spine: &Spine<'_>) -> FsResult<Option<Arc<File>>> {
    match spine.node()? {
        Some(Node::File(file)) => Ok(Some(Arc::clone(file))),
        Some(Node::Dir(_) | Node::Gitlink(_)) => spine.fail(Errno::IsDir),
        // The mount has followed links: this one came in between, and the walk is made again.
        Some(Node::Symlink(_)) => spine.fail(Errno::Loop),
        None => Ok(None),
    }
}

fn check_len(len: u64, operation: Operation, path: &RepoPath) -> FsResult<()> {
    if len > FILE_BYTES_MAX {
        return Err(FsError::new(Errno::FBig, operation, path.as_bstr()));
    }
    Ok(())
}
