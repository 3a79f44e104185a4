//! History that is rewritten while mounts have it open.

use std::time::Duration;

use mesa_store::Store;
use mesafs::backend::{
    Access, Backwards, ChangeError, Description, History, MergeOptions, MergeOutcome, Moved, Pick,
    Pin, Revision, SideKind, Squash,
};
use mesafs::filesystem::FileSystem;
use mesafs::name::{BookmarkName, ChangeId};
use mesafs::path::RepoPath;
use mesafs::tree::differences;
use mesafs::{Errno, FsResult};

use crate::fixture::{Fixture, Mounted, path, repo};

fn history(mount: &Mounted) -> &dyn History {
    mount.checkout().history().unwrap()
}

fn rev(text: &str) -> Revision {
    Revision::Expression(text.to_owned())
}

fn name(text: &str) -> BookmarkName {
    BookmarkName::new(text).unwrap()
}

fn at(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn by_id(id: &ChangeId) -> Revision {
    Revision::Change(id.to_string())
}

fn open(mount: &Mounted) -> ChangeId {
    mount.checkout().current().unwrap().0.change_id
}

/// What differs, as `path`s with a mark: `+` is new, `-` is gone, `~` is another.
fn status(mount: &Mounted) -> Vec<String> {
    let found = history(mount).status().unwrap();
    let mark = |found: FsResult<mesafs::tree::Difference>| {
        let found = found.unwrap();
        let mark = match (&found.before, &found.after) {
            (None, _) => '+',
            (_, None) => '-',
            _ => '~',
        };
        format!("{mark}{}", found.path)
    };
    differences(&found.before, &found.after).map(mark).collect()
}

fn summaries(mount: &Mounted, revisions: &str) -> Vec<String> {
    let log = history(mount).log(revisions, 0).unwrap();
    log.into_iter().map(|change| change.summary).collect()
}

/// `first` with the file `a` ("1\n2\n3\n") on `main`, and an empty change after it.
fn begun() -> (Fixture, Store, Mounted) {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1\n2\n3\n").unwrap();
    mount.checkout().checkpoint(Description::Set("first".into())).unwrap();
    (fixture, store, mount)
}

#[test]
fn status_is_what_was_edited_and_stores_nothing() -> FsResult<()> {
    let (_fixture, store, mount) = begun();
    assert_eq!(status(&mount), [""; 0]);
    mount.write("/acme/app/a", "1\n")?;
    mount.files.create_dir(&path("/acme/app/d"), 0o755, false)?;
    mount.write("/acme/app/d/new", "x")?;
    let before = store.counters().counts();
    assert_eq!(status(&mount), ["~a", "+d/new"]);
    assert_eq!(store.counters().counts().fsyncs, before.fsyncs);
    mount.files.remove(&path("/acme/app/a"), false)?;
    mount.files.remove(&path("/acme/app/d"), true)?;
    assert_eq!(status(&mount), ["-a"]);
    mount.write("/acme/app/a", "1\n2\n3\n")?;
    assert_eq!(status(&mount), [""; 0]);
    Ok(())
}

#[test]
fn revisions_are_named_in_jj_s_language() {
    let (_fixture, _store, mount) = begun();
    let history = history(&mount);
    history.describe(&Revision::here(), "second\n\nbody").unwrap();
    let first = history.find(&rev("@-")).unwrap();
    assert_eq!((first.summary.as_str(), first.empty), ("first", false));
    let oid = first.commit_oid.as_str().get(..10).unwrap().to_owned();
    assert_eq!(history.find(&rev(&oid)).unwrap(), first);
    let main = history.find(&rev("main")).unwrap();
    assert_eq!((main.summary.as_str(), main.description.as_str()), ("second", "second\n\nbody\n"));
    assert_eq!(summaries(&mount, "main | main-"), ["second", "first"]);
    assert_eq!(summaries(&mount, "trunk()"), ["second"]);
    assert_eq!(summaries(&mount, "mutable() & empty()"), ["second"]);
    let several = history.find(&rev("main | main-")).unwrap_err();
    assert_eq!(several.to_string(), "invalid revision 'main | main-': it names several revisions");
    assert!(matches!(history.find(&rev("@ +")), Err(ChangeError::Revision { .. })));
    mount.checkout().edit(&rev("@-")).unwrap();
    assert_eq!(open(&mount), first.change_id);
    // A bookmark that is named so is opened as one.
    mount.checkout().edit(&rev("main")).unwrap();
    assert_eq!(mount.checkout().current().unwrap().1, Some(name("main")));
}

#[test]
fn squash_split_and_restore_move_content_between_changes() -> FsResult<()> {
    let (fixture, store, mount) = begun();
    let other = fixture.mount(&store, &["app"]);
    let mut events = other.checkout().subscribe()?;
    mount.write("/acme/app/b", "b")?;
    mount.write("/acme/app/c", "c")?;
    mount.files.set_mode(&path("/acme/app/c"), 0o640, mesafs::Follow::Yes)?;
    // Only what is named goes into the parent.
    let squash = Squash {
        from: vec![Revision::here()],
        into: rev("@-"),
        paths: vec![at("b")],
        message: None,
        keep_emptied: false,
    };
    let done = history(&mount).squash(&squash).unwrap();
    assert_eq!((done.rewritten.len(), done.abandoned.len()), (2, 0));
    assert_eq!(status(&mount), ["+c"]);
    assert_eq!(other.read("/acme/app/b")?, "b");
    assert!(!events.wait(Some(Duration::ZERO)).is_empty());
    history(&mount).restore(&Revision::here(), &rev("root()"), &[at("a")]).unwrap();
    assert_eq!(status(&mount), ["-a", "+c"]);
    assert_eq!(other.names("/acme/app"), ["b", "c"]);
    // The rest is on top, and whoever splits goes on there.
    let split = history(&mount).split(&Revision::here(), &[at("c")], Some("add c")).unwrap();
    assert_eq!(open(&mount), split.1);
    assert_eq!(status(&mount), ["-a"]);
    assert_eq!(mount.checkout().current().unwrap().1, Some(name("main")));
    assert_eq!(summaries(&mount, "::@"), ["", "add c", "first"]);
    let mode = mount.files.metadata(&path("/acme/app/c"))?.mode & 0o777;
    assert_eq!(mode, 0o640);
    // All of it: the change has nothing left and goes.
    let all = Squash { paths: Vec::new(), ..squash };
    let done = history(&mount).squash(&all).unwrap();
    assert_eq!(done.abandoned, [split.1]);
    assert_eq!(open(&mount), split.0);
    assert_eq!(mount.names("/acme/app"), ["b", "c"]);
    assert_eq!(mount.checkout().current().unwrap().1, Some(name("main")));
    mount.write("/acme/app/b", "written after")?;
    Ok(())
}

#[test]
fn who_has_an_abandoned_change_open_goes_on_in_its_parent() -> FsResult<()> {
    let (fixture, store, mount) = begun();
    let other = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/b", "b")?;
    let left = open(&mount);
    let done = history(&other).abandon(&[by_id(&left)]).unwrap();
    assert_eq!(done.abandoned, std::slice::from_ref(&left));
    assert_eq!(other.names("/acme/app"), ["a"]);
    let stale = mount.write("/acme/app/c", "c").unwrap_err();
    assert_eq!(stale.errno(), Errno::Stale);
    assert!(stale.to_string().contains(&format!("change '{left}' was abandoned")), "{stale}");
    mount.write("/acme/app/c", "c")?;
    assert_eq!(other.read("/acme/app/c")?, "c");
    assert_eq!(open(&mount), open(&other));
    // What is gone comes back with the state of the repository that had it.
    let before = history(&other).operations(0).unwrap();
    let abandoned = before.iter().position(|made| made.description == "abandon").unwrap();
    history(&mount).restore_operation(&before[abandoned + 1].id).unwrap();
    assert_eq!(history(&mount).find(&by_id(&left)).unwrap().bookmarks, [name("main")]);
    mount.checkout().edit(&Revision::Bookmark(name("main"))).unwrap();
    assert_eq!(mount.names("/acme/app"), ["a", "b"]);
    Ok(())
}

#[test]
fn the_only_change_of_a_repository_can_be_abandoned() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "a")?;
    history(&mount).abandon(&[Revision::here()]).unwrap();
    assert!(mount.names("/acme/app").is_empty());
    mount.write("/acme/app/b", "b")?;
    mount.close();
    let mount = fixture.mount(&store, &["app"]);
    assert_eq!(mount.names("/acme/app"), ["b"]);
    Ok(())
}

