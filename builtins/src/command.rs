//! What a command is: a constant table and a function.

use mesafs::{Errno, FsError};

use crate::args::{Args, Opt};
use crate::budget::LimitReached;
use crate::context::Context;

/// How a command's arguments are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Options anywhere, as GNU's getopt permutes them.
    Permute,
    /// Options end at the first operand (POSIX utility syntax guideline 9): `env`, `xargs`.
    First,
    /// The command reads its arguments itself: `echo`, `test`, `find`. `--help` and `--version` too.
    Raw,
}

/// A worked example: shown in the help, and run and compared by a test.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    pub about: &'static str,
    pub script: &'static str,
    pub prints: &'static str,
}

/// One command: what its help, completion and manual are made of, and what runs it.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    pub name: &'static str,
    /// One line for each form, without `Usage:`.
    pub synopsis: &'static str,
    /// One sentence.
    pub summary: &'static str,
    pub options: &'static [Opt],
    /// What a grammar of its own takes beside them, as the help shows it: `-name PATTERN`.
    pub words: &'static [&'static str],
    /// Commands of its own, by their whole names: `changes new`.
    pub subcommands: &'static [&'static Command],
    pub examples: &'static [Example],
    pub order: Order,
    /// The exit status for wrong usage: 1 for most of coreutils, 2 for `ls`, `grep`, `sort`.
    pub usage_status: u8,
    /// Wrong usage is answered with the synopsis too: `grep`.
    pub usage_shows_synopsis: bool,
    pub run: fn(&mut Context<'_>, &Args) -> CommandResult,
}

impl Command {
    /// What most commands share; for `..Command::BASE`.
    pub const BASE: Self = Self {
        name: "",
        synopsis: "",
        summary: "",
        options: &[],
        words: &[],
        subcommands: &[],
        examples: &[],
        order: Order::Permute,
        usage_status: 1,
        usage_shows_synopsis: false,
        run: |_, _| Ok(ExitStatus::SUCCESS),
    };
}

/// What `$?` becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitStatus(pub u8);

impl ExitStatus {
    pub const SUCCESS: Self = Self(0);
    pub const FAILURE: Self = Self(1);

    #[must_use]
    pub fn success(self) -> bool {
        self.0 == 0
    }

    /// The first failure stays.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.success() { other } else { self }
    }
}

pub type CommandResult = Result<ExitStatus, CommandError>;

/// What ends a command early.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// Wrong usage: said with `Try 'NAME --help' for more information.`; an empty message is left
    /// out.
    Usage(String),
    /// An argument that is none of the words allowed: said as wrong usage is, with status 1.
    Argument(String),
    /// Said as `NAME: MESSAGE`; the status is given.
    Fail(Vec<u8>, ExitStatus),
    /// The message has been said already.
    Exit(ExitStatus),
    /// A stream failed: EPIPE ends the command silently, ECANCELED too, others are said as
    /// `NAME: write error: REASON`.
    Stream(FsError),
    Limit(LimitReached),
}

impl From<FsError> for CommandError {
    fn from(error: FsError) -> Self {
        Self::Stream(error)
    }
}

impl From<LimitReached> for CommandError {
    fn from(limit: LimitReached) -> Self {
        Self::Limit(limit)
    }
}

/// `write!` to an `Output` fails with the stream's errno as an OS error.
impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        let code = error.raw_os_error();
        let errno = Errno::ALL.iter().copied().find(|errno| Some(errno.code()) == code);
        Self::Stream(FsError::new(errno.unwrap_or(Errno::Io), mesafs::Operation::Write, ""))
    }
}

/// Wrong usage.
pub fn usage(message: impl Into<String>) -> CommandError {
    CommandError::Usage(message.into())
}

/// Ends the command with `NAME: MESSAGE` and status 1.
pub fn failure(message: impl AsRef<[u8]>) -> CommandError {
    CommandError::Fail(message.as_ref().to_vec(), ExitStatus::FAILURE)
}
