//! How a run is started: what to run, as whom, with which streams; and how it ended.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bstr::BString;
use mesafs::clock::{Clock, SystemClock};
use mesafs::{FileSystem, VPath};
use mesash_builtins::budget::{Limits, Resource};
use mesash_builtins::cancel::{Cancel, Reason};
use mesash_builtins::context::Identity;
use mesash_builtins::stream::Stream;
use parking_lot::Mutex;

use super::streams::Text;
use crate::job::Process;

/// Where the commands come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// `-c`: messages say `line N` and syntax errors `-c: line N`.
    Text(BString),
    /// A script in the mount, as typed, seen from the working directory.
    File(BString),
    /// The bytes of a script that the caller has read; messages as for a file.
    Script(BString),
    /// Standard input, line by line.
    Stdin,
}

/// An option given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvocationOption {
    /// `-o name`, `+o name`, or its letter.
    Set(BString, bool),
    /// `-O name`, `+O name`
    Shopt(BString, bool),
}

impl InvocationOption {
    /// The option that `set -LETTER` means.
    #[must_use]
    pub fn from_letter(letter: u8, on: bool) -> Option<Self> {
        let name = match letter {
            b'a' => "allexport",
            b'b' => "notify",
            b'e' => "errexit",
            b'f' => "noglob",
            b'h' => "hashall",
            b'k' => "keyword",
            b'm' => "monitor",
            b'n' => "noexec",
            b'p' => "privileged",
            b't' => "onecmd",
            b'u' => "nounset",
            b'v' => "verbose",
            b'x' => "xtrace",
            b'B' => "braceexpand",
            b'C' => "noclobber",
            b'E' => "errtrace",
            b'H' => "histexpand",
            b'P' => "physical",
            b'T' => "functrace",
            _ => return None,
        };
        Some(Self::Set(name.into(), on))
    }
}

/// Delivers signals of the host to the script that runs.
#[derive(Clone, Default)]
pub struct Signals(Arc<Mutex<Weak<Process>>>);

impl Signals {
    /// Sends `number` to the main shell: its trap runs, or the run ends. False if none runs.
    pub fn deliver(&self, number: u8) -> bool {
        let process = self.0.lock().upgrade();
        if let Some(process) = &process {
            process.signal(number);
        }
        process.is_some()
    }

    pub(crate) fn attach(&self, process: &Arc<Process>) {
        *self.0.lock() = Arc::downgrade(process);
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signals").field(&self.0.lock().strong_count()).finish()
    }
}

/// One run of the shell.
#[derive(Debug)]
pub struct Invocation {
    pub fs: Arc<dyn FileSystem>,
    pub source: Source,
    /// `$0`
    pub name: BString,
    /// `$1` and up.
    pub args: Vec<BString>,
    /// Exported variables.
    pub env: Vec<(BString, BString)>,
    /// Known to be a directory; it is not looked at before the script does.
    pub cwd: VPath,
    pub stdin: Arc<dyn Stream>,
    pub stdout: Arc<dyn Stream>,
    pub stderr: Arc<dyn Stream>,
    /// In the order given.
    pub options: Vec<InvocationOption>,
    pub limits: Limits,
    pub timeout: Option<Duration>,
    /// Ends the run when set.
    pub cancel: Cancel,
    pub clock: Arc<dyn Clock>,
    pub identity: Identity,
    pub interactive: bool,
    pub signals: Signals,
}

impl Invocation {
    /// A run of `source` in `/` with an empty environment and input; its output goes nowhere.
    #[must_use]
    pub fn new(fs: Arc<dyn FileSystem>, source: Source) -> Self {
        let nowhere: Arc<dyn Stream> = Text::empty();
        Self {
            fs,
            source,
            name: "mesash".into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: VPath::root(),
            stdin: Arc::clone(&nowhere),
            stdout: Arc::clone(&nowhere),
            stderr: nowhere,
            options: Vec::new(),
            limits: Limits::STANDARD,
            timeout: None,
            cancel: Cancel::new(),
            clock: Arc::new(SystemClock),
            identity: Identity::default(),
            interactive: false,
            signals: Signals::default(),
        }
    }
}

/// What ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedBy {
    /// The script, by coming to its end, `exit` or an error.
    Exit,
    Timeout,
    /// The caller, or Ctrl-C.
    Cancelled,
    /// A limit that ends the run.
    Limit(Resource),
    Signal(u8),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub status: u8,
    pub by: EndedBy,
}

impl Ended {
    /// What a cancel means for the run that it ended.
    #[must_use]
    pub fn cancelled(reason: Reason) -> Self {
        let by = match reason {
            Reason::Timeout => EndedBy::Timeout,
            Reason::Limit => EndedBy::Limit(Resource::Memory),
            Reason::Signal(number) => EndedBy::Signal(number),
            Reason::Interrupt | Reason::Closed => EndedBy::Cancelled,
        };
        Self { status: reason.status(), by }
    }
}

/// How one input of an interactive session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineEnd {
    pub status: u8,
    /// The session is over (`exit`).
    pub exited: bool,
    pub by: EndedBy,
}
