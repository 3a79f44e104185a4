//! Shell lines on a server's mount: what they do comes to what it comes to without a server between, in
//! few calls, and what could not be done is said when the line ends.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use bytes::Bytes;
use mesa_remote::{Address, RemoteBackend};
use mesa_server::{Counts, Limits, Listen, Server, Service};
use mesafs::clock::Clock;
use mesafs::filesystem::{FileSystem, Handle, OpenOptions, SeekFrom};
use mesafs::line::Line;
use mesafs::mount::{Files, MountParts};
use mesafs::scratch::{Quota, Scratch};
use mesafs::{Access, Backend, Errno, FsResult, OrgName, Pin, RepoId, VPath, Volume};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use testkit::MemoryMount;

/// A backend in memory, and mounts of it by way of a server.
struct Served {
    memory: MemoryMount,
    address: Address,
    counts: Arc<Counts>,
    server: Option<Server>,
}

impl Served {
    fn new() -> Self {
        let memory = MemoryMount::new(&[]);
        let service = Service::new(Arc::new(memory.backend.clone()), Limits::default()).unwrap();
        let counts = Arc::clone(service.counts());
        let listen = [Listen::Tcp("127.0.0.1:0".parse().unwrap())];
        let server = Server::start(service, &listen).unwrap();
        let address = format!("http://{}", server.addresses()[0]).parse().unwrap();
        Self { memory, address, counts, server: Some(server) }
    }

    fn mount(&self) -> Files {
        let org = OrgName::new("acme").unwrap();
        let clock = Arc::clone(&self.memory.clock) as Arc<dyn Clock>;
        let remote = RemoteBackend::new(&self.address, Arc::clone(&clock)).unwrap();
        let app = RepoId::parse("app", &org).unwrap();
        let token = self.memory.backend.token(std::slice::from_ref(&app));
        let checkout = remote.open(&token, &app, &Pin::Default, Access::ReadWrite).unwrap();
        let scratch = Arc::new(Scratch::new(Quota::default(), &*clock)) as Arc<dyn Volume>;
        let (checkouts, commands) = (vec![checkout], Vec::new());
        Files::new(MountParts { org, checkouts, scratch, commands, clock }).unwrap()
    }
}

fn path(name: &str) -> VPath {
    VPath::new(format!("/acme/app/{name}")).unwrap()
}

fn line(files: &dyn FileSystem) {
    files.line_begins(Line::new(|| "a line".into()));
}

fn writing() -> OpenOptions {
    let reading = OpenOptions::reading();
    OpenOptions { write: true, create: true, ..reading }
}

/// What a tree holds, in lines.
fn told(files: &dyn FileSystem, at: &str, lines: &mut Vec<String>) {
    for entry in files.read_dir(&path(at)).unwrap() {
        let name = format!("{at}/{}", entry.name);
        let stat = files.symlink_metadata(&path(&name)).unwrap();
        if stat.is_directory() {
            lines.push(format!("{name}/"));
            told(files, &name, lines);
        } else {
            lines.push(format!("{name} {:o} {:?}", stat.mode, files.read(&path(&name)).unwrap()));
        }
    }
}

fn whole(files: &dyn FileSystem) -> Vec<String> {
    let mut lines = Vec::new();
    told(files, ".", &mut lines);
    lines
}

