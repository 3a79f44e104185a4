//! `seq`: print numbers from a first to a last, in steps.
use crate::core::printf;
use crate::prelude::*;

pub const SEQ: Command = Command {
    name: "seq",
    synopsis: "seq [OPTION]... LAST\nseq [OPTION]... FIRST LAST\nseq [OPTION]... FIRST INCREMENT LAST",
    summary: "Print numbers from FIRST to LAST, in steps of INCREMENT.",
    options: &[
        value('f', "format", "FORMAT", "use printf style floating-point FORMAT"),
        value('s', "separator", "STRING", "use STRING to separate numbers (default: \\n)"),
        flag('w', "equal-width", "equalize width by padding with leading zeroes"),
    ],
    examples: &[
        Example { about: "One to three.", script: "seq 3", prints: "1\n2\n3\n" },
        Example { about: "Down, in one line.", script: "seq -s, 6 -2 2", prints: "6,4,2\n" },
    ],
    order: Order::Raw,
    run: seq,
    ..Command::BASE
};

/// A decimal number as typed: what it counts in units of its last place, and how it was written.
#[derive(Debug, Clone, Copy)]
struct Number {
    /// In units of 10^-places; `None` for a number that is no plain decimal.
    units: Option<i128>,
    places: u32,
    value: f64,
    /// Characters of the whole part, sign included.
    width: usize,
}

