//! Forks of a mount: edits to several repositories that land together, or not at all.

use std::time::Instant;

use mesafs::FileSystem;
use mesafs::backend::Planned;
use mesafs::line::Line;
use mesafs::mount::{Direction, LandError, Stray, Versions};
use mesafs::op::{Batch, BatchId, Op};
use mesafs::path::RepoPath;
use mesafs::{Errno, FsResult, Pin};

use crate::fixture::{Fixture, author, path, repo};

#[test]
fn edits_of_several_repositories_land_in_one_record() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    store.create_repo(&repo("lib"), &author()).unwrap();
    let mount = fixture.mount(&store, &["app", "lib"]);
    mount.files.create_dir(&path("/acme/app/d"), 0o755, false)?;
    for count in 0..100 {
        mount.write(&format!("/acme/app/d/{count}"), count.to_string())?;
    }
    mount.write("/acme/lib/a", "old")?;
    let before = store.counters().counts().journal_bytes;
    let started = Instant::now();
    let fork = mount.files.fork()?;
    let took = started.elapsed();
    assert!(took.as_millis() < 50, "{took:?}");
    let files = fork.files();
    files.rename(&path("/acme/app/d"), &path("/acme/lib/moved"))?;
    files.write(&path("/acme/lib/a"), "new".into(), 0o644)?;
    files.set_mode(&path("/acme/lib/a"), 0o600, mesafs::Follow::Yes)?;
    files.write(&path("/acme/app/b"), "b".into(), 0o644)?;
    // Nobody else sees any of it, and none of it is kept.
    assert_eq!(mount.names("/acme/app"), ["d"]);
    assert_eq!(store.counters().counts().journal_bytes, before);
    assert_eq!(fork.edited(), [repo("app"), repo("lib")]);
    fork.land().unwrap();
    let check = |fixture: &Fixture, store: &mesa_store::Store| {
        let mount = fixture.mount(store, &["app", "lib"]);
        assert_eq!(mount.names("/acme/app"), ["b"]);
        assert_eq!(mount.read("/acme/lib/moved/99").unwrap(), "99");
        assert_eq!(mount.read("/acme/lib/a").unwrap(), "new");
        let mode = mount.files.metadata(&path("/acme/lib/a")).unwrap().mode & 0o777;
        assert_eq!(mode, 0o600);
    };
    check(&fixture, &store);
    let killed = fixture.copied();
    check(&killed, &killed.open());
    Ok(())
}

#[test]
fn what_somebody_has_changed_meanwhile_keeps_all_from_landing() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    store.create_repo(&repo("lib"), &author()).unwrap();
    let mount = fixture.mount(&store, &["app", "lib"]);
    let other = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1")?;
    let fork = mount.files.fork()?;
    fork.files().write(&path("/acme/app/a"), "mine".into(), 0o644)?;
    fork.files().write(&path("/acme/lib/b"), "mine".into(), 0o644)?;
    other.write("/acme/app/elsewhere", "theirs")?;
    other.write("/acme/app/a", "theirs")?;
    let raced = fork.land().unwrap_err();
    assert_eq!(raced, LandError::Raced { paths: vec!["/acme/app/a".into()] });
    assert!(mount.names("/acme/lib").is_empty());
    // What others did beside it is no reason.
    let fork = mount.files.fork()?;
    fork.files().write(&path("/acme/app/a"), "mine".into(), 0o644)?;
    other.write("/acme/app/elsewhere", "more")?;
    fork.land().unwrap();
    assert_eq!(
        (mount.read("/acme/app/a")?, mount.read("/acme/app/elsewhere")?),
        ("mine".into(), "more".into())
    );
    let read_only =
        fixture.checkout(&store, "app", &Pin::Default, mesafs::Access::ReadOnly).unwrap();
    let read_only = fixture.mounted(vec![read_only]);
    let fork = read_only.files.fork()?;
    let refused = fork.files().write(&path("/acme/app/a"), "x".into(), 0o644);
    assert_eq!(refused.unwrap_err().errno(), Errno::RoFs);
    Ok(())
}

#[test]
fn what_was_planned_on_an_older_version_is_not_written() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1")?;
    let checkout = mount.checkout();
    let version = checkout.root()?.version;
    let write = |id, text: &str| Batch {
        id: BatchId(id),
        now_ns: 0,
        ops: vec![Op::Write {
            path: RepoPath::new("a").unwrap(),
            mode: 0o644,
            data: text.to_owned().into(),
        }],
    };
    mount.write("/acme/app/a", "theirs")?;
    let late = checkout.apply_together(Planned { batch: write(1, "late"), version }, Vec::new());
    assert_eq!(late.unwrap_err().errno(), Errno::Again);
    assert_eq!(mount.read("/acme/app/a")?, "theirs");
    let version = checkout.root()?.version;
    checkout.apply_together(Planned { batch: write(2, "mine"), version }, Vec::new())?;
    assert_eq!(mount.read("/acme/app/a")?, "mine");
    Ok(())
}

#[test]
fn a_folder_that_was_never_stored_comes_back_after_a_crash_too() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.files.line_begins(Line::new(|| "make".into()));
    mount.files.create_dir(&path("/acme/app/d"), 0o750, false)?;
    mount.write("/acme/app/d/a", "1")?;
    mount.files.create_dir(&path("/acme/app/d/empty"), 0o755, false)?;
    mount.files.line_ends().unwrap();
    mount.files.line_begins(Line::new(|| "remove".into()));
    mount.files.remove(&path("/acme/app/d"), true)?;
    mount.files.line_ends().unwrap();
    mount.files.line_begins(Line::new(|| "undo".into()));
    let undone = mount.files.replay(1, Direction::Undo, Stray::Leave).unwrap();
    mount.files.line_ends().unwrap();
    assert_eq!((undone[0].line.to_string(), undone[0].repos[0].paths.len()), ("remove".into(), 1));
    let killed = fixture.copied();
    let store = killed.open();
    let mount = killed.mount(&store, &["app"]);
    assert_eq!(mount.names("/acme/app/d"), ["a", "empty"]);
    assert_eq!(mount.read("/acme/app/d/a")?, "1");
    assert_eq!(mount.files.metadata(&path("/acme/app/d"))?.mode & 0o777, 0o750);
    Ok(())
}
