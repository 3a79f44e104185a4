//! Names of files and folders.

use bstr::{BString, ByteSlice};
use mesafs::{DirEntry, FileKind, FileSystem, VPath};

use super::select::{Fit, select};
use super::word::{Role, Word};
use super::{Candidate, Found, Scene, places};

/// In a larger folder it is not looked which files can be run.
const STATS_MAX: usize = 2_000;

/// Which entries are offered, besides folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Any,
    Folder,
    Executable,
}

/// The entries that the name before the cursor may become.
pub fn found(scene: &Scene, word: &Word, wanted: Wanted) -> Found {
    let part = word.name;
    let (candidates, fuzzy) = candidates(scene, word, wanted).unwrap_or_default();
    Found { part, quote: word.quote, fuzzy, candidates }
}

fn candidates(scene: &Scene, word: &Word, wanted: Wanted) -> Option<(Vec<Candidate>, bool)> {
    if word.opaque {
        return None;
    }
    let typed = word.from(word.name);
    let begun = match (word.value, word.role) {
        (Some(value), _) => value.at,
        (None, Role::Value) => {
            let above = word.text.get(..word.name.at).unwrap_or_default();
            above.rfind(['=', ':']).map_or(0, |at| at + 1)
        }
        _ => 0,
    };
    let folder = word.text.get(begun..word.name.at)?;
    let dir = scene.path(folder.as_bytes())?;
    let fs = scene.fs.as_ref()?;
    if let Some(org) = org(&dir)
        && let Some(all) = places::pinned(scene, &org, typed)
    {
        let (near, fit) = select(all, typed, |one| &one.text);
        return Some((near, fit == Fit::Fuzzy));
    }
    let entries = fs.read_dir(&dir).ok()?;
    let hidden = typed.starts_with('.');
    let named = entries.into_iter().filter_map(|entry| {
        let name = entry.name.to_str().ok()?.to_owned();
        (hidden || !name.starts_with('.')).then_some((name, entry))
    });
    let (near, fit) = select(named.collect(), typed, |(name, _)| name);
    let looks = near.len() <= STATS_MAX;
    let shown = near.into_iter().filter_map(|(name, entry)| {
        if is_folder(&**fs, &dir, &entry) {
            return Some(Candidate::new(format!("{name}/"), "").goes_on());
        }
        let fits = match wanted {
            Wanted::Any => true,
            Wanted::Folder => false,
            Wanted::Executable => !looks || can_run(&**fs, &dir, &entry),
        };
        fits.then(|| Candidate::new(name, ""))
    });
    Some((shown.collect(), fit == Fit::Fuzzy))
}

/// The org whose folder `dir` is.
fn org(dir: &VPath) -> Option<String> {
    let text = dir.as_bstr().to_str().ok()?.trim_matches('/');
    (!text.is_empty() && !text.contains('/')).then(|| text.to_owned())
}

fn is_folder(fs: &dyn FileSystem, dir: &VPath, entry: &DirEntry) -> bool {
    match entry.kind {
        FileKind::Directory => true,
        FileKind::Symlink => {
            let stat = dir.join(BString::from(entry.name.as_slice()));
            stat.and_then(|path| fs.metadata(&path)).is_ok_and(|stat| stat.is_directory())
        }
        _ => false,
    }
}

fn can_run(fs: &dyn FileSystem, dir: &VPath, entry: &DirEntry) -> bool {
    let stat = dir.join(BString::from(entry.name.as_slice()));
    stat.and_then(|path| fs.metadata(&path)).is_ok_and(|stat| stat.mode & 0o111 != 0)
}
