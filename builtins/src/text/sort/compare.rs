//! Comparing lines by their keys.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::key::{Key, Kind, Settings};
use crate::natural;

/// The order of lines.
#[derive(Debug)]
pub(super) struct Comparer {
    pub keys: Vec<Key>,
    pub tab: Option<u8>,
    /// Also for the comparison of last resort.
    pub reverse: bool,
    pub last_resort: bool,
    pub unique: bool,
    /// For `-R`.
    pub seed: [u8; 16],
    /// What ends a line.
    pub end: u8,
    /// Below each line stands what was compared.
    pub debug: bool,
}

/// A line to be sorted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lead {
    /// In the order of the first key as far as that can be told by so much of it.
    pub abbreviation: u64,
    /// The same of the second key.
    second: u64,
    pub index: usize,
    /// Where the first key is in the line; `u32::MAX` stands for where that is too far.
    start: u32,
    end: u32,
    /// Keys whose abbreviations are equal are equal.
    first_is_exact: bool,
    second_is_exact: bool,
}

/// So much of a key as fits in a number.
#[derive(Debug, Clone, Copy)]
struct Abbreviation {
    /// One key before another never has the higher one.
    value: u64,
    /// It tells all of the key.
    is_exact: bool,
}

impl Comparer {
    /// Whether lines are compared as bytes alone.
    pub fn is_plain(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        self.by_keys_from(0, a, b)
    }

    /// What to look at first of a line: where its first key is, and what that begins with.
    pub fn lead(&self, line: &[u8], index: usize) -> Lead {
        let of = |at: usize| match self.keys.get(at) {
            Some(key) => {
                let range = key.range(line, self.tab);
                let text = line.get(range.clone()).unwrap_or_default();
                (range, abbreviation(text, &key.settings))
            }
            None => (0..0, Abbreviation { value: 0, is_exact: true }),
        };
        let (range, first) = of(0);
        let (_, second) = of(1);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Lead {
            abbreviation: first.value,
            second: second.value,
            index,
            start: place(range.start),
            end: place(range.end),
            first_is_exact: first.is_exact,
            second_is_exact: second.is_exact,
        }
    }

    /// As [`Comparer::compare`] of two lines whose first keys have the same abbreviation.
    pub fn compare_led(
        &self,
        (lead_a, a): (&Lead, &[u8]),
        (lead_b, b): (&Lead, &[u8]),
    ) -> Ordering {
        if let Some(key) = self.keys.first()
            && !(lead_a.first_is_exact && lead_b.first_is_exact)
        {
            let (of_a, of_b) = (self.led(key, lead_a, a), self.led(key, lead_b, b));
            let order = self.by_key(of_a, of_b, &key.settings);
            if order != Ordering::Equal {
                return if key.settings.reverse { order.reverse() } else { order };
            }
        }
        let order = lead_a.second.cmp(&lead_b.second);
        if order != Ordering::Equal {
            return order;
        }
        let known = if lead_a.second_is_exact && lead_b.second_is_exact { 2 } else { 1 };
        self.by_keys_from(known, a, b)
    }

    fn led<'l>(&self, key: &Key, lead: &Lead, line: &'l [u8]) -> &'l [u8] {
        match (lead.start, lead.end) {
            (u32::MAX, _) | (_, u32::MAX) => key.of(line, self.tab),
            (start, end) => line.get(start as usize..end as usize).unwrap_or_default(),
        }
    }

    fn by_keys_from(&self, first: usize, a: &[u8], b: &[u8]) -> Ordering {
        for key in self.keys.iter().skip(first) {
            let order = self.by_key(key.of(a, self.tab), key.of(b, self.tab), &key.settings);
            if order != Ordering::Equal {
                return if key.settings.reverse { order.reverse() } else { order };
            }
        }
        if !self.keys.is_empty() && !self.last_resort {
            return Ordering::Equal;
        }
        let order = a.cmp(b);
        if self.reverse { order.reverse() } else { order }
    }

    fn by_key(&self, a: &[u8], b: &[u8], settings: &Settings) -> Ordering {
        let (held_a, held_b);
        let (a, b) = if settings.fold || settings.dictionary || settings.printing {
            (held_a, held_b) = (translated(a, settings), translated(b, settings));
            (&held_a[..], &held_b[..])
        } else {
            (a, b)
        };
        match settings.kind {
            Kind::Text => a.cmp(b),
            Kind::Numeric => Decimal::read(a).cmp(&Decimal::read(b)),
            Kind::General => general(a, b),
            Kind::Human => human(a, b),
            Kind::Month => month(a).cmp(&month(b)),
            Kind::Version => natural::compare(a, b),
            Kind::Random if a == b => Ordering::Equal,
            Kind::Random => self.hash(a).cmp(&self.hash(b)).then_with(|| a.cmp(b)),
        }
    }

    fn hash(&self, text: &[u8]) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        self.seed.hash(&mut hasher);
        text.hash(&mut hasher);
        hasher.finish()
    }
}

