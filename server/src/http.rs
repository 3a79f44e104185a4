//! The calls over HTTP/1.1, on TCP and Unix sockets.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use mesa_protocol::{
    CALL_PATH, CONTENT_TYPE, EVENTS_PATH, EVENTS_PROTOCOL, ErrorBody, HEALTH_PATH,
    MESSAGE_BYTES_MAX, SessionId, claims, code, decode, encode,
};
use mesafs::token::KeyId;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::admin::Peer;
use crate::service::Service;
use crate::stream::{FRAMES_MAX, pump};

/// The longest call of who has no session yet.
const OPENING_BYTES_MAX: usize = 64 << 10;
/// How long a client may take to send a head, and a body.
const HEAD_WAIT: Duration = Duration::from_secs(15);
const BODY_WAIT: Duration = Duration::from_secs(120);
/// How long a client may take to take a frame.
const FRAME_WAIT: Duration = Duration::from_secs(30);
/// How long calls that run may take when the server is stopped.
const STOP_WAIT: Duration = Duration::from_secs(10);
/// How often sessions that nobody uses are looked for.
const TIDY: Duration = Duration::from_secs(15);
/// How often the tokens of streams are looked at.
const TOKENS: Duration = Duration::from_millis(250);
/// What an answer has its name in the log in.
const REQUEST_ID: &str = "x-request-id";
/// The stack of a thread that waits for events.
const STREAM_STACK: usize = 512 << 10;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A loopback address; the port 0 is any.
    Tcp(SocketAddr),
    Unix(PathBuf),
    /// A Unix socket for the user of this process alone.
    Private(PathBuf),
}

/// Why a server does not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    #[error("{0}: not a loopback address: let a reverse proxy do TLS and listen there")]
    NotLoopback(SocketAddr),
    #[error("{place}: {source}")]
    Listen { place: String, source: io::Error },
    #[error("another server listens on {}", .0.display())]
    Taken(PathBuf),
    #[error("no threads to be had: {0}")]
    Threads(io::Error),
}

/// A service on its sockets. It goes on until it is stopped or dropped.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    runtime: Option<Runtime>,
    desk: Arc<Desk>,
    stop: watch::Sender<bool>,
    accepting: Vec<tokio::task::JoinHandle<()>>,
    addresses: Vec<SocketAddr>,
    sockets: Vec<PathBuf>,
}

/// What the connections share.
#[derive(Debug)]
struct Desk {
    service: Arc<Service>,
    connections: Arc<Semaphore>,
    calls: Mutex<HashMap<String, Weak<Semaphore>>>,
    /// Names this server's requests in the log, with a number each.
    name: u32,
    requests: AtomicU64,
}

