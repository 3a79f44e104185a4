//! `dd`: copy a file, converting and formatting according to the operands.

use mesafs::filesystem::SeekFrom;

use crate::prelude::*;

pub const DD: Command = Command {
    name: "dd",
    synopsis: "dd [OPERAND]...",
    summary: "Copy a file, converting and formatting according to the operands:\n  bs=BYTES ibs=BYTES obs=BYTES cbs=BYTES  block sizes\n  if=FILE of=FILE                         what is read and written\n  count=N skip=N seek=N                   in blocks, or bytes with a B behind the number\n  conv=CONVS                              lcase ucase swab sync block unblock excl nocreat notrunc noerror fsync fdatasync sparse\n  iflag=FLAGS oflag=FLAGS                 append count_bytes skip_bytes seek_bytes fullblock\n  status=LEVEL                            none noxfer progress",
    options: &[],
    examples: &[Example {
        about: "A piece out of the middle.",
        script: "printf 0123456789 > f; dd if=f bs=1 skip=3 count=4 status=none",
        prints: "3456",
    }],
    run: dd,
    ..Command::BASE
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    All,
    NoTransfer,
    None,
}

struct Call {
    input: Option<BString>,
    output: Option<BString>,
    ibs: usize,
    obs: usize,
    /// `bs=`: each block that is read is written as it is.
    whole: bool,
    cbs: usize,
    count: Option<(u64, bool)>,
    skip: (u64, bool),
    seek: (u64, bool),
    conv: Vec<BString>,
    iflag: Vec<BString>,
    oflag: Vec<BString>,
    status: Status,
}

const CONVERSIONS: &[&str] = &[
    "lcase",
    "ucase",
    "swab",
    "sync",
    "block",
    "unblock",
    "excl",
    "nocreat",
    "notrunc",
    "noerror",
    "fsync",
    "fdatasync",
    "sparse",
];

const FLAGS: &[&str] = &[
    "append",
    "count_bytes",
    "skip_bytes",
    "seek_bytes",
    "fullblock",
    "direct",
    "directory",
    "dsync",
    "sync",
    "nonblock",
    "noatime",
    "nocache",
    "noctty",
    "nofollow",
    "binary",
    "text",
];

/// The largest block.
const BLOCK_BYTES_MAX: u64 = 1 << 30;

/// `2`, `2k`, `2x512`, `3B`: a number, and whether it counts bytes.
fn number(text: &[u8]) -> Option<(u64, bool)> {
    let (text, bytes) = match text.strip_suffix(b"B") {
        Some(head) if head.last().is_some_and(u8::is_ascii_digit) => (head, true),
        _ => (text, false),
    };
    let mut product = 1u64;
    for factor in text.split(|&byte| byte == b'x') {
        let factor = match factor {
            [digits @ .., b'c'] if !digits.is_empty() => crate::size::parse_size(digits)?,
            [digits @ .., b'w'] if !digits.is_empty() => {
                crate::size::parse_size(digits)?.checked_mul(2)?
            }
            factor if factor.first().is_some_and(u8::is_ascii_digit) => {
                crate::size::parse_size(factor)?
            }
            _ => return None,
        };
        product = product.checked_mul(factor)?;
    }
    Some((product, bytes))
}

