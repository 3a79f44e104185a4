//! Who wins when two write one file: DESIGN.md section 9.

use mesafs::backend::{Description, Revision};
use mesafs::op::Replaced;
use mesafs::{Errno, OpenOptions};

use super::probe::{at, bytes, errno, ok, text};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("appends of two writers are all kept", appends),
    ("the last of two whole writes wins", writes),
    ("range writes land in the order of arrival", ranges),
    ("a replace of what was read merges other edits of the text", merges),
    ("a replace that touches another edit keeps both sides", conflicts),
    ("a conflict goes along with mv and cp -r, and cp copies its text", carries),
    ("a conflict that is edited away is gone after a restart", resolves),
    ("a path that stops being a directory is found out", moved_away),
];

const TEXT: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

fn two(world: &dyn World) -> (Probe, Probe) {
    (Probe(world.mount()), Probe(world.mount()))
}

fn appends(world: &mut dyn World) {
    let (a, b) = two(world);
    let (one, other) = (
        a.open("log", OpenOptions::appending(0o644)),
        b.open("log", OpenOptions::appending(0o644)),
    );
    let writes = |handle: std::sync::Arc<dyn mesafs::Handle>, name: &'static str| {
        std::thread::spawn(move || {
            (0..200).for_each(|count| ok(handle.write(bytes(&format!("{name}{count}\n")))))
        })
    };
    let threads = [writes(one, "a"), writes(other, "b")];
    threads.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
    let read = a.read("log");
    for name in ["a", "b"] {
        let lines: Vec<&str> = read.lines().filter(|line| line.starts_with(name)).collect();
        let expected: Vec<String> = (0..200).map(|count| format!("{name}{count}")).collect();
        assert_eq!(lines, expected, "each writer's lines are whole and in order");
    }
    assert_eq!(b.read("log"), read);
}

fn writes(world: &mut dyn World) {
    let (a, b) = two(world);
    a.write("f", "first");
    b.write("f", "second");
    assert_eq!((a.read("f"), b.read("f")), ("second".into(), "second".into()));
    let handle = a.open("f", OpenOptions::writing(0o644));
    assert_eq!(b.read("f"), "", "`>` truncates at open");
    b.write("f", "longer than that");
    ok(handle.write(bytes("short")));
    assert_eq!(a.read("f"), "shortr than that");
}

fn ranges(world: &mut dyn World) {
    let (a, b) = two(world);
    a.write("f", "..........");
    let (one, other) = (a.open_rw("f"), b.open_rw("f"));
    ok(one.write_at(0, bytes("aaaa")));
    ok(other.write_at(2, bytes("bbbb")));
    ok(one.write_at(5, bytes("a")));
    assert_eq!(b.read("f"), "aabbba....");
    ok(other.set_len(3));
    assert_eq!(a.read("f"), "aab");
}

fn merges(world: &mut dyn World) {
    let (a, b) = two(world);
    a.write("f", TEXT);
    let read = ok(a.0.read_edition(&at("f")));
    assert_eq!(text(&read.content), TEXT);
    b.write("f", &TEXT.replace("one", "ONE"));
    let replaced = a.0.replace(&at("f"), &read.base, bytes(&TEXT.replace("seven", "SEVEN")));
    assert_eq!(ok(replaced), Replaced::Merged);
    let merged = TEXT.replace("one", "ONE").replace("seven", "SEVEN");
    assert_eq!((a.read("f"), b.read("f")), (merged.clone(), merged.clone()));
    let read = ok(b.0.read_edition(&at("f")));
    assert_eq!(ok(b.0.replace(&at("f"), &read.base, bytes("new\n"))), Replaced::Clean);
    assert_eq!(a.read("f"), "new\n");
    a.rm("f");
    assert_eq!(errno(b.0.replace(&at("f"), &read.base, bytes("x"))), Errno::NoEnt);
    if world.restart() {
        assert_eq!(Probe(world.mount()).find("f"), None);
    }
}

/// Makes `path` a conflict of two edits of its third line.
fn make_conflict(a: &Probe, b: &Probe, path: &str) {
    a.write(path, TEXT);
    let read = ok(a.0.read_edition(&at(path)));
    b.write(path, &TEXT.replace("three", "OURS"));
    let replaced = a.0.replace(&at(path), &read.base, bytes(&TEXT.replace("three", "THEIRS")));
    assert_eq!(ok(replaced), Replaced::Conflicted);
}

fn has_both_sides(text: &str) -> bool {
    ["OURS", "THEIRS", "<<<<<<<", ">>>>>>>"].iter().all(|part| text.contains(part))
}

fn conflicts(world: &mut dyn World) {
    let (a, b) = two(world);
    make_conflict(&a, &b, "f");
    let read = a.read("f");
    assert!(has_both_sides(&read), "{read}");
    assert_eq!(b.read("f"), read);
    // Nothing blocks: it is written and read like any file.
    a.append("f", "eight\n");
    assert_eq!(b.read("f"), format!("{read}eight\n"));
    a.write("marked", "<<<<<<< not a conflict\n");
    if world.restart() {
        let fs = Probe(world.mount());
        assert!(has_both_sides(&fs.read("f")), "{}", fs.read("f"));
        assert!(fs.read("f").ends_with("eight\n"));
        assert_eq!(fs.read("marked"), "<<<<<<< not a conflict\n");
    }
}

fn carries(world: &mut dyn World) {
    let (a, b) = two(world);
    a.mkdir("d");
    make_conflict(&a, &b, "d/f");
    a.cp("d", "e");
    a.mv("d/f", "moved");
    ok(a.0.copy(&at("moved"), &at("copied"), false));
    let conflicted = |fs: &Probe, path: &str| {
        let root = ok(fs.checkout("app").root());
        let node = ok(root.lookup(&ok(mesafs::RepoPath::new(path))));
        matches!(node, mesafs::tree::Node::File(file) if file.conflict.is_some())
    };
    let check = |fs: &Probe| {
        assert_eq!(
            ["e/f", "moved", "copied"].map(|path| conflicted(fs, path)),
            [true, true, false]
        );
        ["e/f", "moved", "copied"].iter().for_each(|path| assert!(has_both_sides(&fs.read(path))));
    };
    check(&a);
    if world.restart() {
        check(&Probe(world.mount()));
    }
}

fn resolves(world: &mut dyn World) {
    let (a, b) = two(world);
    make_conflict(&a, &b, "f");
    a.write("f", "settled\n");
    assert_eq!(b.read("f"), "settled\n");
    let app = a.checkout("app");
    let saved = ok(app.checkpoint(Description::Keep));
    assert_eq!(a.read("f"), "settled\n");
    ok(app.edit(&Revision::Change(saved.saved_change_id.to_string())));
    assert_eq!(a.read("f"), "settled\n");
    if world.restart() {
        assert_eq!(Probe(world.mount()).read("f"), "settled\n");
    }
}

fn moved_away(world: &mut dyn World) {
    let (a, b) = two(world);
    a.mkdirs("d/e");
    b.mv("d", "x");
    b.link("x", "d");
    a.write("d/e/f", "through the new link");
    assert_eq!(b.read("x/e/f"), "through the new link");
    b.rm("d");
    b.write("d", "a file");
    assert_eq!(errno(a.0.write(&at("d/e/f"), bytes(""), 0o644)), Errno::NotDir);
}
