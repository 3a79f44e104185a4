//! What a server refuses, what it does once, and how mounts outlive it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mesa_protocol::{
    Batch, Body, CALL_PATH, How, Op, Opened, Part, Piece, Place, Reply, Request, SessionId, Target,
    code, decode, encode,
};
use mesa_remote::{Address, RemoteBackend};
use mesa_server::{Limits, Listen, Server, Service};
use mesafs::backend::EventQueue;
use mesafs::clock::Clock;
use mesafs::op::{self, BatchId};
use mesafs::token::AccessToken;
use mesafs::tree::Node;
use mesafs::{Access, Backend, Checkout, Errno, OrgName, Pin, RepoId, RepoPath, Volume};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use testkit::MemoryMount;

struct Fixture {
    memory: MemoryMount,
    app: RepoId,
    token: AccessToken,
}

impl Fixture {
    fn new() -> Self {
        let memory = MemoryMount::new(&[]);
        let app = RepoId::parse("app", &OrgName::new("acme").unwrap()).unwrap();
        let token = memory.backend.token(std::slice::from_ref(&app));
        Self { memory, app, token }
    }

    fn service(&self) -> Service {
        Service::new(Arc::new(self.memory.backend.clone()), Limits::default()).unwrap()
    }

    fn open(&self, service: &Service) -> Opened {
        match service.call(self.token.expose(), self.opening()).unwrap() {
            Reply::Opened(opened) => opened,
            other => panic!("{other:?}"),
        }
    }

    fn opening(&self) -> Request {
        Request::Open { repo: self.app.clone(), pin: Pin::Default, access: Access::ReadWrite }
    }

