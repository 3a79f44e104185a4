//! A connection that is cut at any byte, either way: every call is done, and done once.

use std::time::{Duration, Instant};

use bytes::Bytes;
use mesafs::backend::Revision;
use mesafs::op::{IfExists, Op, Target};
use mesafs::tree::Node;
use mesafs::{BookmarkName, Checkout, Errno};
use testkit::proxy::{Proxy, Toward};
use testkit::random::Random;

use crate::is_deep;
use crate::site::{By, Site, batch, open, path, write};

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn append(to: &str, text: &'static [u8]) -> Op {
    Op::Append { target: Target::Path(path(to)), data: Bytes::from_static(text) }
}

/// Makes one of each kind of call through `mount`, in the new folder `d{number}`.
fn script(mount: &dyn Checkout, number: u64, random: &mut Random) {
    let at = |name: &str| format!("d{number}/{name}");
    let to = |name: &str| path(&at(name));
    let mut queue = mount.subscribe().unwrap();
    let mut apply = |op: Op| mount.apply(batch(random.id(), vec![op]));
    let folder = path(&format!("d{number}"));
    apply(Op::MakeDir { path: folder.clone(), mode: 0o755, parents: false }).unwrap();
    apply(write(&at("a"), "one\n")).unwrap();
    apply(append(&at("a"), b"two\n")).unwrap();
    apply(Op::Rename { from: to("a"), to: to("b"), replace: false }).unwrap();
    let again = Op::Create { path: to("b"), mode: 0o644, if_exists: IfExists::Fail };
    assert_eq!(apply(again).unwrap_err().errno(), Errno::Exist);
    apply(Op::Copy { from: to("b"), to: to("c") }).unwrap();
    apply(append(&at("c"), b"three\n")).unwrap();
    apply(Op::Remove { path: to("b"), recursive: false }).unwrap();
    let history = mount.history().unwrap();
    let mark = |name: &str| BookmarkName::new(&format!("{name}{number}")).unwrap();
    history.create_bookmark_at(&mark("m"), &Revision::here()).unwrap();
    history.rename_bookmark(&mark("m"), &mark("n"), Some(&Revision::here())).unwrap();
    history.delete_bookmark(&mark("n"), Some(&Revision::here())).unwrap();
    assert_eq!(read(mount, &at("c")), "one\ntwo\nthree\n");
    let until = Instant::now() + PATIENCE;
    let told = |event: &mesafs::backend::RepoEvent| {
        event.path == to("c") || event.recursive && to("c").below(&event.path).is_some()
    };
    while !queue.wait(Some(Duration::from_millis(50))).iter().any(told) {
        assert!(Instant::now() < until, "nothing was told");
    }
}

fn read(mount: &dyn Checkout, name: &str) -> String {
    match mount.root().unwrap().lookup(&path(name)).unwrap() {
        Node::File(file) => String::from_utf8(file.body.read_all().unwrap().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_call_is_done_once_wherever_a_connection_is_cut() {
    let site = Site::new(By::Socket);
    let straight = site.open("app");
    let mut random = Random::new(crate::seed());
    let mut number = 0;
    let mut through = |cut: Option<(Toward, u64)>| {
        number += 1;
        let proxy = Proxy::tcp(site.place().clone(), number).unwrap();
        if let Some((toward, bytes)) = cut {
            proxy.cut_after(toward, bytes);
        }
        let mount = open(proxy.place(), "app", site.clock());
        script(&*mount, number, &mut random);
        mount.close().unwrap();
        // The straight mount has it too, once and whole.
        let until = Instant::now() + PATIENCE;
        let name = format!("d{number}/c");
        while straight.root().unwrap().lookup(&path(&name)).is_err() {
            assert!(Instant::now() < until, "{cut:?}: the other mount does not see it");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(read(&*straight, &name), "one\ntwo\nthree\n", "{cut:?}");
        (proxy.passed(Toward::Server), proxy.passed(Toward::Client), proxy.is_uncut())
    };
    let (up, down, _) = through(None);
    let step = if is_deep() { 5 } else { 397 };
    let (mut cut, mut uncut) = (0, 0);
    for (toward, len) in [(Toward::Server, up), (Toward::Client, down)] {
        for bytes in (0..len).step_by(step) {
            let (_, _, missed) = through(Some((toward, bytes)));
            (cut, uncut) = if missed { (cut, uncut + 1) } else { (cut + 1, uncut) };
        }
    }
    println!(
        "{cut} connections were cut, of {up} bytes up and {down} down; {uncut} cuts came too late"
    );
    assert!(cut > uncut * 4, "{cut} and {uncut}");
}
