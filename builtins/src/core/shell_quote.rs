//! Quoting that a shell reads back: `printf %q`, `set`, `declare -p`, `trap -p`, xtrace.

use bstr::ByteSlice;

/// Whether `$'…'` is needed: a control character or a byte that is no UTF-8.
#[must_use]
pub fn needs_ansi_c(text: &[u8]) -> bool {
    if text.is_ascii() {
        return text.iter().any(|byte| byte.is_ascii_control());
    }
    text.char_indices().any(|(start, end, letter)| {
        letter.is_control() || (letter == '\u{fffd}' && &text[start..end] != "\u{fffd}".as_bytes())
    })
}

/// `$'…'`.
#[must_use]
pub fn ansi_c(text: &[u8]) -> Vec<u8> {
    let mut out = b"$'".to_vec();
    for (start, end, letter) in text.char_indices() {
        let raw = &text[start..end];
        match letter {
            '\x1b' => out.extend_from_slice(b"\\E"),
            '\x07' => out.extend_from_slice(b"\\a"),
            '\x08' => out.extend_from_slice(b"\\b"),
            '\x0c' => out.extend_from_slice(b"\\f"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\x0b' => out.extend_from_slice(b"\\v"),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\'' => out.extend_from_slice(b"\\'"),
            _ if letter.is_control() || (letter == '\u{fffd}' && raw != "\u{fffd}".as_bytes()) => {
                for byte in raw {
                    out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
                }
            }
            _ => out.extend_from_slice(raw),
        }
    }
    out.push(b'\'');
    out
}

/// `'…'`, with `'\''` for a quote inside; a quote alone is `\'`.
#[must_use]
pub fn single(text: &[u8]) -> Vec<u8> {
    if text == b"'" {
        return b"\\'".to_vec();
    }
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'\'');
    for &byte in text {
        if byte == b'\'' {
            out.extend_from_slice(b"'\\''");
        } else {
            out.push(byte);
        }
    }
    out.push(b'\'');
    out
}

/// `"…"`, with a backslash before what is special there.
#[must_use]
pub fn double(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\' | b'$' | b'`') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

/// What `printf %q` prints: backslashes, `''` for nothing, `$'…'` for controls.
#[must_use]
pub fn backslash(text: &[u8]) -> Vec<u8> {
    if text.is_empty() {
        return b"''".to_vec();
    }
    if needs_ansi_c(text) {
        return ansi_c(text);
    }
    let mut out = Vec::with_capacity(text.len() + 8);
    let mut before = None;
    for &byte in text {
        let special = match byte {
            b' ' | b'!' | b'"' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b',' | b';' | b'<'
            | b'>' | b'?' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => true,
            b'#' => before.is_none(),
            b'~' => matches!(before, None | Some(b':' | b'=')),
            _ => false,
        };
        if special {
            out.push(b'\\');
        }
        out.push(byte);
        before = Some(byte);
    }
    out
}

/// Whether the shell would take the word apart or expand it.
#[must_use]
pub fn has_metacharacters(text: &[u8]) -> bool {
    let mut before = None;
    for &byte in text {
        let special = match byte {
            b' ' | b'\t' | b'\n' | b'!' | b'"' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*'
            | b';' | b'<' | b'>' | b'?' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|'
            | b'}' => true,
            b'#' => before.is_none(),
            b'~' => matches!(before, None | Some(b':' | b'=')),
            _ => false,
        };
        if special {
            return true;
        }
        before = Some(byte);
    }
    false
}

/// A word as xtrace shows it: `'…'` if the shell would take it apart, even with controls in it.
#[must_use]
pub fn traced(text: &[u8]) -> Vec<u8> {
    if text.is_empty() || has_metacharacters(text) {
        single(text)
    } else if needs_ansi_c(text) {
        ansi_c(text)
    } else {
        text.to_vec()
    }
}

/// A value as `set` shows it: bare if plain, `'…'` or `$'…'` if not.
#[must_use]
pub fn as_needed(text: &[u8]) -> Vec<u8> {
    if needs_ansi_c(text) {
        ansi_c(text)
    } else if has_metacharacters(text) {
        single(text)
    } else {
        text.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each answer is what bash 5.2 prints for `%q`.
    #[test]
    fn words_are_quoted_as_bash_quotes_them() {
        let table: &[(&[u8], &[u8])] = &[
            (b"", b"''"),
            (b"a b", b"a\\ b"),
            (b"a\tb", b"$'a\\tb'"),
            (b"\xff", b"$'\\377'"),
            (b"a=~b", b"a=\\~b"),
            (b"a~b", b"a~b"),
            (b"#a#", b"\\#a#"),
            (b"it's", b"it\\'s"),
            (b"it's\n", b"$'it\\'s\\n'"),
            (b"\x1b\x07\x7f\x01", b"$'\\E\\a\\177\\001'"),
        ];
        for (text, shown) in table {
            assert_eq!(backslash(text).as_bstr(), shown.as_bstr());
        }
    }
}
