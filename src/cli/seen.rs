//! What the program saw in a store last: its repositories, in a file beside it.
//!
//! A run has to know its start folder before it knows whether it needs the store at all, and `-c :`
//! must touch none. The list is written under the store's lock whenever the program has it open; what
//! a library did to the store since shows in the next list.

use std::fs;
use std::path::{Path, PathBuf};

use mesa_store::Store;
use mesafs::name::{OrgName, RepoId};

use super::failure::Failure;

fn file(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".repos");
    path.into()
}

/// The repositories of `org` when the store was seen last; `None` if nothing is known.
pub fn repos(store: &Path, org: &OrgName) -> Option<Vec<RepoId>> {
    let text = fs::read_to_string(file(store)).ok()?;
    let all = text.lines().map(|line| RepoId::parse(line, org).ok()).collect::<Option<Vec<_>>>()?;
    Some(all.into_iter().filter(|repo| repo.org == *org).collect())
}

/// Notes what is in the store now. A list that can't be written costs the next run some time.
///
/// # Errors
/// [`Failure`] if the store can't tell.
pub fn note(path: &Path, store: &Store) -> Result<(), Failure> {
    let repos = store.repos(None)?;
    let text: String = repos.iter().map(|info| format!("{}\n", info.id)).collect();
    let path = file(path);
    if fs::read_to_string(&path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    let mut draft = path.clone().into_os_string();
    draft.push(".new");
    drop(fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path)));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_damaged_list_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let org = OrgName::new("acme").unwrap();
        assert_eq!(repos(&store, &org), None);
        fs::write(file(&store), "acme/app\nother/x\n").unwrap();
        assert_eq!(repos(&store, &org), Some(vec![RepoId::parse("app", &org).unwrap()]));
        fs::write(file(&store), "acme/app\n\0\n").unwrap();
        assert_eq!(repos(&store, &org), None);
    }
}
