//! Many writers at once, and writers that are stopped.

use std::collections::BTreeSet;
use std::sync::Barrier;

use mesafs::FsResult;
use mesafs::backend::{Access, Pin, Revision};
use mesafs::filesystem::{FileSystem, Follow};

use crate::fixture::{Fixture, Mounted, author, path, repo};

const THREADS: usize = 64;

/// So many ops each; all that are asked for where time is no object.
fn rounds() -> usize {
    if std::env::var_os("MESASH_DEEP").is_some() { 1000 } else { 40 }
}

/// One op; answers how many batches were acknowledged.
fn act(mount: &Mounted, own: usize, round: usize) -> FsResult<usize> {
    let at = |name: &str| path(&format!("/acme/app/{name}{own}"));
    let files = &mount.files;
    match round % 8 {
        0 => files.write(&at("w"), format!("{round}").into(), 0o644)?,
        1 => files.append(&at("a"), "x".into(), 0o644)?,
        2 => files.create_dir(&at(&format!("d{round}-")), 0o755, false)?,
        3 => files.set_mode(&at("w"), 0o600 | (round as u32 / 8 % 8), Follow::Yes)?,
        4 => files.rename(&at("w"), &at(&format!("r{round}-")))?,
        5 => files.copy(&at(&format!("r{}-", round - 1)), &at("w"), false)?,
        6 => files.append(&path("/acme/app/shared"), format!("{own} {round}\n").into(), 0o644)?,
        _ => {
            files.remove(&at(&format!("d{}-", round - 5)), false)?;
            if round % 40 == 7 && own.is_multiple_of(16) {
                let history = mount.checkout().history().unwrap();
                history.describe(&Revision::here(), &format!("{own} {round}")).unwrap();
            }
        }
    }
    Ok(1)
}

