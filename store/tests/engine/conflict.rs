//! Conflicts are content: shown as text, kept when untouched, read back when edited.

use mesa_store::engine::{
    ChangeSnapshot, ConflictedFile, Durability, MergedText, Resolved, RootTree, TreeEntryKind,
    merge_text,
};
use mesafs::path::RepoPath;

use crate::fixture::{Fixture, ann, fixture};

fn blob(at: &Fixture, text: &str) -> TreeEntryKind {
    let mut writer = at.repo.writer();
    let blob = writer.blob(text.len() as u64, &mut text.as_bytes()).unwrap();
    writer.finish(Durability::Process).unwrap();
    TreeEntryKind::File { blob, executable: false }
}

/// A change whose file `f` has two sides, and a file `g` that has nothing to do with it.
fn conflicted(at: &Fixture) -> (Resolved, RootTree) {
    let sides = ConflictedFile {
        path: RepoPath::new("f").unwrap(),
        removes: vec![Some(blob(at, "top\nbase\n"))],
        adds: vec![Some(blob(at, "top\nours\n")), Some(blob(at, "top\ntheirs\n"))],
    };
    let main = at.put(&at.main(), &[("f", "top\nbase\n"), ("g", "1")], 1);
    // Any text that is not what the sides read as is parsed: this one has jj's markers.
    let text = "top\n<<<<<<< conflict 1 of 1\n%%%%%%% diff from base to side #1\n-base\n+ours\n\
                +++++++ side #2\ntheirs\n>>>>>>> conflict 1 of 1 ends\n";
    let root = RootTree { tree: at.tree(&[("f", text), ("g", "1")]), conflicts: vec![sides] };
    let change = snapshot(at, &main, root);
    let root = at.repo.commit_root(&change.commit).unwrap();
    (change, root)
}

fn snapshot(at: &Fixture, change: &Resolved, root: RootTree) -> Resolved {
    let snapshot = ChangeSnapshot {
        beyond_git: false,
        change: change.change.clone(),
        base: change.commit.clone(),
        root,
        journal_since: 0,
        journal_sequence: 2,
    };
    at.repo.snapshot(&[snapshot], &ann(), 0).unwrap();
    at.repo.resolve_change(change.change.as_str()).unwrap()
}

/// The root with another plain tree.
fn with_files(at: &Fixture, root: &RootTree, files: &[(&str, &str)]) -> RootTree {
    RootTree { tree: at.tree(files), conflicts: root.conflicts.clone() }
}

#[test]
fn a_conflict_reads_as_text_and_keeps_its_sides() {
    let at = fixture();
    let (change, root) = conflicted(&at);
    assert!(at.repo.commit(&change.commit).unwrap().conflicted);
    let shown = at.text(&change, "f").unwrap();
    assert!(shown.starts_with("top\n<<<<<<< conflict 1 of 1\n"), "{shown}");
    assert_eq!(root.conflicts.len(), 1);
    assert_eq!(
        root.conflicts[0].adds,
        [Some(blob(&at, "top\nours\n")), Some(blob(&at, "top\ntheirs\n"))]
    );
    assert_eq!(at.text(&change, "g").as_deref(), Some("1"));

    // Untouched: nothing to store. Another file edited: the conflict stays.
    assert_eq!(snapshot(&at, &change, root.clone()), change);
    let edited = snapshot(&at, &change, with_files(&at, &root, &[("f", &shown), ("g", "2")]));
    let now = at.repo.commit_root(&edited.commit).unwrap();
    assert_eq!(now.conflicts, root.conflicts);
    assert_eq!(at.text(&edited, "f").unwrap(), shown);
    assert_eq!(at.text(&edited, "g").as_deref(), Some("2"));

    // It goes through a reopening, and children inherit it.
    let (child, _) = at.repo.new_change(&edited.commit, "", &ann()).unwrap();
    let at = at.reopened();
    assert_eq!(at.repo.commit_root(&child.commit).unwrap(), now);
    assert!(at.repo.commit(&child.commit).unwrap().empty);
}

