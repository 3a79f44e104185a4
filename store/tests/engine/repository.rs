//! Repositories on disk: making them, their objects, changes and bookmarks.

use mesa_store::engine::{
    Author, ChangeSnapshot, Durability, EngineError, Moved, Repository, Resolved, RootTree,
    TreeEntry, TreeEntryKind,
};
use mesafs::backend::Backwards;
use mesafs::tree::{ObjectId, Sums};

use crate::fixture::{ann, fixture, name};

#[test]
fn a_new_repository_has_its_bookmark_on_an_empty_child_of_the_root() {
    let at = fixture();
    let main = at.main();
    let commit = at.repo.commit(&main.commit).unwrap();
    assert!(commit.empty && !commit.immutable && commit.parents.is_empty());
    assert_eq!((commit.description.as_str(), commit.bookmarks), ("", vec![name("main")]));
    assert_eq!(commit.author, ann());
    assert_eq!(at.repo.log(&main.commit, 0).unwrap().len(), 1);
    assert!(Repository::create(&at.dir(), &ann(), &name("main")).is_err());
    let operation = at.repo.operation();
    let at = at.reopened();
    assert_eq!((at.main(), at.repo.operation()), (main, operation));
    assert_eq!(at.repo.default_bookmark(), name("main"));
}

#[test]
fn a_snapshot_keeps_the_change_and_says_where_the_journal_is() {
    let at = fixture();
    let first = at.main();
    let second = at.put(&first, &[("a", "1"), ("d/b", "2")], 7);
    assert_eq!(second.change, first.change);
    assert_ne!(second.commit, first.commit);
    assert_eq!(at.text(&second, "a").as_deref(), Some("1"));
    assert_eq!(at.main(), second);

    // The same content again writes nothing.
    let operation = at.repo.operation();
    assert_eq!(at.put(&second, &[("a", "1"), ("d/b", "2")], 8), second);
    assert_eq!(at.repo.operation(), operation);

    // Back and forth within a second: each is a commit of its own.
    let third = at.put(&second, &[("a", "3")], 9);
    let fourth = at.put(&third, &[("a", "1"), ("d/b", "2")], 10);
    assert!(fourth.commit != second.commit && at.text(&fourth, "a").as_deref() == Some("1"));

    let stale = ChangeSnapshot {
        beyond_git: false,
        change: first.change.clone(),
        base: first.commit,
        root: at.repo.commit_root(&second.commit).unwrap(),
        journal_since: 0,
        journal_sequence: 11,
    };
    let error = at.repo.snapshot(&[stale], &ann(), 0).unwrap_err();
    assert!(matches!(error, EngineError::ChangeMoved { .. }), "{error}");

    let change = first.change;
    let at = at.reopened();
    assert_eq!(at.repo.journal_positions().unwrap()[&change], 10);
}

#[test]
fn positions_live_through_other_operations_until_the_journal_passes_them() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 5);
    let (other, _) = at.repo.new_change(&main.commit, "", &ann()).unwrap();
    at.put(&other, &[("a", "2")], 9);
    let at = at.reopened();
    let positions = at.repo.journal_positions().unwrap();
    assert_eq!((positions[&main.change], positions[&other.change]), (5, 9));
    let snapshot = ChangeSnapshot {
        beyond_git: false,
        change: main.change.clone(),
        base: main.commit.clone(),
        root: RootTree { tree: at.tree(&[("a", "3")]), conflicts: Vec::new() },
        journal_since: 0,
        journal_sequence: 12,
    };
    at.repo.snapshot(&[snapshot], &ann(), 10).unwrap();
    let positions = at.reopened().repo.journal_positions().unwrap();
    assert_eq!(positions.into_iter().collect::<Vec<_>>(), [(main.change, 12)]);
}

