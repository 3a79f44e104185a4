//! Renames over things, and what they carry along.

use super::probe::{at, errno, ok};
use super::{Check, Probe, World};
use mesafs::Errno;

pub(super) const CHECKS: &[Check] = &[
    ("a rename replaces a file, a link and an empty directory", replaces),
    ("a rename moves a whole directory", whole),
    ("a rename to itself does nothing", itself),
    ("a rename that must not replace does not", new_only),
];

fn replaces(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("a", "a");
    fs.write("b", "b");
    fs.mv("a", "b");
    assert_eq!(fs.tree("."), ["b=a"]);
    fs.link("b", "l");
    fs.mv("b", "l");
    assert_eq!(fs.tree("."), ["l=a"]);
    fs.mkdirs("d/e");
    fs.mkdir("empty");
    fs.mv("d", "empty");
    assert_eq!(fs.tree("."), ["empty/", "empty/e/", "l=a"]);
    fs.link("x", "s");
    fs.mv("s", "l");
    assert_eq!(fs.tree("."), ["empty/", "empty/e/", "l->x"]);
}

fn whole(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("a/b/c");
    fs.write("a/b/f", "1");
    fs.chmod("a/b/f", 0o755);
    fs.touch("a/b/f", 1_000_000_007);
    fs.mkdir("x");
    fs.mv("a/b", "x/y");
    assert_eq!(fs.tree("."), ["a/", "x/", "x/y/", "x/y/c/", "x/y/f=1"]);
    let stat = fs.stat("x/y/f");
    assert_eq!((stat.mode, stat.mtime_ns), (0o755, 1_000_000_007));
    // Up and down in one tree.
    fs.mv("x/y/c", "a/c");
    fs.mv("x/y", "a/c/y/");
    assert_eq!(fs.tree("."), ["a/", "a/c/", "a/c/y/", "a/c/y/f=1", "x/"]);
    fs.mv("a/c/y/f", "f");
    fs.mv("a", "x/a");
    assert_eq!(fs.tree("."), ["f=1", "x/", "x/a/", "x/a/c/", "x/a/c/y/"]);
}

fn itself(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdir("d");
    fs.write("d/f", "1");
    fs.mv("d/f", "d/./f");
    fs.mv("d", "d");
    fs.mv("d", "d/");
    assert_eq!(fs.tree("."), ["d/", "d/f=1"]);
}

fn new_only(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("a", "a");
    fs.mkdir("d");
    fs.mkdir("e");
    assert_eq!(errno(fs.0.rename_new(&at("d"), &at("e"))), Errno::Exist);
    assert_eq!(errno(fs.0.rename_new(&at("a"), &at("a"))), Errno::Exist);
    ok(fs.0.rename_new(&at("a"), &at("d/a")));
    assert_eq!(fs.tree("."), ["d/", "d/a=a", "e/"]);
}