#[test]
fn an_edited_conflict_is_parsed_back() {
    let at = fixture();
    let (change, root) = conflicted(&at);
    let shown = at.text(&change, "f").unwrap();
    // Both sides get the line above the markers.
    let above = shown.replacen("top\n", "new top\n", 1);
    let edited = snapshot(&at, &change, with_files(&at, &root, &[("f", &above), ("g", "1")]));
    let now = at.repo.commit_root(&edited.commit).unwrap();
    assert_eq!(
        now.conflicts[0].adds,
        [Some(blob(&at, "new top\nours\n")), Some(blob(&at, "new top\ntheirs\n"))]
    );
    assert_eq!(at.text(&edited, "f").unwrap(), above);

    let solved = snapshot(&at, &edited, with_files(&at, &now, &[("f", "top\nboth\n"), ("g", "1")]));
    assert_eq!(at.repo.commit_root(&solved.commit).unwrap().conflicts, []);
    assert_eq!(at.text(&solved, "f").as_deref(), Some("top\nboth\n"));
    assert!(!at.repo.commit(&solved.commit).unwrap().conflicted);

    // Text that looks like markers means nothing in a file without a conflict.
    let plain = RootTree { tree: at.tree(&[("f", &above), ("g", "1")]), conflicts: Vec::new() };
    let plain = snapshot(&at, &solved, plain);
    assert!(!at.repo.commit(&plain.commit).unwrap().conflicted);
    assert_eq!(at.text(&plain, "f").unwrap(), above);
}

#[test]
fn a_conflict_moves_is_copied_and_is_removed() {
    let at = fixture();
    let (change, root) = conflicted(&at);
    let shown = at.text(&change, "f").unwrap();
    let mut copy = root.conflicts[0].clone();
    copy.path = RepoPath::new("copy").unwrap();
    let both = RootTree {
        tree: at.tree(&[("f", &shown), ("copy", &shown), ("g", "1")]),
        conflicts: vec![copy.clone(), root.conflicts[0].clone()],
    };
    let copied = snapshot(&at, &change, both.clone());
    assert_eq!(at.repo.commit_root(&copied.commit).unwrap(), both);
    let moved = RootTree { tree: at.tree(&[("copy", &shown)]), conflicts: vec![copy] };
    let moved_to = snapshot(&at, &copied, moved.clone());
    assert_eq!(at.repo.commit_root(&moved_to.commit).unwrap(), moved);
    let gone = RootTree { tree: at.tree(&[("x", "1")]), conflicts: moved.conflicts };
    let gone = snapshot(&at, &moved_to, gone);
    assert_eq!(at.repo.commit_root(&gone.commit).unwrap().conflicts, []);
}

#[test]
fn a_side_may_be_missing_or_be_something_else() {
    let at = fixture();
    let base = blob(&at, "base\n");
    let ours = blob(&at, "ours\n");
    let TreeEntryKind::File { blob: target, .. } = blob(&at, "target") else { panic!() };
    let text = |merged| match merged {
        MergedText::Conflicted(text) => String::from_utf8(text).unwrap(),
        MergedText::Clean(text) => panic!("{text:?}"),
    };
    let removed = text(merge_text(b"base\n", b"ours\n", b""));
    let ids = [base, ours].map(|kind| match kind {
        TreeEntryKind::File { blob, .. } => blob,
        other => panic!("{other:?}"),
    });
    let linked = format!(
        "Conflict:\n  Removing file with id {}\n  Adding file with id {}\n  Adding symlink with id {target}\n",
        ids[0], ids[1]
    );
    for (other, text) in [(None, removed), (Some(TreeEntryKind::Symlink(target)), linked)] {
        let sides = ConflictedFile {
            path: RepoPath::new("f").unwrap(),
            removes: vec![Some(base)],
            adds: vec![Some(ours), other],
        };
        let root = RootTree { tree: at.tree(&[("f", &text)]), conflicts: vec![sides] };
        let now = snapshot(&at, &at.main(), root.clone());
        assert_eq!(at.repo.commit_root(&now.commit).unwrap(), root);
        let edited = snapshot(&at, &now, with_files(&at, &root, &[("f", "done")]));
        assert!(!at.repo.commit(&edited.commit).unwrap().conflicted);
    }
    let sides = ConflictedFile { path: RepoPath::new("f").unwrap(), removes: vec![], adds: vec![] };
    let bad = ChangeSnapshot {
        beyond_git: false,
        change: at.main().change,
        base: at.main().commit,
        root: RootTree { tree: at.tree(&[("g", "1")]), conflicts: vec![sides] },
        journal_since: 0,
        journal_sequence: 3,
    };
    assert!(at.repo.snapshot(&[bad], &ann(), 0).is_err());
}
