//! What a command sees: a file system, streams, its environment, and a way to run others.
//!
//! Never the interpreter, the store, the host or the network.

mod descriptors;

use std::fmt;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use mesafs::clock::Clock;
use mesafs::{Errno, FileSystem, FsError, FsResult, OpenOptions, Operation, VPath};

use crate::budget::Budget;
use crate::cancel::Cancel;
use crate::command::{CommandError, ExitStatus};
use crate::pager::Paged;
use crate::registry::Registry;
use crate::stream::{FileStream, Input, Output, Policy, Stream};

pub use descriptors::{descriptor_link, descriptor_path, linking, reopened};

/// A command that a command asks to be run: `xargs`, `env`, `find -exec`.
#[derive(Debug, Clone)]
pub struct Spawn {
    /// The name, looked up as an external command (no function, no shell builtin), and arguments.
    pub argv: Vec<BString>,
    /// `None`: the caller's.
    pub stdin: Option<Arc<dyn Stream>>,
    pub stdout: Option<Arc<dyn Stream>>,
    pub stderr: Option<Arc<dyn Stream>>,
    /// `None`: the caller's exported variables.
    pub env: Option<Vec<(BString, BString)>>,
    pub cwd: Option<VPath>,
    /// Ends the command when set; the caller's own if `None`.
    pub cancel: Option<Cancel>,
    /// `None`: the caller's.
    pub fs: Option<Arc<dyn FileSystem>>,
}

impl Spawn {
    #[must_use]
    pub fn new(argv: Vec<BString>) -> Self {
        Self {
            argv,
            stdin: None,
            stdout: None,
            stderr: None,
            env: None,
            cwd: None,
            cancel: None,
            fs: None,
        }
    }
}

/// Why a command could not be run at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpawnError {
    /// 127
    NotFound,
    /// 126
    NotExecutable(FsError),
    Limit(crate::budget::LimitReached),
}

/// A virtual process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub pid: i64,
    pub parent: i64,
    /// What it runs.
    pub text: BString,
}

/// Why a text could not be given to a person to edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    #[error("only a prompt on a terminal starts an editor")]
    NoTerminal,
    #[error("the settings start no editor")]
    Off,
    /// The editor could not be started or failed; its name and why.
    #[error("{editor}: {reason}")]
    Failed { editor: String, reason: String },
}

/// The shell, as far as a command may use it.
pub trait Host: Send + Sync {
    /// Runs a command to its end.
    ///
    /// # Errors
    /// [`SpawnError`] if it cannot be run; a command that ran and failed is `Ok`.
    fn run(&self, spawn: Spawn) -> Result<ExitStatus, SpawnError>;
    /// The stream of a descriptor of the calling command, for `/dev/fd/N`.
    fn descriptor(&self, fd: u32) -> Option<Arc<dyn Stream>>;
    /// Where PATH look-up finds `name` as an external command.
    fn which(&self, name: &BStr, all: bool) -> Vec<BString>;
    /// This shell and what runs in its jobs.
    fn processes(&self) -> Vec<Running> {
        Vec::new()
    }
    /// Has a person edit `text` in an editor of the host, on a copy whose name ends as `name` does; what
    /// became of it. Only at a prompt on a terminal.
    ///
    /// # Errors
    /// [`ComposeError`]
    fn compose(&self, name: &BStr, text: &[u8]) -> Result<Vec<u8>, ComposeError> {
        let _ = (name, text);
        Err(ComposeError::NoTerminal)
    }
    /// Sends a signal to a virtual process (`kill`, `timeout`); ESRCH is `Errno::NoEnt`.
    fn kill(&self, pid: i64, signal: u8) -> FsResult<()>;
}

/// Who the shell says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub user: BString,
    pub uid: u32,
    pub gid: u32,
    pub host: BString,
}

impl Default for Identity {
    fn default() -> Self {
        Self { user: "mesa".into(), uid: 1000, gid: 1000, host: "mesash".into() }
    }
}

