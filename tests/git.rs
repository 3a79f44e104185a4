//! The program beside the real git: what was imported, edited and exported is whole.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn text(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn git(dir: &Path, args: &[&str]) -> String {
    let who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    text(&Command::new("git").args(who).args(args).current_dir(dir).output().unwrap())
}

fn mesash(home: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
    text(&command.args(args).env_clear().env("HOME", home).current_dir(home).output().unwrap())
}

#[test]
fn a_repository_goes_in_is_edited_and_comes_out() {
    let home = tempfile::tempdir().unwrap();
    let (home, source) = (home.path(), home.path().join("source"));
    fs::create_dir(&source).unwrap();
    git(&source, &["init", "-q", "-b", "trunk"]);
    fs::create_dir(source.join("src")).unwrap();
    fs::write(source.join("src/main.rs"), "fn main() {}\n").unwrap();
    fs::write(source.join("README"), "one\n").unwrap();
    git(&source, &["add", "."]);
    git(&source, &["commit", "-qm", "First"]);
    git(&source, &["tag", "v1"]);
    git(&source, &["branch", "side"]);
    let old = git(&source, &["rev-parse", "HEAD"]);

    let said = mesash(home, &["repo", "import", "source", "app"]);
    assert_eq!(said, "imported local/app: 1 commit, 2 bookmarks, 1 tag, on bookmark trunk\n");
    let read =
        mesash(home, &["-r", "app", "-c", "pwd; cat README; wc -l < src/main.rs; bookmarks"]);
    assert!(read.starts_with("/local/app\none\n1\n"), "{read}");
    assert!(read.contains("  side ") && read.contains("* trunk "), "{read}");

    // Nothing was written: the branch is where it was.
    let out = home.join("out.git");
    let dest = out.to_str().unwrap();
    mesash(home, &["repo", "export", "app", dest]);
    assert_eq!(git(&out, &["rev-parse", "trunk"]), old);

    mesash(
        home,
        &["-r", "app", "-c", "echo two >> README; mkdir d; mv src d/src; chmod +x README"],
    );
    mesash(home, &["-r", "app", "-c", "changes checkpoint -m 'Second thoughts'"]);
    mesash(home, &["repo", "export", "app", dest]);
    assert_eq!(git(&out, &["log", "--format=%s", "trunk"]), "Second thoughts\nFirst\n");
    assert_eq!(git(&out, &["show", "trunk:README"]), "one\ntwo\n");
    assert_eq!(git(&out, &["ls-tree", "-r", "--name-only", "trunk"]), "README\nd/src/main.rs\n");
    assert!(git(&out, &["ls-tree", "trunk", "README"]).starts_with("100755 "));
    git(&out, &["merge-base", "--is-ancestor", old.trim(), "trunk"]);
    assert_eq!(git(&out, &["rev-parse", "v1", "side"]), format!("{old}{old}"));
    git(&out, &["fsck", "--full", "--strict"]);
    assert_eq!(git(&out, &["symbolic-ref", "HEAD"]), "refs/heads/trunk\n");
}

#[test]
fn what_is_no_git_repository_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::create_dir(home.join("plain")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
    let command = command.args(["repo", "import", "plain", "app"]).env_clear().env("HOME", home);
    let output = command.current_dir(home).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "mesash: 'plain' is not a git repository\n");
    assert_eq!(mesash(home, &["repo", "list"]), "local/scratch  main\n");
}
