//! Whole numbers in arguments, read and refused as coreutils' tools do.

use std::ops::RangeInclusive;

use crate::prelude::*;

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberFault {
    Invalid,
    /// Beyond any integer.
    TooLarge,
}

/// What a suffix multiplies by; `None` if it is unknown.
pub(crate) type Suffixes = fn(&[u8]) -> Option<i128>;

/// No suffix at all.
pub(crate) fn no_suffix(suffix: &[u8]) -> Option<i128> {
    suffix.is_empty().then_some(1)
}

/// `b`, `kB`, `K`, `KiB` and so on.
pub(crate) fn size_suffix(suffix: &[u8]) -> Option<i128> {
    let one = [b"1", suffix].concat();
    let known = crate::size::parse_size(&one)?;
    match suffix {
        // The units beyond 64 bits.
        [b'Z' | b'Y', ..] => Some(i128::MAX),
        _ => Some(i128::from(known)),
    }
}

/// Reads digits with a sign and a suffix, after any white space.
pub(crate) fn integer(text: &[u8], suffixes: Suffixes) -> Result<i128, NumberFault> {
    let text = text.trim_start_with(|letter| letter.is_ascii_whitespace() || letter == '\x0b');
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, suffix) = digits.split_at(count);
    let value = match digits {
        // A unit alone counts once, but not after a sign.
        b"" if text.len() == suffix.len() && !suffix.is_empty() => 1,
        b"" => return Err(NumberFault::Invalid),
        digits => digits
            .iter()
            .fold(0i128, |n, digit| n.saturating_mul(10).saturating_add(i128::from(digit - b'0'))),
    };
    let unit = suffixes(suffix).ok_or(NumberFault::Invalid)?;
    let value = value.saturating_mul(unit);
    let value = if negative { -value } else { value };
    if value > i128::from(u64::MAX) || value < i128::from(i64::MIN) {
        return Err(NumberFault::TooLarge);
    }
    Ok(value)
}

/// Reads a number that must lie in a range, else ends the command: `WHAT: ‘TEXT’: REASON`.
pub(crate) fn within(
    text: &[u8],
    what: &str,
    range: RangeInclusive<i128>,
    suffixes: Suffixes,
) -> Result<i128, CommandError> {
    let refused = |reason: &str| failure(format!("{what}: {}{reason}", marked(text)));
    // An unsigned number takes no sign at all.
    let unsigned = *range.start() >= 0;
    let trimmed = text.trim_start_with(|letter| letter.is_ascii_whitespace());
    if unsigned && trimmed.starts_with(b"-") {
        return Err(refused(""));
    }
    let overflow = ": Value too large for defined data type";
    match integer(text, suffixes) {
        Ok(value) if range.contains(&value) => Ok(value),
        Ok(value) if value.abs() > i128::from(i32::MAX / 2) => Err(refused(overflow)),
        Ok(_) => Err(refused(": Numerical result out of range")),
        Err(NumberFault::TooLarge) => Err(refused(overflow)),
        Err(NumberFault::Invalid) => Err(refused("")),
    }
}
