//! A sync with a git repository that is killed, or whose system calls fail, anywhere.
//!
//! Afterwards both repositories are whole, and the next sync brings them to where one that nothing
//! happened to does. With `MESASH_DEEP=1` every system call is hit, and fails too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::harness::{Role, copy, run, run_with, traced, write};
use super::{CALLS, chosen, folder, fsck, is_deep, is_wanted, options, quiet};

/// A store, and the git repository that it is synced with.
struct Pair(TempDir);

impl Pair {
    fn store(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn git(&self) -> PathBuf {
        self.0.path().join("out.git")
    }

    fn own_git(&self) -> PathBuf {
        self.store().join("repos/acme/app/.jj/repo/store/git")
    }

    fn copied(&self) -> Self {
        let copied = Self(folder());
        copy(&self.store(), &copied.store());
        if self.git().exists() {
            copy(&self.git(), &copied.git());
        }
        copied
    }

    fn sync(&self) {
        run_with("sync", &[&self.store(), &self.git()]);
    }

    fn put(&self, from: u32, to: u32) {
        let told = write(&self.store(), from, to, Role::Main, &quiet());
        assert!(told.finished && told.steps.iter().all(|(_, outcome)| outcome == "ok"), "{told:?}");
        // Stored now: a sync makes no commits that have its time in them.
        run("close", &self.store());
    }

    /// What both have: bookmarks with their trees, and git's references with theirs.
    fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        for line in run("bookmarks", &self.store()).lines() {
            let (name, oid) = line.split_once(' ').expect("a name and a commit");
            let tree = git(&self.own_git(), &["rev-parse", &format!("{oid}^{{tree}}")]);
            state.push(format!("bookmark {name} {tree}"));
        }
        let format = "--format=%(refname) %(objecttype) %(tree) %(*tree) %(subject)";
        let refs = git(&self.git(), &["for-each-ref", format]);
        state.extend(refs.lines().map(str::to_owned));
        state.push(git(&self.git(), &["symbolic-ref", "HEAD"]));
        state
    }

    fn check(&self, clean: &[String], what: &str) {
        fsck(&self.own_git(), what);
        if self.git().exists() {
            fsck(&self.git(), what);
        }
        for again in ["the next", "one more"] {
            self.sync();
            assert_eq!(self.state(), clean, "{what}: {again} sync");
        }
        fsck(&self.own_git(), what);
        fsck(&self.git(), what);
    }
}

#[track_caller]
fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=G", "-c", "user.email=g@example.org", "-c", "commit.gpgsign=false"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// To begin with: a git repository that there is not yet; one in which branches came, went and moved
/// while `main` went on here; one in which `main` did, too.
fn prepared() -> [(&'static str, Pair); 3] {
    let first = Pair(folder());
    run("make", &first.store());
    first.put(0, 20);
    let forward = first.copied();
    forward.sync();
    let work = forward.0.path().join("work");
    git(forward.0.path(), &["clone", "-q", "out.git", "work"]);
    let commit = |file: &str| {
        std::fs::write(work.join(file), format!("{file}\n")).expect("a file is written");
        git(&work, &["add", "."]);
        git(&work, &["commit", "-qm", file]);
    };
    for branch in ["topic", "old"] {
        git(&work, &["switch", "-qc", branch, "main"]);
        commit(branch);
        git(&work, &["push", "-q", "origin", branch]);
    }
    forward.sync();
    git(&work, &["push", "-q", "origin", ":old"]);
    git(&work, &["switch", "-q", "topic"]);
    commit("more");
    git(&work, &["tag", "-am", "one", "v1"]);
    git(&work, &["switch", "-qc", "new"]);
    commit("new");
    git(&work, &["push", "-q", "origin", "topic", "new", "v1"]);
    forward.put(20, 30);
    let apart = forward.copied();
    git(&work, &["switch", "-q", "main"]);
    commit("main");
    let there = apart.git();
    git(&work, &["push", "-q", &there.display().to_string(), "main"]);
    [("first", first), ("forward", forward), ("apart", apart)]
}

/// How often the thread that makes each call most often does so.
fn counts(pair: &Pair) -> BTreeMap<&'static str, u32> {
    let log = pair.0.path().join("log").display().to_string();
    let trace = format!("trace={}", CALLS.join(","));
    let strace = options(&["-o", &log, "-e", &trace]);
    assert!(traced("sync", &[&pair.store(), &pair.git()], &strace), "a clean run");
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let log = std::fs::read_to_string(log).expect("strace wrote a log");
    for line in log.lines() {
        let (thread, rest) = line.split_once(' ').expect("a thread and its call");
        let rest = rest.trim_start();
        let made =
            |call: &&&str| rest.strip_prefix(**call).is_some_and(|rest| rest.starts_with('('));
        if let Some(call) = CALLS.iter().find(made) {
            *counts.entry((call, thread)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in counts {
        let call = CALLS.iter().find(|known| **known == call).expect("it was found there");
        let known: &mut u32 = most.entry(*call).or_default();
        *known = count.max(*known);
    }
    most
}

fn sweep(fault: &str) {
    let (mut runs, mut hits) = (0, 0);
    for (name, pair) in prepared() {
        let clean = pair.copied();
        clean.sync();
        let state = clean.state();
        for (call, count) in counts(&pair.copied()) {
            for when in chosen(count).into_iter().filter(|_| is_wanted(call)) {
                let broken = pair.copied();
                let inject = format!("inject={call}:{fault}:when={when}");
                let trace = format!("trace={call}");
                let strace = options(&["-o", "/dev/null", "-e", &trace, "-e", &inject]);
                runs += 1;
                if !traced("sync", &[&broken.store(), &broken.git()], &strace) {
                    hits += 1;
                }
                broken.check(&state, &format!("{name} {call} {when}/{count} {fault}"));
            }
        }
    }
    println!("sync, {fault}: {runs} runs");
    println!("{hits:6} at: a sync with a git repository");
    assert!(hits > 0);
}

#[test]
fn a_sync_that_was_killed_is_done_by_the_next() {
    sweep("signal=SIGKILL");
}

#[test]
fn a_sync_that_failed_is_done_by_the_next() {
    if is_deep() {
        sweep("error=EIO");
        sweep("error=ENOSPC");
    }
}
