//! `head`: output the first part of files.
use std::collections::VecDeque;

use super::operands::{DONE, Each, each_input, fault};
use crate::prelude::*;
use crate::size::parse_size;

pub const HEAD: Command = Command {
    name: "head",
    synopsis: "head [OPTION]... [FILE]...",
    summary: "Print the first 10 lines of each FILE to standard output.\nWith more than one FILE, precede each with a header giving the file name.",
    options: &[
        value(
            'c',
            "bytes",
            "[-]NUM",
            "print the first NUM bytes of each file; with the leading '-', print all but the last NUM bytes of each file",
        ),
        value(
            'n',
            "lines",
            "[-]NUM",
            "print the first NUM lines instead of the first 10; with the leading '-', print all but the last NUM lines of each file",
        ),
        flag('q', "quiet", "never print headers giving file names"),
        long("silent", "same as --quiet"),
        flag('v', "verbose", "always print headers giving file names"),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example {
        about: "The first two lines.",
        script: "seq 5 | head -n 2",
        prints: "1\n2\n",
    }],
    order: Order::Raw,
    run: head,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy)]
enum Part {
    Lines(u64),
    AllButLines(u64),
    Bytes(u64),
    AllButBytes(u64),
}

fn part(args: &Args) -> Result<Part, CommandError> {
    let Some(given) =
        args.given().iter().rev().find(|given| matches!(given.opt.short, Some('c' | 'n')))
    else {
        return Ok(Part::Lines(10));
    };
    let lines = given.opt.short == Some('n');
    let text = given.value.clone().unwrap_or_default();
    let (but, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix(b"+").unwrap_or(&text)),
    };
    let Some(count) = parse_size(digits) else {
        let what = if lines { "lines" } else { "bytes" };
        return Err(failure(format!("invalid number of {what}: {}", marked(&text))));
    };
    Ok(match (lines, but) {
        (true, false) => Part::Lines(count),
        (true, true) => Part::AllButLines(count),
        (false, false) => Part::Bytes(count),
        (false, true) => Part::AllButBytes(count),
    })
}

fn head(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = super::operands::modern(args.operands(), b"-");
    let args = &match super::operands::parse(ctx, &HEAD, &argv)? {
        Some(args) => args,
        None => return Ok(ExitStatus::SUCCESS),
    };
    let part = part(args)?;
    let delimiter = if args.has('z') { 0 } else { b'\n' };
    let headers = match args.given().iter().rev().find_map(|given| match given.opt.long {
        Some("quiet" | "silent") => Some(false),
        Some("verbose") => Some(true),
        _ => None,
    }) {
        Some(headers) => headers,
        None => args.operands().len() > 1,
    };
    each_input(ctx, args.operands(), headers, |ctx, input, _| match part {
        Part::Lines(count) => lines(ctx, input, count, delimiter),
        Part::Bytes(count) => bytes(ctx, input, count),
        Part::AllButLines(count) => all_but_lines(ctx, input, count, delimiter),
        Part::AllButBytes(count) => all_but_bytes(ctx, input, count),
    })
}

fn lines(ctx: &mut Context<'_>, input: &mut Input, mut count: u64, delimiter: u8) -> Each {
    while count > 0 {
        let mut chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => break,
            Ok(chunk) => chunk,
            Err(error) => return fault(error),
        };
        let mut taken = chunk.len();
        for at in memchr::memchr_iter(delimiter, &chunk) {
            count -= 1;
            if count == 0 {
                taken = at + 1;
                break;
            }
        }
        let rest = chunk.split_off(taken);
        ctx.stdout.put_bytes(chunk)?;
        input.unread(rest);
    }
    DONE
}

fn bytes(ctx: &mut Context<'_>, input: &mut Input, mut count: u64) -> Each {
    while count > 0 {
        let mut chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => break,
            Ok(chunk) => chunk,
            Err(error) => return fault(error),
        };
        let taken = usize::try_from(count).unwrap_or(usize::MAX).min(chunk.len());
        let rest = chunk.split_off(taken);
        count -= taken as u64;
        ctx.stdout.put_bytes(chunk)?;
        input.unread(rest);
    }
    DONE
}

fn all_but_lines(ctx: &mut Context<'_>, input: &mut Input, count: u64, delimiter: u8) -> Each {
    let mut held = VecDeque::new();
    let mut account = ctx.budget.hold(crate::budget::Resource::Memory, 0)?;
    loop {
        match input.line(delimiter) {
            Ok(None) => return DONE,
            Ok(Some(line)) => {
                account.grow(line.len() as u64 + 32)?;
                held.push_back(line);
            }
            Err(error) => return fault(error),
        }
        if held.len() as u64 > count
            && let Some(line) = held.pop_front()
        {
            account.shrink(line.len() as u64 + 32);
            ctx.stdout.put(&line)?;
        }
    }
}

fn all_but_bytes(ctx: &mut Context<'_>, input: &mut Input, count: u64) -> Each {
    let mut held: VecDeque<Bytes> = VecDeque::new();
    let mut held_bytes = 0u64;
    let mut account = ctx.budget.hold(crate::budget::Resource::Memory, 0)?;
    loop {
        let chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => return DONE,
            Ok(chunk) => chunk,
            Err(error) => return fault(error),
        };
        account.grow(chunk.len() as u64)?;
        held_bytes += chunk.len() as u64;
        held.push_back(chunk);
        while held_bytes > count
            && let Some(mut first) = held.pop_front()
        {
            let surplus = usize::try_from(held_bytes - count).unwrap_or(usize::MAX);
            let out = first.split_to(surplus.min(first.len()));
            held_bytes -= out.len() as u64;
            account.shrink(out.len() as u64);
            if !first.is_empty() {
                held.push_front(first);
            }
            ctx.stdout.put_bytes(out)?;
        }
    }
}
