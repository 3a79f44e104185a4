//! `--GTYPE-group-format` and `--LTYPE-line-format`: the output as the caller lays it out.

use std::ops::Range;

use super::lines::Lines;
use super::write::Compared;
use crate::prelude::*;

/// The formats that were given, or what GNU's takes instead.
#[derive(Debug)]
pub(super) struct Formats {
    old_lines: Vec<u8>,
    new_lines: Vec<u8>,
    same_lines: Vec<u8>,
    old: Vec<u8>,
    new: Vec<u8>,
    same: Vec<u8>,
    changed: Vec<u8>,
}

/// The options that give formats, for the command's table.
pub(super) const OPTIONS: [Opt; 8] = [
    long("old-group-format", "format a group of lines of FILE1 alone").takes(Takes::Value("GFMT")),
    long("new-group-format", "format a group of lines of FILE2 alone").takes(Takes::Value("GFMT")),
    long("unchanged-group-format", "format a group of common lines").takes(Takes::Value("GFMT")),
    long("changed-group-format", "format a group that differs").takes(Takes::Value("GFMT")),
    long("line-format", "format all lines").takes(Takes::Value("LFMT")),
    long("old-line-format", "format lines of FILE1 alone").takes(Takes::Value("LFMT")),
    long("new-line-format", "format lines of FILE2 alone").takes(Takes::Value("LFMT")),
    long("unchanged-line-format", "format common lines").takes(Takes::Value("LFMT")),
];

impl Formats {
    /// `None` if no option gives a format.
    pub fn read(args: &Args) -> Option<Self> {
        if !OPTIONS.iter().filter_map(|opt| opt.long).any(|name| args.has(name)) {
            return None;
        }
        let given = |name: &str| args.value(name).map(|text| text.to_vec());
        let lines = |name: &str| {
            given(name).or_else(|| given("line-format")).unwrap_or_else(|| b"%l\n".to_vec())
        };
        let changed = given("changed-group-format");
        let group = |name: &str, lines: &[u8]| {
            given(name).or_else(|| changed.clone()).unwrap_or_else(|| lines.to_vec())
        };
        let (old, new) = (group("old-group-format", b"%<"), group("new-group-format", b"%>"));
        let both = || [old.as_slice(), new.as_slice()].concat();
        Some(Self {
            old_lines: lines("old-line-format"),
            new_lines: lines("new-line-format"),
            same_lines: lines("unchanged-line-format"),
            same: given("unchanged-group-format").unwrap_or_else(|| b"%=".to_vec()),
            changed: changed.clone().unwrap_or_else(both),
            old,
            new,
        })
    }

    /// Whether files that are the same print anything.
    pub fn shows_same(&self) -> bool {
        !(self.same.is_empty() || self.same == b"%=" && self.same_lines.is_empty())
    }
}

impl Compared<'_> {
    /// All of both files, group by group.
    pub(super) fn formatted(&self, formats: &Formats, out: &mut Vec<u8>) {
        let group = |format: &[u8], old: Range<usize>, new: Range<usize>, out: &mut Vec<u8>| {
            Group { compared: self, formats, old, new }.put(format, out);
        };
        let (mut one, mut two) = (0, 0);
        for change in self.changes.iter().filter(|change| !change.overlooked) {
            if one < change.old.start {
                group(&formats.same, one..change.old.start, two..change.new.start, out);
            }
            (one, two) = (change.old.end, change.new.end);
            let format = match (change.old.is_empty(), change.new.is_empty()) {
                (true, _) => &formats.new,
                (_, true) => &formats.old,
                _ => &formats.changed,
            };
            group(format, change.old.clone(), change.new.clone(), out);
        }
        let (old, new) = (self.one.lines.len(), self.two.lines.len());
        if one < old || two < new {
            group(&formats.same, one..old, two..new, out);
        }
    }

    fn lines(&self, lines: &Lines, range: Range<usize>, format: &[u8], out: &mut Vec<u8>) {
        for at in range {
            let Some(line) = lines.lines.get(at) else { continue };
            let whole = !(lines.incomplete && at + 1 == lines.lines.len());
            let mut rest = format;
            while let Some((before, directive)) = split(rest) {
                out.extend_from_slice(before);
                rest = match directive {
                    [b'l', tail @ ..] => {
                        self.text(line, out);
                        tail
                    }
                    [b'L', tail @ ..] => {
                        self.text(line, out);
                        out.extend(whole.then_some(b'\n'));
                        tail
                    }
                    other => common(other, &|letter| (letter == b'n').then_some(at + 1), out),
                };
            }
            out.extend_from_slice(rest);
        }
    }
}

/// A group of lines, of both files.
struct Group<'g, 'c> {
    compared: &'g Compared<'c>,
    formats: &'g Formats,
    old: Range<usize>,
    new: Range<usize>,
}

impl Group<'_, '_> {
    fn put(&self, format: &[u8], out: &mut Vec<u8>) {
        let mut rest = format;
        while let Some((before, directive)) = split(rest) {
            out.extend_from_slice(before);
            rest = self.directive(directive, out);
        }
        out.extend_from_slice(rest);
    }

