//! POSIX regular expressions with GNU's extensions: the one place that reads and runs them.
//!
//! Matches are leftmost-longest, and groups are those that glibc reports: of all ways to that
//! match, the one that a greedy engine prefers. Without back-references time is linear in the text;
//! with them a search counts its steps and ends at a limit or a cancel. Texts are bytes: under UTF-8
//! a set or `.` matches whole characters only, never a byte that is none.
//!
//! Not here: glob patterns (`pattern/`), escapes that a tool expands itself (`\n` of sed and awk).

mod ast;
mod backtrack;
mod bracket;
mod error;
mod linear;
mod parse;
mod perl;
mod replace;
mod syntax;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::OnceLock;

use ast::Node;
use backtrack::Program;
pub use error::{MatchError, RegexError};
use linear::{End, Linear};
pub use replace::{Case, Part, Replacement, control};
pub use syntax::{Flags, LeadingRepeat, Lines, Syntax};

use crate::cancel::Cancel;

/// The members of a named class (`alpha`, `space`, …) as UTF-8 has it; `None` for an unknown name.
#[must_use]
pub fn class_contains(name: &[u8], letter: char) -> Option<bool> {
    let class = bracket::class(name, false)?;
    let within = |range: &regex_syntax::hir::ClassUnicodeRange| {
        (range.start()..=range.end()).contains(&letter)
    };
    Some(class.iter().any(within))
}

/// A compiled pattern. Searching needs no exclusive access.
#[derive(Debug)]
pub struct Regex {
    node: Node,
    groups: u32,
    flags: Flags,
    linear: Linear,
    /// The pattern has back-references or looks around: `linear` only tells where a match may be.
    backtracks: bool,
    /// Leftmost-longest (POSIX), or the first that a greedy engine finds (Perl).
    longest: bool,
    /// Made at first need, but for back-references.
    program: OnceLock<Result<Program, RegexError>>,
    warnings: Vec<&'static str>,
}

/// Where a match and its groups are.
#[derive(Debug, Clone, Default)]
pub struct Captures {
    slots: Vec<Option<usize>>,
}

