//! Runs the writer under strace, in stores that are copied from prepared ones.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the writer said, and how it ended.
#[derive(Debug, Default)]
pub struct Told {
    pub opened: bool,
    /// The outcome of each step in order: its number, and "ok" or an errno.
    pub steps: Vec<(u32, String)>,
    /// Whether it came to its own end.
    pub finished: bool,
}

/// Which thread's system calls are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The one that writes batches, from the start of the process.
    Main,
    /// One of the store's own, by its name, from when the store is open.
    Named(&'static str),
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Main => f.write_str("main"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// The writer program, built once: a stale one would prove nothing.
fn writer() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let exe = std::env::current_exe().expect("the test has a path");
        let profile = exe.parent().and_then(Path::parent).expect("it is in PROFILE/deps");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "-q", "-p", "mesa-store", "--example", "fault_writer"]);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        if let Some(target) = profile.parent() {
            build.arg("--target-dir").arg(target);
        }
        assert!(build.status().expect("cargo runs").success(), "the writer is built");
        profile.join("examples/fault_writer")
    })
}

/// Runs the writer to its end and gives what it printed.
#[track_caller]
pub fn run(call: &str, dir: &Path) -> String {
    run_with(call, &[dir])
}

/// As [`run`], with several folders.
#[track_caller]
pub fn run_with(call: &str, dirs: &[&Path]) -> String {
    let output = Command::new(writer()).arg(call).args(dirs).output().expect("the writer runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{call} {dirs:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs the writer with all its threads under strace; whether it came to a good end.
pub fn traced(call: &str, dirs: &[&Path], strace: &[String]) -> bool {
    let mut command = Command::new("strace");
    command.arg("-f").args(strace).arg("--").arg(writer()).arg(call).args(dirs);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("strace runs").success()
}

/// A copy of a prepared store.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder is made");
    for entry in fs::read_dir(from).expect("a folder is read") {
        let entry = entry.expect("an entry is read");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file is copied");
        }
    }
}

/// Runs steps `from..to` in `dir`, `role`'s thread under strace with these options.
pub fn write(dir: &Path, from: u32, to: u32, role: Role, strace: &[String]) -> Told {
    let (ours, theirs) = UnixDatagram::pair().expect("a socket pair");
    let mut command = match role {
        Role::Main => {
            let mut command = Command::new("strace");
            command.args(strace).arg("--").arg(writer());
            command
        }
        Role::Named(_) => Command::new(writer()),
    };
    command.arg("write").arg(dir).arg(from.to_string()).arg(to.to_string());
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("strace and the writer run");
    let mut told = Told::default();
    let mut tracer = None;
    listen(&ours, &mut child, &mut told, |child| {
        if let Role::Named(name) = role {
            tracer = Some(attach(child, name, strace));
        }
        ours.send(b"go").expect("the writer listens");
    });
    told.finished = child.wait().expect("the writer ends").success();
    if let Some(mut tracer) = tracer {
        tracer.wait().expect("strace ends");
    }
    told
}

/// Runs steps `from..to` without strace and kills the process after `delay`.
pub fn write_killed(dir: &Path, from: u32, to: u32, delay: Duration) -> Told {
    let (ours, theirs) = UnixDatagram::pair().expect("a socket pair");
    let mut command = Command::new(writer());
    command.arg("write").arg(dir).arg(from.to_string()).arg(to.to_string());
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the writer runs");
    let pid = rustix::process::Pid::from_child(&child);
    let killer = std::thread::spawn(move || {
        std::thread::sleep(delay);
        // It may have ended by itself; its number is not given again before it is waited for.
        let _ended = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    });
    let mut told = Told::default();
    // Waited for only after the killer is done.
    listen_until_killed(&ours, &killer, &mut told);
    killer.join().expect("the killer ends");
    told.finished = child.wait().expect("the writer ends").success();
    drain(&ours, &mut told);
    told
}

fn listen(
    socket: &UnixDatagram,
    child: &mut Child,
    told: &mut Told,
    mut opened: impl FnMut(&Child),
) {
    let started = Instant::now();
    socket.set_read_timeout(Some(Duration::from_millis(5))).expect("a timeout is set");
    loop {
        let ended = child.try_wait().expect("the writer is asked for").is_some();
        while let Some(word) = receive(socket) {
            if hear(told, &word) {
                opened(child);
            }
        }
        if ended {
            return;
        }
        if started.elapsed() > PATIENCE {
            child.kill().expect("the writer is ended");
            panic!("the writer hangs after {:?}", told.steps.last());
        }
    }
}

fn listen_until_killed(
    socket: &UnixDatagram,
    killer: &std::thread::JoinHandle<()>,
    told: &mut Told,
) {
    socket.set_read_timeout(Some(Duration::from_millis(2))).expect("a timeout is set");
    while !killer.is_finished() {
        if let Some(word) = receive(socket)
            && hear(told, &word)
        {
            // The writer may be gone already.
            let _gone = socket.send(b"go");
        }
    }
}

fn drain(socket: &UnixDatagram, told: &mut Told) {
    while let Some(word) = receive(socket) {
        hear(told, &word);
    }
}

fn receive(socket: &UnixDatagram) -> Option<String> {
    let mut buffer = [0; 64];
    match socket.recv(&mut buffer) {
        Ok(0) => None,
        Ok(len) => Some(String::from_utf8_lossy(&buffer[..len]).into_owned()),
        Err(error) => {
            let quiet = [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::ConnectionReset];
            assert!(quiet.contains(&error.kind()), "the socket: {error}");
            None
        }
    }
}

/// Notes a word of the writer; true if it was that the store is open.
fn hear(told: &mut Told, word: &str) -> bool {
    if word == "opened" {
        told.opened = true;
        return true;
    }
    let (step, outcome) = word.split_once(' ').expect("a step and its outcome");
    told.steps.push((step.parse().expect("a number"), outcome.to_owned()));
    false
}

/// Traces the thread of this name alone.
fn attach(child: &Child, name: &str, strace: &[String]) -> Child {
    let tasks = PathBuf::from(format!("/proc/{}/task", child.id()));
    let named = |task: &PathBuf| {
        fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
    };
    let find = || {
        let entries = fs::read_dir(&tasks).expect("the writer has threads");
        entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).find(named)
    };
    let started = Instant::now();
    // A thread that has just been made has its name in a moment.
    let task = loop {
        if let Some(task) = find() {
            break task;
        }
        assert!(started.elapsed() < PATIENCE, "no thread is named {name}");
        std::thread::sleep(Duration::from_millis(1));
    };
    let id = task.file_name().expect("a thread has a number").to_owned();
    let mut command = Command::new("strace");
    command.args(strace).arg("-p").arg(&id).stdout(Stdio::null()).stderr(Stdio::null());
    let tracer = command.spawn().expect("strace runs");
    wait_for_tracer(&task, tracer.id());
    tracer
}

fn wait_for_tracer(task: &Path, tracer: u32) {
    let started = Instant::now();
    let attached = format!("TracerPid:\t{tracer}");
    loop {
        let status = fs::read_to_string(task.join("status")).expect("the thread lives");
        if status.lines().any(|line| line == attached) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "strace does not attach");
        std::thread::sleep(Duration::from_millis(1));
    }
}