    /// What stands behind a `%`; what follows it.
    fn directive<'f>(&self, text: &'f [u8], out: &mut Vec<u8>) -> &'f [u8] {
        let (compared, formats) = (self.compared, self.formats);
        match text {
            [b'<', tail @ ..] => {
                compared.lines(compared.one, self.old.clone(), &formats.old_lines, out);
                tail
            }
            [b'>', tail @ ..] => {
                compared.lines(compared.two, self.new.clone(), &formats.new_lines, out);
                tail
            }
            [b'=', tail @ ..] => {
                compared.lines(compared.one, self.old.clone(), &formats.same_lines, out);
                tail
            }
            [b'(', tail @ ..] => self.choice(tail, out).unwrap_or_else(|| {
                out.extend_from_slice(b"%(");
                tail
            }),
            other => common(other, &|letter| self.number(letter), out),
        }
    }

    /// `A=B?T:E)`
    fn choice<'f>(&self, text: &'f [u8], out: &mut Vec<u8>) -> Option<&'f [u8]> {
        let (one, rest) = self.operand(text)?;
        let (two, rest) = self.operand(rest.strip_prefix(b"=")?)?;
        let rest = rest.strip_prefix(b"?")?;
        let (yes, rest) = branch(rest, b':')?;
        let (no, rest) = branch(rest, b')')?;
        self.put(if one == two { yes } else { no }, out);
        Some(rest)
    }

    /// A number, or a letter that stands for one.
    fn operand<'f>(&self, text: &'f [u8]) -> Option<(usize, &'f [u8])> {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            let (digits, rest) = text.split_at(digits);
            return Some((digits.to_str().ok()?.parse().ok()?, rest));
        }
        let (letter, rest) = text.split_first()?;
        Some((self.number(*letter)?, rest))
    }

    /// Lower case tells of the first file, upper case of the second.
    fn number(&self, letter: u8) -> Option<usize> {
        let range = if letter.is_ascii_lowercase() { &self.old } else { &self.new };
        Some(match letter.to_ascii_uppercase() {
            b'F' => range.start + 1,
            b'L' => range.end,
            b'N' => range.len(),
            b'E' => range.start,
            b'M' => range.end + 1,
            _ => return None,
        })
    }
}

/// The text before the next `%`, and what stands behind that.
fn split(format: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'%', format)?;
    Some((format.get(..at)?, format.get(at + 1..)?))
}

/// A branch of `%(…)` up to `end`, which is taken; inner ones are read over.
fn branch(text: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let mut depth = 0u32;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'%' if text.get(at + 1) == Some(&b'(') => {
                depth += 1;
                at += 1;
            }
            b'%' => at += 1,
            b')' if depth > 0 => depth -= 1,
            byte if *byte == end && depth == 0 => {
                return Some((text.get(..at)?, text.get(at + 1..)?));
            }
            _ => {}
        }
        at += 1;
    }
}

/// `%%`, `%c'C'` and numbers; what is none of them stays as it is.
fn common<'f>(text: &'f [u8], number: &dyn Fn(u8) -> Option<usize>, out: &mut Vec<u8>) -> &'f [u8] {
    match text {
        [b'%', tail @ ..] => {
            out.push(b'%');
            return tail;
        }
        [b'c', b'\'', b'\\', tail @ ..] => {
            let digits = tail.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            if let Some(rest) = tail.get(digits..).and_then(|rest| rest.strip_prefix(b"'")) {
                let code = tail.iter().take(digits).fold(0u32, |code, digit| {
                    code.wrapping_mul(8).wrapping_add(u32::from(digit - b'0'))
                });
                out.push(code as u8);
                return rest;
            }
        }
        [b'c', b'\'', letter, b'\'', tail @ ..] => {
            out.push(*letter);
            return tail;
        }
        _ => {}
    }
    if let Some((shown, rest)) = numbered(text, number) {
        out.extend_from_slice(shown.as_bytes());
        return rest;
    }
    out.push(b'%');
    text
}

/// `[-'0][WIDTH][.PREC]{doxX}LETTER`
fn numbered<'f>(
    text: &'f [u8],
    number: &dyn Fn(u8) -> Option<usize>,
) -> Option<(String, &'f [u8])> {
    let flags = text.iter().take_while(|byte| matches!(byte, b'-' | b'\'' | b'0')).count();
    let (flags, rest) = text.split_at(flags);
    let digits = |text: &'f [u8]| {
        let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = text.split_at(length);
        let number = digits.to_str().ok().and_then(|digits| digits.parse::<usize>().ok());
        (number.map(|number| number.min(1 << 16)), rest)
    };
    let (width, rest) = digits(rest);
    let (precision, rest) = match rest.strip_prefix(b".") {
        Some(rest) => {
            let (precision, rest) = digits(rest);
            (Some(precision.unwrap_or(0)), rest)
        }
        None => (None, rest),
    };
    let [kind, letter, rest @ ..] = rest else { return None };
    let value = number(*letter)?;
    let digits = match kind {
        b'd' => format!("{value}"),
        b'o' => format!("{value:o}"),
        b'x' => format!("{value:x}"),
        b'X' => format!("{value:X}"),
        _ => return None,
    };
    let width = width.unwrap_or(0);
    let left = flags.contains(&b'-');
    let zeros = flags.contains(&b'0') && !left && precision.is_none();
    let digits = match precision {
        Some(precision) => format!("{digits:0>precision$}"),
        None if zeros => format!("{digits:0>width$}"),
        None => digits,
    };
    let shown = if left { format!("{digits:<width$}") } else { format!("{digits:>width$}") };
    Some((shown, rest))
}
