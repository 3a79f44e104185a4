//! `printf` and `sprintf`: C's conversions over awk's values.

use super::value::{Value, leading_number};

/// Wider than any sensible output; a larger width or precision is cut down to it.
const WIDTH_MAX: usize = 1 << 20;

#[derive(Debug, Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Why a format and its arguments don't go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormatError {
    /// Where in the format the conversion stands that has no argument.
    RanOut(usize),
    /// `%1$s` beside `%s`.
    Mixed,
    /// `%0$s`
    Zero,
    /// The number of an argument that is not there.
    Beyond(usize),
}

/// The arguments, taken in order or by number, but not both in one format.
struct Source<'a> {
    all: &'a [Value],
    next: usize,
    /// Whether arguments are taken by number, once that is known.
    numbered: Option<bool>,
}

impl<'a> Source<'a> {
    /// The next argument; `Ok(None)` when there are no more.
    fn next(&mut self) -> Result<Option<&'a Value>, FormatError> {
        self.take(false)?;
        self.next += 1;
        Ok(self.all.get(self.next - 1))
    }

    /// The argument with this number, counted from 1.
    fn numbered(&mut self, number: usize) -> Result<&'a Value, FormatError> {
        self.take(true)?;
        let at = number.checked_sub(1).ok_or(FormatError::Zero)?;
        self.all.get(at).ok_or(FormatError::Beyond(number))
    }

    fn take(&mut self, numbered: bool) -> Result<(), FormatError> {
        if *self.numbered.get_or_insert(numbered) == numbered {
            Ok(())
        } else {
            Err(FormatError::Mixed)
        }
    }
}

/// Formats `args`; `convfmt` makes texts of numbers for `%s`.
///
/// # Errors
/// What the format asks for that is not among the arguments.
pub(super) fn sprintf(
    format: &[u8],
    args: &[Value],
    convfmt: &[u8],
) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::with_capacity(format.len() + 16);
    let mut args = Source { all: args, next: 0, numbered: None };
    let mut rest = format;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (head, tail) = rest.split_at(at);
        out.extend_from_slice(head);
        let used = conversion(tail, &mut args, convfmt, &mut out).map_err(|error| match error {
            FormatError::RanOut(at) => FormatError::RanOut(format.len() - tail.len() + at),
            other => other,
        })?;
        let Some(used) = used else {
            // The format ends inside of it.
            out.extend_from_slice(tail);
            return Ok(out);
        };
        rest = tail.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(out)
}

/// The number in front of a `$`, and how long both are.
fn position(digits: &[u8]) -> Option<(usize, usize)> {
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = digits.split_at(len);
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    (rest.first() == Some(&b'$')).then_some((number, len + 1))
}

/// Writes what the conversion at the start of `text` makes; answers how long it is, `None` if the
/// format ends inside of it.
fn conversion(
    text: &[u8],
    args: &mut Source<'_>,
    convfmt: &[u8],
    out: &mut Vec<u8>,
) -> Result<Option<usize>, FormatError> {
    let number = position(text.get(1..).unwrap_or_default());
    let start = 1 + number.map_or(0, |(_, len)| len);
    let chosen = match number {
        Some((number, _)) => Some(args.numbered(number)?),
        None => None,
    };
    let Some((spec, at)) = spec(text, start, args)? else { return Ok(None) };
    let Some(letter) = text.get(at).copied() else { return Ok(None) };
    let used = at + 1;
    if letter == b'%' {
        out.push(b'%');
        return Ok(Some(used));
    }
    if !b"diouxXeEfFgGaAcs".contains(&letter) {
        out.extend_from_slice(text.get(..used).unwrap_or_default());
        return Ok(Some(used));
    }
    let arg = match chosen {
        Some(chosen) => chosen,
        None => args.next()?.ok_or(FormatError::RanOut(at))?,
    };
    let number = arg.number();
    match letter {
        b'd' | b'i' => integer(number, &spec, out),
        b'o' | b'x' | b'X' | b'u' => unsigned(number, letter, &spec, out),
        b'c' => character(arg, &spec, out),
        b's' => {
            let text = arg.text(convfmt);
            let text = match spec.precision {
                Some(most) => first_characters(&text, most),
                None => &text,
            };
            pad(text, &spec, out);
        }
        _ => float(number, letter, &spec, out),
    }
    Ok(Some(used))
}

/// Flags, width and precision from a `%` on, and where the letter is.
fn spec(
    text: &[u8],
    start: usize,
    args: &mut Source<'_>,
) -> Result<Option<(Spec, usize)>, FormatError> {
    let mut spec = Spec::default();
    let mut at = start;
    loop {
        match text.get(at) {
            Some(b'-') => spec.left = true,
            Some(b'+') => spec.plus = true,
            Some(b' ') => spec.space = true,
            Some(b'#') => spec.alternate = true,
            Some(b'0') => spec.zero = true,
            Some(b'\'') => {}
            Some(_) => break,
            None => return Ok(None),
        }
        at += 1;
    }
    let width = count(text, &mut at, args)?;
    spec.left |= width < 0;
    spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(WIDTH_MAX).min(WIDTH_MAX);
    if text.get(at) == Some(&b'.') {
        at += 1;
        let precision = count(text, &mut at, args)?;
        spec.precision = usize::try_from(precision).ok().map(|wide| wide.min(WIDTH_MAX));
    }
    while matches!(text.get(at), Some(b'l' | b'h' | b'L' | b'q' | b'j' | b'z' | b't')) {
        at += 1;
    }
    Ok(Some((spec, at)))
}

