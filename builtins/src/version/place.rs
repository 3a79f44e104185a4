//! Which checkout and which revision a version command means, and how its failure is told.
//!
//! Exit codes: 3 a conflict, 4 not authorised, 5 a race that trying again may win, 2 wrong usage, 1
//! anything else.

use std::sync::Arc;

use mesafs::Checkout;
use mesafs::backend::{ChangeError, Revision};
use mesafs::mount::Versions;
use mesafs::name::BookmarkName;

use super::subcommand::text;
use crate::args::{Opt, Takes, long, value};
use crate::prelude::*;

pub(super) const CONFLICT: ExitStatus = ExitStatus(3);
pub(super) const UNAUTHORIZED: ExitStatus = ExitStatus(4);
pub(super) const RACED: ExitStatus = ExitStatus(5);

/// The options that every version command has.
pub(super) const REPO: Opt = value('r', "repo", "REPO", "act on this mounted repository");
pub(super) const JSON: Opt = long("json", "print JSON");
pub(super) const BOOKMARK: Opt =
    long("bookmark", "the revision is this bookmark").takes(Takes::Value("NAME"));
pub(super) const CHANGE: Opt =
    long("change", "the revision is the change with this id or unique prefix")
        .takes(Takes::Value("ID"));

/// The mounted repositories.
///
/// # Errors
/// Why nothing is mounted.
pub(super) fn versions<'a>(ctx: &Context<'a>) -> Result<&'a dyn Versions, CommandError> {
    let fs: &'a Arc<dyn FileSystem> = ctx.fs;
    match fs.versions() {
        Some(versions) => Ok(versions),
        None => {
            // A mount that failed says why when it is touched.
            fs.metadata(&ctx.cwd)?;
            Err(failure("no repository is mounted"))
        }
    }
}

/// The checkout that `-r` names, else the one of the working directory, else the only one.
pub(super) fn checkout(ctx: &Context<'_>, args: &Args) -> Result<Arc<dyn Checkout>, CommandError> {
    let versions = versions(ctx)?;
    if let Some(name) = args.value("repo") {
        let found = name.to_str().ok().and_then(|name| versions.checkout(name));
        return found.ok_or_else(|| failure(format!("repository '{name}' is not mounted")));
    }
    if let Ok(Some(here)) = versions.checkout_at(&ctx.cwd) {
        return Ok(here);
    }
    match versions.checkouts() {
        [only] => Ok(Arc::clone(only)),
        [] => Err(failure("no repository is mounted")),
        several => {
            let names: Vec<_> =
                several.iter().map(|checkout| checkout.repo().repo.as_str()).collect();
            let names = names.join(", ");
            Err(usage(format!("not in a repository: choose one with -r REPO ({names})")))
        }
    }
}

/// A revision as it was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub revision: Revision,
    /// Whether it was a plain word, which may be a bookmark or a change.
    plain: bool,
}

/// The revision that `--bookmark`, `--change` or `operand` names; `None` if none does. A plain word
/// is `@`, a bookmark, or a change id, in this order.
pub(super) fn revision(
    args: &Args,
    operand: Option<&BString>,
    checkout: &dyn Checkout,
) -> Result<Option<Asked>, CommandError> {
    let strict = |revision| Ok(Some(Asked { revision, plain: false }));
    match (args.value("bookmark"), args.value("change"), operand) {
        (None, None, None) => Ok(None),
        (Some(name), None, None) => {
            let name = BookmarkName::new(text("bookmark", name)?);
            strict(Revision::Bookmark(name.map_err(|error| failed("look up", checkout, error))?))
        }
        (None, Some(id), None) => strict(Revision::Change(text("change id", id)?.to_owned())),
        (None, None, Some(word)) => plain(word.as_bstr(), checkout).map(Some),
        _ => Err(usage("give one revision only")),
    }
}

fn plain(word: &BStr, checkout: &dyn Checkout) -> Result<Asked, CommandError> {
    let word = text("revision", word)?;
    let fail = |error: ChangeError| failed("look up", checkout, error);
    let revision = if word == "@" {
        Revision::Change(checkout.current().map_err(fail)?.0.change_id.to_string())
    } else {
        let bookmarks = checkout.bookmarks().map_err(fail)?;
        match bookmarks.into_iter().find(|bookmark| bookmark.name.as_str() == word) {
            Some(bookmark) => Revision::Bookmark(bookmark.name),
            None => Revision::Change(word.to_owned()),
        }
    };
    Ok(Asked { revision, plain: true })
}

impl Asked {
    /// A failure to use this revision.
    pub fn failed(&self, doing: &str, checkout: &dyn Checkout, error: ChangeError) -> CommandError {
        match error {
            ChangeError::NoChange(word) if self.plain => {
                failure(format!("no bookmark and no change '{word}' in '{}'", checkout.repo()))
            }
            error => failed(doing, checkout, error),
        }
    }
}

/// A failed call. `doing` stands after "cannot".
pub(super) fn failed(
    doing: &str,
    checkout: &dyn Checkout,
    error: impl Into<ChangeError>,
) -> CommandError {
    let error = error.into();
    let status = match &error {
        ChangeError::BookmarkConflicted(_) => CONFLICT,
        ChangeError::BookmarkRaced(_) => RACED,
        ChangeError::Fs(error) => match error.errno() {
            Errno::Canceled => return CommandError::Stream(error.clone()),
            Errno::Acces => UNAUTHORIZED,
            Errno::Busy => RACED,
            _ => ExitStatus::FAILURE,
        },
        _ => ExitStatus::FAILURE,
    };
    let message = match &error {
        ChangeError::Fs(reason) => format!("cannot {doing} in '{}': {reason}", checkout.repo()),
        other => other.to_string(),
    };
    CommandError::Fail(message.into_bytes(), status)
}
