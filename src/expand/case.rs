//! Letters in upper and lower case, as the C library changes them in `C.UTF-8`.

/// Appends `letter` (whose bytes are `raw`) in upper or lower case.
///
/// As `towupper(3)`: a letter whose other case is not a single letter stays as it is.
pub fn push(letter: char, raw: &[u8], upper: bool, out: &mut Vec<u8>) {
    if raw.len() == 1 {
        let byte = raw.first().copied().unwrap_or_default();
        out.push(if upper { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() });
        return;
    }
    let changed = if letter == '\u{fffd}' { None } else { other(letter, upper) };
    match changed {
        Some(changed) => {
            let mut buffer = [0; 4];
            out.extend_from_slice(changed.encode_utf8(&mut buffer).as_bytes());
        }
        None => out.extend_from_slice(raw),
    }
}

/// The single letter that `letter` is in the other case.
pub fn other(letter: char, upper: bool) -> Option<char> {
    fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
        let first = letters.next()?;
        letters.next().is_none().then_some(first)
    }
    if upper { single(letter.to_uppercase()) } else { single(letter.to_lowercase()) }
}
