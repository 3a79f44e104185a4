//! `fs.bash(…)`: Bash as a library call.
//!
//! Each `exec` is a shell of its own; only files stay. It runs on the library's own threads, so no
//! future here depends on the caller's runtime, and one that is dropped cancels its script.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bstr::BString;
use bytes::Bytes;
use mesafs::{Errno, FileSystem, FsError, FsResult, Operation, VPath};
use mesash_builtins::budget::{Budget, Limits, Resource};
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::stream::Stream;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};

use crate::eval::{
    Capture, Ended, EndedBy, Interpreter, Invocation, OnOutput, OutputKind, Session, Source, Text,
    Told,
};

/// Where scripts are at home if their environment doesn't say otherwise.
const HOME: &str = "/home/mesa";
/// How long a script may run if nobody says.
pub const TIMEOUT_MS: u64 = 30_000;
/// How many scripts of one instance run at the same time; more wait for their turn.
const EXECS_MAX: usize = 256;

/// How scripts run.
#[derive(Debug, Clone)]
pub struct BashOptions {
    /// Exported variables. `HOME` is `/home/mesa` unless it is here.
    pub env: Vec<(BString, BString)>,
    /// Absolute. Not looked at before a script does.
    pub cwd: BString,
    /// The host's clock; 0 is a time-out at once.
    pub timeout_ms: u64,
    pub limits: Limits,
}

impl Default for BashOptions {
    fn default() -> Self {
        Self { env: Vec::new(), cwd: "/".into(), timeout_ms: TIMEOUT_MS, limits: Limits::STANDARD }
    }
}

/// What one `exec` has beyond the [`BashOptions`].
#[derive(Clone, Default)]
pub struct ExecOptions {
    pub stdin: Bytes,
    /// `$1` and up.
    pub args: Vec<BString>,
    /// Added to the environment.
    pub env: Vec<(BString, BString)>,
    pub cwd: Option<BString>,
    pub timeout_ms: Option<u64>,
    /// Ends the script when set.
    pub cancel: Option<Cancel>,
    /// Called with each piece of output as it is written, on the script's threads.
    pub on_output: Option<OnOutput>,
}

impl fmt::Debug for ExecOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecOptions").field("args", &self.args).finish_non_exhaustive()
    }
}

/// What a script came to. A script that failed is one of these too, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecResult {
    pub stdout: Bytes,
    pub stderr: Bytes,
    /// 124 after a time-out.
    pub exit_code: u8,
    pub ended_by: EndedBy,
}

struct Shared {
    fs: Arc<dyn FileSystem>,
    interpreter: Interpreter,
    options: BashOptions,
    turns: Semaphore,
}

/// Runs scripts on one file system. Cloning shares it.
#[derive(Clone)]
pub struct Bash(Arc<Shared>);

impl fmt::Debug for Bash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bash").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Bash {
    #[must_use]
    pub fn new(fs: Arc<dyn FileSystem>, interpreter: Interpreter, options: BashOptions) -> Self {
        let turns = Semaphore::new(EXECS_MAX);
        Self(Arc::new(Shared { fs, interpreter, options, turns }))
    }

    /// Runs a script in a fresh shell.
    ///
    /// # Errors
    /// EINVAL if the working directory is no absolute path, EAGAIN if the host has no thread for it.
    pub async fn exec(&self, script: impl AsRef<[u8]>) -> FsResult<ExecResult> {
        self.exec_with(script, ExecOptions::default()).await
    }

    /// As [`Bash::exec`], with input, arguments and more.
    ///
    /// # Errors
    /// As [`Bash::exec`].
    pub async fn exec_with(
        &self,
        script: impl AsRef<[u8]>,
        options: ExecOptions,
    ) -> FsResult<ExecResult> {
        let script = BString::from(script.as_ref());
        let prepared = self.prepare(Source::Text(script), &options)?;
        let _turn = self.0.turns.acquire().await.map_err(|_| no_thread())?;
        let Prepared { invocation, stdout, stderr } = prepared;
        let mut guard = Guard(Some(invocation.cancel.clone()));
        let (send, receive) = oneshot::channel();
        let started = self.0.interpreter.start(invocation, move |ended| {
            let _ = send.send(ended);
        });
        started.map_err(|_| no_thread())?;
        let ended = receive.await.unwrap_or(Ended { status: 134, by: EndedBy::Exit });
        guard.0 = None;
        Ok(ExecResult {
            stdout: stdout.take().into(),
            stderr: stderr.take().into(),
            exit_code: ended.status,
            ended_by: ended.by,
        })
    }

    /// A shell that keeps its working directory, variables and functions from one `exec` to the
    /// next.
    ///
    /// # Errors
    /// As [`Bash::exec`].
    pub fn session(&self) -> FsResult<BashSession> {
        let Prepared { invocation, .. } =
            self.prepare(Source::Text(BString::default()), &ExecOptions::default())?;
        let session = self.0.interpreter.session(&invocation).map_err(|_| no_thread())?;
        Ok(BashSession {
            bash: self.clone(),
            fs: invocation.fs,
            session: Arc::new(Mutex::new(Some(session))),
            busy: Arc::new(AtomicBool::new(false)),
        })
    }

    fn prepare(&self, source: Source, options: &ExecOptions) -> FsResult<Prepared> {
        let defaults = &self.0.options;
        let mut env = defaults.env.clone();
        env.extend(options.env.iter().cloned());
        if !env.iter().any(|(name, _)| name == "HOME") {
            env.push(("HOME".into(), HOME.into()));
        }
        let cwd = VPath::new(options.cwd.clone().unwrap_or_else(|| defaults.cwd.clone()))?;
        let cancel = options.cancel.as_ref().map_or_else(Cancel::new, Cancel::child);
        let output = Budget::new(defaults.limits);
        let capture = |kind| captured(&output, &cancel, kind, options.on_output.as_ref());
        let (stdout, out_stream) = capture(OutputKind::Stdout);
        let (stderr, error_stream) = capture(OutputKind::Stderr);
        let timeout_ms = options.timeout_ms.unwrap_or(defaults.timeout_ms);
        let invocation = Invocation {
            args: options.args.clone(),
            env,
            cwd,
            stdin: Arc::new(Text::pipe(options.stdin.clone())),
            stdout: out_stream,
            stderr: error_stream,
            limits: defaults.limits,
            timeout: Some(Duration::from_millis(timeout_ms)),
            cancel,
            ..Invocation::new(self.0.fs.for_run().unwrap_or_else(|| Arc::clone(&self.0.fs)), source)
        };
        Ok(Prepared { invocation, stdout, stderr })
    }
}

