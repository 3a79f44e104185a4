//! Blocks of input through the formats.

use super::parse::{Format, Kind, Part, Unit};
use super::source::Source;
use crate::prelude::*;

/// What ASCII calls its control characters.
const NAMES: [&str; 33] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "lf", "vt", "ff", "cr",
    "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc",
    "fs", "gs", "rs", "us", "del",
];

pub(super) fn print(
    ctx: &mut Context<'_>,
    formats: &[Format],
    block: usize,
    all: bool,
    source: &mut Source,
) -> Result<(), CommandError> {
    if block == 0 {
        return Ok(());
    }
    let mut previous: Option<Vec<u8>> = None;
    let mut starred = false;
    loop {
        let data = source.block(ctx, block)?;
        let address = source.address() - data.len() as u64;
        if data.is_empty() {
            break;
        }
        let repeated = match &previous {
            // A last, shorter block is compared as far as it goes.
            Some(previous) if !all => previous.starts_with(&data),
            _ => false,
        };
        if repeated {
            if !std::mem::replace(&mut starred, true) {
                ctx.stdout.put(b"*\n")?;
            }
            if data.len() < block {
                break;
            }
            continue;
        }
        starred = false;
        let mut padded = data.clone();
        padded.resize(block, 0);
        let mut out = Vec::new();
        for format in formats {
            show(format, &padded, data.len(), address, &mut out);
        }
        ctx.stdout.put(&out)?;
        let short = data.len() < block;
        previous = Some(data);
        if short {
            break;
        }
    }
    let end = source.address();
    if end == 0 {
        return Ok(());
    }
    let mut out = Vec::new();
    // The last format with an end address is the one that counts.
    let ending =
        formats.iter().rev().flat_map(|format| format.units.iter()).find(|unit| ends(unit));
    for part in ending.iter().flat_map(|unit| unit.parts.iter()) {
        out.extend_from_slice(&part.before);
        if let Kind::EndAddress(base) = part.kind {
            number(part, base, end, &mut out);
        }
        out.extend_from_slice(&part.after);
    }
    Ok(ctx.stdout.put(&out)?)
}

/// Whether a unit is for the end only.
fn ends(unit: &Unit) -> bool {
    unit.parts.iter().any(|part| matches!(part.kind, Kind::EndAddress(_)))
}

fn show(format: &Format, data: &[u8], real: usize, address: u64, out: &mut Vec<u8>) {
    let mut at = 0;
    for unit in &format.units {
        if ends(unit) {
            break;
        }
        for turn in 1..=unit.repeat {
            for (nth, part) in unit.parts.iter().enumerate() {
                out.extend_from_slice(&part.before);
                // There is no more input: blanks as wide as what would be there.
                if at >= real && part.kind != Kind::Text {
                    pad(part, b"", out);
                } else {
                    let end = (at + part.bytes).min(data.len());
                    convert(part, data.get(at..end).unwrap_or_default(), address + at as u64, out);
                }
                at += part.bytes;
                let last = unit.repeat > 1 && turn == unit.repeat && nth + 1 == unit.parts.len();
                // A unit that is text only keeps its blank too.
                match part.after.split_last() {
                    Some((blank, rest)) if last && blank.is_ascii_whitespace() => {
                        out.extend_from_slice(rest);
                    }
                    _ => out.extend_from_slice(&part.after),
                }
            }
        }
    }
}

/// Text in its field.
fn pad(part: &Part, text: &[u8], out: &mut Vec<u8>) {
    let missing = part.width.saturating_sub(text.len());
    let blanks = std::iter::repeat_n(b' ', missing);
    if part.flags.contains(&b'-') {
        out.extend_from_slice(text);
        out.extend(blanks);
    } else {
        out.extend(blanks);
        out.extend_from_slice(text);
    }
}

