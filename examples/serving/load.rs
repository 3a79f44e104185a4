//! How many calls a server answers, and how soon: of ten, six reads of a content, two listings and two
//! writes.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesa_protocol::{Batch, EntryKind, How, Op, Part, Place, ReadRange, Reply, Request, SessionId};
use mesafs::RepoPath;
use testkit::random::Random;

use crate::served::Served;
use crate::{Fallible, ms, percentiles};

const CONNECTIONS: [usize; 3] = [1, 16, 256];
const FILES: usize = 100;
const FILE_BYTES: usize = 4096;
const TIME: Duration = Duration::from_secs(5);

/// What one connection does, until the time is up.
fn client(served: &Served, number: usize, start: &Barrier) -> Fallible<Vec<Duration>> {
    let mut raw = served.raw()?;
    let opened = raw.open(&served.app)?;
    let (session, root) = (opened.session, opened.root.number);
    let list = Request::List { session, root, paths: vec![RepoPath::new("d")?], entries_max: 200 };
    let Reply::Listings(listings) = raw.call(&list)? else { return Err("no listing".into()) };
    let mut reads = Vec::new();
    for entry in listings.iter().flat_map(|listing| &listing.entries) {
        if let EntryKind::File { key, len, .. } = entry.kind {
            let path = RepoPath::new("d")?.child(entry.name.as_ref());
            let place = Place::Tree { root, path };
            reads.push(ReadRange { place, expected: key, offset: 0, len });
        }
    }
    let mut random = Random::new(number as u64);
    start.wait();
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < TIME {
        let request = match random.below(10) {
            0..6 => {
                let range = reads.get(random.at(reads.len())).ok_or("no files")?;
                Request::Read { session, reads: vec![range.clone()] }
            }
            6..8 => list.clone(),
            _ => write(session, number, &mut random)?,
        };
        let called = Instant::now();
        raw.call(&request)?;
        times.push(called.elapsed());
    }
    Ok(times)
}

fn write(session: SessionId, number: usize, random: &mut Random) -> Fallible<Request> {
    let path = RepoPath::new(format!("w/{number}"))?;
    let data = Bytes::from(vec![random.byte(); 100]);
    let ops = vec![Op::Write { path, mode: 0o644, data }];
    let part = Part { session, batch: Batch { id: random.id(), now_ns: 1, ops }, version: 0 };
    Ok(Request::Apply { how: How::Plain, line: None, parts: vec![part] })
}

pub fn run() -> Fallible {
    for count in CONNECTIONS {
        let served = Served::new(|checkout| {
            let dir = |name| {
                let path = RepoPath::new(name)?;
                Fallible::Ok(mesafs::op::Op::MakeDir { path, mode: 0o755, parents: false })
            };
            let mut ops = vec![dir("d")?, dir("w")?];
            for number in 0..FILES {
                let (path, mode) = (RepoPath::new(format!("d/{number}"))?, 0o644);
                let data = Bytes::from(vec![b'x'; FILE_BYTES]);
                ops.push(mesafs::op::Op::Write { path, mode, data });
            }
            checkout.apply(mesafs::op::Batch { id: mesafs::op::BatchId(1), now_ns: 1, ops })?;
            Ok(())
        })?;
        let start = Barrier::new(count);
        let mut times: Vec<Duration> = Vec::new();
        std::thread::scope(|scope| {
            let client =
                |number| client(&served, number, &start).map_err(|error| error.to_string());
            let threads: Vec<_> =
                (0..count).map(|number| scope.spawn(move || client(number))).collect();
            for thread in threads {
                times.extend(thread.join().map_err(|_| "a client ended")??);
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        })?;
        let (calls, (p50, p99)) = (times.len(), percentiles(&mut times));
        println!(
            "- {count} connections, 60 % reads, 20 % listings, 20 % writes: {:.0} calls a second, p50 {}, p99 {}",
            calls as f64 / TIME.as_secs_f64(),
            ms(p50),
            ms(p99)
        );
    }
    Ok(())
}
