//! Each call's errors, as Linux gives them.

use mesafs::{Errno, FileSystem, Follow, FsResult, OpenOptions};

use super::probe::{at, bytes, errno};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("open fails as open(2) does", opens),
    ("making, removing and renaming fail as Linux has it", entries),
    ("looking fails as Linux has it", looks),
    ("an error names the operation's path as it was given", told_paths),
    ("one name and one path have their bounds", bounds),
];

fn world(world: &mut dyn World) -> Probe {
    let fs = Probe(world.mount());
    fs.mkdir("d");
    fs.mkdir("e");
    fs.write("f", "f");
    fs.write("d/f", "x");
    for (target, link) in
        [("nowhere", "dang"), ("d", "ld"), ("f", "lf"), ("loop", "loop"), ("e", "le")]
    {
        fs.link(target, link);
    }
    fs
}

/// Options by letters: `r`ead, `w`rite, `c`reate, e`x`clusive, `t`runcate.
fn options(letters: &str) -> OpenOptions {
    OpenOptions {
        read: letters.contains('r'),
        write: letters.contains('w'),
        append: false,
        truncate: letters.contains('t'),
        create: letters.contains('c'),
        exclusive: letters.contains('x'),
        mode: 0o644,
    }
}

fn opens(subject: &mut dyn World) {
    let fs = world(subject);
    let before = fs.tree(".");
    for (path, letters, expected) in [
        ("dang", "wcx", Errno::Exist),
        ("dang", "r", Errno::NoEnt),
        ("dang/", "wc", Errno::IsDir),
        ("dang/x", "wc", Errno::NoEnt),
        ("no", "w", Errno::NoEnt),
        ("no/", "wc", Errno::IsDir),
        ("no/", "w", Errno::NoEnt),
        ("no/x", "wc", Errno::NoEnt),
        ("no/.", "wc", Errno::NoEnt),
        ("no/..", "r", Errno::NoEnt),
        ("f/", "wc", Errno::IsDir),
        ("f/", "r", Errno::NotDir),
        ("f/.", "r", Errno::NotDir),
        ("f/..", "r", Errno::NotDir),
        ("f/x", "wc", Errno::NotDir),
        ("f", "wcx", Errno::Exist),
        ("lf", "wcx", Errno::Exist),
        ("lf/", "r", Errno::NotDir),
        ("d", "wc", Errno::IsDir),
        ("d", "w", Errno::IsDir),
        ("d", "wt", Errno::IsDir),
        ("d", "rc", Errno::IsDir),
        ("d", "rcx", Errno::Exist),
        ("d/", "wc", Errno::IsDir),
        ("d/.", "wc", Errno::IsDir),
        (".", "wcx", Errno::Exist),
        ("..", "wc", Errno::IsDir),
        ("loop", "r", Errno::Loop),
        ("loop", "wc", Errno::Loop),
        ("loop", "wcx", Errno::Exist),
        ("loop/x", "r", Errno::Loop),
        ("/", "wc", Errno::IsDir),
        ("/acme", "wc", Errno::IsDir),
        ("/acme/new", "wc", Errno::RoFs),
        ("/acme/no/x", "wc", Errno::NoEnt),
        ("/new", "wc", Errno::RoFs),
        ("/etc/passwd", "w", Errno::RoFs),
        ("/etc/new", "wc", Errno::RoFs),
    ] {
        let told = format!("open {path} {letters}");
        let opened = fs.0.open(&at(path), &options(letters));
        assert_eq!(opened.map(|_| ()).map_err(|error| error.errno()), Err(expected), "{told}");
    }
    assert_eq!(fs.tree("."), before);
    // A directory opens for reading and reads nothing.
    let handle = fs.open("ld/", options("r"));
    assert_eq!(errno(handle.read(1)), Errno::IsDir);
    assert!(fs.0.open(&at("dang"), &options("wc")).is_ok());
    assert_eq!(fs.read("nowhere"), "");
    assert_eq!(errno(fs.open("f", options("r")).write(bytes("x"))), Errno::BadF);
    assert_eq!(errno(fs.open("f", options("w")).read(1)), Errno::BadF);
    assert_eq!(errno(fs.open("f", options("r")).set_len(0)), Errno::BadF);
    fs.open("f", options("rt"));
    assert_eq!(fs.read("f"), "f", "O_TRUNC needs write access here");
    fs.open("lf", options("wt"));
    assert_eq!(fs.read("f"), "");
}

