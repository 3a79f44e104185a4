//! `-P`: this crate's Perl regular expressions as a matcher for ripgrep's libraries.

use std::io;

use grep_matcher::{Captures, LineTerminator, Match, Matcher};

use crate::cancel::Cancel;
use crate::regex::{Captures as Groups, MatchError, Regex};

#[derive(Debug)]
pub(super) struct PerlMatcher {
    pub regex: Regex,
    pub cancel: Cancel,
    /// What no match contains, if anything.
    pub line_end: Option<u8>,
}

#[derive(Debug)]
pub(super) struct PerlCaptures {
    groups: Groups,
    len: usize,
}

impl Captures for PerlCaptures {
    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Option<Match> {
        self.groups.get(index).map(|span| Match::new(span.start, span.end))
    }
}

/// Why a search ended, as the libraries pass it on.
#[derive(Debug)]
pub(super) struct Fault(MatchError);

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault.to_string())
    }
}

impl Matcher for PerlMatcher {
    type Captures = PerlCaptures;
    type Error = Fault;

    fn find_at(&self, text: &[u8], at: usize) -> Result<Option<Match>, Fault> {
        let found = self.regex.find_at(text, at, &self.cancel).map_err(Fault)?;
        Ok(found.map(|span| Match::new(span.start, span.end)))
    }

    fn new_captures(&self) -> Result<PerlCaptures, Fault> {
        Ok(PerlCaptures { groups: Groups::new(), len: self.regex.groups() + 1 })
    }

    fn line_terminator(&self) -> Option<LineTerminator> {
        self.line_end.map(LineTerminator::byte)
    }

    fn capture_count(&self) -> usize {
        self.regex.groups() + 1
    }

    fn captures_at(
        &self,
        text: &[u8],
        at: usize,
        captures: &mut PerlCaptures,
    ) -> Result<bool, Fault> {
        self.regex.captures_at(text, at, &self.cancel, &mut captures.groups).map_err(Fault)
    }
}
