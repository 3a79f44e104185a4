//! `xargs`: build and execute command lines from standard input.
use crate::prelude::*;

pub const XARGS: Command = Command {
    name: "xargs",
    synopsis: "xargs [OPTION]... COMMAND [INITIAL-ARGS]...",
    summary: "Run COMMAND with arguments INITIAL-ARGS and more arguments read from input.",
    options: &[
        flag('0', "null", "items are separated by a null, not whitespace"),
        value('a', "arg-file", "FILE", "read arguments from FILE, not standard input"),
        value('d', "delimiter", "CHARACTER", "items in input stream are separated by CHARACTER"),
        short('E', "set logical EOF string").takes(Takes::Value("END")),
        short('I', "replace R in INITIAL-ARGS with names read from input").takes(Takes::Value("R")),
        flag('i', "replace", "the same as -IR; -I{} if R is unspecified")
            .takes(Takes::Optional("R")),
        flag('e', "eof", "the same as -E END, or no end at all").takes(Takes::Optional("END")),
        short('l', "the same as -L MAX-LINES; one line if it is unspecified")
            .takes(Takes::Optional("MAX-LINES")),
        value(
            'L',
            "max-lines",
            "MAX-LINES",
            "use at most MAX-LINES non-blank input lines per command line",
        ),
        value('n', "max-args", "MAX-ARGS", "use at most MAX-ARGS arguments per command line"),
        flag('o', "open-tty", "(accepted)"),
        value('P', "max-procs", "MAX-PROCS", "run at most MAX-PROCS processes at a time"),
        flag('p', "interactive", "(refused: there is no terminal to ask at)"),
        flag('r', "no-run-if-empty", "if there are no arguments, then do not run COMMAND"),
        value('s', "max-chars", "MAX-CHARS", "limit length of command line to MAX-CHARS"),
        flag('t', "verbose", "print commands before executing them"),
        flag('x', "exit", "exit if the size (see -s) is exceeded"),
    ],
    examples: &[
        Example {
            about: "Two arguments at a time.",
            script: "printf 'a b c' | xargs -n 2 echo",
            prints: "a b\nc\n",
        },
        Example {
            about: "Put each line in place.",
            script: "printf 'x y\\nz\\n' | xargs -I{} echo '<{}>'",
            prints: "<x y>\n<z>\n",
        },
    ],
    order: Order::First,
    run: xargs,
    ..Command::BASE
};

/// The longest command line, in bytes, that GNU's builds by default.
const LINE_BYTES: usize = 128 * 1024;

/// How arguments are gathered.
struct Rules {
    delimiter: Option<u8>,
    end: Option<BString>,
    replace: Option<BString>,
    lines_max: Option<usize>,
    args_max: Option<usize>,
    bytes_max: usize,
    /// With `-x`, a line that is too long ends it all.
    exit: bool,
}

/// What the commands came to so far.
#[derive(Default)]
struct Outcome {
    status: u8,
    runs: usize,
}

