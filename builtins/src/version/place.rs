//! Which checkout and which revision a version command means, and how its failure is told.
//!
//! Exit codes: 3 a conflict, 4 not authorised, 5 a race that trying again may win, 2 wrong usage, 1
//! anything else.

use std::sync::Arc;

use mesafs::Checkout;
use mesafs::backend::{ChangeError, History, Revision};
use mesafs::mount::Versions;
use mesafs::name::BookmarkName;
use mesafs::path::RepoPath;

use super::near;
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
        return found.ok_or_else(|| not_mounted(ctx, versions, name));
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

/// Says what is wrong with `-r NAME`: a mistyped name, or a revision where a repository goes.
fn not_mounted(ctx: &Context<'_>, versions: &dyn Versions, name: &BStr) -> CommandError {
    let missing = format!("repository '{name}' is not mounted");
    let here = match versions.checkouts() {
        [only] => Some(Arc::clone(only)),
        _ => versions.checkout_at(&ctx.cwd).ok().flatten(),
    };
    let may_be_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    let is_revision = here.is_some_and(|here| is_revision(&here, name));
    if is_revision || !name.bytes().all(may_be_a_name) {
        let way = "-r takes a repository; give a revision without it";
        return failure(format!("{missing}: {way}: '{name}'"));
    }
    let repos = versions.checkouts().iter().map(|checkout| checkout.repo());
    let names = repos.flat_map(|repo| [repo.repo.as_str().to_owned(), repo.to_string()]);
    failure(missing + &near::meant(&name.to_str_lossy(), names))
}

fn is_revision(checkout: &Arc<dyn Checkout>, word: &BStr) -> bool {
    let Ok(word) = word.to_str() else { return false };
    match checkout.history() {
        Some(history) => history.log(word, 1).is_ok(),
        None => checkout
            .bookmarks()
            .is_ok_and(|all| all.iter().any(|bookmark| bookmark.name.as_str() == word)),
    }
}

/// A revision as it was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub revision: Revision,
    /// Whether it was a plain word, which may be a bookmark or a change.
    plain: bool,
}

/// The revision that `--bookmark`, `--change` or `operand` names; `None` if none does.
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
        (None, None, Some(word)) => named(word.as_bstr(), checkout).map(Some),
        _ => Err(usage("give one revision only")),
    }
}

/// A word as a revision: `@`, a bookmark, a change id or its prefix, or what jj's language makes
/// of it.
pub(super) fn named(word: &BStr, checkout: &dyn Checkout) -> Result<Asked, CommandError> {
    let word = text("revision", word)?;
    let fail = |error: ChangeError| failed("look up", checkout, error);
    if word == "@" {
        return Ok(Asked { revision: Revision::here(), plain: true });
    }
    let bookmarks = checkout.bookmarks().map_err(fail)?;
    let bookmark = bookmarks.into_iter().find(|bookmark| bookmark.name.as_str() == word);
    let letters = !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'k'..=b'z'));
    let revision = match bookmark {
        Some(bookmark) => Revision::Bookmark(bookmark.name),
        None if letters || checkout.history().is_none() => Revision::Change(word.to_owned()),
        None => Revision::Expression(word.to_owned()),
    };
    Ok(Asked { revision, plain: true })
}

impl Asked {
    /// A failure to use this revision.
    pub fn failed(&self, doing: &str, checkout: &dyn Checkout, error: ChangeError) -> CommandError {
        match error {
            ChangeError::NoChange(word) if self.plain => nothing_named(&word, checkout),
            error => failed(doing, checkout, error),
        }
    }
}

fn nothing_named(word: &str, checkout: &dyn Checkout) -> CommandError {
    let near = near::revision(word, checkout);
    failure(format!("no bookmark and no change '{word}' in '{}'{near}", checkout.repo()))
}

/// The symbol of which jj says that it names nothing.
fn unknown(reason: &str) -> Option<&str> {
    reason.strip_prefix("Revision `")?.strip_suffix("` doesn't exist")
}

/// The history behind a checkout.
///
/// # Errors
/// Where the backend keeps no more than it must.
pub(super) fn history(checkout: &dyn Checkout) -> Result<&dyn History, CommandError> {
    let none = || failure(format!("'{}' keeps no history to work on", checkout.repo()));
    checkout.history().ok_or_else(none)
}

