//! Open files: followed through renames, private once they have no name, published at each write.

use mesafs::filesystem::SeekFrom;
use mesafs::{Errno, OpenOptions};

use super::probe::{at, bytes, errno, ok, text};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("a handle follows its file through renames", follows),
    ("a removed or replaced file lives on for its handles", outlives),
    ("each write is seen at once, by everyone", published),
    ("offsets, holes and lengths are POSIX's", offsets),
    ("truncation happens at open and appends go to the end", appends),
    ("a handle stays with the change that it was opened in", switched),
];

fn follows(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("d/e");
    let handle = fs.open_rw("d/e/f");
    ok(handle.write(bytes("one")));
    fs.mv("d/e/f", "d/e/g");
    ok(handle.write(bytes(" two")));
    fs.mv("d", "x");
    ok(handle.write(bytes(" three")));
    assert_eq!(fs.read("x/e/g"), "one two three");
    assert_eq!(handle.path().map(|path| path.to_string()).as_deref(), Some("/acme/app/x/e/g"));
    // Another file at the old path is another file.
    fs.mkdirs("d/e");
    fs.write("d/e/f", "new");
    ok(handle.write(bytes("!")));
    assert_eq!((fs.read("d/e/f"), fs.read("x/e/g")), ("new".into(), "one two three!".into()));
    assert_eq!(ok(handle.metadata()).size, 14);
}

fn outlives(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdir("d");
    fs.write("d/f", "body");
    let reader = fs.open("d/f", OpenOptions::reading());
    let writer = fs.open("d/f", OpenOptions::appending(0o644));
    fs.rm("d");
    ok(writer.write(bytes(" more")));
    assert_eq!(text(&ok(reader.read(100))), "body more", "handles on one file share it");
    assert_eq!(reader.path(), None);
    assert_eq!(ok(reader.metadata()).size, 9);
    assert_eq!(fs.find("d/f"), None);
    fs.mkdir("d");
    fs.write("d/f", "other");
    assert_eq!(text(&ok(reader.read_at(0, 4))), "body");
    fs.write("a", "a");
    fs.write("b", "b");
    let replaced = fs.open_rw("b");
    fs.mv("a", "b");
    ok(replaced.write(bytes("B!")));
    assert_eq!((text(&ok(replaced.read_at(0, 9))), fs.read("b")), ("B!".into(), "a".into()));
    // Writing whole does not make another file: the handle sees it.
    let seen = fs.open("b", OpenOptions::reading());
    fs.write("b", "rewritten");
    fs.cp("d/f", "b");
    assert_eq!(text(&ok(seen.read(100))), "other");
}

fn published(world: &mut dyn World) {
    let (fs, other) = (Probe(world.mount()), Probe(world.mount()));
    let handle = fs.open("log", OpenOptions::writing(0o644));
    let follower = other.open("log", OpenOptions::reading());
    for (count, line) in ["one\n", "two\n"].into_iter().enumerate() {
        ok(handle.write(bytes(line)));
        assert_eq!(text(&ok(follower.read(100))), line, "line {count}");
        assert_eq!(text(&ok(follower.read(100))), "");
    }
    assert_eq!(other.read("log"), "one\ntwo\n");
    ok(handle.set_len(0));
    assert_eq!((other.read("log"), text(&ok(follower.read(9)))), (String::new(), String::new()));
    // The second mount's renames are followed too.
    other.mv("log", "old");
    ok(handle.write_at(0, bytes("x")));
    assert_eq!(fs.read("old"), "x");
}

fn offsets(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let handle = fs.open_rw("f");
    ok(handle.write(bytes("hello world")));
    assert_eq!(ok(handle.seek(SeekFrom::Start(6))), 6);
    assert_eq!(text(&ok(handle.read(3))), "wor");
    ok(handle.write(bytes("LD")));
    assert_eq!(fs.read("f"), "hello worLD");
    assert_eq!(ok(handle.seek(SeekFrom::Current(-2))), 9);
    assert_eq!(ok(handle.seek(SeekFrom::End(3))), 14);
    assert_eq!(text(&ok(handle.read(1))), "");
    ok(handle.write(bytes("!")));
    assert_eq!(fs.read("f"), "hello worLD\0\0\0!");
    assert_eq!(errno(handle.seek(SeekFrom::End(-100))), Errno::Inval);
    assert_eq!(errno(handle.seek(SeekFrom::Current(i64::MIN))), Errno::Inval);
    ok(handle.write_at(1, bytes("E")));
    assert_eq!(
        (text(&ok(handle.read_at(0, 5))), ok(handle.seek(SeekFrom::Current(0)))),
        ("hEllo".into(), 15)
    );
    ok(handle.set_len(5));
    ok(handle.set_len(7));
    assert_eq!(fs.read("f"), "hEllo\0\0");
    ok(handle.write(bytes("")));
    assert_eq!(fs.stat("f").size, 7, "no bytes extend nothing");
    assert_eq!(errno(handle.set_len((2 << 30) + 1)), Errno::FBig);
    assert_eq!(errno(handle.write_at(2 << 30, bytes("x"))), Errno::FBig);
    assert_eq!(errno(handle.write_at(u64::MAX, bytes("x"))), Errno::FBig);
    ok(handle.set_len(2 << 30));
    assert_eq!(fs.stat("f").size, 2 << 30);
    assert_eq!(errno(fs.0.append(&at("f"), bytes("x"), 0o644)), Errno::FBig);
    assert_eq!(text(&ok(handle.read_at((2 << 30) - 2, 9))), "\0\0");
}

fn appends(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("f", "old");
    let writer = fs.open("f", OpenOptions::writing(0o600));
    assert_eq!((fs.read("f"), fs.stat("f").mode), (String::new(), 0o644));
    let (one, two) =
        (fs.open("f", OpenOptions::appending(0o644)), fs.open("f", OpenOptions::appending(0o644)));
    ok(one.write(bytes("1")));
    ok(two.write(bytes("2")));
    ok(one.write(bytes("3")));
    ok(one.write_at(0, bytes("4")));
    assert_eq!(fs.read("f"), "1234");
    ok(writer.write(bytes("w")));
    assert_eq!(fs.read("f"), "w234");
    ok(one.set_len(1));
    ok(two.write(bytes("5")));
    assert_eq!(fs.read("f"), "w5");
    let new = OpenOptions { exclusive: true, ..OpenOptions::writing(0o640) };
    fs.open("new", new);
    assert_eq!(fs.stat("new").mode, 0o640);
}

fn switched(world: &mut dyn World) {
    let (fs, other) = (Probe(world.mount()), Probe(world.mount()));
    let handle = fs.open_rw("f");
    ok(handle.write(bytes("one")));
    let (before, _) = ok(fs.checkout("app").current());
    let base = mesafs::backend::Revision::Change(before.change_id.to_string());
    ok(fs.checkout("app").new_change(&base, None));
    ok(handle.write(bytes(" two")));
    assert_eq!(other.read("f"), "one two");
    assert_eq!(text(&ok(handle.read_at(0, 100))), "one two");
}
