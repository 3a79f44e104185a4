//! What an expression is made of.

use bstr::BString;

use crate::files::mode::Mode;
use crate::pattern::Pattern;
use crate::prelude::*;
use crate::regex::Regex;

/// A tree of tests and actions. Its depth is bounded by the parser.
#[derive(Debug)]
pub(super) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    /// `a , b`: all are evaluated, the last one counts.
    List(Vec<Expression>),
    Not(Box<Expression>),
    Test(Test),
    Action(Action),
}

/// `+N`, `-N` or `N`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Count {
    More(u64),
    Less(u64),
    Exactly(u64),
}

impl Count {
    pub fn holds(self, value: u64) -> bool {
        match self {
            Self::More(than) => value > than,
            Self::Less(than) => value < than,
            Self::Exactly(wanted) => value == wanted,
        }
    }
}

/// How `-perm` compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bits {
    Exactly,
    AllOf,
    AnyOf,
}

#[derive(Debug)]
pub(super) enum Test {
    True,
    False,
    Name(Pattern),
    Path(Pattern),
    LinkName(Pattern),
    Regex(Box<Regex>),
    /// Letters of `-type`; of what a link leads to for `-xtype`.
    Type(Vec<u8>),
    LinkedType(Vec<u8>),
    /// A count of units of so many bytes, rounded up.
    Size(Count, u64),
    Empty,
    Perm(Mode, Bits),
    /// Age in whole units of seconds: against now, or the end of today.
    Age(Count, i64, bool),
    /// Modified after this time, in nanoseconds.
    Newer(i64),
    Links(Count),
    Inode(Count),
    SameFile(u64, u64),
    User(Count),
    Group(Count),
    NoUser,
    Readable,
    Writable,
    Executable,
    FileSystem(BString),
    Used,
}

/// Where `-fprint` and its like write; an index into the files that are open.
pub(super) type Sink = Option<usize>;

#[derive(Debug)]
pub(super) enum Action {
    Print(Sink, u8),
    Printf(Sink, super::printf::Format),
    List(Sink),
    Delete,
    Prune,
    Quit,
    Exec(Exec),
}

/// `-exec`, `-execdir`, `-ok`, `-okdir`.
#[derive(Debug)]
pub(super) struct Exec {
    pub words: Vec<BString>,
    pub in_dir: bool,
    pub asks: bool,
    /// `{} +`: an index into the batches.
    pub batch: Option<usize>,
}

/// What was said before the expression, or anywhere as a global option.
#[derive(Debug)]
pub(super) struct Settings {
    pub depth_first: bool,
    pub max_depth: usize,
    pub min_depth: usize,
    pub one_device: bool,
    pub follow: Links,
    pub batches: usize,
    pub sinks: Vec<BString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    Never,
    CommandLine,
    Always,
}

/// An entry that is looked at.
#[derive(Debug)]
pub(super) struct Found {
    pub path: BString,
    /// How many bytes of the path are the starting point.
    pub root: usize,
    pub depth: usize,
    pub stat: FsStat,
}

impl Found {
    /// The last part of the path.
    pub fn name(&self) -> &[u8] {
        let trimmed = self.path.trim_end_with(|letter| letter == '/');
        if trimmed.is_empty() {
            return if self.path.is_empty() { b"" } else { b"/" };
        }
        trimmed.rfind_byte(b'/').map_or(trimmed, |at| &trimmed[at + 1..])
    }
}
