//! Runs a case with this crate's command, on a file system in memory.

use std::sync::Arc;

use bstr::{BStr, BString};
use bytes::Bytes;
use mesafs::clock::{Clock, ManualClock};
use mesafs::{Errno, FileKind, FileSystem, Follow, FsError, FsResult, FsStat, Operation, VPath};
use mesash_builtins::budget::{Budget, Limits};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::command::ExitStatus;
use mesash_builtins::context::{Context, Host, Identity, Spawn, SpawnError};
use mesash_builtins::registry::{self, Registry};
use mesash_builtins::stream::{Input, Output, Policy, Stream};
use parking_lot::Mutex;
use testkit::MemoryMount;

use crate::Outcome;
use crate::case::{Case, Page, Setup};

/// When the clock of the memory mount stands.
pub const NOW_S: i64 = 1_767_323_045;

/// Where cases run.
const ROOT: &str = "/acme/app/";

/// A stream over bytes: reads take from the front, writes add at the end.
#[derive(Debug, Default)]
pub struct Tape {
    bytes: Mutex<Vec<u8>>,
    at: Mutex<usize>,
}

impl Tape {
    fn of(bytes: &[u8]) -> Arc<Self> {
        Arc::new(Self { bytes: Mutex::new(bytes.to_vec()), at: Mutex::new(0) })
    }

    fn taken(&self) -> Vec<u8> {
        self.bytes.lock().clone()
    }
}

impl Stream for Tape {
    fn read(&self, len: usize, _cancel: &Cancel) -> FsResult<Bytes> {
        let bytes = self.bytes.lock();
        let mut at = self.at.lock();
        let end = at.saturating_add(len).min(bytes.len());
        let piece = Bytes::copy_from_slice(&bytes[*at..end]);
        *at = end;
        Ok(piece)
    }

    fn write(&self, data: Bytes, _cancel: &Cancel) -> FsResult<()> {
        self.bytes.lock().extend_from_slice(&data);
        Ok(())
    }

    fn seek(&self, _to: std::io::SeekFrom) -> FsResult<u64> {
        Err(FsError::new(Errno::SPipe, Operation::Seek, ""))
    }

    fn metadata(&self) -> FsResult<FsStat> {
        Ok(FsStat::of_stream(FileKind::Pipe, 0))
    }

    fn wait_readable(&self, _timeout: std::time::Duration, _cancel: &Cancel) -> FsResult<bool> {
        Ok(true)
    }
}

/// A shell that only runs commands.
#[derive(Clone)]
struct World {
    fs: Arc<dyn FileSystem>,
    clock: Arc<dyn Clock>,
    registry: Registry,
    identity: Identity,
    cwd: VPath,
    env: Vec<(BString, BString)>,
    streams: [Arc<dyn Stream>; 3],
}

impl World {
    fn execute(&self, argv: &[BString]) -> Option<ExitStatus> {
        let (path, args) = argv.split_first()?;
        let base = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let command = self.registry.get(BStr::new(base))?;
        let cancel = Cancel::new();
        let mut context = Context {
            name: path.clone(),
            fs: &self.fs,
            cwd: self.cwd.clone(),
            env: &self.env,
            stdin: Input::new(Arc::clone(&self.streams[0]), cancel.clone()),
            stdout: Output::standard(Arc::clone(&self.streams[1]), cancel.clone()),
            stderr: Output::new(Arc::clone(&self.streams[2]), cancel.clone(), Policy::None),
            cancel,
            budget: Budget::new(Limits::STANDARD),
            clock: &self.clock,
            umask: 0o022,
            identity: &self.identity,
            registry: &self.registry,
            host: self,
        };
        Some(registry::run(command, &mut context, args))
    }
}

impl Host for World {
    fn run(&self, spawn: Spawn) -> Result<ExitStatus, SpawnError> {
        let mut inner = self.clone();
        if let Some(stdin) = spawn.stdin {
            inner.streams[0] = stdin;
        }
        if let Some(stdout) = spawn.stdout {
            inner.streams[1] = stdout;
        }
        if let Some(stderr) = spawn.stderr {
            inner.streams[2] = stderr;
        }
        inner.env = spawn.env.unwrap_or(inner.env);
        inner.cwd = spawn.cwd.unwrap_or(inner.cwd);
        inner.execute(&spawn.argv).ok_or(SpawnError::NotFound)
    }