impl Server {
    /// Listens, and answers from now on on threads of its own.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(service: Service, places: &[Listen]) -> Result<Self, ServerError> {
        let service = Arc::new(service);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("mesa-server")
            .enable_all()
            .build()
            .map_err(ServerError::Threads)?;
        let desk = Arc::new(Desk {
            connections: Arc::new(Semaphore::new(service.limits.connections)),
            calls: Mutex::default(),
            name: std::process::id(),
            requests: AtomicU64::new(0),
            service: Arc::clone(&service),
        });
        let (stop, _) = watch::channel(false);
        let (accepting, addresses, sockets) = (Vec::new(), Vec::new(), Vec::new());
        let mut server =
            Self { service, runtime: Some(runtime), desk, stop, accepting, addresses, sockets };
        for place in places {
            server.listen(place)?;
        }
        server.tidy();
        Ok(server)
    }

    /// Listens at another place too.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn listen(&mut self, place: &Listen) -> Result<(), ServerError> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        let _entered = runtime.enter();
        let failed = |source| ServerError::Listen { place: told(place), source };
        let stop = self.stop.subscribe();
        let socket = match place {
            Listen::Tcp(address) if !address.ip().is_loopback() => {
                return Err(ServerError::NotLoopback(*address));
            }
            Listen::Tcp(address) => {
                let listener = std::net::TcpListener::bind(address).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                self.addresses.push(listener.local_addr().map_err(failed)?);
                Socket::Tcp(TcpListener::from_std(listener).map_err(failed)?)
            }
            Listen::Unix(path) | Listen::Private(path) => {
                let listener = bind_unix(path)?;
                self.sockets.push(path.clone());
                listener.set_nonblocking(true).map_err(failed)?;
                let private = matches!(place, Listen::Private(_));
                if private {
                    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                    std::fs::set_permissions(path, mode).map_err(failed)?;
                }
                let listener = UnixListener::from_std(listener).map_err(failed)?;
                if private { Socket::Private(listener) } else { Socket::Unix(listener) }
            }
        };
        let accepting = runtime.spawn(accept(Arc::clone(&self.desk), stop, socket));
        self.accepting.push(accepting);
        Ok(())
    }

    fn tidy(&mut self) {
        let (service, mut stop) = (Arc::clone(&self.service), self.stop.subscribe());
        if let Some(runtime) = &self.runtime {
            self.accepting.push(runtime.spawn(async move {
                while tokio::time::timeout(TOKENS, stop.changed()).await.is_err() {
                    let streams = Arc::clone(&service.streams);
                    let _ended = tokio::task::spawn_blocking(move || streams.check_tokens()).await;
                }
            }));
        }
        let (service, mut stop) = (Arc::clone(&self.service), self.stop.subscribe());
        let Some(runtime) = &self.runtime else { return };
        self.accepting.push(runtime.spawn(async move {
            while tokio::time::timeout(TIDY, stop.changed()).await.is_err() {
                let service = Arc::clone(&service);
                let _ended = tokio::task::spawn_blocking(move || service.tidy()).await;
            }
        }));
    }

    /// The TCP addresses that it listens on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Takes nothing new, waits for the calls that run, tells the streams, closes the sessions.
    pub fn stop(mut self) {
        self.shut();
    }

    fn shut(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        self.stop.send_replace(true);
        self.service.close();
        let accepting = std::mem::take(&mut self.accepting);
        let ended = async {
            for accept in accepting {
                let _ended = accept.await;
            }
        };
        // Not on a thread of the caller's own runtime, where there is one.
        let wait = move || {
            runtime.block_on(async {
                let _late = tokio::time::timeout(STOP_WAIT, ended).await;
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        };
        if std::thread::spawn(wait).join().is_err() {
            tracing::error!("the server did not end well");
        }
        for path in &self.sockets {
            let _gone = std::fs::remove_file(path);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shut();
    }
}

fn told(place: &Listen) -> String {
    match place {
        Listen::Tcp(address) => address.to_string(),
        Listen::Unix(path) | Listen::Private(path) => path.display().to_string(),
    }
}

/// Binds a socket, in the place of one that a dead process left.
fn bind_unix(path: &Path) -> Result<std::os::unix::net::UnixListener, ServerError> {
    use std::os::unix::net::{UnixListener, UnixStream};
    let failed = |source| ServerError::Listen { place: path.display().to_string(), source };
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path).map_err(failed)?;
                UnixListener::bind(path).map_err(failed)
            }
            Ok(_) => Err(ServerError::Taken(path.to_owned())),
            Err(error) => Err(failed(error)),
        },
        bound => bound.map_err(failed),
    }
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
    Private(UnixListener),
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Socket {
    async fn accept(&self) -> io::Result<(Box<dyn Stream>, Peer)> {
        let own = rustix::process::geteuid().as_raw();
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), Peer::Anyone))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let same = stream.peer_cred().is_ok_and(|peer| peer.uid() == own);
                Ok((Box::new(stream), if same { Peer::SameUser } else { Peer::Anyone }))
            }
            Self::Private(listener) => loop {
                let (stream, _) = listener.accept().await?;
                // Whoever came by before the mode was set is no better than others.
                if stream.peer_cred()?.uid() == own {
                    return Ok((Box::new(stream), Peer::Owner));
                }
            },
        }
    }
}

