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
    ctx.open(name)
        .map_err(|error| trouble(format!("cannot read: {}: {error}", quoted_as_needed(name))))
}

pub(super) fn read_failed(name: &BString, error: FsError) -> CommandError {
    if error.errno() == Errno::Canceled {
        return error.into();
    }
    trouble(format!("read failed: {}: {error}", quoted_as_needed(name)))
}

/// Lines, each with its terminator in the buffer.
#[derive(Debug)]
pub(super) struct Lines {
    data: Vec<u8>,
    /// Where each line ends, terminator included.
    ends: Vec<usize>,
    end: u8,
    held: Held,
}

impl Lines {
    pub fn new(ctx: &Context<'_>, end: u8) -> Result<Self, CommandError> {
        let held = ctx.budget.hold(Resource::Memory, 0)?;
        Ok(Self { data: Vec::new(), ends: Vec::new(), end, held })
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn bytes(&self) -> usize {
        self.data.len()
    }

    /// Appends a whole input; a last line without its terminator gets one.
    pub fn read(&mut self, ctx: &Context<'_>, name: &BString) -> Result<(), CommandError> {
        let mut input = open(ctx, name)?;
        loop {
            let chunk = input.chunk().map_err(|error| read_failed(name, error))?;
            if chunk.is_empty() {
                break;
            }
            // Twice, for the order of the lines.
            self.held.grow(2 * chunk.len() as u64)?;
            let from = self.data.len();
            self.data.extend_from_slice(&chunk);
            self.ends.extend(memchr::memchr_iter(self.end, &chunk).map(|at| from + at + 1));
        }
        if self.ends.last().copied().unwrap_or(0) < self.data.len() {
            self.data.push(self.end);
            self.ends.push(self.data.len());
        }
        Ok(())
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
            // The list, and as much again for sorting it.
            let bytes = 2 * self.len() as u64 * size_of::<Lead>() as u64;
            let _held = ctx.budget.hold(Resource::Memory, bytes)?;
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
