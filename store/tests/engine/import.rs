//! Git repositories are taken in whole, or refused whole.

use gix::ObjectId as GitId;
use gix::objs::tree::EntryKind;
use mesa_store::engine::{EngineError, ImportError, Repository};
use mesafs::tree::Sums;

use crate::fixture::{ann, name};
use crate::source::source;

#[test]
fn history_branches_and_tags_come_in() {
    let mut at = source();
    let first = at.commit("main", "one\n", at.file(b"a", "1"), &[]);
    let sub = at.file(b"deep", "22");
    let tree = at.tree(&[
        (b"a", EntryKind::BlobExecutable, at.blob("1")),
        (b"a.d", EntryKind::Blob, at.blob("")),
        (b"a-dir", EntryKind::Tree, sub),
        (b"link", EntryKind::Link, at.blob("a")),
        (b"module", EntryKind::Commit, first),
    ]);
    let second = at.commit("main", "two\n", tree, &[first]);
    let topic = at.commit("topic/x", "three\n", at.file(b"a", "3"), &[first]);
    let any = gix::refs::transaction::PreviousValue::Any;
    at.git.reference("refs/tags/light", first, any.clone(), "test").unwrap();
    at.git.tag("v1", second, gix::objs::Kind::Commit, None, "annotated\n", any.clone()).unwrap();
    at.git.reference("refs/tags/of-a-tree", tree, any.clone(), "test").unwrap();
    at.git.reference("refs/remotes/origin/main", topic, any, "test").unwrap();
    at.head("ref: refs/heads/topic/x\n");

    let (repo, report) = at.import(&at.path()).unwrap();
    assert_eq!(report.default_bookmark, name("topic/x"));
    assert_eq!((report.bookmarks, report.tags, report.commits, report.trees), (2, 2, 3, 4));
    assert_eq!(report.skipped.len(), 1);
    assert_eq!(report.skipped[0].0, "refs/tags/of-a-tree");
    assert_eq!(at.sums.len(), 4);
    let of = at.sums[&mesafs::tree::ObjectId(tree.as_slice().try_into().unwrap())];
    assert_eq!(of, Sums { entries: 6, bytes: 3, depth: 2, longest_path: 10 });

    let main = repo.resolve_bookmark(&name("main")).unwrap();
    assert_eq!(main.commit.as_str(), second.to_string());
    let log = repo.log(&main.commit, 0).unwrap();
    assert_eq!(
        log.iter().map(|commit| commit.description.as_str()).collect::<Vec<_>>(),
        ["two\n", "one\n"]
    );
    assert!(log.iter().all(|commit| commit.immutable));
    assert_eq!(log[1].author.name, "Git");
    let names: Vec<_> = {
        let entries = repo.objects().tree(repo.commit_root(&main.commit).unwrap().tree).unwrap();
        entries.into_iter().map(|entry| entry.name.to_string()).collect()
    };
    assert_eq!(names, ["a", "a-dir", "a.d", "link", "module"]);

    // What came in stays as it is; writing goes into a child, made once.
    let error = repo.describe(&main.change, "new", &ann()).unwrap_err();
    assert!(matches!(error, EngineError::Immutable(_)), "{error}");
    let (child, made) = repo.writable_child(&name("main"), &ann()).unwrap();
    assert!(made.is_some() && repo.commit(&child.commit).unwrap().parents == [main.commit.clone()]);
    assert_eq!(repo.writable_child(&name("main"), &ann()).unwrap(), (child.clone(), None));
    drop(repo);
    let repo = Repository::open(&at.dir()).unwrap();
    assert!(repo.is_immutable(&main.commit).unwrap());
    assert!(!repo.is_immutable(&child.commit).unwrap());
    let git = at.dir().join(".jj/repo/store/git");
    let head = std::fs::read_to_string(git.join("HEAD")).unwrap();
    assert_eq!(head, "ref: refs/heads/topic/x\n");
    let git = gix::open(git).unwrap();
    let tag = git.find_reference("refs/tags/v1").unwrap();
    assert_eq!(tag.try_id().unwrap().object().unwrap().kind, gix::objs::Kind::Tag);
}

