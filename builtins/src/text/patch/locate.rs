//! Where in a file a hunk belongs.

use bytes::Bytes;

use super::hunk::Hunk;
use crate::prelude::{CommandError, Context};

/// What a hunk is looked for in.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub lines: &'a [Bytes],
    /// How many lines have been written already.
    pub frozen: usize,
    pub ignore_space: bool,
    /// The file should not be there at all: nothing fits.
    pub should_be_absent: bool,
}

/// The context that is looked over with a fuzz factor: at the beginning and at the end. Less than
/// nothing ties a side to the file's own.
fn trims(hunk: &Hunk, fuzz: usize) -> (isize, isize) {
    let (before, after) = hunk.context();
    let most = before.max(after);
    let trim = |context: usize| fuzz.cast_signed() + context.cast_signed() - most.cast_signed();
    (trim(before), trim(after))
}

/// How many lines a hunk loses at both ends with a fuzz factor.
pub(super) fn trimmed(hunk: &Hunk, fuzz: usize) -> (usize, usize) {
    let (before, after) = trims(hunk, fuzz);
    (before.max(0).unsigned_abs(), after.max(0).unsigned_abs())
}

/// The number of the line that the hunk starts at, nearest to `guess`.
pub(super) fn locate(
    ctx: &Context<'_>,
    place: &Place<'_>,
    hunk: &Hunk,
    guess: isize,
    fuzz: usize,
) -> Result<Option<isize>, CommandError> {
    let old: Vec<&Bytes> = hunk.old().collect();
    let len = old.len().cast_signed();
    let total = place.lines.len().cast_signed();
    if old.is_empty() {
        if place.should_be_absent && total > 0 {
            return Ok(None);
        }
        // No lines fit anywhere; behind the end is at the end.
        return Ok(Some(guess.max(place.frozen.cast_signed() + 1)));
    }
    let (before, after) = trims(hunk, fuzz);
    let fits = |at: isize, before: isize, after: isize| {
        let wanted = old.get(before.unsigned_abs()..(len - after).max(before).unsigned_abs());
        let start = (at - 1 + before).max(0).unsigned_abs();
        let wanted = wanted.unwrap_or_default();
        let there = place.lines.get(start..start + wanted.len());
        let same = |a: &Bytes, b: &Bytes| a == b || (place.ignore_space && alike(a, b));
        there.is_some_and(|there| there.iter().zip(wanted).all(|(a, b)| same(a, b)))
    };
    let first = place.frozen.cast_signed() + 1;
    if before < 0 {
        // With less context before than after it stands at the beginning of the file.
        let whole = after >= 0 || len == total;
        let fit = whole && first == 1 && fits(1, 0, after.max(0));
        return Ok(fit.then_some(1));
    }
    if after < 0 {
        let at = total - len + 1;
        return Ok((at >= first && fits(at, before, 0)).then_some(at));
    }
    let last = total - (len - after) + 1;
    let farthest = (last - guess).max(guess - first).max(0);
    for offset in 0..=farthest {
        if offset % 1024 == 1023 {
            ctx.check()?;
        }
        for at in [guess + offset, guess - offset] {
            if (first..=last).contains(&at) && fits(at, before, after) {
                return Ok(Some(at));
            }
        }
    }
    Ok(None)
}

/// Whether two lines differ in the amount of white space only.
fn alike(a: &[u8], b: &[u8]) -> bool {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let normal = |line: &[u8]| {
        let mut out = Vec::with_capacity(line.len());
        for byte in line.strip_suffix(b"\n").unwrap_or(line) {
            if !blank(byte) {
                out.push(*byte);
            } else if out.last() != Some(&b' ') {
                out.push(b' ');
            }
        }
        if out.last() == Some(&b' ') {
            out.pop();
        }
        out
    };
    normal(a) == normal(b)
}
