//! What things cost, by counters: the same for a few files and for many.

use bytes::Bytes;
use mesafs::counters::Counts;
use mesafs::filesystem::{FileSystem, OpenOptions};
use mesafs::op::{Batch, BatchId, IfExists, Op};
use mesafs::path::RepoPath;
use mesafs::{FsResult, Volume};

use crate::fixture::{Fixture, path};

/// Makes `big` with so many files, a hundred in each folder, and snapshots it.
fn filled(files: u32) -> Fixture {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    let dir = |text: String| Op::MakeDir { path: at(&text), mode: 0o755, parents: true };
    let mut ops = vec![dir("big".into())];
    for count in 0..files {
        if count % 100 == 0 {
            ops.push(dir(format!("big/{:04}", count / 100)));
        }
        let path = at(&format!("big/{:04}/{count}", count / 100));
        ops.push(Op::Create { path, mode: 0o644, if_exists: IfExists::Fail });
        if ops.len() > 1000 {
            land(mount.checkout(), count, std::mem::take(&mut ops));
        }
    }
    land(mount.checkout(), files, ops);
    mount.close();
    store.close().unwrap();
    fixture
}

fn at(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn land(volume: &dyn Volume, id: u32, ops: Vec<Op>) {
    let id = BatchId(u128::from(id) + 1);
    volume.apply(Batch { id, now_ns: 1, ops }).unwrap();
}

/// The costs of a mount, `cp -r`, `mv`, `rm -r`, each up to the end of the next snapshot.
fn costs(fixture: &Fixture) -> Vec<Counts> {
    let store = fixture.open();
    let counters = std::sync::Arc::clone(store.counters());
    let mut costs = Vec::new();
    let mut last = counters.counts();
    let mut note = || {
        store.tick();
        let now = counters.counts();
        costs.push(now.since(&last));
        last = now;
    };
    let mount = fixture.mount(&store, &["app"]);
    mount.files.metadata(&path("/acme/app/big")).unwrap();
    note();
    mount.files.copy(&path("/acme/app/big"), &path("/acme/app/two"), true).unwrap();
    note();
    mount.files.rename(&path("/acme/app/big"), &path("/acme/app/new")).unwrap();
    note();
    mount.files.remove(&path("/acme/app/two"), true).unwrap();
    note();
    costs
}

/// Takes seconds: the many are made one by one.
#[test]
fn folders_cost_the_same_whatever_they_hold() {
    let few = costs(&filled(10));
    let many = costs(&filled(100_000));
    assert_eq!(few, many);
    let most = few.iter().map(|costs| costs.objects_read).max();
    assert!(most < Some(20), "{few:?}");
}

#[test]
fn appends_cost_their_own_bytes() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    let counters = store.counters();
    let cost = |count: u32| {
        let before = counters.counts();
        for _ in 0..count {
            mount.files.append(&path("/acme/app/log"), Bytes::from_static(b"0123456789"), 0o644)?;
        }
        FsResult::Ok(counters.counts().since(&before))
    };
    let first = cost(1000)?;
    cost(20_000)?;
    let last = cost(1000)?;
    assert!(last.journal_bytes <= first.journal_bytes, "{first:?} {last:?}");
    assert!(last.journal_bytes < 1000 * 200, "{last:?}");
    assert_eq!(mount.files.metadata(&path("/acme/app/log"))?.size, 220_000);
    Ok(())
}

#[test]
fn much_data_takes_little_memory() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    // A whole GiB where time is no object.
    let len = if std::env::var_os("MESASH_DEEP").is_some() { 1 << 30 } else { 64 << 20 };
    let chunk = Bytes::from(vec![b'x'; 64 << 10]);
    for _ in 0..len / chunk.len() {
        mount.files.append(&path("/acme/app/big"), chunk.clone(), 0o644)?;
    }
    let root = mount.checkout().root()?;
    let mesafs::tree::Node::File(file) = root.lookup(&at("big"))? else { panic!("a file") };
    assert_eq!((file.body.len(), file.body.memory_bytes()), (len as u64, 0));
    store.tick();
    let handle = mount.files.open(&path("/acme/app/big"), &OpenOptions::reading())?;
    let last = handle.read_at(len as u64 - 1, 64 << 10)?;
    assert_eq!(&last[..], b"x");
    Ok(())
}
