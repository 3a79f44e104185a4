//! The program as it is run: each test has a home folder and a store of its own.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A user's machine.
struct Home {
    folder: TempDir,
}

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    stdout: String,
    stderr: String,
    status: i32,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path(".local/share/mesash/store")
    }

    fn command(&self, args: &[&str]) -> Command {
        testkit::signals::usual_for_children();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
        command.args(args).env_clear().env("HOME", self.folder.path());
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs a text, which must succeed and complain of nothing; what it prints.
    fn sh(&self, text: &str) -> String {
        let ran = self.run(&["-c", text]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{text}: {ran:?}");
        ran.stdout
    }

    fn input(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ran(child.wait_with_output().unwrap())
    }

    /// Starts a text whose first line of output means that it has begun.
    fn start(&self, text: &str) -> Child {
        let mut command = self.command(&["-c", text]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "begun\n");
        child
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap_or(-1),
    }
}

fn said(stdout: &str, stderr: &str, status: i32) -> Ran {
    Ran { stdout: stdout.to_owned(), stderr: stderr.to_owned(), status }
}

fn signal(child: &Child, name: &str) {
    let pid = rustix::process::Pid::from_child(child);
    let signal = match name {
        "INT" => rustix::process::Signal::INT,
        "STOP" => rustix::process::Signal::STOP,
        _ => rustix::process::Signal::TERM,
    };
    rustix::process::kill_process(pid, signal).unwrap();
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_run_that_needs_no_repository_touches_no_store() {
    let home = Home::new();
    assert_eq!(home.run(&["-c", ":"]), said("", "", 0));
    let ran = home.run(&["-c", "echo $((6 * 7)); echo x > /dev/null; pwd"]);
    assert_eq!(ran, said("42\n/local/scratch\n", "", 0));
    assert_eq!(entries(home.folder.path()), 0);
}

#[test]
fn the_first_run_makes_a_store_and_the_second_finds_the_file() {
    let home = Home::new();
    assert_eq!(home.sh("echo hi > a; cat a | tr a-z A-Z"), "HI\n");
    assert_eq!(home.sh("pwd; cat a; cd ..; echo *"), "/local/scratch\nhi\nscratch\n");
    let key = home.path(".local/share/mesash/store.key");
    for (path, wanted) in [(&key, 0o600), (&home.path(".local/share/mesash/store"), 0o700)] {
        let permissions = fs::metadata(path).unwrap().permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
        assert_eq!(mode & 0o777, wanted, "{}", path.display());
    }
    assert!(fs::read_to_string(&key).unwrap().starts_with("mesa_local_"));
    assert!(home.sh("changes").starts_with("local/scratch is on change "));
    assert!(home.sh("bookmarks").starts_with("* main  "));
    home.sh("changes checkpoint -m First > /dev/null");
    assert!(home.sh("changes list").ends_with("  First\n"));
    assert!(home.store().is_dir());
}

#[test]
fn scripts_come_from_the_command_line_a_file_and_standard_input() {
    let home = Home::new();
    let ran = home.run(&["-c", "echo \"$0 $# $1\"; exit 3", "name", "a b"]);
    assert_eq!(ran, said("name 1 a b\n", "", 3));
    let script = home.write("job", "#!/usr/bin/env mesash\necho \"${0##*/} $*\"\nfalse\n");
    assert_eq!(home.run(&[&script, "x", "-y"]), said("job x -y\n", "", 1));
    let ran = home.input(&[], "read line\nthe line\necho \"<$line> $#\"\n");
    assert_eq!(ran, said("<the line> 0\n", "", 0));
    assert_eq!(home.input(&["-s", "a"], "echo $1"), said("a\n", "", 0));
    let ran = home.run(&["-euo", "pipefail", "-c", "false | true; echo no"]);
    assert_eq!(ran, said("", "", 1));
    let ran = home.run(&["-c", "echo 'echo inside $1' > in.sh"]);
    assert_eq!(ran, said("", "", 0));
    assert_eq!(home.run(&["/local/scratch/in.sh", "it"]), said("inside it\n", "", 0));
    let missing = home.run(&["missing"]);
    assert_eq!(missing.status, 127);
    assert!(missing.stderr.ends_with(": missing: No such file or directory\n"), "{missing:?}");
    let folder = home.run(&["/"]);
    assert_eq!(folder, said("", "/: /: Is a directory\n", 126));
}

#[test]
fn the_head_of_a_script_holds_options() {
    let home = Home::new();
    home.sh("true > a");
    assert_eq!(home.run(&["repo", "create", "app"]).status, 0);
    let script = home.write("a.mesash", "#: -r app --cwd /tmp\npwd; cd /local; echo *\n");
    assert_eq!(home.run(&[&script]), said("/tmp\napp\n", "", 0));
    assert_eq!(home.run(&["--cwd", "/local/app", &script]), said("/local/app\napp\n", "", 0));
    assert_eq!(home.run(&["-r", "scratch", &script]), said("/tmp\nscratch\n", "", 0));
    let wrong = home.write("b.mesash", "#: --bogus\n");
    let ran = home.run(&[&wrong]);
    let text = format!(
        "mesash: {wrong}: line 1: --bogus: invalid option\nTry 'mesash --help' for more information.\n"
    );
    assert_eq!(ran, said("", &text, 2));
}

#[test]
fn wrong_usage_says_what_is_right() {
    let home = Home::new();
    let hint = "Try 'mesash --help' for more information.\n";
    let table: &[(&[&str], &str)] = &[
        (&["--bogus"], "mesash: --bogus: invalid option\n"),
        (&["-c"], "mesash: -c: option requires an argument\n"),
        (&["--ttl", "0", "-c", ":"], "mesash: invalid ttl 0: use 1 to 86400 seconds\n"),
        (
            &["-r", "app", "-r", "local/app", "-c", ":"],
            "mesash: repository 'local/app' is named twice\n",
        ),
        (
            &["-r", "other/app", "-c", ":"],
            "mesash: repository 'other/app' is not of the client's org 'local'\n",
        ),
        (&["--org", "tmp", "-c", ":"], "mesash: invalid org name 'tmp': it is reserved\n"),
    ];
    for (args, message) in table {
        assert_eq!(home.run(args), said("", &format!("{message}{hint}"), 2), "{args:?}");
    }
    assert_eq!(entries(home.folder.path()), 0);
    let ran = home.run(&["-r", "nothing", "-c", "echo *"]);
    assert_eq!(ran, said("", "mesash: repository 'local/nothing' not found\n", 1));
    let ran = home.run(&["-r", "scratch@nothing", "-c", "echo *; echo on"]);
    let text = "mesash: bookmark 'nothing' not found in 'local/scratch'\n";
    assert_eq!(ran, said("", text, 1));
    assert!(home.run(&["--help"]).stdout.starts_with("Usage: mesash "));
    assert_eq!(home.run(&["repo"]).status, 2);
}

#[test]
fn settings_come_from_flags_the_environment_and_the_file() {
    let home = Home::new();
    fs::create_dir_all(home.path(".config/mesash")).unwrap();
    fs::write(home.path(".config/mesash/config.toml"), "org = 'filed'\n").unwrap();
    assert_eq!(home.sh("pwd"), "/filed/scratch\n");
    let mut command = home.command(&["-c", "pwd; echo hi > a"]);
    let store = home.path("elsewhere");
    let output = command.env("MESASH_STORE", &store).env("MESA_ORG", "acme").output().unwrap();
    assert_eq!(ran(output), said("/acme/scratch\n", "", 0));
    assert!(store.is_dir() && home.path("elsewhere.key").is_file());
    fs::write(home.path(".config/mesash/config.toml"), "orgs = 'filed'\n").unwrap();
    let wrong = home.run(&["-c", ":"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("config.toml: line 1: unknown field `orgs`"), "{wrong:?}");
}

#[test]
fn nothing_of_the_host_is_seen() {
    let home = Home::new();
    let output = home
        .command(&["-c", "echo \"$SECRET|$USER|$HOME\"; cd /etc; echo *"])
        .env("SECRET", "x")
        .output();
    assert_eq!(ran(output.unwrap()), said("|mesa|/home/mesa\ngroup passwd\n", "", 0));
}

#[test]
fn json_holds_the_result() {
    let home = Home::new();
    let ran = home.run(&["--json", "-c", "echo out; echo err >&2; exit 4"]);
    let line =
        "{\"ended_by\":\"exit\",\"exit_code\":4,\"stderr\":\"err\\n\",\"stdout\":\"out\\n\"}\n";
    assert_eq!(ran, said(line, "", 4));
    let ran = home.run(&["--json", "--timeout", "0.2", "-c", "echo a; sleep 10"]);
    let line = "{\"ended_by\":\"timeout\",\"exit_code\":124,\"stderr\":\"\",\"stdout\":\"a\\n\"}\n";
    assert_eq!(ran, said(line, "", 124));
}

#[test]
fn signals_end_a_script_or_run_its_traps() {
    let home = Home::new();
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let child = home.start("echo begun; sleep 20");
        signal(&child, name);
        assert_eq!(ran(child.wait_with_output().unwrap()).status, status, "{name}");
    }
    let mut child = home.start("trap 'echo caught; exit 7' TERM; echo begun; sleep 20");
    signal(&child, "TERM");
    let mut rest = String::new();
    child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("caught\n", Some(7)));
}

/// A process that has the store open and shares it, but is stopped.
fn frozen(home: &Home) -> Child {
    let holder = home.start("cat a > /dev/null 2>&1; echo begun; sleep 60");
    // It begins to share a moment after it began.
    let socket = home.store().join("sock");
    while std::os::unix::net::UnixStream::connect(&socket).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    signal(&holder, "STOP");
    holder
}

#[test]
fn a_second_process_says_who_has_the_store_and_does_not_answer() {
    let home = Home::new();
    home.sh("echo 1 > a");
    let mut holder = frozen(&home);
    // One that needs no store runs at once.
    assert_eq!(home.run(&["-c", "echo free"]), said("free\n", "", 0));
    let before = std::time::Instant::now();
    let busy = home.run(&["-c", "cat a; echo on"]);
    assert!(before.elapsed().as_secs() >= 4, "{:?}", before.elapsed());
    let (store, pid) = (home.store(), holder.id());
    let text = format!(
        "mesash: store '{}' is in use by process {pid}, which does not answer\n",
        store.display()
    );
    assert_eq!(busy, said("", &text, 5));
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(home.sh("cat a"), "1\n");
}

#[test]
fn a_second_process_works_on_the_store_of_the_first() {
    let home = Home::new();
    home.sh("echo 1 > a");
    let mut holder = home.start("cat a > /dev/null; echo begun; sleep 30");
    assert_eq!(home.sh("cat a; echo 2 > b"), "1\n");
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(home.sh("cat b"), "2\n");
}

#[test]
fn a_signal_ends_the_wait_for_a_store() {
    let home = Home::new();
    let mut holder = frozen(&home);
    let waiting = home.start("echo begun; cat a; echo on");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let before = std::time::Instant::now();
    signal(&waiting, "INT");
    assert_eq!(ran(waiting.wait_with_output().unwrap()), said("", "", 130));
    assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_session_keeps_its_state_and_ends_with_its_status() {
    let home = Home::new();
    let lines = "x=1\nfor i in 1 2\ndo echo $i$x\ndone\ncd /tmp; false\necho $? $PWD\nexit 3\n";
    let ran = home.input(&["-i"], lines);
    assert_eq!((ran.stdout.as_str(), ran.status), ("11\n21\n1 /tmp\n", 3));
    // What was typed is known to the next session.
    let history = home.input(&["-i"], "history\n").stdout;
    assert!(history.contains("  for i in 1 2\ndo echo $i$x\ndone\n"), "{history}");
    let ended = home.input(&["-i"], "echo \"$HOME\"; (exit 4)\n");
    assert_eq!((ended.stdout.as_str(), ended.status), ("/local/scratch\n", 4));
}

#[test]
fn what_a_script_wrote_survives_kill_9() {
    let home = Home::new();
    home.sh("mkdir d; echo old > d/old");
    let text =
        "for i in 1 2 3 4 5; do echo $i >> d/log; done; mv d e; rm e/old; echo begun; sleep 30";
    let mut child = home.start(text);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(home.sh("echo *; echo e/*; cat e/log"), "e\ne/log\n1\n2\n3\n4\n5\n");
}

#[test]
fn repositories_are_made_listed_and_deleted() {
    let home = Home::new();
    assert_eq!(
        home.run(&["repo", "create", "app"]),
        said("made the repository local/app\n", "", 0)
    );
    let again = home.run(&["repo", "create", "app"]);
    assert_eq!(again, said("", "mesash: repository 'local/app' already exists\n", 1));
    let list = home.run(&["repo", "list"]);
    assert_eq!(list, said("local/app      main\nlocal/scratch  main\n", "", 0));
    assert_eq!(home.sh("pwd; echo *"), "/local\napp scratch\n");
    let ran =
        home.run(&["-r", "app", "--ro", "scratch", "-c", "echo 1 > app/x; echo 2 > scratch/x"]);
    let text = "mesash: line 1: scratch/x: Read-only file system\n";
    assert_eq!(ran, said("", text, 1));
    assert_eq!(home.run(&["repo", "delete", "app"]).status, 2);
    assert_eq!(home.run(&["repo", "delete", "--yes", "app"]), said("deleted local/app\n", "", 0));
    let none = home.run(&["repo", "delete", "--yes", "app"]);
    assert_eq!(none, said("", "mesash: repository 'local/app' not found\n", 1));
    let list = home.run(&["repo", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list[0]["repo"], "local/scratch");
}

#[test]
fn keys_are_made_used_and_revoked() {
    let home = Home::new();
    home.sh("echo hi > a");
    let made = home.run(&["key", "create", "--scope", "read"]);
    assert_eq!(made.status, 0, "{made:?}");
    let key = made.stdout.trim().to_owned();
    let with_key = |text: &str| {
        ran(home
            .command(&["--ro", "scratch", "-c", text])
            .env("MESA_API_KEY", &key)
            .output()
            .unwrap())
    };
    assert_eq!(with_key("cat a"), said("hi\n", "", 0));
    let writing = home.command(&["-c", "cat a"]).env("MESA_API_KEY", &key).output().unwrap();
    let text = "mesash: access token with scope write, beyond its key's read\n";
    assert_eq!(ran(writing), said("", text, 4));
    let list = home.run(&["key", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let id = list[1]["id"].as_str().unwrap();
    assert_eq!((&list[0]["scope"], &list[1]["scope"]), (&"admin".into(), &"read".into()));
    let revoked = home.run(&["key", "revoke", &id[..10]]);
    assert_eq!(revoked, said(&format!("revoked key {id}\n"), "", 0));
    assert_eq!(with_key("cat a"), said("", "mesash: access token of a revoked API key\n", 4));
    fs::remove_file(home.path(".local/share/mesash/store.key")).unwrap();
    let lost = home.run(&["-c", "cat a"]);
    assert_eq!(lost.status, 4);
    assert!(lost.stderr.starts_with("mesash: no API key for org 'local': "), "{lost:?}");
}

#[test]
fn a_script_lands_whole_or_is_only_shown() {
    let home = Home::new();
    home.sh("echo 1 > a");
    let failed = home.run(&["--atomic", "-c", "echo 2 > a; echo 3 > b; exit 3"]);
    assert_eq!((failed.status, home.sh("cat a; ls").as_str()), (3, "1\na\n"));
    let shown = home.run(&["--dry-run", "-c", "echo 2 > a; echo said"]);
    assert!(shown.stdout.starts_with("said\ndiff --git a/a b/a\n"), "{shown:?}");
    assert!(shown.stdout.ends_with("@@ -1 +1 @@\n-1\n+2\n"), "{shown:?}");
    assert_eq!(home.sh("cat a"), "1\n");
    let landed = home.run(&["--atomic", "-c", "echo 2 > a; mkdir d; echo 3 > d/b"]);
    assert_eq!((landed.status, home.sh("cat a d/b").as_str()), (0, "2\n3\n"));
    let script = home.write("job.mesash", "rm a\n");
    assert_eq!(home.run(&["--atomic", &script]).status, 0);
    assert_eq!(home.sh("ls"), "d\n");
    assert_eq!(home.run(&["--atomic", "-i"]).status, 2);
}
