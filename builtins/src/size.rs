//! Counts with GNU's multiplier suffixes: `b` 512, `kB` 1000, `K` and `KiB` 1024, up to `Y`.

/// Reads a count. `None` if it is no number with a known suffix; too large a number saturates.
#[must_use]
pub fn parse_size(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, suffix) = text.split_at(digits);
    let multiplier = multiplier(suffix)?;
    let number = match number {
        b"" if suffix.is_empty() => return None,
        b"" => 1,
        digits => digits
            .iter()
            .fold(0u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0'))),
    };
    Some(u64::try_from(u128::from(number).saturating_mul(multiplier)).unwrap_or(u64::MAX))
}

fn multiplier(suffix: &[u8]) -> Option<u128> {
    let (letter, base) = match suffix {
        b"" => return Some(1),
        b"b" => return Some(512),
        [letter] => (*letter, 1024u128),
        [letter, b'B'] => (*letter, 1000),
        [letter, b'i', b'B'] => (*letter, 1024),
        _ => return None,
    };
    let power = match letter {
        b'k' | b'K' => 1,
        b'm' | b'M' => 2,
        b'G' | b'g' => 3,
        b'T' | b't' => 4,
        b'P' => 5,
        b'E' => 6,
        b'Z' => 7,
        b'Y' => 8,
        _ => return None,
    };
    base.checked_pow(power)
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn suffixes_multiply() {
        assert_eq!(parse_size(b"10"), Some(10));
        assert_eq!(parse_size(b"2b"), Some(1024));
        assert_eq!(parse_size(b"1kB"), Some(1000));
        assert_eq!(parse_size(b"1K"), Some(1024));
        assert_eq!(parse_size(b"3MiB"), Some(3 << 20));
        assert_eq!(parse_size(b"9Y"), Some(u64::MAX));
        for bad in ["", "x", "1x", "1kiB2", "-1"] {
            assert_eq!(parse_size(bad.as_bytes()), None, "{bad}");
        }
    }
}
