//! One connection, both ways.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::stream::Stream;
use super::{Shared, Toward};

/// The longest head of a call.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long an answer to a call that is sent twice is waited for.
const REPEAT_PATIENCE: Duration = Duration::from_secs(10);
/// A call that arrives again later does so within this.
const LATER_MAX_MS: u64 = 60;

/// Bytes, and when they arrive.
type Piece = (Instant, Vec<u8>);

/// Both ends of a connection.
#[derive(Debug)]
pub(super) struct Ends {
    client: Stream,
    server: Stream,
}

impl Ends {
    pub fn end(&self) {
        self.client.end();
        self.server.end();
    }
}

/// Carries a client's connection to the server until either ends.
pub(super) fn carry(shared: &Arc<Shared>, client: Stream) {
    // Without a server the client is hung up on.
    let Ok(server) = Stream::connect(&shared.target()) else { return };
    let ends = Arc::new(Ends { client, server });
    {
        let mut open = shared.open.lock();
        open.retain(|ends| ends.strong_count() > 0);
        open.push(Arc::downgrade(&ends));
    }
    if let Err(_broken) = both_ways(shared, &ends) {
        ends.end();
    }
}

fn both_ways(shared: &Arc<Shared>, ends: &Arc<Ends>) -> io::Result<()> {
    let (up, arriving) = mpsc::channel();
    deliver(shared, Toward::Server, arriving, ends)?;
    let (down, answers) = mpsc::channel();
    deliver(shared, Toward::Client, answers, ends)?;
    let (of_answers, reading) = (Arc::clone(shared), ends.server.again()?);
    thread::Builder::new().name("proxied-down".into()).spawn(move || {
        // A connection that breaks is what this is for.
        let _ended = raw(&of_answers, reading, &down);
    })?;
    calls(shared, ends.client.again()?, &up)
}

/// Starts the thread that hands pieces on when they are due.
fn deliver(
    shared: &Arc<Shared>,
    toward: Toward,
    pieces: Receiver<Piece>,
    ends: &Arc<Ends>,
) -> io::Result<()> {
    let (shared, ends) = (Arc::clone(shared), Arc::clone(ends));
    let mut to = match toward {
        Toward::Server => ends.server.again()?,
        Toward::Client => ends.client.again()?,
    };
    thread::Builder::new().name("proxied-out".into()).spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if toward == Toward::Client {
                shared.let_overtake();
            }
            let cut = shared.cut(toward, piece.len());
            let passing = piece.get(..cut.unwrap_or(piece.len())).unwrap_or(&piece);
            if to.write_all(passing).is_err() || cut.is_some() {
                break;
            }
        }
        ends.end();
    })?;
    Ok(())
}

/// Hands on whatever comes.
fn raw(shared: &Shared, mut from: Stream, to: &Sender<Piece>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let len = from.read(&mut buffer)?;
        if len == 0 {
            return Ok(());
        }
        pass(shared, to, buffer.get(..len).unwrap_or_default().to_vec())?;
    }
}

fn pass(shared: &Shared, to: &Sender<Piece>, bytes: Vec<u8>) -> io::Result<()> {
    let due = Instant::now() + shared.delay();
    to.send((due, bytes)).map_err(|_| io::ErrorKind::BrokenPipe.into())
}

/// Hands on calls, one whole one after the other; after an upgrade whatever comes.
fn calls(shared: &Arc<Shared>, mut client: Stream, to: &Sender<Piece>) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(head) = whole_head(&mut client, &mut buffer)? else { return Ok(()) };
        let told = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let field = |name: &str| {
            told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
        };
        let len = field("content-length").and_then(|len| len.parse::<usize>().ok()).unwrap_or(0);
        fill(&mut client, &mut buffer, len)?;
        let body: Vec<u8> = buffer.drain(..len).collect();
        if !told.starts_with("post ") {
            pass(shared, to, [head, body].concat())?;
            if field("upgrade").is_some() {
                pass(shared, to, std::mem::take(&mut buffer))?;
                return raw(shared, client, to);
            }
            continue;
        }
        shared.calls.fetch_add(1, Ordering::SeqCst);
        let alter = shared.alter.lock().clone();
        let message = match alter {
            Some(alter) => with_body(&told, &head, alter(body)),
            None => [head, body].concat(),
        };
        let (repeated, later, after) = {
            let mut random = shared.random.lock();
            let one_in = shared.weather.lock().repeat_one_in;
            (random.once_in(one_in), random.once_in(2), random.below(LATER_MAX_MS))
        };
        if repeated && later {
            let (shared, message) = (Arc::clone(shared), message.clone());
            thread::Builder::new().name("proxied-again".into()).spawn(move || {
                thread::sleep(Duration::from_millis(after));
                repeat(&shared, &message);
            })?;
        } else if repeated {
            repeat(shared, &message);
        }
        pass(shared, to, message)?;
    }
}

/// Sends a call on a connection of its own, and waits for an answer that nobody reads.
fn repeat(shared: &Shared, message: &[u8]) {
    let sent = || -> io::Result<()> {
        let mut stream = Stream::connect(&shared.target())?;
        stream.set_patience(REPEAT_PATIENCE)?;
        stream.write_all(message)?;
        stream.read_exact(&mut [0])
    };
    // The server may be away; then this one did not arrive.
    let _sent = sent();
}

/// The head of a call with another body.
fn with_body(told: &str, head: &[u8], body: Vec<u8>) -> Vec<u8> {
    let mut message = Vec::new();
    let head = String::from_utf8_lossy(head);
    for (line, told) in head.lines().zip(told.lines()) {
        if told.starts_with("content-length:") {
            message.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        } else if !line.is_empty() {
            message.extend_from_slice(format!("{line}\r\n").as_bytes());
        }
    }
    message.extend_from_slice(b"\r\n");
    message.extend(body);
    message
}

/// Takes a head, with the empty line behind it; `None` if the client has ended the connection.
fn whole_head(client: &mut Stream, buffer: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(at) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            return Ok(Some(buffer.drain(..at + 4).collect()));
        }
        if buffer.len() > HEAD_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if more(client, buffer)? == 0 {
            return Ok(None);
        }
    }
}

fn fill(client: &mut Stream, buffer: &mut Vec<u8>, len: usize) -> io::Result<()> {
    while buffer.len() < len {
        if more(client, buffer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn more(client: &mut Stream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 16 << 10];
    let len = client.read(&mut chunk)?;
    buffer.extend_from_slice(chunk.get(..len).unwrap_or_default());
    Ok(len)
}
