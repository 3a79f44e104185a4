//! `du`: estimate file space usage.
//!
//! A file takes whole blocks of 4096 bytes, as on a disk, and a folder takes none: it is a node of a
//! tree. `-b` counts the bytes of the files.

use std::collections::HashSet;

use super::ls::human;
use super::owner::blocks;
use crate::args::choice::choose;
use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;
use crate::size::parse_size;
use crate::time::{Moment, format as format_time};

pub const DU: Command = Command {
    name: "du",
    synopsis: "du [OPTION]... [FILE]...\ndu [OPTION]... --files0-from=F",
    summary: "Summarize device usage of the set of FILEs, recursively for directories.",
    options: &[
        flag('0', "null", "end each output line with NUL, not newline"),
        flag('a', "all", "write counts for all files, not just directories"),
        long("apparent-size", "print apparent sizes rather than device usage"),
        value('B', "block-size", "SIZE", "scale sizes by SIZE before printing them"),
        flag('b', "bytes", "equivalent to '--apparent-size --block-size=1'"),
        flag('c', "total", "produce a grand total"),
        flag(
            'D',
            "dereference-args",
            "dereference only symlinks that are listed on the command line",
        ),
        value(
            'd',
            "max-depth",
            "N",
            "print the total for a directory only if it is N or fewer levels below",
        ),
        long(
            "files0-from",
            "summarize device usage of the NUL-terminated file names specified in file F",
        )
        .takes(Takes::Value("F")),
        short('H', "equivalent to --dereference-args (-D)"),
        flag('h', "human-readable", "print sizes in human readable format (e.g., 1K 234M 2G)"),
        long("inodes", "list inode usage information instead of block usage"),
        short('k', "like --block-size=1K"),
        flag('L', "dereference", "dereference all symbolic links"),
        flag('l', "count-links", "count sizes many times if hard linked or named again"),
        short('m', "like --block-size=1M"),
        flag('P', "no-dereference", "don't follow any symbolic links (this is the default)"),
        flag('S', "separate-dirs", "for directories do not include size of subdirectories"),
        long("si", "like -h, but use powers of 1000 not 1024"),
        flag('s', "summarize", "display only a total for each argument"),
        value(
            't',
            "threshold",
            "SIZE",
            "exclude entries smaller than SIZE if positive, or greater than SIZE if negative",
        ),
        long("time", "show time of the last modification of any file in the directory")
            .takes(Takes::Optional("WORD")),
        long("time-style", "show times using STYLE: full-iso, long-iso, iso, or +FORMAT")
            .takes(Takes::Value("STYLE")),
        value('X', "exclude-from", "FILE", "exclude files that match any pattern in FILE"),
        long("exclude", "exclude files that match PATTERN").takes(Takes::Value("PATTERN")),
        flag('x', "one-file-system", "skip directories on different file systems"),
    ],
    examples: &[Example {
        about: "The bytes of a folder's files.",
        script: "mkdir d; printf 12345 > d/a; printf 123 > d/b; du -ab d",
        prints: "5\td/a\n3\td/b\n8\td\n",
    }],
    run: du,
    ..Command::BASE
};

/// How numbers are shown.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Blocks(u64),
    Lettered(u64, &'static str),
    Human(u64),
}

struct Call {
    all: bool,
    apparent: bool,
    inodes: bool,
    unit: Unit,
    total: bool,
    depth_max: usize,
    separate: bool,
    follow: bool,
    follow_operands: bool,
    count_again: bool,
    one_device: bool,
    threshold: Option<i64>,
    end: u8,
    time_format: Option<Vec<u8>>,
    excluded: Vec<Pattern>,
    zone: jiff::tz::TimeZone,
}

/// What a file or folder comes to.
#[derive(Debug, Clone, Copy)]
struct Sum {
    amount: u64,
    newest_ns: i64,
}

impl Sum {
    const NONE: Self = Self { amount: 0, newest_ns: i64::MIN };