#[test]
fn descendants_follow_an_edited_parent() {
    let at = fixture();
    let parent = at.put(&at.main(), &[("a", "1"), ("b", "1")], 1);
    let (child, _) = at.repo.new_change(&parent.commit, "child", &ann()).unwrap();
    let child = at.put(&child, &[("a", "1"), ("b", "2")], 2);
    let bob = Author { name: "Bob".into(), email: "bob@example.com".into() };
    let snapshot = ChangeSnapshot {
        beyond_git: false,
        change: parent.change.clone(),
        base: parent.commit.clone(),
        root: RootTree { tree: at.tree(&[("a", "9"), ("b", "1")]), conflicts: Vec::new() },
        journal_since: 0,
        journal_sequence: 3,
    };
    let done = at.repo.snapshot(&[snapshot], &bob, 0).unwrap();
    let now = at.repo.resolve_change(child.change.as_str()).unwrap();
    assert_eq!(
        (at.text(&now, "a").as_deref(), at.text(&now, "b").as_deref()),
        (Some("9"), Some("2"))
    );
    let of = |change: &Resolved| {
        let found = done.rewritten.iter().find(|rewritten| rewritten.change == change.change);
        found.map(|rewritten| (rewritten.before.clone(), rewritten.after.clone())).unwrap()
    };
    assert_eq!(of(&child), (child.commit.clone(), Some(now.commit.clone())));
    assert_eq!(of(&parent).0, parent.commit);
    assert_eq!(done.rewritten.len(), 2);
    let commit = at.repo.commit(&now.commit).unwrap();
    assert_eq!((commit.author, commit.description.as_str()), (ann(), "child\n"));
}

#[test]
fn a_parent_and_its_child_are_snapshotted_together() {
    let at = fixture();
    let parent = at.put(&at.main(), &[("a", "1")], 1);
    let (child, _) = at.repo.new_change(&parent.commit, "", &ann()).unwrap();
    let both = [(&parent, vec![("a", "1"), ("p", "p")]), (&child, vec![("a", "1"), ("c", "c")])];
    let snapshots = both.map(|(change, files)| ChangeSnapshot {
        beyond_git: false,
        change: change.change.clone(),
        base: change.commit.clone(),
        root: RootTree { tree: at.tree(&files), conflicts: Vec::new() },
        journal_since: 0,
        journal_sequence: 2,
    });
    let done = at.repo.snapshot(&snapshots, &ann(), 0).unwrap();
    let now = at.repo.resolve_change(child.change.as_str()).unwrap();
    assert!(now.others.is_empty());
    assert_eq!(at.text(&now, "p").as_deref(), Some("p"));
    assert_eq!(at.text(&now, "c").as_deref(), Some("c"));
    assert_eq!(done.rewritten.len(), 2);
}

#[test]
fn changes_are_named_by_unique_prefixes() {
    let at = fixture();
    let main = at.main();
    let len = at.repo.commit(&main.commit).unwrap().prefix_len;
    let prefix = &main.change.as_str()[..len];
    assert_eq!(at.repo.resolve_change(prefix).unwrap(), main);
    for none in ["", "abc", "k/", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", &"k".repeat(32)] {
        let error = at.repo.resolve_change(none).unwrap_err();
        assert!(matches!(error, EngineError::NoChange(_)), "{none}: {error}");
    }
    for _ in 0..20 {
        at.repo.new_change(&main.commit, "", &ann()).unwrap();
    }
    let ambiguous =
        ('k'..='z').map(String::from).find_map(|letter| match at.repo.resolve_change(&letter) {
            Err(EngineError::Ambiguous { candidates, .. }) => Some((letter, candidates)),
            _ => None,
        });
    let (letter, candidates) = ambiguous.unwrap();
    assert!(candidates.len() > 1 && candidates.iter().all(|id| id.starts_with(&letter)));
}

#[test]
fn checkpoint_saves_and_goes_on_in_a_child() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 1);
    let (saved, active, done) =
        at.repo.checkpoint(&main.change, &name("main"), Some("one\n\n"), &ann()).unwrap();
    assert_eq!(saved.change, main.change);
    assert_eq!(at.main(), active);
    assert_eq!(done.rewritten.len(), 1);
    let log = at.repo.log(&active.commit, 0).unwrap();
    assert_eq!(
        log.iter().map(|commit| commit.description.as_str()).collect::<Vec<_>>(),
        ["", "one\n"]
    );
    assert_eq!(at.repo.log(&active.commit, 1).unwrap().len(), 1);
    assert!(log[0].empty && log[0].bookmarks == [name("main")] && log[1].bookmarks.is_empty());

    let raced = at.repo.checkpoint(&main.change, &name("main"), None, &ann()).unwrap_err();
    assert!(matches!(raced, EngineError::BookmarkRaced(_)), "{raced}");
    let (saved, _, _) = at.repo.checkpoint(&active.change, &name("main"), None, &ann()).unwrap();
    assert_eq!(saved, active);
    at.repo.describe(&active.change, "late", &ann()).unwrap();
    let log = at.repo.log(&at.main().commit, 0).unwrap();
    assert_eq!(log[1].description, "late\n");
}

