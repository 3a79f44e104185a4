//! The way to a server: calls on threads of its own, tried again while that may help.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesa_protocol::{
    BodyKey, CALL_PATH, CONTENT_TYPE, EVENTS_PATH, EVENTS_PROTOCOL, ErrorBody, MESSAGE_BYTES_MAX,
    Reply, Request, SessionId, code, decode, encode,
};
use mesafs::token::AccessToken;
use reqwest::{Client, Response, StatusCode, Upgraded, header};
use tokio::runtime::{Handle, Runtime};

use crate::address::Address;
use crate::cache::Cache;

/// Contents that are kept in memory.
const CACHE_BYTES: usize = 256 << 20;
/// How long a connection, and an answer, may take.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
const ANSWER_WAIT: Duration = Duration::from_secs(180);
/// How long what is done with a whole store may take.
const ADMIN_WAIT: Duration = Duration::from_secs(4 * 3600);
/// How long a call is tried again while no answer comes.
const PATIENCE: Duration = Duration::from_secs(3);
/// The pauses between attempts: from this, doubled up to that.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// A server that is away for longer is told of.
const AWAY_AFTER: Duration = Duration::from_millis(1500);
/// The longest answer that says no more than why not.
const ERROR_BYTES_MAX: usize = 1 << 20;

pub(crate) const NONSENSE: &str = "the server answered what it was not asked";

/// Why there is no way to a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    #[error("no threads to be had: {0}")]
    Threads(std::io::Error),
    #[error("{0}")]
    Client(#[from] reqwest::Error),
}

#[derive(Debug)]
pub(crate) struct Link {
    runtime: Option<Runtime>,
    client: Client,
    base: String,
    /// Whether an answer may take a while: the server is not on a socket of this machine.
    pub far: bool,
    /// Blocks of contents, for all mounts of the process: what they may read they have looked up.
    pub blocks: Cache<(BodyKey, u64), Bytes>,
    /// Whether the last call waited for an answer in vain: the next ones do not.
    down: AtomicBool,
    /// Whether a stream of events was cut.
    cut: AtomicBool,
    watcher: OnceLock<Watcher>,
    /// Whether that was told.
    told: AtomicBool,
}

/// Who is told when the server is away, and when it is back.
struct Watcher(Box<dyn Fn(Connection) + Send + Sync>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// Whether a server can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// What was read before can be read, and nothing written.
    Away,
    Back,
}

/// A failure, and whether it may pass.
struct Failed {
    error: ErrorBody,
    passing: bool,
    /// Whether the call may have arrived, and its answer was lost.
    sent: bool,
}

impl From<ErrorBody> for Failed {
    fn from(error: ErrorBody) -> Self {
        Self { error, passing: false, sent: false }
    }
}

fn unreachable(error: &reqwest::Error) -> ErrorBody {
    let mut source: &dyn std::error::Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    ErrorBody::new(code::UNREACHABLE, format!("the server cannot be reached: {source}"))
}

impl Link {
    pub fn new(address: &Address) -> Result<Self, LinkError> {
        // One is there already if another link was made before.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("mesa-remote")
            .enable_all()
            .build()
            .map_err(LinkError::Threads)?;
        let client = Client::builder().connect_timeout(CONNECT_WAIT).tcp_nodelay(true).no_proxy();
        let (client, base) = match address {
            Address::Http(base) => (client, base.clone()),
            Address::Unix(path) => {
                (client.unix_socket(path.as_path()), "http://localhost".to_owned())
            }
        };
        let (client, down) = (client.build()?, AtomicBool::new(false));
        let blocks = Cache::new(CACHE_BYTES);
        let (cut, told) = (AtomicBool::new(false), AtomicBool::new(false));
        let (runtime, watcher) = (Some(runtime), OnceLock::new());
        let far = matches!(address, Address::Http(_));
        Ok(Self { runtime, client, base, far, blocks, down, cut, watcher, told })
    }

    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    /// Tells `watcher` of a server that is away for longer than another would take to come in its place.
    pub fn watch(&self, watcher: impl Fn(Connection) + Send + Sync + 'static) {
        let _first_is_right = self.watcher.set(Watcher(Box::new(watcher)));
    }

    pub fn set_cut(self: &Arc<Self>, cut: bool) {
        if self.cut.swap(cut, Ordering::AcqRel) == cut {
            return;
        }
        if !cut {
            self.tell(Connection::Back);
            return;
        }
        let link = Arc::downgrade(self);
        self.spawn(async move {
            tokio::time::sleep(AWAY_AFTER).await;
            if let Some(link) = link.upgrade().filter(|link| link.is_cut()) {
                link.tell(Connection::Away);
            }
        });
    }

    /// Tells what was not told last.
    fn tell(&self, connection: Connection) {
        let away = connection == Connection::Away;
        if self.told.swap(away, Ordering::AcqRel) == away {
            return;
        }
        tracing::warn!(?connection, "the server");
        if let Some(Watcher(tell)) = self.watcher.get() {
            tell(connection);
        }
    }

