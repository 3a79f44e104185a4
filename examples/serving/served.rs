//! A store that a process of its own serves, and bare connections to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use mesa_protocol::{
    CALL_PATH, EVENTS_PATH, EVENTS_PROTOCOL, Frame, Opened, Reply, Request, SessionId, decode,
    encode,
};
use mesa_store::{Author, Store, StoreOptions};
use mesafs::clock::SystemClock;
use mesafs::token::{AccessToken, ApiKey, Jti, KeyRepos, Scope, mint};
use mesafs::{Access, Checkout, OrgName, Pin, RepoId};

use crate::Fallible;

/// How long tokens live: longer than any of this runs.
const TTL_S: u64 = 3600;

pub struct Served {
    pub folder: tempfile::TempDir,
    pub key: ApiKey,
    pub app: RepoId,
    pub address: SocketAddr,
    server: Child,
}

/// The program beside this one.
pub fn program() -> Fallible<std::path::PathBuf> {
    let exe = std::env::current_exe()?;
    let folder = exe.parent().and_then(std::path::Path::parent).ok_or("no folder")?;
    Ok(folder.join("mesash"))
}

impl Served {
    /// The repository `app`, as `fill` leaves it.
    pub fn new(fill: impl FnOnce(&dyn Checkout) -> Fallible) -> Fallible<Self> {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
        let org = OrgName::new("acme")?;
        let (key, app) = (ApiKey::generate(org.clone())?, RepoId::parse("app", &org)?);
        let store = Store::open(&folder.path().join("store"), StoreOptions::default())?;
        store.add_key(&org, key.public(), Scope::Admin, KeyRepos::All)?;
        store.create_repo(&app, &Author { name: "A".into(), email: "a@example.com".into() })?;
        let token = token(&key, &app)?;
        let checkout = store.backend(None).open(&token, &app, &Pin::Default, Access::ReadWrite)?;
        fill(&*checkout)?;
        checkout.close()?;
        store.close()?;
        let mut command = Command::new(program()?);
        command.args(["serve", "--store", "store", "--listen", "127.0.0.1:0"]).env_clear();
        command.env("HOME", folder.path()).env("MESA_API_KEY", key.expose().as_str());
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = command.spawn()?;
        let mut line = String::new();
        let told = server.stdout.take().ok_or("no output")?;
        BufReader::new(told).read_line(&mut line)?;
        let address = line.trim_end().strip_prefix("listening on http://").ok_or("no address")?;
        let address = address.parse()?;
        Ok(Self { folder, key, app, address, server })
    }

    pub fn token(&self) -> Fallible<AccessToken> {
        token(&self.key, &self.app)
    }

    /// What the server's process has of something in `/proc/PID/status`.
    pub fn status(&self, name: &str) -> Fallible<u64> {
        status(self.server.id(), name)
    }

    pub fn raw(&self) -> Fallible<Raw> {
        Raw::new(self.address, self.token()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended = self.server.kill();
        let _ended = self.server.wait();
    }
}

fn token(key: &ApiKey, app: &RepoId) -> Fallible<AccessToken> {
    let repos = std::slice::from_ref(app);
    Ok(mint(key, repos, Scope::Write, TTL_S, &SystemClock, Jti::random()?)?.token)
}

/// A number of a process, in KiB where it is memory.
pub fn status(pid: u32, name: &str) -> Fallible<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()).ok_or("no such line")?;
    Ok(number.parse()?)
}

/// A connection that calls are made on, one after the other.
pub struct Raw {
    stream: BufReader<TcpStream>,
    token: Arc<AccessToken>,
}

impl Raw {
    pub fn new(address: SocketAddr, token: AccessToken) -> Fallible<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), token: Arc::new(token) })
    }

    pub fn call(&mut self, request: &Request) -> Fallible<Reply> {
        let body = encode(request)?;
        let head = format!(
            "POST {CALL_PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            self.token.expose(),
            body.len()
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), &body].concat())?;
        let (status, len) = self.head()?;
        let mut answer = vec![0; len];
        self.stream.read_exact(&mut answer)?;
        if status != 200 {
            return Err(String::from_utf8_lossy(&answer).into_owned().into());
        }
        Ok(decode(&answer)?)
    }

    pub fn open(&mut self, app: &RepoId) -> Fallible<Opened> {
        let (repo, pin) = (app.clone(), Pin::Default);
        match self.call(&Request::Open { repo, pin, access: Access::ReadWrite })? {
            Reply::Opened(opened) => Ok(opened),
            other => Err(format!("{other:?}").into()),
        }
    }

    /// Makes the connection a session's stream of events.
    pub fn listen(mut self, session: SessionId) -> Fallible<Stream> {
        let head = format!(
            "GET {EVENTS_PATH}?session={session} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             connection: upgrade\r\nupgrade: {EVENTS_PROTOCOL}\r\n\r\n",
            self.token.expose()
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        match self.head()? {
            (101, _) => Ok(Stream(self.stream)),
            (status, _) => Err(format!("no stream: {status}").into()),
        }
    }

    fn head(&mut self) -> Fallible<(u16, usize)> {
        let (mut status, mut len) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                return Ok((status, len));
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().unwrap_or_default().parse()?;
            } else if let Some(told) = line.strip_prefix("content-length:") {
                len = told.trim().parse()?;
            }
        }
    }
}

/// A stream of events.
pub struct Stream(BufReader<TcpStream>);

impl Stream {
    /// Waits for a tree, and says that it is shown.
    pub fn take(&mut self) -> Fallible<Frame> {
        loop {
            let mut len = [0; 4];
            self.0.read_exact(&mut len)?;
            let mut bytes = vec![0; usize::try_from(u32::from_le_bytes(len))?];
            self.0.read_exact(&mut bytes)?;
            match decode(&bytes)? {
                Frame::Alive => {}
                frame => {
                    if let Frame::State { seq, .. } = &frame {
                        self.0.get_mut().write_all(&seq.to_le_bytes())?;
                    }
                    return Ok(frame);
                }
            }
        }
    }
}