/// Takes connections until the server is stopped, and then waits for the calls on them.
async fn accept(desk: Arc<Desk>, mut stop: watch::Receiver<bool>, socket: Socket) {
    let app = Router::new()
        .route(CALL_PATH, post(call))
        .route(EVENTS_PATH, get(events))
        .route(HEALTH_PATH, get(health))
        .fallback(no_page)
        .with_state(Arc::clone(&desk));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let stream = tokio::select! {
            _ = stop.changed() => break,
            stream = socket.accept() => stream,
        };
        let (stream, peer) = match stream {
            Ok(accepted) => accepted,
            // Out of descriptors, or a client that went at once: others may do better.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        // Who comes when all places are taken is hung up on.
        let Ok(place) = Arc::clone(&desk.connections).try_acquire_owned() else { continue };
        let router = TowerToHyperService::new(app.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WAIT)
            .max_buf_size(128 << 10)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut stop = stop.clone();
        connections.spawn(async move {
            // What goes wrong on a connection is its client's to know.
            let mut connection = pin!(connection);
            tokio::select! {
                _ended = connection.as_mut() => {}
                _ = stop.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ended = connection.await;
                }
            }
            drop(place);
        });
    }
    while connections.join_next().await.is_some() {}
}

async fn health() -> &'static str {
    "ok\n"
}

async fn no_page() -> Response {
    failure(&ErrorBody::new(code::NOT_FOUND, "no such page"))
}

fn failure(error: &ErrorBody) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(error).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn token(headers: &HeaderMap) -> Result<&str, ErrorBody> {
    let told = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    told.and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| ErrorBody::new(code::UNAUTHORIZED, "no access token"))
}

impl Desk {
    fn request_id(&self) -> String {
        format!("{:x}-{:x}", self.name, self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// The turns of the key that a token names.
    fn turns(&self, token: &str) -> Arc<Semaphore> {
        // Who names no key shares the turns of all who do not.
        let known = self.service.knows(token);
        let key = claims(token).filter(|_| known).map(|claims| claims.key).unwrap_or_default();
        let mut calls = self.calls.lock();
        if let Some(turns) = calls.get(&key).and_then(Weak::upgrade) {
            return turns;
        }
        calls.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(self.service.limits.calls_per_key));
        calls.insert(key, Arc::downgrade(&turns));
        turns
    }
}

async fn call(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let begun = Instant::now();
    let mut about = About { id: desk.request_id(), ..About::default() };
    let answered = answer(&desk, request, &mut about).await;
    let error = answered.as_ref().err().cloned();
    let mut response = match answered {
        Ok(bytes) => {
            let content_type = HeaderValue::from_static(CONTENT_TYPE);
            ([(header::CONTENT_TYPE, content_type)], bytes).into_response()
        }
        Err(error) => failure(&error),
    };
    about.log(response.status(), error.as_ref(), begun);
    if let Ok(id) = HeaderValue::from_str(&about.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// What the log says of a request: no token, no path, no content.
#[derive(Debug, Default)]
struct About {
    id: String,
    /// The key that is said to have signed its token, in short.
    key: Option<String>,
    what: &'static str,
}

impl About {
    fn log(&self, status: StatusCode, error: Option<&ErrorBody>, begun: Instant) {
        let (id, what) = (self.id.as_str(), self.what);
        let key = self.key.as_deref().unwrap_or("-");
        let code = error.map_or("-", |error| &*error.code);
        let (status, us) = (status.as_u16(), begun.elapsed().as_micros());
        let ms = format!("{}.{:03}", us / 1000, us % 1000);
        match status {
            401 | 403 => {
                tracing::warn!(target: "mesa_server::call", request = id, key, what, status, code, ms, "refused");
            }
            500 => {
                tracing::error!(target: "mesa_server::call", request = id, key, what, status, code, ms, "failed");
            }
            _ => {
                tracing::info!(target: "mesa_server::call", request = id, key, what, status, code, ms, "answered");
            }
        }
    }
}

/// The key that a token names, in short, if it is a key's id at all.
fn fingerprint(token: &str) -> Option<String> {
    let key = KeyId::parse(&claims(token)?.key).ok()?;
    Some(key.short().to_owned())
}

async fn answer(
    desk: &Arc<Desk>,
    request: Request,
    about: &mut About,
) -> Result<Vec<u8>, ErrorBody> {
    let (head, body) = request.into_parts();
    let peer = head.extensions.get::<Peer>().copied().unwrap_or(Peer::Anyone);
    let token = match token(&head.headers) {
        Err(_) if peer == Peer::Owner => String::new(),
        token => token?.to_owned(),
    };
    about.key = fingerprint(&token);
    let turns = desk.turns(&token);
    let turn = async {
        let turn = tokio::time::timeout(BODY_WAIT, turns.acquire_owned()).await;
        let busy = || ErrorBody::new(code::BUSY, "too many calls at once");
        turn.map_err(|_| busy())?.map_err(|_| busy())
    };
    // Who is not known takes nobody's turn while its call comes; who is, no memory before its own.
    let (turn, bytes) = if desk.service.knows(&token) {
        let turn = turn.await?;
        (turn, take(body, MESSAGE_BYTES_MAX).await?)
    } else {
        let bytes = take(body, OPENING_BYTES_MAX).await?;
        (turn.await?, bytes)
    };
    let service = Arc::clone(&desk.service);
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let request = match decode::<mesa_protocol::Request>(&bytes) {
            Ok(request) => request,
            Err(error) => {
                let text = format!("no call of this version: {error}");
                return ("-", Err(ErrorBody::new(code::MALFORMED, text)));
            }
        };
        drop(bytes);
        let what = request.name();
        let reply = service.call_from(peer, &token, request);
        let told = reply.and_then(|reply| {
            encode(&reply).map_err(|error| ErrorBody::new(code::FAILED, error.to_string()))
        });
        (what, told)
    });
    let (what, told) = done.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a call panicked");
        ("-", Err(ErrorBody::new(code::FAILED, "the server failed")))
    });
    about.what = what;
    told
}