/// The revision that an option names; `default` if it is not given.
pub(super) fn option(
    args: &Args,
    key: &str,
    default: &str,
    checkout: &dyn Checkout,
) -> Result<Revision, CommandError> {
    match args.value(key) {
        Some(word) => Ok(named(word, checkout)?.revision),
        None => Ok(Revision::Expression(default.to_owned())),
    }
}

/// All revisions that an option names.
pub(super) fn options(
    args: &Args,
    key: &str,
    checkout: &dyn Checkout,
) -> Result<Vec<Revision>, CommandError> {
    args.values(key).map(|word| Ok(named(word, checkout)?.revision)).collect()
}

/// Operands as paths in the repository, whether they are there or not.
///
/// # Errors
/// One that is not in it.
pub(super) fn paths(
    ctx: &Context<'_>,
    operands: &[BString],
    checkout: &dyn Checkout,
) -> Result<Vec<RepoPath>, CommandError> {
    operands.iter().map(|operand| path(ctx, operand, checkout)).collect()
}

fn path(
    ctx: &Context<'_>,
    operand: &BString,
    checkout: &dyn Checkout,
) -> Result<RepoPath, CommandError> {
    let fail = |reason: FsError| failure(format!("{}: {reason}", operand.as_bstr()));
    let cwd = ctx.fs.canonicalize(&ctx.cwd).map_err(fail)?;
    let full = mesafs::resolve_path(cwd.as_bstr(), operand).map_err(fail)?;
    let root = format!("/{}", checkout.repo());
    let inside = full.as_bstr().strip_prefix(root.as_bytes()).and_then(|rest| match rest {
        [] => Some(rest),
        [b'/', below @ ..] => Some(below),
        _ => None,
    });
    match inside {
        Some(inside) => RepoPath::new(inside).map_err(fail),
        None => Err(failure(format!("{} is not in '{}'", quoted(operand), checkout.repo()))),
    }
}

/// A path of the repository as it is reached from the working directory.
pub(super) fn seen(ctx: &Context<'_>, path: &RepoPath, checkout: &dyn Checkout) -> BString {
    let full = format!("/{}/", checkout.repo());
    let full = [full.as_bytes(), path.as_ref()].concat();
    let Ok(cwd) = ctx.fs.canonicalize(&ctx.cwd) else { return full.into() };
    let mut here: Vec<&[u8]> = cwd.as_bstr().split(|byte| *byte == b'/').collect();
    here.retain(|name| !name.is_empty());
    let there: Vec<&[u8]> = full.split(|byte| *byte == b'/').skip(1).collect();
    let same = here.iter().zip(&there).take_while(|(one, two)| one == two).count();
    // From outside the repository the whole path is clearer.
    if same < 2 {
        return full.into();
    }
    let up = std::iter::repeat_n(&b".."[..], here.len() - same);
    bstr::join("/", up.chain(there.into_iter().skip(same))).into()
}

/// A failed call. `doing` stands after "cannot".
pub(super) fn failed(
    doing: &str,
    checkout: &dyn Checkout,
    error: impl Into<ChangeError>,
) -> CommandError {
    let error = error.into();
    let status = match &error {
        ChangeError::BookmarkConflicted(_)
        | ChangeError::Divergent { .. }
        | ChangeError::MarkersLeft(_) => CONFLICT,
        ChangeError::BookmarkRaced(_) | ChangeError::ChangeRaced(_) => RACED,
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
        ChangeError::Divergent { .. } => {
            format!("{error}: 'changes abandon COMMIT' takes one of them away")
        }
        ChangeError::NoBookmark(name) => format!("{error}{}", near::bookmark(name, checkout)),
        ChangeError::NoChange(id) => format!("{error}{}", near::change(id, checkout)),
        ChangeError::Revision { text, reason } if unknown(reason) == Some(text) => {
            return nothing_named(text, checkout);
        }
        ChangeError::Revision { reason, .. } => {
            let near = unknown(reason).map(|word| near::revision(word, checkout));
            format!("{error}{}", near.unwrap_or_default())
        }
        other => other.to_string(),
    };
    CommandError::Fail(message.into_bytes(), status)
}
