//! The backtracking engine: back-references, Perl's look-around, and groups of a match whose ends are
//! known.
//!
//! Without those it remembers where it failed and takes time linear in text times
//! pattern. With them it counts its steps and gives up at a limit.

use std::ops::Range;

use super::ast::{Greed, Look, Node, Set};
use super::error::{MatchError, RegexError};
use super::syntax::{Flags, Lines};
use crate::cancel::Cancel;

/// How many instructions a program may have.
const PROGRAM_MAX: usize = 1 << 20;

/// How many steps one search with back-references may take.
const STEPS_MAX: u64 = 200_000_000;

/// How many steps go by between looks at the cancel flag.
const STEPS_BETWEEN_CHECKS: u64 = 1 << 16;

/// How many bits may remember failed states; more states are not remembered.
const MEMORY_BITS_MAX: usize = 1 << 28;

/// How deep looks around and atomic groups may nest.
const INNER_DEPTH_MAX: u32 = 64;

/// How far back a look behind may reach, in bytes.
const BEHIND_MAX: usize = 1024;

#[derive(Debug, Clone)]
enum Inst {
    Literal(Vec<u8>),
    Set(Set),
    Look(Look),
    Save(usize),
    BackReference(u32),
    /// Tries the first, then the second.
    Split(usize, usize),
    Jump(usize),
    /// Remembers where an iteration starts.
    Mark(usize),
    /// Fails if nothing was consumed since the mark.
    Progress(usize),
    Match,
    /// Goes on at the second if what starts at the first matches (or not) here.
    Around {
        ahead: bool,
        negated: bool,
        from: usize,
        to: usize,
    },
    /// Goes on at `to` from where what starts at `from` ends first.
    Atomic {
        from: usize,
        to: usize,
    },
    /// Ends what `Around` and `Atomic` start.
    Inner,
    Keep,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Program {
    insts: Vec<Inst>,
    marks: usize,
    slots: usize,
    references: bool,
    ignore_case: bool,
    bytes: bool,
    terminator: u8,
}

impl Program {
    pub fn new(node: &Node, groups: u32, flags: &Flags) -> Result<Self, RegexError> {
        let mut program = Self {
            insts: Vec::new(),
            marks: 0,
            slots: 2 * (groups as usize + 1),
            references: node.needs_backtracking(),
            ignore_case: flags.ignore_case,
            bytes: flags.bytes,
            terminator: match flags.lines {
                Lines::Separate(byte) => byte,
                _ => b'\n',
            },
        };
        program.compile(node)?;
        program.insts.push(Inst::Match);
        Ok(program)
    }

    fn push(&mut self, inst: Inst) -> Result<usize, RegexError> {
        if self.insts.len() >= PROGRAM_MAX {
            return Err(RegexError::TooBig);
        }
        self.insts.push(inst);
        Ok(self.insts.len() - 1)
    }

    fn compile(&mut self, node: &Node) -> Result<(), RegexError> {
        match node {
            Node::Empty => {}
            Node::Literal(bytes) => drop(self.push(Inst::Literal(bytes.clone()))?),
            Node::Set(set) => drop(self.push(Inst::Set(set.clone()))?),
            Node::Look(look) => drop(self.push(Inst::Look(*look))?),
            Node::BackReference(group) => drop(self.push(Inst::BackReference(*group))?),
            Node::Group(group, of) => {
                self.push(Inst::Save(2 * *group as usize))?;
                self.compile(of)?;
                self.push(Inst::Save(2 * *group as usize + 1))?;
            }
            Node::Concat(nodes) => nodes.iter().try_for_each(|node| self.compile(node))?,
            Node::Alternate(nodes) => self.alternate(nodes)?,
            Node::Repeat { min, max, greed, of } => self.repeat(*min, *max, *greed, of)?,
            Node::Keep => drop(self.push(Inst::Keep)?),
            Node::Around { of, .. } | Node::Atomic(of) => {
                let start = self.push(Inst::Inner)?;
                self.compile(of)?;
                self.push(Inst::Inner)?;
                let (from, to) = (start + 1, self.insts.len());
                self.insts[start] = match node {
                    Node::Around { ahead, negated, .. } => {
                        Inst::Around { ahead: *ahead, negated: *negated, from, to }
                    }
                    _ => Inst::Atomic { from, to },
                };
            }
        }
        Ok(())
    }

