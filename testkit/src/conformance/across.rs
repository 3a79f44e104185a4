//! Moves and copies between repositories, and to and from scratch memory.

use mesafs::{Errno, OpenOptions};

use super::probe::{at, bytes, errno, ok, text};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("a move between repositories takes everything along", moves),
    ("a copy between repositories is a new tree", copies),
    ("a move across replaces what a rename would", replaces),
    ("scratch memory belongs to one mount", scratch),
];

fn moves(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("d/empty");
    fs.write("d/f", "x");
    fs.chmod("d/f", 0o755);
    fs.touch("d/f", 99);
    fs.link("f", "d/l");
    let handle = fs.open("d/f", OpenOptions::appending(0o644));
    fs.mv("d", "/acme/lib/moved");
    assert_eq!((fs.names("."), fs.names("/acme/lib")), (String::new(), "moved".into()));
    assert_eq!(fs.tree("/acme/lib/moved"), ["empty/", "f=x", "l->f"]);
    let stat = fs.stat("/acme/lib/moved/f");
    assert_eq!((stat.mode, stat.mtime_ns), (0o755, 99));
    ok(handle.write(bytes("y")));
    assert_eq!(fs.read("/acme/lib/moved/f"), "x", "the handle keeps the file that was removed");
    fs.mv("/acme/lib/moved/", "/tmp/t");
    fs.mv("/tmp/t/f", "back");
    assert_eq!((fs.read("back"), fs.names("/tmp/t")), ("x".into(), "empty l".into()));
    if world.restart() {
        let fs = Probe(world.mount());
        assert_eq!((fs.tree("."), fs.names("/acme/lib")), (vec!["back=x".into()], String::new()));
    }
}

fn copies(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("d/e");
    fs.write("d/e/f", "x");
    fs.cp("d", "/acme/lib/d");
    fs.cp("d", "/tmp/d");
    fs.write("d/e/f", "app");
    fs.append("/acme/lib/d/e/f", "lib");
    fs.append("/tmp/d/e/f", "tmp");
    let read = ["d/e/f", "/acme/lib/d/e/f", "/tmp/d/e/f"].map(|path| fs.read(path));
    assert_eq!(read, ["app", "xlib", "xtmp"]);
    fs.cp("d/e/f", "/acme/lib/d/e/f");
    assert_eq!(fs.read("/acme/lib/d/e/f"), "app");
    if world.restart() {
        assert_eq!(Probe(world.mount()).read("/acme/lib/d/e/f"), "app");
    }
}

fn replaces(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("f", "new");
    fs.write("/tmp/f", "old");
    fs.mkdir("d");
    fs.mkdirs("/tmp/full/x");
    fs.mkdir("/tmp/empty");
    fs.link("/tmp/f", "l");
    for (from, to, expected) in [
        ("d", "/tmp/f", Errno::NotDir),
        ("f", "/tmp/empty", Errno::IsDir),
        ("d", "/tmp/full", Errno::NotEmpty),
        ("f", "/tmp/no/x", Errno::NoEnt),
        ("f", "/tmp/new/", Errno::NotDir),
    ] {
        assert_eq!(errno(fs.0.rename(&at(from), &at(to))), expected, "{from} {to}");
    }
    assert_eq!(errno(fs.0.rename_new(&at("f"), &at("/tmp/f"))), Errno::Exist);
    let handle = fs.open("/tmp/f", OpenOptions::reading());
    fs.mv("f", "/tmp/f");
    fs.mv("d", "/tmp/empty");
    assert_eq!(
        (fs.read("/tmp/f"), fs.names("."), text(&ok(handle.read(9)))),
        ("new".into(), "l".into(), "old".into())
    );
    fs.mv("l", "/tmp/f");
    assert!(fs.lstat("/tmp/f").is_symbolic_link());
}

fn scratch(world: &mut dyn World) {
    let (fs, other) = (Probe(world.mount()), Probe(world.mount()));
    for dir in ["/tmp", "/var/tmp", "/home/mesa"] {
        fs.write(&format!("{dir}/f"), dir);
        assert_eq!((fs.names(dir), other.names(dir)), ("f".into(), String::new()));
    }
    assert_eq!(fs.stat("/tmp").mode, 0o1777);
    let devices = ["/tmp", "/acme/app", "/acme/lib", "/dev"].map(|path| fs.stat(path).device);
    assert!((1..4).all(|at| !devices[..at].contains(&devices[at])), "{devices:?}");
}
