//! The ways to cut: each reads the input once and hands it on piece by piece.

use super::Chunk;
use super::options::Rules;
use super::pieces::{Piece, Pieces};
use crate::prelude::*;
use crate::text::operands::{DONE, Each, each_chunk, fault};

/// At most this many files are open at one time in round robin.
const OPEN_MAX: u64 = 4096;

pub(super) fn lines(
    ctx: &mut Context<'_>,
    input: &mut Input,
    pieces: &mut Pieces<'_>,
    rules: &Rules,
    count: u64,
) -> Each {
    let mut left = 0;
    let mut fresh = true;
    each_chunk(ctx, input, |ctx, chunk| {
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            if fresh && left == 0 {
                pieces.begin(ctx)?;
                left = count;
            }
            let (piece, tail) = match memchr::memchr(rules.end(), rest) {
                Some(at) => rest.split_at(at + 1),
                None => (rest, &b""[..]),
            };
            fresh = piece.last() == Some(&rules.end());
            left -= u64::from(fresh);
            pieces.put(ctx, piece)?;
            rest = tail;
        }
        Ok(())
    })
}

pub(super) fn bytes(
    ctx: &mut Context<'_>,
    input: &mut Input,
    pieces: &mut Pieces<'_>,
    count: u64,
) -> Each {
    let mut left = 0u64;
    each_chunk(ctx, input, |ctx, chunk| {
        let mut rest = &chunk[..];
        while !rest.is_empty() {
            if left == 0 {
                pieces.begin(ctx)?;
                left = count;
            }
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            let (piece, tail) = rest.split_at(taken);
            pieces.put(ctx, piece)?;
            left -= taken as u64;
            rest = tail;
        }
        Ok(())
    })
}

/// As many whole records as fit; one that is longer is cut.
pub(super) fn line_bytes(
    ctx: &mut Context<'_>,
    input: &mut Input,
    pieces: &mut Pieces<'_>,
    rules: &Rules,
    count: u64,
) -> Each {
    let mut left = 0u64;
    let mut begun = false;
    loop {
        let record = match input.line(rules.end()) {
            Ok(Some(record)) => record,
            Ok(None) => return DONE,
            Err(error) => return fault(error),
        };
        if !begun || (record.len() as u64 > left && left < count) {
            pieces.begin(ctx)?;
            left = count;
            begun = true;
        }
        let mut rest = &record[..];
        while rest.len() as u64 > left {
            let (piece, tail) = rest.split_at(usize::try_from(left).unwrap_or(usize::MAX));
            pieces.put(ctx, piece)?;
            pieces.begin(ctx)?;
            left = count;
            rest = tail;
        }
        pieces.put(ctx, rest)?;
        left -= rest.len() as u64;
        if left == 0 {
            begun = false;
        }
    }
}

pub(super) fn by_size(
    ctx: &mut Context<'_>,
    input: &mut Input,
    pieces: &mut Pieces<'_>,
    chunk: Chunk,
    size: u64,
) -> Each {
    cut(ctx, input, pieces, chunk, size, None)
}

pub(super) fn lines_by_size(
    ctx: &mut Context<'_>,
    input: &mut Input,
    pieces: &mut Pieces<'_>,
    rules: &Rules,
    chunk: Chunk,
    size: u64,
) -> Each {
    cut(ctx, input, pieces, chunk, size, Some(rules))
}

