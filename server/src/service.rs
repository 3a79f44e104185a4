//! The calls, whatever they come by.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mesa_protocol::{ErrorBody, Hash32, Reply, Request, SessionId, claims, code};
use mesafs::backend::Backend;
use mesafs::token::{AccessToken, TOKEN_BYTES_MAX};
use mesafs::{Access, Pin, RepoId};
use parking_lot::RwLock;
use sha2::{Digest, Sha256};

use crate::admin::{Administer, Peer};
use crate::apply::{apply, steps_of};
use crate::roots::Tags;
use crate::session::Session;
use crate::stream::Streams;

/// How long calls that run may take when the server is stopped.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// What a server takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connections: usize,
    /// Open checkouts of all keys, and of one.
    pub sessions: usize,
    pub sessions_per_key: usize,
    /// Calls of one key that are answered at the same time; others wait.
    pub calls_per_key: usize,
    /// A session that nobody uses or listens to for so long is closed.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            sessions: 16_384,
            sessions_per_key: 4096,
            calls_per_key: 64,
            idle: Duration::from_secs(120),
        }
    }
}

/// The open sessions.
#[derive(Debug, Default)]
struct Sessions {
    all: HashMap<SessionId, Arc<Session>>,
    /// How many each token, and each key, has.
    of_token: HashMap<Hash32, usize>,
    of_key: HashMap<String, usize>,
}

fn one_less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, of: &K) {
    if let Some(count) = counts.get_mut(of) {
        *count -= 1;
        if *count == 0 {
            counts.remove(of);
        }
    }
}

impl Sessions {
    fn insert(&mut self, session: Arc<Session>) {
        *self.of_token.entry(session.token).or_default() += 1;
        *self.of_key.entry(session.key.clone()).or_default() += 1;
        self.all.insert(session.id, session);
    }

    fn remove(&mut self, id: SessionId) -> Option<Arc<Session>> {
        let session = self.all.remove(&id)?;
        one_less(&mut self.of_token, &session.token);
        one_less(&mut self.of_key, &session.key);
        Some(session)
    }
}

/// What has been asked of a server.
#[derive(Debug, Default)]
pub struct Counts {
    calls: AtomicU64,
}

impl Counts {
    /// How many calls were made, refused ones too.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

/// A backend's repositories, for whoever comes with a token.
#[derive(Debug)]
pub struct Service {
    backend: Arc<dyn Backend>,
    pub(crate) admin: Option<Arc<dyn Administer>>,
    pub(crate) limits: Limits,
    counts: Arc<Counts>,
    tags: Arc<Tags>,
    sessions: RwLock<Sessions>,
    pub(crate) streams: Arc<Streams>,
    closing: AtomicBool,
    /// Held by each call while it is answered.
    running: RwLock<()>,
}

fn hash(token: &str) -> Hash32 {
    Hash32(Sha256::digest(token.as_bytes()).into())
}

fn random() -> Result<u128, ErrorBody> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| ErrorBody::new(code::FAILED, "no random numbers to be had"))?;
    Ok(u128::from_le_bytes(bytes))
}

impl Service {
    /// # Errors
    /// [`ErrorBody`] if the host has no random numbers.
    pub fn new(backend: Arc<dyn Backend>, limits: Limits) -> Result<Self, ErrorBody> {
        Ok(Self {
            backend,
            admin: None,
            limits,
            counts: Arc::default(),
            tags: Arc::new(Tags::new(random()?)),
            sessions: RwLock::default(),
            streams: Arc::default(),
            closing: AtomicBool::new(false),
            running: RwLock::default(),
        })
    }

    /// The same, with a store that is administered by calls.
    #[must_use]
    pub fn administered(self, admin: Arc<dyn Administer>) -> Self {
        Self { admin: Some(admin), ..self }
    }

    /// What has been asked of it.
    #[must_use]
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Answers a call under a token, from anyone.
    ///
    /// # Errors
    /// [`ErrorBody`], as it is told to the client.
    pub fn call(&self, token: &str, request: Request) -> Result<Reply, ErrorBody> {
        self.call_from(Peer::Anyone, token, request)
    }

    /// Answers a call under a token.
    ///
    /// # Errors
    /// [`ErrorBody`], as it is told to the client.
    pub fn call_from(&self, peer: Peer, token: &str, request: Request) -> Result<Reply, ErrorBody> {
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
        // Whoever stops the server waits for the calls that run.
        let _running = self.running.read_recursive();
        let closing = || self.closing.load(Ordering::Acquire);
        let stopped = || ErrorBody::new(code::CLOSING, "the server is being stopped");
        if closing() {
            return Err(stopped());
        }
        // One that took too long finds its checkout closed: that it may be made again is the truth.
        self.answer(peer, token, request).map_err(|error| if closing() { stopped() } else { error })
    }

