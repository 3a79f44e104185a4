//! `mesash serve` in a process of its own, which can be killed and started again.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use mesa_store::{Store, StoreOptions};
use tempfile::TempDir;
use testkit::proxy::Place;

use crate::site::{folder, found, key};

pub struct Daemon {
    folder: TempDir,
    child: Option<Child>,
}

impl Daemon {
    /// Serves a store with the usual key and repositories on a Unix socket.
    pub fn new() -> Self {
        let folder = folder();
        let mut daemon = Self { folder, child: None };
        let store = daemon.open();
        found(&store);
        store.close().unwrap();
        daemon.start();
        daemon
    }

    /// The store, while no server has it.
    pub fn open(&self) -> Store {
        Store::open(&self.folder.path().join("store"), StoreOptions::default()).unwrap()
    }

    pub fn place(&self) -> Place {
        Place::Unix(self.folder.path().join("sock"))
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn start(&mut self) {
        testkit::signals::usual_for_children();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
        command.args(["serve", "--store", "store", "--socket", "sock"]).env_clear();
        command.env("HOME", self.folder.path()).env("MESA_API_KEY", key().expose().as_str());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if !line.starts_with("listening on unix:") {
            let mut reason = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut reason).unwrap();
            panic!("{line}{reason}");
        }
        self.child = Some(child);
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Has it end as its user does.
    pub fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
