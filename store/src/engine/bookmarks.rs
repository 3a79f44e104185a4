//! Bookmarks: names that point at changes.

use jj_lib::backend::CommitId;
use jj_lib::ref_name::RefName;
use jj_lib::repo::Repo as _;
use jj_lib::view::View;
use mesafs::backend::Backwards;
use mesafs::name::{BookmarkName, CommitOid};

use super::changes::{nobody, resolved};
use super::draft::Draft;
use super::error::{EngineError, EngineResult};
use super::history::History;
use super::ids;
use super::repository::Repository;
use super::types::{Author, Bookmark, Resolved, Target, Transacted};

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

    /// The commits that a bookmark points at: several while it is conflicted.
    ///
    /// # Errors
    /// `NoBookmark`.
    pub fn bookmark_commits(&self, name: &BookmarkName) -> EngineResult<Vec<CommitOid>> {
        let history = self.history();
        history.bookmark_target(name)?.added_ids().map(ids::commit_oid).collect()
    }

    /// # Errors
    /// `BookmarkExists`, also for one that git cannot have beside it (`a` and `a/b`); `NoChange`,
    /// `Divergent`.
    pub fn create_bookmark<'a>(
        &self,
        name: &BookmarkName,
        to: impl Into<Target<'a>>,
    ) -> EngineResult<Transacted> {
        let to = to.into();
        self.edit_bookmark("create a bookmark", |draft| {
            if let Some(taken) = in_the_way(draft.history.repo.view(), name) {
                return Err(EngineError::BookmarkExists(taken));
            }
            let target = draft.history.target(to)?;
            draft.set_bookmark(name, target.id());
            Ok(())
        })
    }

    /// Moves a bookmark to a change; to a commit that doesn't descend from its present one only if
    /// `backwards` allows. Where `expected` is given, only if it is on that commit now.
    ///
    /// # Errors
    /// `NoBookmark`, `BookmarkRaced`, `MoveRefused`, `NoChange`, `Divergent`.
    pub fn move_bookmark<'a>(
        &self,
        name: &BookmarkName,
        to: impl Into<Target<'a>>,
        backwards: Backwards,
        expected: Option<&CommitOid>,
    ) -> EngineResult<Transacted> {
        let to = to.into();
        self.edit_bookmark("move a bookmark", |draft| {
            check_expected(&draft.history, name, expected)?;
            let target = draft.history.target(to)?;
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

    /// Puts a bookmark on a change, making it if there is none of that name. Where `expected` is
    /// given, only if it is on that commit now.
    ///
    /// # Errors
    /// `BookmarkExists` as [`Self::create_bookmark`], `BookmarkRaced`, `NoChange`, `Divergent`.
    pub fn set_bookmark<'a>(
        &self,
        name: &BookmarkName,
        to: impl Into<Target<'a>>,
        expected: Option<&CommitOid>,
    ) -> EngineResult<Transacted> {
        let to = to.into();
        self.edit_bookmark("set a bookmark", |draft| {
            check_expected(&draft.history, name, expected)?;
            match in_the_way(draft.history.repo.view(), name) {
                Some(taken) if taken != name.as_str() => {
                    return Err(EngineError::BookmarkExists(taken));
                }
                _ => {}
            }
            let target = draft.history.target(to)?;
            draft.set_bookmark(name, target.id());
            Ok(())
        })
    }

    /// # Errors
    /// `NoBookmark`, `BookmarkExists`; `BookmarkRaced` if it is not on `expected`.
    pub fn rename_bookmark(
        &self,
        name: &BookmarkName,
        to: &BookmarkName,
        expected: Option<&CommitOid>,
    ) -> EngineResult<Transacted> {
        let transacted = self.edit_bookmark("rename a bookmark", |draft| {
            check_expected(&draft.history, name, expected)?;
            let target = draft.history.bookmark_target(name)?.clone();
            // Out of the way first: `a` may become `a/b`.
            draft.delete_bookmark(name);
            if let Some(taken) = in_the_way(draft.tx.repo().view(), to) {
                return Err(EngineError::BookmarkExists(taken));
            }
            draft.tx.repo_mut().set_local_bookmark_target(RefName::new(to.as_str()), target);
            Ok(())
        })?;
        if self.default_bookmark() == *name {
            self.set_default_bookmark(to)?;
        }
        Ok(transacted)
    }

    /// Takes a name away; its change stays.
    ///
    /// # Errors
    /// `NoBookmark`; `BookmarkRaced` if it is not on `expected`; `DefaultBookmark`.
    pub fn delete_bookmark(
        &self,
        name: &BookmarkName,
        expected: Option<&CommitOid>,
    ) -> EngineResult<Transacted> {
        if self.default_bookmark() == *name {
            return Err(EngineError::DefaultBookmark(name.to_string()));
        }
        self.edit_bookmark("delete a bookmark", |draft| {
            draft.history.bookmark_target(name)?;
            check_expected(&draft.history, name, expected)?;
            draft.delete_bookmark(name);
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
        let ((), transacted) = self.transact(doing, &nobody(), body)?;
        Ok(transacted.unwrap_or_else(|| self.unchanged()))
    }
}

/// Whether a bookmark is where a caller saw it.
pub(super) fn check_expected(
    history: &History,
    name: &BookmarkName,
    expected: Option<&CommitOid>,
) -> EngineResult<()> {
    let Some(expected) = expected else { return Ok(()) };
    match history.bookmark_target(name)?.as_normal() {
        Some(now) if *now == ids::commit_id(expected)? => Ok(()),
        _ => Err(EngineError::BookmarkRaced(name.to_string())),
    }
}

/// The bookmark that `name` cannot be beside: itself, or one that git would need as a folder.
fn in_the_way(view: &View, name: &BookmarkName) -> Option<String> {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
    };
    let name = name.as_str();
    view.local_bookmarks()
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