/// Two changes after `first` that edit line 2 in their own way, `x` open in one mount, `y` in another.
fn forked() -> (Fixture, Store, Mounted, Mounted) {
    let (fixture, store, x) = begun();
    let first = by_id(&history(&x).find(&rev("@-")).unwrap().change_id);
    let y = fixture.mount(&store, &["app"]);
    for (mount, text, line) in [(&x, "x", "1\nx\n3\n"), (&y, "y", "1\ny\n3\n")] {
        mount.checkout().new_change(&first, Some(text)).unwrap();
        mount.checkout().create_bookmark(&name(text)).unwrap();
        mount.write("/acme/app/a", line).unwrap();
        mount.write(&format!("/acme/app/{text}"), text).unwrap();
    }
    (fixture, store, x, y)
}

const CONFLICTED: &str = "1\n<<<<<<< conflict 1 of 1\n%%%%%%% diff from: base\n\\\\\\\\\\\\\\        \
                          to: side #1\n-2\n+x\n+++++++ side #2\ny\n>>>>>>> conflict 1 of 1 ends\n3\n";

#[test]
fn a_conflict_is_content_that_lives_until_it_is_settled() -> FsResult<()> {
    let (fixture, store, x, y) = forked();
    let mut events = y.checkout().subscribe()?;
    let done = history(&x).rebase(&[rev("y")], Moved::WithDescendants, &[rev("x")]).unwrap();
    assert_eq!(done.conflicted, [open(&y)]);
    assert!(events.wait(Some(Duration::ZERO)).iter().any(|event| event.recursive));
    assert_eq!(y.read("/acme/app/a")?, CONFLICTED);
    assert_eq!((y.read("/acme/app/x")?, y.read("/acme/app/y")?), ("x".into(), "y".into()));
    let listed = history(&y).conflicts(&Revision::here()).unwrap();
    let file = SideKind::File { executable: false };
    assert_eq!((listed[0].path.clone(), &listed[0].sides[..]), (at("a"), &[file, file][..]));
    assert!(y.checkout().current().unwrap().0.conflicted);
    // Text that looks like one means nothing elsewhere; a copy is text.
    y.files.copy(&path("/acme/app/a"), &path("/acme/app/text"), false)?;
    y.files.rename(&path("/acme/app/a"), &path("/acme/app/moved"))?;
    let paths = |mount: &Mounted, of: &str| -> Vec<String> {
        let listed = history(mount).conflicts(&rev(of)).unwrap();
        listed.iter().map(|conflict| conflict.path.to_string()).collect()
    };
    assert_eq!(paths(&y, "@"), ["moved"]);
    y.files.rename(&path("/acme/app/moved"), &path("/acme/app/a"))?;
    let refused = history(&y).resolve(&at("a"), Pick::AsItIs).unwrap_err();
    assert_eq!(refused, ChangeError::MarkersLeft("a".into()));
    let none = history(&y).resolve(&at("text"), Pick::Ours).unwrap_err();
    assert_eq!(none, ChangeError::NoConflict("text".into()));
    // It outlives the process and the next rebase, which undoes it here.
    x.close();
    y.close();
    let copied = fixture.copied();
    drop(store);
    let store = copied.open();
    let pin = Pin::Bookmark(name("y"));
    let again = |store: &Store| {
        copied.mounted(vec![copied.checkout(store, "app", &pin, Access::ReadWrite).unwrap()])
    };
    let y = again(&store);
    assert_eq!(y.read("/acme/app/a")?, CONFLICTED);
    let op = history(&y).operations(1).unwrap().remove(0).id;
    history(&y).rebase(&[rev("@")], Moved::Alone, &[rev("x-")]).unwrap();
    assert_eq!(y.read("/acme/app/a")?, "1\ny\n3\n");
    assert!(paths(&y, "@").is_empty());
    history(&y).restore_operation(&op).unwrap();
    assert_eq!(paths(&y, "@"), ["a"]);
    // Either side settles it, and so does a text without markers.
    history(&y).resolve(&at("a"), Pick::Theirs).unwrap();
    assert_eq!((y.read("/acme/app/a")?, paths(&y, "@").len()), ("1\ny\n3\n".into(), 0));
    history(&y).restore_operation(&op).unwrap();
    history(&y).resolve(&at("a"), Pick::Ours).unwrap();
    assert_eq!(y.read("/acme/app/a")?, "1\nx\n3\n");
    history(&y).restore_operation(&op).unwrap();
    y.write("/acme/app/a", "1\nboth\n3\n")?;
    assert!(paths(&y, "@").is_empty());
    assert!(!y.checkout().current().unwrap().0.conflicted);
    // From here on it is text like any other, whatever it looks like.
    y.write("/acme/app/a", CONFLICTED)?;
    assert!(paths(&y, "@").is_empty());
    Ok(())
}

