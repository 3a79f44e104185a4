//! What is published into a plain git repository.

use std::path::{Path, PathBuf};

use gix::ObjectId as GitId;
use mesa_store::engine::{ExportError, ExportReport, Repository};
use mesafs::name::CommitOid;

use crate::fixture::{Fixture, ann, fixture, name};
use crate::source::source;

fn out(at: &Fixture) -> PathBuf {
    at.folder.path().join("out.git")
}

fn open(path: &Path) -> gix::Repository {
    gix::open_opts(path, gix::open::Options::isolated()).unwrap()
}

fn branch(path: &Path, name: &str) -> Option<String> {
    let git = open(path);
    let reference = git.try_find_reference(&format!("refs/heads/{name}")).unwrap()?;
    Some(reference.try_id().unwrap().to_string())
}

/// The text of a file of a commit, with everything that leads there.
fn text(path: &Path, commit: &CommitOid, file: &str) -> String {
    let git = open(path);
    let commit = git.find_commit(GitId::from_hex(commit.as_str().as_bytes()).unwrap()).unwrap();
    let entry = commit.tree().unwrap().lookup_entry_by_path(file).unwrap().unwrap();
    String::from_utf8(entry.object().unwrap().data.clone()).unwrap()
}

#[test]
fn an_empty_repository_is_an_empty_git_repository() {
    let at = fixture();
    assert_eq!(at.repo.export(&out(&at)).unwrap(), ExportReport::default());
    let git = open(&out(&at));
    assert!(git.is_bare() && git.head().unwrap().is_unborn());
    assert_eq!(git.head_name().unwrap().unwrap().as_bstr(), "refs/heads/main");
    assert_eq!(git.references().unwrap().all().unwrap().count(), 0);
}

#[test]
fn an_export_brings_what_is_missing_and_no_more() {
    let at = fixture();
    let big = "0123456789abcdef\n".repeat(300_000);
    let main = at.put(&at.main(), &[("a", "1"), ("d/b", "2"), ("d/big", &big)], 1);
    // The empty change that goes on is not published.
    let (saved, active, _) =
        at.repo.checkpoint(&main.change, &name("main"), Some("one"), &ann()).unwrap();
    let report = at.repo.export(&out(&at)).unwrap();
    // Three blobs, two trees, a commit.
    assert_eq!(report, ExportReport { branches: 1, tags: 0, objects: 6 });
    assert_eq!(branch(&out(&at), "main").as_deref(), Some(saved.commit.as_str()));
    assert_eq!(text(&out(&at), &saved.commit, "d/b"), "2");
    assert_eq!(text(&out(&at), &saved.commit, "d/big"), big);
    assert_eq!(at.repo.export(&out(&at)).unwrap(), ExportReport::default());

    let active = at.put(&active, &[("a", "3"), ("d/b", "2"), ("d/big", &big)], 2);
    at.repo.create_bookmark(&name("topic"), &active.change).unwrap();
    let report = at.repo.export(&out(&at)).unwrap();
    assert_eq!(report, ExportReport { branches: 2, tags: 0, objects: 3 });
    assert_eq!(text(&out(&at), &active.commit, "a"), "3");

    // A rewritten change takes the place of what was published of it.
    at.repo.describe(&active.change, "two", &ann()).unwrap();
    let report = at.repo.export(&out(&at)).unwrap();
    assert_eq!(report, ExportReport { branches: 2, tags: 0, objects: 1 });
    assert_eq!(branch(&out(&at), "topic").as_deref(), Some(at.main().commit.as_str()));
}

#[test]
fn the_old_head_stays_an_ancestor() {
    let mut from = source();
    let first = from.commit("main", "one\n", from.file(b"a", "1"), &[]);
    let any = gix::refs::transaction::PreviousValue::Any;
    let tag = from.git.tag("v1", first, gix::objs::Kind::Commit, None, "note\n", any).unwrap();
    let tag = tag.try_id().unwrap().to_string();
    let (repo, _) = from.import(&from.path()).unwrap();
    repo.writable_child(&name("main"), &ann()).unwrap();
    let at = Fixture { repo, folder: from.folder };
    let report = at.repo.export(&out(&at)).unwrap();
    assert_eq!((report.branches, report.tags, report.objects), (1, 1, 4));
    assert_eq!(branch(&out(&at), "main"), Some(first.to_string()));
    let git = open(&out(&at));
    let kept = git.find_reference("refs/tags/v1").unwrap();
    assert_eq!(kept.try_id().unwrap().to_string(), tag);

    let edited = at.put(&at.main(), &[("a", "2")], 1);
    at.repo.export(&out(&at)).unwrap();
    let git = open(&out(&at));
    let commit =
        git.find_commit(GitId::from_hex(edited.commit.as_str().as_bytes()).unwrap()).unwrap();
    assert_eq!(commit.parent_ids().map(gix::Id::detach).collect::<Vec<_>>(), [first]);
    assert_eq!(branch(&out(&at), "main"), Some(edited.commit.to_string()));
}

