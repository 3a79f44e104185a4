//! `changes` and `bookmarks` of the public API. `repo` is the bare name or `org/repo`.

use std::sync::Arc;

use super::Mount;
use crate::backend::{
    Backwards, BookmarkInfo, ChangeError, ChangeInfo, Checkout, Checkpoint, Description, Revision,
};
use crate::error::{Errno, FsError, Operation};
use crate::mount::Versions;
use crate::name::{BookmarkName, ChangeId};

/// The changes of a mount's checkouts.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'a>(pub(super) &'a Mount);

/// The bookmarks of a mount's repositories.
#[derive(Debug, Clone, Copy)]
pub struct Bookmarks<'a>(pub(super) &'a Mount);

impl Mount {
    pub(super) async fn on_checkout<T: Send + 'static>(
        &self,
        repo: &str,
        operation: Operation,
        call: impl FnOnce(&Arc<dyn Checkout>) -> Result<T, ChangeError> + Send + 'static,
    ) -> Result<T, ChangeError> {
        let Some(checkout) = self.files().checkout(repo) else {
            let missing = FsError::new(Errno::NoEnt, operation, repo);
            return Err(missing.with_detail(format!("repository '{repo}' is not mounted")).into());
        };
        self.call(operation, move |_| call(&checkout)).await?
    }
}

impl Changes<'_> {
    /// Makes an empty child of the revision and switches to it.
    ///
    /// # Errors
    /// [`ChangeError`]: what is missing or ambiguous is named; EROFS on a read-only repository.
    #[expect(clippy::new_ret_no_self, reason = "the public API names its calls so")]
    pub async fn new(
        &self,
        repo: &str,
        base: Revision,
        message: Option<&str>,
    ) -> Result<ChangeId, ChangeError> {
        let message = message.map(str::to_owned);
        let call =
            move |checkout: &Arc<dyn Checkout>| checkout.new_change(&base, message.as_deref());
        self.0.on_checkout(repo, Operation::Change, call).await
    }

    /// Switches to the revision; never creates a change.
    ///
    /// # Errors
    /// [`ChangeError`]: what is missing or ambiguous is named.
    pub async fn edit(&self, repo: &str, revision: Revision) -> Result<ChangeId, ChangeError> {
        self.0.on_checkout(repo, Operation::Change, move |checkout| checkout.edit(&revision)).await
    }

    /// Changes reachable from the checkout, newest first; `limit` 0 means all.
    ///
    /// # Errors
    /// [`ChangeError::Fs`].
    pub async fn list(&self, repo: &str, limit: usize) -> Result<Vec<ChangeInfo>, ChangeError> {
        self.0.on_checkout(repo, Operation::Change, move |checkout| checkout.changes(limit)).await
    }

    /// The change that is open.
    ///
    /// # Errors
    /// [`ChangeError::Fs`].
    pub async fn current(&self, repo: &str) -> Result<ChangeInfo, ChangeError> {
        let call = |checkout: &Arc<dyn Checkout>| Ok(checkout.current()?.0);
        self.0.on_checkout(repo, Operation::Change, call).await
    }

    /// Flushes, describes (`None` keeps the text, an empty one clears it), makes a new empty
    /// descendant and advances the bookmark onto it, in one transaction.
    ///
    /// # Errors
    /// [`ChangeError::NotOnBookmark`]; [`ChangeError::BookmarkRaced`] may be tried again.
    pub async fn checkpoint(
        &self,
        repo: &str,
        message: Option<&str>,
    ) -> Result<Checkpoint, ChangeError> {
        let description = match message {
            None => Description::Keep,
            Some(text) => Description::Set(text.to_owned()),
        };
        let call = move |checkout: &Arc<dyn Checkout>| checkout.checkpoint(description);
        self.0.on_checkout(repo, Operation::Change, call).await
    }
}

impl Bookmarks<'_> {
    /// All bookmarks, sorted by name.
    ///
    /// # Errors
    /// [`ChangeError::Fs`].
    pub async fn list(&self, repo: &str) -> Result<Vec<BookmarkInfo>, ChangeError> {
        self.0.on_checkout(repo, Operation::Bookmark, |checkout| checkout.bookmarks()).await
    }

    /// Creates a bookmark at the active change.
    ///
    /// # Errors
    /// [`ChangeError::BookmarkExists`], [`ChangeError::Name`].
    pub async fn create(&self, repo: &str, name: &str) -> Result<(), ChangeError> {
        let name = BookmarkName::new(name)?;
        let call = move |checkout: &Arc<dyn Checkout>| checkout.create_bookmark(&name);
        self.0.on_checkout(repo, Operation::Bookmark, call).await
    }

    /// Moves a bookmark; backwards or sideways only if allowed.
    ///
    /// # Errors
    /// [`ChangeError::NoBookmark`], [`ChangeError::NoChange`], [`ChangeError::MoveRefused`].
    pub async fn move_to(
        &self,
        repo: &str,
        name: &str,
        change: &str,
        backwards: Backwards,
    ) -> Result<(), ChangeError> {
        let (name, change) = (BookmarkName::new(name)?, change.to_owned());
        let call =
            move |checkout: &Arc<dyn Checkout>| checkout.move_bookmark(&name, &change, backwards);
        self.0.on_checkout(repo, Operation::Bookmark, call).await
    }
}
