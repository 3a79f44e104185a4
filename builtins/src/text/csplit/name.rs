//! The names of the sections: a prefix and a number.

use crate::prelude::*;

#[derive(Debug)]
pub(super) struct Names {
    prefix: BString,
    before: Vec<u8>,
    after: Vec<u8>,
    letter: u8,
    flags: Vec<u8>,
    width: usize,
    precision: Option<usize>,
}

/// Numbers are no wider than this.
const WIDTH_MAX: usize = 255;

impl Names {
    pub fn new(prefix: &BStr, format: Option<&BStr>, digits: usize) -> Result<Self, CommandError> {
        let mut names = Self {
            prefix: prefix.into(),
            before: Vec::new(),
            after: Vec::new(),
            letter: b'd',
            flags: b"0".to_vec(),
            width: digits,
            precision: None,
        };
        let Some(format) = format else { return Ok(names) };
        let mut rest = format.as_bytes();
        let mut seen = false;
        while let Some((byte, tail)) = rest.split_first() {
            rest = tail;
            let text = if seen { &mut names.after } else { &mut names.before };
            if *byte != b'%' {
                text.push(*byte);
                continue;
            }
            if let Some(tail) = rest.strip_prefix(b"%") {
                text.push(b'%');
                rest = tail;
                continue;
            }
            if std::mem::replace(&mut seen, true) {
                return Err(failure("too many % conversion specifications in suffix"));
            }
            let flags = rest.iter().take_while(|flag| b"-+ '0#".contains(flag)).count();
            let (flags, tail) = rest.split_at(flags);
            names.flags = flags.to_vec();
            rest = tail;
            let number = |rest: &mut &[u8]| {
                let count = rest.iter().take_while(|digit| digit.is_ascii_digit()).count();
                let (digits, tail) = rest.split_at(count);
                *rest = tail;
                digits.to_str().unwrap_or_default().parse().unwrap_or(0usize).min(WIDTH_MAX)
            };
            names.width = number(&mut rest);
            if let Some(tail) = rest.strip_prefix(b".") {
                rest = tail;
                names.precision = Some(number(&mut rest));
            }
            match rest.split_first() {
                Some((letter @ (b'd' | b'i' | b'u' | b'o' | b'x' | b'X'), tail)) => {
                    names.letter = *letter;
                    rest = tail;
                }
                Some((b' '..=b'~', _)) => {
                    let letter = char::from(rest.first().copied().unwrap_or(b'?'));
                    return Err(failure(format!(
                        "invalid conversion specifier in suffix: {letter}"
                    )));
                }
                Some((byte, _)) => {
                    return Err(failure(format!(
                        "invalid conversion specifier in suffix: \\{byte:03o}"
                    )));
                }
                None => return Err(failure("missing conversion specifier in suffix")),
            }
        }
        if !seen {
            return Err(failure("missing % conversion specification in suffix"));
        }
        Ok(names)
    }

    pub fn get(&self, number: u64) -> BString {
        let digits = match self.letter {
            b'o' => format!("{number:o}"),
            b'x' => format!("{number:x}"),
            b'X' => format!("{number:X}"),
            _ => number.to_string(),
        };
        let zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let digits = "0".repeat(zeros) + &digits;
        let missing = self.width.saturating_sub(digits.len());
        let (left, right) = match (self.flags.contains(&b'-'), self.flags.contains(&b'0')) {
            (true, _) => (String::new(), " ".repeat(missing)),
            (_, true) if self.precision.is_none() => ("0".repeat(missing), String::new()),
            _ => (" ".repeat(missing), String::new()),
        };
        let number = [left, digits, right].concat();
        [&self.prefix[..], &self.before, number.as_bytes(), &self.after].concat().into()
    }
}
