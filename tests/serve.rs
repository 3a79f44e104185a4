//! `mesash serve`, and mounts of what it serves: processes on one machine.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A user's machine, with a store that is served.
struct Machine {
    folder: TempDir,
    server: Child,
    url: String,
}

impl Machine {
    fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = arguments.to_vec();
        arguments.insert(0, "serve");
        let piped = &mut command(&folder, &arguments);
        let mut server = piped.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut told = BufReader::new(server.stdout.take().unwrap());
        told.read_line(&mut line).unwrap();
        let url = line.strip_prefix("listening on ").map(|url| url.trim_end().to_owned());
        let Some(url) = url else {
            let mut reason = String::new();
            server.stderr.as_mut().unwrap().read_to_string(&mut reason).unwrap();
            panic!("{line}{reason}");
        };
        Self { folder, server, url }
    }

    fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        let arguments = [&["--server", self.url.as_str(), "-r", "scratch"][..], arguments].concat();
        ran(command(&self.folder, &arguments).output().unwrap())
    }

    /// Runs a text, which must succeed and complain of nothing; what it prints.
    fn sh(&self, text: &str) -> String {
        let (stdout, stderr, status) = self.run(&["-c", text]);
        assert_eq!((status, stderr.as_str()), (0, ""), "{text}: {stdout}");
        stdout
    }

    /// Stops the server as its user does.
    fn stop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.server);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(self.server.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ended = self.server.kill();
        let _ended = self.server.wait();
    }
}

fn command(folder: &TempDir, arguments: &[&str]) -> Command {
    testkit::signals::usual_for_children();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
    command.args(arguments).env_clear().env("HOME", folder.path()).current_dir(folder.path());
    command.stdin(Stdio::null());
    command
}

fn ran(output: Output) -> (String, String, i32) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
}

#[test]
fn processes_share_what_is_served() {
    for place in [&["--listen", "127.0.0.1:0"][..], &["--socket", "sock"]] {
        let mut machine = Machine::new(place);
        assert_eq!(machine.sh("mkdir -p d/e; echo one > d/e/f; cat d/e/f"), "one\n");
        assert_eq!(machine.sh("echo two >> d/e/f; mv d m; cat m/e/f; ls"), "one\ntwo\nm\n");
        assert_eq!(machine.sh("sed -i s/one/three/ m/e/f; grep -r ."), "m/e/f:three\nm/e/f:two\n");
        assert_eq!(
            machine.sh("changes checkpoint -m saved >/dev/null; changes log | grep -c saved"),
            "1\n"
        );
        assert_eq!(machine.sh("exec 3>>m/e/f; mv m/e/f g; echo four >&3; tail -n 1 g"), "four\n");
        assert_eq!(machine.sh("cp -r m /tmp/m; rm -r m; mv /tmp/m back; ls back"), "e\n");
        machine.stop();
    }
}

#[test]
fn what_one_process_writes_wakes_another() {
    let machine = Machine::new(&["--socket", "sock"]);
    machine.sh("touch log");
    let arguments = ["--server", machine.url.as_str(), "-r", "scratch", "-c"];
    let follow = [&arguments[..], &["echo begun; tail -n +1 -f log"]].concat();
    let mut waiting = command(&machine.folder, &follow).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(waiting.stdout.take().unwrap()).lines();
    assert_eq!(told.next().unwrap().unwrap(), "begun");
    machine.sh("echo first >> log");
    assert_eq!(told.next().unwrap().unwrap(), "first");
    machine.sh("echo second >> log");
    assert_eq!(told.next().unwrap().unwrap(), "second");
    // It waits for more.
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}

#[test]
fn a_server_that_is_stopped_leaves_a_store() {
    let mut machine = Machine::new(&["--socket", "sock"]);
    machine.sh("echo kept > f");
    machine.stop();
    assert!(!machine.folder.path().join("sock").exists());
    let embedded = command(&machine.folder, &["-c", "cat f"]).output().unwrap();
    assert_eq!(ran(embedded), ("kept\n".into(), String::new(), 0));
    let (_, stderr, status) = machine.run(&["-c", "cat f"]);
    assert!(stderr.contains("cannot be reached") && status == 1, "{stderr}");
}

#[test]
fn what_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let told = |arguments: &[&str]| {
        let (_, stderr, status) = ran(command(&folder, arguments).output().unwrap());
        (stderr.lines().next().unwrap_or_default().to_owned(), status)
    };
    let plain = "mesash: 'http://example.com' is not on this machine: use https";
    assert_eq!(told(&["--server", "http://example.com", "-c", "ls"]), (plain.into(), 2));
    let both = "mesash: give a store or a server, not both";
    assert_eq!(told(&["--server", "unix:s", "--store", "x", "-c", "ls"]), (both.into(), 2));
    let unnamed = "mesash: name the repositories to mount from a server: -r NAME";
    assert_eq!(told(&["--server", "unix:s", "-c", "ls /local"]), (unnamed.into(), 2));
    let listen = ["serve", "--listen", "0.0.0.0:0"];
    let (message, status) = told(&listen);
    assert!(message.contains("not a loopback address") && status == 1, "{message}");
}

