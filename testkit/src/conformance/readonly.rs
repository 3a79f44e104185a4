//! A read-only repository answers EROFS to every mutation, below the mount too.

use mesafs::backend::{Backwards, ChangeError, Description, Revision};
use mesafs::op::{Batch, BatchId, IfExists, Op};
use mesafs::{Access, BookmarkName, Errno, Follow, OpenOptions, RepoPath};

use super::probe::{at, bytes, errno, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("a read-only repository is read and not written", mutations),
    ("the backend refuses by itself", backend),
];

fn mutations(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("f", "x");
    let (guide, new) = (at("/acme/docs/guide.md"), at("/acme/docs/new"));
    assert_eq!(fs.read("/acme/docs/guide.md"), "# Guide\n");
    for (call, failed) in [
        ("write", fs.0.write(&guide, bytes("x"), 0o644)),
        ("write new", fs.0.write(&new, bytes("x"), 0o644)),
        ("append", fs.0.append(&guide, bytes("x"), 0o644)),
        ("create_new", fs.0.create_new(&new, 0o644)),
        ("create_if_missing", fs.0.create_if_missing(&new, 0o644).map(|_| ())),
        ("create_dir", fs.0.create_dir(&new, 0o755, false)),
        ("create_dirs", fs.0.create_dir(&at("/acme/docs/a/b"), 0o755, true)),
        ("remove", fs.0.remove(&guide, false)),
        ("rename", fs.0.rename(&guide, &new)),
        ("rename into", fs.0.rename(&at("f"), &new)),
        ("rename out of", fs.0.rename(&guide, &at("out"))),
        ("copy", fs.0.copy(&guide, &new, false)),
        ("copy into", fs.0.copy(&at("f"), &new, false)),
        ("set_mode", fs.0.set_mode(&guide, 0o600, Follow::Yes)),
        ("set_times", fs.0.set_times(&guide, 0, 0, Follow::Yes)),
        ("symlink", fs.0.symlink(b"x", &new)),
        ("open to write", fs.0.open(&guide, &OpenOptions::writing(0o644)).map(|_| ())),
        ("open to append", fs.0.open(&guide, &OpenOptions::appending(0o644)).map(|_| ())),
        ("open new", fs.0.open(&new, &OpenOptions::appending(0o644)).map(|_| ())),
        (
            "truncate",
            fs.0.open(
                &guide,
                &OpenOptions { write: true, truncate: true, ..OpenOptions::default() },
            )
            .map(|_| ()),
        ),
    ] {
        assert_eq!(failed.map_err(|error| error.errno()), Err(Errno::RoFs), "{call}");
    }
    assert_eq!((fs.names("/acme/docs"), fs.names(".")), ("guide.md".into(), "f".into()));
    assert!(!ok(fs.0.create_if_missing(&guide, 0o644)));
    assert_eq!(errno(fs.0.create_new(&guide, 0o644)), Errno::Exist);
    fs.cp("/acme/docs/guide.md", "copy");
    assert_eq!(fs.read("copy"), "# Guide\n");
}

fn backend(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let docs = fs.checkout("docs");
    assert_eq!(docs.access(), Access::ReadOnly);
    let path = ok(RepoPath::new("new"));
    let ops = vec![Op::Create { path, mode: 0o644, if_exists: IfExists::Keep }];
    assert_eq!(errno(docs.apply(Batch { id: BatchId(1), now_ns: 0, ops })), Errno::RoFs);
    let (current, _) = ok(docs.current());
    let base = Revision::Change(current.change_id.to_string());
    let name = ok(BookmarkName::new("b"));
    let main = ok(BookmarkName::new("main"));
    let id = current.change_id.as_str();
    for (call, failed) in [
        ("new", docs.new_change(&base, None).map(|_| ())),
        ("checkpoint", docs.checkpoint(Description::Keep).map(|_| ())),
        ("create a bookmark", docs.create_bookmark(&name)),
        ("move a bookmark", docs.move_bookmark(&main, id, Backwards::Allow)),
    ] {
        match failed {
            Err(ChangeError::Fs(error)) => assert_eq!(error.errno(), Errno::RoFs, "{call}"),
            other => panic!("{call}: {other:?}"),
        }
    }
    // Reading and switching are allowed.
    ok(docs.edit(&base));
    ok(docs.changes(0));
    ok(docs.bookmarks());
}
