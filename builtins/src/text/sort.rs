//! `sort`: sort lines of text files.

mod compare;
mod debug;
mod input;
mod key;
mod merge;
mod sink;

use std::cmp::Ordering;

use compare::Comparer;
use input::{Filled, Lines};
use key::{Key, Kind, Settings};
use merge::{Runs, Source, merge};
use sink::Sink;

use crate::args::choice::choose;
use crate::prelude::*;
use crate::size::parse_size;

pub const SORT: Command = Command {
    name: "sort",
    synopsis: "sort [OPTION]... [FILE]...\nsort [OPTION]... --files0-from=F",
    summary: "Write sorted concatenation of all FILE(s) to standard output.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        flag('b', "ignore-leading-blanks", "ignore leading blanks"),
        flag('d', "dictionary-order", "consider only blanks and alphanumeric characters"),
        flag('f', "ignore-case", "fold lower case to upper case characters"),
        flag('g', "general-numeric-sort", "compare according to general numerical value"),
        flag('i', "ignore-nonprinting", "consider only printable characters"),
        flag('M', "month-sort", "compare (unknown) < 'JAN' < ... < 'DEC'"),
        flag('h', "human-numeric-sort", "compare human readable numbers (e.g., 2K 1G)"),
        flag('n', "numeric-sort", "compare according to string numerical value"),
        flag('R', "random-sort", "shuffle, but group identical keys"),
        long("random-source", "get random bytes from FILE").takes(Takes::Value("FILE")),
        flag('r', "reverse", "reverse the result of comparisons"),
        long("sort", "sort according to WORD: general-numeric -g, human-numeric -h, month -M, numeric -n, random -R, version -V")
            .takes(Takes::Value("WORD")),
        flag('V', "version-sort", "natural sort of (version) numbers within text"),
        long("batch-size", "(ignored)").takes(Takes::Value("NMERGE")),
        short('c', "check for sorted input; do not sort"),
        long("check", "as -c, or as -C with quiet or silent").takes(Takes::Optional("HOW")),
        short('C', "like -c, but do not report first bad line"),
        long("compress-program", "(ignored)").takes(Takes::Value("PROG")),
        long("debug", "show what of each line is compared, and tell what may not be meant"),
        long("files0-from", "read input from the files specified by NUL-terminated names in file F")
            .takes(Takes::Value("F")),
        value('k', "key", "KEYDEF", "sort via a key; KEYDEF gives location and type"),
        flag('m', "merge", "merge already sorted files; do not sort"),
        value('o', "output", "FILE", "write result to FILE instead of standard output"),
        flag('s', "stable", "stabilize sort by disabling last-resort comparison"),
        value('S', "buffer-size", "SIZE", "hold so much in memory before lines are put aside"),
        value('t', "field-separator", "SEP", "use SEP instead of non-blank to blank transition"),
        value('T', "temporary-directory", "DIR", "(ignored)"),
        long("parallel", "(ignored)").takes(Takes::Value("N")),
        flag('u', "unique", "with -c, check for strict ordering; without -c, output only the first of an equal run"),
        flag('z', "zero-terminated", "line delimiter is NUL, not newline"),
    ],
    examples: &[
        Example {
            about: "By the number in the second field.",
            script: "printf 'a 10\\nb 9\\n' | sort -k2n",
            prints: "b 9\na 10\n",
        },
        Example {
            about: "Each line once, in reverse.",
            script: "printf 'b\\na\\nb\\n' | sort -ur",
            prints: "b\na\n",
        },
    ],
    usage_status: 2,
    run: sort,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Loud,
    Quiet,
}

/// The least that is put aside at a time, whatever `-S` says.
const ROOM_MIN_BYTES: u64 = 256 << 10;

/// Ends `sort` with status 2.
fn trouble(message: impl Into<String>) -> CommandError {
    CommandError::Fail(message.into().into_bytes(), ExitStatus(2))
}

