//! Bookmarks: names that point at changes.

use jj_lib::backend::CommitId;
use mesafs::backend::Backwards;
use mesafs::name::{BookmarkName, ChangeId};

use super::changes::resolved;
use super::draft::Draft;
use super::error::{EngineError, EngineResult};
use super::history::History;
use super::ids;
use super::repository::Repository;
use super::types::{Author, Bookmark, Resolved, Transacted};

impl Repository {
    /// All bookmarks, sorted by name.
    ///
    /// # Errors
    /// `Data`.
    pub fn bookmarks(&self) -> EngineResult<Vec<Bookmark>> {
        let history = self.history();
        let default = self.default_bookmark();
        let mut bookmarks = Vec::new();
        for (name, target) in history.repo.view().local_bookmarks() {
            // The real jj may make some that git has no name for.
            let Ok(name) = BookmarkName::new(name.as_str()) else { continue };
            let target = match target.as_normal() {
                Some(id) => {
                    let change = ids::change_id(history.commit(id)?.change_id())?;
                    Some((change, ids::commit_oid(id)?))
                }
                None => None,
            };
            bookmarks.push(Bookmark { default: name == default, name, target });
        }
        Ok(bookmarks)
    }

    /// # Errors
    /// `NoBookmark`, `BookmarkConflicted`.
    pub fn resolve_bookmark(&self, name: &BookmarkName) -> EngineResult<Resolved> {
        let history = self.history();
        let commit = history.bookmarked(name)?;
        let mut found = history.resolve(commit.change_id())?;
        // Of a divergent change, the commit that the bookmark is on.
        let here = ids::commit_oid(commit.id())?;
        if found.commit != here {
            found.others.retain(|other| *other != here);
            found.others.insert(0, std::mem::replace(&mut found.commit, here));
        }
        Ok(found)
    }

    /// # Errors
    /// `BookmarkExists`, also for one that git cannot have beside it (`a` and `a/b`); `NoChange`,
    /// `Divergent`.
    pub fn create_bookmark(
        &self,
        name: &BookmarkName,
        change: &ChangeId,
    ) -> EngineResult<Transacted> {
        self.edit_bookmark("create a bookmark", |draft| {
            if let Some(taken) = in_the_way(&draft.history, name) {
                return Err(EngineError::BookmarkExists(taken));
            }
            let target = draft.history.single(change)?;
            draft.set_bookmark(name, target.id());
            Ok(())
        })
    }

    /// Moves a bookmark to a change; to a commit that doesn't descend from its present one only if `backwards` allows.
    ///
    /// # Errors
    /// `NoBookmark`, `MoveRefused`, `NoChange`, `Divergent`.
    pub fn move_bookmark(
        &self,
        name: &BookmarkName,
        change: &ChangeId,
        backwards: Backwards,
    ) -> EngineResult<Transacted> {
        self.edit_bookmark("move a bookmark", |draft| {
            let target = draft.history.single(change)?;
            if let (Backwards::Refuse, Some(direction)) =
                (backwards, strays(&draft.history, name, target.id())?)
            {
                return Err(EngineError::MoveRefused { name: name.to_string(), direction });
            }
            draft.history.bookmark_target(name)?;
            draft.set_bookmark(name, target.id());
            Ok(())
        })
    }

    /// The change that writers of a bookmark share: its target, or, where that is immutable, an
    /// empty child that is made once and gets the bookmark. `None`: nothing had to be made.
    ///
    /// # Errors
    /// `NoBookmark`, `BookmarkConflicted`.
    pub fn writable_child(
        &self,
        name: &BookmarkName,
        author: &Author,
    ) -> EngineResult<(Resolved, Option<Transacted>)> {
        let (child, transacted) = self.transact("begin a change", author, |draft| {
            let target = draft.history.bookmarked(name)?;
            if !draft.history.is_immutable(target.id())? {
                return Ok(None);
            }
            let child = draft.new_child(&target, "")?;
            draft.set_bookmark(name, child.id());
            Ok(Some(child))
        })?;
        match child {
            Some(child) => Ok((resolved(&child)?, transacted)),
            None => Ok((self.resolve_bookmark(name)?, None)),
        }
    }

    fn edit_bookmark(
        &self,
        doing: &str,
        body: impl FnOnce(&mut Draft) -> EngineResult<()>,
    ) -> EngineResult<Transacted> {
        // Moving a name writes no commit, so nobody signs it.
        let nobody = Author { name: String::new(), email: String::new() };
        let ((), transacted) = self.transact(doing, &nobody, body)?;
        Ok(transacted.unwrap_or_else(|| self.unchanged()))
    }
}

/// The bookmark that `name` cannot be beside: itself, or one that git would need as a folder.
fn in_the_way(history: &History, name: &BookmarkName) -> Option<String> {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
    };
    let name = name.as_str();
    history
        .repo
        .view()
        .local_bookmarks()
        .map(|(other, _)| other.as_str())
        .find(|other| *other == name || within(name, other) || within(other, name))
        .map(str::to_owned)
}

/// How a move to `target` would not go forward; `None` if it does.
fn strays(
    history: &History,
    name: &BookmarkName,
    target: &CommitId,
) -> EngineResult<Option<&'static str>> {
    for from in history.bookmark_target(name)?.added_ids() {
        if !history.is_ancestor(from, target)? {
            let backwards = history.is_ancestor(target, from)?;
            return Ok(Some(if backwards { "backwards" } else { "sideways" }));
        }
    }
    Ok(None)
}