/// One of what lines do, on a few names, so that they meet.
fn step(
    files: &dyn FileSystem,
    handles: &mut Vec<Arc<dyn Handle>>,
    rng: &mut TestRng,
) -> Result<String, Errno> {
    let names = ["a", "b", "d/a", "d/b", "d", "e/f/a", "e/f", "e"];
    let mut below = |count: u64| rng.next_u64() % count;
    let one = path(names[usize::try_from(below(8)).unwrap()]);
    let two = path(names[usize::try_from(below(8)).unwrap()]);
    let (which, number) = (below(16), below(5));
    let data = Bytes::from(format!("{number}{number}\n"));
    let handle = handles.get(usize::try_from(number).unwrap()).cloned();
    let unit = |done: FsResult<()>| done.map(|()| String::new());
    let done = match (which, handle) {
        (0, _) => unit(files.write(&one, data, 0o644)),
        (1, _) => unit(files.append(&one, data, 0o644)),
        (2, _) => unit(files.remove(&one, number > 1)),
        (3, _) => unit(files.create_dir(&one, 0o755, number > 1)),
        (4, _) => unit(files.rename(&one, &two)),
        (5, _) => unit(files.copy(&one, &two, true)),
        (6, _) => unit(files.set_mode(&one, 0o600, mesafs::Follow::Yes)),
        (7, _) => unit(files.create_new(&one, 0o644)),
        (8, _) => files.read(&one).map(|bytes| format!("{bytes:?}")),
        (9 | 10, _) => {
            let options = OpenOptions { truncate: number == 0, append: number == 1, ..writing() };
            files.open(&one, &options).map(|handle| {
                handles.push(handle);
                String::new()
            })
        }
        (11, Some(_)) => {
            handles.remove(usize::try_from(number).unwrap());
            Ok(String::new())
        }
        (12, Some(handle)) => unit(handle.write(data)),
        (13, Some(handle)) => unit(handle.set_len(number)),
        (14, Some(handle)) => handle.seek(SeekFrom::Start(0)).and_then(|_| {
            let bytes = handle.read(64)?;
            Ok(format!("{bytes:?} {:?}", handle.path().map(|path| path.to_vpath())))
        }),
        _ => files.read_dir(&one).map(|entries| entries.len().to_string()),
    };
    done.map_err(|error| error.errno())
}

/// The same lines with a server between and without one: each step answers the same, and the trees are
/// the same when the line has ended, also as another mount sees them.
#[test]
fn lines_come_to_the_same_with_a_server_between() {
    for seed in 0..8_u8 {
        let served = Served::new();
        let plain = MemoryMount::new(&[]);
        let (far, other) = (served.mount(), served.mount());
        let (far, near) = (far.for_run().unwrap(), plain.files.for_run().unwrap());
        let rng = || TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        let (mut one, mut two) = (rng(), rng());
        let (mut far_handles, mut near_handles) = (Vec::new(), Vec::new());
        for round in 0..12 {
            line(&*far);
            for nth in 0..15 {
                let answer = step(&*far, &mut far_handles, &mut one);
                let wanted = step(&*near, &mut near_handles, &mut two);
                assert_eq!(answer, wanted, "seed {seed}, line {round}, step {nth}");
            }
            far.line_ends().unwrap();
            let wanted = whole(&*near);
            assert_eq!(whole(&*far), wanted, "seed {seed}, line {round}");
            assert_eq!(whole(&other), wanted, "seed {seed}, line {round}, another mount");
        }
    }
}

#[test]
fn a_line_takes_few_calls() {
    let served = Served::new();
    let files = served.mount().for_run().unwrap();
    line(&*files);
    let before = served.counts.calls();
    for nth in 0..500 {
        let handle = files.open(&path(&format!("f{nth}")), &writing()).unwrap();
        handle.write(Bytes::from_static(b"text\n")).unwrap();
    }
    assert_eq!(files.read_dir(&path("")).unwrap().len(), 500);
    files.line_ends().unwrap();
    let calls = served.counts.calls() - before;
    assert!(calls < 150, "{calls} calls for 500 files");
    assert_eq!(served.memory.files.read(&path("f499")).unwrap(), "text\n");
}

#[test]
fn what_is_not_done_fails_the_line_and_is_seen_as_it_is() {
    let mut served = Served::new();
    let files = served.mount().for_run().unwrap();
    line(&*files);
    files.create_dir(&path("d"), 0o755, false).unwrap();
    files.write(&path("d/kept"), Bytes::from_static(b"1"), 0o644).unwrap();
    files.line_ends().unwrap();
    line(&*files);
    files.write(&path("d/kept"), Bytes::from_static(b"2"), 0o644).unwrap();
    served.server.take().unwrap().stop();
    let late = (0..100).find_map(|nth| {
        let done = files.write(&path(&format!("d/late{nth}")), Bytes::from_static(b"3"), 0o644);
        std::thread::sleep(std::time::Duration::from_millis(100));
        done.err()
    });
    assert_eq!(late.unwrap().errno(), Errno::Io);
    let error = files.line_ends().unwrap_err();
    assert_eq!(error.errno(), Errno::Io);
    assert!(error.path().starts_with(b"/acme/app/d/"), "{error:?}");
    // What was read before can still be read, and nothing of what was not done can.
    line(&*files);
    let names = files.read_dir(&path("d")).unwrap();
    assert!(names.iter().all(|entry| entry.name == "kept"), "{names:?}");
    files.line_ends().unwrap();
}
