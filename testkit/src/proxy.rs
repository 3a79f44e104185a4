//! A way to a server that goes wrong: connections cut at any byte, bytes that come late, answers that
//! overtake each other, calls that arrive twice.
//!
//! It knows HTTP/1.1 as far as it must: where a call ends, so that it can be counted, sent twice or
//! altered. After an upgrade, and towards the client, bytes are bytes. Always true: what it lets pass
//! on one connection comes in order and unaltered, unless [`Proxy::alter`] says otherwise.

mod connection;
mod stream;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

pub use stream::Place;

use crate::random::Random;
use stream::{Listener, Stream};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    Server,
    Client,
}

/// What goes wrong from now on. The default is nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// How long each byte is under way.
    pub delay: Duration,
    /// How much longer some are, at random.
    pub delay_more_max: Duration,
    /// One piece in so many is cut somewhere, and its connection ends; 0: none. So for the others.
    pub cut_one_in: u64,
    /// Calls that arrive twice: before, or some time after, they do what they are for.
    pub repeat_one_in: u64,
    /// Pieces of answers that wait until one of another connection has overtaken them.
    pub overtake_one_in: u64,
}

/// Alters the body of a call.
pub type Alter = dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync;

/// How long a piece waits at most to be overtaken.
const OVERTAKE_WAIT: Duration = Duration::from_millis(30);

struct Shared {
    target: Mutex<Place>,
    weather: Mutex<Weather>,
    random: Mutex<Random>,
    /// The byte, counted over all connections, at which one is cut.
    cut_at: Mutex<Option<(Toward, u64)>>,
    /// Bytes that passed towards the server, and towards clients.
    passed: Mutex<(u64, u64)>,
    calls: AtomicU64,
    /// Pieces of answers that passed.
    answered: (Mutex<u64>, Condvar),
    alter: Mutex<Option<Arc<Alter>>>,
    refusing: AtomicBool,
    ended: AtomicBool,
    open: Mutex<Vec<Weak<connection::Ends>>>,
}

/// A listener whose connections lead to a server. It ends when it is dropped.
pub struct Proxy {
    place: Place,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Listens on loopback.
    ///
    /// # Errors
    /// Those of listening.
    pub fn tcp(target: Place, seed: u64) -> io::Result<Self> {
        Self::start(Listener::tcp()?, target, seed)
    }

    /// Listens on a Unix socket.
    ///
    /// # Errors
    /// Those of listening.
    pub fn unix(path: &Path, target: Place, seed: u64) -> io::Result<Self> {
        Self::start(Listener::unix(path)?, target, seed)
    }

    fn start(listener: Listener, target: Place, seed: u64) -> io::Result<Self> {
        let place = listener.place()?;
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            weather: Mutex::default(),
            random: Mutex::new(Random::new(seed)),
            cut_at: Mutex::default(),
            passed: Mutex::default(),
            calls: AtomicU64::new(0),
            answered: (Mutex::new(0), Condvar::new()),
            alter: Mutex::default(),
            refusing: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let of_accepting = Arc::clone(&shared);
        let accepting = std::thread::Builder::new()
            .name("proxy".into())
            .spawn(move || of_accepting.accept(&listener))?;
        Ok(Self { place, shared, accepting: Some(accepting) })
    }

    /// Where it listens.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Leads to another server from now on.
    pub fn lead_to(&self, target: Place) {
        *self.shared.target.lock() = target;
    }

    pub fn set(&self, weather: Weather) {
        *self.shared.weather.lock() = weather;
    }

    /// Cuts a connection behind the `bytes`th byte from now that goes `toward`.
    pub fn cut_after(&self, toward: Toward, bytes: u64) {
        let at = self.passed(toward) + bytes;
        *self.shared.cut_at.lock() = Some((toward, at));
    }

    /// Whether what [`Proxy::cut_after`] asked for has not come to pass.
    #[must_use]
    pub fn is_uncut(&self) -> bool {
        self.shared.cut_at.lock().is_some()
    }

    /// Ends the connections that there are.
    pub fn cut_all(&self) {
        let open = std::mem::take(&mut *self.shared.open.lock());
        open.iter().filter_map(Weak::upgrade).for_each(|ends| ends.end());
    }

    /// Hangs up on whoever connects, or does not any more.
    pub fn refuse(&self, refusing: bool) {
        self.shared.refusing.store(refusing, Ordering::SeqCst);
    }

    /// Alters the bodies of calls from now on.
    pub fn alter(&self, alter: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) {
        *self.shared.alter.lock() = Some(Arc::new(alter));
    }