fn read_call(args: &Args) -> Result<Call, CommandError> {
    let mut call = Call {
        input: None,
        output: None,
        ibs: 512,
        obs: 512,
        whole: false,
        cbs: 0,
        count: None,
        skip: (0, false),
        seek: (0, false),
        conv: Vec::new(),
        iflag: Vec::new(),
        oflag: Vec::new(),
        status: Status::All,
    };
    let words = |text: &[u8], known: &[&str], what: &str| -> Result<Vec<BString>, CommandError> {
        let all = text.split(|&byte| byte == b',');
        all.map(|word| match known.iter().any(|known| known.as_bytes() == word) {
            true => Ok(word.into()),
            false => Err(usage(format!("invalid {what}: {}", marked(word)))),
        })
        .collect()
    };
    for operand in args.operands() {
        let Some((key, value)) = operand.split_once_str("=") else {
            return Err(usage(format!("unrecognized operand {}", marked(operand))));
        };
        let invalid = || failure(format!("invalid number: {}", marked(value)));
        let size = || {
            let size = number(value)
                .map(|(size, _)| size)
                .filter(|size| (1..=BLOCK_BYTES_MAX).contains(size));
            size.and_then(|size| usize::try_from(size).ok()).ok_or_else(invalid)
        };
        match key {
            b"if" => call.input = Some(value.into()),
            b"of" => call.output = Some(value.into()),
            b"bs" => {
                call.ibs = size()?;
                call.obs = call.ibs;
                call.whole = true;
            }
            b"ibs" => call.ibs = size()?,
            b"obs" => call.obs = size()?,
            b"cbs" => call.cbs = size()?,
            b"count" => call.count = Some(number(value).ok_or_else(invalid)?),
            b"skip" | b"iseek" => call.skip = number(value).ok_or_else(invalid)?,
            b"seek" | b"oseek" => call.seek = number(value).ok_or_else(invalid)?,
            b"conv" => call.conv.extend(words(value, CONVERSIONS, "conversion")?),
            b"iflag" => call.iflag.extend(words(value, FLAGS, "input flag")?),
            b"oflag" => call.oflag.extend(words(value, FLAGS, "output flag")?),
            b"status" => {
                call.status = match value {
                    b"none" => Status::None,
                    b"noxfer" => Status::NoTransfer,
                    b"progress" => Status::All,
                    _ => return Err(usage(format!("invalid status level: {}", marked(value)))),
                }
            }
            _ => return Err(usage(format!("unrecognized operand {}", marked(operand)))),
        }
    }
    let has = |list: &[BString], word: &str| list.iter().any(|known| known == word);
    for (pair, what) in [
        (["lcase", "ucase"], "cannot combine lcase and ucase"),
        (["block", "unblock"], "cannot combine block and unblock"),
        (["excl", "nocreat"], "cannot combine excl and nocreat"),
    ] {
        if pair.iter().all(|word| has(&call.conv, word)) {
            return Err(failure(what));
        }
    }
    // Conversions make blocks of another length, which are gathered.
    if has(&call.conv, "block") || has(&call.conv, "unblock") {
        call.whole = false;
        if call.cbs == 0 {
            call.conv.retain(|word| word != "block" && word != "unblock");
        }
    }
    Ok(call)
}

/// Whole and partial blocks of both sides.
#[derive(Default)]
struct Counts {
    read: [u64; 2],
    written: [u64; 2],
    bytes: u64,
    truncated: u64,
}

fn dd(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let call = read_call(args)?;
    let started_ns = ctx.clock.now_ns();
    let input = match &call.input {
        Some(name) => match ctx.open_stream(name, &OpenOptions::reading()) {
            Ok(stream) => stream,
            Err(error) => {
                return Err(failure(format!("failed to open {}: {error}", quoted(name))));
            }
        },
        None => ctx.stdin.stream().clone(),
    };
    let has = |list: &[BString], word: &str| list.iter().any(|known| known == word);
    let output = match &call.output {
        Some(name) => {
            let append = has(&call.oflag, "append");
            let (seek, _) = call.seek;
            let options = OpenOptions {
                write: true,
                append,
                create: !has(&call.conv, "nocreat"),
                exclusive: has(&call.conv, "excl"),
                truncate: !has(&call.conv, "notrunc") && seek == 0,
                mode: 0o666 & !ctx.umask,
                ..OpenOptions::default()
            };
            match ctx.open_stream(name, &options) {
                Ok(stream) => stream,
                Err(error) => {
                    return Err(failure(format!("failed to open {}: {error}", quoted(name))));
                }
            }
        }
        None => ctx.stdout.stream().clone(),
    };
    let mut copy = Copy {
        call: &call,
        input,
        output,
        counts: Counts::default(),
        gathered: Vec::new(),
        column: 0,
        spaces: 0,
        odd: None,
        status: ExitStatus::SUCCESS,
    };
    let done = copy.run(ctx);
    let Copy { counts, status, .. } = copy;
    report(ctx, &call, &counts, started_ns)?;
    match done {
        Ok(()) => Ok(status),
        Err(error) => Err(error),
    }
}

