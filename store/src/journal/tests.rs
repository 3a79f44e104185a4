//! The journal after writers that were stopped, and files that were damaged.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use mesafs::counters::Counters;
use mesafs::name::ChangeId;
use mesafs::op::{BatchId, Op, Target};
use mesafs::path::RepoPath;
use tempfile::TempDir;

use super::{Journal, PartRef, RepoUid, recover};
use crate::cause::Cause;
use crate::engine::Author;
use crate::error::StoreError;

const SEGMENT_BYTES_MAX: u64 = 4096;

fn open(dir: &Path) -> Result<Journal, StoreError> {
    open_above(dir, 0)
}

fn open_above(dir: &Path, floor: u64) -> Result<Journal, StoreError> {
    recover(dir, 1, floor, SEGMENT_BYTES_MAX, Arc::new(Counters::default()))
}

fn change() -> ChangeId {
    ChangeId::new(&"k".repeat(32)).unwrap()
}

fn append(journal: &Journal, number: u64) -> u64 {
    let target = Target::Path(RepoPath::new("log").unwrap());
    let op = Op::Append { target, data: Bytes::from(format!("{number:>100}")) };
    let author = Author { name: "a".into(), email: "b".into() };
    let cause = Cause::new(author, "session".into(), "key".into(), None);
    let part = PartRef {
        repo: RepoUid(1),
        change: change(),
        cause: &cause,
        id: BatchId(u128::from(number)),
        now_ns: 5,
        replaced: &[],
        ops: &[op],
    };
    journal.append(&[part]).unwrap().sequence
}

fn append_all(journal: &Journal, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        append(journal, number);
    }
}

/// A folder in memory where that is possible: the disk has other work to do.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// The sequences and batch ids of everything that is found.
fn found(journal: &Journal) -> Vec<(u64, u128)> {
    let mut found = Vec::new();
    let source = no_source();
    journal
        .replay(&mut |record, causes| {
            let parts = super::decode(&record.payload, causes, &mut |_| Some(Arc::clone(&source)));
            let parts = parts.unwrap();
            found.push((record.sequence, parts[0].batch.id.0));
            Ok(())
        })
        .unwrap();
    found
}

/// A source that is never asked.
fn no_source() -> Arc<dyn mesafs::tree::Source> {
    #[derive(Debug)]
    struct Nothing;
    impl mesafs::tree::Source for Nothing {
        fn list(
            &self,
            _: Option<mesafs::tree::ObjectId>,
            _: Option<[u8; 32]>,
        ) -> mesafs::FsResult<Vec<mesafs::tree::Entry>> {
            Ok(Vec::new())
        }
        fn read(&self, _: mesafs::tree::ObjectId, _: u64, _: usize) -> mesafs::FsResult<Bytes> {
            Ok(Bytes::new())
        }
    }
    Arc::new(Nothing)
}

fn segments(dir: &Path) -> Vec<std::path::PathBuf> {
    super::segment::list(dir).unwrap().into_iter().map(|(_, path)| path).collect()
}

fn up_to(last: u64) -> Vec<(u64, u128)> {
    (1..=last).map(|number| (number, u128::from(number))).collect()
}

#[test]
fn what_was_appended_is_found_in_order_across_segments() {
    let dir = folder();
    let journal = open(dir.path()).unwrap();
    (1..=100).for_each(|number| assert_eq!(append(&journal, number), number));
    drop(journal);
    assert!(segments(dir.path()).len() > 3);
    let journal = open(dir.path()).unwrap();
    assert_eq!(found(&journal), up_to(100));
    assert_eq!(append(&journal, 101), 101);
    drop(journal);
    assert_eq!(found(&open(dir.path()).unwrap()), up_to(101));
}

#[test]
fn a_torn_tail_is_cut_wherever_it_ends() {
    let dir = folder();
    let journal = open(dir.path()).unwrap();
    append_all(&journal, 1..=5);
    drop(journal);
    let segment = segments(dir.path()).pop().unwrap();
    let whole = std::fs::read(&segment).unwrap();
    let record = (whole.len() - super::HEADER_BYTES as usize) / 5;
    for len in 0..=whole.len() {
        let dir = folder();
        std::fs::write(dir.path().join(segment.file_name().unwrap()), &whole[..len]).unwrap();
        let journal = open(dir.path()).unwrap();
        let kept = len.saturating_sub(super::HEADER_BYTES as usize) / record;
        assert_eq!(found(&journal), up_to(kept as u64), "{len}");
        assert_eq!(append(&journal, 77), kept as u64 + 1);
        drop(journal);
        assert_eq!(found(&open(dir.path()).unwrap()).len(), kept + 1);
    }
}

#[test]
fn a_flipped_byte_in_the_last_segment_costs_what_follows_and_is_kept_aside() {
    let dir = folder();
    let journal = open(dir.path()).unwrap();
    append_all(&journal, 1..=3);
    drop(journal);
    let segment = segments(dir.path()).pop().unwrap();
    let whole = std::fs::read(&segment).unwrap();
    let record = (whole.len() - super::HEADER_BYTES as usize) / 3;
    for at in super::HEADER_BYTES as usize..whole.len() {
        let dir = folder();
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        std::fs::write(dir.path().join(segment.file_name().unwrap()), &flipped).unwrap();
        let journal = open(dir.path()).unwrap();
        let kept = (at - super::HEADER_BYTES as usize) / record;
        assert_eq!(found(&journal), up_to(kept as u64), "{at}");
        assert!(append(&journal, 9) > kept as u64);
    }
}

#[test]
fn a_flipped_byte_before_other_segments_is_an_error() {
    let dir = folder();
    let journal = open(dir.path()).unwrap();
    append_all(&journal, 1..=100);
    drop(journal);
    let first = segments(dir.path()).remove(0);
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[600] ^= 1;
    std::fs::write(&first, bytes).unwrap();
    assert!(matches!(open(dir.path()), Err(StoreError::JournalDamaged { .. })));
}

#[test]
fn what_every_change_has_passed_is_trimmed_and_sequences_go_on() {
    let dir = folder();
    let journal = open(dir.path()).unwrap();
    append_all(&journal, 1..=100);
    assert!(!journal.is_trimmable(&|_| 10));
    journal.trim(&|_| 50).unwrap();
    assert_eq!(journal.floor(&|_| 50), 51);
    drop(journal);
    let journal = open(dir.path()).unwrap();
    let left = found(&journal);
    assert!(left.first().unwrap().0 > 1 && left.first().unwrap().0 <= 51);
    assert_eq!(left.last().unwrap().0, 100);
    journal.trim(&|_| u64::MAX).unwrap();
    drop(journal);
    assert!(segments(dir.path()).is_empty());
    // The database keeps the sequence where no segment does.
    let journal = open_above(dir.path(), 100).unwrap();
    assert_eq!(found(&journal), []);
    assert_eq!(append(&journal, 101), 101);
}
