//! A store whose process is killed, or whose system calls fail, anywhere.
//!
//! Afterwards always: every acknowledged batch is there, none that failed, of one that was under
//! way all or nothing, in both repositories where it is for both; recovery gives the same trees
//! however often it is done; `git fsck --full` finds nothing. The report on standard output says how
//! many faults hit each step of the script.
//!
//! With `MESASH_DEEP=1` every system call of every thread is hit and 2 000 processes are killed;
//! without, a spread of them. `MESASH_CALLS=unlink,openat` hits only these calls, to look into one.

#![expect(clippy::expect_used, reason = "a test ends where it cannot go on")]

mod harness;
mod script;
mod sync;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::{Role, Told, copy, run, write, write_killed};
use mesafs::ChangeId;
use mesafs::live::{Limits, LiveTree, OpenIds, Origin, Rules};
use mesafs::op::Batch;
use mesafs::tree::{Attributes, Dir, Root};
use tempfile::TempDir;

/// What the issue of durability names.
const CALLS: &[&str] = &[
    "write",
    "pwrite64",
    "writev",
    "fdatasync",
    "fsync",
    "syncfs",
    "ftruncate",
    "rename",
    "renameat2",
    "openat",
    "mkdir",
    "unlink",
    "unlinkat",
    "linkat",
];
const ROLES: &[Role] = &[Role::Main, Role::Named("mesa-journal"), Role::Named("mesa-snapshot")];
/// How many batches the script has.
const BATCHES: u32 = 200;
/// Where the second scenario begins: behind a process that has ended without closing.
const RECOVERED_FROM: u32 = 100;

fn is_deep() -> bool {
    std::env::var_os("MESASH_DEEP").is_some_and(|value| value == "1")
}

fn is_wanted(call: &str) -> bool {
    let only = std::env::var("MESASH_CALLS").ok();
    only.is_none_or(|only| only.split(',').any(|wanted| wanted == call))
}

/// A folder in memory where there is one: a kill is no power loss, so nothing is lost by that, and a
/// sync costs nothing.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder is made")
}

/// Stores to begin with.
struct Prepared {
    dir: TempDir,
}

/// A store to begin with, and the steps that are run in it.
#[derive(Debug, Clone, Copy)]
struct Scenario {
    name: &'static str,
    from: u32,
}

const SCENARIOS: [Scenario; 2] =
    [Scenario { name: "fresh", from: 0 }, Scenario { name: "recovered", from: RECOVERED_FROM }];

impl Prepared {
    fn new() -> Self {
        let dir = folder();
        let prepared = Self { dir };
        let fresh = prepared.store(SCENARIOS[0]);
        run("make", &fresh);
        let recovered = prepared.store(SCENARIOS[1]);
        copy(&fresh, &recovered);
        let told = write(&recovered, 0, RECOVERED_FROM, Role::Main, &quiet());
        assert!(told.finished && told.steps.len() == RECOVERED_FROM as usize, "{told:?}");
        prepared
    }

    fn store(&self, scenario: Scenario) -> std::path::PathBuf {
        self.dir.path().join(scenario.name)
    }

    /// A copy to break.
    fn copied(&self, scenario: Scenario, to: &Path) {
        copy(&self.store(scenario), to);
    }
}

fn options(more: &[&str]) -> Vec<String> {
    let common = ["-q", "-q", "--signal=none"];
    common.iter().chain(more).map(|&option| option.to_owned()).collect()
}

fn quiet() -> Vec<String> {
    options(&["-o", "/dev/null", "-e", "trace=none"])
}

/// The tree of the batches that were acknowledged; also with the one under way, if there was one.
struct Expected {
    without: Vec<String>,
    with: Option<Vec<String>>,
}

