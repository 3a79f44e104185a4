//! What was written is there after a snapshot, a reopening, or a stop at any moment.

use mesa_store::Store;
use mesafs::FsResult;
use mesafs::filesystem::{FileSystem, Follow};

use crate::fixture::{Fixture, path};

#[test]
fn what_was_written_is_there_after_reopening() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "hi\n")?;
    mount.files.create_dir(&path("/acme/app/d/e"), 0o755, true)?;
    mount.write("/acme/app/d/x", "x".repeat(100_000))?;
    mount.files.append(&path("/acme/app/a"), "more\n".into(), 0o644)?;
    mount.close();
    store.close().unwrap();
    drop((mount, store));
    let store = fixture.open();
    let mount = fixture.mount(&store, &["app"]);
    assert_eq!(mount.read("/acme/app/a")?, "hi\nmore\n");
    assert_eq!(mount.read("/acme/app/d/x")?.len(), 100_000);
    assert_eq!(mount.names("/acme/app/d"), ["e", "x"]);
    Ok(())
}

#[test]
fn what_the_journal_has_is_recovered() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/saved", "1")?;
    store.tick();
    mount.write("/acme/app/journaled", "2".repeat(50_000))?;
    mount.files.set_mode(&path("/acme/app/journaled"), 0o600, Follow::Yes)?;
    mount.files.rename(&path("/acme/app/saved"), &path("/acme/app/moved"))?;
    // As a process that was killed leaves it.
    let copy = fixture.copied();
    let store = copy.open();
    let mount = copy.mount(&store, &["app"]);
    assert_eq!(mount.names("/acme/app"), ["journaled", "moved"]);
    assert_eq!(mount.read("/acme/app/journaled")?, "2".repeat(50_000));
    assert_eq!(mount.files.metadata(&path("/acme/app/journaled"))?.mode, 0o600);
    Ok(())
}

#[test]
fn an_opening_that_fails_takes_nothing_from_the_journal() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/journaled", "1")?;
    let copy = fixture.copied();
    // A file in the place of the repositories' folder: it cannot be listed.
    let (repos, aside) = (copy.dir.join("repos"), copy.dir.join("aside"));
    std::fs::rename(&repos, &aside).unwrap();
    std::fs::write(&repos, "").unwrap();
    assert!(Store::open(&copy.dir, copy.options.clone()).is_err());
    std::fs::remove_file(&repos).unwrap();
    std::fs::rename(&aside, &repos).unwrap();
    let store = copy.open();
    let mount = copy.mount(&store, &["app"]);
    assert_eq!(mount.read("/acme/app/journaled")?, "1");
    Ok(())
}

#[test]
fn modes_times_and_empty_directories_outlive_snapshots() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/private", "x")?;
    mount.files.set_mode(&path("/acme/app/private"), 0o4750, Follow::Yes)?;
    mount.files.set_times(&path("/acme/app/private"), 0, 1_234_567_890, Follow::Yes)?;
    mount.files.create_dir(&path("/acme/app/empty/er"), 0o700, true)?;
    mount.files.symlink(b"nowhere", &path("/acme/app/link"))?;
    let before = mount.files.read_dir_stats(&path("/acme/app"))?;
    store.tick();
    mount.close();
    store.close().unwrap();
    let store = fixture.open();
    let mount = fixture.mount(&store, &["app"]);
    assert_eq!(mount.files.read_dir_stats(&path("/acme/app"))?, before);
    assert_eq!(mount.files.metadata(&path("/acme/app/empty/er"))?.mode, 0o700);
    assert_eq!(mount.files.read_link(&path("/acme/app/link"))?, "nowhere");
    Ok(())
}
