//! The order of version numbers within names: `sort -V`, `ls -v`.

use std::cmp::Ordering;

/// Compares two names by GNU's rules: numbers by value, `~` before everything, suffixes like
/// `.tar.gz` only if all else is equal.
#[must_use]
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let rank = |name: &[u8]| match name {
        b"" => 0,
        b"." => 1,
        b".." => 2,
        [b'.', ..] => 3,
        _ => 4,
    };
    match rank(a).cmp(&rank(b)) {
        Ordering::Equal => {}
        other => return other,
    }
    let (stem_a, stem_b) = (without_suffix(a), without_suffix(b));
    let stems = parts(stem_a, stem_b);
    if stems != Ordering::Equal || (stem_a.len() == a.len() && stem_b.len() == b.len()) {
        return stems;
    }
    parts(a, b)
}

/// The name without a tail of `.letters`.
fn without_suffix(name: &[u8]) -> &[u8] {
    let mut end = name.len();
    while let Some(dot) = name[..end].iter().rposition(|&byte| byte == b'.') {
        let tail = &name[dot + 1..end];
        let lettered = tail.first().is_some_and(|&b| b.is_ascii_alphabetic() || b == b'~');
        if dot == 0 || !lettered || !tail.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'~') {
            break;
        }
        end = dot;
    }
    &name[..end]
}

fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        None => -1,
        Some(b'0'..=b'9') => 0,
        Some(b'~') => -2,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

/// Alternates between what is no number and numbers.
fn parts(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        loop {
            let text = |side: &[u8]| side.first().is_some_and(|byte| !byte.is_ascii_digit());
            if !text(a) && !text(b) {
                break;
            }
            match weight(a.first()).cmp(&weight(b.first())) {
                Ordering::Equal => {}
                other => return other,
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let digits = |side: &[u8]| side.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number_a, rest_a) = a.split_at(digits(a));
        let (number_b, rest_b) = b.split_at(digits(b));
        let plain = |number: &[u8]| {
            let zeros = number.iter().take_while(|&&byte| byte == b'0').count();
            number[zeros..].to_vec()
        };
        let (value_a, value_b) = (plain(number_a), plain(number_b));
        let order = value_a.len().cmp(&value_b.len()).then_with(|| value_a.cmp(&value_b));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_in_their_order() {
        let sorted = [
            "",
            ".",
            "..",
            ".a",
            "1.0~rc1",
            "1.0",
            "1.0.1",
            "1.2",
            "1.10",
            "a",
            "a1",
            "a2.txt",
            "a2b",
            "a10.txt",
            "b-1.tar.gz",
        ];
        for pair in sorted.windows(2) {
            let [a, b] = pair else { continue };
            assert_eq!(compare(a.as_bytes(), b.as_bytes()), Ordering::Less, "{a} {b}");
            assert_eq!(compare(b.as_bytes(), a.as_bytes()), Ordering::Greater, "{a} {b}");
        }
        assert_eq!(compare(b"a.txt", b"a.txt"), Ordering::Equal);
    }
}
