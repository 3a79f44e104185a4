//! Ops that put an existing subtree at another path: one pointer, whatever it holds.

use std::sync::Arc;

use super::content::file_at;
use super::{Names, Planner, is_dir};
use crate::error::{Errno, FsResult, Operation};
use crate::live::open::Step;
use crate::op::Op;
use crate::path::RepoPath;
use crate::tree::{File, Node};

impl Planner<'_> {
    pub fn rename(&mut self, from: &RepoPath, to: &RepoPath, replace: bool) -> FsResult<()> {
        // The order of the checks is Linux's: a test of one alone can tell.
        let source = self.spine(from, Operation::Rename, Errno::Busy)?;
        let target = self.spine(to, Operation::Rename, Errno::Busy)?;
        let Some(node) = source.node()?.cloned() else { return source.fail(Errno::NoEnt) };
        let victim = target.node()?.cloned();
        if !replace && victim.is_some() {
            return target.fail(Errno::Exist);
        }
        if from == to {
            return Ok(());
        }
        if to.below(from).is_some() {
            return source.fail(Errno::Inval);
        }
        if from.below(to).is_some() {
            return source.fail(Errno::NotEmpty);
        }
        match &victim {
            None => target.check_name()?,
            Some(victim) if is_dir(&node) && !is_dir(victim) => return target.fail(Errno::NotDir),
            Some(victim) if !is_dir(&node) && is_dir(victim) => return target.fail(Errno::IsDir),
            Some(Node::Dir(dir)) if !dir.is_empty() => return target.fail(Errno::NotEmpty),
            Some(_) => {}
        }
        self.put(&source, None, Names::Changed)?;
        // The way to the target may lead through what has just been changed.
        let target = self.spine(to, Operation::Rename, Errno::Busy)?;
        let below = is_dir(&node);
        self.put(&target, Some(node), Names::Changed)?;
        self.landed(Op::Rename { from: from.clone(), to: to.clone(), replace }, from, below);
        self.touch(to, below);
        if let Some(node) = victim {
            self.step(Step::Gone { path: to.clone(), node });
        }
        self.step(Step::Moved { from: from.clone(), to: to.clone() });
        Ok(())
    }

    pub fn copy(&mut self, from: &RepoPath, to: &RepoPath) -> FsResult<()> {
        let source = self.spine(from, Operation::Copy, Errno::Inval)?;
        let Some(node) = source.node()?.cloned() else { return source.fail(Errno::NoEnt) };
        if to.below(from).is_some() {
            return source.fail(Errno::Inval);
        }
        let node = match node {
            // A file's copy is the text that it shows.
            Node::File(file) => File::new(file.attributes, file.body.clone()).into(),
            node => node,
        };
        let copied = node.with_attributes(node.attributes().touched(self.now_ns));
        self.place_copy(to, &copied)?;
        self.landed(Op::Copy { from: from.clone(), to: to.clone() }, to, is_dir(&copied));
        Ok(())
    }

    pub fn graft(&mut self, path: &RepoPath, node: &Node) -> FsResult<()> {
        self.place_copy(path, node)?;
        self.landed(Op::Graft { path: path.clone(), node: node.clone() }, path, is_dir(node));
        Ok(())
    }

    /// Anything goes to a free name; a file also into a file, which stays the file that it is.
    fn place_copy(&mut self, to: &RepoPath, node: &Node) -> FsResult<()> {
        let target = self.spine(to, Operation::Copy, Errno::Exist)?;
        match node {
            Node::File(file) => {
                if let Some(into) = file_at(&target)? {
                    let conflict = file.conflict.clone();
                    let body = file.body.clone();
                    let file = File { conflict, ..into.with_body(body, self.now_ns) };
                    return self.put(&target, Some(Node::File(Arc::new(file))), Names::Same);
                }
            }
            _ if target.node()?.is_some() => return target.fail(Errno::Exist),
            Node::Dir(_) | Node::Symlink(_) | Node::Gitlink(_) => {}
        }
        target.check_name()?;
        self.put(&target, Some(node.clone()), Names::Changed)
    }
}
