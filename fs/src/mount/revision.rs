//! `/org/repo@REV/…`: any revision of a repository as a read-only folder.
//!
//! `REV` is what comes after the first `@` of the second name, with `%2F` for a slash and `%25` for
//! a percent sign; no repository's name has an `@`, so nothing is hidden by it. Such a folder is
//! never listed. What a revision is, is decided at the first use and stays so for one run: a run has
//! its own [`Shared`], and a line at the prompt begins with [`Views::forget`].

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Shared, VolumeId};
use crate::backend::{Access, ChangeError, Checkout, EventQueue, OpenFile, Revision, Volume};
use crate::error::{Errno, FsError, FsResult, Operation};
use crate::op::{Applied, Batch, OpenId};
use crate::path::RepoPath;
use crate::tree::{File, Node, Root};

/// So many revisions are looked at in one run.
const VIEWS_MAX: usize = 1024;

/// The revisions that one run has looked at.
#[derive(Debug, Default)]
pub(super) struct Views(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    views: Vec<Arc<RevisionView>>,
    /// By repository and text.
    named: HashMap<(usize, Vec<u8>), usize>,
}

impl Views {
    /// Decides anew what each revision is when it is looked at next. What is open stays.
    pub fn forget(&self) {
        self.0.lock().named.clear();
    }

    pub fn get(&self, index: usize) -> Option<Arc<RevisionView>> {
        self.0.lock().views.get(index).cloned()
    }
}

/// A revision of a repository, as it was when it was first looked at.
#[derive(Debug)]
pub(super) struct RevisionView {
    /// Says whether the token is still good.
    checkout: Arc<dyn Checkout>,
    root: Root,
}

/// The name of a repository and the text of a revision, if `name` has both.
pub(super) fn split(name: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let at = name.iter().position(|byte| *byte == b'@')?;
    let (repo, rest) = (name.get(..at)?, name.get(at + 1..)?);
    Some((repo, unescaped(rest)?))
}

/// The name of the folder of a revision of a repository, in its org's folder: `app@fix%2Fa`.
#[must_use]
pub fn revision_name(repo: &str, revision: &str) -> String {
    format!("{repo}@{}", revision.replace('%', "%25").replace('/', "%2F"))
}

fn unescaped(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut revision = Vec::with_capacity(text.len());
    while let Some((first, rest)) = text.split_first() {
        text = rest;
        if *first != b'%' {
            revision.push(*first);
            continue;
        }
        revision.push(match text.get(..2)? {
            b"2F" | b"2f" => b'/',
            b"25" => b'%',
            _ => return None,
        });
        text = text.get(2..)?;
    }
    (!revision.is_empty()).then_some(revision)
}

impl Shared {
    /// The view that a name in an org's folder stands for; `None` if it is not of that form, or the
    /// repository is not mounted, or has no such revision.
    ///
    /// # Errors
    /// ENFILE past so many revisions; those of looking one up.
    pub(super) fn view(&self, name: &[u8]) -> FsResult<Option<VolumeId>> {
        let Some((repo, revision)) = split(name) else { return Ok(None) };
        let repos = &self.namespace.repos;
        let Some(index) = repos.iter().position(|id| id.repo.as_str().as_bytes() == repo) else {
            return Ok(None);
        };
        let key = (index, revision);
        if let Some(&view) = self.views.0.lock().named.get(&key) {
            return Ok(Some(VolumeId::View { repo: index, view }));
        }
        let Some(checkout) = self.checkouts.get(index) else { return Ok(None) };
        let Some(root) = content(&**checkout, &key.1)? else { return Ok(None) };
        let mut table = self.views.0.lock();
        // Somebody else of this run may have been quicker: then that counts.
        if let Some(&view) = table.named.get(&key) {
            return Ok(Some(VolumeId::View { repo: index, view }));
        }
        if table.views.len() >= VIEWS_MAX {
            return Err(FsError::new(Errno::NFile, Operation::Lookup, ""));
        }
        let view = table.views.len();
        table.views.push(Arc::new(RevisionView { checkout: Arc::clone(checkout), root }));
        table.named.insert(key, view);
        Ok(Some(VolumeId::View { repo: index, view }))
    }
}

fn content(checkout: &dyn Checkout, revision: &[u8]) -> FsResult<Option<Root>> {
    let (Some(history), Ok(text)) = (checkout.history(), std::str::from_utf8(revision)) else {
        return Ok(None);
    };
    match history.content(&Revision::Expression(text.to_owned())) {
        Ok(root) => Ok(Some(root)),
        Err(ChangeError::Fs(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

impl RevisionView {
    fn refused<T>() -> FsResult<T> {
        Err(FsError::new(Errno::RoFs, Operation::Write, ""))
    }
}

impl Volume for RevisionView {
    fn access(&self) -> Access {
        Access::ReadOnly
    }

    fn root(&self) -> FsResult<Root> {
        self.checkout.root()?;
        Ok(self.root.clone())
    }

    fn apply(&self, _batch: Batch) -> FsResult<Applied> {
        Self::refused()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn hold(&self, path: &RepoPath) -> FsResult<Arc<dyn OpenFile>> {
        let fail = |errno| Err(FsError::new(errno, Operation::Open, path.as_bstr()));
        match self.root()?.lookup(path)? {
            Node::File(file) => Ok(Arc::new(Held { path: path.clone(), file: File::clone(&file) })),
            Node::Symlink(_) => fail(Errno::Loop),
            Node::Dir(_) | Node::Gitlink(_) => fail(Errno::IsDir),
        }
    }

    fn subscribe(&self) -> FsResult<Box<dyn EventQueue>> {
        Err(FsError::new(Errno::NotSup, Operation::Subscribe, "")
            .with_detail("a revision does not change"))
    }

    fn sync(&self) -> FsResult<()> {
        Ok(())
    }
}

/// A file of a revision, held open.
#[derive(Debug)]
struct Held {
    path: RepoPath,
    file: File,
}

impl OpenFile for Held {
    fn id(&self) -> OpenId {
        // Nothing is written through it, so nothing tells it from others.
        OpenId(u64::MAX)
    }

    fn file(&self) -> FsResult<File> {
        Ok(self.file.clone())
    }

    fn path(&self) -> Option<RepoPath> {
        Some(self.path.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_what_follows_the_first_at() {
        let parts = |name: &str| {
            let (repo, revision) = split(name.as_bytes())?;
            Some(format!(
                "{} {}",
                String::from_utf8_lossy(repo),
                String::from_utf8_lossy(&revision)
            ))
        };
        assert_eq!(parts("app@main").as_deref(), Some("app main"));
        assert_eq!(parts("app@@-").as_deref(), Some("app @-"));
        assert_eq!(parts("app@fix%2Fa%25b").as_deref(), Some("app fix/a%b"));
        assert_eq!(parts(&revision_name("app", "fix/a%b")).as_deref(), Some("app fix/a%b"));
        assert_eq!(
            [parts("app"), parts("app@"), parts("app@%2"), parts("app@%41")],
            [const { None }; 4]
        );
    }
}