    fn answer(&self, peer: Peer, token: &str, request: Request) -> Result<Reply, ErrorBody> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(ErrorBody::new(code::UNAUTHORIZED, "access token too long"));
        }
        let own = hash(token);
        let known = |id| self.session(own, id);
        match request {
            Request::Repos => {
                let repos = self.backend.repos(&AccessToken::new(token.to_owned()))?;
                Ok(Reply::Repos(repos))
            }
            Request::Open { repo, pin, access } => self.open(token, own, &repo, &pin, access),
            Request::Admin(admin) => self.administer(peer, token, admin),
            Request::Root { session } => Ok(Reply::Root(known(session)?.root()?)),
            Request::List { session, root, paths, entries_max } => {
                let session = known(session)?;
                session.checkout.root()?;
                session.list(root, &paths, entries_max)
            }
            Request::Read { session, reads } => known(session)?.read(&reads),
            Request::Apply { how, line, parts } => {
                let (sessions, reply) = apply(how, line.as_ref(), parts, &known)?;
                for session in &sessions {
                    self.streams.wait_shown(session);
                }
                Ok(reply)
            }
            Request::Steps { session, id, line, steps } => {
                let session = known(session)?;
                let reply = steps_of(&session, id, line.as_ref(), steps, &known)?;
                self.streams.wait_shown(&session);
                Ok(reply)
            }
            Request::Hold { session, files } => known(session)?.hold(&files),
            Request::Held { session, handles } => {
                let session = known(session)?;
                session.checkout.root()?;
                Ok(Reply::Held(session.held(handles)))
            }
            Request::Release { session, roots, handles } => {
                let session = known(session)?;
                session.roots.release(&roots);
                session.release(&handles);
                Ok(Reply::Ok)
            }
            Request::Do { session, id, line, call } => {
                let session = known(session)?;
                let (changed, reply) = session.call(id, line.as_ref(), &call)?;
                if changed {
                    self.streams.wait_shown(&session);
                }
                Ok(reply)
            }
            Request::Pin { session } => Ok(Reply::Pin(known(session)?.checkout.pin())),
            Request::Sync { session } => {
                known(session)?.checkout.sync()?;
                Ok(Reply::Ok)
            }
            Request::Close { session } => {
                let session = known(session)?;
                self.sessions.write().remove(session.id);
                self.streams.end(session.id);
                session.close()?;
                Ok(Reply::Ok)
            }
        }
    }

    fn open(
        &self,
        token: &str,
        own: Hash32,
        repo: &RepoId,
        pin: &Pin,
        access: Access,
    ) -> Result<Reply, ErrorBody> {
        let checkout = self.backend.open(&AccessToken::new(token.to_owned()), repo, pin, access)?;
        // The backend has verified it, so that it says the truth.
        let key = claims(token).map(|claims| claims.key).unwrap_or_default();
        let id = SessionId(random()?);
        let tags = Arc::clone(&self.tags);
        let session = Arc::new(Session::new(id, (own, key), checkout, tags));
        let opened = session.opened()?;
        let mut sessions = self.sessions.write();
        let of_key = sessions.of_key.get(&session.key).copied().unwrap_or(0);
        if sessions.all.len() >= self.limits.sessions || of_key >= self.limits.sessions_per_key {
            drop(sessions);
            session.abandon();
            return Err(ErrorBody::new(code::BUSY, "too many mounts"));
        }
        if self.closing.load(Ordering::Acquire) {
            drop(sessions);
            session.abandon();
            return Err(ErrorBody::new(code::CLOSING, "the server is being stopped"));
        }
        sessions.insert(session);
        Ok(Reply::Opened(opened))
    }

    /// The session `id`, if it is this token's. What is another's is told as if it were not there.
    fn session(&self, own: Hash32, id: SessionId) -> Result<Arc<Session>, ErrorBody> {
        let session = self.sessions.read().all.get(&id).filter(|known| known.token == own).cloned();
        let session =
            session.ok_or_else(|| ErrorBody::new(code::NO_SESSION, "no such session is open"))?;
        session.touch();
        Ok(session)
    }

    /// As [`Service::call`] looks a session up.
    pub(crate) fn session_of(&self, token: &str, id: SessionId) -> Result<Arc<Session>, ErrorBody> {
        self.session(hash(token), id)
    }

    /// Whether a session is open under this token.
    pub(crate) fn knows(&self, token: &str) -> bool {
        self.sessions.read().of_token.contains_key(&hash(token))
    }

    /// Closes the sessions that nobody uses.
    pub(crate) fn tidy(&self) {
        let Some(since) = Instant::now().checked_sub(self.limits.idle) else { return };
        let mut sessions = self.sessions.write();
        let all = sessions.all.values();
        let idle: Vec<SessionId> =
            all.filter(|known| known.is_idle(since)).map(|known| known.id).collect();
        let idle: Vec<_> = idle.iter().filter_map(|id| sessions.remove(*id)).collect();
        drop(sessions);
        idle.iter().for_each(|session| session.abandon());
    }

    /// Refuses calls from now on, waits for those that run, ends the streams, and closes every session.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let calls_have_ended = self.running.try_write_for(STOP_WAIT);
        if calls_have_ended.is_none() {
            tracing::warn!("calls that run are cut short");
        }
        self.streams.end_all();
        let sessions = std::mem::take(&mut *self.sessions.write());
        sessions.all.values().for_each(|session| session.abandon());
    }
}
