//! `/dev`, and the rest that no volume holds.

use mesafs::{Errno, FileKind, OpenOptions};

use super::probe::{at, bytes, errno, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("devices read and write as Linux's do", devices),
    ("the namespace lists what is mounted", namespace),
];

fn devices(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let rw = OpenOptions { read: true, write: true, ..OpenOptions::default() };
    let open = |name: &str| fs.open(name, rw);
    let null = open("/dev/null");
    ok(null.write(bytes("gone")));
    assert_eq!(ok(null.read(9)), "");
    assert_eq!(ok(open("/dev/zero").read(3)), "\0\0\0");
    let full = open("/dev/full");
    assert_eq!((ok(full.read(1)), errno(full.write(bytes("x")))), (bytes("\0"), Errno::NoSpc));
    let random = open("/dev/urandom");
    assert_ne!(ok(random.read(32)), ok(random.read(32)));
    fs.write("/dev/null", "gone");
    assert_eq!(errno(fs.0.write(&at("/dev/full"), bytes("x"), 0o644)), Errno::NoSpc);
    assert_eq!(errno(fs.0.write(&at("/dev/no"), bytes("x"), 0o644)), Errno::RoFs);
    assert_eq!(fs.stat("/dev/null").kind, FileKind::CharDevice);
    assert_eq!(ok(fs.0.read_link(&at("/dev/stdin"))), "/proc/self/fd/0");
    assert_eq!(errno(fs.0.remove(&at("/dev/null"), false)), Errno::RoFs);
    assert_eq!(errno(fs.0.open(&at("/dev/null/"), &OpenOptions::reading())), Errno::NotDir);
    assert_eq!(fs.names("/proc/self/fd"), "");
    assert!(fs.read("/etc/group").starts_with("mesa:"));
}

fn namespace(world: &mut dyn World) {
    let fs = Probe(world.mount());
    assert_eq!((fs.names("/"), fs.names("/acme")), ("acme".into(), "app docs lib".into()));
    for dir in ["/", "/acme", "/dev", "/bin", "/usr/bin", "/etc", "/proc", "/var", "/home"] {
        let stat = fs.stat(dir);
        assert!(stat.is_directory() && stat.mode == 0o755, "{dir}");
    }
    assert_eq!(errno(fs.0.metadata(&at("/acme/other"))), Errno::NoEnt);
    assert_eq!(errno(fs.0.metadata(&at("/other/app"))), Errno::NoEnt);
}
