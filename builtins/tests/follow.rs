//! `tail -f` beside a writer that is as quick as can be.

#![expect(clippy::expect_used, reason = "tests")]

mod nobody;

use std::sync::Arc;
use std::time::Duration;

use bstr::{BStr, BString};
use bytes::Bytes;
use mesafs::clock::{Clock, ManualClock};
use mesafs::filesystem::SeekFrom;
use mesafs::{
    Errno, FileKind, FileSystem, FsError, FsResult, FsStat, OpenOptions, Operation, VPath,
};
use mesash_builtins::budget::{Budget, Limits};
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::context::{Context, Identity};
use mesash_builtins::registry::{self, Registry};
use mesash_builtins::stream::{Input, Output, Policy, Stream};
use nobody::Nobody;
use parking_lot::Mutex;

/// Whoever reads a line from here appends the next one to the file at once.
#[derive(Debug)]
struct Answering {
    fs: Arc<dyn FileSystem>,
    told: Mutex<Vec<u8>>,
    cancel: Cancel,
}

fn path(text: &str) -> VPath {
    VPath::new(text).expect("a path")
}

impl Stream for Answering {
    fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        Ok(Bytes::new())
    }

    fn write(&self, data: Bytes, _cancel: &Cancel) -> FsResult<()> {
        let mut told = self.told.lock();
        told.extend_from_slice(&data);
        let (file, line) = match told.iter().filter(|byte| **byte == b'\n').count() {
            1 => ("/acme/lib/log", "two\n"),
            2 => ("/acme/app/log", "three\n"),
            _ => {
                self.cancel.cancel(Reason::Interrupt);
                return Ok(());
            }
        };
        let append = OpenOptions::appending(0o644);
        self.fs.open(&path(file), &append)?.write(Bytes::from_static(line.as_bytes()))?;
        Ok(())
    }

    fn seek(&self, _to: SeekFrom) -> FsResult<u64> {
        Err(FsError::new(Errno::SPipe, Operation::Seek, ""))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(FsStat::of_stream(FileKind::Pipe, 0))
    }

    fn wait_readable(&self, _timeout: Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }
}

#[test]
fn what_is_appended_while_tail_begins_is_shown() {
    let mount = testkit::MemoryMount::new(&[]);
    let fs: Arc<dyn FileSystem> = Arc::new(mount.files.clone());
    fs.write(&path("/acme/app/log"), Bytes::from_static(b"one\n"), 0o644).expect("a file");
    fs.write(&path("/acme/lib/log"), Bytes::new(), 0o644).expect("a file");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_s(0));
    let (registry, identity, cancel) = (Registry::standard(), Identity::default(), Cancel::new());
    let told = Mutex::default();
    let sink = Arc::new(Answering { fs: Arc::clone(&fs), told, cancel: cancel.clone() });
    let stream = Arc::clone(&sink) as Arc<dyn Stream>;
    let command = registry.get(BStr::new("tail")).expect("a command");
    let output = || Output::new(Arc::clone(&stream), cancel.clone(), Policy::None);
    let mut context = Context {
        name: "tail".into(),
        fs: &fs,
        cwd: path("/tmp"),
        env: &[],
        stdin: Input::new(Arc::clone(&stream), cancel.clone()),
        stdout: output(),
        stderr: output(),
        cancel: cancel.clone(),
        budget: Budget::new(Limits::STANDARD),
        clock: &clock,
        umask: 0o022,
        identity: &identity,
        registry: &registry,
        host: &Nobody,
    };
    // What is not shown by then won't be.
    let late = cancel.clone();
    std::thread::spawn(move || {
        if Cancel::new().sleep(Duration::from_secs(20)) {
            late.cancel(Reason::Interrupt);
        }
    });
    let argv = ["-q", "-n", "5", "-f", "/acme/app/log", "/acme/lib/log"].map(BString::from);
    registry::run(command, &mut context, &argv);
    drop(context);
    let told = sink.told.lock();
    assert_eq!(BStr::new(&told[..]), "one\ntwo\nthree\n");
}
