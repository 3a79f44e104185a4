//! A git repository that the real git writes to, synced while mounts are open.

use std::path::Path;
use std::process::Command;

use mesafs::backend::{Access, Description, MergeOptions, Pin};
use mesafs::name::BookmarkName;
use mesafs::{Errno, FsResult};

use crate::fixture::{Fixture, author, repo};

fn git(dir: &Path, args: &[&str]) {
    let who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(who).args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn open_mounts_follow_what_git_did() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let place = tempfile::tempdir().unwrap();
    let (out, work) = (place.path().join("out.git"), place.path().join("work"));
    let app = repo("app");
    let commit = |file: &str| {
        std::fs::write(work.join(file), format!("{file}\n")).unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "-qm", file]);
        git(&work, &["push", "-q"]);
    };
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1\n")?;
    let saved = mount.checkout().checkpoint(Description::Set("first".into())).unwrap();
    store.sync_repo(&app, Some(&out), &author()).unwrap();
    let pin = Pin::Change(saved.saved_change_id.to_string());
    let below = fixture.checkout(&store, "app", &pin, Access::ReadWrite).unwrap();
    let below = fixture.mounted(vec![below]);
    git(place.path(), &["clone", "-q", "out.git", "work"]);
    commit("b");
    let report = store.sync_repo(&app, None, &author()).unwrap();
    let main = BookmarkName::new("main").unwrap();
    assert_eq!((report.taken.commits, &report.taken.moved[..]), (1, &[main.clone()][..]));
    // What was open and empty is on top of it; what it was built on cannot be written any more.
    assert_eq!(mount.read("/acme/app/b")?, "b\n");
    let refused = below.write("/acme/app/a", "2\n").unwrap_err();
    assert_eq!(refused.errno(), Errno::RoFs);
    assert!(refused.to_string().contains("Read-only"), "{refused}");
    assert_eq!(below.read("/acme/app/a")?, "1\n");

    // What is not stored yet is an edit like any other: now both have gone on.
    mount.write("/acme/app/c", "3\n")?;
    commit("d");
    for _ in 0..2 {
        let report = store.sync_repo(&app, None, &author()).unwrap();
        assert_eq!(report.taken.apart, std::slice::from_ref(&main));
        assert_eq!(mount.names("/acme/app"), ["a", "b", "c"]);
    }
    let theirs = BookmarkName::new("git/main").unwrap();
    let history = mount.checkout().history().unwrap();
    history.merge_bookmarks(&main, &theirs, &MergeOptions::default()).unwrap();
    let report = store.sync_repo(&app, None, &author()).unwrap();
    assert_eq!((report.taken.apart.len(), report.exported.branches), (0, 1));
    git(&work, &["pull", "-q", "--ff-only"]);
    assert_eq!(std::fs::read_to_string(work.join("c")).unwrap(), "3\n");
    let names = mount.checkout().bookmarks().unwrap();
    assert_eq!(names.len(), 1);

    // Nothing of it is lost to a kill, and it stays immutable.
    let killed = fixture.copied();
    let again = killed.open();
    let after = killed.mount(&again, &["app"]);
    assert_eq!(after.names("/acme/app"), ["a", "b", "c", "d"]);
    let first = killed.checkout(&again, "app", &pin, Access::ReadWrite).unwrap();
    assert!(first.current().unwrap().0.immutable);
    Ok(())
}