async fn take(body: Body, bytes_max: usize) -> Result<Bytes, ErrorBody> {
    let bytes = tokio::time::timeout(BODY_WAIT, to_bytes(body, bytes_max)).await;
    bytes
        .map_err(|_| ErrorBody::new(code::MALFORMED, "the call did not come in time"))?
        .map_err(|_| ErrorBody::new(code::TOO_LARGE, "the call is cut or too long"))
}

async fn events(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    match stream(&desk, request) {
        Ok(response) => response,
        Err(error) => failure(&error),
    }
}

/// Takes the connection over for a stream of events.
fn stream(desk: &Arc<Desk>, mut request: Request) -> Result<Response, ErrorBody> {
    let malformed = |text: &str| ErrorBody::new(code::MALFORMED, text);
    let asked = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if asked != Some(EVENTS_PROTOCOL) {
        return Err(malformed("upgrade to mesa-events-v1 for events"));
    }
    let id = request.uri().query().and_then(|query| query.strip_prefix("session="));
    let id = id.and_then(|id| u128::from_str_radix(id, 16).ok()).map(SessionId);
    let id = id.ok_or_else(|| malformed("name a session"))?;
    let token = token(request.headers())?;
    let session = desk.service.session_of(token, id)?;
    let key = fingerprint(token).unwrap_or_default();
    let upgraded = hyper::upgrade::on(&mut request);
    let (frames, mut taken) = mpsc::channel::<Vec<u8>>(FRAMES_MAX);
    let (begun, number) = oneshot::channel();
    let streams = Arc::clone(&desk.service.streams);
    let pumping = Arc::clone(&streams);
    std::thread::Builder::new()
        .name("mesa-stream".into())
        .stack_size(STREAM_STACK)
        .spawn(move || {
            pump(&pumping, &session, &frames, |number| {
                // Nobody listens if the connection was not upgraded.
                let _gone = begun.send(number);
            });
        })
        .map_err(|_| ErrorBody::new(code::BUSY, "no threads to be had"))?;
    tokio::spawn(async move {
        let Ok(connection) = upgraded.await else { return };
        let Ok(number) = number.await else { return };
        let (mut reading, mut writing) = tokio::io::split(TokioIo::new(connection));
        let acknowledged = async {
            let mut seq = [0; 8];
            while reading.read_exact(&mut seq).await.is_ok() {
                streams.acknowledge(id, number, u64::from_le_bytes(seq));
            }
        };
        let told = async {
            while let Some(frame) = taken.recv().await {
                let len = u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes();
                let whole = [&len[..], &frame].concat();
                let written = tokio::time::timeout(FRAME_WAIT, writing.write_all(&whole)).await;
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
            }
            let _closed = writing.shutdown().await;
        };
        tracing::info!(target: "mesa_server::stream", key, session = ?id, "begins");
        tokio::select! { () = acknowledged => {}, () = told => {} }
        tracing::info!(target: "mesa_server::stream", key, session = ?id, "ends");
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(EVENTS_PROTOCOL));
    Ok(response)
}
