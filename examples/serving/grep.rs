//! How often `grep -r` asks, over 10 000 files at a distance of 20 ms.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesafs::RepoPath;
use mesafs::op::{Batch, BatchId, Op};
use testkit::proxy::{Place, Proxy, Toward, Weather};

use crate::served::{Served, program};
use crate::{Fallible, ms};

const FOLDERS: usize = 100;
const FILES: usize = 100;
const FILE_LINES: usize = 20;
/// There and back.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// Waits for a word before each time, so that the calls of each can be counted.
const SCRIPT: &str = "while read -r _; do grep -r needle . | wc -l; done";

pub fn run() -> Fallible {
    let served = Served::new(|checkout| {
        let mut ops = Vec::new();
        for folder in 0..FOLDERS {
            let path = RepoPath::new(format!("d{folder}"))?;
            ops.push(Op::MakeDir { path, mode: 0o755, parents: false });
            for file in 0..FILES {
                let path = RepoPath::new(format!("d{folder}/f{file}"))?;
                let line =
                    format!("{folder} {file} {}\n", if file == 7 { "needle" } else { "hay" });
                let data = Bytes::from(line.repeat(FILE_LINES));
                ops.push(Op::Write { path, mode: 0o644, data });
            }
        }
        checkout.apply(Batch { id: BatchId(1), now_ns: 1, ops })?;
        // What was committed is what a cold mount meets.
        checkout.current()?;
        Ok(())
    })?;
    let proxy = Proxy::tcp(Place::Tcp(served.address), 1)?;
    proxy.set(Weather { delay: ROUND_TRIP / 2, ..Weather::default() });
    let Place::Tcp(address) = proxy.place() else { return Err("not on TCP".into()) };
    let mut command = Command::new(program()?);
    let url = format!("http://{address}");
    command.args(["--server", url.as_str(), "-r", "app", "-c", SCRIPT]).env_clear();
    command.env("HOME", served.folder.path()).env("MESA_API_KEY", served.key.expose().as_str());
    command.current_dir(served.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut told = BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut words = child.stdin.take().ok_or("no input")?;
    for temperature in ["cold", "warm"] {
        // The mount is there once it has asked what it needs for that.
        std::thread::sleep(Duration::from_secs(1));
        let (calls, bytes) = (proxy.calls(), proxy.passed(Toward::Client));
        let began = Instant::now();
        writeln!(words, "go")?;
        let mut line = String::new();
        told.read_line(&mut line)?;
        println!(
            "- `grep -r` over {} files, 20 ms away, {temperature}: {} round trips, {}, {} KiB ({} lines)",
            FOLDERS * FILES,
            proxy.calls() - calls,
            ms(began.elapsed()),
            (proxy.passed(Toward::Client) - bytes) >> 10,
            line.trim_end()
        );
    }
    drop(words);
    child.wait()?;
    Ok(())
}