fn expected(scenario: Scenario, told: &Told) -> Expected {
    let tree = || {
        let dir = Dir::empty(Attributes { mode: 0o755, mtime_ns: None });
        let root = Root { dir, change: ChangeId::root(), version: 0, opened_ns: 0 };
        LiveTree::new(root, OpenIds::default())
    };
    let (app, lib) = (tree(), tree());
    let rules = Rules { limits: Limits::default(), merge: None, landed_bytes_min: usize::MAX };
    let put = |tree: &LiveTree, batch: &Batch, n: u32| {
        tree.apply(batch, &rules, Origin(0), |_| Ok(u64::from(n) + 1)).map(drop)
    };
    let apply = |n| match script::step(n) {
        script::Step::App(batch) => put(&app, &batch, n),
        script::Step::Both(batch, other) => {
            put(&app, &batch, n).and_then(|()| put(&lib, &other, n))
        }
    };
    for n in 0..scenario.from {
        apply(n).unwrap_or_else(|error| panic!("step {n} of a clean run: {error:?}"));
    }
    for (at, (n, outcome)) in told.steps.iter().enumerate() {
        assert_eq!(*n, scenario.from + at as u32, "steps are told in order");
        if outcome == "ok" {
            apply(*n).unwrap_or_else(|error| panic!("step {n} cannot be ok: {error:?}"));
        }
    }
    let digest = || script::digest(&app.root(), &lib.root()).expect("a tree in memory");
    let without = digest();
    let next = scenario.from + told.steps.len() as u32;
    let under_way = told.opened && !told.finished && next < BATCHES;
    let with = (under_way && apply(next).is_ok()).then(digest);
    Expected { without, with }
}

/// Looks at what a run has left.
#[track_caller]
fn check(scenario: Scenario, dir: &Path, told: &Told, what: &str) {
    let dump = || -> Vec<String> { run("dump", dir).lines().map(str::to_owned).collect() };
    let recovered = dump();
    let expected = expected(scenario, told);
    let last = told.steps.last();
    assert!(
        recovered == expected.without || Some(&recovered) == expected.with.as_ref(),
        "{what}, after {last:?}: {}",
        difference(&expected.without, &recovered)
    );
    assert_eq!(dump(), recovered, "{what}: a second recovery");
    run("close", dir);
    assert_eq!(dump(), recovered, "{what}: after a close");
    for repo in ["app", "lib"] {
        fsck(&dir.join("repos/acme").join(repo).join(".jj/repo/store/git"), what);
    }
}

#[track_caller]
fn fsck(git: &Path, what: &str) {
    let fsck = Command::new("git").arg("-C").arg(git).args(["fsck", "--full", "--strict"]).output();
    let fsck = fsck.expect("git runs");
    let said = [&fsck.stdout[..], &fsck.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let bad = said.lines().filter(|line| !line.starts_with("dangling"));
    let bad: Vec<&str> = bad.filter(|line| !line.starts_with("notice:")).collect();
    assert!(fsck.status.success() && bad.is_empty(), "{what}: {said}");
}

fn difference(expected: &[String], found: &[String]) -> String {
    let lost = expected.iter().filter(|line| !found.contains(line)).map(|line| format!("-{line}"));
    let extra = found.iter().filter(|line| !expected.contains(line)).map(|line| format!("+{line}"));
    lost.chain(extra).take(20).collect::<Vec<_>>().join("\n")
}

/// Where in the script a run was when it ended or first failed.
fn step_of(scenario: Scenario, told: &Told) -> &'static str {
    if !told.opened {
        return if scenario.from == 0 { "opening" } else { "recovery" };
    }
    let failed = told.steps.iter().find(|(_, outcome)| outcome != "ok").map(|(n, _)| *n);
    let next = failed.unwrap_or(scenario.from + told.steps.len() as u32);
    let [first, second] = script::TICKS;
    match next {
        n if n <= first => "batches before the first snapshot",
        n if n == first + 1 => "the first sync and snapshot",
        n if n <= second => "batches between the snapshots",
        n if n == second + 1 => "the second sync, snapshot and trim",
        _ => "batches after the second snapshot",
    }
}

const STEPS: &[&str] = &[
    "opening",
    "recovery",
    "batches before the first snapshot",
    "the first sync and snapshot",
    "batches between the snapshots",
    "the second sync, snapshot and trim",
    "batches after the second snapshot",
];