fn xargs(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let rules = rules(args)?;
    say_what_is_ignored(ctx, args)?;
    let initial: Vec<BString> = match args.operands() {
        [] => vec!["echo".into()],
        operands => operands.to_vec(),
    };
    let file = args.value('a').map(BStr::to_owned);
    let mut input = match &file {
        Some(name) => ctx.open(name).map_err(|error| {
            failure(format!("Cannot open input file {}: {error}", marked(name)))
        })?,
        None => {
            let again = Input::new(ctx.stdin.stream().clone(), ctx.cancel.clone());
            std::mem::replace(&mut ctx.stdin, again)
        }
    };
    let mut reader = Reader { pending: Bytes::new(), ended: false, rules: &rules };
    let mut outcome = Outcome::default();
    if args.has('p') {
        // Nobody can be asked: nothing is run unasked.
        return Err(failure("failed to open /dev/tty for reading: No such device or address"));
    }
    let verbose = args.has('t');
    let mut batch: Vec<BString> = Vec::new();
    let mut held = ctx.budget.hold(crate::budget::Resource::Memory, 0)?;
    let base: usize = initial.iter().map(|arg| arg.len() + 1).sum();
    let mut bytes = base;
    let mut lines = 0;
    let mut item = Vec::new();
    loop {
        let ends_line = match reader.next(ctx, &mut input, &mut item) {
            Ok(Some(ends_line)) => ends_line,
            Ok(None) => break,
            Err(error @ CommandError::Fail(..)) => {
                // What came before the fault is run.
                if !batch.is_empty() {
                    flush(ctx, &initial, &mut batch, verbose, &mut outcome)?;
                }
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        ctx.check()?;
        if let Some(mark) = &rules.replace {
            let argv = initial.iter().map(|arg| BString::from(arg.replace(mark, &item))).collect();
            run(ctx, argv, verbose, &mut outcome)?;
            continue;
        }
        let len = item.len() + 1;
        if base + len > rules.bytes_max {
            return Err(failure("argument line too long"));
        }
        let full = bytes + len > rules.bytes_max;
        if full && rules.exit && rules.args_max.is_some() {
            return Err(failure("argument line too long"));
        }
        if full {
            flush(ctx, &initial, &mut batch, verbose, &mut outcome)?;
            bytes = base;
            lines = 0;
        }
        held.grow(len as u64)?;
        bytes += len;
        batch.push(std::mem::take(&mut item).into());
        lines += usize::from(ends_line);
        let enough = rules.args_max.is_some_and(|most| batch.len() >= most)
            || rules.lines_max.is_some_and(|most| lines >= most);
        if enough {
            flush(ctx, &initial, &mut batch, verbose, &mut outcome)?;
            held.shrink(held.amount());
            bytes = base;
            lines = 0;
        }
    }
    let empty = batch.is_empty() && outcome.runs == 0;
    if !batch.is_empty() || (empty && rules.replace.is_none() && !args.has('r')) {
        flush(ctx, &initial, &mut batch, verbose, &mut outcome)?;
    }
    Ok(ExitStatus(outcome.status))
}

/// Of options that exclude each other the last one counts, and the others are said to be ignored.
fn say_what_is_ignored(ctx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let mut before: Option<&str> = None;
    for given in args.given() {
        let (long, shown) = match given.opt.short {
            Some('n') => ("--max-args", "--max-args/-n"),
            Some('L') => ("--max-lines", "-L"),
            Some('l') => ("--max-lines", "--max-lines/-l"),
            Some('I' | 'i') => ("--replace", "--replace/-I/-i"),
            _ => continue,
        };
        // `-I R -n 1` is what -I does anyway.
        if before == Some("--replace") && given.value.as_ref().is_some_and(|value| value == "1") {
            continue;
        }
        if let Some(before) = before.replace(long).filter(|before| *before != long) {
            let options = format!("options {before} and {shown} are mutually exclusive");
            ctx.complain(format!("warning: {options}, ignoring previous {before} value"))?;
        }
    }
    Ok(())
}

fn rules(args: &Args) -> Result<Rules, CommandError> {
    let number = |letter: char, name: &str| match args.value(letter) {
        None => Ok(None),
        Some(text) => match text.to_str().ok().and_then(|text| text.parse::<i64>().ok()) {
            Some(number) if number >= 1 => Ok(usize::try_from(number).ok()),
            Some(number) => {
                Err(usage(format!("value {number} for -{letter} option should be >= 1")))
            }
            None => Err(usage(format!("invalid number \"{text}\" for -{letter} option{name}"))),
        },
    };
    if let Some(text) = args.value('P') {
        let count = text.to_str().ok().and_then(|text| text.parse::<i64>().ok());
        if count.is_none() {
            return Err(usage(format!("invalid number \"{text}\" for -P option")));
        }
        if let Some(count) = count.filter(|count| *count < 0) {
            return Err(usage(format!("value {count} for -P option should be >= 0")));
        }
    }
    let mut delimiter = args.has('0').then_some(0);
    if let Some(text) = args.value('d') {
        delimiter = Some(delimiter_of(text)?);
    }
    let of = |letters: &str| {
        let last = args.last_of(letters)?;
        Some((last, args.value(last).map(BStr::to_owned)))
    };
    let replace = of("Ii").map(|(_, text)| text.unwrap_or_else(|| "{}".into()));
    let end = of("Ee").and_then(|(_, text)| text);
    let lines_max = match of("Ll") {
        Some(('l', None)) => Some(1),
        Some((letter, _)) => number(letter, "")?,
        None => None,
    };
    let mut rules = Rules {
        delimiter,
        end: end.filter(|end| !end.is_empty()),
        replace,
        lines_max,
        args_max: number('n', "")?,
        bytes_max: number('s', "")?.unwrap_or(LINE_BYTES),
        exit: args.has('x'),
    };
    // Of -n and -L the last one counts, as with GNU's.
    match args.last_of("nLl") {
        Some('n') => rules.lines_max = None,
        Some('L' | 'l') => rules.args_max = None,
        _ => {}
    }
    Ok(rules)
}

fn delimiter_of(text: &BStr) -> Result<u8, CommandError> {
    let invalid = || {
        failure(format!(
            "Invalid input delimiter specification {text}: the delimiter must be either a single \
             character or an escape sequence starting with \\."
        ))
    };
    match text.as_bytes() {
        [byte] => Ok(*byte),
        [b'\\', b'n'] => Ok(b'\n'),
        [b'\\', b't'] => Ok(b'\t'),
        [b'\\', b'r'] => Ok(b'\r'),
        [b'\\', b'a'] => Ok(7),
        [b'\\', b'b'] => Ok(8),
        [b'\\', b'f'] => Ok(12),
        [b'\\', b'v'] => Ok(11),
        [b'\\', b'\\'] => Ok(b'\\'),
        [b'\\', b'0'] => Ok(0),
        [b'\\', b'x', hex @ ..] => {
            let hex = hex.to_str().ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
            hex.ok_or_else(invalid)
        }
        [b'\\', octal @ ..] => {
            let octal = octal.to_str().ok().and_then(|octal| u8::from_str_radix(octal, 8).ok());
            octal.ok_or_else(invalid)
        }
        _ => Err(invalid()),
    }
}

/// Reads items: words with quotes and backslashes, or what stands between delimiters.
struct Reader<'r> {
    pending: Bytes,
    ended: bool,
    rules: &'r Rules,
}

impl Reader<'_> {
    fn byte(&mut self, input: &mut Input) -> FsResult<Option<u8>> {
        if self.pending.is_empty() && !self.ended {
            self.pending = input.chunk()?;
            self.ended = self.pending.is_empty();
        }
        if self.pending.is_empty() {
            return Ok(None);
        }
        Ok(self.pending.split_to(1).first().copied())
    }

    /// The next item goes to `item`; whether it ended a line. `None` at the end.
    fn next(
        &mut self,
        ctx: &mut Context<'_>,
        input: &mut Input,
        item: &mut Vec<u8>,
    ) -> Result<Option<bool>, CommandError> {
        item.clear();
        let found = match (self.rules.delimiter, &self.rules.replace) {
            (Some(delimiter), _) => self.delimited(input, delimiter, item)?,
            (None, Some(_)) => self.line(ctx, input, item)?,
            (None, None) => self.word(ctx, input, item)?,
        };
        let ends = self.rules.delimiter.is_none()
            && self.rules.end.as_ref().is_some_and(|end| end == item.as_slice());
        if ends {
            self.ended = true;
            self.pending = Bytes::new();
            return Ok(None);
        }
        Ok(found)
    }

    fn delimited(
        &mut self,
        input: &mut Input,
        delimiter: u8,
        item: &mut Vec<u8>,
    ) -> Result<Option<bool>, CommandError> {
        loop {
            match self.byte(input)? {
                None => return Ok((!item.is_empty()).then_some(true)),
                Some(byte) if byte == delimiter => return Ok(Some(true)),
                Some(byte) => item.push(byte),
            }
        }
    }

    /// A whole line for `-I`: blanks before it are left out, quotes count.
    fn line(
        &mut self,
        ctx: &mut Context<'_>,
        input: &mut Input,
        item: &mut Vec<u8>,
    ) -> Result<Option<bool>, CommandError> {
        let mut started = false;
        loop {
            match self.byte(input)? {
                None => return Ok(started.then_some(true)),
                Some(b'\n') if started => return Ok(Some(true)),
                Some(b'\n' | b' ' | b'\t') if !started => {}
                Some(byte) => {
                    started = true;
                    self.letter(ctx, input, byte, item)?;
                }
            }
        }
    }

    fn word(
        &mut self,
        ctx: &mut Context<'_>,
        input: &mut Input,
        item: &mut Vec<u8>,
    ) -> Result<Option<bool>, CommandError> {
        let mut started = false;
        loop {
            match self.byte(input)? {
                None => return Ok(started.then_some(true)),
                Some(b'\n') if started => return Ok(Some(true)),
                // A line that ends with a blank goes on (POSIX xargs, -L).
                Some(b' ' | b'\t') if started => return Ok(Some(false)),
                Some(b'\n' | b' ' | b'\t') => {}
                Some(byte) => {
                    started = true;
                    self.letter(ctx, input, byte, item)?;
                }
            }
        }
    }

    /// A byte of an item, or what is quoted by it.
    fn letter(
        &mut self,
        _ctx: &mut Context<'_>,
        input: &mut Input,
        byte: u8,
        item: &mut Vec<u8>,
    ) -> Result<(), CommandError> {
        match byte {
            b'\\' => item.extend(self.byte(input)?),
            b'\'' | b'"' => loop {
                match self.byte(input)? {
                    Some(next) if next == byte => return Ok(()),
                    None | Some(b'\n') => {
                        let kind = if byte == b'"' { "double" } else { "single" };
                        return Err(failure(format!(
                            "unmatched {kind} quote; by default quotes are special to xargs \
                             unless you use the -0 option"
                        )));
                    }
                    Some(next) => item.push(next),
                }
            },
            other => item.push(other),
        }
        Ok(())
    }
}

