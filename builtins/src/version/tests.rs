//! The version commands on a mount in memory, whose change ids are always the same.

use std::sync::Arc;

use mesafs::clock::Clock;
use mesafs::{Access, FileSystem, FsResult, RepoId, VPath};
use parking_lot::Mutex;
use testkit::MemoryMount;

use crate::budget::{Budget, Limits};
use crate::cancel::Cancel;
use crate::context::{Host, Identity};
use crate::prelude::*;
use crate::registry::{self, Registry};
use crate::stream::{Policy, Stream};

/// A shell that runs nothing.
struct NoHost;

impl Host for NoHost {
    fn run(&self, _spawn: Spawn) -> Result<ExitStatus, SpawnError> {
        Err(SpawnError::NotFound)
    }

    fn descriptor(&self, _fd: u32) -> Option<Arc<dyn Stream>> {
        None
    }

    fn which(&self, _name: &BStr, _all: bool) -> Vec<BString> {
        Vec::new()
    }

    fn kill(&self, _pid: i64, _signal: u8) -> FsResult<()> {
        Ok(())
    }
}

/// Keeps what is written.
#[derive(Debug, Default)]
struct Sink(Mutex<Vec<u8>>);

impl Stream for Sink {
    fn read(&self, _len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        Ok(Bytes::new())
    }

    fn write(&self, data: Bytes, _cancel: &Cancel) -> FsResult<()> {
        self.0.lock().extend_from_slice(&data);
        Ok(())
    }

    fn seek(&self, _to: mesafs::filesystem::SeekFrom) -> FsResult<u64> {
        Err(FsError::new(Errno::SPipe, mesafs::Operation::Seek, ""))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Err(FsError::new(Errno::BadF, mesafs::Operation::Lookup, ""))
    }

    fn wait_readable(&self, _timeout: std::time::Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }
}

/// Runs a command line in `cwd`: standard output and error as they came, and the status if it is not 0.
fn run(mount: &MemoryMount, cwd: &str, line: &str) -> String {
    let fs: Arc<dyn FileSystem> = Arc::new(mount.files.clone());
    let clock = Arc::clone(&mount.clock) as Arc<dyn Clock>;
    let (identity, registry) = (Identity::default(), Registry::standard());
    let mut words = line.split(' ').map(BString::from);
    let name = words.next().unwrap();
    let argv: Vec<BString> = words.collect();
    let sink = Arc::new(Sink::default());
    let (stream, cancel) = (Arc::clone(&sink) as Arc<dyn Stream>, Cancel::new());
    let output = |policy| Output::new(Arc::clone(&stream), cancel.clone(), policy);
    let mut ctx = Context {
        name: name.clone(),
        fs: &fs,
        cwd: VPath::new(cwd).unwrap(),
        env: &[],
        stdin: Input::new(Arc::clone(&stream), cancel.clone()),
        stdout: output(Policy::Full),
        stderr: output(Policy::None),
        cancel: cancel.clone(),
        budget: Budget::new(Limits::STANDARD),
        clock: &clock,
        umask: 0o022,
        identity: &identity,
        registry: &registry,
        host: &NoHost,
    };
    let command = registry.get(name.as_bstr()).unwrap();
    let status = registry::run(command, &mut ctx, &argv);
    drop(ctx);
    let text = String::from_utf8(std::mem::take(&mut *sink.0.lock())).unwrap();
    if status.success() { text } else { format!("{text}[{}]\n", status.0) }
}

/// The ids that a listing shows, first column after the mark.
fn ids(listing: &str) -> Vec<&str> {
    listing.lines().filter_map(|line| line.split(' ').nth(1)).collect()
}

