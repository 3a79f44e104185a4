//! Calls that are garbled: each is answered, none does what it must not, and the server goes on.
//!
//! With `MESASH_DEEP=1` two hundred thousand; without, a tenth of that.

#![expect(clippy::unwrap_used, reason = "tests")]

mod seeds;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use mesa_protocol::{
    CALL_PATH, EVENTS_PATH, EVENTS_PROTOCOL, Reply, Request, code, decode, encode,
};
use mesa_server::{Limits, Listen, Server, Service};
use mesafs::tree::Node;
use mesafs::{Access, Backend, OrgName, Pin, RepoId};
use seeds::{About, requests};
use testkit::MemoryMount;
use testkit::random::Random;

fn count(deep: u32) -> u32 {
    let is_deep = std::env::var_os("MESASH_DEEP").is_some_and(|value| value == "1");
    if is_deep { deep } else { deep / 10 }
}

struct Fixture {
    memory: MemoryMount,
    app: RepoId,
    token: String,
    service: Service,
    about: About,
}

impl Fixture {
    fn new() -> Self {
        let memory = MemoryMount::new(&[]);
        let app = RepoId::parse("app", &OrgName::new("acme").unwrap()).unwrap();
        let token = memory.backend.token(std::slice::from_ref(&app)).expose().to_owned();
        let backend = Arc::new(memory.backend.clone());
        let service = Service::new(backend, Limits::default()).unwrap();
        let about = opened(&service, &token, &app);
        Self { memory, app, token, service, about }
    }

    /// What the repository holds is what it may.
    fn check_tree(&self) {
        let token = self.memory.backend.token(std::slice::from_ref(&self.app));
        let opened =
            self.memory.backend.open(&token, &self.app, &Pin::Default, Access::ReadOnly).unwrap();
        for entry in opened.root().unwrap().walk() {
            let (path, node) = entry.unwrap();
            assert!(node.attributes().mode <= 0o7777, "{path}: {:o}", node.attributes().mode);
            for name in path.names() {
                let refused: [&[u8]; 4] = [b"", b".", b"..", b".git"];
                assert!(!refused.contains(&name) && name.len() <= 255, "{path}");
                assert!(std::str::from_utf8(name).is_ok(), "{path}");
            }
            if let Node::File(file) = node {
                // A hole of a gigabyte is a file like others.
                let len = usize::try_from(file.body.len().min(1 << 16)).unwrap();
                assert_eq!(file.body.read_at(0, len).unwrap().len(), len, "{path}");
            }
        }
    }
}

fn opened(service: &Service, token: &str, app: &RepoId) -> About {
    let open = Request::Open { repo: app.clone(), pin: Pin::Default, access: Access::ReadWrite };
    match service.call(token, open).unwrap() {
        Reply::Opened(opened) => {
            About { session: opened.session, root: opened.root.number, repo: app.clone() }
        }
        other => panic!("{other:?}"),
    }
}