/// A width or precision: digits, or `*` and perhaps the number of its argument.
fn count(text: &[u8], at: &mut usize, args: &mut Source<'_>) -> Result<i64, FormatError> {
    if text.get(*at) == Some(&b'*') {
        *at += 1;
        let value = match position(text.get(*at..).unwrap_or_default()) {
            Some((number, len)) => {
                *at += len;
                Some(args.numbered(number)?)
            }
            None => args.next()?,
        };
        return Ok(value.map_or(0.0, Value::number) as i64);
    }
    let digits = text.get(*at..).unwrap_or_default();
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    Ok(digits.fold(0i64, |number, digit| {
        *at += 1;
        number.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    }))
}

/// The first `most` characters; bytes that are no UTF-8 are one each.
fn first_characters(text: &[u8], most: usize) -> &[u8] {
    use bstr::ByteSlice;
    let end = text.char_indices().nth(most).map_or(text.len(), |(start, _, _)| start);
    text.get(..end).unwrap_or_default()
}

fn pad(text: &[u8], spec: &Spec, out: &mut Vec<u8>) {
    use bstr::ByteSlice;
    let missing = spec.width.saturating_sub(if spec.width == 0 { 0 } else { text.chars().count() });
    if !spec.left {
        out.resize(out.len() + missing, b' ');
    }
    out.extend_from_slice(text);
    if spec.left {
        out.resize(out.len() + missing, b' ');
    }
}

/// Sign and digits, with zeros between them where the flags ask for it.
fn pad_number(sign: &[u8], digits: &[u8], zero: bool, spec: &Spec, out: &mut Vec<u8>) {
    let missing = spec.width.saturating_sub(sign.len() + digits.len());
    if zero && !spec.left {
        out.extend_from_slice(sign);
        out.resize(out.len() + missing, b'0');
        out.extend_from_slice(digits);
    } else {
        pad(&[sign, digits].concat(), spec, out);
    }
}

fn sign_of(negative: bool, spec: &Spec) -> &'static [u8] {
    match (negative, spec.plus, spec.space) {
        (true, _, _) => b"-",
        (false, true, _) => b"+",
        (false, false, true) => b" ",
        _ => b"",
    }
}

fn not_finite(number: f64, spec: &Spec, out: &mut Vec<u8>) {
    let word: &[u8] = if number.is_nan() { b"nan" } else { b"inf" };
    let sign: &[u8] = if number.is_sign_negative() { b"-" } else { b"+" };
    pad(&[sign, word].concat(), spec, out);
}

fn integer(number: f64, spec: &Spec, out: &mut Vec<u8>) {
    if !number.is_finite() {
        return not_finite(number, spec, out);
    }
    let whole = number.trunc();
    let mut digits = format!("{:.0}", whole.abs()).into_bytes();
    if spec.precision == Some(0) && digits == b"0" {
        digits.clear();
    }
    let least = spec.precision.unwrap_or(0);
    if digits.len() < least {
        digits.splice(0..0, std::iter::repeat_n(b'0', least - digits.len()));
    }
    let negative = whole < 0.0;
    pad_number(sign_of(negative, spec), &digits, spec.zero && spec.precision.is_none(), spec, out);
}

fn unsigned(number: f64, letter: u8, spec: &Spec, out: &mut Vec<u8>) {
    if !number.is_finite() {
        return not_finite(number, spec, out);
    }
    let whole = number.trunc();
    if (-9_223_372_036_854_775_808.0..0.0).contains(&whole) {
        return unsigned_bits(whole as i64 as u64, letter, spec, out);
    }
    // What has no unsigned form is printed as gawk does: as a number of its own.
    if !(0.0..18_446_744_073_709_551_616.0).contains(&whole) {
        if letter == b'u' && whole >= 0.0 {
            return integer(number, spec, out);
        }
        return float(number, b'g', &Spec { precision: Some(6), ..copied(spec) }, out);
    }
    unsigned_bits(whole as u64, letter, spec, out);
}

