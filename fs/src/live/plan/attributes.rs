//! Ops that change the mode or the time of an entry.

use super::{Names, Planner};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::op::Op;
use crate::path::RepoPath;
use crate::tree::{Attributes, Node};

impl Planner<'_> {
    pub fn set_mode(&mut self, path: &RepoPath, mode: u32) -> FsResult<()> {
        let fail = |errno| Err(FsError::new(errno, Operation::SetMode, path.as_bstr()));
        if mode > 0o7777 {
            return fail(Errno::Inval);
        }
        let op = Op::SetMode { path: path.clone(), mode };
        self.set_attributes(path, Operation::SetMode, op, |node| match node {
            // Linux keeps no mode of its own for a symbolic link.
            Node::Symlink(_) => Err(Errno::NotSup),
            node => Ok(Attributes { mode, ..node.attributes() }),
        })
    }

    pub fn set_times(&mut self, path: &RepoPath, mtime_ns: i64) -> FsResult<()> {
        let op = Op::SetTimes { path: path.clone(), mtime_ns };
        self.set_attributes(path, Operation::SetTimes, op, |node| {
            Ok(node.attributes().touched(mtime_ns))
        })
    }

    fn set_attributes(
        &mut self,
        path: &RepoPath,
        operation: Operation,
        op: Op,
        new: impl FnOnce(&Node) -> Result<Attributes, Errno>,
    ) -> FsResult<()> {
        let fail = |errno| FsError::new(errno, operation, path.as_bstr());
        if path.is_root() {
            let root = Node::Dir(self.plan.dir.clone());
            self.plan.dir.attributes = new(&root).map_err(fail)?;
            self.landed(op, path, false);
            return Ok(());
        }
        let spine = self.spine(path, operation, Errno::Inval)?;
        let node = match spine.node()? {
            None => return spine.fail(Errno::NoEnt),
            Some(Node::Gitlink(_)) => return spine.fail(Errno::RoFs),
            Some(node) => node.clone(),
        };
        let attributes = new(&node).map_err(fail)?;
        if attributes != node.attributes() {
            self.put(&spine, Some(node.with_attributes(attributes)), Names::Same)?;
            self.landed(op, path, false);
        }
        Ok(())
    }
}
