//! What may have been meant by a name that there is not.

use mesafs::Checkout;
use mesafs::name::BookmarkName;

use crate::near;

/// So many of the changes before the open one are looked at for one with a similar id.
const CHANGES_MAX: usize = 200;
/// How many letters of a change's id a suggestion has at least.
const ID_CHARS: usize = 8;

/// `: did you mean 'main'?`, or nothing where no name is near.
pub(super) fn meant(word: &str, known: impl IntoIterator<Item = String>) -> String {
    near::nearest(word, known).map_or(String::new(), |near| format!(": did you mean '{near}'?"))
}

/// As [`meant`], of the bookmarks of a repository.
pub(super) fn bookmark(word: &str, checkout: &dyn Checkout) -> String {
    meant(word, bookmarks(checkout))
}

/// As [`meant`], of a repository's bookmarks and the ids of changes before the open one.
pub(super) fn revision(word: &str, checkout: &dyn Checkout) -> String {
    match near::nearest(word, bookmarks(checkout)) {
        Some(near) => format!(": did you mean '{near}'?"),
        None => change(word, checkout),
    }
}

/// As [`meant`], of the ids of changes before the open one.
pub(super) fn change(word: &str, checkout: &dyn Checkout) -> String {
    let is_id = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_id {
        return String::new();
    }
    let changes = checkout.changes(CHANGES_MAX).unwrap_or_default();
    let ids = changes.iter().map(|change| {
        let id = change.change_id.as_str();
        let length = word.len().max(change.prefix_len).min(id.len());
        (id.get(..length).unwrap_or(id), id.get(..length.max(ID_CHARS)).unwrap_or(id))
    });
    let nearest = ids.min_by_key(|(start, _)| near::distance(word, start));
    match nearest {
        Some((start, shown)) if near::distance(word, start) <= near::limit(word) => {
            format!(": did you mean '{shown}'?")
        }
        _ => String::new(),
    }
}

fn bookmarks(checkout: &dyn Checkout) -> Vec<String> {
    let bookmarks = checkout.bookmarks().unwrap_or_default();
    bookmarks.iter().map(|bookmark| BookmarkName::as_str(&bookmark.name).to_owned()).collect()
}