type Call = fn(&dyn FileSystem) -> FsResult<()>;

fn expect(fs: &Probe, calls: &[(&str, Call, Errno)]) {
    let before = fs.tree(".");
    for (told, call, expected) in calls {
        let called = call(&*fs.0).map_err(|error| error.errno());
        assert_eq!(called, Err(*expected), "{told}");
    }
    assert_eq!(fs.tree("."), before);
}

macro_rules! calls {
    ($(($call:expr, $errno:ident),)*) => {
        &[$((stringify!($call), $call as Call, Errno::$errno),)*]
    };
}

fn mkdir(fs: &dyn FileSystem, path: &str) -> FsResult<()> {
    fs.create_dir(&at(path), 0o755, false)
}

fn mkdirs(fs: &dyn FileSystem, path: &str) -> FsResult<()> {
    fs.create_dir(&at(path), 0o755, true)
}

fn rm(fs: &dyn FileSystem, path: &str) -> FsResult<()> {
    fs.remove(&at(path), false)
}

fn mv(fs: &dyn FileSystem, from: &str, to: &str) -> FsResult<()> {
    fs.rename(&at(from), &at(to))
}

fn ln(fs: &dyn FileSystem, target: &str, path: &str) -> FsResult<()> {
    fs.symlink(target.as_bytes(), &at(path))
}

fn cp(fs: &dyn FileSystem, from: &str, to: &str) -> FsResult<()> {
    fs.copy(&at(from), &at(to), true)
}