    fn mount(&self, address: &Address) -> Arc<dyn Checkout> {
        let clock = Arc::clone(&self.memory.clock) as Arc<dyn Clock>;
        let remote = RemoteBackend::new(address, clock).unwrap();
        remote.open(&self.token, &self.app, &Pin::Default, Access::ReadWrite).unwrap()
    }
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn append(session: SessionId, id: u128, text: &'static [u8]) -> Request {
    let (to, data) = (path("log"), Bytes::from_static(text));
    let ops = vec![
        Op::Create { path: to.clone(), mode: 0o644, if_exists: op::IfExists::Keep },
        Op::Append { target: Target::Path(to), data },
    ];
    let part = Part { session, batch: Batch { id, now_ns: 1, ops }, version: 0 };
    Request::Apply { how: How::Plain, line: None, parts: vec![part] }
}

fn write(checkout: &dyn Volume, name: &str, text: &'static [u8]) -> mesafs::FsResult<()> {
    let (path, data) = (path(name), Bytes::from_static(text));
    let ops = vec![op::Op::Write { path, mode: 0o644, data }];
    let id = BatchId(random_id());
    checkout.apply(op::Batch { id, now_ns: 1, ops }).map(drop)
}

fn random_id() -> u128 {
    u128::from_le_bytes(std::array::from_fn(|_| random().next_u32() as u8))
}

/// Another stream of numbers at each call.
fn random() -> TestRng {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SEED: AtomicU64 = AtomicU64::new(1);
    let seed = SEED.fetch_add(1, Ordering::Relaxed).to_le_bytes();
    let seed: [u8; 32] = std::array::from_fn(|at| seed[at % 8] ^ at as u8);
    TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
}

fn read(checkout: &dyn Volume, name: &str) -> mesafs::FsResult<Bytes> {
    match checkout.root()?.lookup(&path(name))? {
        Node::File(file) => file.body.read_all(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_that_is_touched_opens_nothing() {
    let fixture = Fixture::new();
    let service = fixture.service();
    let good = fixture.token.expose().as_bytes().to_vec();
    let mut random = random();
    for _ in 0..10_000 {
        let mut token = good.clone();
        for _ in 0..=random.next_u32() % 3 {
            let at = random.next_u32() as usize % token.len().max(1);
            if token.is_empty() {
                break;
            }
            match random.next_u32() % 4 {
                0 => drop(token.remove(at)),
                1 => token.insert(at, b'A' + (random.next_u32() % 26) as u8),
                2 => token.truncate(at + 1),
                _ => token[at] = b"-._Az09"[random.next_u32() as usize % 7],
            }
        }
        let token = String::from_utf8(token).unwrap();
        if token.as_bytes() != good {
            let refused = service.call(&token, fixture.opening()).unwrap_err();
            assert_eq!(refused.code, code::UNAUTHORIZED, "{token}: {}", refused.message);
            assert!(!refused.message.contains(&token[token.len() / 2..]) || token.len() < 8);
        }
    }
    fixture.open(&service);
}

#[test]
fn a_repository_beyond_the_token_is_told_as_missing() {
    let fixture = Fixture::new();
    let service = fixture.service();
    let org = OrgName::new("acme").unwrap();
    let told = ["lib", "none"].map(|name| {
        let repo = RepoId::parse(name, &org).unwrap();
        let open = Request::Open { repo, pin: Pin::Default, access: Access::ReadOnly };
        let refused = service.call(fixture.token.expose(), open).unwrap_err();
        (refused.code.clone(), refused.message.replace(name, "X"))
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, "no_repo");
}

#[test]
fn a_session_is_its_tokens_alone() {
    let fixture = Fixture::new();
    let service = fixture.service();
    let opened = fixture.open(&service);
    let org = OrgName::new("acme").unwrap();
    let both = ["app", "lib"].map(|name| RepoId::parse(name, &org).unwrap());
    let other = fixture.memory.backend.token(&both);
    for token in [other.expose(), "", "x"] {
        let root = Request::Root { session: opened.session };
        let refused = service.call(token, root).unwrap_err();
        assert_eq!(refused.code, code::NO_SESSION);
    }
}

#[test]
fn a_batch_that_is_sent_again_applies_once() {
    let fixture = Fixture::new();
    let service = fixture.service();
    let opened = fixture.open(&service);
    let call = |request| service.call(fixture.token.expose(), request);
    let first = call(append(opened.session, 7, b"once\n")).unwrap();
    assert_eq!(call(append(opened.session, 7, b"once\n")).unwrap(), first);
    call(append(opened.session, 8, b"twice\n")).unwrap();
    let mount =
        fixture.memory.backend.open(&fixture.token, &fixture.app, &Pin::Default, Access::ReadOnly);
    assert_eq!(&read(&*mount.unwrap(), "log").unwrap()[..], b"once\ntwice\n");
}

#[test]
fn a_batch_that_failed_is_not_done_when_it_comes_again() {
    let fixture = Fixture::new();
    let service = fixture.service();
    let session = fixture.open(&service).session;
    let apply = |id, op| {
        let part = Part { session, batch: Batch { id, now_ns: 1, ops: vec![op] }, version: 0 };
        let request = Request::Apply { how: How::Plain, line: None, parts: vec![part] };
        service.call(fixture.token.expose(), request)
    };
    let make = || Op::Create { path: path("f"), mode: 0o644, if_exists: op::IfExists::Fail };
    apply(1, make()).unwrap();
    let refused = apply(2, make()).unwrap_err();
    apply(3, Op::Remove { path: path("f"), recursive: false }).unwrap();
    assert_eq!(apply(2, make()).unwrap_err(), refused);
    apply(4, make()).unwrap();
}

#[test]
fn whatever_is_called_is_answered() {
    let fixture = Fixture::new();
    let service = fixture.service();
    let opened = fixture.open(&service);
    let session = opened.session;
    let place = Place::Tree { root: opened.root.number, path: path("log") };
    let known = Piece::Known {
        session,
        place,
        expected: mesa_protocol::BodyKey::Fresh { server: 1, tag: 1 },
        offset: 0,
        len: u64::MAX,
    };
    let replace =
        Op::Replace { path: path("log"), base: Body(vec![known]), data: Bytes::from_static(b"x") };
    let part = Part {
        session,
        batch: Batch { id: 1, now_ns: i64::MIN, ops: vec![replace] },
        version: u64::MAX,
    };
    let seeds = [
        fixture.opening(),
        append(session, 3, b"x"),
        Request::Apply { how: How::Together, line: Some("ls".into()), parts: vec![part] },
        Request::List { session, root: 1, paths: vec![path(""), path("d")], entries_max: u32::MAX },
        Request::Hold { session, files: vec![(1, path("log"))] },
        Request::Held { session, handles: vec![1, 2, u64::MAX] },
        Request::Release { session, roots: vec![9], handles: vec![9] },
    ]
    .map(|request| encode(&request).unwrap());
    let mut random = random();
    let (mut read, mut total) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = seeds[random.next_u32() as usize % seeds.len()].clone();
        for _ in 0..random.next_u32() % 4 {
            let at = random.next_u32() as usize % bytes.len();
            match random.next_u32() % 3 {
                0 => bytes[at] = random.next_u32() as u8,
                1 => bytes[at] = bytes[at].wrapping_add(1),
                _ => bytes.truncate(at + 1),
            }
        }
        total += 1;
        if let Ok(request) = decode::<Request>(&bytes) {
            read += 1;
            drop(service.call(fixture.token.expose(), request));
        }
    }
    assert!(read > total / 10, "{read} of {total} could be read");
    let root = Request::Root { session };
    assert!(matches!(service.call(fixture.token.expose(), root), Ok(Reply::Root(_))));
}

fn listening(fixture: &Fixture) -> (Server, SocketAddr) {
    let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
    let server = Server::start(fixture.service(), &[listen]).unwrap();
    let address = server.addresses()[0];
    (server, address)
}

/// What comes back for some bytes.
fn sent(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // It may hang up before it has everything.
    let _cut = stream.write_all(bytes);
    // Who ends its side of a connection wants no answer any more.
    if !bytes.windows(11).any(|part| part == b"Connection:") {
        let _cut = stream.shutdown(std::net::Shutdown::Write);
    }
    let mut answer = Vec::new();
    let _cut = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn whatever_comes_the_server_goes_on() {
    let fixture = Fixture::new();
    let (_server, address) = listening(&fixture);
    let post = |headers: &str, body: &str| {
        let len = body.len();
        let head = format!("POST {CALL_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        sent(address, format!("{head}Content-Length: {len}\r\n{headers}\r\n{body}").as_bytes())
    };
    assert!(post("", "x").starts_with("HTTP/1.1 401 "));
    assert!(post("Authorization: Basic x\r\n", "x").starts_with("HTTP/1.1 401 "));
    assert!(post("Authorization: Bearer x\r\n", "x").starts_with("HTTP/1.1 400 "));
    let long = "x".repeat(70_000);
    assert!(post("Authorization: Bearer x\r\n", &long).starts_with("HTTP/1.1 413 "));
    assert!(post(&format!("Authorization: Bearer {long}\r\n"), "x").starts_with("HTTP/1.1 4"));
    let events = "GET /v1/events?session=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n";
    assert!(
        sent(address, format!("{events}Connection: close\r\n\r\n").as_bytes())
            .starts_with("HTTP/1.1 400 ")
    );
    let upgrade = "Connection: upgrade, close\r\nUpgrade: mesa-events-v1\r\n\r\n";
    assert!(sent(address, format!("{events}{upgrade}").as_bytes()).starts_with("HTTP/1.1 410 "));
    let mut random = random();
    for _ in 0..500 {
        let len = random.next_u32() as usize % 300;
        let mut bytes: Vec<u8> = (0..len).map(|_| random.next_u32() as u8).collect();
        if random.next_u32().is_multiple_of(2) {
            bytes.splice(0..0, *b"POST /v1/call HTTP/1.1\r\nHost: x\r\n");
        }
        sent(address, &bytes);
    }
    let health = sent(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(health.starts_with("HTTP/1.1 200 ") && health.ends_with("ok\n"), "{health}");
}

fn served(fixture: &Fixture, socket: &Path) -> Server {
    Server::start(fixture.service(), &[Listen::Unix(socket.to_owned())]).unwrap()
}

fn told_everything(queue: &mut dyn EventQueue) {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        let events = queue.wait(Some(Duration::from_millis(100)));
        if events.iter().any(|event| event.path.is_root() && event.recursive) {
            return;
        }
    }
    panic!("nothing was told");
}

#[test]
fn a_mount_outlives_its_server() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sock");
    let server = served(&fixture, &socket);
    let mount = fixture.mount(&Address::Unix(socket.clone()));
    write(&*mount, "f", b"before").unwrap();
    assert_eq!(&read(&*mount, "f").unwrap()[..], b"before");
    let held = mount.hold(&path("f")).unwrap();
    let mut queue = mount.subscribe().unwrap();
    server.stop();
    // What is at hand is read on; what is written is refused, and not kept for later.
    assert_eq!(&read(&*mount, "f").unwrap()[..], b"before");
    let refused = write(&*mount, "f", b"lost").unwrap_err();
    assert_eq!(refused.errno(), Errno::Io);
    assert!(refused.to_string().contains("cannot be reached"), "{refused}");
    let _server = served(&fixture, &socket);
    told_everything(&mut *queue);
    assert_eq!(&read(&*mount, "f").unwrap()[..], b"before");
    write(&*mount, "f", b"after").unwrap();
    assert_eq!(&read(&*mount, "f").unwrap()[..], b"after");
    assert_eq!(&held.file().unwrap().body.read_all().unwrap()[..], b"after");
}

#[test]
fn an_ended_token_ends_its_stream() {
    let fixture = Fixture::new();
    let (_server, address) = listening(&fixture);
    let mount = fixture.mount(&format!("http://{address}").parse().unwrap());
    fixture.memory.clock.advance_s(3600);
    let refused = mount.root().unwrap_err();
    assert_eq!(refused.to_string(), "Permission denied (access token expired)");
}

#[test]
fn only_loopback_is_listened_on() {
    let fixture = Fixture::new();
    let listen = Listen::Tcp("0.0.0.0:0".parse().unwrap());
    assert!(Server::start(fixture.service(), &[listen]).is_err());
}
