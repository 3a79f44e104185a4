//! `shuf`: write a random permutation of lines.

mod random;

use std::collections::HashMap;

use random::Random;

use super::number::{NumberFault, integer, no_suffix};
use super::operands::with_input;
use crate::budget::{Held, Resource};
use crate::prelude::*;

pub const SHUF: Command = Command {
    name: "shuf",
    synopsis: "shuf [OPTION]... [FILE]\nshuf -e [OPTION]... [ARG]...\nshuf -i LO-HI [OPTION]...",
    summary: "Write a random permutation of the input lines to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('e', "echo", "treat each ARG as an input line"),
        value('i', "input-range", "LO-HI", "treat each number LO through HI as an input line"),
        value('n', "head-count", "COUNT", "output at most COUNT lines"),
        value('o', "output", "FILE", "write result to FILE instead of standard output"),
        long("random-source", "get random bytes from FILE").takes(Takes::Value("FILE")),
        flag('r', "repeat", "output lines can be repeated"),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[
        Example {
            about: "All of them, in some order.",
            script: "shuf -i 1-4 | sort | tr '\\n' ' '",
            prints: "1 2 3 4 ",
        },
        Example {
            about: "The same order each time, by the same source.",
            script: "shuf --random-source=/dev/zero -n 2 -e a b c",
            prints: "a\nb\n",
        },
    ],
    run: shuf,
    ..Command::BASE
};

/// Files up to this size are not sampled while they are read.
const SAMPLED_BYTES_MIN: u64 = 8 << 20;

/// What is drawn from.
enum Source {
    Range(u64, u64),
    Lines(Vec<Bytes>),
}

impl Source {
    fn len(&self) -> u64 {
        match self {
            Self::Range(low, high) => (high.wrapping_sub(*low)).wrapping_add(1),
            Self::Lines(lines) => lines.len() as u64,
        }
    }

    fn put(&self, out: &mut Output, at: u64, end: u8) -> FsResult<()> {
        match self {
            Self::Range(low, _) => out.put(low.wrapping_add(at).to_string().as_bytes())?,
            Self::Lines(lines) => {
                let line = usize::try_from(at).ok().and_then(|at| lines.get(at));
                out.put(line.map_or(b"", |line| line))?;
            }
        }
        out.put(&[end])
    }
}

fn shuf(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut range = None;
    let mut count = u64::MAX;
    let mut output: Option<&BString> = None;
    for given in args.given() {
        let Some(text) = &given.value else { continue };
        match given.opt.short {
            Some('i') if range.is_some() => return Err(failure("multiple -i options specified")),
            Some('i') => range = Some(parse_range(text)?),
            Some('n') => count = count.min(head_count(text)?),
            Some('o') if output.is_some_and(|before| before != text) => {
                return Err(failure("multiple output files specified"));
            }
            Some('o') => output = Some(text),
            _ => {}
        }
    }
    let sources: Vec<_> = args.values("random-source").collect();
    if sources.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(failure("multiple random sources specified"));
    }
    if args.has('e') && range.is_some() {
        return Err(usage("cannot combine -e and -i options"));
    }
    let allowed = if range.is_some() { 0 } else { 1 };
    if !args.has('e')
        && let Some(extra) = args.operands().get(allowed)
    {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    let end = if args.has('z') { 0 } else { b'\n' };
    let repeat = args.has('r');
    let mut held = ctx.budget.hold(Resource::Memory, 0)?;
    let mut random = None;
    let mut source = match range {
        Some((low, high)) => Source::Range(low, high),
        None if args.has('e') => {
            Source::Lines(args.operands().iter().map(|arg| Bytes::copy_from_slice(arg)).collect())
        }
        None if count == 0 && !repeat => Source::Lines(Vec::new()),
        None => {
            let operand = args.operands().first().cloned().unwrap_or_else(|| "-".into());
            let sampled = !repeat && count != u64::MAX && !is_small(ctx, &operand);
            let sample = if sampled { count } else { u64::MAX };
            if sampled {
                random = Some(Random::open(ctx, sources.last().copied())?);
            }
            Source::Lines(read(ctx, &operand, end, sample, random.as_mut(), &mut held)?)
        }
    };
    let mut random = match random {
        Some(random) => random,
        None => Random::open(ctx, sources.last().copied())?,
    };
    let empty = matches!(range, Some((low, high)) if low > high) || source_is_empty(&source);
    if let (Source::Range(low, high), true) = (&source, empty) {
        debug_assert!(low > high, "a range that is not empty");
        source = Source::Lines(Vec::new());
    }
    let mut file = match output {
        Some(name) => Some(
            ctx.create(name).map_err(|error| failure(format!("{}: {error}", quoted_name(name))))?,
        ),
        None => None,
    };
    if repeat {
        if count > 0 && empty {
            return Err(failure("no lines to repeat"));
        }
        for _ in 0..count {
            let at = random.below(source.len())?;
            source.put(file.as_mut().unwrap_or(&mut ctx.stdout), at, end)?;
            ctx.check()?;
        }
    } else if !empty {
        permute(ctx, file.as_mut(), &source, &mut random, count, end, &mut held)?;
    }
    if let Some(file) = &mut file {
        file.flush()?;
    }
    Ok(ExitStatus::SUCCESS)
}

