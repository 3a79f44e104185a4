//! `sort` of more than memory holds: the rest is put aside on the host.
#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod nobody;

use std::sync::Arc;
use std::time::Duration;

use bstr::{BStr, BString};
use bytes::Bytes;
use mesafs::clock::{Clock, ManualClock};
use mesafs::{Errno, FileKind, FileSystem, FsError, FsResult, FsStat, Operation, VPath};
use mesash_builtins::budget::{Budget, Limits, Resource};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::command::ExitStatus;
use mesash_builtins::context::{Context, Identity};
use mesash_builtins::registry::{self, Registry};
use mesash_builtins::stream::{Input, Output, Policy, Stream, check};
use nobody::Nobody;
use parking_lot::Mutex;
use testkit::MemoryMount;

/// Lines to be read that are made as they are asked for, and all that was written.
#[derive(Debug, Default)]
struct Page {
    /// How many numbers have been read.
    at: Mutex<u64>,
    count: u64,
    written: Mutex<Vec<u8>>,
}

/// The numbers below `count` in an order of no order.
fn number(at: u64, count: u64) -> u64 {
    (at * 7919 + 13) % count
}

impl Stream for Page {
    fn read(&self, len: usize, cancel: &Cancel) -> FsResult<Bytes> {
        check(cancel, Operation::Read)?;
        let mut at = self.at.lock();
        let mut text = Vec::new();
        while *at < self.count && text.len() + 16 <= len {
            text.extend_from_slice(format!("{:07} x\n", number(*at, self.count)).as_bytes());
            *at += 1;
        }
        Ok(text.into())
    }

    fn write(&self, data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)?;
        self.written.lock().extend_from_slice(&data);
        Ok(())
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

/// Runs `sort ARGS` with 2 MiB over `count` lines of ten bytes; gives the status, what it printed and
/// what it said.
fn sort(args: &[&str], count: u64, limits: Limits) -> (ExitStatus, Vec<u8>, String) {
    let mount = MemoryMount::new(&[]);
    let fs: Arc<dyn FileSystem> = Arc::new(mount.files.clone());
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_s(0));
    let registry = Registry::standard();
    let identity = Identity::default();
    let stdin = Arc::new(Page { count, ..Page::default() });
    let (stdout, stderr) = (Arc::new(Page::default()), Arc::new(Page::default()));
    let cancel = Cancel::new();
    let budget = Budget::new(limits);
    let mut context = Context {
        name: "sort".into(),
        fs: &fs,
        cwd: VPath::new("/acme/app").expect("a path"),
        env: &[],
        stdin: Input::new(stdin, cancel.clone()),
        stdout: Output::standard(Arc::clone(&stdout) as Arc<dyn Stream>, cancel.clone()),
        stderr: Output::new(Arc::clone(&stderr) as Arc<dyn Stream>, cancel.clone(), Policy::None),
        cancel,
        budget: budget.clone(),
        clock: &clock,
        umask: 0o022,
        identity: &identity,
        registry: &registry,
        host: &Nobody,
    };
    let argv: Vec<BString> = args.iter().map(|&arg| arg.into()).collect();
    let command = registry.get(BStr::new("sort")).expect("a command");
    let status = registry::run(command, &mut context, &argv);
    drop(context);
    assert_eq!(budget.used(Resource::Memory), 0);
    assert_eq!(budget.used(Resource::Spill), 0);
    let said = String::from_utf8_lossy(&stderr.written.lock()).into_owned();
    let printed = std::mem::take(&mut *stdout.written.lock());
    (status, printed, said)
}

const SMALL: Limits = Limits { memory_bytes: 2 << 20, ..Limits::STANDARD };

#[test]
fn what_memory_does_not_hold_is_put_aside() {
    const COUNT: u64 = 100_000;
    let ascending: Vec<u8> =
        (0..COUNT).flat_map(|number| format!("{number:07} x\n").into_bytes()).collect();
    let (status, printed, said) = sort(&[], COUNT, SMALL);
    assert_eq!((status, said.as_str()), (ExitStatus::SUCCESS, ""));
    assert!(printed == ascending);
    let (status, printed, _) = sort(&["-n", "-k1,1", "-s", "-S", "1K"], COUNT, SMALL);
    assert_eq!(status, ExitStatus::SUCCESS);
    assert!(printed == ascending);
    // Runs are merged with what is equal among them told once.
    let (status, printed, _) = sort(&["-u", "-k2,2"], COUNT, SMALL);
    assert_eq!(status, ExitStatus::SUCCESS);
    assert_eq!(printed, format!("{:07} x\n", number(0, COUNT)).into_bytes());
}

#[test]
fn what_is_put_aside_has_a_limit_too() {
    let limits = Limits { spill_bytes: 256 << 10, ..SMALL };
    let (status, printed, said) = sort(&[], 100_000, limits);
    assert_ne!(status, ExitStatus::SUCCESS);
    assert!(printed.is_empty());
    assert!(said.contains("spill limit reached (262144)"), "{said}");
}
