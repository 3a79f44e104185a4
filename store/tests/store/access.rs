//! Who may do what, on which change.

use mesafs::backend::{Access, Backwards, ChangeError, Description, OpenError, Pin, Revision};
use mesafs::filesystem::FileSystem;
use mesafs::name::BookmarkName;
use mesafs::token::{Scope, TokenError};
use mesafs::{Errno, FsResult};

use crate::fixture::{Fixture, author, path, repo};

fn bookmark(name: &str) -> BookmarkName {
    BookmarkName::new(name).unwrap()
}

#[test]
fn a_store_has_one_owner() {
    let (fixture, store) = Fixture::new();
    let busy = mesa_store::Store::open(&fixture.dir, fixture.options.clone()).unwrap_err();
    let pid = std::process::id();
    assert!(busy.to_string().ends_with(&format!("is in use by process {pid}")), "{busy}");
    store.close().unwrap();
    assert!(store.repos(None).is_err());
    fixture.open();
}

#[test]
fn what_is_missing_is_named() {
    let (fixture, store) = Fixture::new();
    let open = |name, pin| fixture.checkout(&store, name, &pin, Access::ReadWrite).unwrap_err();
    assert_eq!(open("nope", Pin::Default), OpenError::NoRepo { repo: "acme/nope".into() });
    let missing = open("app", Pin::Bookmark(bookmark("nope")));
    assert_eq!(missing.to_string(), "bookmark 'nope' not found in 'acme/app'");
    let missing = open("app", Pin::Change("kkkkkkkk".into()));
    assert_eq!(missing.to_string(), "change 'kkkkkkkk' not found in 'acme/app'");
    let read = fixture.token(&["app"], Scope::Read).token;
    let refused = store.backend(None).open(&read, &repo("app"), &Pin::Default, Access::ReadWrite);
    assert!(matches!(
        refused.unwrap_err(),
        OpenError::Unauthorized(TokenError::ScopeBeyondKey { .. })
    ));
}

#[test]
fn a_token_ends_and_a_key_is_revoked_under_a_mount() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1")?;
    fixture.clock.advance_s(3600);
    let ended = mount.write("/acme/app/a", "2").unwrap_err();
    assert_eq!(ended.to_string(), "Permission denied (access token expired)");
    assert_eq!(mount.read("/acme/app/a").unwrap_err().errno(), Errno::Acces);
    let mount = fixture.mount(&store, &["app"]);
    store.revoke_key(&fixture.key.thumbprint().as_str()[..8]).unwrap();
    assert_eq!(mount.read("/acme/app/a").unwrap_err().errno(), Errno::Acces);
    // What was acknowledged is snapshotted all the same.
    mount.close();
    Ok(())
}

#[test]
fn checkpoints_fork_and_move_the_bookmark() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1")?;
    let (before, on) = mount.checkout().current().unwrap();
    assert_eq!(on, Some(bookmark("main")));
    let done = mount.checkout().checkpoint(Description::Set("first\n".into())).unwrap();
    assert_eq!(done.saved_change_id, before.change_id);
    mount.write("/acme/app/a", "2")?;
    let (now, on) = mount.checkout().current().unwrap();
    assert_eq!((now.change_id, on), (done.active_change_id, Some(bookmark("main"))));
    let summaries: Vec<_> = mount.checkout().changes(0).unwrap();
    let summaries: Vec<_> = summaries.iter().map(|change| change.summary.as_str()).collect();
    assert_eq!(summaries, ["", "first"]);
    // The saved change is still its own.
    mount.checkout().edit(&Revision::Change(before.change_id.to_string())).unwrap();
    assert_eq!(mount.read("/acme/app/a")?, "1");
    mount.checkout().edit(&Revision::Bookmark(bookmark("main"))).unwrap();
    assert_eq!(mount.read("/acme/app/a")?, "2");
    Ok(())
}

