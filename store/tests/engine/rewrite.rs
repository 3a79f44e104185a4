//! History is rewritten, and what comes after follows.

use mesa_store::engine::{Author, Emptied, EngineError, Moved, Resolved};
use mesafs::path::RepoPath;

use crate::fixture::{Fixture, ann, fixture, name};

fn bob() -> Author {
    Author { name: "Bob".into(), email: "bob@example.com".into() }
}

fn paths(texts: &[&str]) -> Vec<RepoPath> {
    texts.iter().map(|text| RepoPath::new(*text).unwrap()).collect()
}

/// One change on top of the other: `a` and `b`, each bringing the file of its name.
fn stack(at: &Fixture) -> [Resolved; 3] {
    let base = at.put(&at.main(), &[("base", "0")], 1);
    at.repo.describe(&base.change, "base", &ann()).unwrap();
    let a = at.child(&at.now(&base), "a", &[("base", "0"), ("a", "1")]);
    let b = at.child(&a, "b", &[("base", "0"), ("a", "1"), ("b", "2")]);
    [at.now(&base), a, b]
}

fn files(at: &Fixture, change: &Resolved) -> String {
    let tree = at.repo.commit_root(&at.now(change).commit).unwrap().tree;
    let entries = at.repo.objects().tree(tree).unwrap();
    entries.iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>().join(" ")
}

fn gone(at: &Fixture, change: &Resolved) -> bool {
    let found = at.repo.resolve_change(change.change.as_str());
    matches!(found, Err(EngineError::NoChange(_)))
}

#[test]
fn an_abandoned_changes_children_move_to_its_parent() {
    let at = fixture();
    let [base, a, b] = stack(&at);
    at.repo.create_bookmark(&name("on-a"), &a.change).unwrap();
    let done = at.repo.abandon(std::slice::from_ref(&a.change), &bob()).unwrap();
    assert!(gone(&at, &a));
    assert_eq!((at.log(&b).as_str(), files(&at, &b).as_str()), ("b /base ", "b base"));
    assert_eq!(at.repo.resolve_bookmark(&name("on-a")).unwrap().change, base.change);
    let of_a = done.rewritten.iter().find(|rewritten| rewritten.change == a.change).unwrap();
    assert_eq!((&of_a.before, &of_a.after), (&a.commit, &None));
    assert_eq!(done.rewritten.len(), 2);
}

#[test]
fn a_squash_moves_content_up_and_down() {
    let at = fixture();
    let [base, a, b] = stack(&at);
    let b = at.put(&b, &[("base", "0"), ("a", "1"), ("b", "2"), ("c", "3")], 2);
    let squash = |from: &Resolved, to: &Resolved, only: &[&str], message, emptied| {
        let from = std::slice::from_ref(&from.change);
        at.repo.squash(from, &to.change, &paths(only), message, emptied, false, &bob())
    };
    squash(&b, &a, &["c"], None, Emptied::Abandon).unwrap();
    assert_eq!((files(&at, &a), files(&at, &b)), ("a base c".into(), "a b base c".into()));
    assert_eq!(at.log(&b), "b /a /base ");
    squash(&b, &base, &[], None, Emptied::Abandon).unwrap();
    assert!(gone(&at, &b));
    assert_eq!((files(&at, &base), at.log(&a)), ("b base".into(), "a /base  b ".into()));
    squash(&base, &a, &["b"], Some("both"), Emptied::Keep).unwrap();
    assert_eq!((files(&at, &base), files(&at, &a)), ("base".into(), "a b base c".into()));
    assert_eq!(at.log(&a), "both /base  b ");
    let itself = squash(&a, &a, &[], None, Emptied::Keep).unwrap_err();
    assert!(matches!(itself, EngineError::Cycle(_)), "{itself}");
    let log = at.repo.log(&at.now(&a).commit, 1).unwrap();
    assert_eq!(log[0].author, ann());
}

#[test]
fn restore_takes_content_from_elsewhere() {
    let at = fixture();
    let [base, a, b] = stack(&at);
    at.repo.restore(&a.change, &base.commit, &[], false, &bob()).unwrap();
    assert_eq!((files(&at, &a), files(&at, &b)), ("base".into(), "b base".into()));
    at.repo.restore(&a.change, &b.commit, &paths(&["b"]), false, &bob()).unwrap();
    assert_eq!(files(&at, &a), "b base");
    let operation = at.repo.operation();
    at.repo.restore(&a.change, &b.commit, &paths(&["b", "nowhere"]), false, &bob()).unwrap();
    assert_eq!(at.repo.operation(), operation);
}

#[test]
fn a_split_keeps_the_change_and_gives_the_rest_to_a_child() {
    let at = fixture();
    let base = at.put(&at.main(), &[("a", "1"), ("d/b", "2"), ("c", "3")], 1);
    let top = at.child(&base, "top", &[("a", "1"), ("d/b", "2"), ("c", "3"), ("t", "4")]);
    let (first, rest, _) =
        at.repo.split(&base.change, &paths(&["d", "c"]), Some("picked"), &bob()).unwrap();
    assert_eq!(first.change, base.change);
    assert_eq!((files(&at, &first), files(&at, &rest)), ("c d".into(), "a c d".into()));
    assert_eq!(at.main(), rest);
    assert_eq!(at.log(&top), "top //picked ");
    assert!(at.now(&first).others.is_empty());
}

