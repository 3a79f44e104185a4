//! What every backend must do, done by the store; and random sequences against a plain model.

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

#[test]
fn the_store_is_what_the_model_is() {
    let mut world = StoreWorld::fresh();
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    let mut count = 0;
    let mut runner = TestRunner::new(config);
    // One store for all of them: it grows as stores do.
    let world = std::cell::RefCell::new(&mut world);
    let count = std::cell::RefCell::new(&mut count);
    let done = runner.run(&steps(40), |steps| {
        **count.borrow_mut() += 1;
        check(&mut **world.borrow_mut(), &format!("m{}", count.borrow()), &steps);
        Ok(())
    });
    done.unwrap();
}
