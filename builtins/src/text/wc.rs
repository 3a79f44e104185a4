//! `wc`: print newline, word and byte counts.
use super::operands::with_input;
use mesafs::filesystem::SeekFrom;

use crate::prelude::*;

pub const WC: Command = Command {
    name: "wc",
    synopsis: "wc [OPTION]... [FILE]...\nwc [OPTION]... --files0-from=F",
    summary: "Print newline, word, and byte counts for each FILE, and a total line if\nmore than one FILE is specified.",
    options: &[
        flag('c', "bytes", "print the byte counts"),
        flag('m', "chars", "print the character counts"),
        flag('l', "lines", "print the newline counts"),
        long(
            "files0-from",
            "read input from the files specified by NUL-terminated names in file F",
        )
        .takes(Takes::Value("F")),
        flag('L', "max-line-length", "print the maximum display width"),
        flag('w', "words", "print the word counts"),
        long("total", "when to print a line with total counts: auto, always, only, never")
            .takes(Takes::Value("WHEN")),
    ],
    examples: &[Example { about: "Count lines.", script: "seq 3 | wc -l", prints: "3\n" }],
    run: wc,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    lines: u64,
    words: u64,
    chars: u64,
    bytes: u64,
    width: u64,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    lines: bool,
    words: bool,
    chars: bool,
    bytes: bool,
    width: bool,
}