    fn alternate(&mut self, nodes: &[Node]) -> Result<(), RegexError> {
        let mut ends = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            if at + 1 == nodes.len() {
                self.compile(node)?;
                break;
            }
            let split = self.push(Inst::Split(0, 0))?;
            self.compile(node)?;
            ends.push(self.push(Inst::Jump(0))?);
            self.insts[split] = Inst::Split(split + 1, self.insts.len());
        }
        for end in ends {
            self.insts[end] = Inst::Jump(self.insts.len());
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        min: u32,
        max: Option<u32>,
        greed: Greed,
        of: &Node,
    ) -> Result<(), RegexError> {
        for _ in 0..min {
            self.compile(of)?;
        }
        let order = |once: usize, out: usize| match greed {
            Greed::Greedy => Inst::Split(once, out),
            Greed::Lazy => Inst::Split(out, once),
        };
        match max {
            None => {
                let mark = self.marks;
                self.marks += 1;
                let split = self.push(Inst::Split(0, 0))?;
                self.push(Inst::Mark(mark))?;
                self.compile(of)?;
                self.push(Inst::Progress(mark))?;
                self.push(Inst::Jump(split))?;
                self.insts[split] = order(split + 1, self.insts.len());
            }
            Some(max) => {
                let mut splits = Vec::new();
                for _ in min..max {
                    splits.push(self.push(Inst::Split(0, 0))?);
                    self.compile(of)?;
                }
                for split in splits {
                    self.insts[split] = order(split + 1, self.insts.len());
                }
            }
        }
        Ok(())
    }

