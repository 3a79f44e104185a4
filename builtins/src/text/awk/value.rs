//! Values: numbers, strings, and input that is a number if it looks like one (POSIX awk,
//! "Expressions in awk").

use std::cmp::Ordering;

use bytes::Bytes;

use super::array::ArrayRef;
use super::format::general;

#[derive(Debug, Clone, Default)]
pub(super) enum Value {
    /// Both `""` and 0.
    #[default]
    Uninit,
    Number(f64),
    Text(Bytes),
    /// From a field, `getline`, `split`, ARGV, ENVIRON or `-v`.
    Input(Bytes),
    /// `@/…/`
    Regex(Bytes),
    /// An element that is an array itself: never the value of an expression.
    Array(ArrayRef),
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Number(f64::from(u8::from(truth)))
    }
}

impl From<Vec<u8>> for Value {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(text.into())
    }
}

impl Value {
    pub fn number(&self) -> f64 {
        match self {
            Self::Uninit | Self::Array(_) => 0.0,
            Self::Number(number) => *number,
            Self::Text(text) | Self::Input(text) | Self::Regex(text) => leading_number(text).0,
        }
    }

    pub fn truth(&self) -> bool {
        match self {
            Self::Uninit | Self::Array(_) => false,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) | Self::Regex(text) => !text.is_empty(),
            Self::Input(text) => match looks_numeric(text) {
                Some(number) => number != 0.0,
                None => !text.is_empty(),
            },
        }
    }

    /// As text; a number that is no integer by `format` (CONVFMT or OFMT).
    pub fn text(&self, format: &[u8]) -> Bytes {
        match self {
            Self::Uninit | Self::Array(_) => Bytes::new(),
            Self::Number(number) => number_text(*number, format),
            Self::Text(text) | Self::Input(text) | Self::Regex(text) => text.clone(),
        }
    }

    /// What it counts as in a comparison, if it counts as a number.
    fn numeric(&self) -> Option<f64> {
        match self {
            Self::Uninit => Some(0.0),
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Regex(_) | Self::Array(_) => None,
            Self::Input(text) => looks_numeric(text),
        }
    }

    /// Whether `typeof` and sorting take it for a number.
    pub fn is_numeric(&self) -> bool {
        self.numeric().is_some()
    }

    /// Numbers by value, else the bytes of both texts. `None` where a NaN is in it.
    pub fn compare(&self, other: &Self, format: &[u8]) -> Option<Ordering> {
        match (self.numeric(), other.numeric()) {
            (Some(one), Some(two)) => one.partial_cmp(&two),
            _ => Some(self.text(format).cmp(&other.text(format))),
        }
    }
}

pub(super) fn number_text(number: f64, format: &[u8]) -> Bytes {
    if number == number.trunc() && number.abs() < 1e16 {
        return integer_text(number as i64);
    }
    if number.is_nan() {
        return Bytes::from_static(if number.is_sign_negative() { b"-nan" } else { b"+nan" });
    }
    if number.is_infinite() {
        return Bytes::from_static(if number < 0.0 { b"-inf" } else { b"+inf" });
    }
    if number == number.trunc() {
        return format!("{number:.0}").into_bytes().into();
    }
    if format == b"%.6g" {
        return general(number, 6, false, b'e').into();
    }
    super::format::sprintf(format, &[Value::Number(number)], b"%.6g").unwrap_or_default().into()
}

fn integer_text(number: i64) -> Bytes {
    const DIGITS: &[u8; 10] = b"0123456789";
    if let Some(digit) = usize::try_from(number).ok().and_then(|at| DIGITS.get(at..=at)) {
        return Bytes::from_static(digit);
    }
    number.to_string().into_bytes().into()
}

/// The number that `text` starts with, after blanks, and how many bytes it took; 0 for none.
pub(super) fn leading_number(text: &[u8]) -> (f64, usize) {
    let start = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let rest = text.get(start..).unwrap_or_default();
    let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    let negative = rest.first() == Some(&b'-');
    let digits = |from: usize| {
        rest.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let whole = digits(sign);
    let mut end = sign + whole;
    if whole > 0 && whole <= 15 && !matches!(rest.get(end), Some(b'.' | b'e' | b'E')) {
        let value = rest.get(sign..end).unwrap_or_default();
        let value = value.iter().fold(0i64, |n, digit| n * 10 + i64::from(digit - b'0')) as f64;
        return (if negative { -value } else { value }, start + end);
    }
    let mut any = whole > 0;
    if rest.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if any || fraction > 0 {
            any = true;
            end += 1 + fraction;
        }
    }
    if !any {
        // With a sign, and only then, these are numbers too.
        let word = rest.get(sign..sign + 3).unwrap_or_default().to_ascii_lowercase();
        let special = match word.as_slice() {
            b"inf" if sign == 1 => f64::INFINITY,
            b"nan" if sign == 1 => f64::NAN,
            _ => return (0.0, 0),
        };
        let ends = rest.get(sign + 3).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        return match ends {
            true => (if negative { -special } else { special }, start + sign + 3),
            false => (0.0, 0),
        };
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let power = digits(end + 1 + signed);
        if power > 0 {
            end += 1 + signed + power;
        }
    }
    let number = rest.get(..end).and_then(|number| std::str::from_utf8(number).ok());
    (number.and_then(|number| number.parse().ok()).unwrap_or(0.0), start + end)
}

/// The number that all of `text` is, blanks around it aside.
pub(super) fn looks_numeric(text: &[u8]) -> Option<f64> {
    let (number, used) = leading_number(text);
    let rest = text.get(used..)?;
    (used > 0 && rest.iter().all(u8::is_ascii_whitespace)).then_some(number)
}