fn sort(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let check = check(args)?;
    let (comparer, end) = comparer(ctx, args)?;
    if let Some(size) = args.value('S') {
        let percent = size.strip_suffix(b"%").is_some_and(|n| n.iter().all(u8::is_ascii_digit));
        if !percent && parse_size(size).is_none() {
            let digits = size.first().is_some_and(u8::is_ascii_digit);
            let what = if digits { "suffix in " } else { "" };
            return Err(trouble(format!("invalid {what}-S argument {}", quoted(size))));
        }
    }
    refuse_numbers(args)?;
    let files = files(ctx, args)?;
    if let Some(check) = check {
        if let Some(extra) = files.get(1) {
            return Err(trouble(format!(
                "extra operand {} not allowed with -{}",
                quoted(extra),
                if check == Check::Loud { 'c' } else { 'C' }
            )));
        }
        return is_sorted(ctx, &files[0], &comparer, end, check);
    }
    let rewrites = |file: &BString| args.value('o').is_some_and(|output| file == output);
    if args.has('m') && !files.iter().any(rewrites) {
        let sources = files.iter().map(|file| Source::open(ctx, file));
        let sources = sources.collect::<Result<_, _>>()?;
        let mut sink = Sink::new(ctx, args.value('o'), &files, &comparer, false)?;
        merge(ctx, &comparer, sources, |ctx, line| sink.put(ctx, line))?;
        return sink.finish(ctx);
    }
    if args.has('m') {
        return merge_in_memory(ctx, args, &files, &comparer);
    }
    let mut lines = Lines::new(ctx, end, &comparer, Some(room(ctx, args)))?;
    let mut runs: Option<Runs> = None;
    for file in &files {
        let mut input = input::open(ctx, file)?;
        while lines.read(&mut input, file)? == Filled::Full {
            if runs.is_none() {
                runs = ctx.spill()?.map(Runs::new);
            }
            match &mut runs {
                Some(runs) => runs.add(ctx, &mut lines, &comparer)?,
                None => lines.unbounded(),
            }
        }
    }
    ctx.check()?;
    let order = lines.sorted(ctx, &comparer)?;
    let mut sink = Sink::new(ctx, args.value('o'), &files, &comparer, runs.is_some())?;
    match &runs {
        None => order.into_iter().try_for_each(|index| sink.put(ctx, lines.get_whole(index)))?,
        Some(runs) => {
            let mut sources = runs.sources(ctx)?;
            sources.push(Source::Lines { lines: &lines, order: order.into_iter() });
            merge(ctx, &comparer, sources, |ctx, line| sink.put(ctx, line))?;
        }
    }
    sink.finish(ctx)
}

/// How much may be held in memory before it is put aside: half of what the run has, or `-S`.
fn room(ctx: &Context<'_>, args: &Args) -> u64 {
    let half = ctx.budget.limits().memory_bytes / 2;
    let Some(size) = args.value('S') else { return half };
    let units = if size.last().is_some_and(u8::is_ascii_digit) { "K" } else { "" };
    let size = parse_size(&[size.as_bytes(), units.as_bytes()].concat());
    size.map_or(half, |size| size.clamp(ROOM_MIN_BYTES, half))
}

/// `sort -m` into one of its inputs, all of which must have been read before it is written.
fn merge_in_memory(
    ctx: &mut Context<'_>,
    args: &Args,
    files: &[BString],
    comparer: &Comparer,
) -> CommandResult {
    let mut inputs = Vec::new();
    for file in files {
        let mut lines = Lines::new(ctx, comparer.end, comparer, None)?;
        lines.read(&mut input::open(ctx, file)?, file)?;
        inputs.push(lines);
    }
    let in_order = |lines: &Lines| (0..lines.len()).collect::<Vec<_>>().into_iter();
    let source = |lines| Source::Lines { lines, order: in_order(lines) };
    let mut sink = Sink::new(ctx, args.value('o'), files, comparer, false)?;
    merge(ctx, comparer, inputs.iter().map(source).collect(), |ctx, line| sink.put(ctx, line))?;
    sink.finish(ctx)
}

/// `--parallel` and `--batch-size` change nothing here but must be numbers.
fn refuse_numbers(args: &Args) -> Result<(), CommandError> {
    let number = |text: &BStr| text.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(text) = args.value("parallel") {
        match number(text) {
            Some(0) => return Err(trouble("number in parallel must be nonzero")),
            Some(_) => {}
            None => {
                return Err(trouble(format!("invalid --parallel argument {}", quoted(text))));
            }
        }
    }
    if let Some(text) = args.value("batch-size") {
        match number(text) {
            Some(0 | 1) => {
                let invalid = format!("invalid --batch-size argument {}", marked(text));
                let least = "sort: minimum --batch-size argument is ‘2’";
                return Err(trouble(format!("{invalid}\n{least}")));
            }
            Some(_) => {}
            None => {
                return Err(trouble(format!("invalid --batch-size argument {}", quoted(text))));
            }
        }
    }
    Ok(())
}

fn check(args: &Args) -> Result<Option<Check>, CommandError> {
    let named = args.given().iter().rev().find(|given| given.opt.long == Some("check"));
    if let Some(how) = named.and_then(|given| given.value.as_ref()) {
        let quiet = choose(
            "--check",
            how,
            &[(&["quiet", "silent"], Check::Quiet), (&["diagnose-first"], Check::Loud)],
        );
        return Ok(Some(quiet?));
    }
    let check = match (args.has('c') || args.has("check"), args.has('C')) {
        (true, true) => Err(trouble("options '-cC' are incompatible")),
        (true, false) => Ok(Some(Check::Loud)),
        (false, true) => Ok(Some(Check::Quiet)),
        (false, false) => Ok::<_, CommandError>(None),
    }?;
    if args.has("debug") && (check.is_some() || args.has('o')) {
        let letter = match check {
            Some(Check::Loud) => 'c',
            Some(Check::Quiet) => 'C',
            None => 'o',
        };
        return Err(trouble(format!("options '-{letter} --debug' are incompatible")));
    }
    Ok(check)
}

