//! What mounts cost that nobody uses, on the server and in the process that has them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesa_protocol::Frame;
use mesa_remote::RemoteBackend;
use mesafs::clock::{Clock, SystemClock};
use mesafs::op::{Batch, BatchId, Op};
use mesafs::{Access, Backend, Checkout, Pin, RepoPath};

use crate::served::{Served, Stream, status};
use crate::{Fallible, ms};

const MOUNTS: u64 = 2000;
const HELD: Duration = Duration::from_secs(5);

/// Opens sessions and their streams by hand, so that only the server's part is seen.
fn on_the_server() -> Fallible {
    let served = Served::new(|_| Ok(()))?;
    let mut raw = served.raw()?;
    raw.open(&served.app)?;
    let before = served.status("VmRSS")?;
    let mut sessions = Vec::new();
    for _ in 0..MOUNTS {
        sessions.push(raw.open(&served.app)?.session);
    }
    let opened = served.status("VmRSS")?;
    let mut streams: Vec<Stream> = Vec::new();
    for session in sessions {
        let mut stream = served.raw()?.listen(session)?;
        stream.take()?;
        streams.push(stream);
    }
    let streaming = served.status("VmRSS")?;
    std::thread::sleep(HELD);
    let began = Instant::now();
    let link = RemoteBackend::new(
        &format!("http://{}", served.address).parse()?,
        Arc::new(SystemClock) as Arc<dyn Clock>,
    )?;
    let mount = link.open(&served.token()?, &served.app, &Pin::Default, Access::ReadWrite)?;
    write(&*mount)?;
    for stream in &mut streams {
        while !matches!(stream.take()?, Frame::State { events, .. } if !events.is_empty()) {}
    }
    let kib = |from: u64, to: u64| to.saturating_sub(from) as f64 / MOUNTS as f64;
    println!(
        "- {MOUNTS} idle mounts on the server: {:.1} KiB each, with its open stream {:.1} KiB more; {} threads; a write reached all in {}",
        kib(before, opened),
        kib(opened, streaming),
        served.status("Threads")?,
        ms(began.elapsed())
    );
    Ok(())
}

fn write(mount: &dyn Checkout) -> Fallible {
    let (path, data) = (RepoPath::new("f")?, Bytes::from_static(b"x"));
    let ops = vec![Op::Write { path, mode: 0o644, data }];
    mount.apply(Batch { id: BatchId(1), now_ns: 1, ops })?;
    Ok(())
}

/// Mounts as the library has them, in this process.
fn in_a_process() -> Fallible {
    let served = Served::new(|_| Ok(()))?;
    let address = format!("http://{}", served.address).parse()?;
    let link = RemoteBackend::new(&address, Arc::new(SystemClock) as Arc<dyn Clock>)?;
    let token = served.token()?;
    let open = || link.open(&token, &served.app, &Pin::Default, Access::ReadWrite);
    let first = open()?;
    let before = status(std::process::id(), "VmRSS")?;
    let began = Instant::now();
    let mounts: Vec<Arc<dyn Checkout>> = (0..MOUNTS).map(|_| open()).collect::<Result<_, _>>()?;
    let opened = began.elapsed();
    let after = status(std::process::id(), "VmRSS")?;
    std::thread::sleep(HELD);
    write(&*first)?;
    for mount in &mounts {
        let until = Instant::now() + Duration::from_secs(60);
        while mount.root()?.lookup(&RepoPath::new("f")?).is_err() {
            if Instant::now() > until {
                return Err("a mount was not told".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    println!(
        "- {MOUNTS} idle mounts in one process: {:.1} KiB each, {} to open one; all held and told",
        after.saturating_sub(before) as f64 / MOUNTS as f64,
        ms(opened / u32::try_from(MOUNTS)?)
    );
    Ok(())
}

pub fn run() -> Fallible {
    on_the_server()?;
    in_a_process()
}