#[test]
fn a_child_follows_its_edited_parent() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let parent = fixture.mount(&store, &["app"]);
    parent.write("/acme/app/a", "1\n2\n3\n4\n5\n")?;
    let child = fixture.mount(&store, &["app"]);
    child.checkout().new_change(&Revision::Bookmark(bookmark("main")), Some("child")).unwrap();
    child.write("/acme/app/b", "b")?;
    parent.write("/acme/app/a", "1\n2\nthree\n4\n5\n")?;
    parent.files.set_mode(&path("/acme/app/a"), 0o640, mesafs::Follow::Yes)?;
    assert_eq!(child.read("/acme/app/a")?, "1\n2\n3\n4\n5\n");
    store.tick();
    assert_eq!(child.read("/acme/app/a")?, "1\n2\nthree\n4\n5\n");
    assert_eq!(child.names("/acme/app"), ["a", "b"]);
    // Both live on, and over a restart too.
    child.write("/acme/app/b", "more")?;
    store.close().unwrap();
    let store = fixture.open();
    let mount = fixture.mount(&store, &["app"]);
    assert_eq!(mount.names("/acme/app"), ["a"]);
    Ok(())
}

#[test]
fn empty_changes_are_abandoned_when_left() -> FsResult<()> {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1")?;
    let main = Revision::Bookmark(bookmark("main"));
    let left = mount.checkout().new_change(&main, None).unwrap();
    let kept = mount.checkout().new_change(&main, Some("described")).unwrap();
    mount.checkout().edit(&main).unwrap();
    let edit = |id: &str| mount.checkout().edit(&Revision::Change(id.into()));
    assert_eq!(edit(left.as_str()), Err(ChangeError::NoChange(left.to_string())));
    assert_eq!(edit(kept.as_str()), Ok(kept));
    Ok(())
}

#[test]
fn bookmarks_are_made_listed_and_moved() {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "1").unwrap();
    let checkout = mount.checkout();
    checkout.create_bookmark(&bookmark("side")).unwrap();
    let again = checkout.create_bookmark(&bookmark("side")).unwrap_err();
    assert_eq!(again.to_string(), "bookmark 'side' already exists");
    let base = checkout.current().unwrap().0.change_id;
    let child = checkout.new_change(&Revision::Change(base.to_string()), Some("x")).unwrap();
    checkout.move_bookmark(&bookmark("side"), child.as_str(), Backwards::Refuse).unwrap();
    let back = checkout.move_bookmark(&bookmark("side"), base.as_str(), Backwards::Refuse);
    assert!(matches!(back, Err(ChangeError::MoveRefused { .. })), "{back:?}");
    let listed = checkout.bookmarks().unwrap();
    let listed: Vec<_> =
        listed.iter().map(|b| (b.name.as_str(), b.target.clone(), b.default)).collect();
    assert_eq!(listed, [("main", Some(base), true), ("side", Some(child), false)]);
}

#[test]
fn repositories_come_and_go() {
    let (fixture, store) = Fixture::new();
    let names = |store: &mesa_store::Store| {
        let repos = store.repos(None).unwrap();
        repos.iter().map(|info| info.id.to_string()).collect::<Vec<_>>()
    };
    store.create_repo(&repo("lib"), &author()).unwrap();
    assert!(store.create_repo(&repo("lib"), &author()).is_err());
    assert_eq!(names(&store), ["acme/app", "acme/lib"]);
    let peeked = mesa_store::Store::peek_repos(&fixture.dir, fixture.key.org()).unwrap();
    assert_eq!(peeked, [repo("app"), repo("lib")]);
    let mount = fixture.mount(&store, &["lib"]);
    mount.write("/acme/lib/x", "x").unwrap();
    assert_eq!(
        store.delete_repo(&repo("lib")).unwrap_err().to_string(),
        "repository 'acme/lib' is mounted"
    );
    mount.close();
    store.delete_repo(&repo("lib")).unwrap();
    store.create_repo(&repo("lib"), &author()).unwrap();
    assert!(fixture.mount(&store, &["lib"]).names("/acme/lib").is_empty());
    store.close().unwrap();
    let store = fixture.open();
    assert_eq!(names(&store), ["acme/app", "acme/lib"]);
    assert!(fixture.mount(&store, &["lib"]).names("/acme/lib").is_empty());
}
