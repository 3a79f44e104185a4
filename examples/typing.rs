//! How it feels to type: from a shell's start to its first prompt, from a key to the last of what it
//! changes on a line of 2 000 letters, and what an idle prompt costs. Beside bash, fish and nushell,
//! where they are installed.
//!
//! usage: typing PROGRAM   (mesash; the others are looked for in PATH)
//! Prints lines of Markdown. Each shell has a pseudo-terminal of 120 columns and 50 rows, which answers
//! what it is asked, a home of its own, and no start-up file.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::termios::Termios;

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

const STARTS: usize = 9;
const KEYS: usize = 300;
const LINE_LETTERS: usize = 2_000;
/// How long nothing comes once a prompt is there, and once a key has been answered.
const PROMPT_QUIET: Duration = Duration::from_millis(400);
const KEY_QUIET: Duration = Duration::from_millis(12);
const PATIENCE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(5);
/// What shells ask a terminal, and what one answers.
const QUESTIONS: [(&[u8], &[u8]); 3] =
    [(b"\x1b[6n", b"\x1b[1;1R"), (b"\x1b[c", b"\x1b[?62;22c"), (b"\x1b[0c", b"\x1b[?62;22c")];

struct Shell {
    child: Child,
    keys: File,
    /// What it prints, and when.
    said: Receiver<(Instant, Vec<u8>)>,
    started: Instant,
}

impl Shell {
    fn start(program: &str, args: &[&str], home: &Path) -> Done<Self> {
        let size = Winsize { ws_row: 50, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None::<&Termios>)?;
        let slave = File::from(pair.slave);
        let (input, output) = (slave.try_clone()?, slave.try_clone()?);
        let started = Instant::now();
        let child = Command::new("setsid")
            .args(["--ctty", program])
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .current_dir(home)
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(slave))
            .spawn()?;
        let keys = File::from(pair.master);
        let (mut from, mut answers) = (keys.try_clone()?, keys.try_clone()?);
        let (send, said) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                let text = buffer.get(..count).unwrap_or_default().to_vec();
                for (question, answer) in QUESTIONS {
                    if text.windows(question.len()).any(|part| part == question) {
                        let _gone = answers.write_all(answer);
                    }
                }
                if send.send((Instant::now(), text)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, keys, said, started })
    }

    /// When the last came before it was `quiet` for so long.
    fn settled(&self, quiet: Duration) -> Done<Instant> {
        let (mut last, _) = self.said.recv_timeout(PATIENCE)?;
        while let Ok((when, _)) = self.said.recv_timeout(quiet) {
            last = when;
        }
        Ok(last)
    }

    /// How long a key takes until all is painted that it changes.
    fn press(&mut self, key: &[u8]) -> Done<Duration> {
        let begun = Instant::now();
        self.keys.write_all(key)?;
        Ok(self.settled(KEY_QUIET)? - begun)
    }

    /// Processor time so far, in ticks of 10 ms.
    fn ticks(&self) -> Done<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        Ok(field(11).unwrap_or(0) + field(12).unwrap_or(0))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The one that so many parts of a hundred are not above.
fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort();
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).map_or(f64::NAN, |time| ms(*time))
}

struct Figures {
    start: f64,
    keys: (f64, f64),
    idle_ms: u64,
}

fn measure(program: &str, args: &[&str]) -> Done<Figures> {
    let home = tempfile::tempdir()?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let shell = Shell::start(program, args, home.path())?;
        starts.push(shell.settled(PROMPT_QUIET)? - shell.started);
    }
    let mut shell = Shell::start(program, args, home.path())?;
    shell.settled(PROMPT_QUIET)?;
    let before = shell.ticks()?;
    thread::sleep(IDLE);
    let idle_ms = (shell.ticks()? - before) * 10;
    let line: String =
        "echo 'some words' $HOME | wc -l; ".chars().cycle().take(LINE_LETTERS).collect();
    for piece in line.as_bytes().chunks(50) {
        shell.press(piece)?;
    }
    let mut keys = Vec::new();
    for number in 0..KEYS {
        keys.push(shell.press(if number % 2 == 0 { b"x" } else { b"\x7f" })?);
    }
    let keys = (percentile(&mut keys, 50), percentile(&mut keys, 99));
    Ok(Figures { start: percentile(&mut starts, 50), keys, idle_ms })
}

fn main() -> Done {
    let own = std::env::args().nth(1).ok_or("usage: typing PROGRAM")?;
    let shells: [(&str, &str, &[&str]); 4] = [
        ("mesash", &own, &[]),
        ("bash", "bash", &["--norc", "-i"]),
        ("fish", "fish", &["--no-config", "-i"]),
        ("nushell", "nu", &["--no-config-file"]),
    ];
    let there = |program: &str| {
        let asked = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    for (name, program, args) in shells {
        if !there(program) {
            println!("- {name} is not installed");
            continue;
        }
        let Figures { start, keys: (half, most), idle_ms } = measure(program, args)?;
        println!(
            "- {name}: first prompt after {start:.1} ms (median of {STARTS}); a key on a line of \
             {LINE_LETTERS} letters painted after {half:.1} ms, 99 of 100 after {most:.1} ms; idle for \
             {} s: {idle_ms} ms of processor time",
            IDLE.as_secs()
        );
    }
    Ok(())
}
