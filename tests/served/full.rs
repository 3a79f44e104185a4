//! A disk without room under a server: what fails is said so, what was acknowledged stays.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use mesa_remote::{Address, RemoteBackend};
use mesafs::clock::SystemClock;
use mesafs::token::{Jti, Scope, mint};
use mesafs::tree::Node;
use mesafs::{Access, Backend, Checkout, Errno, Pin};
use tempfile::TempDir;
use testkit::random::Random;

use crate::site::{batch, key, path, repo, write};

/// A small file system of its own, and a server on it, ruled by words.
const SCRIPT: &str = r#"
mount -t tmpfs -o size=40m none store || exit 125
head -c 24000000 /dev/zero > store/filler
echo ready
while read -r word; do
    case $word in
    serve) "$MESASH" serve --store store/s --socket sock & ;;
    kill) kill -9 $!; wait $! 2>/dev/null; rm -f sock; echo killed ;;
    free) rm store/filler; echo freed ;;
    esac
done
kill -9 $!
"#;

struct Small {
    folder: TempDir,
    child: Child,
    words: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Small {
    /// `None` where no file system can be mounted.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        let namespace = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
        let mut command = Command::new("unshare");
        command.args([namespace, "sh", "-c", SCRIPT]).current_dir(folder.path());
        command.env("MESASH", env!("CARGO_BIN_EXE_mesash")).env("HOME", folder.path());
        command.env("MESA_API_KEY", key().expose().as_str());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().ok()?;
        let (words, told) = (child.stdin.take(), BufReader::new(child.stdout.take()?));
        let mut small = Self { folder, child, words, told };
        (small.heard() == "ready\n").then_some(small)
    }

    fn say(&mut self, word: &str) -> String {
        writeln!(self.words.as_mut().unwrap(), "{word}").unwrap();
        self.heard()
    }

    fn heard(&mut self) -> String {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        line
    }

    fn serve(&mut self) {
        let told = self.say("serve");
        assert!(told.starts_with("listening on"), "{told}");
    }

    fn open(&self) -> Arc<dyn Checkout> {
        let clock = Arc::new(SystemClock);
        let (key, repo) = (key(), repo("scratch"));
        let repos = std::slice::from_ref(&repo);
        let token = mint(&key, repos, Scope::Write, 3600, &*clock, Jti::random().unwrap()).unwrap();
        let address = Address::Unix(self.folder.path().join("sock"));
        let remote = RemoteBackend::new(&address, clock).unwrap();
        remote.open(&token.token, &repo, &Pin::Default, Access::ReadWrite).unwrap()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(self.words.take());
        let _ended = self.child.wait();
    }
}

const FILE_BYTES: usize = 200_000;

fn content(number: u64) -> Vec<u8> {
    let mut random = Random::new(number);
    (0..FILE_BYTES).map(|_| random.byte()).collect()
}

#[track_caller]
fn check(mount: &dyn Checkout, landed: &[u64], failed: &[u64]) {
    let root = mount.root().unwrap();
    for number in landed {
        match root.lookup(&path(&format!("f{number}"))).unwrap() {
            Node::File(file) => assert!(file.body.read_all().unwrap()[..] == content(*number)),
            other => panic!("{other:?}"),
        }
    }
    for number in failed {
        let found = root.lookup(&path(&format!("f{number}")));
        assert_eq!(found.map(drop).map_err(|error| error.errno()), Err(Errno::NoEnt));
    }
}

#[test]
fn a_full_disk_fails_writes_and_loses_nothing() {
    let Some(mut small) = Small::new() else {
        println!("no file system can be mounted here");
        return;
    };
    small.serve();
    let mount = small.open();
    let (mut landed, mut failed) = (Vec::new(), Vec::new());
    for number in 0..400 {
        let op = write(&format!("f{number}"), content(number));
        match mount.apply(batch(1000 + u128::from(number), vec![op])) {
            Ok(_) => landed.push(number),
            Err(error) => {
                assert_eq!(error.errno(), Errno::NoSpc, "{error}");
                failed.push(number);
            }
        }
        if failed.len() == 5 {
            break;
        }
    }
    assert!(failed.len() == 5 && landed.len() > 5, "{} and {}", landed.len(), failed.len());
    // It goes on to answer, this mount and others.
    check(&*mount, &landed, &failed);
    check(&*small.open(), &landed, &failed);
    assert_eq!(small.say("kill"), "killed\n");
    assert_eq!(small.say("free"), "freed\n");
    small.serve();
    check(&*small.open(), &landed, &failed);
    // The mount from before goes on, too.
    let op = write("after", "x");
    mount.apply(batch(1, vec![op])).unwrap();
    check(&*mount, &landed, &failed);
}