fn comparer(ctx: &mut Context<'_>, args: &Args) -> Result<(Comparer, u8), CommandError> {
    let mut global = Settings::default();
    for given in args.given() {
        if given.opt.short.is_some_and(|letter| "bdfgiMhnRrV".contains(letter)) {
            global.apply(given.opt.short.map_or(0, |letter| letter as u8));
        }
        if given.opt.long == Some("sort") {
            let letter = choose(
                "--sort",
                given.value.as_ref().map_or(b"", |v| v),
                &[
                    (&["general-numeric"], b'g'),
                    (&["human-numeric"], b'h'),
                    (&["month"], b'M'),
                    (&["numeric"], b'n'),
                    (&["random"], b'R'),
                    (&["version"], b'V'),
                ],
            )?;
            global.apply(letter);
        }
    }
    let tab = separator(args)?;
    let mut keys = Vec::new();
    for text in args.values('k') {
        let key = Key::parse(text).map_err(trouble)?;
        keys.push(key);
    }
    global.check().map_err(trouble)?;
    for key in &mut keys {
        key.inherit(&global);
        key.settings.check().map_err(trouble)?;
    }
    if keys.is_empty() && global.is_special() {
        keys.push(Key::whole(global));
    }
    let mut seed = [0u8; 16];
    if keys.iter().any(|key| key.settings.kind == Kind::Random) {
        match args.value("random-source") {
            None => drop(getrandom::fill(&mut seed)),
            Some(name) => {
                let mut input =
                    ctx.open(name).map_err(|e| trouble(format!("open failed: {name}: {e}")))?;
                let chunk = input.chunk()?;
                for (to, from) in seed.iter_mut().zip(chunk.iter()) {
                    *to = *from;
                }
            }
        }
    }
    let last_resort = !args.has('s') && !args.has('u');
    let end = if args.has('z') { 0 } else { b'\n' };
    let (reverse, unique) = (global.reverse, args.has('u'));
    let debug = args.has("debug");
    let comparer = Comparer { keys, tab, reverse, last_resort, unique, seed, end, debug };
    if debug {
        debug::tell(ctx, &comparer, &global, args.has('k'))?;
    }
    Ok((comparer, end))
}

fn separator(args: &Args) -> Result<Option<u8>, CommandError> {
    let mut tab = None;
    for text in args.values('t') {
        let next = match text.as_bytes() {
            b"" => return Err(trouble("empty tab")),
            b"\\0" => 0,
            [byte] => *byte,
            _ => return Err(trouble(format!("multi-character tab {}", marked(text)))),
        };
        if tab.is_some_and(|tab| tab != next) {
            return Err(trouble("incompatible tabs"));
        }
        tab = Some(next);
    }
    Ok(tab)
}

/// The inputs: operands, `-` without any, or the names in a file.
fn files(ctx: &mut Context<'_>, args: &Args) -> Result<Vec<BString>, CommandError> {
    let Some(list) = args.value("files0-from") else {
        let mut files = args.operands().to_vec();
        if files.is_empty() {
            files.push("-".into());
        }
        return Ok(files);
    };
    if let Some(extra) = args.operands().first() {
        return Err(usage(format!(
            "extra operand {}\nfile operands cannot be combined with --files0-from",
            quoted(extra)
        )));
    }
    let mut input = if list == "-" {
        Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone())
    } else {
        ctx.open(list).map_err(|error| trouble(format!("open failed: {list}: {error}")))?
    };
    let mut files = Vec::new();
    while let Some(name) = input.line(0)? {
        let name = name.strip_suffix(b"\0").unwrap_or(&name);
        if name.is_empty() {
            let at = files.len() + 1;
            return Err(trouble(format!("{list}:{at}: invalid zero-length file name")));
        }
        files.push(name.into());
    }
    if files.is_empty() {
        return Err(trouble(format!("no input from {}", quoted(list))));
    }
    Ok(files)
}

fn is_sorted(
    ctx: &mut Context<'_>,
    file: &BString,
    comparer: &Comparer,
    end: u8,
    check: Check,
) -> CommandResult {
    let mut input = input::open(ctx, file)?;
    let mut last: Option<Bytes> = None;
    let mut number = 0u64;
    loop {
        let line = input.line(end).map_err(|error| input::read_failed(file, error))?;
        let Some(line) = line else { return Ok(ExitStatus::SUCCESS) };
        number += 1;
        let text = line.strip_suffix(&[end]).unwrap_or(&line);
        if let Some(last) = &last {
            let last = last.strip_suffix(&[end]).unwrap_or(last);
            let order = comparer.compare(last, text);
            if order == Ordering::Greater || (comparer.unique && order == Ordering::Equal) {
                if check == Check::Loud {
                    let place = format!("{file}:{number}: disorder: ");
                    ctx.complain_bytes(&[place.as_bytes(), text].concat())?;
                }
                return Ok(ExitStatus::FAILURE);
            }
        }
        last = Some(line);
    }
}
