//! The real jj works on the store, and is seen to.

use std::path::Path;

use crate::fixture::{Fixture, ann, fixture, name};
use crate::{fsck, run};

/// Runs jj as it must be run on a store.
fn jj(dir: &Path, args: &[&str]) -> String {
    run(dir, "jj", &[&["--ignore-working-copy", "--no-pager", "--color=never"], args].concat())
}

fn log(at: &Fixture, template: &str) -> String {
    jj(&at.dir(), &["log", "--no-graph", "-r", "all() ~ root()", "-T", template])
}

#[test]
fn jj_reads_what_we_write() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1"), ("d/b", "2")], 1);
    let (_, active, _) =
        at.repo.checkpoint(&main.change, &name("main"), Some("one"), &ann()).unwrap();
    let said =
        log(&at, r#"change_id ++ " " ++ bookmarks ++ " " ++ description.first_line() ++ "\n""#);
    assert_eq!(said, format!("{} main \n{}  one\n", active.change, main.change));
    assert_eq!(jj(&at.dir(), &["file", "show", "-r", "main-", "d/b"]), "2");
    let operations = jj(&at.dir(), &["op", "log", "--no-graph", "-T", r#"description ++ "\n""#]);
    assert!(
        operations.starts_with("checkpoint\nsnapshot\ncreate the repository\n"),
        "{operations}"
    );
}

#[test]
fn what_jj_does_is_taken_up() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 5);
    let (child, _) = at.repo.new_change(&main.commit, "child", &ann()).unwrap();
    jj(&at.dir(), &["describe", "-r", main.change.as_str(), "-m", "by jj"]);
    let told = at.repo.refresh().unwrap();
    let mut changes: Vec<_> = told.iter().map(|rewritten| rewritten.change.clone()).collect();
    let mut expected = [main.change.clone(), child.change.clone()];
    changes.sort();
    expected.sort();
    assert_eq!(changes, expected);
    assert_eq!(at.repo.commit(&at.main().commit).unwrap().description, "by jj\n");
    // The journal's positions are found behind jj's operation.
    let at = at.reopened();
    assert_eq!(at.repo.journal_positions().unwrap()[&main.change], 5);

    jj(&at.dir(), &["abandon", "-r", child.change.as_str()]);
    jj(&at.dir(), &["bookmark", "create", "-r", main.change.as_str(), "by-jj"]);
    let told = at.repo.refresh().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].after, None);
    assert_eq!(at.repo.bookmarks().unwrap().len(), 2);
    let branch = at.dir().join(".jj/repo/store/git/refs/heads/by-jj");
    assert_eq!(std::fs::read_to_string(branch).unwrap().trim(), at.main().commit.as_str());
}

#[test]
fn both_at_the_same_time_lose_nothing() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 1);
    let operation = at.repo.operation();
    at.repo.describe(&main.change, "ours", &ann()).unwrap();
    let (other, _) = at.repo.new_change(&at.main().commit, "side", &ann()).unwrap();
    // As if jj had begun before us.
    jj(
        &at.dir(),
        &["--at-op", &operation, "new", "--no-edit", "-m", "theirs", main.change.as_str()],
    );
    at.repo.refresh().unwrap();
    let said = log(&at, r#"description.first_line() ++ "\n""#);
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort();
    assert_eq!(lines, ["ours", "side", "theirs"]);
    at.put(&other, &[("a", "2")], 2);
    assert_eq!(at.log(&other), "side /ours ");
    fsck(&at.dir().join(".jj/repo/store/git"));
}

#[test]
fn jj_sees_our_conflicts_and_we_see_its() {
    let at = fixture();
    let base = at.put(&at.main(), &[("a", "base\n")], 1);
    let left = at.child(&base, "left", &[("a", "left\n")]);
    let right = at.child(&base, "right", &[("a", "right\n")]);
    jj(
        &at.dir(),
        &["new", "--no-edit", "-m", "merge", left.change.as_str(), right.change.as_str()],
    );
    at.repo.refresh().unwrap();
    let id = jj(&at.dir(), &["log", "--no-graph", "-r", "subject(\"merge\")", "-T", "change_id"]);
    let merge = at.repo.resolve_change(id.trim()).unwrap();
    let root = at.repo.commit_root(&merge.commit).unwrap();
    assert_eq!(root.conflicts.len(), 1);
    let text = at.text(&merge, "a").unwrap();
    assert!(text.contains("<<<<<<<") && text.contains("right\n"), "{text}");
    let solved = at.put(&merge, &[("a", "both\n")], 4);
    assert_eq!(jj(&at.dir(), &["file", "show", "-r", solved.change.as_str(), "a"]), "both\n");
}