#[test]
fn bookmarks_move_forward_unless_told() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 1);
    let (child, _) = at.repo.new_change(&main.commit, "", &ann()).unwrap();
    let (side, _) = at.repo.new_change(&main.commit, "", &ann()).unwrap();
    at.repo.create_bookmark(&name("topic"), &child.change).unwrap();
    let exists = |text| at.repo.create_bookmark(&name(text), &child.change).unwrap_err();
    for taken in ["topic", "topic/x", "main"] {
        assert!(matches!(exists(taken), EngineError::BookmarkExists(_)), "{taken}");
    }
    let moved = |to: &Resolved, how| at.repo.move_bookmark(&name("topic"), &to.change, how, None);
    for (to, wanted) in [(&side, "sideways"), (&main, "backwards")] {
        match moved(to, Backwards::Refuse).unwrap_err() {
            EngineError::MoveRefused { direction, .. } => assert_eq!(direction, wanted),
            error => panic!("{error}"),
        }
    }
    moved(&side, Backwards::Allow).unwrap();
    moved(&main, Backwards::Allow).unwrap();
    moved(&child, Backwards::Refuse).unwrap();
    let operation = at.repo.operation();
    moved(&child, Backwards::Refuse).unwrap();
    assert_eq!(at.repo.operation(), operation);
    let none =
        at.repo.move_bookmark(&name("nope"), &child.change, Backwards::Allow, None).unwrap_err();
    assert!(matches!(none, EngineError::NoBookmark(_)), "{none}");

    let bookmarks = at.repo.bookmarks().unwrap();
    let listed: Vec<_> =
        bookmarks.iter().map(|bookmark| (bookmark.name.as_str(), bookmark.default)).collect();
    assert_eq!(listed, [("main", true), ("topic", false)]);
    at.repo.set_default_bookmark(&name("topic")).unwrap();
    let dir = at.dir();
    let at = at.reopened();
    assert_eq!(at.repo.default_bookmark(), name("topic"));
    let head = std::fs::read_to_string(dir.join(".jj/repo/store/git/HEAD")).unwrap();
    assert_eq!(head, "ref: refs/heads/topic\n");
}

#[test]
fn only_empty_undescribed_leaves_without_a_name_are_abandoned() {
    let at = fixture();
    let main = at.main();
    let (leaf, _) = at.repo.new_change(&main.commit, "", &ann()).unwrap();
    let (described, _) = at.repo.new_change(&main.commit, "x", &ann()).unwrap();
    let (parent, _) = at.repo.new_change(&main.commit, "", &ann()).unwrap();
    let (full, _) = at.repo.new_change(&parent.commit, "", &ann()).unwrap();
    let full = at.put(&full, &[("a", "1")], 1);
    for kept in [&main, &described, &parent, &full] {
        assert_eq!(at.repo.abandon_if_empty_leaf(&kept.change).unwrap(), None);
    }
    let done = at.repo.abandon_if_empty_leaf(&leaf.change).unwrap().unwrap();
    assert_eq!(done.rewritten.len(), 1);
    assert_eq!((&done.rewritten[0].before, &done.rewritten[0].after), (&leaf.commit, &None));
    let gone = at.repo.resolve_change(leaf.change.as_str()).unwrap_err();
    assert!(matches!(gone, EngineError::NoChange(_)));
    assert_eq!(at.repo.abandon_if_empty_leaf(&leaf.change).unwrap(), None);
    let late = at.repo.new_change(&leaf.commit, "", &ann()).unwrap_err();
    assert!(matches!(late, EngineError::NoChange(_)), "{late}");
}