#[test]
fn others_work_is_never_overwritten() {
    let mut from = source();
    let first = from.commit("main", "one\n", from.file(b"a", "1"), &[]);
    let (repo, _) = from.import(&from.path()).unwrap();
    let (child, _) = repo.writable_child(&name("main"), &ann()).unwrap();
    repo.describe(&child.change, "ours", &ann()).unwrap();

    // The source itself: its branch is checked out there.
    let head = |from: &crate::source::Source| branch(&from.path(), "main");
    match repo.export(&from.path()).unwrap_err() {
        ExportError::CheckedOut(name) => assert_eq!(name, "main"),
        error => panic!("{error}"),
    }
    from.head("ref: refs/heads/other\n");
    let second = from.commit("main", "theirs\n", from.file(b"a", "2"), &[first]);
    match repo.export(&from.path()).unwrap_err() {
        ExportError::Diverged(name) => assert_eq!(name, "main"),
        error => panic!("{error}"),
    }
    assert_eq!(head(&from), Some(second.to_string()));
    from.commit("main", "one\n", from.file(b"a", "1"), &[]);
    let any = gix::refs::transaction::PreviousValue::Any;
    from.git.reference("refs/heads/main", first, any, "back").unwrap();
    assert_eq!(repo.export(&from.path()).unwrap().branches, 1);

    let folder = from.folder.path();
    std::fs::write(folder.join("file"), "x").unwrap();
    std::fs::create_dir(folder.join("full")).unwrap();
    std::fs::write(folder.join("full/file"), "x").unwrap();
    std::fs::create_dir(folder.join("empty")).unwrap();
    for wrong in ["file", "full"] {
        let error = repo.export(&folder.join(wrong)).unwrap_err();
        assert!(matches!(error, ExportError::NotGit(_)), "{error}");
    }
    assert_eq!(repo.export(&folder.join("empty")).unwrap().branches, 1);
}

#[test]
fn what_was_exported_can_be_imported_again() {
    let at = fixture();
    let files: Vec<(String, String)> =
        (0..200).map(|n| (format!("d{}/f{n}", n % 7), format!("content {n}\n"))).collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let main = at.put(&at.main(), &files, 1);
    at.repo.checkpoint(&main.change, &name("main"), Some("many"), &ann()).unwrap();
    at.repo.export(&out(&at)).unwrap();
    let again = at.folder.path().join("again");
    let mut trees = 0;
    let (repo, report) =
        Repository::import(&out(&at), &again, &ann(), &mut |_, _| trees += 1).unwrap();
    assert_eq!((report.commits, report.trees, trees), (1, 8, 8));
    let log = repo.log(&repo.resolve_bookmark(&name("main")).unwrap().commit, 0).unwrap();
    // jj's header keeps the change's id.
    assert_eq!((&log[0].change, log[0].description.as_str()), (&main.change, "many\n"));
}

#[test]
fn a_branch_goes_with_its_bookmark_unless_it_was_moved() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 1);
    for bookmark in ["gone", "moved", "kept"] {
        at.repo.create_bookmark(&name(bookmark), &main.change).unwrap();
    }
    at.repo.export(&out(&at)).unwrap();
    let other = at.child(&main, "other", &[("a", "2")]);
    at.repo.create_bookmark(&name("other"), &other.change).unwrap();
    at.repo.export(&out(&at)).unwrap();
    let git = open(&out(&at));
    let id = GitId::from_hex(other.commit.as_str().as_bytes()).unwrap();
    let any = gix::refs::transaction::PreviousValue::Any;
    git.reference("refs/heads/moved", id, any.clone(), "").unwrap();
    git.reference("refs/heads/theirs", id, any, "").unwrap();
    for bookmark in ["gone", "moved"] {
        at.repo.delete_bookmark(&name(bookmark), None).unwrap();
    }
    // In the place of a folder of names.
    at.repo.create_bookmark(&name("gone/below"), &other.change).unwrap();
    let report = at.repo.export(&out(&at)).unwrap();
    assert_eq!((report.branches, report.objects), (2, 0));
    let there = |name: &str| branch(&out(&at), name).is_some();
    assert!(
        !there("gone") && ["gone/below", "moved", "kept", "theirs", "main"].into_iter().all(there)
    );
}