fn flush(
    ctx: &mut Context<'_>,
    initial: &[BString],
    batch: &mut Vec<BString>,
    verbose: bool,
    outcome: &mut Outcome,
) -> Result<(), CommandError> {
    let argv = initial.iter().cloned().chain(batch.drain(..)).collect();
    run(ctx, argv, verbose, outcome)
}

fn run(
    ctx: &mut Context<'_>,
    argv: Vec<BString>,
    verbose: bool,
    outcome: &mut Outcome,
) -> Result<(), CommandError> {
    outcome.runs += 1;
    if verbose {
        let shown: Vec<BString> =
            argv.iter().map(|arg| crate::core::shell_quote::as_needed(arg).into()).collect();
        ctx.stderr.put(&[bstr::join(b" ", &shown).as_slice(), b"\n"].concat())?;
    }
    ctx.stdout.flush()?;
    let name = argv.first().cloned().unwrap_or_default();
    // Standard input is the items'; the command reads nothing of it.
    let stdin = ctx.open_stream("/dev/null", &OpenOptions::reading()).ok();
    match ctx.host.run(Spawn { stdin, ..Spawn::new(argv) }) {
        Ok(ExitStatus(0)) => Ok(()),
        Ok(ExitStatus(255)) => {
            let message = format!("{name}: exited with status 255; aborting");
            Err(CommandError::Fail(message.into_bytes(), ExitStatus(124)))
        }
        Ok(ExitStatus(status)) if status > 128 => {
            let message = format!("{name}: terminated by signal {}", status - 128);
            Err(CommandError::Fail(message.into_bytes(), ExitStatus(125)))
        }
        Ok(_) => {
            outcome.status = 123;
            Ok(())
        }
        Err(SpawnError::NotFound) => {
            let message = format!("{name}: No such file or directory");
            Err(CommandError::Fail(message.into_bytes(), ExitStatus(127)))
        }
        Err(SpawnError::NotExecutable(error)) => {
            let message = format!("{name}: {error}");
            Err(CommandError::Fail(message.into_bytes(), ExitStatus(126)))
        }
        Err(SpawnError::Limit(limit)) => Err(limit.into()),
    }
}
