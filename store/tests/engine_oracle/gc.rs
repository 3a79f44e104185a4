//! What is left of a repository that was cleaned up is whole to git and to jj.

use std::time::Duration;

use mesa_store::engine::Kept;

use crate::fixture::{ann, fixture, name};
use crate::{fsck, git, run};

const JJ: [&str; 3] = ["--ignore-working-copy", "--no-pager", "--color=never"];

#[test]
fn a_cleaned_repository_is_whole() {
    let at = fixture();
    let dir = at.dir().join(".jj/repo/store/git");
    let mut main = at.main();
    for round in 1..=20 {
        let text = format!("{round}\n");
        main = at.put(&main, &[("a", &text), (&format!("d/{round}"), "x")], round);
    }
    // A conflict, whose sides only jj's own trees name.
    let left = at.child(&main, "left", &[("a", "left\n")]);
    let right = at.child(&main, "right", &[("a", "right\n")]);
    let parents = [left.commit.clone(), right.commit.clone()];
    let (merge, _) = at.repo.new_merge(&parents, "merge", &ann()).unwrap();
    at.repo.set_bookmark(&name("merged"), &merge.change, None).unwrap();
    git(&dir, &["tag", "-a", "-m", "tag", "v1", main.commit.as_str()]);
    let gone = at.child(&main, "gone", &[("gone", "gone\n")]);
    at.repo.abandon(std::slice::from_ref(&gone.change), &ann()).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    at.repo.describe(&main.change, "last", &ann()).unwrap();
    let log = |dir: &std::path::Path| {
        let template = "commit_id ++ ' ' ++ bookmarks ++ ' ' ++ conflict ++ '\n'";
        run(dir, "jj", &[&JJ[..], &["log", "-r", "all()", "-T", template]].concat())
    };
    let before = log(&at.dir());
    let now = i64::MAX;
    let kept = Kept { since_ms: now, grace: Duration::ZERO };
    let report = at.repo.gc(kept, &[]).unwrap().report;
    assert!(report.operations_dropped > 20 && report.refs_dropped > 10, "{report:?}");
    assert!(report.objects_dropped > 20, "{report:?}");
    assert_eq!(log(&at.dir()), before);
    fsck(&dir);
    let unreachable = git(&dir, &["fsck", "--full", "--unreachable"]);
    assert!(!unreachable.contains("unreachable"), "{unreachable}");
    run(&at.dir(), "jj", &[&JJ[..], &["op", "log", "--no-graph"]].concat());
    run(&at.dir(), "jj", &[&JJ[..], &["describe", "-m", "by jj", main.change.as_str()]].concat());
    at.repo.refresh().unwrap();
    let solved = at.repo.resolve_change(main.change.as_str()).unwrap();
    assert_eq!(at.text(&solved, "a").unwrap(), "20\n");
    // Again and again.
    for _ in 0..3 {
        at.put(&at.repo.resolve_change(merge.change.as_str()).unwrap(), &[("b", "b\n")], 30);
        at.repo.gc(kept, &[]).unwrap();
        fsck(&dir);
    }
    let at = at.reopened();
    let merged = at.repo.resolve_change(merge.change.as_str()).unwrap();
    assert_eq!(at.text(&merged, "b").unwrap(), "b\n");
}