fn entries(subject: &mut dyn World) {
    let fs = world(subject);
    expect(
        &fs,
        calls![
            (|fs| mkdir(fs, "dang"), Exist),
            (|fs| mkdir(fs, "dang/"), Exist),
            (|fs| mkdir(fs, "ld/"), Exist),
            (|fs| mkdir(fs, "f/"), Exist),
            (|fs| mkdir(fs, "d/."), Exist),
            (|fs| mkdir(fs, "d/.."), Exist),
            (|fs| mkdir(fs, "/"), Exist),
            (|fs| mkdir(fs, "/acme/app"), Exist),
            (|fs| mkdir(fs, "new/."), NoEnt),
            (|fs| mkdir(fs, "new/.."), NoEnt),
            (|fs| mkdir(fs, "no/d"), NoEnt),
            (|fs| mkdir(fs, "dang/x"), NoEnt),
            (|fs| mkdir(fs, "f/x"), NotDir),
            (|fs| mkdir(fs, "loop/x"), Loop),
            (|fs| mkdir(fs, "/new"), RoFs),
            (|fs| mkdir(fs, "/acme/new"), RoFs),
            (|fs| mkdirs(fs, "f"), Exist),
            (|fs| mkdirs(fs, "f/x/y"), NotDir),
            (|fs| mkdirs(fs, "dang"), Exist),
            (|fs| rm(fs, "no"), NoEnt),
            (|fs| rm(fs, "no/"), NoEnt),
            (|fs| rm(fs, "f/"), NotDir),
            (|fs| rm(fs, "f/x"), NotDir),
            (|fs| rm(fs, "ld/"), NotDir),
            (|fs| rm(fs, "le/"), NotDir),
            (|fs| rm(fs, "dang/"), NotDir),
            (|fs| rm(fs, "d"), NotEmpty),
            (|fs| rm(fs, "e/."), Inval),
            (|fs| rm(fs, "/acme/app"), Busy),
            (|fs| rm(fs, "/tmp"), Busy),
            (|fs| rm(fs, "/home/mesa"), Busy),
            (|fs| rm(fs, "/acme"), RoFs),
            (|fs| rm(fs, "/dev/null"), RoFs),
            (|fs| mv(fs, "no", "x"), NoEnt),
            (|fs| mv(fs, "no/", "x"), NoEnt),
            (|fs| mv(fs, "ld/", "x"), NotDir),
            (|fs| mv(fs, "lf/", "x"), NotDir),
            (|fs| mv(fs, "dang/", "x"), NotDir),
            (|fs| mv(fs, "d", "le"), NotDir),
            (|fs| mv(fs, "d", "le/"), NotDir),
            (|fs| mv(fs, "d", "dang/"), NotDir),
            (|fs| mv(fs, "f", "x/"), NotDir),
            (|fs| mv(fs, "f/", "x"), NotDir),
            (|fs| mv(fs, "f", "d/"), NotDir),
            (|fs| mv(fs, "f", "d"), IsDir),
            (|fs| mv(fs, "e", "f"), NotDir),
            (|fs| mv(fs, "e", "d"), NotEmpty),
            (|fs| mv(fs, "e/.", "x"), Busy),
            (|fs| mv(fs, "e", "d/."), Busy),
            (|fs| mv(fs, "d/..", "x"), Busy),
            (|fs| mv(fs, "/acme/app", "/acme/lib/x"), Busy),
            (|fs| mv(fs, "/tmp", "x"), Busy),
            (|fs| mv(fs, "d", "d/x"), Inval),
            (|fs| mv(fs, "d", "d/f/x"), NotDir),
            (|fs| mv(fs, "d", "d/no/x"), NoEnt),
            (|fs| mv(fs, "d/f", "d"), NotEmpty),
            (|fs| mv(fs, "f", "no/x"), NoEnt),
            (|fs| mv(fs, "f", "f/x"), NotDir),
            (|fs| mv(fs, "f", "/new"), RoFs),
            (|fs| fs.rename_new(&at("f"), &at("d/f")), Exist),
            (|fs| fs.rename_new(&at("f"), &at("dang")), Exist),
            (|fs| ln(fs, "a", "dang"), Exist),
            (|fs| ln(fs, "a", "dang/"), Exist),
            (|fs| ln(fs, "a", "d/"), Exist),
            (|fs| ln(fs, "a", "f/"), Exist),
            (|fs| ln(fs, "a", "."), Exist),
            (|fs| ln(fs, "a", "new/"), NoEnt),
            (|fs| ln(fs, "", "new"), NoEnt),
            (|fs| ln(fs, "a", "no/x"), NoEnt),
            (|fs| ln(fs, &"a".repeat(4096), "new"), NameTooLong),
            (|fs| cp(fs, "no", "x"), NoEnt),
            (|fs| cp(fs, "d", "e"), Exist),
            (|fs| cp(fs, "d", "d/x"), Inval),
            (|fs| cp(fs, "f", "d"), IsDir),
            (|fs| cp(fs, "f", "no/x"), NoEnt),
            (|fs| cp(fs, "f/x", "y"), NotDir),
            (|fs| fs.copy(&at("d"), &at("x"), false), IsDir),
            (|fs| fs.create_new(&at("f"), 0o644), Exist),
            (|fs| fs.create_new(&at("dang"), 0o644), Exist),
            (|fs| fs.create_new(&at("d"), 0o644), Exist),
            (|fs| fs.create_new(&at("no/x"), 0o644), NoEnt),
            (|fs| fs.create_if_missing(&at("no/x"), 0o644).map(|_| ()), NoEnt),
            (|fs| fs.create_if_missing(&at("f/x"), 0o644).map(|_| ()), NotDir),
            (|fs| fs.write(&at("d"), bytes(""), 0o644), IsDir),
            (|fs| fs.write(&at("no/x"), bytes(""), 0o644), NoEnt),
            (|fs| fs.write(&at("f/x"), bytes(""), 0o644), NotDir),
            (|fs| fs.write(&at("loop"), bytes(""), 0o644), Loop),
            (|fs| fs.append(&at("d"), bytes("x"), 0o644), IsDir),
            (|fs| fs.append(&at("no/x"), bytes("x"), 0o644), NoEnt),
        ],
    );
    fs.0.remove(&at("lf"), false).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(fs.read("f"), "f", "a link goes alone");
}

