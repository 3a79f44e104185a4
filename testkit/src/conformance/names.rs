//! Names that git cannot hold are refused where they would come to be.

use mesafs::{Errno, OpenOptions};

use super::probe::{at, bytes, errno};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("names that git cannot hold are refused by every call", refused),
    ("names that look odd but can be held are kept", kept),
];

fn refused(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdir("d");
    fs.write("f", "x");
    let before = fs.tree(".");
    for name in [".git", ".GIT", "git~1", "d/.git", ".g\u{200c}it", ".jjconflict-base-0"] {
        let path = at(name);
        for (call, failed) in [
            ("write", fs.0.write(&path, bytes("x"), 0o644)),
            ("append", fs.0.append(&path, bytes("x"), 0o644)),
            ("create_new", fs.0.create_new(&path, 0o644)),
            ("open", fs.0.open(&path, &OpenOptions::writing(0o644)).map(|_| ())),
            ("create_dir", fs.0.create_dir(&path, 0o755, false)),
            ("create_dirs", fs.0.create_dir(&path, 0o755, true)),
            ("symlink", fs.0.symlink(b"x", &path)),
            ("rename", fs.0.rename(&at("f"), &path)),
            ("rename a directory", fs.0.rename(&at("d"), &at(".git"))),
            ("copy", fs.0.copy(&at("f"), &path, false)),
        ] {
            assert_eq!(failed.map_err(|error| error.errno()), Err(Errno::Inval), "{call} {name}");
        }
        assert_eq!(errno(fs.0.metadata(&path)), Errno::NoEnt);
    }
    let mut raw = b"/acme/app/".to_vec();
    raw.extend_from_slice(b"\xff\xfe");
    let raw = mesafs::VPath::new(raw).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(errno(fs.0.write(&raw, bytes("x"), 0o644)), Errno::Inval);
    assert_eq!(fs.tree("."), before);
}

fn kept(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdir("d");
    let names = [
        "d/.jjconflict-x",
        " ",
        "-x",
        "...",
        "a\nb",
        "con",
        "\u{fc}",
        "e\u{301}",
        ".gitignore",
        "a:b",
        "a\\b",
        "*",
        "~",
        "x.lock",
        "@",
    ];
    for name in names {
        fs.write(name, name);
    }
    if world.restart() {
        let fs = Probe(world.mount());
        names.iter().for_each(|name| assert_eq!(fs.read(name), **name));
    } else {
        names.iter().for_each(|name| assert_eq!(fs.read(name), **name));
    }
}