fn seq(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let argv = guarded(args.operands());
    let table = Command { order: Order::First, ..SEQ };
    let args = match Args::parse(&table, &argv).map_err(usage)? {
        crate::args::Parsed::Run(args) => args,
        crate::args::Parsed::Help => {
            ctx.stdout.put(crate::args::help_text(&SEQ).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
        crate::args::Parsed::Version => {
            ctx.stdout.put(crate::args::version_text(&SEQ).as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
    };
    let operands = args.operands();
    if operands.is_empty() {
        return Err(usage("missing operand"));
    }
    if let Some(extra) = operands.get(3) {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    if args.has('f') && args.has('w') {
        return Err(usage("format string may not be specified when printing equal width strings"));
    }
    let format = args.value('f').map(check_format).transpose()?;
    let numbers: Vec<Number> = operands.iter().map(number).collect::<Result<_, _>>()?;
    let one = Number { units: Some(1), places: 0, value: 1.0, width: 1 };
    let (first, step, last) = match numbers[..] {
        [last] => (one, one, last),
        [first, last] => (first, one, last),
        [first, step, last] => (first, step, last),
        _ => return Ok(ExitStatus::SUCCESS),
    };
    if step.value == 0.0 {
        let shown = marked(operands.get(1).map_or(&b""[..], |text| text));
        return Err(usage(format!("invalid Zero increment value: {shown}")));
    }
    let mut line = Lines { separator: args.value('s').unwrap_or("\n".into()).to_vec(), any: false };
    match (&format, first.units, step.units, last.units) {
        (None, Some(_), Some(_), Some(_)) => {
            decimals(ctx, &mut line, [first, step, last], args.has('w'))?;
        }
        _ => floats(ctx, &mut line, [first, step, last], args.has('w'), format.as_deref())?,
    }
    if line.any {
        ctx.stdout.put(b"\n")?;
    }
    Ok(ExitStatus::SUCCESS)
}

/// Puts `--` before the first operand that looks like a negative number.
fn guarded(argv: &[BString]) -> Vec<BString> {
    let mut argv = argv.to_vec();
    let mut at = 0;
    while let Some(arg) = argv.get(at) {
        match arg.as_bytes() {
            b"--" => break,
            b"-f" | b"-s" | b"--format" | b"--separator" => at += 2,
            [b'-', b'0'..=b'9' | b'.', ..] => {
                argv.insert(at, "--".into());
                break;
            }
            [b'-', ..] => at += 1,
            _ => {
                argv.insert(at, "--".into());
                break;
            }
        }
    }
    argv
}

fn number(text: &BString) -> Result<Number, CommandError> {
    let bad = |what: &str| usage(format!("invalid {what}: {}", marked(text)));
    let trimmed = text.trim_ascii_start();
    let plain = trimmed.to_str().map_err(|_| bad("floating point argument"))?;
    let value = float(plain).ok_or_else(|| bad("floating point argument"))?;
    if value.is_nan() {
        return Err(usage(format!(
            "invalid {} argument: {}",
            marked("not-a-number"),
            marked(text)
        )));
    }
    let body = plain.strip_prefix('+').unwrap_or(plain);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_plain = digits.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let units = if is_plain && places <= 18 && digits.len() + fraction.len() <= 36 {
        let joined = format!("{digits}{fraction}");
        let count: i128 = if joined.is_empty() { 0 } else { joined.parse().unwrap_or(0) };
        Some(if whole.starts_with('-') { -count } else { count })
    } else {
        None
    };
    let zero = usize::from(digits.is_empty() && is_plain);
    let exact = if is_plain { places } else { exponent_places(body) };
    Ok(Number { units, places: exact, value, width: whole.len() + zero })
}

/// `1e-2` has two places.
fn exponent_places(text: &str) -> u32 {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return 0 };
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i64);
    let exponent: i64 = exponent.parse().unwrap_or(0);
    u32::try_from((places - exponent).clamp(0, 100)).unwrap_or(0)
}

fn float(text: &str) -> Option<f64> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(hex) = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        let value = u64::from_str_radix(hex, 16).ok()? as f64;
        return Some(if text.starts_with('-') { -value } else { value });
    }
    let lower = body.to_ascii_lowercase();
    let named = matches!(lower.as_str(), "inf" | "infinity" | "nan");
    let numeric = body.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if named || numeric { text.parse().ok() } else { None }
}

struct Lines {
    separator: Vec<u8>,
    any: bool,
}

impl Lines {
    fn put(&mut self, ctx: &mut Context<'_>, text: &[u8]) -> Result<(), CommandError> {
        if self.any {
            ctx.stdout.put(&self.separator)?;
        }
        self.any = true;
        Ok(ctx.stdout.put(text)?)
    }
}

/// Plain decimals are counted exactly.
fn decimals(
    ctx: &mut Context<'_>,
    lines: &mut Lines,
    [first, step, last]: [Number; 3],
    equal: bool,
) -> Result<(), CommandError> {
    let shown_places = first.places.max(step.places);
    let places = shown_places.max(last.places);
    let scaled = |number: Number| {
        number.units.unwrap_or(0).saturating_mul(10i128.pow(places - number.places))
    };
    let (mut at, step, end) = (scaled(first), scaled(step), scaled(last));
    let unit = 10i128.pow(places - shown_places);
    let fraction = 10i128.pow(shown_places);
    let width = if equal {
        let tail = if shown_places > 0 { 1 + shown_places as usize } else { 0 };
        first.width.max(last.width) + tail
    } else {
        0
    };
    let mut text = Vec::new();
    while if step > 0 { at <= end } else { at >= end } {
        text.clear();
        let value = at / unit;
        let sign = if value < 0 { "-" } else { "" };
        let (whole, part) = (
            value.unsigned_abs() / fraction.unsigned_abs(),
            value.unsigned_abs() % fraction.unsigned_abs(),
        );
        let digits = if shown_places > 0 {
            format!("{whole}.{part:0places$}", places = shown_places as usize)
        } else {
            whole.to_string()
        };
        let fill = width.saturating_sub(sign.len() + digits.len());
        text.extend_from_slice(sign.as_bytes());
        text.extend(std::iter::repeat_n(b'0', fill));
        text.extend_from_slice(digits.as_bytes());
        lines.put(ctx, &text)?;
        at += step;
    }
    Ok(())
}

fn floats(
    ctx: &mut Context<'_>,
    lines: &mut Lines,
    [first, step, last]: [Number; 3],
    equal: bool,
    format: Option<&[u8]>,
) -> Result<(), CommandError> {
    let places = first.places.max(step.places) as usize;
    let width = if equal {
        first.width.max(last.width) + if places > 0 { places + 1 } else { 0 }
    } else {
        0
    };
    let mut count = 0f64;
    loop {
        let value = first.value + count * step.value;
        let slack = step.value.abs() * 1e-9;
        if if step.value > 0.0 { value > last.value + slack } else { value < last.value - slack } {
            return Ok(());
        }
        let text = match format {
            None if value.is_infinite() => if value < 0.0 { "-inf" } else { "inf" }.into(),
            None => format!("{value:0width$.places$}").into_bytes(),
            Some(format) => {
                let argument = [BString::from(format!("{value:.*}", places.max(17)))];
                let exact = [BString::from(value.to_string())];
                let mut out = Vec::new();
                let argument = if value.to_string().len() < 30 { &exact } else { &argument };
                printf::printf(format, argument, &mut out, 1 << 20, &mut Quiet);
                out
            }
        };
        lines.put(ctx, &text)?;
        count += 1.0;
    }
}

/// A format that has been checked has nothing to complain of.
struct Quiet;

impl printf::Host for Quiet {
    fn fault(&mut self, _fault: &printf::Fault<'_>) {}

    fn time(&mut self, _format: &[u8], _seconds: i64) -> Vec<u8> {
        Vec::new()
    }
}

/// `-f` must have exactly one floating point directive.
fn check_format(format: &BStr) -> Result<Vec<u8>, CommandError> {
    let shown = marked(format);
    let mut rest = format.as_bytes();
    let mut seen = false;
    while let Some(at) = memchr::memchr(b'%', rest) {
        rest = &rest[at + 1..];
        if rest.first() == Some(&b'%') {
            rest = &rest[1..];
            continue;
        }
        if seen {
            return Err(failure(format!("format {shown} has too many % directives")));
        }
        seen = true;
        let flags = rest.iter().take_while(|byte| b"-+#0 '".contains(byte)).count();
        let numeric =
            rest[flags..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
        rest = &rest[flags + numeric..];
        if rest.first() == Some(&b'L') {
            rest = &rest[1..];
        }
        match rest.first() {
            None => return Err(failure(format!("format {shown} ends in %"))),
            Some(b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G') => {}
            Some(letter) => {
                let letter = char::from(*letter);
                return Err(failure(format!("format {shown} has unknown %{letter} directive")));
            }
        }
    }
    if !seen {
        return Err(failure(format!("format {shown} has no % directive")));
    }
    // `%%` would be read once more: escapes of backslashes are not seq's.
    Ok(format.replace(b"\\", b"\\\\"))
}
