//! Which commits a call means, and what they hold.

use mesafs::backend::{Comparison, Revision};
use mesafs::name::{BookmarkName, ChangeId, CommitOid};
use mesafs::tree::Root;

use super::{LiveChange, Repo, Standing};
use crate::engine::{Author, Commit, EngineError};
use crate::error::StoreError;

/// From where revisions are looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Here<'a> {
    /// What `@` is.
    pub live: &'a LiveChange,
    /// Whom `mine()` asks for.
    pub user: &'a Author,
}

impl Repo {
    /// The one commit that a revision names.
    ///
    /// # Errors
    /// `NoBookmark`, `BookmarkConflicted`, `NoChange`, `Ambiguous`, `Revision`.
    pub fn find(&self, revision: &Revision, here: Here<'_>) -> Result<CommitOid, StoreError> {
        let text = match revision {
            Revision::Bookmark(name) => return Ok(self.engine.resolve_bookmark(name)?.commit),
            Revision::Change(prefix) => return Ok(self.engine.resolve_change(prefix)?.commit),
            Revision::Expression(text) => text,
        };
        // Its name may have something in it that means something else in an expression.
        if let Ok(name) = BookmarkName::new(text)
            && let Ok(found) = self.engine.resolve_bookmark(&name)
        {
            return Ok(found.commit);
        }
        let wrong = |reason: String| EngineError::Revision { text: text.clone(), reason };
        let mut found = self.evaluate(text, here, 2)?;
        match (found.pop(), found.pop()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(wrong("it names no revision".to_owned()).into()),
            (Some(_), Some(_)) => Err(wrong("it names several revisions".to_owned()).into()),
        }
    }

    /// The commits that revisions name, each once.
    ///
    /// # Errors
    /// As [`Repo::find`]; an expression may name any number here.
    pub fn find_all(
        &self,
        revisions: &[Revision],
        here: Here<'_>,
    ) -> Result<Vec<CommitOid>, StoreError> {
        let mut found = Vec::new();
        for revision in revisions {
            let named = match revision {
                Revision::Expression(text) => self.evaluate(text, here, 0)?,
                one => vec![self.find(one, here)?],
            };
            for commit in named {
                if !found.contains(&commit) {
                    found.push(commit);
                }
            }
        }
        Ok(found)
    }

    /// The commits that an expression names, children before parents.
    ///
    /// # Errors
    /// `Revision`.
    pub fn evaluate(
        &self,
        text: &str,
        here: Here<'_>,
        limit: usize,
    ) -> Result<Vec<CommitOid>, StoreError> {
        Ok(self.engine.revisions(text, Some(&here.live.commit()), here.user, limit)?)
    }

    /// The change whose present commit this is.
    ///
    /// # Errors
    /// `ChangeMoved` if it has another by now, `NoChange` if it was abandoned.
    pub fn present(&self, commit: &CommitOid) -> Result<ChangeId, StoreError> {
        let change = self.engine.commit(commit)?.change;
        let resolved = self.engine.resolve_change(change.as_str())?;
        if resolved.commit != *commit && !resolved.others.contains(commit) {
            let (change, now) = (change.to_string(), resolved.commit.to_string());
            return Err(EngineError::ChangeMoved { change, now }.into());
        }
        Ok(change)
    }

    /// The content of a commit.
    ///
    /// # Errors
    /// `Data`, EIO.
    pub fn content(&self, commit: &Commit) -> Result<Root, StoreError> {
        Ok(Root {
            dir: self.load_dir(&commit.oid)?,
            change: commit.change.clone(),
            version: 0,
            opened_ns: commit.committed_ms.saturating_mul(1_000_000),
        })
    }

    /// What a commit changed.
    ///
    /// # Errors
    /// `Data`, EIO.
    pub fn changed(&self, commit: &CommitOid) -> Result<Comparison, StoreError> {
        let (before, after) = (self.dir_before(commit)?, self.load_dir(commit)?);
        Ok(Comparison { before, after })
    }

    /// What a live change changed so far, what no commit holds yet included. The child that is not
    /// made yet has changed nothing.
    ///
    /// # Errors
    /// `Data`, EIO.
    pub fn status(&self, live: &LiveChange) -> Result<Comparison, StoreError> {
        let place = live.place();
        let after = live.tree.root().dir;
        let before = match place.standing {
            Standing::Shared(_) => after.clone(),
            _ => self.dir_before(&place.commit)?,
        };
        Ok(Comparison { before, after })
    }

    fn dir_before(&self, commit: &CommitOid) -> Result<mesafs::tree::Dir, StoreError> {
        match &self.engine.commit(commit)?.parents[..] {
            [parent] => self.load_dir(parent),
            // The root's content, or what several parents come to: git's alone.
            _ => self.dir_of(self.engine.parent_root(commit)?, None),
        }
    }
}