#[test]
fn a_rebase_moves_changes_alone_or_with_what_follows() {
    let at = fixture();
    let [base, a, b] = stack(&at);
    let side = at.child(&base, "side", &[("base", "0"), ("s", "5")]);
    let rebase = |what: &Resolved, moved, onto: &[&Resolved]| {
        let onto: Vec<_> = onto.iter().map(|onto| at.now(onto).commit).collect();
        at.repo.rebase(std::slice::from_ref(&what.change), moved, &onto, &bob())
    };
    rebase(&a, Moved::WithDescendants, &[&side]).unwrap();
    assert_eq!((at.log(&b), files(&at, &b)), ("b /a /side /base ".into(), "a b base s".into()));
    rebase(&a, Moved::Alone, &[&base]).unwrap();
    assert_eq!((at.log(&b), files(&at, &b)), ("b /side /base ".into(), "b base s".into()));
    assert_eq!((at.log(&a), files(&at, &a)), ("a /base ".into(), "a base".into()));
    rebase(&b, Moved::WithDescendants, &[&a, &side]).unwrap();
    assert_eq!(files(&at, &b), "a b base s");
    assert_eq!(at.repo.commit(&at.now(&b).commit).unwrap().parents.len(), 2);
    let cycle = rebase(&base, Moved::WithDescendants, &[&b]).unwrap_err();
    assert!(matches!(cycle, EngineError::Cycle(_)), "{cycle}");
    let itself = rebase(&b, Moved::Alone, &[&b]).unwrap_err();
    assert!(matches!(itself, EngineError::Cycle(_)), "{itself}");
}

#[test]
fn duplicates_are_changes_of_their_own() {
    let at = fixture();
    let [base, a, b] = stack(&at);
    let both = [b.change.clone(), a.change.clone()];
    let (copies, done) = at.repo.duplicate(&both, None, &bob()).unwrap();
    assert_eq!(done.rewritten, []);
    let [b2, a2] = copies.as_slice() else { panic!("{copies:?}") };
    assert!(b2.change != b.change && a2.change != a.change);
    assert_eq!((at.log(b2), files(&at, b2)), ("b /a /base ".into(), "a b base".into()));
    assert_eq!(at.now(&b), b);
    let one = [b.change.clone()];
    let (copies, _) = at.repo.duplicate(&one, Some(&[base.commit]), &bob()).unwrap();
    assert_eq!((at.log(&copies[0]), files(&at, &copies[0])), ("b /base ".into(), "b base".into()));
}

#[test]
fn a_conflict_stops_nothing() {
    let at = fixture();
    let base = at.put(&at.main(), &[("f", "base\n")], 1);
    let a = at.child(&base, "a", &[("f", "a\n")]);
    let b = at.child(&base, "b", &[("f", "b\n")]);
    let onto = [a.commit.clone()];
    let one = std::slice::from_ref(&b.change);
    at.repo.rebase(one, Moved::WithDescendants, &onto, &bob()).unwrap();
    let root = at.repo.commit_root(&at.now(&b).commit).unwrap();
    assert_eq!(root.conflicts.len(), 1);
    assert_eq!(root.conflicts[0].adds.len(), 2);
    // Back where it was there is nothing to solve.
    at.repo.rebase(one, Moved::WithDescendants, &[base.commit], &bob()).unwrap();
    assert_eq!(at.repo.commit_root(&at.now(&b).commit).unwrap().conflicts, []);
    assert_eq!(at.text(&at.now(&b), "f").as_deref(), Some("b\n"));
}

#[test]
fn what_was_imported_is_never_rewritten() {
    let mut from = crate::source::source();
    let first = from.commit("main", "one\n", from.file(b"a", "1"), &[]);
    from.commit("main", "two\n", from.file(b"a", "2"), &[first]);
    let (repo, _) = from.import(&from.path()).unwrap();
    let (child, _) = repo.writable_child(&name("main"), &ann()).unwrap();
    let at = Fixture { repo, folder: from.folder };
    let log = at.repo.log(&child.commit, 0).unwrap();
    let (two, one) = (log[1].clone(), log[2].clone());
    let changes = [two.change.clone()];
    let onto = [one.oid.clone()];
    let refused = [
        at.repo.abandon(&changes, &bob()).unwrap_err(),
        at.repo
            .squash(&changes, &child.change, &[], None, Emptied::Keep, false, &bob())
            .unwrap_err(),
        at.repo
            .squash(
                std::slice::from_ref(&child.change),
                &two.change,
                &[],
                None,
                Emptied::Keep,
                false,
                &bob(),
            )
            .unwrap_err(),
        at.repo.restore(&two.change, &one.oid, &[], false, &bob()).unwrap_err(),
        at.repo.split(&two.change, &paths(&["a"]), None, &bob()).unwrap_err(),
        at.repo.rebase(&changes, Moved::WithDescendants, &onto, &bob()).unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, EngineError::Immutable(_)), "{error}");
    }
    let root = at.repo.resolve_change(&"z".repeat(32)).unwrap();
    let error = at.repo.describe(&root.change, "x", &ann()).unwrap_err();
    assert!(matches!(error, EngineError::Immutable(_)), "{error}");
    assert_eq!(at.repo.log(&at.main().commit, 0).unwrap(), log);
    assert_eq!(at.repo.duplicate(&changes, None, &bob()).unwrap().0.len(), 1);
}
