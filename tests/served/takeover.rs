//! Several processes on one store, without a server that somebody starts: when the one that has it
//! leaves, is killed, or freezes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Adds each line of its input to a file, and says so when it is there.
const WRITER: &str = r#"exec 2>&1; while read -r line; do
    if echo "$line" >> log; then echo "ok $line"; else echo "failed $line"; fi
done"#;

struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn command(&self, script: &str) -> Command {
        testkit::signals::usual_for_children();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
        command.args(["--store", "store", "-r", "scratch", "-c", script]).env_clear();
        command.env("HOME", self.0.path()).current_dir(self.0.path());
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, script: &str) -> Output {
        self.command(script).output().unwrap()
    }

    fn writer(&self, name: &'static str) -> Writer {
        let mut command = self.command(WRITER);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let (told, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        let stdin = child.stdin.take();
        Writer { name, child, stdin, lines, written: Written::default() }
    }

    /// Who has the store open.
    fn owner(&self) -> u32 {
        fs::read_to_string(self.store().join("lock")).unwrap().trim().parse().unwrap()
    }

    /// Waits until the owner answers others.
    fn wait_shared(&self) -> PathBuf {
        let socket = self.store().join("sock");
        wait_until("the owner answers", || {
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
        socket
    }

    /// Checks that everything that was acknowledged is there once, in the order of each writer, and
    /// what failed not more than once.
    fn check(&self, writers: &[Writer]) {
        let output = self.run("cat log");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let found: Vec<&str> = text.lines().collect();
        let mut count = 0;
        for writer in writers {
            let own: Vec<&str> =
                found.iter().copied().filter(|line| line.starts_with(writer.name)).collect();
            let acknowledged = &writer.written.acknowledged;
            let settled: Vec<&str> = own
                .iter()
                .copied()
                .filter(|line| !writer.written.failed.iter().any(|failed| failed == line))
                .collect();
            assert_eq!(settled, *acknowledged, "{}", writer.name);
            for failed in &writer.written.failed {
                assert!(own.iter().filter(|line| *line == failed).count() <= 1, "{failed}");
            }
            count += own.len();
        }
        assert_eq!(found.len(), count, "{found:?}");
    }
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[derive(Debug, Default)]
struct Written {
    acknowledged: Vec<String>,
    failed: Vec<String>,
    /// How long the slowest took.
    slowest: Duration,
}

/// A process that writes what it is told to.
struct Writer {
    name: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    written: Written,
}

impl Writer {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn is(&self, pid: u32) -> bool {
        self.child.id() == pid
    }

    /// Has it write a line; whether that is acknowledged.
    fn write(&mut self) -> bool {
        let number = self.written.acknowledged.len() + self.written.failed.len();
        let line = format!("{}{number}", self.name);
        let began = Instant::now();
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut reason = String::new();
        let answer = loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(told) if told.starts_with("mesash: ") => reason = told,
                answer => break answer,
            }
        };
        let took = began.elapsed();
        self.written.slowest = self.written.slowest.max(took);
        match answer.as_deref().map(|answer| answer.split_once(' ')) {
            Ok(Some(("ok", told))) if told == line => self.written.acknowledged.push(line),
            Ok(Some(("failed", told))) if told == line => {
                // A machine that is too busy for a take-over may have it so, and nothing else.
                assert!(reason.contains("cannot be reached"), "{line}, after {took:?}: {reason}");
                self.written.failed.push(line);
                return false;
            }
            other => panic!("{line}: {other:?}"),
        }
        true
    }

    /// Has it write until so many more are acknowledged.
    fn write_on(&mut self, count: usize) {
        let wanted = self.written.acknowledged.len() + count;
        let until = Instant::now() + PATIENCE;
        while self.written.acknowledged.len() < wanted {
            self.write();
            assert!(Instant::now() < until, "{:?}", self.written);
        }
    }

    fn leave(&mut self) {
        drop(self.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Has the writers write at once while `meanwhile` happens, and some more afterwards.
fn write_while(writers: &mut [Writer], meanwhile: impl FnOnce()) {
    thread::scope(|scope| {
        let threads: Vec<(Sender<()>, _)> = writers
            .iter_mut()
            .map(|writer| {
                let (goes_on, over) = mpsc::channel::<()>();
                let thread = scope.spawn(move || {
                    let ended = Err(mpsc::TryRecvError::Disconnected);
                    while over.try_recv() != ended {
                        writer.write();
                    }
                    writer.write_on(10);
                });
                (goes_on, thread)
            })
            .collect();
        thread::sleep(Duration::from_millis(200));
        meanwhile();
        thread::sleep(Duration::from_millis(300));
        for (goes_on, thread) in threads {
            drop(goes_on);
            thread.join().unwrap();
        }
    });
}

/// Three processes of which the first has the store.
fn three(machine: &Machine) -> Vec<Writer> {
    let mut first = machine.writer("a");
    assert!(first.write());
    assert!(first.is(machine.owner()));
    machine.wait_shared();
    let mut writers = vec![first];
    for name in ["b", "c"] {
        let mut writer = machine.writer(name);
        assert!(writer.write());
        writers.push(writer);
    }
    writers
}

/// Takes the process that has the store out of `writers`.
fn take_owner(machine: &Machine, writers: &mut Vec<Writer>) -> Writer {
    let mut at = None;
    wait_until("one of them has the store", || {
        let owner = machine.owner();
        at = writers.iter().position(|writer| writer.is(owner));
        at.is_some()
    });
    writers.remove(at.unwrap())
}

/// The owner goes three times, until nobody is left.
fn owners_go(go: fn(&mut Writer)) {
    let machine = Machine::new();
    let mut writers = three(&machine);
    let mut gone = Vec::new();
    while writers.len() > 1 {
        let mut owner = take_owner(&machine, &mut writers);
        // It writes until it goes, too.
        owner.write_on(3);
        write_while(&mut writers, || go(&mut owner));
        gone.push(owner);
        let told = |writer: &Writer| {
            let Written { acknowledged, failed, slowest } = &writer.written;
            format!(
                "{}: {} and {} failed, {slowest:?}",
                writer.name,
                acknowledged.len(),
                failed.len()
            )
        };
        println!("{}", writers.iter().map(told).collect::<Vec<_>>().join("; "));
    }
    go(&mut writers[0]);
    gone.append(&mut writers);
    machine.check(&gone);
}

#[test]
fn the_store_of_a_process_that_leaves_is_taken_over() {
    owners_go(Writer::leave);
}

#[test]
fn the_store_of_a_process_that_is_killed_is_taken_over() {
    owners_go(Writer::kill);
}

#[test]
fn a_frozen_owner_is_named() {
    let machine = Machine::new();
    let mut owner = machine.writer("a");
    assert!(owner.write());
    machine.wait_shared();
    kill_process(owner.pid(), Signal::STOP).unwrap();
    let output = machine.run("cat log");
    kill_process(owner.pid(), Signal::CONT).unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let named = format!("in use by process {}, which does not answer", owner.child.id());
    assert!(told.contains(&named) && !output.status.success(), "{told}");
    assert!(owner.write());
    assert_eq!(machine.run("cat log").stdout, b"a0\na1\n");
    owner.leave();
}

#[test]
fn the_socket_is_its_users_alone() {
    let machine = Machine::new();
    let mut owner = machine.writer("a");
    assert!(owner.write());
    let socket = machine.wait_shared();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(&machine.store())), (0o600, 0o700));
    // Only root can be somebody else, for whom the way is made free here.
    if rustix::process::geteuid().is_root() {
        for (path, mode) in [(machine.0.path(), 0o755), (&machine.store(), 0o755), (&socket, 0o666)]
        {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let ask = |uid: u32| {
            let mut asking = Command::new("perl");
            asking.args(["-e", ASK]).arg(&socket);
            let output = asking.uid(uid).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!((ask(0).as_str(), ask(65534).as_str()), ("HTTP/1.1 200", ""));
    }
    owner.leave();
}

/// Asks on a socket whether the server is there, as whoever runs it.
const ASK: &str = r#"
use IO::Socket::UNIX;
$SIG{PIPE} = "IGNORE";
my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!";
$socket->syswrite("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
$socket->sysread(my $answer, 12);
print $answer;
"#;
