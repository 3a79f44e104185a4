//! The program on a terminal of its own: a pseudo-terminal, and a model of its screen.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::termios::Termios;

/// How long anything may take; the machine may have much else to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// A screen that did not change for so long has settled.
const SETTLED: Duration = Duration::from_millis(250);

/// What a test can't go on without.
trait Must<T> {
    fn must(self, what: &str) -> T;
}

impl<T, E: std::fmt::Display> Must<T> for Result<T, E> {
    #[track_caller]
    fn must(self, what: &str) -> T {
        match self {
            Ok(value) => value,
            Err(error) => panic!("{what}: {error}"),
        }
    }
}

/// A running program and its screen.
pub struct Terminal {
    keys: File,
    screen: Arc<Mutex<vt100::Parser>>,
    pub child: Child,
}

impl Terminal {
    /// Starts `command` on a terminal of `columns` and `rows`.
    pub fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None::<&Termios>).must("a pseudo-terminal");
        let slave = File::from(pair.slave);
        let stdio = || Stdio::from(slave.try_clone().must("a descriptor"));
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        let child = command.spawn().must("the program");
        drop(slave);
        let master = File::from(pair.master);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 1_000)));
        let (mut output, shown) = (master.try_clone().must("a descriptor"), screen.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                shown.lock().must("the screen").process(&buffer[..count]);
            }
        });
        Self { keys: master, screen, child }
    }

    /// The program, with a home of its own and a terminal that shows everything. `setsid` gives it the
    /// terminal for its own, as a login would.
    pub fn mesash(home: &Path, args: &[&str], columns: u16, rows: u16) -> Self {
        Self::start(Self::command(home, args), columns, rows)
    }

    /// See [`Terminal::mesash`].
    pub fn command(home: &Path, args: &[&str]) -> Command {
        Self::command_of(home, &[], args)
    }

    /// See [`Terminal::mesash`]; started by another program, which is given it behind its `starter`.
    pub fn command_of(home: &Path, starter: &[&str], args: &[&str]) -> Command {
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).args(starter);
        command.arg(option_env!("CARGO_BIN_EXE_mesash").unwrap_or_default()).args(args);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home);
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        command
    }

    /// Types `keys`.
    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).must("the terminal");
    }

    /// The rows of the screen, without blanks at their ends.
    pub fn rows(&self) -> Vec<String> {
        let screen = self.screen.lock().must("the screen");
        let (_, columns) = screen.screen().size();
        let rows = screen.screen().rows(0, columns);
        rows.map(|row| row.trim_end().to_owned()).collect()
    }

    /// The screen as text, up to its last row with something in it.
    pub fn text(&self) -> String {
        self.rows().join("\n").trim_end().to_owned()
    }

    /// Where the cursor is: row and column, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.screen.lock().must("the screen").screen().cursor_position()
    }

    /// The screen with its colours, as control sequences.
    pub fn painted(&self) -> String {
        let screen = self.screen.lock().must("the screen");
        String::from_utf8_lossy(&screen.screen().contents_formatted()).into_owned()
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size =
            rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.keys, size).must("the terminal");
        self.screen.lock().must("the screen").screen_mut().set_size(rows, columns);
    }

    /// Waits until the screen is as `wanted`.
    #[track_caller]
    pub fn wait(&self, wanted: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(self) {
            assert!(Instant::now() < end, "this came instead:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn see(&self, text: &str) {
        self.wait(|terminal| terminal.text().contains(text));
    }

    /// Waits until the last row with something in it begins with `text`.
    #[track_caller]
    pub fn see_last(&self, text: &str) {
        self.wait(|terminal| terminal.text().lines().last().unwrap_or_default().starts_with(text));
    }

    /// Waits until nothing changes on the screen.
    pub fn settle(&self) {
        let mut before = (self.text(), self.cursor());
        let mut since = Instant::now();
        while since.elapsed() < SETTLED {
            std::thread::sleep(Duration::from_millis(20));
            let now = (self.text(), self.cursor());
            if now != before {
                (before, since) = (now, Instant::now());
            }
        }
    }

    /// Waits for the program to end; its exit code.
    pub fn end(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().must("the program") {
                return status.code();
            }
            assert!(Instant::now() < end, "it goes on:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