/// Some bytes of a message are others, more, or fewer.
fn garble(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.at(bytes.len());
        match random.below(8) {
            0 => bytes[at] = random.byte(),
            1 => bytes[at] = bytes[at].wrapping_add(1),
            2 => bytes[at] ^= 1 << random.below(8),
            3 => bytes.truncate(at + 1),
            4 => bytes.insert(at, random.byte()),
            5 => drop(bytes.remove(at)),
            6 => {
                // Lengths and numbers that are the largest of their form.
                let forms: [&[u8]; 6] = [
                    &[0xdb, 0xff, 0xff, 0xff, 0xff],
                    &[0xc6, 0xff, 0xff, 0xff, 0xff],
                    &[0xdd, 0xff, 0xff, 0xff, 0xff],
                    &[0xdf, 0xff, 0xff, 0xff, 0xff],
                    &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                    &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
                ];
                let form = forms[random.at(forms.len())];
                bytes.splice(at..at + 1, form.iter().copied());
            }
            _ => {
                let from = random.at(bytes.len());
                let len = random.at(20).min(bytes.len() - from);
                let part = bytes[from..from + len].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
}

#[test]
fn every_call_is_answered() {
    let fixture = Fixture::new();
    let (service, token) = (&fixture.service, &fixture.token);
    let mut random = Random::new(1);
    let mut about = fixture.about.clone();
    let mut seeds: Vec<Vec<u8>> =
        requests(&about).iter().map(|request| encode(request).unwrap()).collect();
    // As they are, none is malformed.
    for (at, seed) in seeds.iter().enumerate() {
        let request: Request = decode(seed).unwrap();
        if let Err(error) = service.call(token, request) {
            assert_ne!(error.code, code::MALFORMED, "{at}: {}", error.message);
            assert_ne!(error.code, code::UNAUTHORIZED, "{at}: {}", error.message);
        }
    }
    let (mut read, mut done) = (0, 0);
    let total = count(200_000);
    for turn in 0..total {
        let mut bytes = seeds[random.at(seeds.len())].clone();
        garble(&mut random, &mut bytes);
        let Ok(request) = decode::<Request>(&bytes) else { continue };
        read += 1;
        match service.call(token, request) {
            Ok(_) => done += 1,
            Err(error) => {
                assert_ne!(error.code, code::FAILED, "{}", error.message);
                let text = format!("{error:?}");
                assert!(!text.contains(&token[token.len() - 20..]), "{text}");
            }
        }
        // A session that was closed, or has more than it can hold, is followed by another.
        if turn % 500 == 0 {
            let _closed = service.call(token, Request::Close { session: about.session });
            about = opened(service, token, &fixture.app);
            seeds = requests(&about).iter().map(|request| encode(request).unwrap()).collect();
            // So that copies of copies do not grow without end.
            if turn % 5_000 == 0 {
                fixture.check_tree();
                empty(&fixture, &about);
            }
        }
    }
    assert!(read > total / 10 && done > total / 100, "{done} of {read} of {total}");
    fixture.check_tree();
    let root = Request::Root { session: about.session };
    assert!(matches!(service.call(token, root), Ok(Reply::Root(_))));
}

/// Removes what is at the top.
fn empty(fixture: &Fixture, about: &About) {
    let token = fixture.memory.backend.token(std::slice::from_ref(&fixture.app));
    let checkout =
        fixture.memory.backend.open(&token, &fixture.app, &Pin::Default, Access::ReadWrite);
    let checkout = checkout.unwrap();
    let root = checkout.root().unwrap();
    let names: Vec<_> =
        root.dir.iter().unwrap().map(|(name, _)| mesafs::RepoPath::root().child(name)).collect();
    let remove = |path| mesafs::op::Op::Remove { path, recursive: true };
    let ops = names.into_iter().map(remove).collect();
    let id = mesafs::op::BatchId(about.session.0);
    checkout.apply(mesafs::op::Batch { id, now_ns: 1, ops }).unwrap();
}

/// A request over HTTP, and the number and body of its answer.
fn asked(stream: &mut BufReader<TcpStream>, head: &str, body: &[u8]) -> std::io::Result<u16> {
    let mut message = head.as_bytes().to_vec();
    message.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    message.extend(body);
    stream.get_mut().write_all(&message)?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut len = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            len = told.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut stream.by_ref().take(len), &mut std::io::sink())?;
    Ok(status)
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    BufReader::new(stream)
}

#[test]
fn every_request_over_http_is_answered() {
    let fixture = Fixture::new();
    let backend = Arc::new(fixture.memory.backend.clone());
    let service = Service::new(backend, Limits::default()).unwrap();
    let about = opened(&service, &fixture.token, &fixture.app);
    let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
    let server = Server::start(service, &[listen]).unwrap();
    let address = server.addresses()[0];
    let seeds: Vec<Vec<u8>> =
        requests(&about).iter().map(|request| encode(request).unwrap()).collect();
    let mut random = Random::new(2);
    let mut stream = connect(address);
    let mut by_status = std::collections::BTreeMap::new();
    for _ in 0..count(20_000) {
        let mut body = seeds[random.at(seeds.len())].clone();
        let mut token = fixture.token.clone().into_bytes();
        if random.once_in(4) {
            garble(&mut random, &mut token);
            token.retain(|byte| (b' '..0x7f).contains(byte));
        } else {
            garble(&mut random, &mut body);
        }
        let token = String::from_utf8(token).unwrap();
        let session = about.session;
        let head = match random.below(20) {
            0 => format!("GET {EVENTS_PATH}?session={session} HTTP/1.1\r\n"),
            1 => format!("GET {EVENTS_PATH}?session={token} HTTP/1.1\r\n"),
            2 => format!("PUT {CALL_PATH} HTTP/1.1\r\n"),
            3 => format!("POST {CALL_PATH}/../{token} HTTP/1.1\r\n"),
            _ => format!("POST {CALL_PATH} HTTP/1.1\r\n"),
        };
        let upgrade = if random.once_in(30) {
            format!("connection: upgrade\r\nupgrade: {EVENTS_PROTOCOL}x\r\n")
        } else {
            String::new()
        };
        let head = format!("{head}host: x\r\n{upgrade}authorization: Bearer {token}\r\n");
        match asked(&mut stream, &head, &body) {
            Ok(status) if status > 0 => *by_status.entry(status).or_insert(0) += 1,
            // It may hang up on what is no HTTP, once it has said so.
            _ => stream = connect(address),
        }
    }
    for status in [200, 400, 401, 404, 405, 410] {
        assert!(by_status.get(&status).is_some_and(|count| *count > 0), "{status}: {by_status:?}");
    }
    assert_eq!(by_status.get(&500), None, "{by_status:?}");
    let health = asked(&mut connect(address), "GET /healthz HTTP/1.1\r\nhost: x\r\n", b"");
    assert_eq!(health.unwrap(), 200);
    server.stop();
}