    fn add(&mut self, other: Self) {
        self.amount = self.amount.saturating_add(other.amount);
        self.newest_ns = self.newest_ns.max(other.newest_ns);
    }
}

/// A folder that is being counted.
struct Frame {
    name: BString,
    entries: std::vec::IntoIter<(BString, FsStat)>,
    path: VPath,
    /// All of it, and what is not in folders below.
    sum: Sum,
    own: Sum,
    inode: u64,
}

fn du(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let call = read_call(ctx, args)?;
    let operands = operands(ctx, args)?;
    let mut seen = HashSet::new();
    let mut total = Sum::NONE;
    let mut status = ExitStatus::SUCCESS;
    for operand in &operands {
        match count(ctx, &call, operand, &mut seen)? {
            Ok(sum) => total.add(sum),
            Err(error) => {
                let name = quoted(operand);
                ctx.stdout.flush()?;
                ctx.complain(format_args!("cannot access {name}: {error}"))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    if call.total {
        show(ctx, &call, total, b"total")?;
    }
    Ok(status)
}

fn operands(ctx: &mut Context<'_>, args: &Args) -> Result<Vec<BString>, CommandError> {
    let Some(list) = args.value("files0-from") else {
        return Ok(match args.operands() {
            [] => vec![".".into()],
            operands => operands.to_vec(),
        });
    };
    if let Some(extra) = args.operands().first() {
        let extra = marked(extra);
        let message =
            format!("extra operand {extra}\nfile operands cannot be combined with --files0-from");
        return Err(usage(message));
    }
    let text = match list.as_bytes() {
        b"-" => ctx.stdin.rest_within(&ctx.budget)?.0,
        _ => ctx.open(list).and_then(|mut input| input.rest()).map_err(|error| {
            failure(format!("cannot open {} for reading: {error}", quoted(list)))
        })?,
    };
    let names = text.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(BString::from).collect())
}

fn unit_of(text: &BStr) -> Option<Unit> {
    let number = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let letter = match text.get(number..)? {
        b"K" | b"k" => "K",
        b"M" => "M",
        b"G" => "G",
        b"kB" => "kB",
        b"MB" => "MB",
        b"KiB" => "K",
        b"MiB" => "M",
        b"" | b"b" => "",
        _ => "",
    };
    match text.as_bytes() {
        b"human-readable" => return Some(Unit::Human(1024)),
        b"si" => return Some(Unit::Human(1000)),
        _ => {}
    }
    let size = parse_size(text).filter(|size| *size > 0)?;
    Some(if number == 0 && !letter.is_empty() {
        Unit::Lettered(size, letter)
    } else {
        Unit::Blocks(size)
    })
}

fn read_call(ctx: &mut Context<'_>, args: &Args) -> Result<Call, CommandError> {
    let mut unit = Unit::Blocks(1024);
    let mut apparent = false;
    for given in args.given() {
        let value = given.value.as_ref().map(|value| value.as_bstr()).unwrap_or_default();
        match (given.opt.short, given.opt.long) {
            (Some('b'), _) => (apparent, unit) = (true, Unit::Blocks(1)),
            (_, Some("apparent-size")) => apparent = true,
            (Some('h'), _) => unit = Unit::Human(1024),
            (_, Some("si")) => unit = Unit::Human(1000),
            (Some('k'), _) => unit = Unit::Blocks(1024),
            (Some('m'), _) => unit = Unit::Blocks(1 << 20),
            (Some('B'), _) => {
                unit = unit_of(value)
                    .ok_or_else(|| failure(format!("invalid -B argument {}", quoted(value))))?;
            }
            _ => {}
        }
    }
    let depth = match args.value('d') {
        None => None,
        Some(text) => match text.to_str().ok().and_then(|text| text.parse::<usize>().ok()) {
            Some(depth) => Some(depth),
            None => return Err(usage(format!("invalid maximum depth {}", marked(text)))),
        },
    };
    let summarize = args.has('s');
    if summarize && args.has('a') {
        return Err(usage("cannot both summarize and show all entries"));
    }
    if summarize && let Some(depth) = depth {
        if depth > 0 {
            return Err(usage(format!("warning: summarizing conflicts with --max-depth={depth}")));
        }
        ctx.complain("warning: summarizing is the same as using --max-depth=0")?;
    }
    let threshold = match args.value('t') {
        None => None,
        Some(text) => {
            let (negative, digits) = match text.strip_prefix(b"-") {
                Some(digits) => (true, digits),
                None => (false, text.as_bytes()),
            };
            let size = parse_size(digits).and_then(|size| i64::try_from(size).ok());
            let size = size.filter(|size| !(negative && *size == 0));
            let size =
                size.ok_or_else(|| failure(format!("invalid -t argument {}", quoted(text))))?;
            Some(if negative { -size } else { size })
        }
    };
    let mut patterns: Vec<BString> = args.values("exclude").map(BString::from).collect();
    for file in args.values('X') {
        let text = match file.as_bytes() {
            b"-" => ctx.stdin.rest(),
            _ => ctx.open(file).and_then(|mut input| input.rest()),
        };
        let text = text.map_err(|error| failure(format!("{file}: {error}")))?;
        patterns.extend(text.lines().map(BString::from));
    }
    if let Some(word) = args.value("time") {
        choose("--time", word, &[(&["atime", "access", "use"][..], 0), (&["ctime", "status"], 1)])?;
    }
    let time_format: &[u8] = match args.value("time-style").map(|style| style.as_bytes()) {
        None | Some(b"long-iso") => b"%Y-%m-%d %H:%M",
        Some(b"full-iso") => b"%Y-%m-%d %H:%M:%S.%N %z",
        Some(b"iso") => b"%Y-%m-%d",
        Some([b'+', format @ ..]) => format,
        Some(other) => {
            let valid = "Valid arguments are:\n  - ‘full-iso’\n  - ‘long-iso’\n  - ‘iso’";
            let other = marked(other);
            return Err(usage(format!("invalid argument {other} for ‘time style’\n{valid}")));
        }
    };
    let tz = ctx.var("TZ").map(|tz| tz.as_bytes().to_vec());
    Ok(Call {
        all: args.has('a'),
        apparent,
        inodes: args.has("inodes"),
        unit: if args.has("inodes") && !matches!(unit, Unit::Human(_)) {
            Unit::Blocks(1)
        } else {
            unit
        },
        total: args.has('c'),
        depth_max: if summarize { 0 } else { depth.unwrap_or(usize::MAX) },
        separate: args.has('S'),
        follow: args.last_of("LPDH") == Some('L'),
        follow_operands: matches!(args.last_of("LPDH"), Some('L' | 'D' | 'H')),
        count_again: args.has('l'),
        one_device: args.has('x'),
        threshold,
        end: if args.has('0') { 0 } else { b'\n' },
        time_format: args.has("time").then(|| time_format.to_vec()),
        excluded: patterns
            .iter()
            .map(|pattern| Pattern::new(pattern, GlobOptions::default()))
            .collect(),
        zone: crate::core::strftime::zone(tz.as_deref()),
    })
}

impl Call {
    fn of(&self, stat: &FsStat) -> Sum {
        let amount = if self.inodes {
            1
        } else if self.apparent {
            stat.size
        } else {
            blocks(stat) * 512
        };
        Sum { amount, newest_ns: stat.mtime_ns }
    }

    fn excludes(&self, name: &[u8]) -> bool {
        let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or(name);
        self.excluded.iter().any(|pattern| pattern.is_match(name) || pattern.is_match(base))
    }
}

fn show(ctx: &mut Context<'_>, call: &Call, sum: Sum, name: &[u8]) -> Result<(), CommandError> {
    let below = |threshold: i64| {
        let amount = i64::try_from(sum.amount).unwrap_or(i64::MAX);
        if threshold < 0 { amount > -threshold } else { amount < threshold }
    };
    if call.threshold.is_some_and(below) {
        return Ok(());
    }
    let mut line = match call.unit {
        Unit::Blocks(unit) => sum.amount.div_ceil(unit).to_string(),
        Unit::Lettered(unit, letter) => format!("{}{letter}", sum.amount.div_ceil(unit)),
        Unit::Human(base) => human(sum.amount, base),
    }
    .into_bytes();
    line.push(b'\t');
    if let Some(format) = &call.time_format {
        if let Some(moment) = Moment::new(sum.newest_ns, &call.zone) {
            format_time(format, &moment, &mut line);
        }
        line.push(b'\t');
    }
    line.extend_from_slice(name);
    line.push(call.end);
    Ok(ctx.stdout.put(&line)?)
}

/// Counts one operand and says what is to be said of it and of what is below.
fn count(
    ctx: &mut Context<'_>,
    call: &Call,
    operand: &BString,
    seen: &mut HashSet<(u64, u64)>,
) -> Result<FsResult<Sum>, CommandError> {
    let found = ctx.path(operand).and_then(|path| {
        let stat = match call.follow_operands {
            true => ctx.fs.metadata(&path)?,
            false => ctx.fs.symlink_metadata(&path)?,
        };
        Ok((path, stat))
    });
    let (path, stat) = match found {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    if call.excludes(operand) || !(seen.insert((stat.device, stat.inode)) || call.count_again) {
        return Ok(Ok(Sum::NONE));
    }
    if !stat.is_directory() {
        let sum = call.of(&stat);
        show(ctx, call, sum, operand)?;
        return Ok(Ok(sum));
    }
    let device = stat.device;
    let mut stack = vec![frame(ctx, call, operand.clone(), path, &stat)?];
    loop {
        ctx.check()?;
        let depth = stack.len();
        let Some(top) = stack.last_mut() else { return Ok(Ok(Sum::NONE)) };
        let Some((name, stat)) = top.entries.next() else {
            let Some(done) = stack.pop() else { return Ok(Ok(Sum::NONE)) };
            if depth - 1 <= call.depth_max {
                show(ctx, call, if call.separate { done.own } else { done.sum }, &done.name)?;
            }
            match stack.last_mut() {
                Some(parent) => parent.sum.add(done.sum),
                None => return Ok(Ok(done.sum)),
            }
            continue;
        };
        let shown = super::destination::inside(&top.name, &name);
        if call.excludes(&shown) {
            continue;
        }
        let path = top.path.join(&name)?;
        let mut stat = stat;
        if call.follow && stat.is_symbolic_link() {
            match ctx.fs.metadata(&path) {
                Ok(target) => stat = target,
                Err(error) => {
                    ctx.complain(format_args!("cannot access {}: {error}", quoted(&shown)))?;
                    continue;
                }
            }
        }
        let again = !seen.insert((stat.device, stat.inode)) && !call.count_again;
        if again || (call.one_device && stat.device != device) {
            continue;
        }
        if stat.is_directory() {
            // A link to a folder that we are in would never end.
            if !stack.iter().any(|frame| frame.inode == stat.inode) {
                let next = frame(ctx, call, shown, path, &stat)?;
                stack.push(next);
            }
            continue;
        }
        let sum = call.of(&stat);
        top.sum.add(sum);
        top.own.add(sum);
        if call.all && depth <= call.depth_max {
            show(ctx, call, sum, &shown)?;
        }
    }
}

fn frame(
    ctx: &mut Context<'_>,
    call: &Call,
    name: BString,
    path: VPath,
    stat: &FsStat,
) -> Result<Frame, CommandError> {
    let entries = match ctx.fs.read_dir_stats(&path) {
        Ok(entries) => entries,
        Err(error) => {
            ctx.complain(format_args!("cannot read directory {}: {error}", quoted(&name)))?;
            Vec::new()
        }
    };
    let sum = call.of(stat);
    Ok(Frame { name, entries: entries.into_iter(), path, sum, own: sum, inode: stat.inode })
}
