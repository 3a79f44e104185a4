//! What there is to compare with: a process that hands what one connection sends to all others, as a
//! server of events does that has nothing else to do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::Fallible;

pub const COMMAND: &str = "echo-server";
/// As long as an event of one path is.
const EVENT_BYTES: usize = 150;

/// Serves until it is ended: a first byte `w` makes a connection one that writes, `r` one that hears.
pub fn serve() -> Fallible {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let hearers: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_nodelay(true)?;
        let mut kind = [0];
        stream.read_exact(&mut kind)?;
        if kind == *b"r" {
            hearers.lock().map_err(|_| "poisoned")?.push(stream);
            continue;
        }
        let hearers = Arc::clone(&hearers);
        std::thread::spawn(move || {
            let mut byte = [0];
            while stream.read_exact(&mut byte).is_ok() {
                let Ok(hearers) = hearers.lock() else { return };
                for mut hearer in &*hearers {
                    let _gone = hearer.write_all(&[0; EVENT_BYTES]);
                }
                if stream.write_all(&byte).is_err() {
                    return;
                }
            }
        });
    }
    Ok(())
}

/// The process, and where it listens.
pub struct Echo(Child, SocketAddr);

impl Echo {
    pub fn start() -> Fallible<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(COMMAND).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self(child, line.trim_end().parse()?))
    }

    fn connect(&self, kind: u8) -> Fallible<TcpStream> {
        let mut stream = TcpStream::connect(self.1)?;
        stream.set_nodelay(true)?;
        stream.write_all(&[kind])?;
        Ok(stream)
    }

    /// For each write, when it was answered and when each of `count` heard of it.
    pub fn heard(&self, count: usize, rounds: usize) -> Fallible<Vec<Duration>> {
        let heard: Arc<Mutex<Vec<Vec<Instant>>>> = Arc::new(Mutex::new(vec![Vec::new(); rounds]));
        let mut threads = Vec::new();
        for _ in 0..count {
            let (mut stream, heard) = (self.connect(b'r')?, Arc::clone(&heard));
            let small = std::thread::Builder::new().stack_size(256 << 10);
            threads.push(small.spawn(move || {
                let mut event = [0; EVENT_BYTES];
                for round in 0..rounds {
                    if stream.read_exact(&mut event).is_err() {
                        return;
                    }
                    let now = Instant::now();
                    if let Ok(mut heard) = heard.lock() {
                        heard[round].push(now);
                    }
                }
            })?);
        }
        // All are taken note of once this one is answered.
        std::thread::sleep(Duration::from_millis(200));
        let mut writer = self.connect(b'w')?;
        let mut answered = Vec::new();
        for _ in 0..rounds {
            writer.write_all(b"x")?;
            writer.read_exact(&mut [0])?;
            answered.push(Instant::now());
            std::thread::sleep(Duration::from_millis(10));
        }
        for thread in threads {
            let _ended = thread.join();
        }
        let heard = heard.lock().map_err(|_| "poisoned")?;
        let since = |(answered, heard): (&Instant, &Vec<Instant>)| -> Vec<Duration> {
            heard.iter().map(|at| at.saturating_duration_since(*answered)).collect()
        };
        Ok(answered.iter().zip(&*heard).flat_map(since).collect())
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}