#[test]
fn a_bookmark_is_merged_and_its_mounts_go_along() -> FsResult<()> {
    let (_fixture, _store, x, y) = forked();
    let stale = MergeOptions { expected: Some(rev("y")), ..MergeOptions::default() };
    let raced = history(&x).merge_bookmarks(&name("x"), &name("y"), &stale).unwrap_err();
    assert_eq!(raced, ChangeError::BookmarkRaced("x".into()));
    let expected = Some(by_id(&open(&x)));
    let options = MergeOptions { expected, delete_source: true, ..MergeOptions::default() };
    let merged = history(&x).merge_bookmarks(&name("x"), &name("y"), &options).unwrap();
    assert_eq!(
        (merged.outcome, &merged.conflicts[..]),
        (MergeOutcome::MergeCommit, &[at("a")][..])
    );
    let (current, bookmark) = x.checkout().current().unwrap();
    assert_eq!((current.change_id, bookmark), (merged.change_id, Some(name("x"))));
    assert_eq!(x.names("/acme/app"), ["a", "x", "y"]);
    assert_eq!(x.read("/acme/app/a")?, CONFLICTED);
    // The other goes on where it was.
    assert_eq!(y.read("/acme/app/a")?, "1\ny\n3\n");
    let again = history(&x).merge_bookmarks(&name("x"), &name("main"), &MergeOptions::default());
    assert_eq!(again.unwrap().outcome, MergeOutcome::NoOp);
    // Several parents without a bookmark.
    let child = history(&y).merge(&[rev("@"), rev("main")], Some("both")).unwrap();
    assert_eq!((open(&y), status(&y).len()), (child, 0));
    Ok(())
}