struct Copy<'a> {
    call: &'a Call,
    input: std::sync::Arc<dyn crate::stream::Stream>,
    output: std::sync::Arc<dyn crate::stream::Stream>,
    counts: Counts,
    /// What waits for a block of `obs` bytes.
    gathered: Vec<u8>,
    column: usize,
    spaces: usize,
    /// `swab` keeps an odd byte for the next block.
    odd: Option<u8>,
    status: ExitStatus,
}

impl Copy<'_> {
    fn has(&self, word: &str) -> bool {
        self.call.conv.iter().any(|known| known == word)
    }

    fn name(name: &Option<BString>, other: &'static str) -> BString {
        name.clone().unwrap_or_else(|| other.into())
    }

    fn run(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let held_bytes = 3 * (self.call.ibs + self.call.obs) as u64;
        let _held = ctx.budget.hold(crate::budget::Resource::Memory, held_bytes)?;
        self.seek(ctx)?;
        self.skip(ctx)?;
        let flag = |word: &str| self.call.iflag.iter().any(|known| known == word);
        let full = flag("fullblock");
        let (mut blocks_left, mut bytes_left) = match self.call.count {
            None => (u64::MAX, u64::MAX),
            Some((count, bytes)) if bytes || flag("count_bytes") => (u64::MAX, count),
            Some((count, _)) => (count, u64::MAX),
        };
        while blocks_left > 0 && bytes_left > 0 {
            ctx.check()?;
            let want = usize::try_from(bytes_left).unwrap_or(usize::MAX).min(self.call.ibs);
            let block = match self.read(ctx, want, full) {
                Ok(block) => block,
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => {
                    let name = Self::name(&self.call.input, "standard input");
                    self.status = ExitStatus::FAILURE;
                    ctx.complain(format_args!("error reading {}: {error}", quoted(&name)))?;
                    break;
                }
            };
            if block.is_empty() {
                break;
            }
            blocks_left -= 1;
            bytes_left -= block.len() as u64;
            self.counts.read[usize::from(block.len() < self.call.ibs)] += 1;
            self.convert(ctx, block)?;
        }
        self.finish(ctx)?;
        if self.has("fsync") || self.has("fdatasync") {
            let path = self.call.output.as_ref().map(|name| ctx.path(name)).transpose()?;
            if let Some(path) = path {
                ctx.fs.sync(&path)?;
            }
        }
        Ok(())
    }

    fn seek(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let (seek, bytes) = self.call.seek;
        if seek == 0 {
            return Ok(());
        }
        let bytes = bytes || self.call.oflag.iter().any(|flag| flag == "seek_bytes");
        let at = if bytes { seek } else { seek.saturating_mul(self.call.obs as u64) };
        let from_here = self.call.output.is_none();
        let to = match i64::try_from(at) {
            Ok(offset) if from_here => SeekFrom::Current(offset),
            _ => SeekFrom::Start(at),
        };
        if let Err(error) = self.output.seek(to) {
            let name = Self::name(&self.call.output, "standard output");
            self.status = ExitStatus::FAILURE;
            ctx.complain(format_args!("{}: cannot seek: {error}", quoted(&name)))?;
            return Err(CommandError::Exit(ExitStatus::FAILURE));
        }
        if self.call.output.is_some()
            && !self.has("notrunc")
            && let Some(file) = self.output.file()
        {
            file.set_len(at)?;
        }
        Ok(())
    }

    fn skip(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let (skip, bytes) = self.call.skip;
        if skip == 0 {
            return Ok(());
        }
        let bytes = bytes || self.call.iflag.iter().any(|flag| flag == "skip_bytes");
        let total = if bytes { skip } else { skip.saturating_mul(self.call.ibs as u64) };
        let size = self.input.file().and_then(|file| file.metadata().ok()).map(|stat| stat.size);
        let name = Self::name(&self.call.input, "standard input");
        if let Some(size) = size
            && let Ok(offset) = i64::try_from(total)
            && let Ok(now) = self.input.seek(SeekFrom::Current(offset))
        {
            if now > size {
                self.input.seek(SeekFrom::Start(size))?;
                ctx.complain(format_args!(
                    "{}: cannot skip to specified offset",
                    quoted_name(&name)
                ))?;
            }
            return Ok(());
        }
        let mut left = total;
        while left > 0 {
            ctx.check()?;
            let want = usize::try_from(left).unwrap_or(usize::MAX).min(self.call.ibs);
            let block = self.input.read(want, &ctx.cancel)?;
            if block.is_empty() {
                ctx.complain(format_args!("{}: cannot skip to specified offset", quoted(&name)))?;
                return Ok(());
            }
            left -= block.len() as u64;
        }
        Ok(())
    }

    fn read(&self, ctx: &Context<'_>, want: usize, full: bool) -> FsResult<Vec<u8>> {
        let mut block = Vec::new();
        loop {
            let piece = self.input.read(want - block.len(), &ctx.cancel)?;
            block.extend_from_slice(&piece);
            // A file gives whole blocks; a pipe gives what there is.
            let more = full || self.input.file().is_some();
            if piece.is_empty() || block.len() >= want || !more {
                return Ok(block);
            }
        }
    }

    fn convert(&mut self, ctx: &mut Context<'_>, mut block: Vec<u8>) -> Result<(), CommandError> {
        if self.has("sync") {
            let fill = if self.has("block") || self.has("unblock") { b' ' } else { 0 };
            block.resize(block.len().max(self.call.ibs), fill);
        }
        if self.has("lcase") {
            block.make_ascii_lowercase();
        } else if self.has("ucase") {
            block.make_ascii_uppercase();
        }
        if self.has("swab") {
            if let Some(odd) = self.odd.take() {
                block.insert(0, odd);
            }
            if block.len() % 2 == 1 {
                self.odd = block.pop();
            }
            block.chunks_exact_mut(2).for_each(<[u8]>::reverse);
        }
        if self.has("block") {
            block = self.blocked(&block);
        } else if self.has("unblock") {
            block = self.unblocked(&block);
        }
        if self.call.whole {
            return self.write(ctx, block);
        }
        self.gathered.extend_from_slice(&block);
        while self.gathered.len() >= self.call.obs {
            let rest = self.gathered.split_off(self.call.obs);
            let block = std::mem::replace(&mut self.gathered, rest);
            self.write(ctx, block)?;
        }
        Ok(())
    }

    /// Lines become records of `cbs` bytes.
    fn blocked(&mut self, block: &[u8]) -> Vec<u8> {
        let cbs = self.call.cbs;
        let mut out = Vec::with_capacity(block.len());
        for &byte in block {
            if byte == b'\n' {
                out.resize(out.len() + cbs.saturating_sub(self.column), b' ');
                self.column = 0;
                continue;
            }
            if self.column == cbs {
                self.counts.truncated += 1;
            }
            if self.column < cbs {
                out.push(byte);
            }
            self.column += 1;
        }
        out
    }

    /// Records of `cbs` bytes become lines without blanks at the end.
    fn unblocked(&mut self, block: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(block.len());
        for &byte in block {
            if self.column == self.call.cbs {
                out.push(b'\n');
                (self.column, self.spaces) = (0, 0);
            }
            self.column += 1;
            if byte == b' ' {
                self.spaces += 1;
            } else {
                out.resize(out.len() + self.spaces, b' ');
                self.spaces = 0;
                out.push(byte);
            }
        }
        out
    }

    fn finish(&mut self, ctx: &mut Context<'_>) -> Result<(), CommandError> {
        let mut rest = std::mem::take(&mut self.gathered);
        rest.extend(self.odd.take());
        if self.has("block") && self.column > 0 {
            let fill = self.call.cbs.saturating_sub(self.column);
            rest.resize(rest.len() + fill, b' ');
        }
        if self.has("unblock") && self.column > 0 {
            rest.push(b'\n');
        }
        for block in rest.chunks(self.call.obs) {
            self.write(ctx, block.to_vec())?;
        }
        Ok(())
    }

    fn write(&mut self, ctx: &mut Context<'_>, block: Vec<u8>) -> Result<(), CommandError> {
        let len = block.len();
        if len == 0 {
            return Ok(());
        }
        if let Err(error) = self.output.write(block.into(), &ctx.cancel) {
            if matches!(error.errno(), Errno::Canceled | Errno::Pipe) {
                return Err(error.into());
            }
            let name = Self::name(&self.call.output, "standard output");
            ctx.complain(format_args!("error writing {}: {error}", quoted(&name)))?;
            self.status = ExitStatus::FAILURE;
            return Err(CommandError::Exit(ExitStatus::FAILURE));
        }
        self.counts.written[usize::from(len < self.call.obs)] += 1;
        self.counts.bytes += len as u64;
        Ok(())
    }
}

