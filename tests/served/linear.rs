//! Concurrent calls of several mounts have an order that explains what each answered.

use std::sync::Arc;
use std::time::Duration;

use mesa_protocol::{Call, Op, Request, decode, encode};
use mesafs::Checkout;
use mesafs::op::IfExists;
use testkit::proxy::{Place, Proxy, Weather};
use testkit::random::Random;

use crate::histories::{History, Plan, prepare, run};
use crate::site::{By, Site, open};
use crate::{is_deep, seed};

const CLIENTS: usize = 8;
const GROUPS: usize = 8;

/// How many histories, and how many calls each mount makes in one.
fn size() -> (u64, usize) {
    if is_deep() { (200, 500) } else { (2, 60) }
}

/// A history of mounts at `place`, over links of their own, of a site that nobody else writes to.
fn history(site: &Site, place: &Place, plan: Plan) -> History {
    let first = site.open("app");
    let changes = prepare(&*first, CLIENTS, plan.groups);
    first.close().unwrap();
    let mounts: Vec<Arc<dyn Checkout>> =
        (0..CLIENTS).map(|_| open(place, "app", site.clock())).collect();
    let mut history = run(plan, &mounts, &changes, &|made| made < plan.ops);
    history.end(&*site.open("app"));
    history
}

#[track_caller]
fn assert_explained(history: History, plan: Plan) {
    if let Err(violation) = history.check() {
        panic!("MESASH_SEED={}: {violation}", plan.seed);
    }
}

#[test]
fn calls_of_eight_mounts_come_one_after_the_other() {
    let (runs, ops) = size();
    for number in 0..runs {
        let by = [By::Socket, By::Tcp][usize::from(number.is_multiple_of(2))];
        let site = Site::new(by);
        let plan = Plan { ops, groups: GROUPS, seed: seed() + number, faulty: false };
        let history = history(&site, site.place(), plan);
        if is_deep() {
            println!("seed {}: {} calls", plan.seed, history.counts().0);
        }
        assert_explained(history, plan);
    }
}

#[test]
fn so_do_calls_that_are_cut_late_repeated_and_overtaken() {
    let (runs, ops) = size();
    let weather = Weather {
        delay_more_max: Duration::from_millis(2),
        cut_one_in: 150,
        repeat_one_in: 10,
        overtake_one_in: 30,
        ..Weather::default()
    };
    for number in 0..runs.div_ceil(2) {
        let site = Site::new(By::Socket);
        let seed = seed() + number;
        let proxy = Proxy::tcp(site.place().clone(), seed).unwrap();
        proxy.set(weather);
        let plan = Plan { ops, groups: GROUPS, seed, faulty: true };
        let history = history(&site, proxy.place(), plan);
        let (calls, unknown) = history.counts();
        println!("seed {seed}: {calls} calls, {unknown} without an answer");
        assert!(unknown < calls, "no call was answered");
        assert_explained(history, plan);
    }
}

/// Something that a server must not do, by what it makes of one call in so many.
type Breakage = (&'static str, fn(&mut Request));

const BREAKAGES: [Breakage; 5] = [
    ("a batch is answered and not applied", |request| {
        ops(request, |ops| ops.clear());
    }),
    ("a batch is applied twice", |request| {
        ops(request, |ops| {
            if matches!(ops[..], [Op::Append { .. }]) {
                ops.extend(ops.clone());
            }
        });
    }),
    ("what is renamed stays where it was", |request| {
        ops(request, |ops| {
            if let [Op::Rename { from, to, .. }] = &mut ops[..] {
                ops[0] = Op::Copy { from: from.clone(), to: to.clone() };
            }
        });
    }),
    ("a file is made where there is one", |request| {
        ops(request, |ops| {
            if let Some(Op::Create { if_exists, .. }) = ops.first_mut() {
                *if_exists = IfExists::Truncate;
            }
        });
    }),
    ("a bookmark is moved from anywhere", |request| {
        if let Request::Do { call: Call::SetBookmark { expected, .. }, .. } = request {
            *expected = None;
        }
    }),
];

fn ops(request: &mut Request, break_: impl FnOnce(&mut Vec<Op>)) {
    if let Request::Apply { parts, .. } = request
        && let [part] = &mut parts[..]
    {
        break_(&mut part.batch.ops);
    }
}

/// So many histories are looked at until a broken server shows.
const BROKEN_RUNS_MAX: u64 = 30;

#[test]
fn a_broken_server_is_found_out() {
    for (name, break_) in BREAKAGES {
        let found = (0..BROKEN_RUNS_MAX).find_map(|number| {
            let site = Site::new(By::Socket);
            let proxy = Proxy::tcp(site.place().clone(), number).unwrap();
            let random = std::sync::Mutex::new(Random::new(number));
            proxy.alter(move |body| {
                let Ok(mut request) = decode::<Request>(&body) else { return body };
                // Where swaps are broken all are, for there are few.
                let often = matches!(request, Request::Do { .. }) || name.contains("file");
                if often || random.lock().unwrap().once_in(10) {
                    break_(&mut request);
                }
                encode(&request).unwrap_or(body)
            });
            let plan = Plan { ops: 60, groups: 4, seed: number, faulty: false };
            history(&site, proxy.place(), plan).check().err()
        });
        let Some(found) = found else { panic!("not found out: {name}") };
        println!("{name}: {found}");
    }
}