#[test]
fn bookmarks_are_set_renamed_and_deleted_where_they_are_expected() {
    let (_fixture, _store, mount) = begun();
    let (history, checkout) = (history(&mount), mount.checkout());
    history.set_bookmark(&name("side"), &rev("@-"), None).unwrap();
    let raced = Err(ChangeError::BookmarkRaced("side".into()));
    assert_eq!(history.set_bookmark(&name("side"), &rev("@"), Some(&rev("@"))), raced);
    let here = rev("@-");
    let forward = Backwards::Refuse;
    assert_eq!(history.move_bookmark_to(&name("side"), &rev("@"), forward, Some(&rev("@"))), raced);
    history.move_bookmark_to(&name("side"), &rev("@"), forward, Some(&here)).unwrap();
    history.rename_bookmark(&name("side"), &name("other"), Some(&rev("@"))).unwrap();
    assert_eq!(
        history.delete_bookmark(&name("other"), Some(&here)),
        Err(ChangeError::BookmarkRaced("other".into()))
    );
    history.delete_bookmark(&name("other"), None).unwrap();
    assert_eq!(
        history.delete_bookmark(&name("main"), None),
        Err(ChangeError::DefaultBookmark("main".into()))
    );
    let names: Vec<_> = checkout.bookmarks().unwrap().into_iter().map(|info| info.name).collect();
    assert_eq!(names, [name("main")]);
    // The nearest change that has something: the empty one is passed over.
    history.set_bookmark(&name("late"), &rev("@-"), None).unwrap();
    checkout.new_change(&rev("@"), None).unwrap();
    mount.write("/acme/app/b", "b").unwrap();
    let full = open(&mount);
    checkout.new_change(&rev("@"), None).unwrap();
    assert_eq!(history.advance_bookmarks(&[]).unwrap(), (vec![name("main")], full.clone()));
    assert_eq!(history.advance_bookmarks(&[]).unwrap(), (vec![], full.clone()));
    assert_eq!(history.advance_bookmarks(&[name("late")]).unwrap(), (vec![name("late")], full));
}

