//! Copies: one op, then trees of their own; doubling ends at the limits.

use mesafs::Errno;

use super::probe::{at, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("a copy and its source go separate ways", separate),
    ("a file is copied over a file, which keeps its mode and its handles", over),
    ("copies that double end with EDQUOT, and all still works", doubling),
];

fn separate(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("a/b");
    fs.write("a/b/f", "1");
    fs.write("a/x", "x");
    fs.chmod("a/x", 0o755);
    fs.link("b/f", "a/l");
    fs.mkdir("a/empty");
    fs.cp("a", "c");
    fs.write("a/b/f", "source");
    fs.write("c/b/f", "copy");
    fs.rm("c/x");
    fs.write("a/b/new", "");
    fs.mv("c/empty", "c/full");
    let expected = [
        "a/",
        "a/b/",
        "a/b/f=source",
        "a/b/new=",
        "a/empty/",
        "a/l->b/f",
        "a/x=x",
        "c/",
        "c/b/",
        "c/b/f=copy",
        "c/full/",
        "c/l->b/f",
    ];
    assert_eq!(fs.tree("."), expected);
    assert_eq!(fs.read("c/l"), "copy");
    fs.cp("a", "c/a");
    assert_eq!(fs.stat("c/a/x").mode, 0o755);
    if world.restart() {
        assert_eq!(
            Probe(world.mount()).tree("c/a"),
            ["b/", "b/f=source", "b/new=", "empty/", "l->b/f", "x=x"]
        );
    }
}

fn over(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("a", "a");
    fs.chmod("a", 0o755);
    fs.write("b", "b");
    let handle = fs.open_rw("b");
    fs.cp("a", "b");
    assert_eq!(fs.stat("b").mode, 0o644);
    assert_eq!(ok(handle.read_at(0, 9)), "a");
    fs.cp("a", "c");
    assert_eq!(fs.stat("c").mode, 0o755);
}

fn doubling(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdir("a");
    fs.write("a/f", "x");
    let mut count = 0;
    let failed = loop {
        let copied = fs.0.copy(&at("a"), &at("b"), true);
        let moved = copied.and_then(|()| fs.0.rename(&at("b"), &at(&format!("a/b{count}"))));
        if let Err(error) = moved {
            break error;
        }
        count += 1;
    };
    assert_eq!((failed.errno(), count), (Errno::DQuot, 22));
    assert_eq!(fs.read("a/b21/b20/b0/f"), "x");
    fs.write("a/b21/b20/f", "one of four million");
    assert_eq!(
        (fs.read("a/b20/f"), fs.read("a/b21/b20/f")),
        ("x".into(), "one of four million".into())
    );
    fs.rm("a");
    assert_eq!(fs.names("."), "");
}
