//! `$'…'`: the escapes of C, decoded when the script is read.

/// What `$'escaped'` stands for. A NUL ends it, as in bash.
pub fn decode(escaped: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else {
            value.push(b'\\');
            break;
        };
        rest = after;
        match escape {
            b'a' => value.push(7),
            b'b' => value.push(8),
            b'e' | b'E' => value.push(27),
            b'f' => value.push(12),
            b'n' => value.push(b'\n'),
            b'r' => value.push(b'\r'),
            b't' => value.push(b'\t'),
            b'v' => value.push(11),
            b'\\' | b'\'' | b'"' | b'?' => value.push(escape),
            b'0'..=b'7' => {
                let (number, after) = digits(escaped_from(escaped, rest, 1), 3, 8);
                rest = after;
                // Only the low byte counts.
                let byte = u8::try_from(number & 0xff).unwrap_or_default();
                if byte == 0 {
                    return value;
                }
                value.push(byte);
            }
            b'x' => match hexadecimal(&mut value, rest) {
                Some(after) => rest = after,
                None => return value,
            },
            b'u' | b'U' => {
                let (number, after) = digits(rest, if escape == b'u' { 4 } else { 8 }, 16);
                if after.len() == rest.len() {
                    value.extend_from_slice(&[b'\\', escape]);
                    continue;
                }
                rest = after;
                if number == 0 {
                    return value;
                }
                push_code_point(&mut value, number);
            }
            b'c' => match rest.split_first() {
                Some((&control, after)) => {
                    rest = after;
                    // `\c\\` is one control character.
                    if control == b'\\' && rest.first() == Some(&b'\\') {
                        rest = rest.get(1..).unwrap_or_default();
                    }
                    let byte =
                        if control == b'?' { 127 } else { control.to_ascii_uppercase() & 0x1f };
                    if byte == 0 {
                        return value;
                    }
                    value.push(byte);
                }
                None => value.extend_from_slice(b"\\c"),
            },
            other => value.extend_from_slice(&[b'\\', other]),
        }
    }
    value
}

/// `rest` of `whole` with the last `count` bytes before it.
fn escaped_from<'a>(whole: &'a [u8], rest: &[u8], count: usize) -> &'a [u8] {
    whole.get(whole.len().saturating_sub(rest.len() + count)..).unwrap_or_default()
}

/// `\xHH`, `\x{H…}`; `None` when it is a NUL, which ends the string.
fn hexadecimal<'a>(value: &mut Vec<u8>, rest: &'a [u8]) -> Option<&'a [u8]> {
    let (number, after) = match rest.strip_prefix(b"{") {
        Some(inside) => {
            let (number, after) = digits(inside, usize::MAX, 16);
            if after.len() == inside.len() {
                // Nothing in the braces: bash takes the brace as it is.
                value.extend_from_slice(b"\\x");
                return Some(rest);
            }
            (number, after.strip_prefix(b"}").unwrap_or(after))
        }
        None => digits(rest, 2, 16),
    };
    if after.len() == rest.len() {
        value.extend_from_slice(b"\\x");
        return Some(rest);
    }
    match u8::try_from(number & 0xff) {
        Ok(0) | Err(_) => None,
        Ok(byte) => {
            value.push(byte);
            Some(after)
        }
    }
}

/// The number that at most `max` digits give, and what follows them.
fn digits(text: &[u8], max: usize, base: u32) -> (u32, &[u8]) {
    let mut number = 0u32;
    let mut rest = text;
    for _ in 0..max {
        let Some((&byte, after)) = rest.split_first() else { break };
        let Some(digit) = char::from(byte).to_digit(base) else { break };
        number = number.wrapping_mul(base).wrapping_add(digit);
        rest = after;
    }
    (number, rest)
}

/// UTF-8, in its old form of up to six bytes where Unicode has no such character.
fn push_code_point(value: &mut Vec<u8>, number: u32) {
    if let Some(character) = char::from_u32(number) {
        let mut buffer = [0; 4];
        value.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        return;
    }
    let (count, lead) = match number {
        0..=0xffff => (2, 0xe0),
        0x1_0000..=0x1f_ffff => (3, 0xf0),
        0x20_0000..=0x3ff_ffff => (4, 0xf8),
        0x400_0000..=0x7fff_ffff => (5, 0xfc),
        _ => return,
    };
    let six = |shift: u32| u8::try_from((number >> shift) & 0x3f).unwrap_or_default();
    value.push(lead | u8::try_from(number >> (6 * count)).unwrap_or_default());
    for index in (0..count).rev() {
        value.push(0x80 | six(6 * index));
    }
}

/// Appends `value` in single quotes, as bash writes it.
pub fn push_single_quoted(text: &mut Vec<u8>, value: &[u8]) {
    text.push(b'\'');
    for byte in value {
        if *byte == b'\'' {
            text.extend_from_slice(b"'\\''");
        } else {
            text.push(*byte);
        }
    }
    text.push(b'\'');
}
