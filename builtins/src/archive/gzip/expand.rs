//! Reads compressed data: one member after the other, with what may stand behind them.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::{Call, FAILED, WARNED, put_error, ratio, reason, say};
use crate::archive::bytes::Reading;
use crate::prelude::*;
use crate::time::{Moment, format as format_time};

const PIECE_BYTES: usize = 64 << 10;

/// What the header of the first member says.
pub(super) struct Stored {
    pub name: Option<Vec<u8>>,
    pub mtime_s: u32,
}

/// Looks at the header without taking it.
pub(super) fn stored(reading: &mut Reading) -> Result<Stored, CommandError> {
    let head = reading.peek(4096)?.to_vec();
    let mut decoder = GzDecoder::new(head.as_slice());
    // Only the header is wanted; the data may end early.
    let _ = decoder.read(&mut [0]);
    let header = decoder.header();
    let name = header.and_then(|header| header.filename());
    let name = name.map(|name| name.rsplit_str("/").next().unwrap_or(name).to_vec());
    let name = name.filter(|name| !matches!(name.as_slice(), b"" | b"." | b".."));
    Ok(Stored { name, mtime_s: header.map_or(0, |header| header.mtime()) })
}

fn fail(ctx: &mut Context<'_>, name: &BString, why: &str) -> Result<(), CommandError> {
    put_error(ctx, b"\n")?;
    say(ctx, format!("{name}: {why}"))
}

/// How the data went.
struct Outcome {
    status: ExitStatus,
    whole: u64,
    packed: u64,
    crc: u32,
}

/// Hands every piece of the expanded data to `sink`.
fn members(
    ctx: &mut Context<'_>,
    call: &Call,
    reading: &mut Reading,
    name: &BString,
    mut sink: impl FnMut(&[u8]) -> Result<(), CommandError>,
) -> Result<Outcome, CommandError> {
    let mut done = Outcome { status: ExitStatus::SUCCESS, whole: 0, packed: 0, crc: 0 };
    let mut buffer = vec![0; PIECE_BYTES];
    let mut first = true;
    loop {
        let head = reading.peek(2)?;
        if head.is_empty() && !first {
            return Ok(done);
        }
        if head != b"\x1f\x8b" {
            let garbage = head.first().is_some_and(|byte| *byte != 0);
            if first && call.force && call.stdout {
                // As `cat` does.
                while let chunk @ [_, ..] = reading.fill_buf()? {
                    let len = chunk.len();
                    sink(chunk)?;
                    reading.consume(len);
                }
                return Ok(done);
            }
            if first {
                let why =
                    if head.len() < 2 { "unexpected end of file" } else { "not in gzip format" };
                fail(ctx, name, why)?;
                done.status = FAILED;
            } else if garbage {
                if !call.quiet {
                    fail(ctx, name, "decompression OK, trailing garbage ignored")?;
                }
                done.status = WARNED;
            }
            return Ok(done);
        }
        let before = reading.taken;
        let mut decoder = GzDecoder::new(&mut *reading);
        loop {
            ctx.check()?;
            match decoder.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => {
                    done.whole += len as u64;
                    sink(buffer.get(..len).unwrap_or_default())?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let why = reason(&error)?;
                    fail(ctx, name, why)?;
                    done.status = FAILED;
                    return Ok(done);
                }
            }
        }
        let head = decoder.header().map_or(10, |header| {
            let text = |text: Option<&[u8]>| text.map_or(0, |text| text.len() as u64 + 1);
            10 + text(header.filename()) + text(header.comment())
        });
        drop(decoder);
        done.packed += (reading.taken - before).saturating_sub(head + 8);
        first = false;
    }
}

/// Expands to the end: the status, and the sizes of both.
pub(super) fn expand(
    ctx: &mut Context<'_>,
    call: &Call,
    reading: &mut Reading,
    out: &mut Output,
    name: BString,
) -> Result<(ExitStatus, u64, u64), CommandError> {
    let done = members(ctx, call, reading, &name, |piece| Ok(out.put(piece)?))?;
    Ok((done.status, done.whole, done.packed))
}

pub(super) fn test(
    ctx: &mut Context<'_>,
    call: &Call,
    reading: &mut Reading,
    name: BString,
) -> CommandResult {
    let done = members(ctx, call, reading, &name, |_| Ok(()))?;
    if call.verbose && done.status != FAILED {
        put_error(ctx, format!("{name}:\t OK\n").as_bytes())?;
    }
    Ok(done.status)
}

/// `-l`. The size and checksum are those of the last member, as the file's end says.
pub(super) fn list(
    ctx: &mut Context<'_>,
    call: &mut Call,
    reading: &mut Reading,
    shown: BString,
    length: u64,
    file: Option<(&BString, &FsStat)>,
) -> CommandResult {
    let stored = stored(reading)?;
    let name = file.map_or(&shown, |(name, _)| name).clone();
    let mut crc = flate2::Crc::new();
    let quiet = Call { quiet: true, listed: (0, 0, 0), suffix: call.suffix.clone(), ..*call };
    let mut done = members(ctx, &quiet, reading, &name, |piece| {
        crc.update(piece);
        Ok(())
    })?;
    done.crc = crc.sum();
    if done.status == FAILED {
        return Ok(FAILED);
    }
    let length = if file.is_some() { length } else { reading.taken };
    if call.listed.2 == 0 && !call.quiet {
        let lead = if call.verbose { "method  crc     date  time  " } else { "" };
        let line =
            format!("{lead}         compressed        uncompressed  ratio uncompressed_name\n");
        ctx.stdout.put(line.as_bytes())?;
    }
    let mut line = Vec::new();
    if call.verbose {
        line.extend_from_slice(format!("defla {:08x} ", done.crc).as_bytes());
        let tz = ctx.var("TZ").map(|tz| tz.as_bytes().to_vec());
        let zone = crate::core::strftime::zone(tz.as_deref());
        let ns = match stored.mtime_s {
            0 => file.map_or(0, |(_, stat)| stat.mtime_ns),
            seconds => i64::from(seconds) * 1_000_000_000,
        };
        if let Some(moment) = Moment::new(ns, &zone) {
            format_time(b"%b %e %H:%M ", &moment, &mut line);
        }
    }
    let shown = match stored.name {
        Some(stored) if call.name => BString::from(stored),
        _ => shown,
    };
    let text =
        format!("{length:>19} {:>19} {} {shown}\n", done.whole, ratio(done.whole, done.packed));
    line.extend_from_slice(text.as_bytes());
    ctx.stdout.put(&line)?;
    call.listed.0 += length;
    call.listed.1 += done.whole;
    call.listed.2 += 1;
    Ok(ExitStatus::SUCCESS)
}