fn report(
    ctx: &mut Context<'_>,
    call: &Call,
    counts: &Counts,
    started_ns: i64,
) -> Result<(), CommandError> {
    if call.status == Status::None {
        return Ok(());
    }
    let [full, partial] = counts.read;
    let mut text = format!("{full}+{partial} records in\n");
    let [full, partial] = counts.written;
    text.push_str(&format!("{full}+{partial} records out\n"));
    match counts.truncated {
        0 => {}
        1 => text.push_str("1 truncated record\n"),
        count => text.push_str(&format!("{count} truncated records\n")),
    }
    if call.status == Status::All {
        let bytes = counts.bytes;
        let s = if bytes == 1 { "" } else { "s" };
        let (si, iec) = (decimal(bytes, 1000), decimal(bytes, 1024));
        let sizes = match (bytes < 1000, bytes < 1024) {
            (true, _) => String::new(),
            (false, true) => format!(" ({si}B)"),
            (false, false) => format!(" ({si}B, {iec}iB)"),
        };
        let seconds = (ctx.clock.now_ns() - started_ns).max(1) as f64 / 1e9;
        let rate = rate(bytes as f64 / seconds);
        let shown = format!("{seconds:.6}");
        let shown = shown.trim_end_matches('0').trim_end_matches('.');
        let shown = if shown == "0" { format!("{seconds:.3e}") } else { shown.to_owned() };
        text.push_str(&format!("{bytes} byte{s}{sizes} copied, {shown} s, {rate}B/s\n"));
    }
    match ctx.stderr.put(text.as_bytes()) {
        Err(error) if error.errno() == Errno::Canceled => Err(error.into()),
        _ => Ok(()),
    }
}

/// `3.1 k`, `3.0 K`: rounded to the nearest, as dd's last line has it.
/// Bytes a second, as `15.1 k`: with a digit behind the point where three are enough.
fn rate(mut value: f64) -> String {
    let mut unit = "";
    for letter in ["k", "M", "G", "T", "P", "E"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = letter;
    }
    if value < 99.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

fn decimal(bytes: u64, base: u64) -> String {
    let letters = if base == 1000 { "kMGTPE" } else { "KMGTPE" };
    let mut value = bytes as f64;
    let mut unit = ' ';
    for letter in letters.chars() {
        if value < base as f64 {
            break;
        }
        value /= base as f64;
        unit = letter;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}