/// Whether all lines are read before any is drawn.
fn is_small(ctx: &Context<'_>, operand: &BString) -> bool {
    let stat = match operand == "-" {
        true => ctx.stdin.stream().metadata(),
        false => ctx.path(operand).and_then(|path| ctx.fs.metadata(&path)),
    };
    stat.is_ok_and(|stat| stat.kind == FileKind::File && stat.size <= SAMPLED_BYTES_MIN)
}

fn source_is_empty(source: &Source) -> bool {
    matches!(source, Source::Lines(lines) if lines.is_empty())
}

fn parse_range(text: &[u8]) -> Result<(u64, u64), CommandError> {
    let invalid = |shown: &[u8], reason: &str| {
        failure(format!("invalid input range: {}{reason}", marked(shown)))
    };
    let Some(dash) = text.find_byte(b'-') else { return Err(invalid(text, "")) };
    let number = |piece: &[u8]| match integer(piece, no_suffix) {
        Ok(number) => u64::try_from(number).map_err(|_| invalid(piece, "")),
        Err(NumberFault::Invalid) => Err(invalid(piece, "")),
        Err(NumberFault::TooLarge) => {
            Err(invalid(piece, ": Value too large for defined data type"))
        }
    };
    let low = number(text.get(..dash).unwrap_or_default())?;
    let high = number(text.get(dash + 1..).unwrap_or_default())?;
    // One below is an empty range.
    if low > high && low - high != 1 {
        return Err(invalid(text, ""));
    }
    Ok((low, high))
}

fn head_count(text: &[u8]) -> Result<u64, CommandError> {
    let unsigned = !text.trim_ascii_start().starts_with(b"-");
    match integer(text, no_suffix) {
        Ok(count) if unsigned => Ok(u64::try_from(count).unwrap_or(u64::MAX)),
        Err(NumberFault::TooLarge) if unsigned => Ok(u64::MAX),
        _ => Err(failure(format!("invalid line count: {}", marked(text)))),
    }
}

/// The lines of an input; of more than `sample`, so many drawn at random.
fn read(
    ctx: &mut Context<'_>,
    operand: &BString,
    end: u8,
    sample: u64,
    mut random: Option<&mut Random>,
    held: &mut Held,
) -> Result<Vec<Bytes>, CommandError> {
    let mut lines: Vec<Bytes> = Vec::new();
    let mut seen = 0u64;
    let done = with_input(ctx, operand.as_bstr(), |_, input| {
        loop {
            // The place of a line beyond the sample is drawn before it is known to come, so that
            // a given source of random bytes yields what it yields with GNU's.
            let place = match random.as_mut() {
                Some(random) if seen >= sample => Some(random.below(seen + 1)?),
                _ => None,
            };
            let line = match input.line(end) {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(None),
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => return Ok(Some(error)),
            };
            let text = line.strip_suffix(&[end]).unwrap_or(&line);
            seen += 1;
            match place {
                None => {
                    held.grow(text.len() as u64 + 64)?;
                    lines.push(Bytes::copy_from_slice(text));
                }
                Some(at) => {
                    let slot = usize::try_from(at).ok().and_then(|at| lines.get_mut(at));
                    if let Some(slot) = slot {
                        *slot = Bytes::copy_from_slice(text);
                    }
                }
            }
        }
    })?;
    match done {
        Ok(None) => Ok(lines),
        Ok(Some(error)) => Err(failure(format!("read error: {error}"))),
        Err(error) => Err(failure(format!("{}: {error}", quoted_name(operand)))),
    }
}

/// Draws without putting back: each draw swaps what it took to the front. Only places that were
/// swapped are remembered, so that a few of very many cost little.
fn permute(
    ctx: &mut Context<'_>,
    mut file: Option<&mut Output>,
    source: &Source,
    random: &mut Random,
    count: u64,
    end: u8,
    held: &mut Held,
) -> Result<(), CommandError> {
    // All 2^64 numbers count as one less.
    let len = if source.len() == 0 { u64::MAX } else { source.len() };
    let mut swapped: HashMap<u64, u64> = HashMap::new();
    for nth in 0..count.min(len) {
        let at = nth + random.below(len - nth)?;
        let here = swapped.remove(&nth).unwrap_or(nth);
        let taken = if at == nth {
            here
        } else {
            if !swapped.contains_key(&at) {
                held.grow(48)?;
            }
            swapped.insert(at, here).unwrap_or(at)
        };
        source.put(file.as_deref_mut().unwrap_or(&mut ctx.stdout), taken, end)?;
        if nth % 1024 == 0 {
            ctx.check()?;
        }
    }
    Ok(())
}
