//! The program beside the real git: what was imported, edited and exported is whole.

#![expect(clippy::unwrap_used, reason = "tests")]

mod schema;

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

/// As [`mesash`], with its status and what it says on both streams.
fn ended(home: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
    let output =
        command.args(args).env_clear().env("HOME", home).current_dir(home).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn commit(work: &Path, file: &str, content: &str) {
    fs::write(work.join(file), content).unwrap();
    git(work, &["add", "."]);
    git(work, &["commit", "-qm", &format!("git: {file}")]);
}

#[test]
fn a_repository_and_git_go_on_together() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let (out, work) = (home.join("out.git"), home.join("work"));
    let app = |script: &str| mesash(home, &["-r", "app", "-c", script]);
    let sync = || mesash(home, &["repo", "sync", "app"]);
    mesash(home, &["repo", "create", "app"]);
    assert_eq!(
        ended(home, &["repo", "sync", "app"]),
        (
            Some(1),
            "mesash: repository 'local/app' was never synced: say with which folder\n".into()
        )
    );
    app("echo 1 > a; mkdir -p d; chmod 700 d; echo in > d/in; changes checkpoint -m first");
    let said = mesash(home, &["repo", "sync", "app", "out.git"]);
    assert!(said.starts_with("synced local/app with /"), "{said}");
    assert!(said.ends_with("/out.git\nwent: 1 branch, 0 tags, 5 objects\n"), "{said}");
    assert_eq!(sync().lines().count(), 1);

    // The real git goes on where we were; what was open and empty comes along.
    git(home, &["clone", "-q", "out.git", "work"]);
    commit(&work, "b", "2\n");
    git(&work, &["tag", "-am", "one", "v1"]);
    git(&work, &["branch", "side"]);
    git(&work, &["push", "-q", "origin", "main", "side", "v1"]);
    let said = sync();
    assert!(said.ends_with("\ncame: 1 commit, 1 tag; moved here: main, side\n"), "{said}");
    assert_eq!(
        app("cat a b; stat -c %a d; changes log --no-graph @- | tail -n 1"),
        "1\n2\n700\n  git: b\n"
    );
    let refused = app(
        "changes describe -m x --change $(changes log --json @- | jq -r '.[0].change_id') 2>&1; true",
    );
    assert!(refused.contains(" is immutable: "), "{refused}");
    app("echo 3 > c; changes checkpoint -m 'mesash: c'");
    assert!(sync().ends_with("\nwent: 1 branch, 0 tags, 3 objects\n"));
    git(&work, &["pull", "-q", "--ff-only"]);
    assert_eq!(fs::read_to_string(work.join("c")).unwrap(), "3\n");

    // Both go on: nothing is lost, and nothing moves.
    app("echo ours > a; changes checkpoint -m 'mesash: a'");
    commit(&work, "d2", "theirs\n");
    git(&work, &["push", "-q"]);
    for _ in 0..2 {
        let (status, said) = ended(home, &["repo", "sync", "app"]);
        assert_eq!(status, Some(3), "{said}");
        assert!(said.contains("'main' went two ways: git's is 'git/main' here;"), "{said}");
    }
    assert_eq!(git(&out, &["log", "-1", "--format=%s", "main"]), "git: d2\n");
    assert_eq!(git(&out, &["branch", "--format=%(refname:short)"]), "main\nside\n");
    app("bookmarks merge main git/main");
    let said = sync();
    assert!(said.contains("\nwent: 1 branch"), "{said}");
    assert_eq!(git(&out, &["show", "main:a", "main:d2"]), "ours\ntheirs\n");
    assert!(!app("bookmarks").contains("git/main"));
    assert_eq!(sync().lines().count(), 1);
    git(&work, &["pull", "-q", "--ff-only"]);

    // A branch that goes takes its bookmark along, and the other way round.
    git(&work, &["push", "-q", "origin", ":side"]);
    assert!(sync().ends_with("; deleted here: side\n"));
    app("bookmarks create mine @-");
    assert!(sync().contains("went: 1 branch"));
    app("bookmarks delete mine");
    assert!(sync().contains("went: 1 branch"));
    assert_eq!(git(&out, &["branch", "--format=%(refname:short)"]), "main\n");
    git(&out, &["fsck", "--full", "--strict"]);
    assert_eq!(git(&out, &["cat-file", "-t", "v1"]), "tag\n");
}