#[test]
fn all_that_is_acknowledged_is_there_and_told() {
    let (fixture, store) = Fixture::new();
    let mounts: Vec<Mounted> = (0..8).map(|_| fixture.mount(&store, &["app"])).collect();
    let start = Barrier::new(THREADS);
    let acknowledged: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|own| {
                let (mount, start, store) = (&mounts[own % mounts.len()], &start, &store);
                scope.spawn(move || {
                    start.wait();
                    let mut count = 0;
                    for round in 0..rounds() {
                        count += act(mount, own, round).unwrap();
                        if own == 0 && round % 10 == 9 {
                            store.tick();
                        }
                    }
                    count
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(acknowledged, THREADS * rounds());
    let check = |mount: &Mounted| {
        let told = mount.checkout().history().unwrap().audit(&[], 0).unwrap();
        let versions: BTreeSet<u64> = told.iter().map(|entry| entry.version).collect();
        assert_eq!(versions.len(), acknowledged);
        let shared = mount.read("/acme/app/shared").unwrap();
        let lines: BTreeSet<&str> = shared.lines().collect();
        let each = (0..rounds()).filter(|round| round % 8 == 6).count();
        assert_eq!((lines.len(), shared.lines().count()), (THREADS * each, THREADS * each));
        for own in 0..THREADS {
            let appended = mount.read(&format!("/acme/app/a{own}")).unwrap();
            assert_eq!(appended.len(), (0..rounds()).filter(|round| round % 8 == 1).count());
        }
    };
    let killed = fixture.copied();
    check(&mounts[0]);
    check(&killed.mount(&killed.open(), &["app"]));
}

#[test]
fn two_changes_of_two_mounts_never_mix() {
    let (fixture, store) = Fixture::new();
    let base = fixture.mount(&store, &["app"]);
    base.write("/acme/app/f", "base").unwrap();
    let mounts: Vec<Mounted> = (0..2).map(|_| fixture.mount(&store, &["app"])).collect();
    let changes: Vec<_> = mounts
        .iter()
        .map(|mount| {
            let main = Revision::Expression("main".into());
            mount.checkout().new_change(&main, None).unwrap()
        })
        .collect();
    let rounds = rounds() * 2;
    std::thread::scope(|scope| {
        for (own, mount) in mounts.iter().enumerate() {
            let store = &store;
            scope.spawn(move || {
                for round in 0..rounds {
                    mount.write(&format!("/acme/app/{}", round % 7), format!("{own}")).unwrap();
                    mount
                        .files
                        .append(&path("/acme/app/f"), format!("{own}").into(), 0o644)
                        .unwrap();
                    assert_eq!(
                        mount.read(&format!("/acme/app/{}", round % 7)).unwrap(),
                        format!("{own}")
                    );
                    if round % 10 == own {
                        store.tick();
                    }
                }
            });
        }
    });
    let killed = fixture.copied();
    let again = killed.open();
    for (own, change) in changes.iter().enumerate() {
        let pin = Pin::Change(change.to_string());
        let after = killed.checkout(&again, "app", &pin, Access::ReadWrite).unwrap();
        for mount in [&mounts[own], &killed.mounted(vec![after])] {
            let text = format!("base{}", own.to_string().repeat(rounds));
            assert_eq!(mount.read("/acme/app/f").unwrap(), text);
            for name in 0..7 {
                assert_eq!(mount.read(&format!("/acme/app/{name}")).unwrap(), own.to_string());
            }
        }
    }
    assert_eq!(base.read("/acme/app/f").unwrap(), "base");
    assert_eq!(base.names("/acme/app"), ["f"]);
}

/// A process that is stopped while it writes leaves any beginning of its last record.
#[test]
fn what_is_atomic_is_there_whole_or_not_at_all_after_a_crash() {
    let (fixture, store) = Fixture::new();
    store.create_repo(&repo("lib"), &author()).unwrap();
    let mount = fixture.mount(&store, &["app", "lib"]);
    mount.write("/acme/app/a", "old").unwrap();
    mount.write("/acme/lib/b", "old").unwrap();
    let segment = |fixture: &Fixture| {
        let mut paths: Vec<_> = std::fs::read_dir(fixture.dir.join("journal"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.pop().unwrap()
    };
    let len = |fixture: &Fixture| std::fs::metadata(segment(fixture)).unwrap().len();
    let before = len(&fixture);
    let fork = mount.files.fork().unwrap();
    let files = fork.files();
    files.write(&path("/acme/app/a"), "new".into(), 0o644).unwrap();
    files.create_dir(&path("/acme/app/d"), 0o755, false).unwrap();
    files.rename(&path("/acme/lib/b"), &path("/acme/lib/c")).unwrap();
    files.write(&path("/acme/lib/c"), "new".into(), 0o644).unwrap();
    fork.land().unwrap();
    let after = len(&fixture);
    let step = if std::env::var_os("MESASH_DEEP").is_some() { 1 } else { 13 };
    let mut landed = 0;
    for cut in (before..=after).step_by(step).chain([after]) {
        let killed = fixture.copied();
        let file = std::fs::OpenOptions::new().write(true).open(segment(&killed)).unwrap();
        file.set_len(cut).unwrap();
        let store = killed.open();
        let mount = killed.mount(&store, &["app", "lib"]);
        let found = (
            mount.read("/acme/app/a").unwrap(),
            mount.names("/acme/app"),
            mount.names("/acme/lib"),
        );
        let whole = cut == after;
        landed += usize::from(whole);
        let (text, app, lib): (&str, &[&str], &[&str]) =
            if whole { ("new", &["a", "d"], &["c"]) } else { ("old", &["a"], &["b"]) };
        assert_eq!(
            (found.0.as_str(), &found.1[..], &found.2[..]),
            (
                text,
                &app.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()[..],
                &lib.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()[..]
            ),
            "{cut}"
        );
        drop(mount);
        store.close().unwrap();
    }
    assert!(landed > 0 && after > before + 50);
}