#[test]
fn names_that_cannot_be_stored_are_listed_and_nothing_is_made() {
    let mut at = source();
    let good = at.file(b"a", "1");
    let bad = at.tree(&[
        (b".git", EntryKind::Blob, at.blob("x")),
        (b"ok", EntryKind::Blob, at.blob("x")),
        (b"\xff", EntryKind::Blob, at.blob("x")),
    ]);
    let nested = at.tree(&[(b"sub", EntryKind::Tree, bad)]);
    let first = at.commit("main", "bad", nested, &[]);
    let second = at.commit("main", "good", good, &[first]);
    let root = at.tree(&[(b".jjconflict-base-0", EntryKind::Tree, good)]);
    let third = at.commit("side", "conflict", root, &[second]);
    let mut refused = at.refused();
    refused.sort();
    let first = first.to_string();
    let expected = [
        (".jjconflict-base-0", third.to_string()),
        ("sub/.git", first.clone()),
        ("sub/\u{fffd}", first),
    ];
    let found: Vec<_> =
        refused.iter().map(|(path, commit)| (path.as_str(), commit.clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_folder_that_is_fine_below_may_be_wrong_at_the_root() {
    let mut at = source();
    let odd = at.file(b".jjconflict-x", "1");
    let first = at.commit("main", "below", at.tree(&[(b"d", EntryKind::Tree, odd)]), &[]);
    assert!(at.import(&at.path()).is_ok());
    std::fs::remove_dir_all(at.dir()).unwrap();
    at.sums.clear();
    let second = at.commit("main", "at the root", odd, &[first]);
    assert_eq!(at.refused(), [(".jjconflict-x".to_owned(), second.to_string())]);
}

#[test]
fn head_names_the_default_bookmark() {
    let mut at = source();
    at.head("ref: refs/heads/trunk\n");
    let (repo, report) = at.import(&at.path()).unwrap();
    assert_eq!((report.commits, report.bookmarks), (0, 1));
    let trunk = repo.resolve_bookmark(&name("trunk")).unwrap();
    assert!(repo.commit(&trunk.commit).unwrap().parents.is_empty());
    drop(repo);

    let commit = at.commit("b", "one", at.file(b"a", "1"), &[]);
    at.commit("a", "two", at.file(b"a", "2"), &[]);
    for (head, default) in [
        (format!("{commit}\n"), "b"),
        ("ref: refs/heads/a\n".into(), "a"),
        ("ref: refs/heads/unborn\n".into(), "a"),
    ] {
        std::fs::remove_dir_all(at.dir()).unwrap();
        at.sums.clear();
        at.head(&head);
        let (repo, report) = at.import(&at.path()).unwrap();
        assert_eq!((report.default_bookmark, report.bookmarks), (name(default), 2), "{head}");
        assert_eq!(repo.default_bookmark(), name(default));
    }

    for branch in ["a", "b"] {
        std::fs::remove_file(at.path().join(".git/refs/heads").join(branch)).unwrap();
    }
    std::fs::remove_dir_all(at.dir()).unwrap();
    at.sums.clear();
    at.head(&format!("{commit}\n"));
    let (repo, _) = at.import(&at.path()).unwrap();
    assert_eq!(repo.resolve_bookmark(&name("main")).unwrap().commit.as_str(), commit.to_string());
}

/// Commits that claim to be jj's own conflicts are taken at their word only if it makes sense.
#[test]
fn damaged_conflicts_are_refused() {
    let mut at = source();
    let sides: Vec<_> = ["1", "2", "3"].map(|text| at.file(b"a", text)).into();
    let shown = at.tree(&[(b".jjconflict-base-0", EntryKind::Tree, sides[0])]);
    let trees = |count: usize| {
        let ids: Vec<_> = sides.iter().take(count).map(|id| id.to_string()).collect();
        ("jj:trees", ids.join(" "))
    };
    let labels = |text: &str| ("jj:conflict-labels", text.to_owned());
    let bad = [
        vec![trees(2)],
        vec![trees(1)],
        vec![("jj:trees", "nonsense".to_owned())],
        vec![trees(3), labels("one\ntwo\n")],
        vec![labels("one\ntwo\n")],
    ];
    for headers in bad {
        at.commit_with_headers("main", shown, &headers);
        match at.import(&at.path()) {
            Err(ImportError::Engine(error)) => {
                assert!(error.to_string().starts_with("reading a commit: "), "{error}");
            }
            Err(error) => panic!("{headers:?}: {error}"),
            Ok(_) => panic!("{headers:?} taken in"),
        }
        assert!(!at.dir().exists());
    }
    // The folders that git is shown are no names of the file system: its sides are what counts.
    at.commit_with_headers("main", shown, &[trees(3), labels("one\ntwo\nthree\n")]);
    at.sums.clear();
    let (repo, _) = at.import(&at.path()).unwrap();
    let main = repo.resolve_bookmark(&name("main")).unwrap();
    assert!(repo.commit(&main.commit).unwrap().conflicted);
    assert_eq!(repo.commit_root(&main.commit).unwrap().conflicts.len(), 1);
}

#[test]
fn only_whole_git_repositories_are_taken_in() {
    let mut at = source();
    let nothing = at.folder.path().to_owned();
    assert!(matches!(at.import(&nothing), Err(ImportError::NotGit(_))));
    assert!(matches!(at.import(&nothing.join("no")), Err(ImportError::NotGit(_))));
    let missing = GitId::from([7; 20]);
    let tree = at.tree(&[(b"a", EntryKind::Blob, missing)]);
    at.commit("main", "lost", tree, &[]);
    match at.import(&at.path()) {
        Err(ImportError::Engine(error)) => {
            assert!(error.to_string().contains("is missing"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(!at.dir().exists());
    let commit = at.commit("main", "one", at.file(b"a", "1"), &[]);
    std::fs::write(at.path().join(".git/shallow"), format!("{commit}\n")).unwrap();
    assert!(matches!(at.import(&at.path()), Err(ImportError::Shallow(_))));
}
