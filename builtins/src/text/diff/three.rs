//! `diff3`: compare three files line by line, and merge them.

use std::ops::Range;

use super::hunks::{Change, changes};
use super::lines::{Lines, Rules};
use crate::budget::Resource;
use crate::prelude::*;

pub const DIFF3: Command = Command {
    name: "diff3",
    synopsis: "diff3 [OPTION]... MYFILE OLDFILE YOURFILE",
    summary: "Compare three files line by line.\nIf a FILE is '-', read standard input.\nExit status is 0 if successful, 1 if conflicts, 2 if trouble.",
    options: &[
        flag('A', "show-all", "output all changes, bracketing conflicts"),
        flag(
            'e',
            "ed",
            "output ed script incorporating changes from OLDFILE to YOURFILE into MYFILE",
        ),
        flag('E', "show-overlap", "like -e, but bracket conflicts"),
        flag('3', "easy-only", "like -e, but incorporate only nonoverlapping changes"),
        flag('x', "overlap-only", "like -e, but incorporate only overlapping changes"),
        short('X', "the same as -x"),
        short('i', "append 'w' and 'q' commands to ed scripts"),
        flag('m', "merge", "output the merged file, according to -A if no other options are given"),
        flag('a', "text", "treat all files as text"),
        long("strip-trailing-cr", "strip trailing carriage return on input"),
        flag('T', "initial-tab", "make tabs line up by prepending a tab"),
        value('L', "label", "LABEL", "use LABEL instead of file name (up to three times)"),
        flag('v', "version", "output version information"),
    ],
    examples: &[Example {
        about: "Merge two edits of one file.",
        script: "printf 'a\\nb\\nc\\nd\\n' > old; printf 'A\\nb\\nc\\nd\\n' > mine; printf 'a\\nb\\nc\\nD\\n' | diff3 -m mine old -",
        prints: "A\nb\nc\nD\n",
    }],
    order: Order::Raw,
    usage_status: 2,
    run: diff3,
    ..Command::BASE
};

const MINE: usize = 0;
const OLD: usize = 1;
const YOURS: usize = 2;

/// Which blocks of a merge are taken, and whether conflicts are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    All,
    Edits,
    EditsShown,
    Easy,
    Overlaps,
}

/// Who differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    One(usize),
    Everyone,
}

/// A run of lines of the three files that belong together.
#[derive(Debug)]
struct Block {
    who: Who,
    lines: [Range<usize>; 3],
}

fn misuse(message: &str) -> CommandError {
    let message = format!("{message}\ndiff3: Try 'diff3 --help' for more information.");
    CommandError::Fail(message.into_bytes(), ExitStatus(2))
}

fn trouble(message: String) -> CommandError {
    CommandError::Fail(message.into_bytes(), ExitStatus(2))
}

