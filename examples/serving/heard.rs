//! How long after a write is answered other mounts' subscribers hear of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesa_remote::RemoteBackend;
use mesafs::clock::{Clock, SystemClock};
use mesafs::op::{Batch, BatchId, Op};
use mesafs::{Access, Backend, Checkout, Pin, RepoPath};

use crate::echo::Echo;
use crate::served::Served;
use crate::{Fallible, ms, percentiles};

const ROUNDS: usize = 200;
const MOUNTS: [usize; 4] = [2, 10, 100, 500];
/// Mounts of one process.
const OF_ONE_LINK: usize = 25;

fn heard(served: &Served, count: usize) -> Fallible<(Vec<Duration>, Vec<Duration>)> {
    let clock = || Arc::new(SystemClock) as Arc<dyn Clock>;
    let (token, app) = (served.token()?, &served.app);
    let address = format!("http://{}", served.address).parse()?;
    let mut mounts: Vec<Arc<dyn Checkout>> = Vec::new();
    let mut link = RemoteBackend::new(&address, clock())?;
    for number in 0..count {
        if number % OF_ONE_LINK == OF_ONE_LINK - 1 {
            link = RemoteBackend::new(&address, clock())?;
        }
        mounts.push(link.open(&token, app, &Pin::Default, Access::ReadWrite)?);
    }
    let (writer, others) = mounts.split_first().ok_or("no mounts")?;
    let told: Arc<Mutex<Vec<(u64, Instant)>>> = Arc::default();
    let mut threads = Vec::new();
    for mount in others {
        let (mut queue, told) = (mount.subscribe()?, Arc::clone(&told));
        let small = std::thread::Builder::new().stack_size(256 << 10);
        threads.push(small.spawn(move || {
            loop {
                let events = queue.wait(None);
                let now = Instant::now();
                let Ok(mut told) = told.lock() else { return };
                if events.is_empty() {
                    return;
                }
                told.extend(events.iter().map(|event| (event.version, now)));
            }
        })?);
    }
    let mut answered = Vec::new();
    for round in 0..ROUNDS {
        let data = Bytes::from(format!("{round}\n"));
        let ops = vec![Op::Write { path: RepoPath::new("f")?, mode: 0o644, data }];
        let id =
            BatchId(u128::from(writer.root()?.version) << 64 | (count * ROUNDS + round) as u128);
        let began = Instant::now();
        let applied = writer.apply(Batch { id, now_ns: round as i64, ops })?;
        answered.push((applied.version, began, Instant::now()));
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(500));
    for mount in &mounts {
        mount.close()?;
    }
    for thread in threads {
        let _ended = thread.join();
    }
    let told = told.lock().map_err(|_| "poisoned")?;
    let (mut since_call, mut since_answer) = (Vec::new(), Vec::new());
    for (version, began, ended) in answered {
        for (_, at) in told.iter().filter(|(told, _)| *told == version) {
            since_call.push(at.saturating_duration_since(began));
            since_answer.push(at.saturating_duration_since(ended));
        }
    }
    Ok((since_call, since_answer))
}

pub fn run() -> Fallible {
    for count in MOUNTS {
        let served = Served::new(|_| Ok(()))?;
        let (mut since_call, mut since_answer) = heard(&served, count)?;
        let of = (count - 1) * ROUNDS;
        let echo = Echo::start()?;
        let mut echoed = echo.heard(count - 1, ROUNDS)?;
        let (answer, call) = (percentiles(&mut since_answer), percentiles(&mut since_call));
        let bare = percentiles(&mut echoed);
        println!(
            "- {count} mounts, from the answer to a handler: p50 {}, p99 {} ({} of {of} events); from the call: p50 {}, p99 {}; a bare echo, from its answer: p50 {}, p99 {}",
            ms(answer.0),
            ms(answer.1),
            since_answer.len(),
            ms(call.0),
            ms(call.1),
            ms(bare.0),
            ms(bare.1),
        );
    }
    Ok(())
}
