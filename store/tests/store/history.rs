//! Imported history: what stays, and the child that writers share.

use std::time::Duration;

use mesafs::backend::{Access, Description, Pin, Revision};
use mesafs::filesystem::FileSystem;
use mesafs::name::BookmarkName;
use mesafs::{Errno, FsResult};

use crate::fixture::{Fixture, author, path, repo};

/// A store in which `acme/lib` was imported from what `acme/app` exported: `a` and `d/b` on `main`.
fn imported() -> (Fixture, mesa_store::Store) {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.files.create_dir(&path("/acme/app/d"), 0o755, false).unwrap();
    mount.write("/acme/app/a", "a\n").unwrap();
    mount.write("/acme/app/d/b", "b\n").unwrap();
    mount.checkout().checkpoint(Description::Set("first\n".into())).unwrap();
    mount.close();
    let git = fixture.dir.join("out.git");
    let exported = store.export_repo(&repo("app"), &git).unwrap();
    assert_eq!(exported.branches, 1);
    let report = store.import_repo(&git, &repo("lib"), &author()).unwrap();
    assert_eq!((report.commits, report.bookmarks), (1, 1));
    (fixture, store)
}

#[test]
fn writers_of_an_imported_bookmark_share_one_child() -> FsResult<()> {
    let (fixture, store) = imported();
    let one = fixture.mount(&store, &["lib"]);
    let two = fixture.mount(&store, &["lib"]);
    let by_id = one.checkout().current().unwrap().0;
    assert!(by_id.immutable);
    let mut events = two.checkout().subscribe()?;
    assert_eq!(one.read("/acme/lib/d/b")?, "b\n");
    one.write("/acme/lib/a", "edited\n")?;
    assert_eq!(two.read("/acme/lib/a")?, "edited\n");
    assert_eq!(events.wait(Some(Duration::ZERO)).len(), 1);
    two.write("/acme/lib/new", "new\n")?;
    let (mine, yours) = (one.checkout().current().unwrap(), two.checkout().current().unwrap());
    assert_eq!(mine, yours);
    assert!(mine.0.change_id != by_id.change_id && !mine.0.immutable);
    assert_eq!(mine.1, Some(BookmarkName::new("main").unwrap()));
    // By its id the imported change reads as it was, and cannot be written.
    let pin = Pin::Change(by_id.change_id.to_string());
    let old = fixture.checkout(&store, "lib", &pin, Access::ReadWrite).unwrap();
    let old = fixture.mounted(vec![old]);
    assert_eq!(old.read("/acme/lib/a")?, "a\n");
    let refused = old.write("/acme/lib/a", "x").unwrap_err();
    assert_eq!(refused.errno(), Errno::RoFs);
    let hint = format!("changes new {}", by_id.change_id);
    assert!(refused.to_string().contains(&hint), "{refused}");
    Ok(())
}

#[test]
fn a_mount_that_only_reads_makes_no_child() -> FsResult<()> {
    let (fixture, store) = imported();
    let mount = fixture.mount(&store, &["lib"]);
    let before = mount.checkout().current().unwrap();
    mount.read("/acme/lib/a")?;
    mount.close();
    let again = fixture.mount(&store, &["lib"]);
    assert_eq!(again.checkout().current().unwrap(), before);
    Ok(())
}

#[test]
fn edits_of_an_import_are_exported_on_top_of_it() -> FsResult<()> {
    let (fixture, store) = imported();
    let mount = fixture.mount(&store, &["lib"]);
    mount.write("/acme/lib/d/b", "edited\n")?;
    mount.files.remove(&path("/acme/lib/a"), false)?;
    mount.close();
    let git = fixture.dir.join("again.git");
    store.export_repo(&repo("lib"), &git).unwrap();
    let report = store.import_repo(&git, &repo("third"), &author()).unwrap();
    assert_eq!(report.commits, 2);
    let mount = fixture.mount(&store, &["third"]);
    assert_eq!(mount.names("/acme/third"), ["d"]);
    assert_eq!(mount.read("/acme/third/d/b")?, "edited\n");
    // What was moved from one repository to another is in one place, whatever happens after.
    let both = fixture.mount(&store, &["app", "third"]);
    both.files.rename(&path("/acme/third/d"), &path("/acme/app/moved"))?;
    let killed = fixture.copied();
    let store = killed.open();
    let both = killed.mount(&store, &["app", "third"]);
    assert_eq!(both.read("/acme/app/moved/b")?, "edited\n");
    assert!(both.names("/acme/third").is_empty());
    Ok(())
}

#[test]
fn a_child_of_what_is_imported_is_a_change_of_its_own() -> FsResult<()> {
    let (fixture, store) = imported();
    let mount = fixture.mount(&store, &["lib"]);
    let main = Revision::Bookmark(BookmarkName::new("main").unwrap());
    mount.checkout().new_change(&main, Some("mine")).unwrap();
    mount.write("/acme/lib/a", "mine\n")?;
    let other = fixture.mount(&store, &["lib"]);
    assert_eq!(other.read("/acme/lib/a")?, "a\n");
    let list = mount.checkout().changes(0).unwrap();
    let list: Vec<_> = list.iter().map(|change| change.summary.as_str()).collect();
    assert_eq!(list, ["mine", "first"]);
    Ok(())
}
