//! What files hold: big, sparse, many, and the same after a restart.

use bytes::Bytes;
use mesafs::OpenOptions;

use super::probe::{at, ok, text};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("a big file is kept whole", big),
    ("thousands of small appends make one file", small),
    ("a directory of thousands lists in order", many),
];

/// Bytes that do not repeat soon.
fn noise(len: usize, seed: u64) -> Bytes {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(len).collect::<Vec<u8>>().into()
}

fn big(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let data = noise(6 << 20, 7);
    let handle = fs.open("big", OpenOptions::writing(0o644));
    for from in (0..data.len()).step_by(64 << 10) {
        ok(handle.write(data.slice(from..data.len().min(from + (64 << 10)))));
    }
    ok(handle.write_at(1_000_003, noise(100_000, 9)));
    let mut expected = data.to_vec();
    expected[1_000_003..1_100_003].copy_from_slice(&noise(100_000, 9));
    assert!(ok(fs.0.read(&at("big"))) == expected, "as written");
    drop(handle);
    if world.restart() {
        let fs = Probe(world.mount());
        assert!(ok(fs.0.read(&at("big"))) == expected, "after a restart");
        let handle = fs.open("big", OpenOptions::reading());
        assert!(ok(handle.read_at(5_000_001, 77)) == expected[5_000_001..5_000_078]);
        assert!(ok(handle.read_at((6 << 20) - 3, 77)) == expected[(6 << 20) - 3..]);
    }
}

fn small(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let handle = fs.open("log", OpenOptions::appending(0o644));
    for count in 0..3000 {
        ok(handle.write(format!("line {count}\n").into()));
    }
    let check = |fs: &Probe| {
        let read = fs.read("log");
        assert_eq!((read.lines().count(), read.lines().last()), (3000, Some("line 2999")));
    };
    check(&fs);
    drop(handle);
    if world.restart() {
        check(&Probe(world.mount()));
    }
}

fn many(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdir("d");
    for count in (0..2000).rev() {
        fs.write(&format!("d/{count:04}"), &count.to_string());
    }
    for count in (0..2000).step_by(2) {
        fs.rm(&format!("d/{count:04}"));
    }
    let entries = ok(fs.0.read_dir_stats(&at("d")));
    assert_eq!(entries.len(), 1000);
    assert!(entries.is_sorted_by(|one, two| one.0 < two.0));
    assert_eq!(
        entries.first().map(|(name, stat)| (name.to_string(), stat.size)),
        Some(("0001".into(), 1))
    );
    assert_eq!(text(&ok(fs.0.read(&at("d/1999")))), "1999");
}
