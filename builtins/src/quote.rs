//! Names in messages, quoted as GNU's tools quote them in a UTF-8 locale's shell style.

use std::fmt;

use bstr::ByteSlice;

/// A name between quotes, always: `cannot remove 'x'`.
///
/// The style is GNU's `shell-escape-always`: `'a b'`, `"it's"`, `'a'$'\n''b'`.
pub fn quoted<T: AsRef<[u8]> + ?Sized>(name: &T) -> Quoted<'_> {
    Quoted { name: name.as_ref(), always: true, colon: false }
}

/// A name, quoted only where the shell would need it: GNU's `shell-escape`.
pub fn quoted_as_needed<T: AsRef<[u8]> + ?Sized>(name: &T) -> Quoted<'_> {
    Quoted { name: name.as_ref(), always: false, colon: false }
}

/// A name that a colon follows in a message: as [`quoted_as_needed`], and quoted too where a colon
/// is in it.
pub fn quoted_name<T: AsRef<[u8]> + ?Sized>(name: &T) -> Quoted<'_> {
    Quoted { name: name.as_ref(), always: false, colon: true }
}

/// A value in a message, between the quotation marks of a UTF-8 locale: `invalid mode: ‘zz’`.
pub fn marked<T: AsRef<[u8]> + ?Sized>(value: &T) -> Marked<'_> {
    Marked(value.as_ref())
}

/// See [`marked`].
#[derive(Debug, Clone, Copy)]
pub struct Marked<'a>(&'a [u8]);

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‘")?;
        for (start, end, letter) in self.0.char_indices() {
            match letter {
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                '\r' => f.write_str("\\r")?,
                '\\' => f.write_str("\\\\")?,
                '\u{fffd}' => self.0[start..end].iter().try_for_each(|b| write!(f, "\\{b:03o}"))?,
                letter if letter.is_control() => write!(f, "\\{:03o}", u32::from(letter))?,
                letter => write!(f, "{letter}")?,
            }
        }
        f.write_str("’")
    }
}

/// See [`quoted`]. Its `Display` is plain ASCII or the name's own UTF-8.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a> {
    name: &'a [u8],
    always: bool,
    /// A colon is special too.
    colon: bool,
}

/// What a shell would take apart or expand.
fn is_special(letter: char, first: bool) -> bool {
    match letter {
        '#' | '~' => first,
        '{' | '}' => false,
        _ => " \t\n\"$&'()*;<=>?[\\^`|!".contains(letter),
    }
}

fn is_escaped(letter: char) -> bool {
    letter.is_control() || letter == '\u{fffd}'
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chars = || self.name.char_indices();
        let invalid = |start, end, letter| {
            letter == '\u{fffd}' && &self.name[start..end] != "\u{fffd}".as_bytes()
        };
        let controls = chars().any(|(s, e, letter)| letter.is_control() || invalid(s, e, letter));
        if !controls {
            let text = self.name.to_str().unwrap_or_default();
            let special = text.is_empty()
                || text == "{"
                || text == "}"
                || text.char_indices().any(|(at, letter)| is_special(letter, at == 0))
                || (self.colon && text.contains(':'));
            let double = text.contains('\'') && !text.contains(['"', '$', '`', '\\', '!']);
            return match (special || self.always, double) {
                (false, _) => f.write_str(text),
                (true, true) => write!(f, "\"{text}\""),
                (true, false) => write!(f, "'{}'", text.replace('\'', "'\\''")),
            };
        }
        f.write_str("'")?;
        let mut escaping = false;
        for (start, end, letter) in chars() {
            if is_escaped(letter) && (letter.is_control() || invalid(start, end, letter)) {
                f.write_str(if escaping { "" } else { "'$'" })?;
                escaping = true;
                self.name[start..end].iter().try_for_each(|&byte| match byte {
                    7 => f.write_str("\\a"),
                    8 => f.write_str("\\b"),
                    9 => f.write_str("\\t"),
                    10 => f.write_str("\\n"),
                    11 => f.write_str("\\v"),
                    12 => f.write_str("\\f"),
                    13 => f.write_str("\\r"),
                    byte => write!(f, "\\{byte:03o}"),
                })?;
                continue;
            }
            f.write_str(if escaping { "''" } else { "" })?;
            escaping = false;
            if letter == '\'' { f.write_str("'\\''")? } else { write!(f, "{letter}")? }
        }
        f.write_str("'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each answer is what `ls` of coreutils 9.1 says of a missing name.
    #[test]
    fn names_are_quoted_as_gnu_quotes_them() {
        let table: &[(&[u8], &str)] = &[
            (b"x", "'x'"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"it's", "\"it's\""),
            (b"it's $5", "'it'\\''s $5'"),
            (b"a\nb", "'a'$'\\n''b'"),
            (b"\xff", "''$'\\377'"),
            ("ü".as_bytes(), "'ü'"),
            (b"\x01\x02c", "''$'\\001\\002''c'"),
        ];
        for (name, shown) in table {
            assert_eq!(quoted(name).to_string(), *shown);
        }
        assert_eq!(quoted_as_needed("plain").to_string(), "plain");
        assert_eq!(quoted_as_needed("a b").to_string(), "'a b'");
        assert_eq!(quoted_as_needed("a:b").to_string(), "a:b");
        assert_eq!(quoted_name("a:b").to_string(), "'a:b'");
    }
}
