//! Ops that make an entry or take one away.

use bytes::Bytes;

use super::content::file_at;
use super::{Names, Planner, is_dir};
use crate::error::{Errno, FsResult, Operation};
use crate::live::open::Step;
use crate::op::{IfExists, Op};
use crate::path::{PATH_BYTES_MAX, RepoPath};
use crate::tree::{Attributes, Body, Dir, File, Node, Symlink};

impl Planner<'_> {
    pub fn create(&mut self, path: &RepoPath, mode: u32, if_exists: IfExists) -> FsResult<()> {
        let exclusive = if_exists == IfExists::Fail;
        let root = if exclusive { Errno::Exist } else { Errno::IsDir };
        let spine = self.spine(path, Operation::Create, root)?;
        if exclusive && spine.node()?.is_some() {
            return spine.fail(Errno::Exist);
        }
        let op = Op::Create { path: path.clone(), mode, if_exists };
        match file_at(&spine)? {
            None => {
                spine.check_name()?;
                let file = File::new(Attributes::new(mode, self.now_ns), Body::empty());
                self.put(&spine, Some(file.into()), Names::Changed)?;
                self.landed(op, path, false);
            }
            Some(file) if if_exists == IfExists::Truncate => {
                let emptied = file.with_body(Body::empty(), self.now_ns);
                self.put(&spine, Some(emptied.into()), Names::Same)?;
                self.landed(op, path, false);
            }
            Some(_) => {}
        }
        Ok(())
    }

    pub fn make_dir(&mut self, path: &RepoPath, mode: u32, parents: bool) -> FsResult<()> {
        if parents {
            return self.make_dirs(path, mode);
        }
        let spine = self.spine(path, Operation::MakeDir, Errno::Exist)?;
        if spine.node()?.is_some() {
            return spine.fail(Errno::Exist);
        }
        spine.check_name()?;
        let dir = Dir::empty(Attributes::new(mode, self.now_ns));
        self.put(&spine, Some(dir.into()), Names::Changed)?;
        self.landed(Op::MakeDir { path: path.clone(), mode, parents: false }, path, false);
        Ok(())
    }

    fn make_dirs(&mut self, path: &RepoPath, mode: u32) -> FsResult<()> {
        let names: Vec<&[u8]> = path.names().collect();
        for count in 1..=names.len() {
            let prefix = RepoPath::from_names(names.iter().copied().take(count));
            let spine = self.spine(&prefix, Operation::MakeDir, Errno::Exist)?;
            match spine.node()? {
                Some(node) if is_dir(node) => {}
                Some(_) if count == names.len() => return spine.fail(Errno::Exist),
                Some(_) => return spine.fail(Errno::NotDir),
                None => self.make_dir(&prefix, mode, false)?,
            }
        }
        Ok(())
    }

    pub fn remove(&mut self, path: &RepoPath, recursive: bool) -> FsResult<()> {
        let spine = self.spine(path, Operation::Remove, Errno::Busy)?;
        let Some(node) = spine.node()?.cloned() else { return spine.fail(Errno::NoEnt) };
        if !recursive && matches!(&node, Node::Dir(dir) if !dir.is_empty()) {
            return spine.fail(Errno::NotEmpty);
        }
        self.put(&spine, None, Names::Changed)?;
        let below = is_dir(&node);
        self.landed(Op::Remove { path: path.clone(), recursive }, path, below);
        self.step(Step::Gone { path: path.clone(), node });
        Ok(())
    }

    pub fn symlink(&mut self, path: &RepoPath, target: &Bytes) -> FsResult<()> {
        let spine = self.spine(path, Operation::Symlink, Errno::Exist)?;
        if target.is_empty() {
            return spine.fail(Errno::NoEnt);
        }
        if target.contains(&0) {
            return spine.fail(Errno::Inval);
        }
        if target.len() >= PATH_BYTES_MAX {
            return spine.fail(Errno::NameTooLong);
        }
        if spine.node()?.is_some() {
            return spine.fail(Errno::Exist);
        }
        spine.check_name()?;
        let link = Symlink::new(Attributes::new(0o777, self.now_ns), &target[..]);
        self.put(&spine, Some(link.into()), Names::Changed)?;
        self.landed(Op::Symlink { path: path.clone(), target: target.clone() }, path, false);
        Ok(())
    }
}