fn wc(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let any = "clmwL".chars().any(|letter| args.has(letter));
    let shown = Shown {
        lines: args.has('l') || !any,
        words: args.has('w') || !any,
        chars: args.has('m'),
        bytes: args.has('c') || !any,
        width: args.has('L'),
    };
    let (names, from_list) = names(ctx, args)?;
    let total_when = args.value("total").map_or(b"auto".to_vec(), |when| when.to_vec());
    let total_when: &[u8] = match &total_when[..] {
        when @ (b"auto" | b"always" | b"only" | b"never") => when,
        other => {
            return Err(usage(format!(
                "invalid argument {} for ‘--total’\nValid arguments are:\n  - ‘auto’\n  - ‘always’\n  - ‘only’\n  - ‘never’",
                marked(other)
            )));
        }
    };
    let width = if total_when == b"only" { 1 } else { column_width(ctx, &names, shown, from_list) };
    let mut total = Counts::default();
    let mut status = ExitStatus::SUCCESS;
    for name in &names {
        let operand = name.as_ref().map_or(BStr::new("-"), |name| name.as_bstr());
        let counted = with_input(ctx, operand, |ctx, input| count(ctx, input, shown));
        let shown_name = quoted_name(operand);
        match counted? {
            Ok((counts, fault)) => {
                total.add(&counts);
                if let Some(error) = fault {
                    ctx.complain(format_args!("{shown_name}: {error}"))?;
                    status = ExitStatus::FAILURE;
                }
                if total_when != b"only" {
                    print(ctx, &counts, shown, width, name.as_ref().map(|name| name.as_bstr()))?;
                }
            }
            Err(error) => {
                ctx.complain(format_args!("{shown_name}: {error}"))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    match total_when {
        b"only" => print(ctx, &total, shown, width, None)?,
        b"always" => print(ctx, &total, shown, width, Some(BStr::new("total")))?,
        b"auto" if names.len() > 1 => {
            print(ctx, &total, shown, width, Some(BStr::new("total")))?;
        }
        _ => {}
    }
    Ok(status)
}

/// The operands; `None` is standard input without a name.
fn names(ctx: &mut Context<'_>, args: &Args) -> Result<(Vec<Option<BString>>, bool), CommandError> {
    let Some(list) = args.value("files0-from") else {
        if args.operands().is_empty() {
            return Ok((vec![None], false));
        }
        return Ok((args.operands().iter().cloned().map(Some).collect(), false));
    };
    if let Some(extra) = args.operands().first() {
        let shown = quoted(extra);
        let both = "file operands cannot be combined with --files0-from";
        return Err(usage(format!("extra operand {shown}\n{both}")));
    }
    let text = with_input(ctx, list, |_, input| Ok(input.rest()?))?;
    match text {
        Ok(text) => {
            let parts = text.split(|&byte| byte == 0).filter(|part| !part.is_empty());
            Ok((parts.map(|part| Some(part.into())).collect(), true))
        }
        Err(error) => {
            let shown = quoted(list);
            Err(failure(format!("cannot open {shown} for reading: {error}")))
        }
    }
}

/// GNU's width: enough for the sizes of all regular files, 7 where one is not regular, 1 for one
/// count of one file.
fn column_width(
    ctx: &Context<'_>,
    names: &[Option<BString>],
    shown: Shown,
    from_list: bool,
) -> usize {
    let columns = [shown.lines, shown.words, shown.chars, shown.bytes, shown.width];
    let columns = columns.iter().filter(|shown| **shown).count();
    if names.len() == 1 && columns == 1 {
        return 1;
    }
    if from_list {
        return 1;
    }
    let (mut least, mut sum) = (1, 0u64);
    for name in names {
        let stat = match name {
            None => ctx.stdin.stream().metadata().ok(),
            Some(name) if name == "-" => ctx.stdin.stream().metadata().ok(),
            Some(name) => ctx.path(name).and_then(|path| ctx.fs.metadata(&path)).ok(),
        };
        match stat {
            Some(stat) if stat.is_file() => sum = sum.saturating_add(stat.size),
            Some(_) => least = 7,
            None => {}
        }
    }
    sum.to_string().len().max(least)
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.words += other.words;
        self.chars += other.chars;
        self.bytes += other.bytes;
        self.width = self.width.max(other.width);
    }
}

fn print(
    ctx: &mut Context<'_>,
    counts: &Counts,
    shown: Shown,
    width: usize,
    name: Option<&BStr>,
) -> Result<(), CommandError> {
    let columns = [
        (shown.lines, counts.lines),
        (shown.words, counts.words),
        (shown.chars, counts.chars),
        (shown.bytes, counts.bytes),
        (shown.width, counts.width),
    ];
    let columns = columns.iter().filter(|(shown, _)| *shown);
    let texts: Vec<String> = columns.map(|(_, count)| format!("{count:width$}")).collect();
    let mut line = texts.join(" ").into_bytes();
    if let Some(name) = name {
        line.push(b' ');
        if name.contains(&b'\n') {
            line.extend_from_slice(quoted(name).to_string().as_bytes());
        } else {
            line.extend_from_slice(name);
        }
    }
    line.push(b'\n');
    Ok(ctx.stdout.put(&line)?)
}

/// Counts to the end, or to a fault of the input.
fn count(
    ctx: &mut Context<'_>,
    input: &mut Input,
    shown: Shown,
) -> Result<(Counts, Option<FsError>), CommandError> {
    let mut counts = Counts::default();
    let mut words = Words::default();
    if !(shown.lines || shown.words || shown.chars || shown.width) {
        counts.bytes = skipped(input);
    }
    loop {
        let chunk = match input.chunk() {
            Ok(chunk) if chunk.is_empty() => break,
            Ok(chunk) => chunk,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(error) => return Ok((counts, Some(error))),
        };
        ctx.check()?;
        counts.bytes += chunk.len() as u64;
        if shown.words || shown.chars || shown.width {
            words.feed(&chunk, &mut counts);
        } else if shown.lines {
            counts.lines += memchr::memchr_iter(b'\n', &chunk).count() as u64;
        }
    }
    words.finish(&mut counts);
    if ctx.bytes_locale() {
        counts.chars = counts.bytes;
    }
    Ok((counts, None))
}

/// Goes to the end of a file, whose bytes need not be read to be counted; how many that were.
fn skipped(input: &Input) -> u64 {
    let stream = input.stream();
    if !stream.metadata().is_ok_and(|stat| stat.is_file()) {
        return 0;
    }
    let Ok(here) = stream.seek(SeekFrom::Current(0)) else { return 0 };
    match stream.seek(SeekFrom::End(0)) {
        Ok(end) if end >= here => end - here,
        // Beyond the end: there is nothing, and there it stays.
        Ok(_) => {
            drop(stream.seek(SeekFrom::Start(here)));
            0
        }
        Err(_) => 0,
    }
}

/// Characters, words and widths over chunk borders.
#[derive(Debug, Default)]
struct Words {
    in_word: bool,
    column: u64,
    /// The start of a character that the next chunk ends.
    partial: Vec<u8>,
}

impl Words {
    fn feed(&mut self, chunk: &[u8], counts: &mut Counts) {
        let joined;
        let bytes = if self.partial.is_empty() {
            chunk
        } else {
            joined = [&self.partial[..], chunk].concat();
            self.partial.clear();
            &joined[..]
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            if rest[0] < 0x80 {
                self.ascii(rest[0], counts);
                rest = &rest[1..];
                continue;
            }
            let (letter, len) = bstr::decode_utf8(rest);
            match letter {
                Some(letter) => self.letter(letter, counts),
                None if rest.len() < 4 && could_continue(rest) => {
                    self.partial = rest.to_vec();
                    return;
                }
                // An invalid byte is no character and starts no word.
                None => {}
            }
            rest = &rest[len..];
        }
    }

    fn word(&mut self, counts: &mut Counts) {
        if !self.in_word {
            self.in_word = true;
            counts.words += 1;
        }
    }

    fn ascii(&mut self, byte: u8, counts: &mut Counts) {
        counts.chars += 1;
        match byte {
            b'\n' => {
                counts.lines += 1;
                self.end_line(counts);
                self.in_word = false;
            }
            b'\r' | 0x0c => {
                self.end_line(counts);
                self.in_word = false;
            }
            b'\t' => {
                self.column += 8 - self.column % 8;
                self.in_word = false;
            }
            0x0b => self.in_word = false,
            b' ' => {
                self.column += 1;
                self.in_word = false;
            }
            0x21..=0x7e => {
                self.column += 1;
                self.word(counts);
            }
            _ => {}
        }
    }

    fn letter(&mut self, letter: char, counts: &mut Counts) {
        counts.chars += 1;
        if letter.is_whitespace() {
            self.column += 1;
            self.in_word = false;
        } else if !letter.is_control() {
            self.column += 1;
            self.word(counts);
        }
    }

    fn end_line(&mut self, counts: &mut Counts) {
        counts.width = counts.width.max(self.column);
        self.column = 0;
    }

    fn finish(&mut self, counts: &mut Counts) {
        if !self.partial.is_empty() {
            self.word(counts);
        }
        self.end_line(counts);
    }
}

/// Whether `bytes` could be the start of a character.
fn could_continue(bytes: &[u8]) -> bool {
    let need = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return false,
    };
    bytes.len() < need && bytes[1..].iter().all(|byte| (0x80..=0xbf).contains(byte))
}
