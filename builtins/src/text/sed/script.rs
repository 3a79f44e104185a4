//! A sed script as data.

use std::rc::Rc;

use bstr::BString;

use crate::regex::{Regex, Replacement};

#[derive(Debug, Clone)]
pub(super) enum Address {
    Line(u64),
    /// `first~step`
    Step {
        first: u64,
        step: u64,
    },
    Last,
    /// `None` is the empty regular expression: the last one used.
    Match(Option<Rc<Regex>>),
}

#[derive(Debug, Clone)]
pub(super) enum End {
    Line(u64),
    Last,
    Match(Option<Rc<Regex>>),
    /// `addr1,+N`
    After(u64),
    /// `addr1,~N`
    Multiple(u64),
}

#[derive(Debug, Clone)]
pub(super) enum Select {
    Always,
    One(Address),
    /// The index tells the ranges' states apart. `from_zero`: `0,/re/`.
    Range {
        start: Address,
        end: End,
        from_zero: bool,
        index: usize,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub select: Select,
    pub negated: bool,
    pub command: Command,
}

#[derive(Debug, Clone)]
pub(super) enum Command {
    /// `{`: where to go on if it is not selected.
    Block(usize),
    Append(BString),
    Insert(BString),
    Change(BString),
    /// Where to go on; `None` is the end of the script.
    Branch(Option<usize>),
    BranchIfReplaced(Option<usize>),
    BranchUnlessReplaced(Option<usize>),
    Delete,
    DeleteFirstLine,
    /// `e`: runs the text, or the pattern space.
    Execute(Option<BString>),
    FileName,
    GetHold,
    AppendHold,
    Hold,
    HoldAppend,
    /// `l`: the width, if it is given.
    List(Option<usize>),
    Next,
    NextAppend,
    Print,
    PrintFirstLine,
    Quit(u8),
    QuitSilently(u8),
    ReadFile(BString),
    ReadLine(BString),
    Replace(Rc<Replace>),
    WriteFile(usize),
    WriteFirstLine(usize),
    Exchange,
    Translate(Rc<Translate>),
    LineNumber,
    /// `z`
    Zap,
    /// A label or a closing brace.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Replace {
    pub regex: Option<Rc<Regex>>,
    pub with: Replacement,
    /// How often the result is printed: `p`.
    pub print: u32,
    pub execute: bool,
    pub write: Option<usize>,
}

/// `y`: what each character becomes.
#[derive(Debug, Default)]
pub(super) struct Translate {
    /// For scripts of single bytes.
    pub bytes: Option<Box<[u8; 256]>>,
    pub characters: std::collections::HashMap<BString, BString>,
}

#[derive(Debug, Default)]
pub(super) struct Script {
    pub steps: Vec<Step>,
    /// The files that `w` names, each once.
    pub outputs: Vec<BString>,
    pub ranges: usize,
    /// `0r FILE`: printed before the first line.
    pub before_all: Option<BString>,
    /// `#n` on its first line.
    pub quiet: bool,
}
