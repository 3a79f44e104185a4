//! A server that is killed and started again, while several mounts write and one follows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mesafs::backend::RepoEvent;
use mesafs::clock::SystemClock;
use mesafs::token::AccessToken;
use mesafs::{Access, Checkout, Pin};
use testkit::proxy::{Proxy, Weather};
use testkit::random::Random;

use crate::daemon::Daemon;
use crate::histories::{Contents, Plan, contents, prepare, run};
use crate::site::{batch, open, path, repo, token, write};
use crate::{is_deep, seed};

const CLIENTS: usize = 4;
const GROUPS: usize = 6;
/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is written when all else is.
const LAST: &str = "last";

/// What a mount knows by looking again only at what it is told of.
struct Mirror {
    groups: Vec<Contents>,
    last: bool,
    dirty: BTreeSet<usize>,
}

impl Mirror {
    /// `shown`: whether the last write is to be seen by now.
    fn note(&mut self, event: &RepoEvent, shown: bool) {
        let covers = |name: &str| {
            let path = path(name);
            event.path == path || event.recursive && path.below(&event.path).is_some()
        };
        self.last |= shown && covers(LAST);
        for group in 0..GROUPS {
            if ["a", "b", "c"].iter().any(|file| covers(&format!("g{group}/{file}"))) {
                self.dirty.insert(group);
            }
        }
    }

    fn look(&mut self, mount: &dyn Checkout) {
        let Ok(root) = mount.root() else { return };
        let Self { groups, dirty, .. } = self;
        // What cannot be read while the server is away is read later.
        dirty.retain(|group| match contents(&root, *group) {
            Ok(found) => {
                groups[*group] = found;
                false
            }
            Err(_) => true,
        });
    }
}

/// Follows until the last write is told and shown.
fn follow(mount: &dyn Checkout, written: &AtomicBool) -> Vec<Contents> {
    let mut queue = mount.subscribe().unwrap();
    let dirty = (0..GROUPS).collect();
    let mut mirror = Mirror { groups: vec![Contents::default(); GROUPS], last: false, dirty };
    let mut until = None;
    loop {
        let events = queue.wait(Some(Duration::from_millis(20)));
        let shown = mount.root().is_ok_and(|root| root.lookup(&path(LAST)).is_ok());
        events.iter().for_each(|event| mirror.note(event, shown));
        mirror.look(mount);
        if mirror.last && mirror.dirty.is_empty() {
            return mirror.groups;
        }
        if written.load(Ordering::SeqCst) {
            let until = until.get_or_insert_with(|| Instant::now() + PATIENCE);
            assert!(Instant::now() < *until, "the last write was not told: {:?}", mirror.dirty);
        }
    }
}

fn embedded(daemon: &Daemon, token: &AccessToken) -> Arc<dyn Checkout> {
    let backend = daemon.open().backend(None);
    backend.open(token, &repo("app"), &Pin::Default, Access::ReadOnly).unwrap()
}

/// How often a server is killed in one history. Of many calls that nobody answered, some of which may
/// have been done, an order is hard to find.
const KILLS: usize = 10;

#[test]
fn a_server_that_is_killed_loses_nothing_and_does_nothing_twice() {
    let rounds = if is_deep() { 20 } else { 1 };
    for round in 0..rounds {
        killed(seed() + round);
    }
}

fn killed(seed: u64) {
    let mut daemon = Daemon::new();
    let clock = || Arc::new(SystemClock);
    let proxy = Proxy::tcp(daemon.place(), seed).unwrap();
    proxy.set(Weather { repeat_one_in: 20, overtake_one_in: 50, ..Weather::default() });
    let first = open(&daemon.place(), "app", clock());
    let changes = prepare(&*first, CLIENTS, GROUPS);
    first.close().unwrap();
    let mounts: Vec<Arc<dyn Checkout>> =
        (0..CLIENTS).map(|_| open(proxy.place(), "app", clock())).collect();
    let follower = open(proxy.place(), "app", clock());
    let (over, written) = (AtomicBool::new(false), AtomicBool::new(false));
    let plan = Plan { ops: 0, groups: GROUPS, seed, faulty: true };
    let goes_on = |_| !over.load(Ordering::SeqCst);
    let (mut history, followed) = thread::scope(|scope| {
        let running = scope.spawn(|| run(plan, &mounts, &changes, &goes_on));
        let following = scope.spawn(|| follow(&*follower, &written));
        let mut random = Random::new(seed);
        for _ in 0..KILLS {
            thread::sleep(Duration::from_millis(30 + random.below(500)));
            daemon.kill();
            thread::sleep(Duration::from_millis(random.below(60)));
            daemon.start();
        }
        over.store(true, Ordering::SeqCst);
        let history = running.join().unwrap();
        let until = Instant::now() + PATIENCE;
        while let Err(error) = mounts[0].apply(batch(u128::MAX, vec![write(LAST, "")])) {
            assert!(Instant::now() < until, "{error}");
        }
        written.store(true, Ordering::SeqCst);
        (history, following.join().unwrap())
    });
    drop((mounts, follower));
    daemon.stop();
    let truth = embedded(&daemon, &token(&["app"], &SystemClock));
    history.end(&*truth);
    let root = truth.root().unwrap();
    for (group, followed) in followed.into_iter().enumerate() {
        assert_eq!(followed, contents(&root, group).unwrap(), "group {group}");
    }
    let (calls, unknown) = history.counts();
    println!("seed {seed}, {KILLS} kills: {calls} calls, {unknown} without an answer");
    for (why, count) in history.unanswered() {
        println!("    {count}: {why}");
    }
    assert!(calls > KILLS * 4 && unknown < calls / 2, "{calls} calls, {unknown} unknown");
    if let Err(violation) = history.check() {
        panic!("MESASH_SEED={seed}: {violation}");
    }
}
