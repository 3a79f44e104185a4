//! `tail`: output the last part of files, and with `-f` what is appended to them.
use std::collections::VecDeque;
use std::time::Duration;

use mesafs::backend::EventQueue;
use mesafs::filesystem::SeekFrom;

use super::operands::{DONE, Each, each_input, fault};
use crate::prelude::*;
use crate::size::parse_size;

pub const TAIL: Command = Command {
    name: "tail",
    synopsis: "tail [OPTION]... [FILE]...",
    summary: "Print the last 10 lines of each FILE to standard output.\nWith more than one FILE, precede each with a header giving the file name.",
    options: &[
        value(
            'c',
            "bytes",
            "[+]NUM",
            "output the last NUM bytes; or use -c +NUM to output starting with byte NUM of each file",
        ),
        flag('f', "follow", "output appended data as the file grows").takes(Takes::Nothing),
        short('F', "same as --follow=name --retry"),
        value(
            'n',
            "lines",
            "[+]NUM",
            "output the last NUM lines, instead of the last 10; or use -n +NUM to output starting with line NUM",
        ),
        long("pid", "(ignored)").takes(Takes::Value("PID")),
        flag('q', "quiet", "never output headers giving file names"),
        long("silent", "same as --quiet"),
        long("retry", "keep trying to open a file if it is inaccessible"),
        value('s', "sleep-interval", "N", "(ignored: appended data is told, not polled for)"),
        flag('v', "verbose", "always output headers giving file names"),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[Example {
        about: "All but the first line.",
        script: "seq 3 | tail -n +2",
        prints: "2\n3\n",
    }],
    order: Order::Raw,
    run: tail,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy)]
enum Part {
    LastLines(u64),
    FromLine(u64),
    LastBytes(u64),
    FromByte(u64),
}

fn part(args: &Args) -> Result<Part, CommandError> {
    let Some(given) =
        args.given().iter().rev().find(|given| matches!(given.opt.short, Some('c' | 'n')))
    else {
        return Ok(Part::LastLines(10));
    };
    let lines = given.opt.short == Some('n');
    let text = given.value.clone().unwrap_or_default();
    let (from, digits) = match text.strip_prefix(b"+") {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix(b"-").unwrap_or(&text)),
    };
    let Some(count) = parse_size(digits) else {
        let what = if lines { "lines" } else { "bytes" };
        return Err(failure(format!("invalid number of {what}: {}", marked(&text))));
    };
    Ok(match (lines, from) {
        (true, false) => Part::LastLines(count),
        (true, true) => Part::FromLine(count),
        (false, false) => Part::LastBytes(count),
        (false, true) => Part::FromByte(count),
    })
}

fn tail(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    // `--follow[=HOW]` takes an optional word, `-f` none.
    let argv: Vec<BString> = args.operands().iter().map(follow_word).collect();
    let argv = super::operands::modern(&argv, b"-+");
    let args = &match super::operands::parse(ctx, &TAIL, &argv)? {
        Some(args) => args,
        None => return Ok(ExitStatus::SUCCESS),
    };
    let part = part(args)?;
    let delimiter = if args.has('z') { 0 } else { b'\n' };
    let chosen = args.given().iter().rev().find_map(|given| match given.opt.long {
        Some("quiet" | "silent") => Some(false),
        Some("verbose") => Some(true),
        _ => None,
    });
    let headers = chosen.unwrap_or(args.operands().len() > 1);
    // How far each one was read: to its end at that time.
    let mut ends = vec![None; args.operands().len()];
    let status = each_input(ctx, args.operands(), headers, |ctx, input, nth| {
        let done = match part {
            Part::LastLines(count) => last_lines(ctx, input, count, delimiter),
            Part::FromLine(count) => from_line(ctx, input, count, delimiter),
            Part::LastBytes(count) => last_bytes(ctx, input, count),
            Part::FromByte(count) => from_byte(ctx, input, count),
        }?;
        if let Some(end) = ends.get_mut(nth) {
            *end = input.stream().seek(SeekFrom::Current(0)).ok();
        }
        Ok(done)
    })?;
    if args.has('f') || args.has('F') {
        return follow(ctx, args.operands(), &ends, headers, status);
    }
    Ok(status)
}

fn follow_word(arg: &BString) -> BString {
    match &arg[..] {
        b"--follow=name" | b"--follow=descriptor" => "--follow".into(),
        _ => arg.clone(),
    }
}

fn rest(ctx: &mut Context<'_>, input: &mut Input) -> Each {
    loop {
        match input.chunk() {
            Ok(chunk) if chunk.is_empty() => return DONE,
            Ok(chunk) => ctx.stdout.put_bytes(chunk)?,
            Err(error) => return fault(error),
        }
    }
}

fn from_byte(ctx: &mut Context<'_>, input: &mut Input, count: u64) -> Each {
    let mut skip = count.saturating_sub(1);
    while skip > 0 {
        let mut chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => return DONE,
            Ok(chunk) => chunk,
            Err(error) => return fault(error),
        };
        let taken = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
        skip -= taken as u64;
        input.unread(chunk.split_off(taken));
    }
    rest(ctx, input)
}

fn from_line(ctx: &mut Context<'_>, input: &mut Input, count: u64, delimiter: u8) -> Each {
    let mut skip = count.saturating_sub(1);
    while skip > 0 {
        let mut chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => return DONE,
            Ok(chunk) => chunk,
            Err(error) => return fault(error),
        };
        let mut end = chunk.len();
        for at in memchr::memchr_iter(delimiter, &chunk) {
            skip -= 1;
            if skip == 0 {
                end = at + 1;
                break;
            }
        }
        input.unread(chunk.split_off(end));
    }
    rest(ctx, input)
}

