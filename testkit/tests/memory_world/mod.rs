//! The backend in memory as a world for the suites.

use std::sync::Arc;

use mesafs::clock::ManualClock;
use mesafs::{Access, FileSystem, OrgName, RepoId, RepoName};
use testkit::MemoryMount;
use testkit::conformance::World;

pub struct Memory(MemoryMount);

impl Memory {
    pub fn new() -> Self {
        Self(MemoryMount::new(&[]))
    }
}

impl World for Memory {
    fn mount(&self) -> Arc<dyn FileSystem> {
        let repo = |name: &str| {
            let parts = OrgName::new("acme").and_then(|org| Ok((org, RepoName::new(name)?)));
            let (org, repo) = parts.unwrap_or_else(|error| panic!("{error}"));
            RepoId::new(org, repo)
        };
        let (app, lib, docs) = (repo("app"), repo("lib"), repo("docs"));
        let repos =
            [(&app, Access::ReadWrite), (&lib, Access::ReadWrite), (&docs, Access::ReadOnly)];
        Arc::new(self.0.again(&repos).unwrap_or_else(|error| panic!("{error}")).files)
    }

    fn restart(&mut self) -> bool {
        false
    }

    fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.0.clock)
    }
}
