//! Running a script: `-c`, a file, or standard input.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use mesafs::clock::{Clock, SystemClock};
use mesafs::mount::{Files, MountParts};
use mesafs::name::RepoId;
use mesafs::{Errno, FileSystem, RealPath, VPath};
use mesash_builtins::budget::{Budget, Limits, Resource};
use mesash_builtins::cancel::Cancel;
use mesash_builtins::stream::Stream;

use super::args::{Args, Mode, Options};
use super::config::{self, Settings, plain};
use super::failure::{FAILED, Failure, NOT_EXECUTABLE, NOT_FOUND};
use super::home::{mount, mount_options, peek};
use super::host_stream::HostStream;
use super::lazy::LazyFileSystem;
use super::signals::{Target, Watch};
use super::trial::Forked;
use super::{header, json, notice};
use crate::eval::{Capture, Ended, Interpreter, Invocation, Source};

/// Variables of the host that a script may see: what they say is about the terminal.
const SHOWN: &[&str] = &["TERM", "NO_COLOR", "COLORTERM"];

/// A run that is ready to begin.
#[derive(Debug)]
pub struct Prepared {
    pub settings: Settings,
    pub interpreter: Interpreter,
    pub fs: Arc<LazyFileSystem>,
    pub cancel: Cancel,
    pub cwd: VPath,
    /// The first mounted repository's folder.
    pub first: VPath,
}

/// Runs what the arguments say, and gives the exit code.
///
/// # Errors
/// [`Failure`]: the script can't be read, or the mount failed.
pub fn run(args: Args) -> Result<u8, Failure> {
    let Args { mode, mut options, json, trial, .. } = args;
    let (source, name, words) = source(mode, &mut options)?;
    let watch = Watch::start(false).map_err(|error| Failure::new(FAILED, plain(&error)))?;
    let prepared = prepare(&options, &watch)?;
    let mut invocation = prepared.invocation(source, &options);
    invocation.name = name;
    invocation.args = words;
    invocation.timeout = options.timeout;
    let script = invocation.signals.clone();
    watch.aim(Some(Target { script, cancel: prepared.cancel.clone() }));
    let fork = trial.map(|trial| Forked::begin(trial, &prepared, &mut invocation)).transpose()?;
    let finish = |ended: &Ended| match &fork {
        Some(fork) => fork.finish(&prepared, ended),
        None => Ok(ended.status),
    };
    if json {
        return captured(&prepared, invocation, &finish);
    }
    let ended = prepared.interpreter.run(invocation);
    let status = finish(&ended);
    prepared.fs.close()?;
    status
}

/// Runs a script, its output captured, and prints it as JSON.
fn captured(
    prepared: &Prepared,
    mut invocation: Invocation,
    finish: &dyn Fn(&Ended) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let budget = Budget::new(invocation.limits);
    let capture = || Arc::new(Capture::new(&budget, Resource::Output, invocation.cancel.clone()));
    let (stdout, stderr) = (capture(), capture());
    invocation.stdout = Arc::clone(&stdout) as Arc<dyn Stream>;
    invocation.stderr = Arc::clone(&stderr) as Arc<dyn Stream>;
    let mut ended: Ended = prepared.interpreter.run(invocation);
    let finished = finish(&ended);
    prepared.fs.close()?;
    ended.status = finished?;
    let line = json::result(&stdout.take(), &stderr.take(), &ended);
    HostStream::stdout()
        .write(line.into(), &Cancel::new())
        .map_err(|error| Failure::new(FAILED, format!("write error: {error}")))?;
    Ok(ended.status)
}

/// The script, `$0` and the arguments. The options at the head of a script file join `options`.
fn source(mode: Mode, options: &mut Options) -> Result<(Source, BString, Vec<BString>), Failure> {
    match mode {
        Mode::Command(text, mut words) => {
            let name = if words.is_empty() { "mesash".into() } else { words.remove(0) };
            Ok((Source::Text(text), name, words))
        }
        Mode::Script(path, words) => {
            let name = BString::from(path.as_bytes());
            match read_script(&path)? {
                Some(script) => {
                    let header = header::read(Path::new(&path), &script)?;
                    *options = std::mem::take(options).or(header);
                    Ok((Source::Script(script.into()), name, words))
                }
                // It may be a file of the mount.
                None => Ok((Source::File(name.clone()), name, words)),
            }
        }
        Mode::Input(words) => Ok((Source::Stdin, "mesash".into(), words)),
        Mode::Help | Mode::Version | Mode::Admin(_) => Err(Failure::usage("nothing to run")),
    }
}

