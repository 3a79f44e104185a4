//! Sorted runs, put aside where memory was too small for all lines, and how they are merged.

use std::cmp::Ordering;
use std::ops::Range;

use bytes::Bytes;

use super::compare::Comparer;
use super::input::{Lines, open, read_failed};
use crate::budget::{Held, Resource};
use crate::prelude::*;
use crate::spill::Spill;

/// How much of a run is read and written at a time.
const PIECE_BYTES: usize = 128 * 1024;

/// The least that is read of a run at a time.
const PIECE_MIN_BYTES: usize = 4096;

/// More runs than this become one.
const RUNS_MAX: usize = 64;

/// Sorted runs, one after the other in one file.
#[derive(Debug)]
pub(super) struct Runs {
    spill: Spill,
    ranges: Vec<Range<u64>>,
}

impl Runs {
    pub fn new(spill: Spill) -> Self {
        Self { spill, ranges: Vec::new() }
    }

    /// Sorts `lines` and puts them aside.
    pub fn add(
        &mut self,
        ctx: &mut Context<'_>,
        lines: &mut Lines,
        comparer: &Comparer,
    ) -> Result<(), CommandError> {
        if self.ranges.len() >= RUNS_MAX {
            self.join(ctx, comparer)?;
        }
        let order = lines.sorted(ctx, comparer)?;
        let mut writer = Writer::new(&mut self.spill);
        for (at, index) in order.into_iter().enumerate() {
            writer.put(lines.get_whole(index))?;
            if at % 4096 == 0 {
                ctx.check()?;
            }
        }
        self.ranges.push(writer.finish()?);
        lines.clear();
        Ok(())
    }

    /// Makes one run of all, in a file of its own.
    fn join(&mut self, ctx: &mut Context<'_>, comparer: &Comparer) -> Result<(), CommandError> {
        let Some(mut spill) = ctx.spill()? else { return Ok(()) };
        let sources = self.sources(ctx)?;
        let mut writer = Writer::new(&mut spill);
        merge(ctx, comparer, sources, |_, line| writer.put(line))?;
        let range = writer.finish()?;
        *self = Self { spill, ranges: vec![range] };
        Ok(())
    }

    /// The runs in their order. What is read of them takes a quarter of the memory at most.
    pub fn sources(&self, ctx: &Context<'_>) -> Result<Vec<Source<'_>>, CommandError> {
        let quarter = ctx.budget.limits().memory_bytes / 4;
        let piece = quarter / self.ranges.len().max(1) as u64;
        let piece =
            usize::try_from(piece).unwrap_or(PIECE_BYTES).clamp(PIECE_MIN_BYTES, PIECE_BYTES);
        let source = |range: &Range<u64>| {
            let held = ctx.budget.hold(Resource::Memory, piece as u64)?;
            let (buffer, rest) = (Bytes::new(), range.clone());
            Ok(Source::Run { spill: &self.spill, rest, piece, buffer, _held: held })
        };
        self.ranges.iter().map(source).collect()
    }
}

/// Writes a run in pieces.
struct Writer<'s> {
    spill: &'s mut Spill,
    start: u64,
    buffer: Vec<u8>,
}

impl<'s> Writer<'s> {
    fn new(spill: &'s mut Spill) -> Self {
        let start = spill.len();
        Self { spill, start, buffer: Vec::with_capacity(PIECE_BYTES) }
    }

