//! A backend over HTTP: mounts of a server's repositories.
//!
//! [`RemoteBackend`] says what docs/protocol.md says. A checkout keeps the tree that the server told of
//! last; the stream of events moves it on, and its own calls do. Always true: what a subscriber is told
//! of is visible through its checkout; a call that returned is durable on the server; a content is read
//! from the cache only after this checkout's own look-up has answered its key. Not here: files on disk.

mod address;
mod body;
mod cache;
mod checkout;
mod draft;
mod events;
mod give;
mod held;
mod history;
mod link;
mod session;
mod subscribers;
mod tree;

use std::sync::Arc;

use mesa_protocol::{Admin, AdminAnswer, ErrorBody, Reply, Request, code};
use mesafs::backend::OpenError;
use mesafs::clock::Clock;
use mesafs::token::AccessToken;
use mesafs::{Access, Backend, Checkout, Pin, RepoId};

pub use address::{Address, AddressError};
pub use link::{Connection, LinkError};

use checkout::RemoteCheckout;
use link::Link;
use session::Session;

/// A server, as a backend.
#[derive(Debug)]
pub struct RemoteBackend {
    link: Arc<Link>,
    clock: Arc<dyn Clock>,
}

impl RemoteBackend {
    /// Nothing is asked of the server yet. `clock` says when a token has ended.
    ///
    /// # Errors
    /// [`LinkError`] if there are no threads to be had, or no TLS.
    pub fn new(address: &Address, clock: Arc<dyn Clock>) -> Result<Self, LinkError> {
        Ok(Self { link: Arc::new(Link::new(address)?), clock })
    }

    /// Whether the last stream of events was cut and none has begun since.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.link.is_cut()
    }
}

impl RemoteBackend {
    /// Tells `watcher` when the server of a mount is away, and when it is back; the first one alone.
    pub fn watch(&self, watcher: impl Fn(Connection) + Send + Sync + 'static) {
        self.link.watch(watcher);
    }

    /// Makes an administrative call, under a token that administers the org. One without text will do
    /// on the socket in a store's own folder.
    ///
    /// # Errors
    /// [`ErrorBody`], as the server tells it; an unreachable one may have done it or not.
    pub fn administer(&self, token: &AccessToken, admin: Admin) -> Result<AdminAnswer, ErrorBody> {
        match self.link.call_once(token, &Request::Admin(admin))? {
            Reply::Admin(answer) => Ok(answer),
            _ => Err(ErrorBody::new(code::FAILED, link::NONSENSE)),
        }
    }
}

impl Backend for RemoteBackend {
    fn repos(&self, token: &AccessToken) -> Result<Vec<RepoId>, OpenError> {
        match self.link.call(token, &Request::Repos).map_err(|error| error.to_open())? {
            Reply::Repos(repos) => Ok(repos),
            _ => Err(OpenError::Store(link::NONSENSE.to_owned())),
        }
    }

    fn open(
        &self,
        token: &AccessToken,
        repo: &RepoId,
        pin: &Pin,
        access: Access,
    ) -> Result<Arc<dyn Checkout>, OpenError> {
        let (link, clock) = (Arc::clone(&self.link), Arc::clone(&self.clock));
        let session = Session::open(link, clock, token, repo, pin, access);
        let session = session.map_err(|error| error.to_open())?;
        Ok(Arc::new(RemoteCheckout::new(session)))
    }
}
