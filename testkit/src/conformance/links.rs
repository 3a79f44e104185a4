//! Symbolic links: followed where they stand, forty of them, and `..` after them.

use mesafs::{Errno, OpenOptions};

use super::probe::{at, bytes, errno, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("a walk follows forty links and no more", forty),
    ("`..` goes to the parent of what a link leads to", dots),
    ("a link may lead anywhere in the mount, and nowhere else", anywhere),
    ("writes go through links, entries do not", through),
    ("a target is kept as it is", verbatim),
];

fn forty(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("end", "x");
    fs.link("end", "l1");
    for count in 2..=41 {
        fs.link(&format!("l{}", count - 1), &format!("l{count}"));
    }
    assert_eq!(fs.read("l40"), "x");
    assert_eq!(errno(fs.0.read(&at("l41"))), Errno::Loop);
    assert!(fs.lstat("l41").is_symbolic_link());
    fs.mkdir("d");
    fs.link(".", "d/here");
    let path = |count: usize| format!("d{}/../end", "/here".repeat(count));
    assert_eq!(fs.read(&path(40)), "x");
    assert_eq!(errno(fs.0.read(&at(&path(41)))), Errno::Loop);
    fs.link("two", "one");
    fs.link("one", "two");
    assert_eq!(errno(fs.0.metadata(&at("one/x"))), Errno::Loop);
}

fn dots(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("a/b/c");
    fs.write("a/x", "in a");
    fs.write("x", "above");
    fs.link("a/b", "l");
    assert_eq!(fs.read("l/../x"), "in a");
    assert_eq!(fs.read("l/c/../../x"), "in a");
    assert_eq!(fs.read("./l/./../x"), "in a");
    assert_eq!(fs.read("a/../x"), "above");
    assert_eq!(ok(fs.0.canonicalize(&at("l/.."))).to_string(), "/acme/app/a");
    assert_eq!(ok(fs.0.canonicalize(&at("/../../acme/./app//l/"))).to_string(), "/acme/app/a/b");
    assert_eq!(ok(fs.0.canonicalize(&at("/"))).to_string(), "/");
    assert_eq!(ok(fs.0.canonicalize(&at("a/b/../../.."))).to_string(), "/acme");
    fs.mkdir("l/../made");
    assert!(fs.stat("a/made").is_directory());
    assert_eq!(errno(fs.0.read(&at("x/../x"))), Errno::NotDir);
    assert_eq!(errno(fs.0.read(&at("no/../x"))), Errno::NoEnt);
}

fn anywhere(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("/acme/lib/f", "lib");
    fs.write("/tmp/f", "tmp");
    fs.link("../lib/f", "up");
    fs.link("/tmp/f", "across");
    fs.link("/acme/app/up", "/tmp/back");
    fs.link("../../../../../../../acme/lib", "out");
    assert_eq!(
        (fs.read("up"), fs.read("across"), fs.read("/tmp/back"), fs.read("out/f")),
        ("lib".into(), "tmp".into(), "lib".into(), "lib".into())
    );
    fs.link("/etc/hostname", "host");
    fs.link("/etc/passwd", "passwd");
    assert_eq!(errno(fs.0.read(&at("host"))), Errno::NoEnt);
    assert!(fs.read("passwd").starts_with("mesa:"));
    fs.link("/dev/null", "null");
    fs.write("null", "gone");
    assert_eq!(fs.read("null"), "");
    assert_eq!(errno(fs.0.write(&at("passwd"), bytes("x"), 0o644)), Errno::RoFs);
}

fn through(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdir("d");
    fs.write("f", "one");
    fs.link("f", "l");
    fs.link("d", "ld");
    fs.write("l", "two");
    fs.append("l", "!");
    fs.open("l", OpenOptions::appending(0o644)).write(bytes("?")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(fs.read("f"), "two!?");
    fs.chmod("l", 0o600);
    assert_eq!((fs.stat("f").mode, fs.lstat("l").mode), (0o600, 0o777));
    fs.write("ld/new", "in d");
    fs.link("ld/made", "dangling");
    fs.write("dangling", "made");
    assert_eq!(fs.names("d"), "made new");
    fs.mv("l", "m");
    fs.mv("ld", "md");
    assert_eq!((fs.lstat("m").is_symbolic_link(), fs.lstat("md").is_symbolic_link()), (true, true));
    fs.cp("m", "copy");
    assert!(fs.lstat("copy").is_symbolic_link(), "a copied link is a link");
    fs.write("other", "copied");
    fs.cp("other", "m");
    assert!(fs.lstat("m").is_symbolic_link(), "a file is copied into what a link leads to");
    assert_eq!(fs.read("f"), "copied");
    fs.rm("md");
    assert_eq!(fs.names("d"), "made new");
    // Renaming over a link takes the link's name.
    fs.mv("f", "m");
    assert!(fs.lstat("m").is_file());
}

fn verbatim(world: &mut dyn World) {
    let fs = Probe(world.mount());
    for target in ["a//b/../c/", "/", ".", "..", " ", "\u{e9}\n", "/acme/app/./x"] {
        fs.link(target, "l");
        assert_eq!(ok(fs.0.read_link(&at("l"))).to_string(), target);
        assert_eq!(fs.lstat("l").size, target.len() as u64);
        fs.rm("l");
    }
    ok(fs.0.symlink(b"\xff\xfe", &at("raw")));
    assert_eq!(&ok(fs.0.read_link(&at("raw")))[..], b"\xff\xfe");
}
