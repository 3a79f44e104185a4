//! `md5sum`, `sha1sum`, `sha224sum`, `sha256sum`, `sha384sum`, `sha512sum`, `b2sum`, `cksum` and
//! `sum`: print or check checksums.

mod check;
mod hash;
mod print;
mod tables;

use hash::Algorithm;
pub use tables::{B2SUM, CKSUM, MD5SUM, SHA1SUM, SHA224SUM, SHA256SUM, SHA384SUM, SHA512SUM, SUM};

use super::number::{no_suffix, within};
use crate::args::choice::choose_exactly;
use crate::prelude::*;

/// How the digests are written.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// `MD5 (name) = digest`.
    tag: bool,
    /// The `*` before the name.
    binary: bool,
    zero: bool,
}

/// `md5sum` and those that differ in the algorithm only. `bits` is the length of the digest.
fn sum(ctx: &mut Context<'_>, args: &Args, algorithm: Algorithm) -> CommandResult {
    let algorithm = match args.value('l') {
        Some(text) => blake_length(ctx, text)?,
        None => algorithm,
    };
    let binary = args.last_of("bt").map(|letter| letter == 'b');
    let tag = args.has("tag");
    if tag && binary == Some(false) {
        return Err(usage("--tag does not support --text mode"));
    }
    if let Some(rules) = check_rules(args)? {
        if tag {
            return Err(usage("the --tag option is meaningless when verifying checksums"));
        }
        if binary.is_some() {
            return Err(usage(
                "the --binary and --text options are meaningless when verifying checksums",
            ));
        }
        return check::check(ctx, args.operands(), Some(algorithm), &rules);
    }
    let style = Style { tag, binary: binary == Some(true), zero: args.has('z') };
    print::digests(ctx, args.operands(), algorithm, style)
}

fn cksum(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut given = None;
    for word in args.values('a') {
        given = Some(choose_exactly("--algorithm", word, hash::WORDS)?);
    }
    let mut algorithm = given.unwrap_or(Algorithm::Crc);
    let mut length = None;
    for text in args.values('l') {
        let bits = within(text, "invalid length", 0..=i128::from(i64::MAX), no_suffix)?;
        length = Some((text, bits));
        if bits % 8 != 0 {
            ctx.complain(format!("invalid length: {}", marked(text)))?;
            return Err(failure("length is not a multiple of 8"));
        }
    }
    if let Some((text, bits)) = length
        && bits != 0
    {
        if !matches!(algorithm, Algorithm::Blake2b(_)) {
            return Err(failure("--length is only supported with --algorithm=blake2b"));
        }
        algorithm = blake_length(ctx, text)?;
    }
    // They are parsed and refused.
    if args.has('b') || args.has('t') {
        return Err(usage(""));
    }
    if let Some(rules) = check_rules(args)? {
        if given.is_some_and(Algorithm::is_legacy) {
            return Err(failure("--check is not supported with --algorithm={bsd,sysv,crc}"));
        }
        return check::check(ctx, args.operands(), given.map(|_| algorithm), &rules);
    }
    let tag = args.given().iter().rev().find_map(|given| match given.opt.long {
        Some("tag") => Some(true),
        Some("untagged") => Some(false),
        _ => None,
    });
    let style = Style { tag: tag != Some(false), binary: false, zero: args.has('z') };
    print::digests(ctx, args.operands(), algorithm, style)
}

fn bsd_sum(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let algorithm = if args.last_of("rs") == Some('s') { Algorithm::Sysv } else { Algorithm::Bsd };
    let style = Style { tag: true, binary: false, zero: false };
    print::digests(ctx, args.operands(), algorithm, style)
}

fn blake_length(ctx: &mut Context<'_>, text: &[u8]) -> Result<Algorithm, CommandError> {
    let bits = within(text, "invalid length", 0..=i128::from(i64::MAX), no_suffix)?;
    let wrong = match bits {
        0 => return Ok(Algorithm::Blake2b(64)),
        bits if bits % 8 != 0 => "length is not a multiple of 8",
        bits if bits > 512 => "maximum digest length for ‘BLAKE2b’ is 512 bits",
        bits => return Ok(Algorithm::Blake2b(usize::try_from(bits / 8).unwrap_or(64))),
    };
    ctx.complain(format!("invalid length: {}", marked(text)))?;
    Err(failure(wrong))
}

/// How to check; `None` where digests are to be printed.
fn check_rules(args: &Args) -> Result<Option<check::Rules>, CommandError> {
    if args.has('c') {
        if args.has('z') {
            return Err(usage("the --zero option is not supported when verifying checksums"));
        }
        // The last of these three wins.
        let loudness = args.given().iter().rev().find_map(|given| match given.opt.long {
            Some("status") => Some(check::Loudness::Status),
            Some("quiet") => Some(check::Loudness::Quiet),
            Some("warn") => Some(check::Loudness::Warn),
            _ => None,
        });
        return Ok(Some(check::Rules {
            loudness: loudness.unwrap_or(check::Loudness::Normal),
            ignore_missing: args.has("ignore-missing"),
            strict: args.has("strict"),
        }));
    }
    for name in ["ignore-missing", "status", "warn", "quiet", "strict"] {
        if args.has(name) {
            return Err(usage(format!(
                "the --{name} option is meaningful only when verifying checksums"
            )));
        }
    }
    Ok(None)
}
