//! What every backend must do, done by the store; and random sequences against a plain model.

use std::cell::RefCell;
use std::sync::Arc;

use mesa_store::Store;
use mesafs::backend::{Access, Pin};
use mesafs::clock::ManualClock;
use mesafs::{FileSystem, RepoId};
use proptest::test_runner::{Config, TestRunner};
use testkit::conformance::{World, run};
use testkit::model::{check, steps};

use crate::fixture::{Fixture, Mounted, author, repo};

struct StoreWorld {
    fixture: Fixture,
    store: Store,
    restarts: u32,
}

impl StoreWorld {
    fn fresh() -> Self {
        let (fixture, store) = Fixture::new();
        for name in ["lib", "docs"] {
            let id: RepoId = repo(name);
            store.create_repo(&id, &author()).unwrap();
        }
        let mount = fixture.mount(&store, &["docs"]);
        mount.write("/acme/docs/guide.md", "# Guide\n").unwrap();
        mount.close();
        Self { fixture, store, restarts: 0 }
    }

    fn mounted(&self) -> Mounted {
        let names =
            [("app", Access::ReadWrite), ("lib", Access::ReadWrite), ("docs", Access::ReadOnly)];
        let open = |(name, access)| {
            self.fixture.checkout(&self.store, name, &Pin::Default, access).unwrap()
        };
        self.fixture.mounted(names.into_iter().map(open).collect())
    }
}

impl World for StoreWorld {
    fn mount(&self) -> Arc<dyn FileSystem> {
        Arc::new(self.mounted().files)
    }

    /// Every second time as a process that is killed leaves its store.
    fn restart(&mut self) -> bool {
        self.restarts += 1;
        if self.restarts.is_multiple_of(2) {
            let killed = self.fixture.copied();
            self.store.close().unwrap();
            self.fixture = killed;
        } else {
            self.store.close().unwrap();
        }
        self.store = self.fixture.open();
        true
    }

    fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.fixture.clock)
    }
}

#[test]
fn the_store_conforms() {
    run(|| Box::new(StoreWorld::fresh()));
}

/// How many sequences are tried; more where time is no object.
fn cases() -> u32 {
    let told = std::env::var("MESASH_MODEL_CASES").ok();
    told.and_then(|cases| cases.parse().ok()).unwrap_or(50)
}

/// How many sequences share a store: it grows as stores do, and each second restart copies it.
const OF_ONE_STORE: u32 = 50;

#[test]
fn the_store_is_what_the_model_is() {
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    let world = RefCell::new((0_u32, StoreWorld::fresh()));
    let done = TestRunner::new(config).run(&steps(40), |steps| {
        let (count, world) = &mut *world.borrow_mut();
        *count += 1;
        if count.is_multiple_of(OF_ONE_STORE) {
            *world = StoreWorld::fresh();
        }
        check(world, &format!("m{count}"), &steps);
        Ok(())
    });
    done.unwrap();
}
