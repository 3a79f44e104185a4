use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::*;
use crate::error::{Errno, FsResult};
use crate::name::ChangeId;
use crate::path::RepoPath;

const ATTRIBUTES: Attributes = Attributes { mode: 0o755, mtime_ns: None };

fn file(len: usize) -> Node {
    File::new(ATTRIBUTES, Body::from(Bytes::from(vec![b'x'; len]))).into()
}

/// The sums by looking at everything.
fn counted(dir: &Dir) -> FsResult<Sums> {
    let mut sums = Sums::default();
    for entry in Walk::below(RepoPath::root(), dir.clone()) {
        let (path, node) = entry?;
        sums.entries += 1;
        sums.depth = sums.depth.max(path.names().count() as u32);
        sums.longest_path = sums.longest_path.max(path.as_bstr().len() as u32);
        if let Node::File(file) = node {
            sums.bytes += file.body.len();
        }
    }
    Ok(sums)
}

#[test]
fn sums_follow_edits_of_a_big_directory() -> FsResult<()> {
    let mut dir = Dir::empty(ATTRIBUTES);
    for count in 0..200_usize {
        dir = dir.insert(format!("f{count}").as_bytes(), file(count))?;
    }
    let inner = Dir::from_entries(ATTRIBUTES, [(&b"a-long-name"[..], file(7))]);
    dir = dir.insert(b"inner", inner.into())?;
    assert_eq!(dir.sums(), counted(&dir)?);
    assert_eq!(dir.len(), Ok(201));
    dir = dir.remove(b"inner")?.remove(b"f0")?.insert(b"f1", file(1000))?;
    let (sums, exact) = (dir.sums(), counted(&dir)?);
    assert_eq!((sums.entries, sums.bytes), (exact.entries, exact.bytes));
    assert!(sums.depth >= exact.depth && sums.longest_path >= exact.longest_path);
    assert!(dir.is_loose());
    assert_eq!(dir.tightened(), Ok(exact));
    assert_eq!(dir.sums(), exact);
    assert!(!dir.is_loose());
    Ok(())
}

#[test]
fn sums_of_a_small_directory_are_exact() -> FsResult<()> {
    let deep = Dir::from_entries(ATTRIBUTES, [(&b"long"[..], file(1))]);
    let dir = Dir::empty(ATTRIBUTES).insert(b"d", deep.into())?.insert(b"f", file(2))?;
    assert_eq!(dir.sums(), Sums { entries: 3, bytes: 3, depth: 2, longest_path: 6 });
    let dir = dir.remove(b"d")?;
    assert_eq!(dir.sums(), Sums { entries: 1, bytes: 2, depth: 1, longest_path: 1 });
    assert!(dir.remove(b"f")?.is_empty());
    Ok(())
}

#[test]
fn a_tightened_tree_looks_at_shared_directories_once() -> FsResult<()> {
    let mut dir = Dir::empty(ATTRIBUTES);
    for count in 0..30 {
        dir = dir.insert(format!("f{count}").as_bytes(), file(1))?;
    }
    dir = dir.insert(b"a-long-name", file(1))?.remove(b"a-long-name")?;
    // 2^40 paths to the same loose directory.
    for _ in 0..40 {
        let twice = [(&b"a"[..], dir.clone().into()), (&b"b"[..], Node::Dir(dir))];
        dir = Dir::from_entries(ATTRIBUTES, twice);
    }
    assert!(dir.is_loose());
    assert_eq!(dir.tightened()?.longest_path, 2 * 40 + 3);
    Ok(())
}

#[test]
fn a_very_deep_tree_is_dropped_on_a_small_stack() {
    let drop_it = || {
        let mut dir = Dir::empty(ATTRIBUTES);
        for _ in 0..20_000 {
            dir = Dir::from_entries(ATTRIBUTES, [(&b"a"[..], Node::Dir(dir)), (b"f", file(1))]);
        }
        assert_eq!(dir.sums().depth, 20_000);
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(drop_it);
    assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
}

/// Holds `count` files and a folder, and counts how often it is asked.
#[derive(Debug)]
struct Files(u64, AtomicU64);

impl Source for Files {
    fn list(&self, _: Option<ObjectId>, _: Option<[u8; 32]>) -> FsResult<Vec<Entry>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let entry = |count: u64| Entry {
            name: format!("{count:08}").into(),
            attributes: ATTRIBUTES,
            kind: EntryKind::File { blob: ObjectId([7; 20]), size: 4 },
        };
        Ok((0..self.0).map(entry).collect())
    }

    fn read(&self, _: ObjectId, offset: u64, len: usize) -> FsResult<Bytes> {
        Ok(Bytes::from_static(b"text").slice(offset as usize..offset as usize + len))
    }
}

#[test]
fn a_stored_directory_loads_once_and_knows_its_sums_before() -> FsResult<()> {
    let files = Arc::new(Files(100, AtomicU64::new(0)));
    let sums = Sums { entries: 100, bytes: 400, depth: 1, longest_path: 8 };
    let source: Arc<dyn Source> = Arc::clone(&files) as _;
    let dir = Dir::lazy(ATTRIBUTES, source, Some(ObjectId([1; 20])), None, sums);
    let outer = Dir::from_entries(ATTRIBUTES, [(&b"d"[..], Node::Dir(dir))]);
    assert_eq!(outer.sums().longest_path, 10);
    assert_eq!(files.1.load(Ordering::Relaxed), 0);
    let Ok(change) = ChangeId::new(&"k".repeat(32)) else { panic!("a change id") };
    let root = Root { dir: outer, change, version: 1, opened_ns: 9 };
    let at = |path: &str| root.lookup(&RepoPath::new(path)?);
    let Node::File(file) = at("d/00000007")? else { panic!("a file") };
    assert_eq!(&file.body.read_at(1, 2)?[..], b"ex");
    assert!(at("d")?.is_clean() && at("d/00000007")?.is_clean() && !at("")?.is_clean());
    assert_eq!(at("d/x").map_err(|error| error.errno()).err(), Some(Errno::NoEnt));
    assert_eq!(at("d/00000007/x").map_err(|error| error.errno()).err(), Some(Errno::NotDir));
    assert_eq!(root.walk().count(), 101);
    assert_eq!(files.1.load(Ordering::Relaxed), 1);
    Ok(())
}