    /// What runs on the link's own threads.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(task);
        }
    }

    /// What may wait runs there too, on threads that may.
    pub fn spawn_blocking(&self, task: impl FnOnce() + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn_blocking(task);
        }
    }

    fn handle(&self) -> Option<&Handle> {
        self.runtime.as_ref().map(Runtime::handle)
    }

    /// Makes a call and waits for its answer, on whatever thread. Calls are made again while no answer
    /// comes: none does harm when it arrives twice.
    pub fn call(&self, token: &AccessToken, request: &Request) -> Result<Reply, ErrorBody> {
        self.call_noting(token, request).map_err(|(error, _)| error)
    }

    /// As [`Link::call`]; a failure comes with whether an answer was lost before, so that the call may
    /// have been done.
    pub fn call_noting(
        &self,
        token: &AccessToken,
        request: &Request,
    ) -> Result<Reply, (ErrorBody, bool)> {
        let mut lost = false;
        self.attempts(token, request, &mut lost).map_err(|error| (error, lost))
    }

    fn attempts(
        &self,
        token: &AccessToken,
        request: &Request,
        lost: &mut bool,
    ) -> Result<Reply, ErrorBody> {
        let body =
            encode(request).map_err(|error| ErrorBody::new(code::FAILED, error.to_string()))?;
        if body.len() > MESSAGE_BYTES_MAX {
            return Err(ErrorBody::new(code::TOO_LARGE, "too much for one call"));
        }
        let body = Bytes::from(body);
        let until = Instant::now() + PATIENCE;
        let mut pause = PAUSE_MIN;
        loop {
            match self.once(token, body.clone(), ANSWER_WAIT) {
                Ok(reply) => {
                    self.down.store(false, Ordering::Relaxed);
                    return Ok(reply);
                }
                Err(failed) if failed.passing => {
                    *lost |= failed.sent;
                    let down = self.down.load(Ordering::Relaxed);
                    if down || Instant::now() + pause > until {
                        self.down.store(true, Ordering::Relaxed);
                        return Err(failed.error);
                    }
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(failed) => {
                    self.down.store(false, Ordering::Relaxed);
                    return Err(failed.error);
                }
            }
        }
    }

    /// Makes a call that is not made again: what it does twice it would not do as well.
    pub fn call_once(&self, token: &AccessToken, request: &Request) -> Result<Reply, ErrorBody> {
        let body =
            encode(request).map_err(|error| ErrorBody::new(code::FAILED, error.to_string()))?;
        self.once(token, body.into(), ADMIN_WAIT).map_err(|failed| failed.error)
    }

    fn once(&self, token: &AccessToken, body: Bytes, wait: Duration) -> Result<Reply, Failed> {
        let gone = || ErrorBody::new(code::UNREACHABLE, "the mount's threads are gone");
        let request = self
            .client
            .post(format!("{}{CALL_PATH}", self.base))
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .bearer_auth(token.expose())
            .timeout(wait)
            .body(body);
        let (answered, answer) = mpsc::sync_channel(1);
        self.handle().ok_or_else(gone)?.spawn(async move {
            let taken = async {
                let response = request.send().await?;
                let status = response.status();
                Ok::<_, reqwest::Error>((status, take(response, MESSAGE_BYTES_MAX).await?))
            };
            // Nobody waits if the caller's thread has ended.
            let _gone = answered.send(taken.await);
        });
        let answer = answer.recv().map_err(|_| gone())?;
        let (status, bytes) = answer.map_err(|error| Failed {
            error: unreachable(&error),
            passing: true,
            sent: !error.is_connect(),
        })?;
        if status == StatusCode::OK {
            return decode(&bytes)
                .map_err(|_| Failed::from(ErrorBody::new(code::FAILED, NONSENSE)));
        }
        Err(refusal(status, &bytes))
    }

    /// Connects to the stream of events of a session.
    pub async fn events(
        &self,
        token: &AccessToken,
        session: SessionId,
    ) -> Result<Upgraded, ErrorBody> {
        let request = self
            .client
            .get(format!("{}{EVENTS_PATH}?session={session}", self.base))
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, EVENTS_PROTOCOL)
            .bearer_auth(token.expose());
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if status != StatusCode::SWITCHING_PROTOCOLS {
            let bytes = take(response, ERROR_BYTES_MAX).await;
            return Err(refusal(status, &bytes.unwrap_or_default()).error);
        }
        response.upgrade().await.map_err(|error| unreachable(&error))
    }
}

async fn take(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > bytes_max {
            break;
        }
    }
    Ok(bytes)
}

/// An answer that says why not; one that a proxy gives for a server that is away may pass.
fn refusal(status: StatusCode, bytes: &[u8]) -> Failed {
    match serde_json::from_slice::<ErrorBody>(bytes) {
        Ok(error) => {
            let passing = error.code == code::CLOSING;
            Failed { error, passing, sent: false }
        }
        Err(_) => {
            let error = format!("the server cannot be reached: HTTP status {status}");
            let passing = status.is_server_error();
            Failed { error: ErrorBody::new(code::UNREACHABLE, error), passing, sent: passing }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Not waited for: the last one to drop it may be one of its own threads.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A pause that grows with each attempt.
pub(crate) fn pause(attempt: u32) -> Duration {
    PAUSE_MIN.saturating_mul(1 << attempt.min(10)).min(PAUSE_MAX * 4)
}
