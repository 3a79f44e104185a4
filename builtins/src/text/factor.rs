//! `factor`: print prime factors.

mod primes;

use num_bigint::BigUint;

use super::operands::each_chunk;
use crate::prelude::*;

pub const FACTOR: Command = Command {
    name: "factor",
    synopsis: "factor [NUMBER]...",
    summary: "Print the prime factors of each specified integer NUMBER.  If none are\nspecified on the command line, read them from standard input.",
    options: &[],
    examples: &[Example {
        about: "The factors of a number.",
        script: "factor 360",
        prints: "360: 2 2 2 3 3 5\n",
    }],
    run: factor,
    ..Command::BASE
};

/// Longer numbers are refused: nobody would wait for their factors.
const DIGITS_MAX: usize = 1000;

fn factor(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut status = ExitStatus::SUCCESS;
    if !args.operands().is_empty() {
        for word in args.operands() {
            status = status.or(one(ctx, word)?);
        }
        return Ok(status);
    }
    let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
    let mut input = std::mem::replace(&mut ctx.stdin, again);
    let mut word = Vec::new();
    let done = each_chunk(ctx, &mut input, |ctx, chunk| {
        for &byte in &chunk {
            if !matches!(byte, b' ' | b'\t' | b'\n') {
                word.push(byte);
            } else if !word.is_empty() {
                status = status.or(one(ctx, &word)?);
                word.clear();
            }
        }
        Ok(())
    })?;
    if !word.is_empty() {
        status = status.or(one(ctx, &word)?);
    }
    match done {
        None => Ok(status),
        Some(error) => Err(failure(format!("error reading input: {error}"))),
    }
}

fn one(ctx: &mut Context<'_>, word: &[u8]) -> CommandResult {
    // What follows a NUL is not seen.
    let word = word.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = word.trim_start_with(|letter| letter == ' ');
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    let number = match digits.iter().all(u8::is_ascii_digit) && !digits.is_empty() {
        true if digits.len() > DIGITS_MAX => None,
        true => BigUint::parse_bytes(digits, 10),
        false => None,
    };
    let Some(number) = number else {
        ctx.stdout.flush()?;
        ctx.complain(format!("{} is not a valid positive integer", marked(word)))?;
        return Ok(ExitStatus::FAILURE);
    };
    let factors = primes::factors(ctx, &number)?;
    let mut line = format!("{number}:");
    for factor in factors {
        line.push(' ');
        line.push_str(&factor.to_string());
    }
    line.push('\n');
    ctx.stdout.put(line.as_bytes())?;
    Ok(ExitStatus::SUCCESS)
}
