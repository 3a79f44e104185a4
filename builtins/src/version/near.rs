//! What may have been meant by a name that there is not.

use mesafs::Checkout;
use mesafs::name::BookmarkName;

/// A name that is further from what was typed is no suggestion: letters added, left out or swapped.
const DISTANCE_MAX: usize = 2;
/// So many of the changes before the open one are looked at for one with a similar id.
const CHANGES_MAX: usize = 200;
/// How many letters of a change's id a suggestion has at least.
const ID_CHARS: usize = 8;

/// `: did you mean 'main'?`, or nothing where no name is near.
pub(super) fn meant(word: &str, known: impl IntoIterator<Item = String>) -> String {
    nearest(word, known).map_or(String::new(), |near| format!(": did you mean '{near}'?"))
}

/// As [`meant`], of the bookmarks of a repository.
pub(super) fn bookmark(word: &str, checkout: &dyn Checkout) -> String {
    meant(word, bookmarks(checkout))
}

/// As [`meant`], of a repository's bookmarks and the ids of changes before the open one.
pub(super) fn revision(word: &str, checkout: &dyn Checkout) -> String {
    match nearest(word, bookmarks(checkout)) {
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
    let near = ids.min_by_key(|(start, _)| strsim::osa_distance(word, start));
    match near {
        Some((start, shown)) if strsim::osa_distance(word, start) <= limit(word) => {
            format!(": did you mean '{shown}'?")
        }
        _ => String::new(),
    }
}

fn bookmarks(checkout: &dyn Checkout) -> Vec<String> {
    let bookmarks = checkout.bookmarks().unwrap_or_default();
    bookmarks.iter().map(|bookmark| BookmarkName::as_str(&bookmark.name).to_owned()).collect()
}

/// Of two letters, two that differ are another word.
fn limit(word: &str) -> usize {
    DISTANCE_MAX.min(word.chars().count().saturating_sub(1) / 2)
}

fn nearest(word: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    // What is there is not what was meant.
    let known = known.into_iter().filter(|known| known != word);
    let distances = known.map(|known| (strsim::osa_distance(word, &known), known));
    let (distance, known) = distances.min()?;
    (distance <= limit(word)).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_meant() {
        let of = |word: &str| meant(word, ["main", "fix/parser", "release"].map(str::to_owned));
        assert_eq!(of("mian"), ": did you mean 'main'?");
        assert_eq!(of("fix/praser"), ": did you mean 'fix/parser'?");
        assert_eq!([of("ma"), of("nowhere"), of("")], [const { String::new() }; 3]);
    }
}