fn unsigned_bits(value: u64, letter: u8, spec: &Spec, out: &mut Vec<u8>) {
    let mut digits = match letter {
        b'o' => format!("{value:o}"),
        b'x' => format!("{value:x}"),
        b'X' => format!("{value:X}"),
        _ => value.to_string(),
    }
    .into_bytes();
    if spec.precision == Some(0) && value == 0 {
        digits.clear();
    }
    let least = spec.precision.unwrap_or(0);
    if digits.len() < least {
        digits.splice(0..0, std::iter::repeat_n(b'0', least - digits.len()));
    }
    let prefix: &[u8] = match (spec.alternate && value != 0, letter) {
        (true, b'x') => b"0x",
        (true, b'X') => b"0X",
        (true, b'o') if digits.first() != Some(&b'0') => b"0",
        _ => b"",
    };
    pad_number(prefix, &digits, spec.zero && spec.precision.is_none(), spec, out);
}

fn copied(spec: &Spec) -> Spec {
    Spec { ..*spec }
}

fn float(number: f64, letter: u8, spec: &Spec, out: &mut Vec<u8>) {
    if !number.is_finite() {
        return not_finite(number, spec, out);
    }
    let size = number.abs();
    let digits = match letter.to_ascii_lowercase() {
        b'f' => {
            let precision = spec.precision.unwrap_or(6);
            let mut digits = format!("{size:.precision$}").into_bytes();
            if precision == 0 && spec.alternate {
                digits.push(b'.');
            }
            digits
        }
        b'e' => exponential(size, spec.precision.unwrap_or(6), spec.alternate, letter),
        b'a' => hexadecimal(size, letter),
        _ => {
            let marker = if letter == b'G' { b'E' } else { b'e' };
            general(size, spec.precision.unwrap_or(6), spec.alternate, marker)
        }
    };
    pad_number(sign_of(number.is_sign_negative(), spec), &digits, spec.zero, spec, out);
}

/// `%e` of a number that is not negative.
fn exponential(size: f64, precision: usize, alternate: bool, marker: u8) -> Vec<u8> {
    let text = format!("{size:.precision$e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let dot = if precision == 0 && alternate { "." } else { "" };
    let sign = if power < 0 { '-' } else { '+' };
    let marker = char::from(marker);
    format!("{digits}{dot}{marker}{sign}{:02}", power.unsigned_abs()).into_bytes()
}

/// `%g`: the shorter of `%e` and `%f`, without trailing zeros unless `alternate`.
pub(super) fn general(number: f64, precision: usize, alternate: bool, marker: u8) -> Vec<u8> {
    let precision = precision.max(1);
    let size = number.abs();
    let mut out = if number.is_sign_negative() { vec![b'-'] } else { Vec::new() };
    let scientific = format!("{size:.*e}", precision - 1);
    let power = scientific.split_once('e').and_then(|(_, power)| power.parse::<i32>().ok());
    let power = power.unwrap_or(0);
    let fits = power >= -4 && usize::try_from(power).map_or(true, |power| power < precision);
    let digits = if fits {
        let decimals = i64::try_from(precision).unwrap_or(i64::MAX) - 1 - i64::from(power);
        let decimals = usize::try_from(decimals).unwrap_or(0);
        let digits = format!("{size:.decimals$}").into_bytes();
        if alternate { digits } else { without_zeros(digits) }
    } else {
        let text = exponential(size, precision - 1, alternate, marker);
        if alternate {
            text
        } else {
            let at = text.iter().position(|byte| *byte == marker).unwrap_or(text.len());
            let (digits, exponent) = text.split_at(at);
            [without_zeros(digits.to_vec()).as_slice(), exponent].concat()
        }
    };
    out.extend(digits);
    out
}

fn without_zeros(mut digits: Vec<u8>) -> Vec<u8> {
    if digits.contains(&b'.') {
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.last() == Some(&b'.') {
            digits.pop();
        }
    }
    digits
}

/// `%a` of a number that is not negative.
fn hexadecimal(size: f64, letter: u8) -> Vec<u8> {
    let bits = size.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let exponent = i64::try_from(bits >> 52).unwrap_or(0);
    let (lead, power) = match exponent {
        0 if mantissa == 0 => (0, 0),
        0 => (0, -1022),
        _ => (1, exponent - 1023),
    };
    let digits = format!("{mantissa:013x}");
    let digits = digits.trim_end_matches('0');
    let dot = if digits.is_empty() { "" } else { "." };
    let text = format!("0x{lead}{dot}{digits}p{power:+}");
    if letter == b'A' { text.to_uppercase().into_bytes() } else { text.into_bytes() }
}

fn character(arg: &Value, spec: &Spec, out: &mut Vec<u8>) {
    let text = match arg {
        Value::Number(number) => {
            let code = number.trunc();
            let mut text = Vec::new();
            match char::from_u32(code as u32) {
                Some(letter) if code >= 0.0 => {
                    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => text.push((code as i64 & 0xff) as u8),
            }
            text
        }
        Value::Input(input) if leading_number(input).1 == input.len() && !input.is_empty() => {
            return character(&Value::Number(arg.number()), spec, out);
        }
        // The empty text gives its terminator, as C has it.
        other => match other.text(b"%.6g") {
            text if text.is_empty() => vec![0],
            text => first_characters(&text, 1).to_vec(),
        },
    };
    pad(&text, spec, out);
}