#[test]
fn what_is_written_meanwhile_is_in_the_rebased_change() -> FsResult<()> {
    let (fixture, store, mount) = begun();
    let below = open(&mount);
    let above = fixture.mount(&store, &["app"]);
    above.checkout().new_change(&by_id(&below), Some("above")).unwrap();
    above.write("/acme/app/mine", "mine")?;
    mount.write("/acme/app/a", "0\n1\n2\n3\n")?;
    // The parent moves with what was written to it, and takes along what nobody has stored.
    history(&mount).rebase(&[by_id(&below)], Moved::WithDescendants, &[rev("root()")]).unwrap();
    assert_eq!(above.read("/acme/app/mine")?, "mine");
    assert_eq!(summaries(&above, "::@"), ["above", ""]);
    above.write("/acme/app/more", "more")?;
    let cycle = history(&mount).rebase(&[by_id(&below)], Moved::Alone, &[by_id(&below)]);
    assert_eq!(cycle.unwrap_err(), ChangeError::Cycle(below.to_string()));
    let copies = history(&above).duplicate(&[rev("@")], &[]).unwrap();
    let copy = history(&above).content(&by_id(&copies[0])).unwrap();
    assert!(copy.lookup(&at("more")).is_ok());
    // Earlier snapshots of the change, the newest first.
    let earlier = history(&above).earlier(&Revision::here(), 0).unwrap();
    assert!(earlier.len() >= 3, "{}", earlier.len());
    assert!(earlier.iter().all(|found| found.change.change_id == open(&above)));
    Ok(())
}

#[test]
fn a_read_only_mount_only_looks() {
    let (fixture, store, _mount) = begun();
    let checkout = fixture.checkout(&store, "app", &Pin::Default, Access::ReadOnly).unwrap();
    let mount = fixture.mounted(vec![checkout]);
    assert_eq!(summaries(&mount, "@-"), ["first"]);
    let errno = |refused: ChangeError| match refused {
        ChangeError::Fs(refused) => refused.errno(),
        other => panic!("{other}"),
    };
    let history = history(&mount);
    let refused = [
        history.describe(&Revision::here(), "x").unwrap_err(),
        history.abandon(&[Revision::here()]).unwrap_err(),
        history.restore(&Revision::here(), &rev("@-"), &[]).unwrap_err(),
        history.split(&Revision::here(), &[], None).unwrap_err(),
        history.merge(&[Revision::here()], None).unwrap_err(),
        history.set_bookmark(&name("x"), &rev("@"), None).unwrap_err(),
        history.delete_bookmark(&name("main"), None).unwrap_err(),
        history.restore_operation("0").unwrap_err(),
    ];
    for refused in refused {
        assert_eq!(errno(refused), Errno::RoFs);
    }
}

#[test]
fn an_imported_bookmark_gets_its_child_before_it_is_described() {
    let (fixture, store, mount) = begun();
    mount.close();
    let git = fixture.dir.join("out.git");
    store.export_repo(&repo("app"), &git).unwrap();
    store.import_repo(&git, &repo("lib"), &crate::fixture::author()).unwrap();
    let mount = fixture.mount(&store, &["lib"]);
    assert_eq!(status(&mount), [""; 0]);
    let refused = history(&mount).describe(&rev("main"), "x").unwrap_err();
    assert!(matches!(refused, ChangeError::Immutable(_)), "{refused}");
    history(&mount).describe(&Revision::here(), "mine").unwrap();
    assert_eq!(summaries(&mount, "::@"), ["mine", "first"]);
    let first = history(&mount).abandon(&[rev("@-")]).unwrap_err();
    assert!(matches!(first, ChangeError::Immutable(_)), "{first}");
    mount.write("/acme/lib/b", "b").unwrap();
    history(&mount).abandon(&[Revision::here()]).unwrap();
    let current = mount.checkout().current().unwrap();
    assert_eq!((current.0.summary.as_str(), current.1), ("first", Some(name("main"))));
    mount.write("/acme/lib/c", "c").unwrap();
    assert_eq!(mount.names("/acme/lib"), ["a", "c"]);
}