    fn descriptor(&self, fd: u32) -> Option<Arc<dyn Stream>> {
        self.streams.get(fd as usize).cloned()
    }

    fn which(&self, name: &BStr, _all: bool) -> Vec<BString> {
        let found = self.registry.get(name).is_some();
        if found { vec![format!("/usr/bin/{name}").into()] } else { Vec::new() }
    }

    fn kill(&self, _pid: i64, _signal: u8) -> FsResult<()> {
        Err(FsError::new(Errno::NoEnt, Operation::Lookup, ""))
    }
}

fn at(name: &str) -> VPath {
    VPath::new([ROOT, name].concat()).expect("a path")
}

pub fn run(page: &Page, case: &Case) -> Outcome {
    let registry = Registry::standard();
    let names: Vec<&str> = registry.iter().map(|command| command.name).collect();
    let mount = MemoryMount::new(&names);
    // Files are old; for commands the time is the host's.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.expect("a time").as_secs()).expect("a time");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at_s(now));
    let fs: Arc<dyn FileSystem> = Arc::new(mount.files.clone());
    for setup in &page.setup {
        let done = match setup {
            Setup::File(name, text) => fs.write(&at(name), Bytes::copy_from_slice(text), 0o644),
            Setup::Dir(name) => fs.create_dir(&at(name), 0o755, true),
            Setup::Link(name, target) => fs.symlink(target.as_bytes(), &at(name)),
            Setup::Mode(name, mode) => fs.set_mode(&at(name), *mode, Follow::Yes),
        };
        done.unwrap_or_else(|error| panic!("{setup:?}: {error}"));
    }
    let pair = |name: &str, value: &str| (BString::from(name), BString::from(value));
    let mut env = vec![
        pair("PATH", "/usr/bin:/bin"),
        pair("LC_ALL", "C.UTF-8"),
        pair("TZ", "UTC0"),
        pair("TERM", "xterm"),
    ];
    env.extend(case.env.iter().map(|(name, value)| pair(name, value)));
    let (stdin, stdout, stderr) = (Tape::of(&case.stdin), Tape::of(b""), Tape::of(b""));
    let world = World {
        fs: Arc::clone(&fs),
        clock,
        registry,
        identity: Identity { user: "root".into(), uid: 0, gid: 0, host: "host".into() },
        cwd: VPath::new(ROOT.trim_end_matches('/')).expect("a path"),
        env,
        streams: [
            stdin,
            Arc::clone(&stdout) as Arc<dyn Stream>,
            Arc::clone(&stderr) as Arc<dyn Stream>,
        ],
    };
    let argv: Vec<BString> = case.argv.iter().map(|word| BString::from(&word[..])).collect();
    let status = world.execute(&argv);
    let status = status.unwrap_or_else(|| panic!("line {}: no command: {}", case.line, case.text));
    let mut files = Vec::new();
    list(&*fs, "", &mut files);
    Outcome { stdout: stdout.taken(), stderr: stderr.taken(), status: i32::from(status.0), files }
}

fn list(fs: &dyn FileSystem, below: &str, files: &mut Vec<String>) {
    let entries = fs.read_dir_stats(&at(below)).expect("a directory");
    for (name, stat) in entries {
        let name = format!("{below}{name}");
        match stat.kind {
            FileKind::Directory => {
                files.push(format!("{name}/ {:o}", stat.mode));
                list(fs, &format!("{name}/"), files);
            }
            FileKind::Symlink => {
                files.push(format!("{name} -> {}", fs.read_link(&at(&name)).expect("a link")));
            }
            _ => {
                let text = fs.read(&at(&name)).expect("a file");
                files.push(format!("{name} {:o} {:?}", stat.mode, String::from_utf8_lossy(&text)));
            }
        }
    }
}
