//! Backslash escapes, as `echo -e`, `printf` formats and `printf %b` read them.

/// Whose rules: they differ in octal and in `\c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `echo -e`: `\0nnn`, `\c` ends.
    Echo,
    /// GNU's `echo -e`: `\0nnn` and `\nnn`, `\c` ends, no `\u`.
    Program,
    /// A `printf` format: `\nnn`, no `\c`.
    Format,
    /// An argument of `%b`: `\0nnn` and `\nnn`, `\c` ends.
    Argument,
    /// The same in bash, where a backslash before a quote stays.
    ShellArgument,
}

/// What went wrong in an escape; output goes on with the text as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `\x` without a digit.
    NoHexDigit,
    /// `\u` or `\U` without a digit.
    NoUnicodeDigit(u8),
}

/// What one escape gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Went past this many bytes after the backslash.
    Took(usize),
    /// `\c`: nothing more is to be printed.
    Stop,
}

fn number(text: &[u8], digits: usize, base: u32) -> (u32, usize) {
    let mut value = 0u32;
    let mut taken = 0;
    for &byte in text.iter().take(digits) {
        let Some(digit) = (byte as char).to_digit(base) else { break };
        value = value.wrapping_mul(base).wrapping_add(digit);
        taken += 1;
    }
    (value, taken)
}

/// Appends a code point in UTF-8, also those that are no characters, as bash does.
pub fn push_code_point(code: u32, out: &mut Vec<u8>) {
    let tail = |shift: u32| 0x80 | ((code >> shift) & 0x3f) as u8;
    match code {
        0..0x80 => out.push(code as u8),
        0x80..0x800 => out.extend([0xc0 | (code >> 6) as u8, tail(0)]),
        0x800..0x1_0000 => out.extend([0xe0 | (code >> 12) as u8, tail(6), tail(0)]),
        0x1_0000..0x20_0000 => out.extend([0xf0 | (code >> 18) as u8, tail(12), tail(6), tail(0)]),
        0x20_0000..0x400_0000 => {
            out.extend([0xf8 | (code >> 24) as u8, tail(18), tail(12), tail(6), tail(0)]);
        }
        _ => {
            let lead = 0xfc | ((code >> 30) & 1) as u8;
            out.extend([lead, tail(24), tail(18), tail(12), tail(6), tail(0)]);
        }
    }
}

/// Expands the escape whose text after the backslash starts `rest`.
pub fn one(rest: &[u8], style: Style, out: &mut Vec<u8>, fault: &mut dyn FnMut(Fault)) -> Step {
    let Some(&letter) = rest.first() else {
        out.push(b'\\');
        return Step::Took(0);
    };
    let plain = match letter {
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 0x1b,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'"' | b'\'' | b'?' if matches!(style, Style::Format | Style::Argument) => letter,
        b'c' if style != Style::Format => return Step::Stop,
        b'0'..=b'7' => {
            let zero = letter == b'0';
            match style {
                Style::Echo if !zero => {
                    out.extend([b'\\', letter]);
                    return Step::Took(1);
                }
                Style::Echo | Style::Program | Style::Argument | Style::ShellArgument if zero => {
                    let (value, taken) = number(&rest[1..], 3, 8);
                    out.push(value as u8);
                    return Step::Took(1 + taken);
                }
                _ => {
                    let (value, taken) = number(rest, 3, 8);
                    out.push(value as u8);
                    return Step::Took(taken);
                }
            }
        }
        b'x' => {
            let (value, taken) = number(&rest[1..], 2, 16);
            if taken == 0 {
                fault(Fault::NoHexDigit);
                out.extend_from_slice(b"\\x");
            } else {
                out.push(value as u8);
            }
            return Step::Took(1 + taken);
        }
        b'u' | b'U' if style != Style::Program => {
            let (value, taken) = number(&rest[1..], if letter == b'u' { 4 } else { 8 }, 16);
            if taken == 0 {
                fault(Fault::NoUnicodeDigit(letter));
                out.extend([b'\\', letter]);
            } else {
                push_code_point(value, out);
            }
            return Step::Took(1 + taken);
        }
        other => {
            out.extend([b'\\', other]);
            return Step::Took(1);
        }
    };
    out.push(plain);
    Step::Took(1)
}

/// Expands all of `text`; false if `\c` ended it.
pub fn all(text: &[u8], style: Style, out: &mut Vec<u8>, fault: &mut dyn FnMut(Fault)) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        match one(rest, style, out, fault) {
            Step::Took(taken) => rest = &rest[taken..],
            Step::Stop => return false,
        }
    }
    out.extend_from_slice(rest);
    true
}