fn convert(part: &Part, data: &[u8], address: u64, out: &mut Vec<u8>) {
    let byte = data.first().copied().unwrap_or(0);
    let value = data.iter().rev().take(8).fold(0u64, |n, &byte| n << 8 | u64::from(byte));
    match part.kind {
        Kind::Text => {}
        Kind::Signed => {
            let unused = 64 - 8 * data.len().clamp(1, 8);
            let signed = ((value << unused) as i64) >> unused;
            let sign = if signed < 0 {
                "-"
            } else if part.flags.contains(&b'+') {
                "+"
            } else if part.flags.contains(&b' ') {
                " "
            } else {
                ""
            };
            digits(part, sign, &signed.unsigned_abs().to_string(), out);
        }
        Kind::Unsigned(letter) => number(part, letter, value, out),
        Kind::Address(base) => number(part, base, address, out),
        Kind::EndAddress(_) => {}
        Kind::Float(letter) => {
            let value = match data.len() {
                4 => f64::from(f32::from_bits(value as u32)),
                _ => f64::from_bits(value),
            };
            let sign = if value.is_sign_negative() {
                "-"
            } else if part.flags.contains(&b'+') {
                "+"
            } else {
                ""
            };
            let text = float(letter, value.abs(), part.precision.unwrap_or(6));
            let unlimited = Part { precision: None, ..part.clone() };
            digits(&unlimited, sign, &text, out);
        }
        Kind::Char => pad(part, &[byte], out),
        Kind::String => {
            let text = data.split(|&byte| byte == 0).next().unwrap_or_default();
            let length = part.precision.unwrap_or(usize::MAX).min(text.len());
            pad(part, text.get(..length).unwrap_or_default(), out);
        }
        Kind::Printable => {
            pad(part, &[if matches!(byte, b' '..=b'~') { byte } else { b'.' }], out);
        }
        Kind::Escaped => {
            let text: &[u8] = match byte {
                0 => b"\\0",
                7 => b"\\a",
                8 => b"\\b",
                9 => b"\\t",
                10 => b"\\n",
                11 => b"\\v",
                12 => b"\\f",
                13 => b"\\r",
                b' '..=b'~' => &[byte],
                byte => &format!("{byte:03o}").into_bytes(),
            };
            pad(part, text, out);
        }
        Kind::Named => {
            let name = match byte {
                127 => NAMES.last(),
                byte => NAMES.get(usize::from(byte)).filter(|_| byte < 32),
            };
            match (name, byte) {
                (Some(name), _) => pad(part, name.as_bytes(), out),
                (None, b' '..=b'~') => pad(part, &[byte], out),
                (None, byte) => pad(part, format!("{byte:02x}").as_bytes(), out),
            }
        }
    }
}

fn number(part: &Part, letter: u8, value: u64, out: &mut Vec<u8>) {
    let text = match letter {
        b'o' => format!("{value:o}"),
        b'x' => format!("{value:x}"),
        b'X' => format!("{value:X}"),
        _ => value.to_string(),
    };
    let lead = match letter {
        b'o' if part.flags.contains(&b'#') && value != 0 => "0",
        b'x' if part.flags.contains(&b'#') && value != 0 => "0x",
        b'X' if part.flags.contains(&b'#') && value != 0 => "0X",
        _ => "",
    };
    digits(part, lead, &text, out);
}

/// A number in its field: zeros as its precision or flags want, its sign before them.
fn digits(part: &Part, sign: &str, digits: &str, out: &mut Vec<u8>) {
    let zeros = part.precision.unwrap_or(0).saturating_sub(digits.len());
    let mut text = [sign, &"0".repeat(zeros), digits].concat();
    let missing = part.width.saturating_sub(text.len());
    if part.flags.contains(&b'0') && !part.flags.contains(&b'-') && part.precision.is_none() {
        text = [sign, &"0".repeat(missing), digits].concat();
    }
    pad(part, text.as_bytes(), out);
}

/// As C's `printf` writes it.
fn float(letter: u8, value: f64, precision: usize) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return "inf".into();
    }
    let scientific = |precision: usize| {
        let text = format!("{value:.precision$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        (mantissa.to_owned(), exponent)
    };
    let spell = |mantissa: &str, exponent: i32| {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
    };
    let text = match letter {
        b'f' => format!("{value:.precision$}"),
        b'e' | b'E' => {
            let (mantissa, exponent) = scientific(precision);
            spell(&mantissa, exponent)
        }
        _ => {
            let precision = precision.max(1);
            let (mantissa, exponent) = scientific(precision - 1);
            let trim = |text: &str| match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text.to_owned(),
            };
            let wanted = i32::try_from(precision).unwrap_or(i32::MAX);
            if exponent < -4 || exponent >= wanted {
                spell(&trim(&mantissa), exponent)
            } else {
                let places = usize::try_from(wanted - 1 - exponent).unwrap_or(0);
                trim(&format!("{value:.places$}"))
            }
        }
    };
    if letter.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text }
}
