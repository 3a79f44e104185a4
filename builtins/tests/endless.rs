//! Every command ends soon after it is cancelled, though its input never does.
#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use bstr::{BStr, BString};
use bytes::Bytes;
use mesafs::clock::{Clock, ManualClock};
use mesafs::{Errno, FileKind, FileSystem, FsError, FsResult, FsStat, Operation, VPath};
use mesash_builtins::budget::{Budget, Limits};
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::command::ExitStatus;
use mesash_builtins::context::{Context, Host, Identity, Spawn, SpawnError};
use mesash_builtins::registry::{self, Registry};
use mesash_builtins::stream::{Input, Output, Policy, Stream, check};

/// Lines without an end for a reader, and a hole for a writer.
#[derive(Debug)]
struct Endless;

impl Stream for Endless {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        check(cancel, Operation::Read)?;
        Ok(Bytes::from_static(b"12 b\n3 a\n").slice(..len.min(9)))
    }

    fn write(&self, _data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)
    }

    fn seek(&self, _to: std::io::SeekFrom) -> FsResult<u64> {
        Err(FsError::new(Errno::SPipe, Operation::Seek, ""))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(FsStat::of_stream(FileKind::Pipe, 0))
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }
}

/// A shell in which every command is there and does nothing.
struct Nobody;

impl Host for Nobody {
    fn run(&self, _spawn: Spawn) -> Result<ExitStatus, SpawnError> {
        Ok(ExitStatus::SUCCESS)
    }

    fn descriptor(&self, _fd: u32) -> Option<Arc<dyn Stream>> {
        Some(Arc::new(Endless))
    }

    fn which(&self, _name: &BStr, _all: bool) -> Vec<BString> {
        Vec::new()
    }

    fn kill(&self, _pid: i64, _signal: u8) -> FsResult<()> {
        Err(FsError::new(Errno::NoEnt, Operation::Lookup, ""))
    }
}

/// Arguments with which a command reads its input to the end, or runs on without one.
fn arguments(name: &str) -> &'static [&'static str] {
    match name {
        "awk" | "gawk" => &["{ n += $1 }"],
        "cmp" | "comm" | "join" | "paste" => &["-", "/dev/null"],
        "basenc" => &["--base16"],
        "cut" => &["-c1"],
        "egrep" | "fgrep" | "grep" => &["-v", "x"],
        "factor" => &["1000000016000000063000000000000000000000000000000000000000007"],
        "rg" => &["zz"],
        "numfmt" => &["--invalid=ignore"],
        "split" => &["-n", "r/1/2"],
        "bc" => &["-l"],
        "jq" => &["-n", "def f: f; f"],
        "csplit" => &["-", "%zz%"],
        "xxd" => &["-p"],
        "sed" => &["s/a/b/"],
        "seq" => &["inf"],
        "shuf" => &["-r", "-i", "1-2"],
        "file" => &["-"],
        "sleep" => &["1000"],
        "tail" => &["-n", "1"],
        "tr" => &["a", "b"],
        "watch" => &["-n", "100", "true"],
        "xargs" => &["true"],
        "date" => &["-f", "-"],
        _ => &[],
    }
}

fn run(name: &'static str, cancel: Cancel) {
    let mount = testkit::MemoryMount::new(&[]);
    let fs: Arc<dyn FileSystem> = Arc::new(mount.files.clone());
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_s(0));
    let registry = Registry::standard();
    let identity = Identity::default();
    let stream = || Arc::new(Endless) as Arc<dyn Stream>;
    let command = registry.get(BStr::new(name)).expect("a command");
    let mut context = Context {
        name: name.into(),
        fs: &fs,
        cwd: VPath::new("/tmp").expect("a path"),
        env: &[],
        stdin: Input::new(stream(), cancel.clone()),
        stdout: Output::standard(stream(), cancel.clone()),
        stderr: Output::new(stream(), cancel.clone(), Policy::None),
        cancel,
        budget: Budget::new(Limits::STANDARD),
        clock: &clock,
        umask: 0o022,
        identity: &identity,
        registry: &registry,
        host: &Nobody,
    };
    let argv: Vec<BString> = arguments(name).iter().map(|&word| word.into()).collect();
    registry::run(command, &mut context, &argv);
}

#[test]
fn every_command_ends_when_it_is_cancelled() {
    let (ended, endings) = channel();
    let cancel = Cancel::new();
    let registry = Registry::standard();
    let names: Vec<&'static str> = registry.iter().map(|command| command.name).collect();
    for &name in &names {
        let (ended, cancel) = (ended.clone(), cancel.clone());
        std::thread::spawn(move || {
            run(name, cancel);
            ended.send(name).expect("someone waits");
        });
    }
    // Long enough for those that read to be reading.
    assert!(Cancel::new().sleep(Duration::from_millis(50)));
    cancel.cancel(Reason::Interrupt);
    let mut running = names;
    while !running.is_empty() {
        match endings.recv_timeout(Duration::from_secs(60)) {
            Ok(name) => running.retain(|other| *other != name),
            Err(_) => panic!("still running: {running:?}"),
        }
    }
}