#[test]
fn many_objects_make_one_pack_and_are_read_back() {
    let at = fixture();
    let files: Vec<(String, String)> =
        (0..300).map(|n| (format!("d{}/f{n}", n % 7), format!("content {n}\n"))).collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let main = at.put(&at.main(), &files, 1);
    let packs = std::fs::read_dir(at.dir().join(".jj/repo/store/git/objects/pack")).unwrap();
    assert_eq!(packs.count(), 2);
    let objects = at.repo.objects();
    let root = at.repo.commit_root(&main.commit).unwrap().tree;
    let mut found = Vec::new();
    let sums =
        objects.sums(root, &mut |_| None, &mut |tree, sums| found.push((tree, sums))).unwrap();
    assert_eq!(sums.entries, 307);
    assert_eq!((sums.depth, sums.longest_path), (2, 7));
    assert_eq!(sums.bytes, files.iter().map(|(_, text)| text.len() as u64).sum::<u64>());
    assert_eq!((found.len(), found.last().copied()), (8, Some((root, sums))));
    let known = Sums { entries: 1, bytes: 2, depth: 3, longest_path: 4 };
    assert_eq!(objects.sums(root, &mut |_| Some(known), &mut |_, _| panic!()).unwrap(), known);
}

#[test]
fn many_packs_are_as_good_as_one() {
    let at = fixture();
    let mut main = at.main();
    let mut texts = Vec::new();
    for round in 0..40 {
        let files: Vec<(String, String)> =
            (0..70).map(|n| (format!("f{n}"), format!("{n} in {round}\n"))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        main = at.put(&main, &files, round);
        texts.push(main.commit.clone());
    }
    let packs = std::fs::read_dir(at.dir().join(".jj/repo/store/git/objects/pack")).unwrap();
    assert_eq!(packs.count(), 80);
    // jj reads trees when it merges.
    let files: Vec<(String, String)> = (0..70).map(|n| (format!("f{n}"), "x".into())).collect();
    let mut files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let child = at.child(&main, "", &files);
    files.truncate(1);
    files.push(("g", "1"));
    let side = at.child(&main, "", &files);
    let moved = std::slice::from_ref(&child.change);
    let hidden = at.repo.rebase(moved, Moved::Alone, &texts[..1], &ann()).unwrap_err();
    assert!(matches!(hidden, EngineError::ChangeMoved { .. }), "{hidden}");
    at.repo.rebase(moved, Moved::Alone, &[side.commit], &ann()).unwrap();
    let child = at.now(&child);
    assert_eq!(at.text(&child, "g").as_deref(), Some("1"));
    assert_eq!(at.text(&child, "f0").as_deref(), Some("x"));
    for (round, commit) in texts.iter().enumerate() {
        let root = at.repo.commit_root(commit).unwrap();
        assert_eq!(at.repo.objects().tree(root.tree).unwrap().len(), 70, "{round}");
    }
}

#[test]
fn threads_lose_nothing_and_see_whole_states() {
    let at = fixture();
    let base = at.put(&at.main(), &[("f", "0")], 1);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (at, base) = (&at, &base);
            scope.spawn(move || {
                let text = format!("by {thread}");
                let (mut change, _) = at.repo.new_change(&base.commit, &text, &ann()).unwrap();
                for round in 0..6 {
                    change = at.put(&change, &[("f", &format!("{thread} {round}"))], round);
                }
                let mark = name(&format!("b{thread}"));
                at.repo.create_bookmark(&mark, &change.change).unwrap();
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let log = at.repo.log(&base.commit, 0).unwrap();
                    assert_eq!(log.len(), 1);
                    for bookmark in at.repo.bookmarks().unwrap() {
                        let (_, commit) = bookmark.target.unwrap();
                        at.repo.commit_root(&commit).unwrap();
                    }
                }
            });
        }
    });
    for thread in 0..4 {
        let change = at.repo.resolve_bookmark(&name(&format!("b{thread}"))).unwrap();
        assert_eq!(at.text(&change, "f"), Some(format!("{thread} 5")));
        assert_eq!(at.log(&change), format!("by {thread} /"));
    }
}

