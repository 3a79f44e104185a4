//! Constants: decimal, octal, hexadecimal, `base#digits`.

/// The value of `digits`, which begins with a digit; too large values wrap around.
///
/// # Errors
/// Bash's message.
pub(super) fn parse(digits: &[u8]) -> Result<i64, &'static str> {
    let (mut base, mut rest, mut based) = (10i64, digits, false);
    if let Some(after) = digits.strip_prefix(b"0") {
        if after.is_empty() {
            return Ok(0);
        }
        based = true;
        if let Some(after) = after.strip_prefix(b"x").or(after.strip_prefix(b"X")) {
            base = 16;
            rest = after;
        } else {
            base = 8;
            rest = after;
        }
    }
    let mut value = 0i64;
    let mut index = 0;
    while let Some(&byte) = rest.get(index) {
        index += 1;
        if byte == b'#' {
            if based {
                return Err("invalid number");
            }
            if !(2..=64).contains(&value) {
                return Err("invalid arithmetic base");
            }
            (base, value, based) = (value, 0, true);
            if index == rest.len() {
                return Err("invalid integer constant");
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => i64::from(byte - b'0'),
            b'a'..=b'z' => i64::from(byte - b'a') + 10,
            b'A'..=b'Z' if base <= 36 => i64::from(byte - b'A') + 10,
            b'A'..=b'Z' => i64::from(byte - b'A') + 36,
            b'@' => 62,
            b'_' => 63,
            _ => return Err("invalid number"),
        };
        if digit >= base {
            return Err("value too great for base");
        }
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn constants_are_read_as_bash_reads_them() {
        for (text, value) in [
            ("0", Ok(0)),
            ("017", Ok(15)),
            ("0x1F", Ok(31)),
            ("2#101", Ok(5)),
            ("36#zZ", Ok(35 * 36 + 35)),
            ("64#@_", Ok(62 * 64 + 63)),
            ("9223372036854775808", Ok(i64::MIN)),
            ("08", Err("value too great for base")),
            ("1#1", Err("invalid arithmetic base")),
            ("65#1", Err("invalid arithmetic base")),
            ("2#2", Err("value too great for base")),
            ("2#1#1", Err("invalid number")),
        ] {
            assert_eq!(parse(text.as_bytes()), value, "{text}");
        }
    }
}
