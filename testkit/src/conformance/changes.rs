//! The change and bookmark calls, as far as every backend has them.

use mesafs::backend::{Backwards, ChangeError, Description, Revision};
use mesafs::{BookmarkName, ChangeId, Errno};

use super::probe::{at, bytes, errno, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("new makes an empty child and switches to it", new_change),
    ("edit switches and creates nothing", edit),
    ("checkpoint saves, forks and advances the bookmark", checkpoint),
    ("bookmarks are created and moved forwards", bookmarks),
    ("what is missing or ambiguous is named", missing),
];

fn by_id(id: &ChangeId) -> Revision {
    Revision::Change(id.to_string())
}

fn main() -> BookmarkName {
    ok(BookmarkName::new("main"))
}

fn new_change(world: &mut dyn World) {
    let (fs, other) = (Probe(world.mount()), Probe(world.mount()));
    fs.write("f", "base");
    let app = fs.checkout("app");
    let (first, bookmark) = ok(app.current());
    assert_eq!(bookmark, Some(main()));
    let child = ok(app.new_change(&by_id(&first.change_id), Some("second\n\nbody")));
    let (current, _) = ok(app.current());
    assert_eq!(
        (&current.change_id, current.empty, current.summary.as_str()),
        (&child, true, "second")
    );
    assert_ne!(child, first.change_id);
    fs.write("f", "child");
    assert_eq!((fs.read("f"), other.read("f")), ("child".into(), "base".into()));
    assert!(!ok(app.current()).0.empty);
    let listed: Vec<ChangeId> = ok(app.changes(0)).into_iter().map(|info| info.change_id).collect();
    assert_eq!(listed, [child.clone(), first.change_id]);
    assert_eq!(ok(app.changes(1)).len(), 1);
    let sibling = ok(app.new_change(&Revision::Bookmark(main()), None));
    assert_ne!(sibling, child);
    assert_eq!(fs.read("f"), "base");
}

fn edit(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let app = fs.checkout("app");
    let (first, _) = ok(app.current());
    fs.write("f", "one");
    let child = ok(app.new_change(&by_id(&first.change_id), None));
    fs.write("f", "two");
    assert_eq!(ok(app.edit(&Revision::Bookmark(main()))), first.change_id);
    assert_eq!(fs.read("f"), "one");
    // A unique prefix is enough.
    let prefix = child.as_str().get(..8).unwrap_or_default().to_owned();
    assert_eq!(ok(app.edit(&Revision::Change(prefix))), child);
    assert_eq!(fs.read("f"), "two");
    let oid = ok(app.current()).0.commit_oid;
    fs.append("f", "!");
    assert_ne!(ok(app.current()).0.commit_oid, oid, "other content is another commit");
}

fn checkpoint(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let app = fs.checkout("app");
    let (first, _) = ok(app.current());
    fs.write("f", "x");
    fs.mkdir("empty");
    let done = ok(app.checkpoint(Description::Set("saved".into())));
    assert_eq!(done.saved_change_id, first.change_id);
    let (current, bookmark) = ok(app.current());
    assert_eq!((&current.change_id, bookmark), (&done.active_change_id, Some(main())));
    assert_eq!(current.commit_oid, done.active_change_oid);
    assert_eq!(fs.tree("."), ["empty/", "f=x"]);
    let listed = ok(app.changes(0));
    let saved = listed.get(1).map(|info| (info.summary.clone(), info.commit_oid.clone()));
    assert_eq!(saved, Some(("saved".into(), done.saved_change_oid)));
    ok(app.new_change(&by_id(&done.active_change_id), None));
    assert_eq!(app.checkpoint(Description::Keep), Err(ChangeError::NotOnBookmark));
    if world.restart() {
        let fs = Probe(world.mount());
        assert_eq!(ok(fs.checkout("app").current()).0.change_id, done.active_change_id);
        assert_eq!(fs.tree("."), ["empty/", "f=x"]);
    }
}

fn bookmarks(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let app = fs.checkout("app");
    let feature = ok(BookmarkName::new("feature/x"));
    let (first, _) = ok(app.current());
    fs.write("f", "x");
    ok(app.create_bookmark(&feature));
    assert_eq!(app.create_bookmark(&feature), Err(ChangeError::BookmarkExists("feature/x".into())));
    let listed: Vec<String> =
        ok(app.bookmarks()).iter().map(|info| info.name.to_string()).collect();
    assert_eq!(listed, ["feature/x", "main"]);
    let default: Vec<bool> = ok(app.bookmarks()).iter().map(|info| info.default).collect();
    assert_eq!(default, [false, true]);
    let child = ok(app.new_change(&by_id(&first.change_id), None));
    fs.write("g", "x");
    ok(app.move_bookmark(&feature, child.as_str(), Backwards::Refuse));
    let refused = |direction| ChangeError::MoveRefused { name: "feature/x".into(), direction };
    let back = app.move_bookmark(&feature, first.change_id.as_str(), Backwards::Refuse);
    assert_eq!(back, Err(refused("backwards")));
    let sibling = ok(app.new_change(&by_id(&first.change_id), None));
    fs.write("h", "x");
    let aside = app.move_bookmark(&feature, sibling.as_str(), Backwards::Refuse);
    assert_eq!(aside, Err(refused("sideways")));
    ok(app.move_bookmark(&feature, first.change_id.as_str(), Backwards::Allow));
    assert_eq!(ok(app.edit(&Revision::Bookmark(feature))), first.change_id);
}

fn missing(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let app = fs.checkout("app");
    let nowhere = ok(BookmarkName::new("nowhere"));
    let at_bookmark = app.edit(&Revision::Bookmark(nowhere.clone()));
    assert_eq!(at_bookmark, Err(ChangeError::NoBookmark("nowhere".into())));
    let id = "kkkkkkkkllllllllmmmmmmmmnnnnnnnn";
    assert_eq!(app.edit(&Revision::Change(id.into())), Err(ChangeError::NoChange(id.into())));
    let (current, _) = ok(app.current());
    let moved = app.move_bookmark(&nowhere, current.change_id.as_str(), Backwards::Refuse);
    assert_eq!(moved, Err(ChangeError::NoBookmark("nowhere".into())));
    // A bookmark is no change, and the other way round.
    assert_eq!(
        app.edit(&Revision::Change("main".into())),
        Err(ChangeError::NoChange("main".into()))
    );
    // A closed checkout is closed.
    ok(app.close());
    assert_eq!(errno(fs.0.read(&at("f"))), Errno::Io);
    assert_eq!(errno(fs.0.write(&at("f"), bytes("x"), 0o644)), Errno::Io);
}