struct Prepared {
    invocation: Invocation,
    stdout: Arc<Capture>,
    stderr: Arc<Capture>,
}

fn captured(
    budget: &Budget,
    cancel: &Cancel,
    kind: OutputKind,
    on_output: Option<&OnOutput>,
) -> (Arc<Capture>, Arc<dyn Stream>) {
    let capture = Arc::new(Capture::new(budget, Resource::Output, cancel.clone()));
    let stream: Arc<dyn Stream> = match on_output {
        Some(tell) => {
            Arc::new(Told { capture: Arc::clone(&capture), kind, tell: Arc::clone(tell) })
        }
        None => Arc::clone(&capture) as Arc<dyn Stream>,
    };
    (capture, stream)
}

fn no_thread() -> FsError {
    FsError::new(Errno::Again, Operation::Open, "")
}

/// Cancels a script whose future is dropped.
struct Guard(Option<Cancel>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(cancel) = self.0.take() {
            cancel.cancel(Reason::Interrupt);
        }
    }
}

/// A shell that is kept between calls.
#[derive(Debug, Clone)]
pub struct BashSession {
    bash: Bash,
    /// As the session sees it.
    fs: Arc<dyn FileSystem>,
    session: Arc<Mutex<Option<Session>>>,
    busy: Arc<AtomicBool>,
}

/// Lets the session take the next call.
struct Busy(Arc<AtomicBool>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl BashSession {
    /// Runs a script in the session's shell.
    ///
    /// # Errors
    /// EBUSY while another call runs, EIO once the shell has exited.
    pub async fn exec(&self, script: impl AsRef<[u8]>) -> FsResult<ExecResult> {
        self.exec_with(script, ExecOptions::default()).await
    }

    /// As [`BashSession::exec`]; `args`, `env` and `cwd` of the options are those of the session and
    /// count for nothing here.
    ///
    /// # Errors
    /// As [`BashSession::exec`].
    pub async fn exec_with(
        &self,
        script: impl AsRef<[u8]>,
        options: ExecOptions,
    ) -> FsResult<ExecResult> {
        if self.busy.swap(true, Ordering::SeqCst) {
            return Err(FsError::new(Errno::Busy, Operation::Open, ""));
        }
        let busy = Busy(Arc::clone(&self.busy));
        self.fs.forget_revisions();
        let script = BString::from(script.as_ref());
        let prepared = self.bash.prepare(Source::Text(BString::default()), &options)?;
        let _turn = self.bash.0.turns.acquire().await.map_err(|_| no_thread())?;
        let Prepared { invocation, stdout, stderr } = prepared;
        let mut guard = Guard(Some(invocation.cancel.clone()));
        let (send, receive) = oneshot::channel();
        let slot = Arc::clone(&self.session);
        let started = self.bash.0.interpreter.spawn(move || {
            let mut slot = slot.lock();
            let line = slot.as_mut().map(|session| session.run(&script, &invocation));
            if line.is_some_and(|line| line.exited) {
                *slot = None;
            }
            drop(slot);
            drop(busy);
            let _ = send.send(line);
        });
        started.map_err(|_| no_thread())?;
        let line = receive.await.ok().flatten();
        guard.0 = None;
        let line = line.ok_or_else(|| FsError::new(Errno::Io, Operation::Open, ""))?;
        Ok(ExecResult {
            stdout: stdout.take().into(),
            stderr: stderr.take().into(),
            exit_code: line.status,
            ended_by: line.by,
        })
    }
}

#[cfg(test)]
mod tests;