fn diff3(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let table = Command { order: Order::Permute, ..DIFF3 };
    let typed = args.operands();
    let args = match Args::parse(&table, typed) {
        Ok(crate::args::Parsed::Run(args)) => args,
        Ok(_) => {
            return crate::text::operands::parse(ctx, &DIFF3, typed).map(|_| ExitStatus::SUCCESS);
        }
        Err(message) => return Err(misuse(&message)),
    };
    if args.has('v') {
        ctx.stdout.put(crate::args::version_text(&DIFF3).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let take = taking(&args)?;
    let merge = args.has('m');
    let names: &[BString; 3] = match args.operands() {
        [_, _, _, extra, ..] => return Err(misuse(&format!("extra operand '{extra}'"))),
        names => names.try_into().map_err(|_| {
            let after = names.last().map_or("diff3".into(), BString::to_string);
            misuse(&format!("missing operand after '{after}'"))
        })?,
    };
    let scripted = take.is_some();
    // What the other two are compared with: the old file for a merge, else the last one, unless
    // that is standard input.
    let mut common = if scripted { OLD } else { YOURS };
    if names[common] == "-" {
        common = 3 - common;
        if names[MINE] == "-" || names[common] == "-" {
            return Err(trouble("'-' specified for more than one input file".into()));
        }
    }
    let rules = Rules {
        text: args.has('a'),
        strip_return: args.has("strip-trailing-cr"),
        ..Rules::default()
    };
    let texts = read(ctx, names)?;
    let size: usize = texts.iter().map(Bytes::len).sum();
    let _held = ctx.budget.hold(Resource::Memory, 2 * size as u64)?;
    let others = [MINE, 3 - common];
    for other in others {
        let binary = |at: usize| memchr::memchr(0, &texts[at]).is_some();
        if !rules.text && texts[other] != texts[common] && (binary(other) || binary(common)) {
            let (one, two) = (&names[other], &names[common]);
            return Err(trouble(format!("diff failed: Binary files {one} and {two} differ")));
        }
    }
    let files = texts.each_ref().map(Lines::new);
    let both = others.map(|other| changes(&files[common], &files[other], &rules, &|_| false));
    let blocks = blocks(&files, common, &both);
    let labels = labels(&args, names);
    match take {
        None => {
            listing(ctx, &files, &blocks, args.has('T'))?;
            Ok(ExitStatus::SUCCESS)
        }
        Some(take) if merge => merged(ctx, &files, &blocks, take, &labels),
        Some(take) => {
            for change in both.iter().flatten() {
                let ends = |lines: &Lines, range: &Range<usize>| {
                    lines.incomplete && !range.is_empty() && range.end == lines.lines.len()
                };
                let other = if both[0].iter().any(|one| std::ptr::eq(one, change)) { 0 } else { 1 };
                let sides = [(common, &change.old), (others[other], &change.new)];
                for _ in sides.iter().filter(|(at, range)| ends(&files[*at], range)) {
                    ctx.complain("No newline at end of file")?;
                }
            }
            let status = script(ctx, &files, &blocks, take, &labels)?;
            if args.has('i') {
                ctx.stdout.put(b"w\nq\n")?;
            }
            Ok(status)
        }
    }
}

/// What the options ask for; `None` is the listing.
fn taking(args: &Args) -> Result<Option<Take>, CommandError> {
    let incompatible = || Err(misuse("incompatible options"));
    let mut take = None;
    let mut count = 0;
    for (letter, kind) in [
        ('A', Take::All),
        ('e', Take::Edits),
        ('E', Take::EditsShown),
        ('3', Take::Easy),
        ('x', Take::Overlaps),
        ('X', Take::Overlaps),
    ] {
        if args.has(letter) {
            take = Some(kind);
            count += 1;
        }
    }
    let merge = args.has('m');
    if count > 1 || (args.has('i') && merge) {
        return incompatible();
    }
    match args.values('L').count() {
        0 => {}
        1..=3 if merge || matches!(take, Some(Take::All | Take::EditsShown)) || args.has('X') => {}
        1..=3 => return incompatible(),
        _ => return Err(misuse("too many file label options")),
    }
    Ok(if merge { take.or(Some(Take::All)) } else { take })
}

fn labels(args: &Args, names: &[BString; 3]) -> [BString; 3] {
    let mut labels = names.clone();
    for (label, given) in labels.iter_mut().zip(args.values('L')) {
        *label = given.into();
    }
    labels
}

fn read(ctx: &mut Context<'_>, names: &[BString; 3]) -> Result<[Bytes; 3], CommandError> {
    let mut texts = Vec::with_capacity(3);
    for name in names {
        let text = match name.as_slice() {
            b"-" => ctx.stdin.rest(),
            _ => ctx.open(name).and_then(|mut input| input.rest()),
        };
        match text {
            Ok(text) => texts.push(text),
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => return Err(trouble(format!("{name}: {error}"))),
        }
    }
    // Of two that are standard input the second is read first.
    if names[MINE] == "-" && names[OLD] == "-" {
        texts.swap(MINE, OLD);
    }
    <[Bytes; 3]>::try_from(texts).map_err(|_| trouble("internal fault".into()))
}

/// Joins the changes of both sides that touch in the common file.
fn blocks(files: &[Lines; 3], common: usize, both: &[Vec<Change>; 2]) -> Vec<Block> {
    let others = [MINE, 3 - common];
    let mut next = [0, 0];
    // How far each side is ahead of the common file.
    let mut shift = [0isize, 0];
    let mut blocks = Vec::new();
    loop {
        let start = |side: usize| both[side].get(next[side]).map(|change| change.old.start);
        let first = match (start(0), start(1)) {
            (None, None) => return blocks,
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
        };
        let before = shift;
        let mut end = first;
        let mut touched = [false, false];
        loop {
            let side = (0..2).find(|&side| {
                both[side].get(next[side]).is_some_and(|change| {
                    // Neighbours belong together, but the first one always does.
                    change.old.start <= end
                })
            });
            let Some(side) = side else { break };
            if let Some(change) = both[side].get(next[side]) {
                end = end.max(change.old.end);
                shift[side] += change.new.len().cast_signed() - change.old.len().cast_signed();
            }
            touched[side] = true;
            next[side] += 1;
        }
        let mut lines = [const { 0..0 }; 3];
        lines[common] = first..end;
        for side in 0..2 {
            let at = |line: usize, shift: isize| (line.cast_signed() + shift).max(0).unsigned_abs();
            lines[others[side]] = at(first, before[side])..at(end, shift[side]);
        }
        let text = |file: usize| files[file].lines.get(lines[file].clone()).unwrap_or_default();
        let who = match touched {
            [true, false] => Who::One(others[0]),
            [false, true] => Who::One(others[1]),
            _ if text(others[0]) == text(others[1]) => Who::One(common),
            _ => Who::Everyone,
        };
        blocks.push(Block { who, lines });
    }
}

fn listing(
    ctx: &mut Context<'_>,
    files: &[Lines; 3],
    blocks: &[Block],
    tab: bool,
) -> Result<(), CommandError> {
    let mut out = Vec::new();
    for block in blocks {
        ctx.check()?;
        let (mark, order, silent) = match block.who {
            Who::Everyone => (String::new(), [MINE, OLD, YOURS], None),
            Who::One(MINE) => ("1".into(), [MINE, OLD, YOURS], Some(OLD)),
            Who::One(OLD) => ("2".into(), [MINE, YOURS, OLD], Some(MINE)),
            Who::One(_) => ("3".into(), [MINE, OLD, YOURS], Some(MINE)),
        };
        out.extend_from_slice(format!("===={mark}\n").as_bytes());
        for file in order {
            let range = &block.lines[file];
            let letter = if range.is_empty() { 'a' } else { 'c' };
            let head = format!("{}:{}{letter}\n", file + 1, commas(range));
            out.extend_from_slice(head.as_bytes());
            if silent == Some(file) {
                continue;
            }
            let indent: &[u8] = if tab { b"\t" } else { b"  " };
            for at in range.clone() {
                out.extend_from_slice(indent);
                put(&files[file], at, &mut out);
                if !out.ends_with(b"\n") {
                    out.extend_from_slice(b"\n\\ No newline at end of file\n");
                }
            }
        }
        ctx.stdout.put(&out)?;
        out.clear();
    }
    Ok(())
}

/// `3`, `3,5`, and for no lines the number of the line before.
fn commas(range: &Range<usize>) -> String {
    match range.len() {
        0 => range.start.to_string(),
        1 => (range.start + 1).to_string(),
        _ => format!("{},{}", range.start + 1, range.end),
    }
}

/// A line with its newline, if it has one.
fn put(file: &Lines, at: usize, out: &mut Vec<u8>) {
    if let Some(line) = file.lines.get(at) {
        out.extend_from_slice(line);
        if !(file.incomplete && at + 1 == file.lines.len()) {
            out.push(b'\n');
        }
    }
}

/// What becomes of a block in a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Left,
    Taken,
    /// In brackets.
    Shown,
}

fn fate(who: Who, take: Take) -> Fate {
    match (who, take) {
        (Who::Everyone, Take::All | Take::EditsShown) | (Who::One(OLD), Take::All) => Fate::Shown,
        (Who::Everyone, Take::Edits | Take::Overlaps) => Fate::Taken,
        (Who::One(YOURS), Take::All | Take::Edits | Take::EditsShown | Take::Easy) => Fate::Taken,
        _ => Fate::Left,
    }
}

fn merged(
    ctx: &mut Context<'_>,
    files: &[Lines; 3],
    blocks: &[Block],
    take: Take,
    labels: &[BString; 3],
) -> CommandResult {
    let mut status = ExitStatus::SUCCESS;
    let mut out = Vec::new();
    let mut at = 0;
    let copy = |file: usize, range: Range<usize>, out: &mut Vec<u8>| {
        range.for_each(|at| put(&files[file], at, out));
    };
    for block in blocks {
        ctx.check()?;
        let fate = fate(block.who, take);
        if fate == Fate::Left {
            continue;
        }
        let [mine, old, yours] = block.lines.clone();
        copy(MINE, at..mine.start, &mut out);
        at = mine.end;
        if fate == Fate::Taken {
            copy(YOURS, yours, &mut out);
            continue;
        }
        status = ExitStatus::FAILURE;
        if block.who == Who::Everyone {
            bracket(b"<<<<<<< ", &labels[MINE], &mut out);
            copy(MINE, mine, &mut out);
            if take == Take::All {
                bracket(b"||||||| ", &labels[OLD], &mut out);
                copy(OLD, old, &mut out);
            }
        } else {
            bracket(b"<<<<<<< ", &labels[OLD], &mut out);
            copy(OLD, old, &mut out);
        }
        out.extend_from_slice(b"=======\n");
        copy(YOURS, yours, &mut out);
        bracket(b">>>>>>> ", &labels[YOURS], &mut out);
        ctx.stdout.put(&out)?;
        out.clear();
    }
    copy(MINE, at..files[MINE].lines.len(), &mut out);
    ctx.stdout.put(&out)?;
    Ok(status)
}

fn bracket(mark: &[u8], label: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(mark);
    out.extend_from_slice(label);
    out.push(b'\n');
}

fn script(
    ctx: &mut Context<'_>,
    files: &[Lines; 3],
    blocks: &[Block],
    take: Take,
    labels: &[BString; 3],
) -> CommandResult {
    let mut status = ExitStatus::SUCCESS;
    for block in blocks.iter().rev() {
        ctx.check()?;
        let fate = fate(block.who, take);
        let [mine, old, yours] = block.lines.clone();
        let mut out = Vec::new();
        match fate {
            Fate::Left => continue,
            Fate::Taken if yours.is_empty() => {
                out.extend_from_slice(format!("{}d\n", commas(&mine)).as_bytes());
            }
            Fate::Taken => {
                let letter = if mine.is_empty() { 'a' } else { 'c' };
                out.extend_from_slice(format!("{}{letter}\n", commas(&mine)).as_bytes());
                let mut text = Text { start: mine.start + 1, ..Text::default() };
                yours.for_each(|at| text.line(&files[YOURS], at));
                text.end(&mut out);
            }
            Fate::Shown => {
                status = ExitStatus::FAILURE;
                out.extend_from_slice(format!("{}a\n", mine.end).as_bytes());
                let mut text = Text { start: mine.end + 1, ..Text::default() };
                if block.who == Who::Everyone {
                    if take == Take::All {
                        text.bracket(b"||||||| ", &labels[OLD]);
                        old.clone().for_each(|at| text.line(&files[OLD], at));
                    }
                    text.own(b"=======\n");
                    yours.for_each(|at| text.line(&files[YOURS], at));
                }
                text.bracket(b">>>>>>> ", &labels[YOURS]);
                text.end(&mut out);
                out.extend_from_slice(format!("{}a\n", mine.start).as_bytes());
                let mut text = Text { start: mine.start + 1, ..Text::default() };
                if block.who == Who::Everyone {
                    text.bracket(b"<<<<<<< ", &labels[MINE]);
                } else {
                    text.bracket(b"<<<<<<< ", &labels[OLD]);
                    old.for_each(|at| text.line(&files[OLD], at));
                    text.own(b"=======\n");
                }
                text.end(&mut out);
            }
        }
        ctx.stdout.put(&out)?;
    }
    Ok(status)
}

/// The text of an `a` or `c` command. A line that begins with a dot gets a second one, which is
/// taken away afterwards.
#[derive(Default)]
struct Text {
    /// The number that the first line will have.
    start: usize,
    count: usize,
    /// The numbers of the first and the last line out of a file.
    content: Option<(usize, usize)>,
    dotted: bool,
    bytes: Vec<u8>,
}

impl Text {
    fn own(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.count += 1;
    }

    fn bracket(&mut self, mark: &[u8], label: &[u8]) {
        bracket(mark, label, &mut self.bytes);
        self.count += 1;
    }

    fn line(&mut self, file: &Lines, at: usize) {
        let Some(line) = file.lines.get(at) else { return };
        let number = self.start + self.count;
        self.content = Some((self.content.map_or(number, |(first, _)| first), number));
        if line.starts_with(b".") {
            self.bytes.push(b'.');
            self.dotted = true;
        }
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        self.count += 1;
    }

    fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
        out.extend_from_slice(b".\n");
        if let (Some((first, last)), true) = (self.content, self.dotted) {
            let range = if first == last { first.to_string() } else { format!("{first},{last}") };
            out.extend_from_slice(format!("{range}s/^\\.//\n").as_bytes());
        }
    }
}
