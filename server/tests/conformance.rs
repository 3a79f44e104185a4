//! What every backend must do, done by a server and its mounts: over a Unix socket and over TCP.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use mesa_remote::{Address, RemoteBackend};
use mesa_server::{Limits, Listen, Server, Service};
use mesafs::clock::{Clock, ManualClock};
use mesafs::mount::{Files, MountParts};
use mesafs::scratch::{Quota, Scratch};
use mesafs::{Access, Backend, FileSystem, OrgName, Pin, RepoId, Volume};
use testkit::MemoryMount;
use testkit::conformance::{World, run};

#[derive(Debug, Clone, Copy)]
enum By {
    Socket,
    Tcp,
}

/// A backend in memory behind a server, which each mount has a link of its own to.
struct Served {
    memory: MemoryMount,
    address: Address,
    _server: Server,
    _folder: tempfile::TempDir,
}

impl Served {
    fn fresh(by: By) -> Self {
        let memory = MemoryMount::new(&[]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sock");
        let listen = match by {
            By::Socket => Listen::Unix(path.clone()),
            By::Tcp => Listen::Tcp("127.0.0.1:0".parse().unwrap()),
        };
        let service = Service::new(Arc::new(memory.backend.clone()), Limits::default()).unwrap();
        let server = Server::start(service, &[listen]).unwrap();
        let address = match server.addresses() {
            [] => Address::Unix(path),
            [address, ..] => format!("http://{address}").parse().unwrap(),
        };
        Self { memory, address, _server: server, _folder: folder }
    }
}

impl World for Served {
    fn mount(&self) -> Arc<dyn FileSystem> {
        let org = OrgName::new("acme").unwrap();
        let clock = Arc::clone(&self.memory.clock) as Arc<dyn Clock>;
        let remote = RemoteBackend::new(&self.address, Arc::clone(&clock)).unwrap();
        let named = ["app", "lib", "docs"].map(|name| RepoId::parse(name, &org).unwrap());
        let token = self.memory.backend.token(&named);
        let accesses = [Access::ReadWrite, Access::ReadWrite, Access::ReadOnly];
        let open = |(repo, access)| remote.open(&token, repo, &Pin::Default, access).unwrap();
        let checkouts = named.iter().zip(accesses).map(open).collect();
        let scratch = Arc::new(Scratch::new(Quota::default(), &*clock)) as Arc<dyn Volume>;
        let parts = MountParts { org, checkouts, scratch, commands: Vec::new(), clock };
        Arc::new(Files::new(parts).unwrap())
    }

    fn restart(&mut self) -> bool {
        false
    }

    fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.memory.clock)
    }
}

#[test]
fn a_server_conforms_over_a_socket() {
    run(|| Box::new(Served::fresh(By::Socket)));
}

#[test]
fn a_server_conforms_over_tcp() {
    run(|| Box::new(Served::fresh(By::Tcp)));
}