#[test]
fn a_conflict_keeps_its_sides_in_another_repository() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    store.create_repo(&repo("lib"), &crate::fixture::author()).unwrap();
    let mount = fixture.mount(&store, &["app", "lib"]);
    for file in ["a", "d/e/b", "k/c"] {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        mount.files.create_dir(&path(&format!("/acme/app/{folder}")), 0o755, true)?;
        mount.write(&format!("/acme/app/{file}"), "1\n")?;
    }
    mount.write("/acme/app/d/plain", "x\n")?;
    let base = open(&mount);
    let mut sides = Vec::new();
    for text in ["2\n", "3\n"] {
        mount.checkout().new_change(&by_id(&base), None).unwrap();
        for file in ["a", "d/e/b", "k/c"] {
            mount.write(&format!("/acme/app/{file}"), text)?;
        }
        sides.push(by_id(&open(&mount)));
    }
    history(&mount).merge(&sides, None).unwrap();
    let text = mount.read("/acme/app/d/e/b")?;
    assert!(text.starts_with("<<<<<<<"), "{text}");
    // By itself, in a folder, and in a folder of what lands together.
    mount.files.rename(&path("/acme/app/a"), &path("/acme/lib/a"))?;
    mount.files.rename(&path("/acme/app/d"), &path("/acme/lib/d"))?;
    let fork = mount.files.fork()?;
    fork.files().rename(&path("/acme/app/k"), &path("/acme/lib/k"))?;
    fork.land().unwrap();
    let killed = fixture.copied();
    let again = killed.open();
    for mount in [&mount, &killed.mount(&again, &["app", "lib"])] {
        let lib = mount.checkouts[1].history().unwrap();
        let listed = |history: &dyn History| -> Vec<String> {
            let found = history.conflicts(&Revision::here()).unwrap();
            found.iter().map(|conflict| conflict.path.to_string()).collect()
        };
        assert_eq!(listed(history(mount)), [] as [&str; 0]);
        assert_eq!(listed(lib), ["a", "d/e/b", "k/c"]);
        assert_eq!(mount.read("/acme/lib/d/e/b")?, text);
        lib.resolve(&at("d/e/b"), Pick::Theirs).unwrap();
        assert_eq!(mount.read("/acme/lib/d/e/b")?, "3\n");
        assert_eq!(listed(lib), ["a", "k/c"]);
        assert_eq!(mount.read("/acme/lib/d/plain")?, "x\n");
    }
    Ok(())
}

#[test]
fn what_was_built_on_the_target_s_empty_change_is_merged_below_it() -> FsResult<()> {
    use mesafs::backend::MergeStrategy;
    for strategy in [MergeStrategy::Auto, MergeStrategy::MergeCommit] {
        let (fixture, store) = Fixture::new();
        let mount = fixture.mount(&store, &["app"]);
        mount.write("/acme/app/a", "x\n")?;
        mount.checkout().checkpoint(Description::Set("first".into())).unwrap();
        let blank = open(&mount);
        mount.checkout().new_change(&Revision::here(), Some("side")).unwrap();
        mount.checkout().create_bookmark(&name("side")).unwrap();
        mount.write("/acme/app/a", "x\ny\n")?;
        mount.checkout().edit(&rev("main")).unwrap();
        assert_eq!(open(&mount), blank);
        let options = MergeOptions { strategy, ..MergeOptions::default() };
        let merged = history(&mount).merge_bookmarks(&name("main"), &name("side"), &options);
        let outcome = match strategy {
            MergeStrategy::Auto => MergeOutcome::FastForward,
            MergeStrategy::MergeCommit => MergeOutcome::MergeCommit,
        };
        assert_eq!(merged.unwrap().outcome, outcome);
        // Who had it open goes on in the same change, on top of what was merged.
        assert_eq!((open(&mount), mount.read("/acme/app/a")?), (blank, "x\ny\n".to_owned()));
        let mut wanted = vec!["", "side", "first"];
        if strategy == MergeStrategy::MergeCommit {
            wanted.insert(1, "Merge 'side' into 'main'");
        }
        assert_eq!(summaries(&mount, "::main"), wanted);
        let again = history(&mount).merge_bookmarks(&name("main"), &name("side"), &options);
        assert_eq!(again.unwrap().outcome, MergeOutcome::NoOp);
        // Another empty change on top of it brings nothing.
        mount.checkout().new_change(&rev("main"), None).unwrap();
        mount.checkout().create_bookmark(&name("blank")).unwrap();
        let nothing = history(&mount).merge_bookmarks(&name("main"), &name("blank"), &options);
        assert_eq!(nothing.unwrap().outcome, MergeOutcome::NoOp);
    }
    Ok(())
}
