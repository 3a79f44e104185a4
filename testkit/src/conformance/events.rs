//! Events come after what they tell of is visible, in order, and none is lost.

use std::time::Duration;

use mesafs::backend::{EventQueue, RepoEvent, Revision};

use super::probe::{at, ok};
use super::{Check, Probe, World};

pub(super) const CHECKS: &[Check] = &[
    ("an event comes after the state that it tells of", visible),
    ("each kind of op is told", kinds),
    ("a slow subscriber loses nothing", coalesced),
    ("a switch tells that everything may have changed", switches),
];

/// Long enough for any machine; nothing waits so long unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until all of `paths` are told, themselves or by something above them.
#[track_caller]
fn wait_for(queue: &mut dyn EventQueue, paths: &[&str]) -> Vec<RepoEvent> {
    let mut told: Vec<RepoEvent> = Vec::new();
    let covers = |event: &RepoEvent, path: &str| {
        let path = ok(mesafs::RepoPath::new(path));
        event.path == path || (event.recursive && path.below(&event.path).is_some())
    };
    while !paths.iter().all(|path| told.iter().any(|event| covers(event, path))) {
        let events = queue.wait(Some(PATIENCE));
        assert!(!events.is_empty(), "waited for {paths:?}, told {told:?}");
        told.extend(events);
    }
    told
}

fn visible(world: &mut dyn World) {
    let (a, b) = (Probe(world.mount()), Probe(world.mount()));
    let mut queue = ok(b.0.watch(&at("/acme/app")));
    for count in 0..100 {
        let name = format!("f{count}");
        a.write(&name, "there");
        let events = wait_for(&mut *queue, &[&name]);
        assert_eq!(b.read(&name), "there");
        assert!(events.iter().all(|event| !event.own));
        let version = ok(b.checkout("app").root()).version;
        assert!(events.iter().all(|event| event.version <= version));
        assert!(events.is_sorted_by_key(|event| event.version));
    }
    b.write("own", "");
    assert!(wait_for(&mut *queue, &["own"]).iter().any(|event| event.own));
}

fn kinds(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.mkdirs("d/e");
    fs.write("d/e/f", "x");
    let mut queue = ok(fs.0.watch(&at("d")));
    fs.mv("d", "m");
    wait_for(&mut *queue, &["d/e/f", "m/e/f"]);
    fs.cp("m", "c");
    wait_for(&mut *queue, &["c/e/f"]);
    fs.rm("c");
    wait_for(&mut *queue, &["c/e"]);
    fs.chmod("m/e/f", 0o600);
    wait_for(&mut *queue, &["m/e/f"]);
    fs.touch("m/e", 5);
    wait_for(&mut *queue, &["m/e"]);
    fs.link("x", "l");
    wait_for(&mut *queue, &["l"]);
    fs.append("m/e/f", "y");
    wait_for(&mut *queue, &["m/e/f"]);
    let handle = fs.open_rw("m/e/f");
    ok(handle.set_len(0));
    wait_for(&mut *queue, &["m/e/f"]);
    fs.mv("m", "/acme/lib/m");
    wait_for(&mut *queue, &["m/e/f"]);
    assert!(queue.wait(Some(Duration::ZERO)).is_empty());
}

fn coalesced(world: &mut dyn World) {
    let fs = Probe(world.mount());
    let mut queue = ok(fs.0.watch(&at("/acme/app")));
    fs.mkdirs("d/e");
    let names: Vec<String> = (0..3000).map(|count| format!("d/e/f{count}")).collect();
    names.iter().for_each(|name| fs.write(name, ""));
    let paths: Vec<&str> = names.iter().map(String::as_str).collect();
    let told = wait_for(&mut *queue, &paths);
    assert!(told.len() < 3000, "a queue is bounded: {}", told.len());
    assert!(told.is_sorted_by_key(|event| event.version));
}

fn switches(world: &mut dyn World) {
    let fs = Probe(world.mount());
    fs.write("f", "x");
    let app = fs.checkout("app");
    let (current, _) = ok(app.current());
    let mut queue = ok(fs.0.watch(&at("/acme/app")));
    ok(app.new_change(&Revision::Change(current.change_id.to_string()), None));
    wait_for(&mut *queue, &["anything"]);
    fs.write("g", "x");
    wait_for(&mut *queue, &["g"]);
}