impl Captures {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The span of a group; 0 is the whole match.
    #[must_use]
    pub fn get(&self, group: usize) -> Option<Range<usize>> {
        let start = (*self.slots.get(2 * group)?)?;
        let end = (*self.slots.get(2 * group + 1)?)?;
        (start <= end).then_some(start..end)
    }
}

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`RegexError`], in glibc's words.
    pub fn new(pattern: &[u8], syntax: &Syntax, flags: Flags) -> Result<Self, RegexError> {
        Self::any_of(&[pattern], syntax, flags)
    }

    /// Compiles several patterns: a match of any is a match. Each numbers its own groups for its
    /// back-references.
    ///
    /// # Errors
    /// [`RegexError`] of the first that is wrong.
    pub fn any_of(patterns: &[&[u8]], syntax: &Syntax, flags: Flags) -> Result<Self, RegexError> {
        let mut nodes = Vec::with_capacity(patterns.len());
        let mut groups = 0;
        let mut warnings = Vec::new();
        for pattern in patterns {
            let parsed = parse::parse(pattern, syntax, &flags, groups + 1)?;
            groups += parsed.groups;
            warnings.extend(parsed.warnings);
            nodes.push(parsed.node);
        }
        let node = if nodes.len() == 1 { nodes.remove(0) } else { Node::Alternate(nodes) };
        Self::of_node(node, groups, flags, true, warnings)
    }

    /// Compiles a pattern of Perl's dialect: matches are leftmost, and the first that it finds.
    ///
    /// # Errors
    /// [`RegexError`], in PCRE2's words.
    pub fn perl(pattern: &[u8], flags: Flags) -> Result<Self, RegexError> {
        let (node, groups) = perl::parse(pattern, &flags)?;
        Self::of_node(node, groups, flags, false, Vec::new())
    }

    /// Strings that stand for themselves: a match of any is a match (`grep -F`).
    ///
    /// # Errors
    /// [`RegexError::TooBig`].
    pub fn literals(strings: &[&[u8]], flags: Flags) -> Result<Self, RegexError> {
        let nodes: Vec<Node> = strings.iter().map(|text| parse::literal(text, &flags)).collect();
        Self::of_node(Node::Alternate(nodes), 0, flags, true, Vec::new())
    }

    fn of_node(
        node: Node,
        groups: u32,
        flags: Flags,
        longest: bool,
        warnings: Vec<&'static str>,
    ) -> Result<Self, RegexError> {
        let linear = Linear::new(&node, &flags, longest)?;
        let backtracks = node.needs_backtracking();
        let program = OnceLock::new();
        let regex = Self { node, groups, flags, linear, backtracks, longest, program, warnings };
        if backtracks {
            regex.program()?;
        }
        Ok(regex)
    }

    /// The same pattern where it is a whole line (`grep -x`) or whole text.
    ///
    /// # Errors
    /// [`RegexError::TooBig`].
    pub fn whole_lines(self) -> Result<Self, RegexError> {
        let (start, end) = match self.flags.lines {
            Lines::Whole => (ast::Look::TextStart, ast::Look::TextEnd),
            _ => (ast::Look::LineStart, ast::Look::LineEnd),
        };
        self.between(start, end)
    }

    /// The same pattern where no word character stands beside it (`grep -w`).
    ///
    /// # Errors
    /// [`RegexError::TooBig`].
    pub fn whole_words(self) -> Result<Self, RegexError> {
        self.between(ast::Look::NoWordBefore, ast::Look::NoWordAfter)
    }

    fn between(self, start: ast::Look, end: ast::Look) -> Result<Self, RegexError> {
        let node = Node::Concat(vec![Node::Look(start), self.node, Node::Look(end)]);
        Self::of_node(node, self.groups, self.flags, self.longest, self.warnings)
    }

    /// How many groups there are, the whole match not counted.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups as usize
    }

    /// Whether [`Regex::earliest_at`] only tells where a match may be.
    #[must_use]
    pub fn needs_checking(&self) -> bool {
        self.backtracks
    }

    /// What `grep` warns of: `* at start of expression`.
    #[must_use]
    pub fn warnings(&self) -> &[&'static str] {
        &self.warnings
    }

    fn program(&self) -> Result<&Program, RegexError> {
        let made = self.program.get_or_init(|| Program::new(&self.node, self.groups, &self.flags));
        made.as_ref().map_err(|error| *error)
    }

    /// Whether there is a match.
    ///
    /// # Errors
    /// [`MatchError`], with back-references only.
    pub fn is_match(&self, text: &[u8], cancel: &Cancel) -> Result<bool, MatchError> {
        if !self.linear.is_match(text, 0) {
            return Ok(false);
        }
        Ok(!self.backtracks || self.find_at(text, 0, cancel)?.is_some())
    }

    /// An offset that a match, or with back-references what may be one, ends at or reaches; the
    /// quickest way to the first line that is worth a closer look.
    #[must_use]
    pub fn earliest_at(&self, text: &[u8], start: usize) -> Option<usize> {
        self.linear.earliest(text, start)
    }

    /// The leftmost-longest match at or after `start`. What stands before `start` is seen by
    /// anchors and word boundaries.
    ///
    /// # Errors
    /// [`MatchError`], with back-references only.
    pub fn find_at(
        &self,
        text: &[u8],
        start: usize,
        cancel: &Cancel,
    ) -> Result<Option<Range<usize>>, MatchError> {
        if start > text.len() {
            return Ok(None);
        }
        let Some((from, first_end)) = self.linear.find(text, start) else { return Ok(None) };
        if self.backtracks {
            let found = self.backtrack(text, from, cancel)?;
            return Ok(found.and_then(|slots| Captures { slots }.get(0)));
        }
        Ok(Some(from..self.longest(text, from, first_end, cancel)?))
    }

    /// As [`Regex::find_at`], with the groups. False, and nothing in `captures`, without a match.
    ///
    /// # Errors
    /// [`MatchError`], with back-references only.
    pub fn captures_at(
        &self,
        text: &[u8],
        start: usize,
        cancel: &Cancel,
        captures: &mut Captures,
    ) -> Result<bool, MatchError> {
        captures.slots.clear();
        if start > text.len() {
            return Ok(false);
        }
        if self.backtracks {
            let Some((from, _)) = self.linear.find(text, start) else { return Ok(false) };
            let found = self.backtrack(text, from, cancel)?;
            captures.slots = found.unwrap_or_default();
            return Ok(!captures.slots.is_empty());
        }
        if self.groups == 0 {
            let found = self.find_at(text, start, cancel)?;
            captures.slots.extend(found.iter().flat_map(|span| [Some(span.start), Some(span.end)]));
            return Ok(found.is_some());
        }
        if !self.linear.captures(text, start, &mut captures.slots) {
            captures.slots.clear();
            return Ok(false);
        }
        let Some(first) = captures.get(0) else { return Ok(false) };
        let end = self.longest(text, first.start, first.end, cancel)?;
        if end != first.end
            && let Ok(program) = self.program()
            && let Some(slots) = program.within(text, first.start..end, cancel)?
        {
            captures.slots = slots;
        }
        Ok(true)
    }

    fn longest(
        &self,
        text: &[u8],
        start: usize,
        first_end: usize,
        cancel: &Cancel,
    ) -> Result<usize, MatchError> {
        if self.linear.first_is_longest() {
            return Ok(first_end);
        }
        match self.linear.longest_end(text, start, first_end) {
            End::At(end) => Ok(end),
            // Word boundaries beside characters that are not ASCII.
            End::Unknown => {
                let Ok(program) = self.program() else { return Ok(first_end) };
                let found = program.longest_from(text, start, cancel)?;
                Ok(found.and_then(|slots| slots[1]).unwrap_or(first_end))
            }
        }
    }

    fn backtrack(
        &self,
        text: &[u8],
        start: usize,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Option<usize>>>, MatchError> {
        match self.program() {
            Ok(program) => program.search(text, start, self.longest, cancel),
            Err(_) => Ok(None),
        }
    }
}
