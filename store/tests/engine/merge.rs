//! Bookmarks are merged.

use mesa_store::engine::{
    EngineError, MergeOptions, MergeOutcome, MergeStrategy, Merged, Resolved,
};

use crate::fixture::{Fixture, ann, fixture, name};

fn merge(at: &Fixture, target: &str, source: &str, options: &MergeOptions) -> Merged {
    at.repo.merge(&name(target), &name(source), options, &ann()).unwrap().0
}

/// `main` and `topic`, each with a change of its own after a common one, and an empty one on top.
fn forked(at: &Fixture, main: &[(&str, &str)], topic: &[(&str, &str)]) -> (Resolved, Resolved) {
    let base = at.put(&at.main(), &[("f", "base\n")], 1);
    let (base, _, _) =
        at.repo.checkpoint(&base.change, &name("main"), Some("base"), &ann()).unwrap();
    let begun = at.child(&base, "", topic);
    at.repo.create_bookmark(&name("topic"), &begun.change).unwrap();
    let (topic, ..) =
        at.repo.checkpoint(&begun.change, &name("topic"), Some("topic"), &ann()).unwrap();
    let here = at.put(&at.main(), main, 2);
    let (main, ..) = at.repo.checkpoint(&here.change, &name("main"), Some("main"), &ann()).unwrap();
    (main, topic)
}

#[test]
fn forward_where_that_is_possible() {
    let at = fixture();
    let base = at.put(&at.main(), &[("f", "1")], 1);
    let (base, active, _) =
        at.repo.checkpoint(&base.change, &name("main"), Some("base"), &ann()).unwrap();
    let topic = at.child(&base, "topic", &[("f", "2")]);
    at.repo.create_bookmark(&name("topic"), &topic.change).unwrap();
    let auto = MergeOptions::default();
    let merged = merge(&at, "main", "topic", &auto);
    assert_eq!((merged.outcome, &merged.tip), (MergeOutcome::FastForward, &topic));
    // Who works on main goes on in the same change.
    assert_eq!(at.main().change, active.change);
    assert_eq!(
        (at.log(&active), at.text(&at.main(), "f")),
        ("/topic /base ".into(), Some("2".into()))
    );
    assert_eq!(merge(&at, "main", "topic", &auto).outcome, MergeOutcome::NoOp);
    assert_eq!(merge(&at, "topic", "main", &auto).outcome, MergeOutcome::NoOp);

    let commit = MergeOptions {
        strategy: MergeStrategy::MergeCommit,
        message: Some("as a commit".into()),
        delete_source: true,
        expected: Some(at.main().commit),
    };
    let more = at.child(&topic, "more", &[("f", "3")]);
    at.repo.set_bookmark(&name("topic"), &more.change, None).unwrap();
    let merged = merge(&at, "main", "topic", &commit);
    assert_eq!(merged.outcome, MergeOutcome::MergeCommit);
    let tip = at.repo.commit(&merged.tip.commit).unwrap();
    assert_eq!(
        (tip.parents, tip.description.as_str()),
        (vec![topic.commit, more.commit], "as a commit\n")
    );
    assert!(at.repo.resolve_bookmark(&name("topic")).is_err());
}

#[test]
fn into_a_new_repository_it_is_always_forward() {
    let at = fixture();
    let main = at.main();
    let root = at.repo.resolve_change(&"z".repeat(32)).unwrap();
    let topic = at.child(&root, "topic", &[("f", "2")]);
    at.repo.create_bookmark(&name("topic"), &topic.change).unwrap();
    let options = MergeOptions { strategy: MergeStrategy::MergeCommit, ..MergeOptions::default() };
    let merged = merge(&at, "main", "topic", &options);
    assert_eq!(merged.outcome, MergeOutcome::FastForward);
    assert_eq!((at.main().change, at.log(&main)), (main.change, "/topic ".into()));
}

#[test]
fn edits_of_both_sides_come_together() {
    let at = fixture();
    let (main, topic) = forked(&at, &[("f", "base\n"), ("m", "1")], &[("f", "topic\n")]);
    let active = at.main();
    let merged = merge(&at, "main", "topic", &MergeOptions::default());
    assert_eq!((merged.outcome, merged.conflicts), (MergeOutcome::MergeCommit, vec![]));
    let tip = at.repo.commit(&merged.tip.commit).unwrap();
    assert_eq!(tip.parents, [main.commit, topic.commit]);
    assert_eq!(tip.description, "Merge 'topic' into 'main'\n");
    assert_eq!(at.main().change, active.change);
    let texts = ["f", "m"].map(|file| at.text(&at.main(), file).unwrap());
    assert_eq!(texts, ["topic\n", "1"]);
}

#[test]
fn where_they_differ_is_told() {
    let at = fixture();
    forked(&at, &[("f", "main\n")], &[("f", "topic\n")]);
    let merged = merge(&at, "main", "topic", &MergeOptions::default());
    let paths: Vec<_> = merged.conflicts.iter().map(|path| path.as_bstr().to_string()).collect();
    assert_eq!(paths, ["f"]);
    let root = at.repo.commit_root(&at.main().commit).unwrap();
    assert_eq!(root.conflicts.len(), 1);
}

#[test]
fn a_race_is_noticed_and_the_default_stays() {
    let at = fixture();
    let (main, _) = forked(&at, &[("f", "main\n")], &[("f", "topic\n")]);
    let stale = MergeOptions { expected: Some(main.commit.clone()), ..MergeOptions::default() };
    let merge = |target, source, options: &MergeOptions| {
        at.repo.merge(&name(target), &name(source), options, &ann()).unwrap_err()
    };
    assert!(matches!(merge("main", "topic", &stale), EngineError::BookmarkRaced(_)));
    let deleting = MergeOptions { delete_source: true, ..MergeOptions::default() };
    assert!(matches!(merge("topic", "main", &deleting), EngineError::DefaultBookmark(_)));
    assert!(matches!(merge("main", "none", &deleting), EngineError::NoBookmark(_)));

    let error = at.repo.delete_bookmark(&name("main"), None).unwrap_err();
    assert!(matches!(error, EngineError::DefaultBookmark(_)), "{error}");
    let raced = at.repo.delete_bookmark(&name("topic"), Some(&main.commit)).unwrap_err();
    assert!(matches!(raced, EngineError::BookmarkRaced(_)), "{raced}");
    at.repo.rename_bookmark(&name("main"), &name("main/line"), None).unwrap();
    assert_eq!(at.repo.default_bookmark(), name("main/line"));
    let taken = at.repo.rename_bookmark(&name("topic"), &name("main"), None).unwrap_err();
    assert!(matches!(taken, EngineError::BookmarkExists(_)), "{taken}");
    let branch = at.dir().join(".jj/repo/store/git/refs/heads/main/line");
    assert!(branch.is_file());
    let here = at.repo.resolve_bookmark(&name("topic")).unwrap().commit;
    at.repo.delete_bookmark(&name("topic"), Some(&here)).unwrap();
    assert_eq!(at.repo.bookmarks().unwrap().len(), 1);
}