    /// How many calls went to the server.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::SeqCst)
    }

    /// How many bytes went this way.
    #[must_use]
    pub fn passed(&self, toward: Toward) -> u64 {
        let passed = self.shared.passed.lock();
        match toward {
            Toward::Server => passed.0,
            Toward::Client => passed.1,
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes it from its wait for connections.
        let _woken = Stream::connect(&self.place);
        if let Some(accepting) = self.accepting.take() {
            let _ended = accepting.join();
        }
        self.cut_all();
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &Listener) {
        while let Ok(client) = listener.accept() {
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            if self.refusing.load(Ordering::SeqCst) {
                continue;
            }
            let shared = Arc::clone(self);
            // Without a thread or a server the client is hung up on.
            let _started = std::thread::Builder::new()
                .name("proxied".into())
                .spawn(move || connection::carry(&shared, client));
        }
    }

    fn target(&self) -> Place {
        self.target.lock().clone()
    }

    fn weather(&self) -> Weather {
        *self.weather.lock()
    }

    /// How many of the next `len` bytes pass before the connection is cut; `None` if all do and it
    /// is not.
    fn cut(&self, toward: Toward, len: usize) -> Option<usize> {
        let mut passed = self.passed.lock();
        let so_far = match toward {
            Toward::Server => &mut passed.0,
            Toward::Client => &mut passed.1,
        };
        let (before, after) = (*so_far, *so_far + len as u64);
        let mut cut_at = self.cut_at.lock();
        let asked = cut_at.take_if(|(way, at)| *way == toward && *at <= after);
        let cut = match asked {
            Some((_, at)) => Some(at.saturating_sub(before)),
            None => {
                let mut random = self.random.lock();
                random.once_in(self.weather().cut_one_in).then(|| random.below(len as u64 + 1))
            }
        };
        *so_far = cut.map_or(after, |cut| before + cut);
        cut.map(|cut| usize::try_from(cut).unwrap_or(len).min(len))
    }

    /// How long a piece is under way.
    fn delay(&self) -> Duration {
        let Weather { delay, delay_more_max, .. } = self.weather();
        let more = u64::try_from(delay_more_max.as_micros()).unwrap_or(u64::MAX);
        delay + Duration::from_micros(self.random.lock().below(more.saturating_add(1)))
    }

    /// Lets a piece of an answer be overtaken, now and then.
    fn let_overtake(&self) {
        let (count, passed) = &self.answered;
        let mut count = count.lock();
        if self.random.lock().once_in(self.weather().overtake_one_in) {
            let before = *count;
            passed.wait_while_for(&mut count, |count| *count == before, OVERTAKE_WAIT);
        }
        *count += 1;
        drop(count);
        passed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// Answers each call's body with how many calls came before it, and the body.
    fn server() -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let place = Place::Tcp(listener.local_addr().expect("an address"));
        let count = Arc::new(AtomicU64::new(0));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let mut buffer = [0; 1024];
                    while let Ok(len @ 1..) = stream.read(&mut buffer) {
                        let text = String::from_utf8_lossy(&buffer[..len]).into_owned();
                        let (head, body) = text.split_once("\r\n\r\n").expect("a whole call");
                        assert!(head.ends_with(&format!("content-length: {}", body.len())));
                        let before = count.fetch_add(1, Ordering::SeqCst);
                        if stream.write_all(format!("{before}{body}").as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        place
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let Place::Tcp(address) = proxy.place() else { panic!("not on TCP") };
        let stream = TcpStream::connect(address).expect("the proxy listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream
    }

    fn call(stream: &mut TcpStream, body: &str) -> String {
        let text = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let mut answer = [0; 64];
        let answered = stream.write_all(text.as_bytes()).and_then(|()| stream.read(&mut answer));
        String::from_utf8_lossy(&answer[..answered.unwrap_or(0)]).into_owned()
    }

    #[test]
    fn calls_pass_and_are_cut_altered_and_repeated_when_asked() {
        let proxy = Proxy::tcp(server(), 1).expect("a port");
        let mut stream = connect(&proxy);
        assert_eq!(call(&mut stream, "abc"), "0abc");
        assert_eq!((proxy.calls(), proxy.passed(Toward::Client)), (1, 4));
        proxy.cut_after(Toward::Client, 2);
        assert_eq!(call(&mut stream, "abc"), "1a");
        assert_eq!(call(&mut stream, "abc"), "");
        assert!(!proxy.is_uncut());
        proxy.alter(|body| [&body[..], b"!"].concat());
        assert_eq!(call(&mut connect(&proxy), "abc"), "2abc!");
        proxy.set(Weather { repeat_one_in: 1, ..Weather::default() });
        let mut stream = connect(&proxy);
        for _ in 0..20 {
            assert!(call(&mut stream, "abc").ends_with("abc!"));
        }
        proxy.set(Weather::default());
        let count: u64 = call(&mut stream, "")[..2].parse().expect("a number");
        assert!(count > 23 + 5, "{count}");
        proxy.refuse(true);
        assert_eq!(call(&mut connect(&proxy), "abc"), "");
    }
}
