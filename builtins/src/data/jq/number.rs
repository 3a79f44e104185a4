//! Numbers as text: what an `f64` prints as, and literals whose digits are kept.
//!
//! A number that nobody computed with keeps its digits if an `f64` would lose some of them; any
//! computation makes it an `f64`. Numbers that an `f64` holds print in its shortest form.

use std::cmp::Ordering;
use std::rc::Rc;

use super::value::Value;

/// A number's digits as read.
#[derive(Debug)]
pub(crate) struct Literal {
    pub number: f64,
    /// The canonical text.
    pub text: String,
}

/// Prints the shortest digits that read back as the same number, at most 17. Infinities print as
/// the largest numbers, as JSON has no others; a NaN is the caller's.
pub(super) fn print(number: f64, out: &mut Vec<u8>) {
    let number = number.clamp(-f64::MAX, f64::MAX);
    if number == number.trunc() && number.abs() < 1e15 {
        if number == 0.0 && number.is_sign_negative() {
            out.extend_from_slice(b"-0");
            return;
        }
        integer(number as i64, out);
        return;
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|letter| *letter != '.').collect();
    let count = i32::try_from(digits.len()).unwrap_or(17);
    let point = exponent + 1;
    out.extend_from_slice(sign.as_bytes());
    if point <= -4 || point > count + 15 {
        let (first, rest) = digits.split_at(1);
        out.extend_from_slice(first.as_bytes());
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest.as_bytes());
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    } else if point <= 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + point.unsigned_abs() as usize, b'0');
        out.extend_from_slice(digits.as_bytes());
    } else if point >= count {
        out.extend_from_slice(digits.as_bytes());
        out.resize(out.len() + (point - count).unsigned_abs() as usize, b'0');
    } else {
        let (whole, rest) = digits.split_at(point.unsigned_abs() as usize);
        out.extend_from_slice(whole.as_bytes());
        out.push(b'.');
        out.extend_from_slice(rest.as_bytes());
    }
}

fn integer(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 || at == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

pub(super) fn text(number: f64) -> String {
    let mut out = Vec::new();
    print(number, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// A number's parts: sign, digits without leading zeros, and the power of ten of the last digit.
struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

fn decimal(token: &[u8]) -> Option<Decimal<'_>> {
    let (negative, rest) = match token {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, mut rest) = rest.split_at(digits(rest));
    let mut fraction: &[u8] = b"";
    if let [b'.', after @ ..] = rest {
        (fraction, rest) = after.split_at(digits(after));
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut exponent = 0;
    if let [b'e' | b'E', after @ ..] = rest {
        let (minus, digits) = match after {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = digits.iter().fold(0i64, |number, digit| {
            (number.saturating_mul(10) + i64::from(digit - b'0')).min(1_000_000_000)
        });
        exponent = if minus { -number } else { number };
        rest = b"";
    }
    rest.is_empty().then_some(Decimal { negative, whole, fraction, exponent })
}

/// Reads a number as JSON and programs write it (jq takes `.5`, `5.` and `+1` too).
pub(super) fn read(token: &[u8]) -> Option<Value> {
    // Most numbers are short integers.
    if token.len() <= 15 && token.iter().all(u8::is_ascii_digit) && !token.is_empty() {
        let leading = token.first() == Some(&b'0') && token.len() > 1;
        if !leading {
            let number =
                token.iter().fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
            return Some(Value::Number(number as f64));
        }
    }
    let parts = decimal(token)?;
    let number: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    let plain = parts.exponent == 0
        && token.len() <= 15
        && parts.whole.first() != Some(&b'0')
        && !parts.whole.is_empty()
        && parts.fraction.last().is_some_and(|digit| *digit != b'0');
    if plain && token.first() != Some(&b'+') {
        return Some(Value::Number(number));
    }
    let shown = text(number);
    let integer = parts.exponent == 0 && parts.fraction.is_empty();
    let exact =
        decimal(shown.as_bytes()).is_some_and(|shown| magnitude(&shown) == magnitude(&parts));
    if !number.is_finite() || exact && !(integer && shown.contains('e')) {
        return Some(Value::Number(number));
    }
    Some(Value::Literal(Rc::new(Literal { number, text: canonical(&parts) })))
}

/// Scientific notation where the last digit's power is positive or the number is below 1e-6.
fn canonical(parts: &Decimal<'_>) -> String {
    let all = [parts.whole, parts.fraction].concat();
    let zeros = all.iter().take_while(|digit| **digit == b'0').count();
    let zeros = zeros.min(all.len().saturating_sub(1));
    let digits = String::from_utf8_lossy(all.get(zeros..).unwrap_or_default()).into_owned();
    let fraction = i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX);
    let exponent = parts.exponent.saturating_sub(fraction);
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let adjusted = exponent + count - 1;
    let sign = if parts.negative { "-" } else { "" };
    if exponent > 0 || adjusted < -6 {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let plus = if adjusted < 0 { "" } else { "+" };
        return format!("{sign}{first}{dot}{rest}E{plus}{adjusted}");
    }
    if exponent == 0 {
        return format!("{sign}{digits}");
    }
    let point = count + exponent;
    if point <= 0 {
        let zeros = "0".repeat(usize::try_from(-point).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let (whole, rest) = digits.split_at(usize::try_from(point).unwrap_or(0));
    format!("{sign}{whole}.{rest}")
}

/// Compares two literals by all their digits.
pub(super) fn compare_literals(one: &Literal, two: &Literal) -> Ordering {
    let by_number = one.number.partial_cmp(&two.number).unwrap_or(Ordering::Equal);
    if by_number != Ordering::Equal {
        return by_number;
    }
    let (Some(left), Some(right)) = (decimal(one.text.as_bytes()), decimal(two.text.as_bytes()))
    else {
        return Ordering::Equal;
    };
    let by_size = magnitude(&left).cmp(&magnitude(&right));
    if left.negative && right.negative { by_size.reverse() } else { by_size }
}

/// The power of ten of the first digit that counts, and the digits that count.
fn magnitude(parts: &Decimal<'_>) -> (i64, Vec<u8>) {
    let all = [parts.whole, parts.fraction].concat();
    let Some(first) = all.iter().position(|digit| *digit != b'0') else {
        return (i64::MIN, Vec::new());
    };
    let last = all.iter().rposition(|digit| *digit != b'0').unwrap_or(first);
    let whole = i64::try_from(parts.whole.len()).unwrap_or(0);
    let power = parts.exponent + whole - i64::try_from(first).unwrap_or(0);
    (power, all.get(first..=last).unwrap_or_default().to_vec())
}