    fn put(&mut self, line: &[u8]) -> Result<(), CommandError> {
        self.buffer.extend_from_slice(line);
        if self.buffer.len() >= PIECE_BYTES {
            self.spill.append(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(self) -> Result<Range<u64>, CommandError> {
        self.spill.append(&self.buffer)?;
        Ok(self.start..self.spill.len())
    }
}

/// Lines that come sorted.
pub(super) enum Source<'a> {
    /// In memory, in this order.
    Lines {
        lines: &'a Lines,
        order: std::vec::IntoIter<usize>,
    },
    Run {
        spill: &'a Spill,
        rest: Range<u64>,
        piece: usize,
        buffer: Bytes,
        _held: Held,
    },
    /// An input of `sort -m`.
    Input {
        input: Box<Input>,
        name: BString,
    },
}

impl<'a> Source<'a> {
    pub fn open(ctx: &Context<'_>, name: &BString) -> Result<Self, CommandError> {
        Ok(Self::Input { input: Box::new(open(ctx, name)?), name: name.clone() })
    }

    /// The next line with its terminator.
    fn next(&mut self, end: u8) -> Result<Option<Line<'a>>, CommandError> {
        match self {
            Self::Lines { lines, order } => {
                Ok(order.next().map(|index| Line::Held(lines.get_whole(index))))
            }
            Self::Run { spill, rest, piece, buffer, .. } => loop {
                if let Some(at) = memchr::memchr(end, buffer) {
                    return Ok(Some(Line::Read(buffer.split_to(at + 1))));
                }
                let left = usize::try_from(rest.end - rest.start).unwrap_or(usize::MAX);
                if left == 0 {
                    return Ok(None);
                }
                let len = left.min(*piece);
                let fresh = spill.read_at(rest.start, len)?;
                rest.start += len as u64;
                *buffer = if buffer.is_empty() {
                    fresh
                } else {
                    [&buffer[..], &fresh[..]].concat().into()
                };
            },
            Self::Input { input, name } => {
                let line = input.line(end).map_err(|error| read_failed(name, error))?;
                Ok(line.map(|line| match line.last() {
                    Some(&last) if last == end => Line::Read(line),
                    _ => Line::Read([&line[..], &[end]].concat().into()),
                }))
            }
        }
    }
}

enum Line<'a> {
    Held(&'a [u8]),
    Read(Bytes),
}

impl Line<'_> {
    fn whole(&self) -> &[u8] {
        match self {
            Self::Held(line) => line,
            Self::Read(line) => line,
        }
    }

    fn text(&self) -> &[u8] {
        self.whole().split_last().map_or(&[], |(_, text)| text)
    }
}

/// Hands the lines of all sources to `put` in order; of equal ones the earlier source's comes first.
pub(super) fn merge(
    ctx: &mut Context<'_>,
    comparer: &Comparer,
    mut sources: Vec<Source<'_>>,
    mut put: impl FnMut(&mut Context<'_>, &[u8]) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let end = comparer.end;
    let mut heads = Vec::with_capacity(sources.len());
    for source in &mut sources {
        heads.push(source.next(end)?);
    }
    let text = |head: &Option<Line<'_>>, at: usize, heads: &[Option<Line<'_>>]| -> Ordering {
        let (Some(one), Some(Some(other))) = (head, heads.get(at)) else { return Ordering::Equal };
        comparer.compare(one.text(), other.text())
    };
    // The sources that have a line, the one with the least last.
    let mut queue: Vec<usize> = (0..heads.len()).filter(|&at| heads[at].is_some()).collect();
    queue.sort_by(|&a, &b| text(&heads[b], a, &heads).then(b.cmp(&a)));
    let mut count = 0u64;
    while let Some(at) = queue.pop() {
        if let Some(line) = heads.get_mut(at).and_then(Option::take) {
            put(ctx, line.whole())?;
        }
        count += 1;
        if count.is_multiple_of(4096) {
            ctx.check()?;
        }
        let Some(source) = sources.get_mut(at) else { continue };
        let Some(fresh) = source.next(end)? else { continue };
        let fresh = Some(fresh);
        // Behind all that are greater, or equal and from a later source.
        let place = queue.partition_point(|&other| match text(&fresh, other, &heads) {
            Ordering::Less => true,
            Ordering::Equal => other > at,
            Ordering::Greater => false,
        });
        heads[at] = fresh;
        queue.insert(place, at);
    }
    Ok(())
}