#[test]
fn a_change_is_begun_described_and_left() {
    let mount = MemoryMount::new(&[]);
    let app = |line: &str| run(&mount, "/acme/app", line);
    let first = app("changes current");
    assert!(
        first.starts_with("@ ") && first.ends_with("[main]  (empty) (no description set)\n"),
        "{first}"
    );
    mount.files.write(&VPath::new("/acme/app/a").unwrap(), "x".into(), 0o644).unwrap();

    let saved = app("changes checkpoint -m Begin");
    let first_id = ids(&first)[0];
    let wanted = format!("saved change {first_id} as commit ");
    assert!(saved.starts_with(&wanted), "{saved}");
    assert!(
        saved.contains("acme/app is on change ") && saved.contains(" (main): (empty) "),
        "{saved}"
    );
    let listed = app("changes list");
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert_eq!(ids(&listed)[1], first_id);
    assert!(listed.lines().nth(1).unwrap().ends_with("  Begin"), "{listed}");

    let branched = app(&format!("changes new {first_id} -m Other"));
    assert!(branched.ends_with(": (empty) Other\n"), "{branched}");
    assert!(!branched.contains("(main)"), "{branched}");
    assert_eq!(app("bookmarks create side").split(' ').next(), Some("side"));
    assert_eq!(app("bookmarks"), app("bookmarks list"));
    assert!(app("bookmarks").contains("  side  ") && app("bookmarks").contains("* main  "));
    assert!(app("changes edit main").contains(" (main): "));
    assert!(app("changes edit --bookmark side").contains(" (side): "));
}

#[test]
fn what_is_wrong_is_said_with_its_own_status() {
    let mount = MemoryMount::new(&[]);
    let app = |line: &str| run(&mount, "/acme/app", line);
    let table = [
        (
            "changes edit nowhere",
            "changes: no bookmark and no change 'nowhere' in 'acme/app'\n[1]\n",
        ),
        ("changes edit --bookmark nowhere", "changes: bookmark 'nowhere' not found\n[1]\n"),
        (
            "changes edit --change zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzy",
            "changes: change 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzy' not found\n[1]\n",
        ),
        (
            "bookmarks create main",
            "bookmarks: bookmark 'main' already exists: 'bookmarks move main' moves it forward, 'bookmarks set main' anywhere\n[1]\n",
        ),
        (
            "changes edit mian",
            "changes: no bookmark and no change 'mian' in 'acme/app': did you mean 'main'?\n[1]\n",
        ),
        (
            "bookmarks move mian",
            "bookmarks: bookmark 'mian' not found: did you mean 'main'?\n[1]\n",
        ),
        ("changes current -r ap", "changes: repository 'ap' is not mounted\n[1]\n"),
        (
            "changes current -r acme/apq",
            "changes: repository 'acme/apq' is not mounted: did you mean 'acme/app'?\n[1]\n",
        ),
        (
            "changes log -r main",
            "changes: repository 'main' is not mounted: -r takes a repository; give a revision without it: 'main'\n[1]\n",
        ),
        (
            "changes log -r main..@",
            "changes: repository 'main..@' is not mounted: -r takes a repository; give a revision without it: 'main..@'\n[1]\n",
        ),
        (
            "changes logg",
            "changes: unknown subcommand 'logg': did you mean 'log'?\nTry 'changes --help' for more information.\n[2]\n",
        ),
        (
            "changes commit",
            "changes: unknown subcommand 'commit': it is 'changes checkpoint' here\nTry 'changes --help' for more information.\n[2]\n",
        ),
        ("bookmarks create a..b", "bookmarks: invalid bookmark name 'a..b': "),
        ("changes -r nowhere", "changes: repository 'nowhere' is not mounted\n[1]\n"),
        (
            "changes edit",
            "changes edit: missing revision\nTry 'changes edit --help' for more information.\n[2]\n",
        ),
        (
            "changes frob",
            "changes: unknown subcommand 'frob'\nTry 'changes --help' for more information.\n[2]\n",
        ),
        (
            "changes new main --change k",
            "changes new: give one revision only\nTry 'changes new --help' for more information.\n[2]\n",
        ),
        (
            "changes list -n x",
            "changes list: invalid count: 'x'\nTry 'changes list --help' for more information.\n[2]\n",
        ),
        (
            "bookmarks move main --bogus",
            "bookmarks move: unrecognized option '--bogus'\nTry 'bookmarks move --help' for more information.\n[2]\n",
        ),
    ];
    for (line, said) in table {
        let answer = app(line);
        assert!(answer.starts_with(said), "{line}: {answer}");
    }
    let docs = run(&mount, "/acme/docs", "changes new");
    assert!(
        docs.starts_with("changes: cannot start a change in 'acme/docs': Read-only file system"),
        "{docs}"
    );
    let lost = run(&mount, "/tmp", "changes");
    assert!(
        lost.starts_with(
            "changes: not in a repository: choose one with -r REPO (app, docs, lib)\n"
        ),
        "{lost}"
    );
    assert!(run(&mount, "/tmp", "changes -r app").starts_with("acme/app is on change "));
}