/// How often a thread makes each call in a clean run.
fn counts(prepared: &Prepared, scenario: Scenario, role: Role) -> BTreeMap<&'static str, u32> {
    let dir = folder();
    let (store, log) = (dir.path().join("store"), dir.path().join("log"));
    prepared.copied(scenario, &store);
    let trace = format!("trace={}", CALLS.join(","));
    let log_path = log.display().to_string();
    let told =
        write(&store, scenario.from, BATCHES, role, &options(&["-o", &log_path, "-e", &trace]));
    assert!(told.finished, "a clean run: {told:?}");
    assert!(told.steps.iter().all(|(_, outcome)| outcome == "ok"), "{:?}", told.steps);
    check(scenario, &store, &told, "a clean run");
    let log = std::fs::read_to_string(log).expect("strace wrote a log");
    let mut counts = BTreeMap::new();
    for line in log.lines() {
        if let Some(call) = CALLS
            .iter()
            .find(|call| line.strip_prefix(**call).is_some_and(|rest| rest.starts_with('(')))
        {
            *counts.entry(*call).or_default() += 1;
        }
    }
    counts
}

/// All of `1..=count`, or a spread of them with both ends.
fn chosen(count: u32) -> Vec<u32> {
    const SPREAD: u32 = 4;
    if is_deep() || count <= SPREAD {
        return (1..=count).collect();
    }
    (0..SPREAD).map(|at| 1 + at * (count - 1) / (SPREAD - 1)).collect()
}

fn sweep(fault: &str) {
    let prepared = Prepared::new();
    let mut hits: BTreeMap<&str, u32> = STEPS.iter().map(|step| (*step, 0)).collect();
    let mut runs = 0;
    for scenario in SCENARIOS {
        for &role in ROLES {
            for (call, count) in counts(&prepared, scenario, role) {
                if !is_wanted(call) {
                    continue;
                }
                for when in chosen(count) {
                    let dir = folder();
                    let store = dir.path().join("store");
                    prepared.copied(scenario, &store);
                    let inject = format!("inject={call}:{fault}:when={when}");
                    // Only what is traced can be made to fail.
                    let trace = format!("trace={call}");
                    let strace = options(&["-o", "/dev/null", "-e", &trace, "-e", &inject]);
                    let told = write(&store, scenario.from, BATCHES, role, &strace);
                    let what = format!("{} {role} {call} {when}/{count} {fault}", scenario.name);
                    check(scenario, &store, &told, &what);
                    runs += 1;
                    if !told.finished || told.steps.iter().any(|(_, outcome)| outcome != "ok") {
                        *hits.entry(step_of(scenario, &told)).or_default() += 1;
                    }
                }
                println!("{} {role} {call}: {} of {count}", scenario.name, chosen(count).len());
            }
        }
    }
    println!("{fault}: {runs} runs");
    for (step, count) in &hits {
        println!("{count:6} at: {step}");
    }
    if fault.contains("KILL") && CALLS.iter().all(|call| is_wanted(call)) {
        assert!(hits.values().all(|&count| count > 0), "a step was never hit: {hits:?}");
    }
}

#[test]
fn killed_at_any_system_call() {
    sweep("signal=SIGKILL");
}

#[test]
fn no_space_at_any_system_call() {
    sweep("error=ENOSPC");
}

#[test]
fn an_input_output_error_at_any_system_call() {
    sweep("error=EIO");
}

#[test]
fn killed_at_random_moments() {
    let prepared = Prepared::new();
    let count = if is_deep() { 2000 } else { 200 };
    // How long a whole run takes here, to spread the moments over.
    let started = std::time::Instant::now();
    {
        let dir = folder();
        prepared.copied(SCENARIOS[0], &dir.path().join("store"));
        let store = dir.path().join("store");
        write_killed(&store, 0, BATCHES, Duration::from_millis(1));
        let told = write(&store, 0, 0, Role::Named("mesa-journal"), &quiet());
        assert!(told.opened, "{told:?}");
    }
    let whole = started.elapsed().max(Duration::from_millis(200));
    let mut state = 0x9e37_79b9_u32;
    let mut killed = 0;
    for turn in 0..count {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let delay = whole.mul_f64(f64::from(state >> 8) / f64::from(1 << 24));
        let scenario = SCENARIOS[turn % 2];
        let dir = folder();
        let store = dir.path().join("store");
        prepared.copied(scenario, &store);
        let told = write_killed(&store, scenario.from, BATCHES, delay);
        killed += usize::from(!told.finished);
        check(scenario, &store, &told, &format!("killed after {delay:?}"));
    }
    println!("{killed} of {count} runs were killed before their end");
    assert!(killed > 0);
}
