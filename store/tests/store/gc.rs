//! Cleaning up, while the store is in use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mesa_store::GcReport;
use mesafs::backend::{Description, Revision};
use mesafs::filesystem::FileSystem;
use mesafs::{Checkout, FsResult};

use crate::fixture::{Fixture, path, repo};

const NOW: Duration = Duration::ZERO;

fn operations(checkout: &dyn Checkout) -> Vec<String> {
    let operations = checkout.history().unwrap().operations(0).unwrap();
    operations.into_iter().map(|operation| operation.id).collect()
}

#[test]
fn what_nothing_needs_goes_and_all_else_stays() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/kept", "kept\n")?;
    mount.checkout().checkpoint(Description::Set("kept".into())).unwrap();
    for round in 0..40 {
        let noise: String =
            (0..2000).map(|n: u32| ((n * round * 7919) % 91 + 33) as u8 as char).collect();
        mount.write("/acme/app/grows", noise)?;
        mount.files.create_dir(&path(&format!("/acme/app/d{round}")), 0o700, false)?;
        store.tick();
    }
    mount.write("/acme/app/journaled", "not stored yet\n")?;
    let read = mount.read("/acme/app/grows")?;
    let before = operations(mount.checkout());
    // Within retention everything stays.
    let kept = store.gc(&repo("app"), Duration::from_secs(3600)).unwrap();
    assert_eq!((kept.operations_dropped, kept.objects_dropped, kept.refs_dropped), (0, 0, 0));
    assert_eq!(operations(mount.checkout()), before);
    std::thread::sleep(Duration::from_millis(5));
    let report: GcReport = store.gc(&repo("app"), NOW).unwrap();
    assert!(report.operations_dropped > 40 && report.objects_dropped > 40, "{report:?}");
    assert!(report.bytes_after < report.bytes_before / 2, "{report:?}");
    assert!(operations(mount.checkout()).len() <= 4);
    let check = |mount: &crate::fixture::Mounted| -> FsResult<()> {
        assert_eq!(mount.read("/acme/app/grows")?, read);
        assert_eq!(mount.read("/acme/app/kept")?, "kept\n");
        assert_eq!(mount.read("/acme/app/journaled")?, "not stored yet\n");
        assert_eq!(mount.files.metadata(&path("/acme/app/d7"))?.mode, 0o700);
        Ok(())
    };
    check(&mount)?;
    // It goes on as ever.
    mount.write("/acme/app/after", "x")?;
    mount.checkout().checkpoint(Description::Set("after".into())).unwrap();
    assert_eq!(mount.checkout().changes(0).unwrap().len(), 3);
    check(&mount)?;
    let killed = fixture.copied();
    check(&killed.mount(&killed.open(), &["app"]))?;
    mount.close();
    store.close().unwrap();
    check(&fixture.mount(&fixture.open(), &["app"]))
}

#[test]
fn writers_go_on_meanwhile() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mounts: Vec<_> = (0..3).map(|_| fixture.mount(&store, &["app"])).collect();
    let done = AtomicBool::new(false);
    let count = 60;
    std::thread::scope(|scope| {
        let writers: Vec<_> = mounts
            .iter()
            .enumerate()
            .map(|(own, mount)| {
                let store = &store;
                scope.spawn(move || {
                    for round in 0..count {
                        // The same content comes, goes and comes again: what is dropped is written anew.
                        let text = format!("{own} {}\n", round % 5);
                        mount.write(&format!("/acme/app/f{own}"), text).unwrap();
                        mount.write(&format!("/acme/app/d{own}-{round}"), "x\n").unwrap();
                        if round % 3 == own {
                            store.tick();
                        }
                        if round % 20 == 19 {
                            let here = Revision::here();
                            mount.checkout().history().unwrap().describe(&here, "x").unwrap();
                        }
                    }
                })
            })
            .collect();
        let cleaner = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Acquire) || rounds == 0 {
                store.gc(&repo("app"), NOW).unwrap();
                rounds += 1;
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Release);
        cleaner.join().unwrap();
    });
    let check = |mount: &crate::fixture::Mounted| -> FsResult<()> {
        for own in 0..mounts.len() {
            assert_eq!(
                mount.read(&format!("/acme/app/f{own}"))?,
                format!("{own} {}\n", (count - 1) % 5)
            );
        }
        assert_eq!(mount.names("/acme/app").len(), mounts.len() * (count + 1));
        Ok(())
    };
    check(&mounts[0])?;
    mounts.iter().for_each(crate::fixture::Mounted::close);
    store.close().unwrap();
    check(&fixture.mount(&fixture.open(), &["app"]))
}

#[test]
fn facts_and_sums_that_nothing_needs_go_a_day_later() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    let rows = |table: &str| -> i64 {
        let database = rusqlite::Connection::open(fixture.dir.join("store.db")).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        database.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    for round in 0..20 {
        mount.files.create_dir(&path(&format!("/acme/app/d{round}/e")), 0o700, true)?;
        mount.write(&format!("/acme/app/d{round}/f"), format!("{round}"))?;
        store.tick();
    }
    for round in 1..20 {
        mount.files.remove(&path(&format!("/acme/app/d{round}")), true)?;
    }
    store.tick();
    // The last state before what is kept is needed, too.
    for round in 0..3 {
        mount.write("/acme/app/g", format!("{round}"))?;
        store.tick();
    }
    let (facts, sums) = (rows("facts"), rows("sums"));
    std::thread::sleep(Duration::from_millis(5));
    store.gc(&repo("app"), NOW).unwrap();
    // Trees that are gone need no sums; who remembers facts may still read them.
    assert!(rows("sums") < sums, "{sums}");
    assert_eq!(rows("facts"), facts);
    mount.close();
    fixture.clock.advance_s(86_401);
    let mount = fixture.mount(&store, &["app"]);
    store.gc(&repo("app"), NOW).unwrap();
    assert!(rows("facts") < facts / 2, "{} of {facts}", rows("facts"));
    assert_eq!(rows("unused_facts"), 0);
    let mode = |mount: &crate::fixture::Mounted, at: &str| {
        mount.files.metadata(&path(&format!("/acme/app/{at}"))).unwrap().mode
    };
    assert_eq!((mode(&mount, "d0"), mode(&mount, "d0/e")), (0o700, 0o700));
    mount.close();
    store.close().unwrap();
    let mount = fixture.mount(&fixture.open(), &["app"]);
    assert_eq!((mode(&mount, "d0"), mode(&mount, "d0/e")), (0o700, 0o700));
    Ok(())
}

#[test]
fn a_small_repository_does_not_grow() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    for keep in [Duration::from_secs(86_400), NOW] {
        let report = store.gc(&repo("app"), keep).unwrap();
        assert!(report.bytes_after <= report.bytes_before, "{report:?}");
    }
    mount.write("/acme/app/a", "hi\n")?;
    mount.checkout().checkpoint(Description::Set("one".into())).unwrap();
    for keep in [Duration::from_secs(86_400), NOW, NOW] {
        let report = store.gc(&repo("app"), keep).unwrap();
        assert!(report.bytes_after <= report.bytes_before, "{report:?}");
    }
    Ok(())
}
