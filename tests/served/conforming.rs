//! What every backend must do, done by a served store; and random sequences against a plain model.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use mesa_remote::RemoteBackend;
use mesafs::clock::ManualClock;
use mesafs::mount::{Files, MountParts};
use mesafs::scratch::{Quota, Scratch};
use mesafs::{Access, Backend, FileSystem, OrgName, Pin, Volume};
use proptest::test_runner::{Config, TestRunner};
use testkit::conformance::{World, run};
use testkit::model::{check, steps};
use testkit::proxy::{Place, Proxy, Weather};

use crate::is_deep;
use crate::site::{By, REPOS, Site, address, batch, repo, token, write};

/// A served store, which each mount has a link of its own to: a straight one, or through bad weather.
struct Served {
    site: Site,
    proxy: Option<Proxy>,
    restarts: u32,
}

/// Calls that come late, twice, and overtaken: none of which anybody may notice.
const WEATHER: Weather = Weather {
    delay: Duration::ZERO,
    delay_more_max: Duration::from_micros(500),
    cut_one_in: 0,
    repeat_one_in: 3,
    overtake_one_in: 20,
};

impl Served {
    fn fresh(by: By) -> Self {
        let site = Site::new(by);
        let docs = site.open("docs");
        docs.apply(batch(u128::MAX, vec![write("guide.md", "# Guide\n")])).unwrap();
        docs.close().unwrap();
        Self { site, proxy: None, restarts: 0 }
    }

    fn in_bad_weather() -> Self {
        let mut served = Self::fresh(By::Tcp);
        let proxy = Proxy::tcp(served.site.place().clone(), 7).unwrap();
        proxy.set(WEATHER);
        served.proxy = Some(proxy);
        served
    }

    fn place(&self) -> &Place {
        self.proxy.as_ref().map_or(self.site.place(), Proxy::place)
    }
}

impl World for Served {
    fn mount(&self) -> Arc<dyn FileSystem> {
        let clock = self.site.clock();
        let remote = RemoteBackend::new(&address(self.place()), Arc::clone(&clock)).unwrap();
        let token = token(&REPOS, &*clock);
        let accesses = [Access::ReadWrite, Access::ReadWrite, Access::ReadOnly];
        let open =
            |(name, access)| remote.open(&token, &repo(name), &Pin::Default, access).unwrap();
        let checkouts = REPOS.into_iter().zip(accesses).map(open).collect();
        let scratch = Arc::new(Scratch::new(Quota::default(), &*clock)) as Arc<dyn Volume>;
        let org = OrgName::new("acme").unwrap();
        let parts = MountParts { org, checkouts, scratch, commands: Vec::new(), clock };
        Arc::new(Files::new(parts).unwrap())
    }

    /// Every second time as a server that is killed leaves its store.
    fn restart(&mut self) -> bool {
        self.restarts += 1;
        self.site.restart(self.restarts.is_multiple_of(2));
        if let Some(proxy) = &self.proxy {
            proxy.lead_to(self.site.place().clone());
            proxy.cut_all();
        }
        true
    }

    fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.site.clock)
    }
}

#[test]
fn a_served_store_conforms_over_tcp() {
    run(|| Box::new(Served::fresh(By::Tcp)));
}

#[test]
fn a_served_store_conforms_over_a_socket() {
    if is_deep() {
        run(|| Box::new(Served::fresh(By::Socket)));
    }
}

#[test]
fn a_served_store_conforms_in_bad_weather() {
    if is_deep() {
        run(|| Box::new(Served::in_bad_weather()));
    }
}

/// How many sequences share a store.
const OF_ONE_STORE: u32 = 50;

#[test]
fn a_served_store_is_what_the_model_is() {
    let cases = if is_deep() { 2000 } else { 15 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let world = RefCell::new((0_u32, Served::in_bad_weather()));
    let done = TestRunner::new(config).run(&steps(40), |steps| {
        let (count, world) = &mut *world.borrow_mut();
        *count += 1;
        if count.is_multiple_of(OF_ONE_STORE) {
            *world = Served::in_bad_weather();
        }
        check(world, &format!("m{count}"), &steps);
        Ok(())
    });
    done.unwrap();
}