    /// The groups of the match that starts at `span.start` and ends at `span.end`, by the same
    /// preferences as a greedy engine has.
    pub fn within(
        &self,
        text: &[u8],
        span: Range<usize>,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Option<usize>>>, MatchError> {
        let mut run = Run::new(self, text, cancel, Wanted::EndsAt(span.end), span.clone());
        run.from(span.start)
    }

    /// The leftmost match from `start` on; the longest from its place, or the first that is found.
    pub fn search(
        &self,
        text: &[u8],
        start: usize,
        longest: bool,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Option<usize>>>, MatchError> {
        let wanted = if longest { Wanted::Longest } else { Wanted::First };
        let mut run = Run::new(self, text, cancel, wanted, start..text.len());
        for at in start..=text.len() {
            // Not inside a character.
            if !self.bytes && text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) && at > start {
                let whole = bstr::decode_utf8(&text[at.saturating_sub(1)..]);
                if whole.0.is_none() && bstr::decode_last_utf8(&text[..at]).0.is_none() {
                    // Invalid text: every byte is a place.
                } else {
                    continue;
                }
            }
            if let Some(slots) = run.from(at)? {
                return Ok(Some(slots));
            }
        }
        Ok(None)
    }

    /// As [`Program::search`], from one place only.
    pub fn longest_from(
        &self,
        text: &[u8],
        start: usize,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Option<usize>>>, MatchError> {
        Run::new(self, text, cancel, Wanted::Longest, start..text.len()).from(start)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    First,
    Longest,
    EndsAt(usize),
}

enum Undo {
    Try(usize, usize),
    Slot(usize, Option<usize>),
    Mark(usize, usize),
}

/// Takes over the groups that an inner run has set, to be undone when it is gone back on.
fn keep(slots: &mut [Option<usize>], found: Vec<Option<usize>>, stack: &mut Vec<Undo>) {
    for (slot, (old, new)) in slots.iter_mut().zip(found).enumerate().skip(2) {
        if *old != new {
            stack.push(Undo::Slot(slot, *old));
            *old = new;
        }
    }
}

struct Run<'a> {
    program: &'a Program,
    text: &'a [u8],
    cancel: &'a Cancel,
    wanted: Wanted,
    span: Range<usize>,
    steps: u64,
    /// One bit for each (instruction, place) that was tried; only without back-references.
    tried: Vec<u64>,
}

impl<'a> Run<'a> {
    fn new(
        program: &'a Program,
        text: &'a [u8],
        cancel: &'a Cancel,
        wanted: Wanted,
        span: Range<usize>,
    ) -> Self {
        let bits = program.insts.len().saturating_mul(span.len() + 1);
        let remembers = !program.references && bits <= MEMORY_BITS_MAX;
        let tried = if remembers { vec![0; bits.div_ceil(64)] } else { Vec::new() };
        Self { program, text, cancel, wanted, span, steps: 0, tried }
    }

    fn from(&mut self, start: usize) -> Result<Option<Vec<Option<usize>>>, MatchError> {
        let mut slots = vec![None; self.program.slots];
        slots[0] = Some(start);
        self.run(0, start, slots, self.wanted, 0)
    }

    /// Runs from an instruction and a place until what is wanted is found.
    fn run(
        &mut self,
        pc: usize,
        start: usize,
        mut slots: Vec<Option<usize>>,
        wanted: Wanted,
        depth: u32,
    ) -> Result<Option<Vec<Option<usize>>>, MatchError> {
        if depth > INNER_DEPTH_MAX {
            return Err(MatchError::TooManySteps);
        }
        let program = self.program;
        let mut marks = vec![usize::MAX; program.marks];
        let mut best: Option<Vec<Option<usize>>> = None;
        let mut stack = vec![Undo::Try(pc, start)];
        while let Some(undo) = stack.pop() {
            let (mut pc, mut at) = match undo {
                Undo::Try(pc, at) => (pc, at),
                Undo::Slot(slot, old) => {
                    slots[slot] = old;
                    continue;
                }
                Undo::Mark(mark, old) => {
                    marks[mark] = old;
                    continue;
                }
            };
            loop {
                self.steps += 1;
                if self.steps.is_multiple_of(STEPS_BETWEEN_CHECKS) {
                    self.check()?;
                }
                if self.was_tried(pc, at) {
                    break;
                }
                match &program.insts[pc] {
                    Inst::Literal(bytes) if self.text[at..].starts_with(bytes) => at += bytes.len(),
                    Inst::Set(set) => match set.take(&self.text[at..]) {
                        Some(length) => at += length,
                        None => break,
                    },
                    Inst::Look(look) if self.holds(*look, at) => {}
                    Inst::Literal(_) | Inst::Look(_) => break,
                    Inst::Save(slot) => {
                        stack.push(Undo::Slot(*slot, slots[*slot]));
                        slots[*slot] = Some(at);
                    }
                    Inst::Keep => {
                        stack.push(Undo::Slot(0, slots[0]));
                        slots[0] = Some(at);
                    }
                    Inst::BackReference(group) => {
                        let group = 2 * *group as usize;
                        let (Some(from), Some(to)) = (slots[group], slots[group + 1]) else {
                            break;
                        };
                        match self.repeats(from.min(to)..to, at) {
                            Some(length) => at += length,
                            None => break,
                        }
                    }
                    Inst::Split(first, second) => {
                        stack.push(Undo::Try(*second, at));
                        pc = *first;
                        continue;
                    }
                    Inst::Jump(to) => {
                        pc = *to;
                        continue;
                    }
                    Inst::Mark(mark) => {
                        stack.push(Undo::Mark(*mark, marks[*mark]));
                        marks[*mark] = at;
                    }
                    Inst::Progress(mark) if marks[*mark] == at => break,
                    Inst::Progress(_) => {}
                    Inst::Around { ahead, negated, from, to } => {
                        let found = if *ahead {
                            self.run(*from, at, slots.clone(), Wanted::First, depth + 1)?
                        } else {
                            self.behind(*from, at, &slots, depth)?
                        };
                        if found.is_some() == *negated {
                            break;
                        }
                        if let Some(found) = found {
                            keep(&mut slots, found, &mut stack);
                        }
                        pc = *to;
                        continue;
                    }
                    Inst::Atomic { from, to } => {
                        let found = self.run(*from, at, slots.clone(), Wanted::First, depth + 1)?;
                        let Some(found) = found else { break };
                        at = found[1].unwrap_or(at);
                        keep(&mut slots, found, &mut stack);
                        pc = *to;
                        continue;
                    }
                    Inst::Match | Inst::Inner => {
                        let done = |slots: &[Option<usize>]| {
                            let mut found = slots.to_vec();
                            found[1] = Some(at);
                            found
                        };
                        match wanted {
                            Wanted::First => return Ok(Some(done(&slots))),
                            Wanted::EndsAt(end) if at == end => return Ok(Some(done(&slots))),
                            Wanted::EndsAt(_) => {}
                            Wanted::Longest => {
                                let longer = best
                                    .as_ref()
                                    .is_none_or(|best| best[1].is_none_or(|end| at > end));
                                if longer {
                                    best = Some(done(&slots));
                                }
                                if at == self.text.len() {
                                    return Ok(best);
                                }
                            }
                        }
                        break;
                    }
                }
                pc += 1;
            }
        }
        Ok(best)
    }

    /// Looks for what ends at `at`, starting nearest first.
    fn behind(
        &mut self,
        pc: usize,
        at: usize,
        slots: &[Option<usize>],
        depth: u32,
    ) -> Result<Option<Vec<Option<usize>>>, MatchError> {
        for start in (at.saturating_sub(BEHIND_MAX)..=at).rev() {
            let found = self.run(pc, start, slots.to_vec(), Wanted::EndsAt(at), depth + 1)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn check(&self) -> Result<(), MatchError> {
        if self.cancel.is_cancelled() {
            return Err(MatchError::Cancelled);
        }
        if self.steps > STEPS_MAX {
            return Err(MatchError::TooManySteps);
        }
        Ok(())
    }

    fn was_tried(&mut self, pc: usize, at: usize) -> bool {
        // `Progress` depends on more than its place.
        if self.tried.is_empty() || matches!(self.program.insts[pc], Inst::Progress(_)) {
            return false;
        }
        let Some(offset) = at.checked_sub(self.span.start).filter(|_| at <= self.span.end) else {
            return true;
        };
        let bit = pc * (self.span.len() + 1) + offset;
        let (word, mask) = (bit / 64, 1u64 << (bit % 64));
        let seen = self.tried[word] & mask != 0;
        self.tried[word] |= mask;
        seen
    }

    /// How many bytes at `at` repeat what a group matched.
    fn repeats(&self, group: Range<usize>, at: usize) -> Option<usize> {
        let wanted = &self.text[group];
        let rest = &self.text[at..];
        if rest.starts_with(wanted) {
            return Some(wanted.len());
        }
        if !self.program.ignore_case {
            return None;
        }
        use bstr::ByteSlice;
        let mut length = 0;
        let mut here = rest.char_indices();
        for (_, _, letter) in wanted.char_indices() {
            let (_, end, other) = here.next()?;
            let same = letter == other || letter.to_lowercase().eq(other.to_lowercase());
            if !same {
                return None;
            }
            length = end;
        }
        Some(length)
    }

    fn holds(&self, look: Look, at: usize) -> bool {
        let text = self.text;
        let end = self.program.terminator;
        let words = || (self.word_before(at), self.word_after(at));
        match look {
            Look::TextStart => at == 0,
            Look::TextEnd => at == text.len(),
            Look::LineStart => at == 0 || text[at - 1] == end,
            Look::LineEnd => text.get(at).is_none_or(|&byte| byte == end),
            Look::WordBoundary => words().0 != words().1,
            Look::NotWordBoundary => words().0 == words().1,
            Look::AsciiWordBoundary => self.ascii_boundary(at),
            Look::NotAsciiWordBoundary => !self.ascii_boundary(at),
            Look::WordStart => words() == (false, true),
            Look::WordEnd => words() == (true, false),
            Look::NoWordBefore => !words().0,
            Look::NoWordAfter => !words().1,
        }
    }

    fn ascii_boundary(&self, at: usize) -> bool {
        let before = at > 0 && is_ascii_word(self.text[at - 1]);
        before != self.text.get(at).copied().is_some_and(is_ascii_word)
    }

    fn word_before(&self, at: usize) -> bool {
        if self.program.bytes {
            return at > 0 && is_ascii_word(self.text[at - 1]);
        }
        bstr::decode_last_utf8(&self.text[..at]).0.is_some_and(is_word)
    }

    fn word_after(&self, at: usize) -> bool {
        if self.program.bytes {
            return self.text.get(at).copied().is_some_and(is_ascii_word);
        }
        bstr::decode_utf8(&self.text[at..]).0.is_some_and(is_word)
    }
}

fn is_ascii_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_word(letter: char) -> bool {
    regex_syntax::is_word_character(letter)
}
