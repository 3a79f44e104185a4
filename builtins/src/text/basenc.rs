//! `base64`, `base32` and `basenc`: encode and decode data in printable letters.

mod code;

use code::{Code, Decoder, Encoder};

use super::number::no_suffix;
use super::number::{NumberFault, integer};
use super::operands::{each_chunk, with_input};
use crate::prelude::*;

const DECODE: Opt = flag('d', "decode", "decode data");
const IGNORE: Opt = flag('i', "ignore-garbage", "when decoding, ignore non-alphabet characters");
const WRAP: Opt = value(
    'w',
    "wrap",
    "COLS",
    "wrap encoded lines after COLS character (default 76); use 0 to disable line wrapping",
);

pub const BASE64: Command = Command {
    name: "base64",
    synopsis: "base64 [OPTION]... [FILE]",
    summary: "Base64 encode or decode FILE, or standard input, to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[DECODE, IGNORE, WRAP],
    examples: &[
        Example { about: "Encode.", script: "printf hello | base64", prints: "aGVsbG8=\n" },
        Example { about: "Decode.", script: "echo aGVsbG8K | base64 -d", prints: "hello\n" },
    ],
    run: |ctx, args| run(ctx, args, Some(Code::Base64)),
    ..Command::BASE
};

pub const BASE32: Command = Command {
    name: "base32",
    synopsis: "base32 [OPTION]... [FILE]",
    summary: "Base32 encode or decode FILE, or standard input, to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[DECODE, IGNORE, WRAP],
    examples: &[Example {
        about: "Encode.",
        script: "printf hello | base32",
        prints: "NBSWY3DP\n",
    }],
    run: |ctx, args| run(ctx, args, Some(Code::Base32)),
    ..Command::BASE
};

pub const BASENC: Command = Command {
    name: "basenc",
    synopsis: "basenc [OPTION]... [FILE]",
    summary: "basenc encode or decode FILE, or standard input, to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        long("base64", "same as 'base64' program (RFC4648 section 4)"),
        long("base64url", "file- and url-safe base64 (RFC4648 section 5)"),
        long("base32", "same as 'base32' program (RFC4648 section 6)"),
        long("base32hex", "extended hex alphabet base32 (RFC4648 section 7)"),
        long("base16", "hex encoding (RFC4648 section 8)"),
        long("base2msbf", "bit string with most significant bit (msb) first"),
        long("base2lsbf", "bit string with least significant bit (lsb) first"),
        DECODE,
        IGNORE,
        WRAP,
        long("z85", "ascii85-like encoding (ZeroMQ spec:32/Z85)"),
    ],
    examples: &[Example {
        about: "Hexadecimal digits.",
        script: "printf hi | basenc --base16",
        prints: "6869\n",
    }],
    run: |ctx, args| run(ctx, args, None),
    ..Command::BASE
};

fn run(ctx: &mut Context<'_>, args: &Args, code: Option<Code>) -> CommandResult {
    let mut code = code;
    let mut wrap = Some(76);
    for given in args.given() {
        match (given.opt.short, given.opt.long) {
            (Some('w'), _) => wrap = columns(given.value.as_ref().map_or(b"", |text| text))?,
            (None, Some(name)) => code = Code::named(name),
            _ => {}
        }
    }
    let Some(code) = code else { return Err(usage("missing encoding type")) };
    if let Some(extra) = args.operands().get(1) {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    let operand = args.operands().first().cloned().unwrap_or_else(|| "-".into());
    let done = with_input(ctx, operand.as_bstr(), |ctx, input| {
        if args.has('d') {
            let mut decoder = Decoder::new(code, args.has('i'));
            let mut out = Vec::new();
            let read = each_chunk(ctx, input, |ctx, chunk| {
                out.clear();
                let fine = decoder.feed(&chunk, &mut out);
                ctx.stdout.put(&out)?;
                if fine { Ok(()) } else { Err(invalid(ctx)) }
            })?;
            if read.is_none() {
                out.clear();
                let fine = decoder.finish(&mut out);
                ctx.stdout.put(&out)?;
                if !fine {
                    return Err(invalid(ctx));
                }
            }
            return Ok(read);
        }
        let mut encoder = Encoder::new(code, wrap);
        let mut out = Vec::new();
        let read = each_chunk(ctx, input, |ctx, chunk| {
            out.clear();
            encoder.feed(&chunk, &mut out);
            Ok(ctx.stdout.put(&out)?)
        })?;
        out.clear();
        let whole = encoder.finish(&mut out);
        ctx.stdout.put(&out)?;
        if !whole && read.is_none() {
            ctx.stdout.flush()?;
            return Err(failure("invalid input (length must be multiple of 4 characters)"));
        }
        Ok(read)
    })?;
    match done {
        Ok(None) => Ok(ExitStatus::SUCCESS),
        Ok(Some(error)) => {
            ctx.stdout.flush()?;
            Err(failure(format!("read error: {error}")))
        }
        Err(error) => Err(failure(format!("{}: {error}", quoted_name(&operand)))),
    }
}

/// What was decoded before the fault is written all the same.
fn invalid(ctx: &mut Context<'_>) -> CommandError {
    match ctx.stdout.flush() {
        Ok(()) => failure("invalid input"),
        Err(error) => error.into(),
    }
}

/// Where lines are wrapped; `None` for nowhere.
fn columns(text: &[u8]) -> Result<Option<u64>, CommandError> {
    let invalid = || failure(format!("invalid wrap size: {}", marked(text)));
    match integer(text, no_suffix) {
        Ok(0) => Ok(None),
        Ok(count) if count > 0 => Ok(u64::try_from(count).ok().filter(|n| *n <= i64::MAX as u64)),
        Err(NumberFault::TooLarge) if !text.trim_ascii_start().starts_with(b"-") => Ok(None),
        _ => Err(invalid()),
    }
}
