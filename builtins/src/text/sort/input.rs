//! The lines to be sorted, held in one buffer that the budget knows of.

use bstr::BString;

use super::compare::{Comparer, Lead};
use super::trouble;
use crate::budget::{Held, Resource};
use crate::prelude::*;

/// Opens an input; `-` is standard input.
pub(super) fn open(ctx: &Context<'_>, name: &BString) -> Result<Input, CommandError> {
    if name == "-" {
        return Ok(Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone()));
    }
    ctx.open(name).map_err(|error| trouble(format!("cannot read: {}: {error}", quoted_name(name))))
}

pub(super) fn read_failed(name: &BString, error: FsError) -> CommandError {
    if error.errno() == Errno::Canceled {
        return error.into();
    }
    trouble(format!("read failed: {}: {error}", quoted_name(name)))
}

/// What reading on came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// The input is at its end.
    Ended,
    /// There is no room for more lines.
    Full,
}

/// Lines, each with its terminator in the buffer.
#[derive(Debug)]
pub(super) struct Lines {
    data: Vec<u8>,
    /// Where each line ends, terminator included.
    ends: Vec<usize>,
    end: u8,
    held: Held,
    /// What a line costs beside its bytes, sorting included.
    line_bytes: u64,
    /// How much may be held before what there is must be put aside; `None`: what the budget allows.
    room: Option<u64>,
}

impl Lines {
    pub fn new(
        ctx: &Context<'_>,
        end: u8,
        comparer: &Comparer,
        room: Option<u64>,
    ) -> Result<Self, CommandError> {
        let held = ctx.budget.hold(Resource::Memory, 0)?;
        // The place of its end, its entry in the order, and half as much for a stable sort.
        let line_bytes =
            if comparer.is_plain() { 24 } else { 8 + size_of::<Lead>() as u64 * 3 / 2 };
        Ok(Self { data: Vec::new(), ends: Vec::new(), end, held, line_bytes, room })
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// There is nowhere to put lines aside: from now on only the budget bounds them.
    pub fn unbounded(&mut self) {
        self.room = None;
    }

    /// Reads on in an input, whose last line is given its terminator if it lacks one.
    pub fn read(&mut self, input: &mut Input, name: &BString) -> Result<Filled, CommandError> {
        loop {
            let chunk = input.chunk().map_err(|error| read_failed(name, error))?;
            if chunk.is_empty() {
                break;
            }
            let from = self.data.len();
            let known = self.ends.len();
            self.ends.extend(memchr::memchr_iter(self.end, &chunk).map(|at| from + at + 1));
            // Twice, as the buffer grows by doubling.
            let fresh = (self.ends.len() - known) as u64;
            let cost = 2 * chunk.len() as u64 + fresh * self.line_bytes;
            let over = self.room.is_some_and(|room| self.held.amount() + cost > room);
            let refused = if over { None } else { self.held.grow(cost).err() };
            if over || refused.is_some() {
                let may_wait = self.room.is_some() && known > 0;
                match refused {
                    _ if may_wait => {
                        self.ends.truncate(known);
                        input.unread(chunk);
                        return Ok(Filled::Full);
                    }
                    Some(limit) => return Err(limit.into()),
                    // A line that is longer than the room.
                    None => self.held.grow(cost)?,
                }
            }
            self.data.extend_from_slice(&chunk);
        }
        if self.ends.last().copied().unwrap_or(0) < self.data.len() {
            self.data.push(self.end);
            self.ends.push(self.data.len());
        }
        Ok(Filled::Ended)
    }

    /// Lets the whole lines go; the beginning of the next one stays.
    pub fn clear(&mut self) {
        let whole = self.ends.last().copied().unwrap_or(0);
        let rest = self.data.split_off(whole);
        self.data = rest;
        self.ends = Vec::new();
        let kept = 2 * self.data.len() as u64;
        self.held.shrink(self.held.amount().saturating_sub(kept));
    }

    /// A line with its terminator.
    pub fn get_whole(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.data[start..self.ends[index]]
    }

    pub fn get(&self, index: usize) -> &[u8] {
        let line = self.get_whole(index);
        &line[..line.len() - 1]
    }

    /// The order of the lines.
    pub fn sorted(
        &self,
        ctx: &Context<'_>,
        comparer: &Comparer,
    ) -> Result<Vec<usize>, CommandError> {
        if !comparer.is_plain() {
            let lead = |index| comparer.lead(self.get(index), index);
            let mut order: Vec<Lead> = (0..self.len()).map(lead).collect();
            order.sort_by(|a, b| {
                if ctx.cancel.is_cancelled() {
                    return std::cmp::Ordering::Equal;
                }
                let lines = || comparer.compare_led((a, self.get(a.index)), (b, self.get(b.index)));
                a.abbreviation.cmp(&b.abbreviation).then_with(lines)
            });
            ctx.check()?;
            return Ok(order.into_iter().map(|lead| lead.index).collect());
        }
        // The first eight bytes decide most comparisons without touching the line.
        let lead = |index: usize| {
            let line = self.get(index);
            let mut first = [0; 8];
            let length = line.len().min(8);
            first[..length].copy_from_slice(&line[..length]);
            (u64::from_be_bytes(first), index)
        };
        let mut order: Vec<(u64, usize)> = (0..self.len()).map(lead).collect();
        order.sort_unstable_by(|a, b| {
            let order = a.0.cmp(&b.0).then_with(|| self.get(a.1).cmp(self.get(b.1)));
            let order = if comparer.reverse { order.reverse() } else { order };
            order.then(a.1.cmp(&b.1))
        });
        ctx.check()?;
        Ok(order.into_iter().map(|(_, index)| index).collect())
    }
}
