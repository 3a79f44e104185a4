//! The tree of a change at one version, and walks over it.

use super::dir::Dir;
use super::node::Node;
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::name::ChangeId;
use crate::path::RepoPath;

/// The tree of a change at one version. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Root {
    pub dir: Dir,
    pub change: ChangeId,
    /// The journal sequence of the last batch in it.
    pub version: u64,
    /// What untouched entries show as their time: nanoseconds since the Unix epoch.
    pub opened_ns: i64,
}

impl Root {
    /// The node at `path`, literally: symbolic links are not followed.
    ///
    /// # Errors
    /// ENOENT; ENOTDIR where a name on the way is no directory; EIO if it cannot be loaded.
    pub fn lookup(&self, path: &RepoPath) -> FsResult<Node> {
        let fail = |errno| FsError::new(errno, Operation::Lookup, path.as_bstr());
        let mut node = Node::Dir(self.dir.clone());
        for name in path.names() {
            let below = match &node {
                Node::Dir(dir) => dir.get(name).map_err(|error| error.at(path.as_bstr()))?.cloned(),
                Node::Gitlink(_) => None,
                Node::File(_) | Node::Symlink(_) => return Err(fail(Errno::NotDir)),
            };
            node = below.ok_or_else(|| fail(Errno::NoEnt))?;
        }
        Ok(node)
    }

    /// The time that a node shows.
    #[must_use]
    pub fn mtime_ns(&self, node: &Node) -> i64 {
        node.attributes().mtime_ns.unwrap_or(self.opened_ns)
    }

    /// Everything below the root, each directory before what it holds, names in order.
    #[must_use]
    pub fn walk(&self) -> Walk {
        Walk::below(RepoPath::root(), self.dir.clone())
    }
}

/// A walk that loads directories as it comes to them. It does not recurse; after an error it goes
/// on behind the directory that failed.
#[derive(Debug)]
pub struct Walk(Vec<Step>);

#[derive(Debug)]
enum Step {
    Visit(RepoPath, Node),
    Enter(RepoPath, Dir),
}

impl Walk {
    /// Everything below `dir`, told as being at `path`.
    #[must_use]
    pub fn below(path: RepoPath, dir: Dir) -> Self {
        Self(vec![Step::Enter(path, dir)])
    }

    fn enter(&mut self, path: &RepoPath, dir: &Dir) -> FsResult<()> {
        let from = self.0.len();
        let entries = dir.iter().map_err(|error| error.at(path.as_bstr()))?;
        self.0.extend(entries.map(|(name, node)| Step::Visit(path.child(name), node.clone())));
        if let Some(new) = self.0.get_mut(from..) {
            new.reverse();
        }
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = FsResult<(RepoPath, Node)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.pop()? {
                Step::Visit(path, node) => {
                    if let Node::Dir(dir) = &node {
                        self.0.push(Step::Enter(path.clone(), dir.clone()));
                    }
                    return Some(Ok((path, node)));
                }
                Step::Enter(path, dir) => {
                    if let Err(error) = self.enter(&path, &dir) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}