#[test]
fn the_source_of_an_import_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = home.join("source");
    fs::create_dir(&source).unwrap();
    git(&source, &["init", "-q", "-b", "main"]);
    commit(&source, "a", "1\n");
    mesash(home, &["repo", "import", "source", "app"]);
    commit(&source, "b", "2\n");
    // It is checked out there, so only what comes in is taken; nothing of ours is to go out.
    let said = mesash(home, &["repo", "sync", "app", "source"]);
    assert!(said.ends_with("\ncame: 1 commit, 0 tags; moved here: main\n"), "{said}");
    assert_eq!(mesash(home, &["-r", "app", "-c", "cat a b"]), "1\n2\n");
    // What was rewritten there is rewritten here.
    git(&source, &["commit", "-q", "--amend", "-m", "Amended"]);
    let (status, said) = ended(home, &["repo", "sync", "app"]);
    assert_eq!((status, said.contains("moved here: main")), (Some(0), true), "{said}");
    assert_eq!(
        mesash(home, &["-r", "app", "-c", "changes log --no-graph main | tail -n 1"]),
        "  Amended\n"
    );
}

#[test]
fn a_name_that_cannot_be_stored_stops_a_sync() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    mesash(home, &["repo", "create", "app"]);
    mesash(home, &["-r", "app", "-c", "echo 1 > a; changes checkpoint -m first"]);
    mesash(home, &["repo", "sync", "app", "out.git"]);
    git(home, &["clone", "-q", "out.git", "work"]);
    let work = home.join("work");
    fs::create_dir(work.join("sub")).unwrap();
    git(&work, &["config", "core.protectNTFS", "false"]);
    commit(&work, "sub/git~1", "x\n");
    git(&work, &["push", "-q"]);
    let (status, said) = ended(home, &["repo", "sync", "app"]);
    assert_eq!(status, Some(1));
    assert!(said.starts_with("mesash: names that cannot be stored:\n  'sub/git~1' in commit "));
    assert_eq!(mesash(home, &["-r", "app", "-c", "ls; bookmarks | wc -l"]), "a\n1\n");
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = include_str!("../docs/program.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let source = home.join("source");
    fs::create_dir(&source).unwrap();
    git(&source, &["init", "-q", "-b", "main"]);
    commit(&source, "a", "1\n");
    let public = mesash(home, &["key", "list", "--json"]);
    let public: serde_json::Value = serde_json::from_str(&public).unwrap();
    let public = public[0]["public_key"].as_str().unwrap().to_owned();
    let created = mesash(home, &["key", "create", "--json"]);
    let created: serde_json::Value = serde_json::from_str(&created).unwrap();
    let id = created["id"].as_str().unwrap();
    let calls: &[(&str, &[&str])] = &[
        ("repo create", &["app"]),
        ("repo import", &["source", "taken"]),
        ("repo sync", &["taken", "source"]),
        ("repo export", &["taken", "out.git"]),
        ("repo list", &[]),
        ("repo gc", &[]),
        ("repo delete", &["app", "--yes"]),
        ("key create", &[]),
        ("key add", &[&public]),
        ("key list", &[]),
        ("key revoke", &[id]),
    ];
    for (name, args) in calls {
        let words: Vec<&str> =
            name.split(' ').chain(args.iter().copied()).chain(["--json"]).collect();
        let printed = serde_json::from_str(&mesash(home, &words)).unwrap();
        schema::fits(name, &printed, &schema["properties"][name], &schema);
    }
    for script in ["echo a", "printf '\\377' >&2; exit 3"] {
        let (_, printed) = ended(home, &["--json", "-c", script]);
        let printed = serde_json::from_str(&printed).unwrap();
        schema::fits("-c", &printed, &schema["properties"]["-c"], &schema);
    }
    let named = schema["properties"].as_object().unwrap().keys().filter(|name| *name != "-c");
    for name in named {
        assert!(calls.iter().any(|(called, _)| called == name), "{name} is not tried");
    }
}
