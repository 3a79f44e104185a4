//! A server behind nginx, which does TLS as docs/protocol.md says.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::site::key;

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ended = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ended = self.0.wait();
    }
}

/// The configuration of the document, with the places of this test.
fn config(folder: &Path, port: u16) -> String {
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md"));
    let document = document.unwrap();
    let (_, behind) = document.split_once("```nginx\n").unwrap();
    let (block, _) = behind.split_once("```").unwrap();
    let at = folder.display();
    let listen = format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {at}/leaf.pem; ssl_certificate_key {at}/leaf.key;"
    );
    assert!(block.contains("listen 443 ssl;") && block.contains("/run/mesash/serve.sock"));
    let block = block.replace("listen 443 ssl;", &listen);
    let block = block.replace("/run/mesash/serve.sock", &format!("{at}/sock"));
    // Root's workers would be somebody else, who may not come to the socket.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {at}/nginx-{kind};\n"))
        .collect();
    format!(
        "{user}\ndaemon off;\npid {at}/nginx.pid;\nerror_log {at}/nginx.log;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}{block}\n}}\n"
    )
}

/// An authority of its own, and a certificate for `localhost` that it signed.
fn certify(folder: &Path) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority =
        ["-x509", "-days", "2", "-subj", "/CN=Test", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&new[..], &authority].concat());
    let leaf = ["-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.csr"];
    openssl(&[&new[..], &leaf].concat());
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "leaf.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-days",
        "2",
        "-CAcreateserial",
        "-extfile",
        "names",
        "-out",
        "leaf.pem",
    ]);
}

fn start(folder: &Path) -> (Nginx, u16) {
    certify(folder);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = folder.join("nginx.conf");
    fs::write(&file, config(folder, port)).unwrap();
    let nginx = Command::new("nginx").arg("-p").arg(folder).arg("-c").arg(&file).spawn();
    let mut nginx = Nginx(nginx.unwrap());
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || fs::read_to_string(folder.join("nginx.log")).unwrap_or_default();
        assert!(nginx.0.try_wait().unwrap().is_none(), "{}", log());
        assert!(Instant::now() < until, "{}", log());
        std::thread::sleep(Duration::from_millis(10));
    }
    (nginx, port)
}

fn command(folder: &Path, port: u16, trusted: bool, script: &str) -> Command {
    testkit::signals::usual_for_children();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesash"));
    let url = format!("https://localhost:{port}");
    command.args(["--server", url.as_str(), "-r", "app", "-c", script]).env_clear();
    command.env("HOME", folder).env("MESA_API_KEY", key().expose().as_str());
    if trusted {
        command.env("SSL_CERT_FILE", folder.join("ca.pem"));
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn told(output: Output) -> (String, String, bool) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.success())
}

#[test]
fn a_server_is_mounted_through_a_proxy_that_does_tls() {
    let daemon = Daemon::new();
    let folder = daemon.folder();
    let (_nginx, port) = start(folder);
    let run = |script: &str| {
        let (stdout, stderr, done) = told(command(folder, port, true, script).output().unwrap());
        assert!(done && stderr.is_empty(), "{script}: {stdout}{stderr}");
        stdout
    };
    assert_eq!(run("mkdir -p d/e; echo one > d/e/f; mv d g; grep -r one"), "g/e/f:one\n");
    // More than a proxy holds or takes if it is told nothing.
    let big = "head -c 5000000 /dev/zero | tr '\\0' x > big; wc -c < big; md5sum < big";
    let sum = run(big);
    assert!(sum.starts_with("5000000\n"), "{sum}");
    assert_eq!(run("wc -c < big; md5sum < big"), sum);
    assert_eq!(run("changes checkpoint -m saved >/dev/null; changes log | grep -c saved"), "1\n");
    // Events come through it too.
    run("touch log");
    let follow = "echo begun; tail -n +1 -f log | head -n 1";
    let mut waiting = command(folder, port, true, follow).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(waiting.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "begun");
    run("echo first >> log");
    assert_eq!(lines.next().unwrap().unwrap(), "first");
    // It would wait for a second.
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    // Whoever does not know the authority does not talk to it.
    let (_, stderr, done) = told(command(folder, port, false, "ls").output().unwrap());
    assert!(!done && stderr.contains("certificate"), "{stderr}");
}