#[test]
fn a_large_blob_is_streamed_both_ways() {
    let at = fixture();
    let len = 5 * 1024 * 1024 + 17;
    let byte = |at: usize| (at / 4096 + at % 251) as u8;
    let content: Vec<u8> = (0..len).map(byte).collect();
    let mut writer = at.repo.writer();
    let blob = writer.blob(len as u64, &mut content.as_slice()).unwrap();
    let tree = writer
        .tree(&[TreeEntry {
            name: "big".into(),
            kind: TreeEntryKind::File { blob, executable: true },
        }])
        .unwrap();
    assert_eq!(writer.finish(Durability::Power).unwrap(), 2);
    let objects = at.repo.objects();
    assert_eq!(objects.blob_size(blob).unwrap(), len as u64);
    for (from, count) in [(4_000_000, 100_000), (0, 10), (len - 5, 5), (1, 3), (len, 0)] {
        let read = objects.read(blob, from as u64, count).unwrap();
        assert_eq!(read, &content[from..from + count]);
    }
    assert!(objects.read(blob, len as u64, 1).is_err());
    assert_eq!(objects.tree(tree).unwrap()[0].name, "big");

    for wrong in [len as u64 - 1, len as u64 + 1] {
        assert!(at.repo.writer().blob(wrong, &mut content.as_slice()).is_err());
        assert!(at.repo.writer().blob(3, &mut b"1234".as_slice()).is_err());
    }
    assert!(objects.blob_size(ObjectId([7; 20])).is_err());
    assert!(objects.blob_size(tree).is_err());
}

#[test]
fn a_new_change_costs_the_same_in_any_tree() {
    let cost = |files: usize| {
        let at = fixture();
        let files: Vec<(String, String)> =
            (0..files).map(|n| (format!("d{}/f{n}", n % 40), format!("{n}"))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let main = at.put(&at.main(), &files, 1);
        let counters = at.repo.counters();
        let before = (counters.objects_read(), counters.objects_written(), counters.fsyncs());
        at.repo.new_change(&main.commit, "", &ann()).unwrap();
        let after = (counters.objects_read(), counters.objects_written(), counters.fsyncs());
        (after.0 - before.0, after.1 - before.1, after.2 - before.2, counters.transactions())
    };
    assert_eq!(cost(3), (0, 0, 0, 2));
    assert_eq!(cost(2000), (0, 0, 0, 2));
}

#[test]
fn what_others_do_is_seen_and_told() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 1);
    let other = Repository::open(&at.dir()).unwrap();
    other.describe(&main.change, "by another program", &ann()).unwrap();
    let told = at.repo.refresh().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].before, &told[0].change), (&main.commit, &main.change));
    assert_eq!(told[0].after, Some(at.main().commit));
    assert_eq!(at.repo.refresh().unwrap(), []);

    // Met by our own transaction, and moved on by it: told with where it is now.
    let seen = at.main();
    other.refresh().unwrap();
    other.describe(&main.change, "again", &ann()).unwrap();
    at.repo.describe(&main.change, "ours", &ann()).unwrap();
    let told = at.repo.refresh().unwrap();
    assert_eq!((&told[0].before, &told[0].after), (&seen.commit, &Some(at.main().commit)));
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let at = fixture();
    let main = at.put(&at.main(), &[("a", "1")], 1);
    let git = at.dir().join(".jj/repo/store/git");
    for lock in ["refs/heads/main.lock", "packed-refs.lock"] {
        std::fs::write(git.join(lock), "").unwrap();
    }
    let folder = at.folder.path().to_owned();
    std::fs::create_dir(folder.join(".building-x")).unwrap();
    std::fs::create_dir_all(folder.join(".removed-y/repository/.jj")).unwrap();
    Repository::clean_up(&folder).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let at = at.reopened();
    let now = at.put(&main, &[("a", "2")], 2);
    let branch = std::fs::read_to_string(git.join("refs/heads/main")).unwrap();
    assert_eq!(branch.trim(), now.commit.as_str());
}

#[test]
fn a_repository_is_removed_whole() {
    let at = fixture();
    let dir = at.dir();
    drop(at.repo);
    Repository::delete(&dir).unwrap();
    assert_eq!(std::fs::read_dir(at.folder.path()).unwrap().count(), 0);
    assert!(Repository::open(&dir).is_err() && Repository::delete(&dir).is_err());
}
