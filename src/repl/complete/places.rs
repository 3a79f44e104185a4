//! Repositories, bookmarks and changes, with what there is to say of them.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use mesafs::backend::{ChangeInfo, Checkout};
use mesafs::mount::revision_name;
use mesash_builtins::age::ago;

use super::{Candidate, Scene};

/// How many changes are offered.
const CHANGES_MAX: usize = 200;
/// How much of a change's id is typed at least.
const ID_LETTERS: usize = 8;

pub fn repos(scene: &Scene) -> Vec<Candidate> {
    let Some(versions) = scene.fs.as_ref().and_then(|fs| fs.versions()) else { return Vec::new() };
    let all = versions.checkouts().iter().map(|checkout| {
        let on = match checkout.current() {
            Ok((change, bookmark)) => {
                let bookmark = bookmark.map_or(String::new(), |name| format!("{name}: "));
                format!("{bookmark}{}", summary(&change))
            }
            Err(_) => String::new(),
        };
        Candidate::new(checkout.repo().repo.as_str(), on)
    });
    all.collect()
}

/// The repository that is asked for, else the one of the working directory, else the only one.
fn checkout(scene: &Scene, asked: Option<&str>) -> Option<Arc<dyn Checkout>> {
    let versions = scene.fs.as_ref()?.versions()?;
    match asked {
        Some(name) => versions.checkout(name),
        None => {
            let here = scene.cwd.as_ref().and_then(|cwd| versions.checkout_at(cwd).ok().flatten());
            here.or_else(|| match versions.checkouts() {
                [only] => Some(Arc::clone(only)),
                _ => None,
            })
        }
    }
}

pub fn bookmarks(scene: &Scene, repo: Option<&str>) -> Vec<Candidate> {
    checkout(scene, repo).map(|checkout| bookmarks_of(&*checkout, now_ms())).unwrap_or_default()
}

fn bookmarks_of(checkout: &dyn Checkout, now_ms: i64) -> Vec<Candidate> {
    let changes = checkout.changes(CHANGES_MAX).unwrap_or_default();
    let all = checkout.bookmarks().unwrap_or_default().into_iter().map(|bookmark| {
        let target = |change: &&ChangeInfo| Some(&change.change_id) == bookmark.target.as_ref();
        let about = match changes.iter().find(target) {
            Some(change) => format!("{}, {}", ago(now_ms, change.committed_ms), summary(change)),
            None if bookmark.target.is_none() => "in conflict".to_owned(),
            None => String::new(),
        };
        Candidate::new(bookmark.name.as_str(), about)
    });
    all.collect()
}

/// Bookmarks, then changes.
pub fn revisions(scene: &Scene, repo: Option<&str>) -> Vec<Candidate> {
    checkout(scene, repo).map(|checkout| revisions_of(&*checkout)).unwrap_or_default()
}

fn revisions_of(checkout: &dyn Checkout) -> Vec<Candidate> {
    let now_ms = now_ms();
    let mut all = bookmarks_of(checkout, now_ms);
    for change in checkout.changes(CHANGES_MAX).unwrap_or_default() {
        let id = change.change_id.as_str();
        let letters = change.prefix_len.max(ID_LETTERS);
        let about = format!("{}, {}", ago(now_ms, change.committed_ms), summary(&change));
        all.push(Candidate::new(id.get(..letters).unwrap_or(id), about));
    }
    all
}

/// `repo@REV/`, for a word of which `REPO@` is typed, in the folder of an org.
pub fn pinned(scene: &Scene, org: &str, typed: &str) -> Option<Vec<Candidate>> {
    let (repo, _) = typed.split_once('@')?;
    let checkout = checkout(scene, Some(&format!("{org}/{repo}")))?;
    let all = revisions_of(&*checkout).into_iter().map(|one| {
        let name = revision_name(repo, &one.text);
        Candidate { shown: one.text, ..Candidate::new(format!("{name}/"), one.about) }.goes_on()
    });
    Some(all.collect())
}

fn summary(change: &ChangeInfo) -> &str {
    match change.summary.as_str() {
        "" if change.empty => "(empty)",
        "" => "(no description)",
        summary => summary,
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