/// The host's script file; `None` if there is none.
pub(super) fn read_script(path: &OsStr) -> Result<Option<Vec<u8>>, Failure> {
    // bash names the script twice: as the speaker and as the subject.
    let fail = |reason: &str| {
        let who = path.display().to_string();
        Failure { status: NOT_EXECUTABLE, message: format!("{who}: {reason}"), who }
    };
    match fs::read(path) {
        // As bash tells text from what is none.
        Ok(script) if script.lines().next().is_some_and(|line| line.contains(&0)) => {
            Err(fail("cannot execute binary file"))
        }
        Ok(script) => Ok(Some(script)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Err(fail("Is a directory")),
        Err(error) => {
            let denied = error.kind() == io::ErrorKind::PermissionDenied;
            let status = if denied { NOT_EXECUTABLE } else { NOT_FOUND };
            Err(Failure::new(status, format!("{}: {}", path.display(), plain(&error))))
        }
    }
}

/// Settles the options and makes a file system that mounts when it is needed.
///
/// # Errors
/// [`Failure`]: what can be known to be wrong without the store.
pub fn prepare(options: &Options, watch: &Watch) -> Result<Prepared, Failure> {
    let settings = Settings::settle(options, &config::host)?;
    let repos = options.repos.clone();
    if !repos.is_empty() {
        mount_options(&settings, repos.clone()).check(&settings.org)?;
    }
    let interpreter = Interpreter::new();
    let cancel = Cancel::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let fixed = Files::new(MountParts {
        org: settings.org.clone(),
        checkouts: Vec::new(),
        scratch: crate::mesa::scratch(&clock),
        commands: interpreter.command_names(),
        clock,
    });
    let fixed = fixed.map_err(|error| Failure::new(FAILED, error))?;
    let opener = {
        let (settings, interpreter) = (settings.clone(), interpreter.clone());
        let (repos, watch) = (repos.clone(), watch.clone());
        move || {
            let mounted = mount(&settings, &watch, &repos, &interpreter)?;
            notice(&mounted.made);
            Ok(mounted)
        }
    };
    let fs = LazyFileSystem::new(fixed, cancel.clone(), opener);
    let (first, start) = start(&settings, &repos)?;
    let mut prepared = Prepared { settings, interpreter, fs, cancel, cwd: start, first };
    if let Some(cwd) = &options.cwd {
        prepared.cwd = prepared.enter(cwd)?;
    }
    Ok(prepared)
}

/// The folder of the first repository, and the one to start in: that of the only repository, or the
/// org's.
fn start(
    settings: &Settings,
    repos: &[crate::mesa::RepoConfig],
) -> Result<(VPath, VPath), Failure> {
    let org = &settings.org;
    let named: Result<Vec<_>, _> =
        repos.iter().map(|config| RepoId::parse(&config.name, org)).collect();
    let mut mounted = named.map_err(Failure::usage)?;
    if mounted.is_empty() && settings.server.is_none() {
        mounted = peek(&settings.store, org);
    }
    let folder = RealPath::from_names([org.as_str().as_bytes()]).to_vpath();
    let of = |repo: &RepoId| {
        let names = [repo.org.as_str().as_bytes(), repo.repo.as_str().as_bytes()];
        RealPath::from_names(names).to_vpath()
    };
    Ok(match mounted.as_slice() {
        [] => (folder.clone(), folder),
        [only] => (of(only), of(only)),
        [first, ..] => (of(first), folder),
    })
}

impl Prepared {
    /// The folder that `--cwd` names, from where the run would start.
    fn enter(&self, cwd: &BString) -> Result<VPath, Failure> {
        let fail = |reason: &dyn std::fmt::Display| {
            Failure::new(FAILED, format!("--cwd: {cwd}: {reason}"))
        };
        let path = self.cwd.join(cwd).map_err(|error| fail(&error))?;
        self.fs.mount()?;
        let stat = self.fs.metadata(&path).map_err(|error| fail(&error))?;
        if !stat.is_directory() {
            return Err(fail(&Errno::NotDir));
        }
        let real = self.fs.canonicalize(&path).map_err(|error| fail(&error))?;
        Ok(real.to_vpath())
    }

    /// A run of `source` with the program's own streams.
    pub fn invocation(&self, source: Source, options: &Options) -> Invocation {
        let fs = Arc::clone(&self.fs) as Arc<dyn FileSystem>;
        let mut invocation = Invocation::new(fs, source);
        invocation.cwd = self.cwd.clone();
        invocation.env = environment("/home/mesa".into());
        invocation.stdin = HostStream::stdin();
        invocation.stdout = HostStream::stdout();
        invocation.stderr = HostStream::stderr();
        invocation.options.clone_from(&options.shell);
        invocation.limits = Limits::INTERACTIVE;
        invocation.cancel = self.cancel.clone();
        invocation
    }
}

/// The exported variables of a run. The host's are not inherited.
pub fn environment(home: BString) -> Vec<(BString, BString)> {
    let mut env: Vec<(BString, BString)> = vec![
        ("HOME".into(), home),
        ("LANG".into(), "C.UTF-8".into()),
        ("LOGNAME".into(), "mesa".into()),
        ("PATH".into(), "/usr/bin:/bin".into()),
        ("SHELL".into(), "/bin/mesash".into()),
        ("USER".into(), "mesa".into()),
    ];
    for &name in SHOWN {
        if let Some(value) = config::host(name) {
            env.push((name.into(), value.as_bytes().into()));
        }
    }
    env
}
