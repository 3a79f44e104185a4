//! A token ends while its mount lives.

use mesafs::{Errno, OpenOptions};

use super::probe::{at, bytes, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] =
    &[("after the token's end every call fails, and what was done stays", expiry)];

fn expiry(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("f", "kept");
    let handle = fs.open_rw("f");
    world.clock().advance_s(3599);
    fs.append("f", "!");
    world.clock().advance_s(1);
    let path = at("f");
    for (call, failed) in [
        ("read", fs.0.read(&path).map(|_| ())),
        ("stat", fs.0.metadata(&path).map(|_| ())),
        ("list", fs.0.read_dir(&at("/acme/app")).map(|_| ())),
        ("write", fs.0.write(&path, bytes("x"), 0o644)),
        ("open", fs.0.open(&path, &OpenOptions::reading()).map(|_| ())),
        ("handle read", handle.read(1).map(|_| ())),
        ("handle write", handle.write(bytes("x"))),
        ("watch", fs.0.watch(&path).map(|_| ())),
    ] {
        let failed = failed.map_err(|error| (error.errno(), error.to_string()));
        let told = "Permission denied (access token expired)".to_owned();
        assert_eq!(failed, Err((Errno::Acces, told)), "{call}");
    }
    assert!(fs.checkout("app").current().is_err());
    ok(fs.0.metadata(&at("/tmp")));
    let fs = Probe(world.mount());
    assert_eq!(fs.read("f"), "kept!");
}