/// Everything that one call of a command may touch.
pub struct Context<'a> {
    /// The name that it was called by, which its messages start with.
    pub name: BString,
    pub fs: &'a Arc<dyn FileSystem>,
    pub cwd: VPath,
    /// Exported variables.
    pub env: &'a [(BString, BString)],
    pub stdin: Input,
    pub stdout: Output,
    pub stderr: Output,
    pub cancel: Cancel,
    pub budget: Budget,
    pub clock: &'a Arc<dyn Clock>,
    pub umask: u32,
    pub identity: &'a Identity,
    pub registry: &'a Registry,
    pub host: &'a dyn Host,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Context<'_> {
    /// Says `NAME: MESSAGE` on standard error.
    ///
    /// # Errors
    /// Only what must end the command: a cancel. A lost message ends nothing, as in GNU's tools.
    pub fn complain(&mut self, message: impl fmt::Display) -> Result<(), CommandError> {
        self.complain_bytes(message.to_string().as_bytes())
    }

    /// As [`Context::complain`], for messages with names that are no text.
    ///
    /// # Errors
    /// As [`Context::complain`].
    pub fn complain_bytes(&mut self, message: &[u8]) -> Result<(), CommandError> {
        let mut line = [self.name.as_bytes(), b": ", message, b"\n"].concat();
        if self.bytes_locale() {
            line = line.replace("‘", "'").replace("’", "'");
        }
        match self.stderr.put(&line) {
            Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// An operand as a path: as typed, seen from the working directory.
    ///
    /// # Errors
    /// ENOENT for an empty operand, ENAMETOOLONG, EINVAL for a NUL.
    pub fn path(&self, operand: impl AsRef<[u8]>) -> FsResult<VPath> {
        self.cwd.join(operand)
    }

    /// Opens an operand for reading. `/dev/stdin`, `/dev/fd/N` and the like lead to this command's
    /// own streams. `-` is not special here.
    ///
    /// # Errors
    /// Those of `open`; a directory can be opened and fails with EISDIR when read.
    pub fn open(&self, operand: impl AsRef<[u8]>) -> FsResult<Input> {
        Ok(Input::new(self.open_stream(operand, &OpenOptions::reading())?, self.cancel.clone()))
    }

    /// Opens an operand with the given options. `mode` is used as it is: take the umask off first.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn open_stream(
        &self,
        operand: impl AsRef<[u8]>,
        options: &OpenOptions,
    ) -> FsResult<Arc<dyn Stream>> {
        let path = self.path(operand)?;
        if let Some(fd) = descriptor_path(path.as_bstr()) {
            let missing = || FsError::new(Errno::NoEnt, Operation::Open, path.clone());
            let stream = self.host.descriptor(fd).ok_or_else(missing)?;
            return reopened(&**self.fs, stream, options);
        }
        Ok(Arc::new(FileStream(self.fs.open(&path, options)?)))
    }

    /// Opens an operand for writing, creating it with mode 0666 less the umask, as `>` does.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn create(&self, operand: impl AsRef<[u8]>) -> FsResult<Output> {
        let options = OpenOptions::writing(0o666 & !self.umask);
        Ok(Output::standard(self.open_stream(operand, &options)?, self.cancel.clone()))
    }

    /// From here on, what goes to a terminal stops at each full screen, unless `PAGER` is `cat` or empty.
    pub fn page(&mut self) {
        if !self.var("PAGER").is_some_and(|pager| matches!(pager.as_bytes(), b"cat" | b"")) {
            self.page_always();
        }
    }

    /// As [`Context::page`], whatever `PAGER` is; `None` where no terminal is written to.
    pub fn page_always(&mut self) -> Option<Arc<Paged>> {
        if !self.stdout.is_terminal() {
            return None;
        }
        let paged = Arc::new(Paged::new(Arc::clone(self.stdout.stream())));
        let stream = Arc::clone(&paged) as Arc<dyn Stream>;
        self.stdout = Output::new(stream, self.cancel.clone(), Policy::Full);
        Some(paged)
    }

    /// An exported variable.
    #[must_use]
    pub fn var(&self, name: impl AsRef<[u8]>) -> Option<&BStr> {
        let name = name.as_ref();
        let mut env = self.env.iter().rev();
        env.find(|(key, _)| key == name).map(|(_, value)| value.as_bstr())
    }

    /// Whether the locale is one of bytes: `C` or `POSIX`, said by the first of LC_ALL, LC_CTYPE
    /// and LANG that is set. Unset means UTF-8 here.
    #[must_use]
    pub fn bytes_locale(&self) -> bool {
        let set = |name: &str| self.var(name).filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
        locale.is_some_and(|name| name == "C" || name == "POSIX")
    }

    /// Ends the command when it was cancelled. For loops that touch no stream.
    ///
    /// # Errors
    /// ECANCELED.
    pub fn check(&self) -> Result<(), CommandError> {
        Ok(crate::stream::check(&self.cancel, Operation::Read)?)
    }
}
