//! Programs of jq that never end, or that want everything: a cancel or a limit ends them.
#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod nobody;

use std::sync::Arc;
use std::time::Duration;

use bstr::{BStr, BString};
use bytes::Bytes;
use mesafs::clock::{Clock, ManualClock};
use mesafs::{Errno, FileKind, FileSystem, FsError, FsResult, FsStat, Operation, VPath};
use mesash_builtins::budget::{Budget, Limits};
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::command::ExitStatus;
use mesash_builtins::context::{Context, Identity};
use mesash_builtins::registry::{self, Registry};
use mesash_builtins::stream::{Input, Output, Policy, Stream, check};
use nobody::Nobody;
use parking_lot::Mutex;

/// Nothing to read, and the beginning of what was written.
#[derive(Debug, Default)]
struct Page(Mutex<Vec<u8>>);

const PAGE_BYTES: usize = 4096;

impl Stream for Page {
    fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        Ok(Bytes::new())
    }

    fn write(&self, data: Bytes, cancel: &Cancel) -> FsResult<()> {
        check(cancel, Operation::Write)?;
        let mut page = self.0.lock();
        if page.len() < PAGE_BYTES {
            page.extend_from_slice(&data);
        }
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

/// Runs `jq -n PROGRAM` with 16 MiB; gives the status and what it said on standard error.
fn jq(program: &str, cancel: Cancel) -> (ExitStatus, String) {
    let mount = testkit::MemoryMount::new(&[]);
    let fs: Arc<dyn FileSystem> = Arc::new(mount.files.clone());
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_s(0));
    let registry = Registry::standard();
    let identity = Identity::default();
    let page = || Arc::new(Page::default());
    let (stdin, stdout, stderr) = (page(), page(), page());
    let limits = Limits { memory_bytes: 16 << 20, ..Limits::STANDARD };
    let mut context = Context {
        name: "jq".into(),
        fs: &fs,
        cwd: VPath::new("/tmp").expect("a path"),
        env: &[],
        stdin: Input::new(stdin, cancel.clone()),
        stdout: Output::standard(stdout, cancel.clone()),
        stderr: Output::new(Arc::clone(&stderr) as Arc<dyn Stream>, cancel.clone(), Policy::None),
        cancel,
        budget: Budget::new(limits),
        clock: &clock,
        umask: 0o022,
        identity: &identity,
        registry: &registry,
        host: &Nobody,
    };
    let argv: Vec<BString> = ["-n", program].map(BString::from).to_vec();
    let command = registry.get(BStr::new("jq")).expect("a command");
    let status = registry::run(command, &mut context, &argv);
    let said = String::from_utf8_lossy(&stderr.0.lock()).into_owned();
    (status, said)
}

#[test]
fn what_wants_everything_reaches_the_memory_limit() {
    for program in [
        "[range(1e12)]",
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f: f + f; f",
        "\"x\" * 1e9",
        "[limit(1e9; repeat(1))]",
        "null | .[500000000] = 1",
        "reduce range(1e9) as $i (\"x\"; . + .)",
        "reduce range(1e9) as $i ([1]; . + .)",
        "def f(g): f(g | g); f(. + 1)",
        "reduce range(60) as $i (1; [., .]) | tojson | length",
        "path(def f: .a | f; f)",
        "[recurse([.])]",
        "def f: f, 1; f",
    ] {
        let (status, said) = jq(program, Cancel::new());
        assert_eq!(said, "jq: memory limit reached (16777216)\n", "{program}");
        assert_eq!(status, ExitStatus::FAILURE, "{program}");
    }
}

#[test]
fn what_never_ends_can_be_cancelled() {
    for program in [
        "def f: f; f",
        "last(repeat(1))",
        "last(range(1e15))",
        "reduce range(1e15) as $i (0; . + 1)",
        "0 | until(false; . + 1)",
        "[1] | while(true; .) | empty",
        "first(repeat(1) | select(. == 2))",
        "def f: try error(1) catch f; f",
        "label $out | foreach repeat(1) as $x (0; 1 - .; empty)",
        "reduce range(40) as $i (1; [., .])",
    ] {
        let cancel = Cancel::new();
        let remote = cancel.clone();
        let status = std::thread::scope(|scope| {
            let run = scope.spawn(|| jq(program, remote));
            assert!(Cancel::new().sleep(Duration::from_millis(100)));
            cancel.cancel(Reason::Interrupt);
            run.join().expect("a status").0
        });
        assert_eq!(status, ExitStatus(130), "{program}");
    }
}

#[test]
fn nesting_never_overflows_the_stack() {
    // A debug build's frames are several times larger than those of a release.
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(nest);
    thread.expect("a thread").join().expect("no overflow");
}

fn nest() {
    for (program, wanted) in [
        ("reduce range(2e4) as $i (null; [.]) | [.] == [1]", 0),
        ("reduce range(2e4) as $i (null; {a: .}) | tojson | length", 0),
        ("reduce range(2e4) as $i (null; [.]) | flatten", 0),
        ("reduce range(2e4) as $i (null; [.]) | [.., 1] | length", 0),
        ("[reduce range(2e4) as $i (null; [.])] | contains([[[[1]]]])", 0),
        ("def f: if . > 2e4 then . else (. + 1 | f) + 0 end; 0 | f", 0),
        ("def f(g): if . > 1e4 then g else . + 1 | f(g + 1) end; 0 | f(0)", 0),
    ] {
        let (status, said) = jq(program, Cancel::new());
        assert_eq!((status.0, said.as_str()), (wanted, ""), "{program}");
    }
    for text in
        ["[", "(", "{a:", "\"\\(", "1+", "0 | -", "def f: ", ". as $x | ", "if . then ", "[[0]|"]
    {
        let (status, _) = jq(&text.repeat(20_000), Cancel::new());
        assert_eq!(status, ExitStatus(3), "{text}");
    }
}
