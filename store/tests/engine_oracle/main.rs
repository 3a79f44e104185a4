//! The engine's repositories in the eyes of the `git` and `jj` programs.

#![expect(clippy::unwrap_used, reason = "what cannot go on has failed")]

mod beside;
mod diverged;
#[path = "../engine/fixture.rs"]
mod fixture;
mod gc;
mod git;
mod jj;
mod kill;
mod merges;

use std::path::Path;
use std::process::Command;

/// Runs a program with no configuration but what it is given, and answers all that it said.
fn run(dir: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(dir)
        .env("HOME", dir)
        .env("XDG_CONFIG_HOME", dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("JJ_CONFIG", "/dev/null")
        .env("JJ_USER", "Jay")
        .env("JJ_EMAIL", "jay@example.com")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{program} {args:?}: {stderr}");
    stdout + &stderr
}

fn git(dir: &Path, args: &[&str]) -> String {
    let name = ["-c", "user.name=Git", "-c", "user.email=git@example.com"];
    run(dir, "git", &[&name, args].concat())
}

fn fsck(dir: &Path) {
    let said = git(dir, &["fsck", "--full", "--strict", "--no-dangling"]);
    let complaints: Vec<_> =
        said.lines().filter(|line| !line.contains("notice:") && !line.is_empty()).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}