fn looks(subject: &mut dyn World) {
    let fs = world(subject);
    expect(
        &fs,
        calls![
            (|fs| fs.metadata(&at("no")).map(|_| ()), NoEnt),
            (|fs| fs.metadata(&at("dang")).map(|_| ()), NoEnt),
            (|fs| fs.metadata(&at("dang/")).map(|_| ()), NoEnt),
            (|fs| fs.metadata(&at("lf/")).map(|_| ()), NotDir),
            (|fs| fs.metadata(&at("f/")).map(|_| ()), NotDir),
            (|fs| fs.metadata(&at("f/.")).map(|_| ()), NotDir),
            (|fs| fs.metadata(&at("no/..")).map(|_| ()), NoEnt),
            (|fs| fs.metadata(&at("d/../f/")).map(|_| ()), NotDir),
            (|fs| fs.metadata(&at("loop")).map(|_| ()), Loop),
            (|fs| fs.symlink_metadata(&at("dang/")).map(|_| ()), NoEnt),
            (|fs| fs.symlink_metadata(&at("lf/")).map(|_| ()), NotDir),
            (|fs| fs.read_link(&at("f")).map(|_| ()), Inval),
            (|fs| fs.read_link(&at("d")).map(|_| ()), Inval),
            (|fs| fs.read_link(&at("ld/")).map(|_| ()), Inval),
            (|fs| fs.read_link(&at("dang/")).map(|_| ()), NoEnt),
            (|fs| fs.read_link(&at("lf/")).map(|_| ()), NotDir),
            (|fs| fs.read_link(&at("no")).map(|_| ()), NoEnt),
            (|fs| fs.read_dir(&at("f")).map(|_| ()), NotDir),
            (|fs| fs.read_dir(&at("lf")).map(|_| ()), NotDir),
            (|fs| fs.read_dir(&at("no")).map(|_| ()), NoEnt),
            (|fs| fs.read(&at("d")).map(|_| ()), IsDir),
            (|fs| fs.read(&at("dang")).map(|_| ()), NoEnt),
            (|fs| fs.read_edition(&at("d")).map(|_| ()), IsDir),
            (|fs| fs.canonicalize(&at("dang")).map(|_| ()), NoEnt),
            (|fs| fs.canonicalize(&at("loop")).map(|_| ()), Loop),
            (|fs| fs.set_mode(&at("dang"), 0o644, Follow::Yes), NoEnt),
            (|fs| fs.set_mode(&at("f/"), 0o644, Follow::Yes), NotDir),
            (|fs| fs.set_mode(&at("loop"), 0o644, Follow::Yes), Loop),
            (|fs| fs.set_mode(&at("lf"), 0o644, Follow::No), NotSup),
            (|fs| fs.set_mode(&at("f"), 0o10_000, Follow::Yes), Inval),
            (|fs| fs.set_mode(&at("/acme"), 0o644, Follow::Yes), RoFs),
            (|fs| fs.set_times(&at("dang"), 0, 0, Follow::Yes), NoEnt),
            (|fs| fs.set_times(&at("no"), 0, 0, Follow::No), NoEnt),
        ],
    );
    assert!(fs.lstat("ld/").is_directory() && fs.lstat("ld").is_symbolic_link());
    fs.touch("dang", 5);
    assert_eq!(fs.lstat("dang").mtime_ns, 5);
}

fn told_paths(subject: &mut dyn World) {
    let fs = world(subject);
    let error = fs.0.read(&at("ld/../no/f")).map(|_| ());
    let error = error.map_err(|error| (error.path().to_string(), error.to_string()));
    let told = ("/acme/app/ld/../no/f".to_owned(), "No such file or directory".to_owned());
    assert_eq!(error, Err(told));
}

fn bounds(subject: &mut dyn World) {
    let fs = Probe(subject.mount());
    let name = "x".repeat(255);
    fs.write(&name, "");
    let long = format!("{name}x");
    assert_eq!(errno(fs.0.write(&at(&long), bytes(""), 0o644)), Errno::NameTooLong);
    assert_eq!(errno(fs.0.metadata(&at(&long))), Errno::NameTooLong);
    assert_eq!(errno(fs.0.rename(&at(&name), &at(&long))), Errno::NameTooLong);
    assert_eq!(errno(fs.0.remove(&at(&long), false)), Errno::NameTooLong);
    let deep = vec!["y".repeat(250); 15].join("/");
    fs.mkdirs(&deep);
    let deeper = [deep.as_str(), &"y".repeat(250)].join("/");
    fs.mkdirs(&deeper);
    assert!(mesafs::VPath::new(format!("/acme/app/{deeper}/{}", "y".repeat(100))).is_err());
    // What no path could name is refused where it would come to be.
    fs.mkdirs(&format!("a/{}/{}", "z".repeat(250), "z".repeat(200)));
    assert_eq!(errno(fs.0.rename(&at("a"), &at(&format!("{deep}/a")))), Errno::NameTooLong);
    assert_eq!(errno(fs.0.copy(&at("a"), &at(&format!("{deep}/a")), true)), Errno::NameTooLong);
}