#[test]
fn a_store_is_administered_while_it_is_served() {
    let machine = Machine::new(&["--socket", "sock"]);
    let said = |arguments: &[&str]| ran(command(&machine.folder, arguments).output().unwrap());
    let there = ["--server", machine.url.as_str()];
    // By its address, and by the store's own folder.
    for way in [&there[..], &[]] {
        let admin = |words: &[&str]| {
            let (stdout, stderr, status) = said(&[way, words].concat());
            assert_eq!((stderr.as_str(), status), ("", 0), "{words:?}");
            stdout
        };
        assert_eq!(admin(&["repo", "create", "app"]), "made the repository local/app\n");
        assert_eq!(admin(&["repo", "list"]), "local/app      main\nlocal/scratch  main\n");
        assert!(admin(&["repo", "export", "app", "out.git"]).starts_with("exported local/app to "));
        assert!(machine.folder.path().join("out.git/HEAD").exists());
        std::fs::remove_dir_all(machine.folder.path().join("out.git")).unwrap();
        assert_eq!(admin(&["repo", "delete", "--yes", "app"]), "deleted local/app\n");
        assert!(admin(&["repo", "gc", "scratch"]).starts_with("local/scratch: "));
        let key = admin(&["key", "create", "--scope", "read"]);
        assert!(key.starts_with("mesa_local_"), "{key}");
        assert!(admin(&["key", "list"]).contains("  read   all repositories\n"));
    }
    let twice = said(&[&there[..], &["repo", "create", "scratch"]].concat());
    assert_eq!(twice.1, "mesash: repository 'local/scratch' already exists\n");
}

#[test]
fn a_key_that_is_revoked_ends_what_it_opened() {
    let machine = Machine::new(&["--listen", "127.0.0.1:0"]);
    let there = ["--server", machine.url.as_str()];
    let admin = |words: &[&str]| {
        ran(command(&machine.folder, &[&there[..], words].concat()).output().unwrap())
    };
    let (key, ..) = admin(&["key", "create", "--json"]);
    let key: serde_json::Value = serde_json::from_str(&key).unwrap();
    let (id, secret) = (key["id"].as_str().unwrap(), key["api_key"].as_str().unwrap());
    let with_key = |words: &[&str]| {
        let mut command = command(&machine.folder, &[&there[..], words].concat());
        command.env("MESA_API_KEY", secret);
        command
    };
    // A key for writing administers nothing, and folders are named by who runs the server.
    let (_, stderr, status) = ran(with_key(&["key", "list"]).output().unwrap());
    assert!(stderr.contains("beyond its key's write") && status == 4, "{stderr}");
    let (_, stderr, status) = admin(&["repo", "export", "scratch", "out.git"]);
    assert!(stderr.contains("over a Unix socket") && status == 1, "{stderr}");
    machine.sh("touch f");
    let script = "cat f; echo begun; while cat f; do sleep 0.05; done";
    let mut mounted = with_key(&["-r", "scratch", "-c", script]);
    let mut mounted = mounted.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(mounted.stdout.take().unwrap()).lines();
    assert_eq!(told.next().unwrap().unwrap(), "begun");
    let begun = std::time::Instant::now();
    assert_eq!(admin(&["key", "revoke", id]).0, format!("revoked key {id}\n"));
    let mut stderr = String::new();
    mounted.stderr.as_mut().unwrap().read_to_string(&mut stderr).unwrap();
    mounted.wait().unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert!(stderr.contains("Permission denied (access token of a revoked API key)"), "{stderr}");
}

#[test]
fn a_second_terminal_administers_the_store_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = command(&folder, &["-c", "echo here > f; echo open; sleep 60"]);
    let mut first = first.stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(first.stdout.take().unwrap()).lines();
    assert_eq!(told.next().unwrap().unwrap(), "open");
    let said = |arguments: &[&str]| ran(command(&folder, arguments).output().unwrap());
    let (key, _, status) = said(&["key", "create"]);
    assert!(key.starts_with("mesa_local_") && status == 0, "{key}");
    let made = said(&["repo", "create", "app"]);
    assert_eq!((made.0.as_str(), made.2), ("made the repository local/app\n", 0));
    assert_eq!(said(&["-c", "cat /local/scratch/f; ls /local/app"]).0, "here\n");
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(said(&["-c", "cat /local/scratch/f"]).0, "here\n");
}
