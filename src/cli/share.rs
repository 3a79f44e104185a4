//! Several processes on one store, without a server that somebody starts.
//!
//! The process that has the store open answers the others on a socket in its folder. They mount
//! through it; when it goes, the first of them that gets the lock opens the store and answers on the
//! socket in its turn, and the others' mounts, its own among them, go on there. What was
//! acknowledged is in the store's journal, and a batch that was under way is sent again under its id.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mesa_remote::RemoteBackend;
use mesa_server::{Limits, Listen, Server, Service};
use mesa_store::{Store, StoreOptions};

use super::admin::StoreAdmin;
use crate::mesa::Author;

/// A run that is over before does not begin to answer.
const BEFORE: Duration = Duration::from_millis(100);
/// How often a process looks whether the one that it mounts through is there.
const LOOK: Duration = Duration::from_millis(50);
/// A process that does not answer in that time is frozen.
const FROZEN: Duration = Duration::from_secs(5);

/// A thread that answers others, or waits to do so. It ends with this.
#[derive(Debug)]
pub struct Share {
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Where the process that has a store open answers.
pub fn socket(folder: &Path) -> PathBuf {
    folder.join("sock")
}

/// What comes of asking the process that has a store open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Answers,
    /// It does not share the store, or not yet.
    Absent,
    Frozen,
}

/// Asks whoever has the store in `folder` open, until `given_up`.
pub fn ask(folder: &Path, given_up: impl Fn() -> bool) -> Owner {
    let Ok(mut stream) = UnixStream::connect(socket(folder)) else { return Owner::Absent };
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let asked = stream.set_read_timeout(Some(LOOK)).and_then(|()| stream.write_all(request));
    if asked.is_err() {
        return Owner::Absent;
    }
    let end = Instant::now() + FROZEN;
    let mut answer = Vec::new();
    let mut piece = [0; 12];
    while answer.len() < piece.len() {
        match stream.read(&mut piece) {
            Ok(0) => return Owner::Absent,
            Ok(count) => answer.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if given_up() {
                    return Owner::Absent;
                }
                if Instant::now() >= end {
                    return Owner::Frozen;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Owner::Absent,
        }
    }
    if answer.get(8..12) == Some(b" 200") { Owner::Answers } else { Owner::Absent }
}

impl Share {
    /// Answers others before long, as long as `store` is open here.
    pub fn begin(store: Store, folder: PathBuf, author: Option<Author>) -> Self {
        Self::start(move |ended| {
            if ended.recv_timeout(BEFORE) == Err(RecvTimeoutError::Timeout) {
                answer(&store, &folder, author, ended);
            }
        })
    }

    /// Takes the store over when the process that `backend` leads to is gone.
    pub fn inherit(
        backend: Arc<RemoteBackend>,
        folder: PathBuf,
        options: StoreOptions,
        author: Option<Author>,
    ) -> Self {
        Self::start(move |ended| {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if !backend.is_cut() {
                    continue;
                }
                // Whoever has it now answers at the same place.
                let Ok(store) = Store::open(&folder, options.clone()) else { continue };
                answer(&store, &folder, author, ended);
                // Nobody is left who could be told; what was acknowledged is in the journal.
                let _closed = store.close();
                return;
            }
        })
    }

    /// Without a thread nothing is shared: others wait for the store.
    fn start(run: impl FnOnce(&mpsc::Receiver<()>) + Send + 'static) -> Self {
        let (end, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("mesa-share".into()).spawn(move || run(&ended));
        Self { end: Some(end), thread: thread.ok() }
    }

    /// Stops to answer, once the calls that run are done.
    pub fn end(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// Answers until `ended`.
fn answer(store: &Store, folder: &Path, author: Option<Author>, ended: &mpsc::Receiver<()>) {
    let service = Service::new(store.backend(author), Limits::default());
    let service = service.map(|service| service.administered(Arc::new(StoreAdmin(store.clone()))));
    let server = service.ok().and_then(|service| {
        // A path that is too long for a socket, say: others wait for the store then.
        Server::start(service, &[Listen::Private(socket(folder))]).ok()
    });
    let _ended = ended.recv();
    if let Some(server) = server {
        server.stop();
    }
}
