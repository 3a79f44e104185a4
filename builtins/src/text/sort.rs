//! `sort`: sort lines of text files.

mod compare;
mod input;
mod key;

use std::cmp::Ordering;

use compare::Comparer;
use input::Lines;
use key::{Key, Kind, Settings};

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
        flag('c', "check", "check for sorted input; do not sort").takes(Takes::Nothing),
        short('C', "like -c, but do not report first bad line"),
        long("compress-program", "(ignored)").takes(Takes::Value("PROG")),
        long("debug", "(ignored)"),
        long("files0-from", "read input from the files specified by NUL-terminated names in file F")
            .takes(Takes::Value("F")),
        value('k', "key", "KEYDEF", "sort via a key; KEYDEF gives location and type"),
        flag('m', "merge", "merge already sorted files; do not sort"),
        value('o', "output", "FILE", "write result to FILE instead of standard output"),
        flag('s', "stable", "stabilize sort by disabling last-resort comparison"),
        value('S', "buffer-size", "SIZE", "(checked and ignored)"),
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
            return Err(trouble(format!("invalid -S argument {}", quoted(size))));
        }
    }
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
    let mut lines = Lines::new(ctx, end)?;
    let mut runs = Vec::new();
    for file in &files {
        let from = lines.len();
        lines.read(ctx, file)?;
        runs.push(from..lines.len());
    }
    ctx.check()?;
    let order = if args.has('m') {
        merge(ctx, &lines, runs, &comparer)?
    } else {
        lines.sorted(ctx, &comparer)?
    };
    write(ctx, args, &files, &lines, &order, &comparer)
}

fn check(args: &Args) -> Result<Option<Check>, CommandError> {
    match (args.has('c'), args.has('C')) {
        (true, true) => Err(trouble("options '-cC' are incompatible")),
        (true, false) => Ok(Some(Check::Loud)),
        (false, true) => Ok(Some(Check::Quiet)),
        (false, false) => Ok(None),
    }
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
    let comparer =
        Comparer { keys, tab, reverse: global.reverse, last_resort, unique: args.has('u'), seed };
    Ok((comparer, if args.has('z') { 0 } else { b'\n' }))
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

/// Merges runs that are sorted already.
fn merge(
    ctx: &Context<'_>,
    lines: &Lines,
    mut runs: Vec<std::ops::Range<usize>>,
    comparer: &Comparer,
) -> Result<Vec<usize>, CommandError> {
    let mut order = Vec::with_capacity(lines.len());
    loop {
        runs.retain(|run| !run.is_empty());
        let Some(first) = runs.first().map(|run| run.start) else { return Ok(order) };
        let (mut at, mut least) = (0, first);
        for (index, run) in runs.iter().enumerate().skip(1) {
            if comparer.compare(lines.get(run.start), lines.get(least)) == Ordering::Less {
                (at, least) = (index, run.start);
            }
        }
        order.push(least);
        runs[at].start += 1;
        if order.len() % 4096 == 0 {
            ctx.check()?;
        }
    }
}

fn write(
    ctx: &mut Context<'_>,
    args: &Args,
    files: &[BString],
    lines: &Lines,
    order: &[usize],
    comparer: &Comparer,
) -> CommandResult {
    let mut last: Option<usize> = None;
    let mut kept = order.iter().copied().filter(|&index| {
        let equal = comparer.unique
            && last.is_some_and(|last| {
                comparer.compare(lines.get(last), lines.get(index)) == Ordering::Equal
            });
        if !equal {
            last = Some(index);
        }
        !equal
    });
    let Some(name) = args.value('o') else {
        for index in kept {
            ctx.stdout.put(lines.get_whole(index))?;
        }
        return Ok(ExitStatus::SUCCESS);
    };
    let open_failed = |error: FsError| trouble(format!("open failed: {name}: {error}"));
    if files.iter().any(|file| file == name) {
        // What was read is rewritten in one op that knows what was read.
        let path = ctx.path(name).map_err(open_failed)?;
        let edition = ctx.fs.read_edition(&path).map_err(open_failed)?;
        let mut data = Vec::with_capacity(lines.bytes());
        kept.for_each(|index| data.extend_from_slice(lines.get_whole(index)));
        ctx.fs.replace(&path, &edition.base, data.into()).map_err(open_failed)?;
        return Ok(ExitStatus::SUCCESS);
    }
    let mut output = ctx.create(name).map_err(open_failed)?;
    let done = kept.try_for_each(|index| output.put(lines.get_whole(index)));
    match done.and_then(|()| output.flush()) {
        Ok(()) => Ok(ExitStatus::SUCCESS),
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        Err(error) => Err(trouble(format!("write failed: {}: {error}", quoted(name)))),
    }
}
