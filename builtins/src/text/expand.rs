//! `expand`: convert tabs to spaces.
use super::operands::{each_chunk, each_file, modern_number, parse};
use super::tabs::TabStops;
use crate::prelude::*;

pub const EXPAND: Command = Command {
    name: "expand",
    synopsis: "expand [OPTION]... [FILE]...",
    summary: "Convert tabs in each FILE to spaces, writing to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('i', "initial", "do not convert tabs after non blanks"),
        value(
            't',
            "tabs",
            "LIST",
            "have tabs N characters apart, not 8, or use a comma separated list of tab positions; the last one may be /N (multiples of N) or +N (N apart) for those that follow",
        ),
    ],
    examples: &[Example {
        about: "Tabs four columns apart.",
        script: "printf 'a\\tb\\n' | expand -t4",
        prints: "a   b\n",
    }],
    order: Order::Raw,
    run: expand,
    ..Command::BASE
};

/// How many spaces are written at once.
const SPACES: [u8; 64] = [b' '; 64];

fn expand(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = modern_number(args.operands(), "-t", b"i", b"t");
    let Some(args) = parse(ctx, &EXPAND, &argv)? else { return Ok(ExitStatus::SUCCESS) };
    let mut stops = TabStops::default();
    for text in args.values('t') {
        stops.add(ctx, text)?;
    }
    let stops = stops.finish()?;
    let initial = args.has('i');
    // A line may go on from one file to the next.
    let mut column = 0u64;
    let mut converting = true;
    each_file(ctx, args.operands(), |ctx, input| {
        each_chunk(ctx, input, |ctx, chunk| {
            let mut rest = &chunk[..];
            while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\t' | b'\n' | 8)) {
                let (plain, special) = rest.split_at(at);
                converting &= !initial || plain.iter().all(|&byte| byte == b' ');
                column = column.saturating_add(plain.len() as u64);
                ctx.stdout.put(plain)?;
                match special.first() {
                    Some(b'\t') if converting => {
                        let next = stops.after(column).unwrap_or(column + 1);
                        pad(ctx, next - column)?;
                        column = next;
                    }
                    Some(b'\n') => {
                        ctx.stdout.put(b"\n")?;
                        column = 0;
                        converting = true;
                    }
                    Some(8) => {
                        ctx.stdout.put(&[8])?;
                        column = column.saturating_sub(1);
                        converting &= !initial;
                    }
                    _ => ctx.stdout.put(b"\t")?,
                }
                rest = special.get(1..).unwrap_or_default();
            }
            converting &= !initial || rest.iter().all(|&byte| byte == b' ');
            column = column.saturating_add(rest.len() as u64);
            Ok(ctx.stdout.put(rest)?)
        })
    })
}

fn pad(ctx: &mut Context<'_>, mut count: u64) -> Result<(), CommandError> {
    while count > 0 {
        let now = usize::try_from(count).unwrap_or(usize::MAX).min(SPACES.len());
        ctx.stdout.put(SPACES.get(..now).unwrap_or_default())?;
        count -= now as u64;
    }
    Ok(())
}