/// Cuts into equal parts; what is over goes to the last. With `rules` a record goes whole to the
/// part that its first byte is in.
fn cut(
    ctx: &mut Context<'_>,
    input: &mut Input,
    pieces: &mut Pieces<'_>,
    chunk: Chunk,
    size: u64,
    rules: Option<&Rules>,
) -> Each {
    // Fewer bytes than pieces: one each as far as they go.
    let unit = (size / chunk.count).max(1);
    let end = |nth: u64| match nth + 1 == chunk.count {
        true => u64::MAX,
        false => unit.saturating_mul(nth + 1),
    };
    let mut turn = Turn { chunk, nth: 0, begun: false };
    let mut at = 0u64;
    let mut inside = false;
    let read = each_chunk(ctx, input, |ctx, data| {
        let mut rest = &data[..];
        while !rest.is_empty() {
            while !inside && at >= end(turn.nth) && turn.nth + 1 < chunk.count {
                turn.next(ctx, pieces)?;
            }
            let room = usize::try_from(end(turn.nth).saturating_sub(at)).unwrap_or(usize::MAX);
            let taken = match rules {
                None => room.min(rest.len()),
                Some(rules) => match memchr::memchr(rules.end(), rest) {
                    Some(found) => found + 1,
                    None => rest.len(),
                },
            };
            let (piece, tail) = rest.split_at(taken);
            inside = rules.is_some_and(|rules| piece.last() != Some(&rules.end()));
            turn.put(ctx, pieces, piece)?;
            at += taken as u64;
            rest = tail;
        }
        Ok(())
    })?;
    if read.is_none() && chunk.only.is_none() {
        turn.rest(ctx, pieces)?;
    }
    Ok(read)
}

/// Which piece is being written.
struct Turn {
    chunk: Chunk,
    nth: u64,
    begun: bool,
}

impl Turn {
    fn put(
        &mut self,
        ctx: &mut Context<'_>,
        pieces: &mut Pieces<'_>,
        data: &[u8],
    ) -> Result<(), CommandError> {
        match self.chunk.only {
            Some(only) if only == self.nth + 1 => Ok(ctx.stdout.put(data)?),
            Some(_) => Ok(()),
            None => {
                if !std::mem::replace(&mut self.begun, true) {
                    pieces.begin(ctx)?;
                }
                pieces.put(ctx, data)
            }
        }
    }

    fn next(&mut self, ctx: &mut Context<'_>, pieces: &mut Pieces<'_>) -> Result<(), CommandError> {
        if !self.begun && self.chunk.only.is_none() && !pieces.elides() {
            pieces.begin(ctx)?;
        }
        self.nth += 1;
        self.begun = false;
        ctx.check()
    }

    /// The pieces that nothing is left for.
    fn rest(&mut self, ctx: &mut Context<'_>, pieces: &mut Pieces<'_>) -> Result<(), CommandError> {
        while self.nth < self.chunk.count {
            self.next(ctx, pieces)?;
        }
        Ok(())
    }
}

pub(super) fn round_robin(
    ctx: &mut Context<'_>,
    input: &mut Input,
    pieces: &mut Pieces<'_>,
    rules: &Rules,
    chunk: Chunk,
) -> Each {
    let mut open: Vec<Option<Piece>> = Vec::new();
    if chunk.only.is_none() {
        if chunk.count > OPEN_MAX {
            return Err(failure("too many open files"));
        }
        for _ in 0..chunk.count {
            open.push(if pieces.elides() { None } else { Some(pieces.open(ctx)?) });
        }
    }
    let mut nth = 0u64;
    let read = each_chunk(ctx, input, |ctx, data| {
        for piece in data.split_inclusive(|&byte| byte == rules.end()) {
            match chunk.only {
                Some(only) if only == nth + 1 => ctx.stdout.put(piece)?,
                Some(_) => {}
                None => {
                    let slot = usize::try_from(nth).ok().and_then(|nth| open.get_mut(nth));
                    if let Some(slot) = slot {
                        let target = match slot {
                            Some(target) => target,
                            None => slot.insert(pieces.open(ctx)?),
                        };
                        target.put(piece)?;
                    }
                }
            }
            if piece.last() == Some(&rules.end()) {
                nth = (nth + 1) % chunk.count;
            }
        }
        Ok(())
    })?;
    for piece in open.into_iter().flatten() {
        pieces.close(ctx, piece)?;
    }
    Ok(read)
}