/// Chunks from the end of the input, as few as hold what is wanted.
#[derive(Debug, Default)]
struct Window {
    chunks: VecDeque<(Bytes, u64)>,
    bytes: u64,
    delimiters: u64,
}

fn last_bytes(ctx: &mut Context<'_>, input: &mut Input, count: u64) -> Each {
    let mut window = Window::default();
    let mut account = ctx.budget.hold(crate::budget::Resource::Memory, 0)?;
    loop {
        let chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => break,
            Ok(chunk) => chunk,
            Err(error) => return fault(error),
        };
        account.grow(chunk.len() as u64)?;
        window.bytes += chunk.len() as u64;
        window.chunks.push_back((chunk, 0));
        while let Some((first, _)) = window.chunks.front()
            && window.bytes - first.len() as u64 >= count
        {
            window.bytes -= first.len() as u64;
            account.shrink(first.len() as u64);
            window.chunks.pop_front();
        }
    }
    let mut skip = usize::try_from(window.bytes.saturating_sub(count)).unwrap_or(usize::MAX);
    for (mut chunk, _) in window.chunks {
        let cut = skip.min(chunk.len());
        skip -= cut;
        ctx.stdout.put_bytes(chunk.split_off(cut))?;
    }
    DONE
}

fn last_lines(ctx: &mut Context<'_>, input: &mut Input, count: u64, delimiter: u8) -> Each {
    let mut window = Window::default();
    let mut account = ctx.budget.hold(crate::budget::Resource::Memory, 0)?;
    loop {
        let chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => break,
            Ok(chunk) => chunk,
            Err(error) => return fault(error),
        };
        account.grow(chunk.len() as u64)?;
        let delimiters = memchr::memchr_iter(delimiter, &chunk).count() as u64;
        window.delimiters += delimiters;
        window.chunks.push_back((chunk, delimiters));
        // One delimiter more than lines: the one before the first line wanted.
        while let Some((first, ends)) = window.chunks.front()
            && window.delimiters - ends > count
        {
            account.shrink(first.len() as u64);
            window.delimiters -= ends;
            window.chunks.pop_front();
        }
    }
    let unfinished = window.chunks.back().is_some_and(|(last, _)| last.last() != Some(&delimiter));
    let lines = window.delimiters + u64::from(unfinished);
    let mut skip = lines.saturating_sub(count);
    if count == 0 {
        return DONE;
    }
    for (mut chunk, _) in window.chunks {
        if skip > 0 {
            let nth = usize::try_from(skip - 1).unwrap_or(usize::MAX);
            match memchr::memchr_iter(delimiter, &chunk).nth(nth) {
                Some(at) => {
                    skip = 0;
                    chunk = chunk.split_off(at + 1);
                }
                None => {
                    skip -= memchr::memchr_iter(delimiter, &chunk).count() as u64;
                    continue;
                }
            }
        }
        ctx.stdout.put_bytes(chunk)?;
    }
    DONE
}

/// How long a wait for an event lasts before a cancel is looked for.
const CANCEL_LOOK: Duration = Duration::from_millis(25);

#[derive(Debug)]
struct Followed {
    name: BString,
    path: VPath,
    offset: u64,
    missing: bool,
}

/// Waits a moment for an event. They may be in several repositories, each with a queue of its own.
fn is_woken(queues: &mut [Box<dyn EventQueue>]) -> bool {
    let mut wait = CANCEL_LOOK;
    let mut woken = false;
    for queue in queues {
        woken |= !queue.wait(Some(wait)).is_empty();
        wait = Duration::ZERO;
    }
    woken
}

/// Goes on with what is appended. Writers' events wake it; a file that shrinks starts anew.
fn follow(
    ctx: &mut Context<'_>,
    operands: &[BString],
    ends: &[Option<u64>],
    headers: bool,
    status: ExitStatus,
) -> CommandResult {
    let mut files = Vec::new();
    for (operand, end) in operands.iter().zip(ends).filter(|(operand, _)| *operand != "-") {
        let (name, path) = (operand.clone(), ctx.path(operand)?);
        files.push(Followed { name, path, offset: end.unwrap_or(0), missing: end.is_none() });
    }
    if files.is_empty() {
        return Ok(status);
    }
    if files.iter().all(|file| file.missing) {
        ctx.complain("no files remaining")?;
        return Ok(ExitStatus::FAILURE);
    }
    // What is written from here on wakes it; what was before is seen by the first look.
    let mut queues = Vec::new();
    for file in &files {
        match ctx.fs.watch(&file.path) {
            Ok(queue) => queues.push(queue),
            // It may come where nobody can be told of it; the others are followed.
            Err(_) if file.missing => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut shown = files.len().wrapping_sub(1);
    ctx.stdout.flush()?;
    loop {
        for (nth, file) in files.iter_mut().enumerate() {
            let Ok(stat) = ctx.fs.metadata(&file.path) else { continue };
            if stat.size < file.offset {
                ctx.complain_bytes(&[&file.name[..], b": file truncated"].concat())?;
                file.offset = 0;
            }
            if stat.size == file.offset {
                continue;
            }
            if headers && shown != nth {
                ctx.stdout.put(&[b"\n==> ", &file.name[..], b" <==\n"].concat())?;
            }
            shown = nth;
            let handle = ctx.fs.open(&file.path, &OpenOptions::reading())?;
            loop {
                let chunk = handle.read_at(file.offset, 64 * 1024)?;
                if chunk.is_empty() {
                    break;
                }
                file.offset += chunk.len() as u64;
                ctx.stdout.put_bytes(chunk)?;
            }
            ctx.stdout.flush()?;
        }
        while !is_woken(&mut queues) {
            ctx.check()?;
        }
    }
}
