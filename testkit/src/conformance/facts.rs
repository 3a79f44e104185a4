//! What git cannot hold, over a restart: empty directories, modes, times.

use mesafs::Follow;

use super::probe::{at, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("empty directories, modes and times survive", survive),
    ("facts go along with renames and copies", along),
    ("writes and new names give times, reads do not", times),
    ("a directory has a link for each directory in it", link_counts),
];

fn survive(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("e/e/e");
    fs.mkdirs("d/sub");
    fs.write("d/f", "x");
    fs.link("f", "d/l");
    for (path, mode) in [("d/f", 0o4751), ("e/e", 0o700), ("d", 0o2775), ("e/e/e", 0o1777)] {
        fs.chmod(path, mode);
    }
    for (path, time) in
        [("d/f", 1_234_567_891), ("e/e", -5), ("d/l", 77), ("d", 1), ("e/e/e", i64::MAX)]
    {
        fs.touch(path, time);
    }
    let check = |fs: &Probe| {
        assert_eq!(fs.tree("."), ["d/", "d/f=x", "d/l->f", "d/sub/", "e/", "e/e/", "e/e/e/"]);
        let shown = |path: &str| {
            let stat = fs.lstat(path);
            (stat.mode, stat.mtime_ns)
        };
        assert_eq!(shown("d/f"), (0o4751, 1_234_567_891));
        assert_eq!(shown("d"), (0o2775, 1));
        assert_eq!(shown("d/l"), (0o777, 77));
        assert_eq!(shown("e/e"), (0o700, -5));
        assert_eq!(shown("e/e/e"), (0o1777, i64::MAX));
    };
    check(&fs);
    let sub = fs.stat("d/sub");
    if world.restart() {
        let fs = Probe(world.mount());
        check(&fs);
        assert_eq!(fs.stat("d/sub"), sub);
        fs.rm("e/e/e");
        fs.chmod("d/f", 0o600);
        if world.restart() {
            let fs = Probe(world.mount());
            assert_eq!((fs.stat("d/f").mode, fs.names("e/e")), (0o600, String::new()));
        }
    }
}

fn along(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("a/empty");
    fs.write("a/f", "x");
    fs.chmod("a/f", 0o600);
    fs.touch("a/f", 5);
    fs.cp("a", "b");
    fs.mv("a", "c");
    let check = |fs: &Probe| {
        for dir in ["b", "c"] {
            let stat = fs.stat(&format!("{dir}/f"));
            assert_eq!((stat.mode, fs.names(dir)), (0o600, "empty f".into()), "{dir}");
        }
        assert_eq!(fs.stat("c/f").mtime_ns, 5);
    };
    check(&fs);
    if world.restart() {
        check(&Probe(world.mount()));
    }
}

fn times(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let clock = world.clock();
    let now = |fs: &Probe, path: &str| fs.lstat(path).mtime_ns;
    fs.mkdir("d");
    fs.write("d/f", "x");
    let made = now(&fs, "d/f");
    clock.advance_s(10);
    fs.read("d/f");
    fs.chmod("d/f", 0o600);
    assert_eq!((now(&fs, "d/f"), now(&fs, "d")), (made, made));
    fs.append("d/f", "y");
    assert_eq!((now(&fs, "d/f"), now(&fs, "d")), (made + 10_000_000_000, made));
    clock.advance_s(10);
    fs.mv("d/f", "d/g");
    let renamed = made + 20_000_000_000;
    assert_eq!((now(&fs, "d/g"), now(&fs, "d")), (made + 10_000_000_000, renamed));
    clock.advance_s(10);
    fs.rm("d/g");
    assert_eq!(now(&fs, "d"), made + 30_000_000_000);
    ok(fs.0.set_times(&at("d"), 1, 2, Follow::Yes));
    assert_eq!(now(&fs, "d"), 2);
}

fn link_counts(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("d/a");
    fs.mkdir("d/b");
    fs.write("d/f", "");
    assert_eq!([fs.stat("d").links, fs.stat("d/a").links, fs.stat("d/f").links], [4, 2, 1]);
    let listed = ok(fs.0.read_dir_stats(&at("d")));
    for (name, stat) in listed {
        assert_eq!(stat, fs.lstat(&format!("d/{name}")));
    }
    fs.rm("d/a");
    if world.restart() {
        assert_eq!(Probe(world.mount()).stat("d").links, 3);
    }
}