fn abbreviation(text: &[u8], settings: &Settings) -> Abbreviation {
    let held;
    let text = if settings.fold || settings.dictionary || settings.printing {
        held = translated(text, settings);
        &held[..]
    } else {
        text
    };
    let (value, is_exact) = match settings.kind {
        Kind::Text => {
            let mut first = [0; 8];
            let length = text.len().min(8);
            first[..length].copy_from_slice(&text[..length]);
            // What is shorter is filled up with NULs.
            (u64::from_be_bytes(first), text.len() <= 8 && text.last() != Some(&0))
        }
        Kind::Numeric => {
            let number = Decimal::read(text);
            // Without the fraction, and all that is very large alike.
            let whole = match number.whole.len() {
                0..=18 => number.whole.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')),
                _ => i64::MAX,
            };
            let whole = if number.negative { -whole } else { whole };
            let is_exact = number.whole.len() <= 18 && number.fraction.is_empty();
            (whole.cast_unsigned() ^ (1 << 63), is_exact)
        }
        _ => (0, false),
    };
    Abbreviation { value: if settings.reverse { !value } else { value }, is_exact }
}

fn translated(text: &[u8], settings: &Settings) -> Vec<u8> {
    let kept = text.iter().filter(|byte| {
        let in_dictionary = byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'\t' | b'\n');
        let printable = matches!(byte, b' '..=b'~');
        (!settings.dictionary || in_dictionary) && (!settings.printing || printable)
    });
    if settings.fold { kept.map(u8::to_ascii_uppercase).collect() } else { kept.copied().collect() }
}

/// A decimal number as text: any length, exactly.
#[derive(Debug, Clone, Copy)]
struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    /// How many bytes it took.
    length: usize,
}

impl<'a> Decimal<'a> {
    fn read(text: &'a [u8]) -> Self {
        let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count();
        let mut at = blanks;
        let negative = text.get(at) == Some(&b'-');
        at += usize::from(negative);
        let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let whole = &text[at..at + digits(at)];
        at += whole.len();
        let mut fraction = &text[at..at];
        if text.get(at) == Some(&b'.') {
            fraction = &text[at + 1..at + 1 + digits(at + 1)];
            at += 1 + fraction.len();
        }
        let zeros = whole.iter().take_while(|&&byte| byte == b'0').count();
        let whole = &whole[zeros..];
        let end = fraction.iter().rposition(|&byte| byte != b'0').map_or(0, |at| at + 1);
        Self { negative, whole, fraction: &fraction[..end], length: at }
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }

    fn sign(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match self.sign().cmp(&other.sign()) {
            Ordering::Equal => {}
            different => return different,
        }
        let order = self
            .whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction));
        if self.sign() < 0 { order.reverse() } else { order }
    }
}

/// `2K`, `1.5G`: by sign, then by suffix, then by number.
fn human(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |number: &Decimal<'_>, text: &[u8]| -> i8 {
        let power = match text.get(number.length) {
            Some(b'K' | b'k') => 1,
            Some(b'M') => 2,
            Some(b'G') => 3,
            Some(b'T') => 4,
            Some(b'P') => 5,
            Some(b'E') => 6,
            Some(b'Z') => 7,
            Some(b'Y') => 8,
            _ => 0,
        };
        if number.is_zero() {
            0
        } else if number.negative {
            -power
        } else {
            power
        }
    };
    let (left, right) = (Decimal::read(a), Decimal::read(b));
    left.sign()
        .cmp(&right.sign())
        .then_with(|| rank(&left, a).cmp(&rank(&right, b)))
        .then_with(|| left.cmp(&right))
}

/// What is no number comes first, then NaN, then numbers.
fn general(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |value: Option<f64>| match value {
        None => 0,
        Some(value) if value.is_nan() => 1,
        Some(_) => 2,
    };
    let (left, right) = (float(a), float(b));
    rank(left).cmp(&rank(right)).then_with(|| match (left, right) {
        (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    })
}

/// The floating point number that `text` starts with.
fn float(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii_start();
    let signed = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let body = &text[signed..];
    let negative = text.first() == Some(&b'-');
    let lower: Vec<u8> = body.iter().take(3).map(u8::to_ascii_lowercase).collect();
    if lower == b"inf" || lower == b"nan" {
        let value = if lower == b"inf" { f64::INFINITY } else { f64::NAN };
        return Some(if negative { -value } else { value });
    }
    if let [b'0', b'x' | b'X', hex @ ..] = body {
        let digits = hex.iter().take_while(|byte| byte.is_ascii_hexdigit());
        let value = digits.fold(0.0, |value, &byte| {
            value * 16.0 + f64::from((byte as char).to_digit(16).unwrap_or(0))
        });
        return Some(if negative { -value } else { value });
    }
    let digits = |from: usize| body[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = whole;
    if body.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(body.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(body.get(end + 1), Some(b'+' | b'-')));
        let from = (end + 1 + sign).min(body.len());
        let exponent = digits(from);
        if exponent > 0 {
            end = from + exponent;
        }
    }
    let value: f64 = std::str::from_utf8(&body[..end]).ok()?.parse().ok()?;
    Some(if negative { -value } else { value })
}

/// 1 to 12; 0 for what is no month.
pub(super) fn month(text: &[u8]) -> u8 {
    const NAMES: [&[u8; 3]; 12] = [
        b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV",
        b"DEC",
    ];
    let text = text.trim_ascii_start();
    let Some(start) = text.get(..3) else { return 0 };
    let at = NAMES.iter().position(|name| start.eq_ignore_ascii_case(&name[..]));
    at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0)
}