#[test]
fn json_has_stable_names() {
    let mount = MemoryMount::new(&[]);
    let app = |line: &str| -> serde_json::Value {
        serde_json::from_str(&run(&mount, "/acme/app", line)).unwrap()
    };
    let current = app("changes current --json");
    let names: Vec<_> = current.as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = [
        "author",
        "author_email",
        "bookmark",
        "bookmarks",
        "change_id",
        "commit_oid",
        "committed_ms",
        "conflict",
        "current",
        "description",
        "divergent",
        "empty",
        "immutable",
        "parents",
        "repo",
    ];
    assert_eq!(names, wanted);
    assert_eq!(current["change_id"].as_str().unwrap().len(), 32);
    let new = app("changes new --json -m Next");
    assert_eq!((&new["description"], &new["bookmark"]), (&"Next".into(), &serde_json::Value::Null));
    let moved = app("bookmarks move main --json");
    assert_eq!(moved["change_id"], new["change_id"]);
    let bookmarks = app("bookmarks --json");
    assert_eq!(bookmarks[0]["default"], true);
    assert_eq!(bookmarks[0]["change_id"], new["change_id"]);
    assert_eq!(app("changes --json")["changes"].as_array().unwrap().len(), 2);
    let saved = app("changes checkpoint --json");
    assert_eq!(saved["saved_change_id"], new["change_id"]);
    let repos = app("repos --json");
    assert_eq!((&repos[1]["repo"], &repos[1]["read_only"]), (&"acme/docs".into(), &true.into()));
}

#[test]
fn a_bookmark_moves_backwards_only_if_told() {
    let mount = MemoryMount::new(&[]);
    let app = |line: &str| run(&mount, "/acme/app", line);
    let first = app("changes current");
    let first = ids(&first)[0].to_owned();
    app("changes checkpoint");
    let refused = app(&format!("bookmarks move main {first}"));
    assert!(refused.contains("cannot move 'main' ") && refused.ends_with("[1]\n"), "{refused}");
    let moved = app(&format!("bookmarks move main {first} --allow-backwards"));
    assert_eq!(moved, format!("main is on change {first}\n"));
}

#[test]
fn one_mounted_repository_needs_no_name() {
    let mount = MemoryMount::new(&[]);
    let app = RepoId::parse("app", &mesafs::OrgName::new("acme").unwrap()).unwrap();
    let mount = mount.again(&[(&app, Access::ReadOnly)]).unwrap();
    assert!(run(&mount, "/tmp", "changes").starts_with("acme/app is on change "));
    assert!(run(&mount, "/", "repos").ends_with("  main  read-only\n"));
}

#[test]
fn help_lists_the_subcommands() {
    let mount = MemoryMount::new(&[]);
    let help = run(&mount, "/acme/app", "bookmarks --help");
    assert!(help.starts_with("Usage: bookmarks [-r REPO] [--json]\n"), "{help}");
    assert!(help.contains("  bookmarks create          Create a bookmark on a revision (the open change if none is given).\n"), "{help}");
    let help = run(&mount, "/acme/app", "changes new --help");
    assert!(help.contains("-m, --message=TEXT"), "{help}");
}

#[test]
fn events_are_told_of_what_is_below_the_paths() {
    let mount = MemoryMount::new(&[]);
    let at = |path: &str| VPath::new(path).unwrap();
    mount.files.create_dir(&at("/acme/app/d"), 0o755, false).unwrap();
    let told = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| run(&mount, "/acme/app", "events -n 2 --json d new"));
        // When it begins to listen cannot be seen from here.
        while !waiting.is_finished() {
            for path in ["/acme/app/other", "/acme/app/d/f", "/acme/lib/d"] {
                mount.files.write(&at(path), Bytes::from_static(b"x"), 0o644).unwrap();
            }
            let _slept = crate::cancel::Cancel::new().sleep(std::time::Duration::from_millis(5));
        }
        waiting.join().unwrap()
    });
    let paths: Vec<String> = told
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["path"].to_string())
        .collect();
    assert_eq!(paths.len(), 2, "{told}");
    assert!(paths.iter().all(|path| path.starts_with("\"/acme/app/d")), "{told}");
    let refused = run(&mount, "/acme/app", "events -n x");
    assert!(refused.starts_with("events: invalid count 'x'\n"), "{refused}");
}
