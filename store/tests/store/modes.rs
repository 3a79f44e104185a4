//! Modes, times and empty folders through everything that rewrites history: git holds none of them.

use mesafs::backend::{Description, History, Moved, Revision, Squash};
use mesafs::filesystem::FileSystem;
use mesafs::path::RepoPath;
use mesafs::{Errno, Follow, FsResult};

use crate::fixture::{Fixture, Mounted, path};

fn history(mount: &Mounted) -> &dyn History {
    mount.checkout().history().unwrap()
}

fn rev(text: &str) -> Revision {
    Revision::Expression(text.to_owned())
}

fn at(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn mode(mount: &Mounted, name: &str) -> u32 {
    mount.files.metadata(&path(&format!("/acme/app/{name}"))).unwrap().mode & 0o7777
}

fn mtime(mount: &Mounted, name: &str) -> i64 {
    mount.files.metadata(&path(&format!("/acme/app/{name}"))).unwrap().mtime_ns
}

fn chmod(mount: &Mounted, name: &str, mode: u32) -> FsResult<()> {
    mount.files.set_mode(&path(&format!("/acme/app/{name}")), mode, Follow::Yes)
}

fn touch(mount: &Mounted, name: &str, mtime_ns: i64) -> FsResult<()> {
    mount.files.set_times(&path(&format!("/acme/app/{name}")), 0, mtime_ns, Follow::Yes)
}

fn squash(paths: &[&str]) -> Squash {
    Squash {
        from: vec![Revision::here()],
        into: rev("@-"),
        paths: paths.iter().map(|text| at(text)).collect(),
        message: None,
        keep_emptied: true,
    }
}

/// `a`, `sub/b` and `sub/c` in `first`, and an empty change on top, which is open.
fn begun() -> (Fixture, mesa_store::Store, Mounted) {
    let (fixture, store) = Fixture::new();
    let mount = fixture.mount(&store, &["app"]);
    mount.write("/acme/app/a", "a").unwrap();
    mount.files.create_dir(&path("/acme/app/sub"), 0o755, false).unwrap();
    mount.write("/acme/app/sub/b", "b").unwrap();
    mount.write("/acme/app/sub/c", "c").unwrap();
    mount.checkout().checkpoint(Description::Set("first".into())).unwrap();
    mount.checkout().new_change(&rev("@"), Some("second")).unwrap();
    mount.checkout().new_change(&rev("@"), Some("third")).unwrap();
    (fixture, store, mount)
}

#[test]
fn what_is_squashed_keeps_its_modes_and_times() -> FsResult<()> {
    let (_fixture, _store, mount) = begun();
    mount.write("/acme/app/sub/new", "new")?;
    chmod(&mount, "sub/new", 0o600)?;
    touch(&mount, "sub/new", 77_000_000_000)?;
    chmod(&mount, "sub/b", 0o640)?;
    chmod(&mount, "sub", 0o700)?;
    mount.files.create_dir(&path("/acme/app/empty"), 0o711, false)?;
    // One path alone: the rest stays where it is.
    history(&mount).squash(&squash(&["sub/new"])).unwrap();
    assert_eq!((mode(&mount, "sub/new"), mtime(&mount, "sub/new")), (0o600, 77_000_000_000));
    assert_eq!((mode(&mount, "sub/b"), mode(&mount, "sub")), (0o640, 0o700));
    mount.checkout().edit(&rev("@-")).unwrap();
    assert_eq!((mode(&mount, "sub/new"), mtime(&mount, "sub/new")), (0o600, 77_000_000_000));
    assert_eq!((mode(&mount, "sub/b"), mode(&mount, "sub")), (0o644, 0o755));
    assert_eq!(mount.names("/acme/app"), ["a", "sub"]);
    // A mode alone is enough to be squashed.
    mount.checkout().edit(&rev("@+")).unwrap();
    let done = history(&mount).squash(&squash(&["sub/b"])).unwrap();
    assert_eq!(done.rewritten.len(), 2);
    mount.checkout().edit(&rev("@-")).unwrap();
    assert_eq!((mode(&mount, "sub/b"), mode(&mount, "sub")), (0o640, 0o755));
    // All of it.
    mount.checkout().edit(&rev("@+")).unwrap();
    history(&mount).squash(&squash(&[])).unwrap();
    mount.checkout().edit(&rev("@-")).unwrap();
    assert_eq!((mode(&mount, "sub"), mode(&mount, "empty")), (0o700, 0o711));
    Ok(())
}

#[test]
fn what_is_restored_gets_the_modes_back() -> FsResult<()> {
    let (_fixture, _store, mount) = begun();
    chmod(&mount, "a", 0o600)?;
    chmod(&mount, "sub/b", 0o600)?;
    mount.write("/acme/app/sub/c", "other")?;
    chmod(&mount, "sub/c", 0o600)?;
    touch(&mount, "sub/c", 5)?;
    let before = history(&mount).operations(1).unwrap().remove(0).id;
    let done = history(&mount).restore(&Revision::here(), &rev("@-"), &[at("a")]).unwrap();
    assert_eq!(done.rewritten.len(), 1, "a mode is something to restore");
    assert_eq!((mode(&mount, "a"), mode(&mount, "sub/b")), (0o644, 0o600));
    history(&mount).restore(&Revision::here(), &rev("@-"), &[at("sub")]).unwrap();
    assert_eq!((mode(&mount, "sub/b"), mode(&mount, "sub/c")), (0o644, 0o644));
    assert_ne!(mtime(&mount, "sub/c"), 5);
    // And the state that had them comes back whole.
    history(&mount).restore_operation(&before).unwrap();
    assert_eq!((mode(&mount, "a"), mode(&mount, "sub/c")), (0o600, 0o600));
    assert_eq!((mtime(&mount, "sub/c"), mount.read("/acme/app/sub/c")?), (5, "other".into()));
    Ok(())
}

#[test]
fn a_parent_s_modes_reach_its_children() -> FsResult<()> {
    let (fixture, store, mount) = begun();
    chmod(&mount, "sub/c", 0o660)?;
    mount.write("/acme/app/mine", "mine")?;
    chmod(&mount, "mine", 0o400)?;
    let below = fixture.mount(&store, &["app"]);
    let second = history(&mount).find(&rev("@-")).unwrap().change_id;
    below.checkout().edit(&Revision::Change(second.to_string())).unwrap();
    chmod(&below, "a", 0o600)?;
    below.files.create_dir(&path("/acme/app/sub/empty"), 0o755, false)?;
    below.checkout().current().unwrap();
    assert_eq!(
        (mode(&mount, "a"), mode(&mount, "sub/c"), mode(&mount, "mine")),
        (0o600, 0o660, 0o400)
    );
    assert_eq!(mount.names("/acme/app/sub"), ["b", "c", "empty"]);
    // Without the parent they are what they were before it.
    history(&mount).rebase(&[Revision::here()], Moved::Alone, &[rev("@--")]).unwrap();
    assert_eq!(
        (mode(&mount, "a"), mode(&mount, "sub/c"), mode(&mount, "mine")),
        (0o644, 0o660, 0o400)
    );
    assert_eq!(mount.names("/acme/app/sub"), ["b", "c"]);
    // Copies, and what is merged, have both.
    let copies = history(&mount)
        .duplicate(&[Revision::here()], &[Revision::Change(second.to_string())])
        .unwrap();
    let copy = Revision::Change(copies[0].to_string());
    let merged =
        history(&mount).merge(&[Revision::here(), Revision::Change(second.to_string())], None);
    merged.unwrap();
    for _ in 0..2 {
        assert_eq!(
            (mode(&mount, "a"), mode(&mount, "sub/c"), mode(&mount, "mine")),
            (0o600, 0o660, 0o400)
        );
        assert_eq!(mount.names("/acme/app/sub"), ["b", "c", "empty"]);
        mount.checkout().edit(&copy).unwrap();
    }
    // Abandoning the parent takes its part away.
    history(&mount).abandon(&[Revision::Change(second.to_string())]).unwrap();
    assert_eq!(
        (mode(&mount, "a"), mode(&mount, "sub/c"), mode(&mount, "mine")),
        (0o644, 0o660, 0o400)
    );
    assert_eq!(mount.names("/acme/app/sub"), ["b", "c"]);
    Ok(())
}

#[test]
fn both_halves_of_a_split_have_their_modes() -> FsResult<()> {
    let (_fixture, _store, mount) = begun();
    chmod(&mount, "a", 0o600)?;
    mount.write("/acme/app/sub/b", "new")?;
    chmod(&mount, "sub/b", 0o640)?;
    history(&mount).split(&Revision::here(), &[at("sub")], None).unwrap();
    assert_eq!((mode(&mount, "a"), mode(&mount, "sub/b")), (0o600, 0o640));
    mount.checkout().edit(&rev("@-")).unwrap();
    assert_eq!((mode(&mount, "a"), mode(&mount, "sub/b")), (0o644, 0o640));
    Ok(())
}

#[test]
fn a_change_with_a_mode_or_an_empty_folder_alone_is_not_left_behind() -> FsResult<()> {
    let (fixture, store, mount) = begun();
    mount.checkout().new_change(&rev("@"), None).unwrap();
    chmod(&mount, "a", 0o600)?;
    let kept = mount.checkout().current().unwrap().0.change_id;
    mount.checkout().new_change(&rev("@-"), None).unwrap();
    mount.files.create_dir(&path("/acme/app/empty"), 0o755, false)?;
    let empty = mount.checkout().current().unwrap().0.change_id;
    mount.checkout().new_change(&rev("@-"), None).unwrap();
    let nothing = mount.checkout().current().unwrap().0.change_id;
    mount.checkout().edit(&rev("main")).unwrap();
    mount.close();
    let mount = fixture.mount(&store, &["app"]);
    mount.checkout().edit(&Revision::Change(kept.to_string())).unwrap();
    assert_eq!(mode(&mount, "a"), 0o600);
    mount.checkout().edit(&Revision::Change(empty.to_string())).unwrap();
    assert_eq!(mount.names("/acme/app"), ["a", "empty", "sub"]);
    assert!(mount.checkout().edit(&Revision::Change(nothing.to_string())).is_err());
    assert_eq!(mount.files.metadata(&path("/acme/app/none")).unwrap_err().errno(), Errno::NoEnt);
    Ok(())
}
