//! `--debug`: what is odd about the keys, and below each line the parts that were compared.

use bstr::ByteSlice;

use super::compare::Comparer;
use super::key::{Key, Kind, Settings};
use crate::prelude::*;

impl Key {
    fn is_numeric(&self) -> bool {
        matches!(self.settings.kind, Kind::Numeric | Kind::General | Kind::Human)
    }

    /// Says what may not be meant; `given`: by `-k`, not by the options for all.
    fn odd(&self, number: usize, tab: Option<u8>, given: bool) -> Vec<String> {
        let mut odd = Vec::new();
        let zero_width = self.end.is_some_and(|(field, _)| field < self.start_field);
        if zero_width {
            odd.push(format!("key {number} has zero width and will be ignored"));
        }
        let settings = &self.settings;
        let skips = self.is_numeric() || settings.kind == Kind::Month;
        // `-k1.2,1.3` counts from the start of the line.
        let of_line = matches!(self.end, Some((0, character)) if character > 0);
        let blanks = !settings.skip_start && (!skips || self.start_char > 0)
            || !settings.skip_end && self.end.is_some_and(|(_, character)| character > 0);
        if !zero_width && given && tab.is_none() && !of_line && blanks {
            let hint = "consider also specifying 'b'";
            odd.push(format!("leading blanks are significant in key {number}; {hint}"));
        }
        if given && self.is_numeric() && self.spans() {
            odd.push(format!("key {number} is numeric and spans multiple fields"));
        }
        odd
    }

    fn spans(&self) -> bool {
        self.end.is_none_or(|(field, _)| self.start_field < field)
    }

    /// The part of a line that is compared: of a number's key only the number.
    fn compared(&self, line: &[u8], tab: Option<u8>) -> (usize, usize) {
        let range = self.range(line, tab);
        if !(self.is_numeric() || self.settings.kind == Kind::Month) {
            return (range.start, range.end);
        }
        let text = line.get(range.clone()).unwrap_or_default();
        let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count();
        let text = text.get(blanks..).unwrap_or_default();
        let length = match self.settings.kind {
            Kind::Month => 3 * usize::from(super::compare::month(text) > 0),
            Kind::General => float_length(text),
            kind => {
                let number = number_length(text);
                let unit = text.get(number).is_some_and(|byte| b"KkMGTPEZYRQ".contains(byte));
                number + usize::from(number > 0 && kind == Kind::Human && unit)
            }
        };
        (range.start + blanks, range.start + blanks + length)
    }
}

/// Says all that is odd before anything is sorted.
pub(super) fn tell(
    ctx: &mut Context<'_>,
    comparer: &Comparer,
    global: &Settings,
    given: bool,
) -> Result<(), CommandError> {
    let name = ["LC_ALL", "LC_COLLATE", "LANG"].into_iter().find_map(|name| ctx.var(name));
    match name.filter(|_| !ctx.bytes_locale()) {
        Some(name) => {
            ctx.complain(format!("text ordering performed using ‘{name}’ sorting rules"))?;
        }
        None => ctx.complain("text ordering performed using simple byte comparison")?,
    }
    for (at, key) in comparer.keys.iter().enumerate() {
        for odd in key.odd(at + 1, comparer.tab, given) {
            ctx.complain(odd)?;
        }
    }
    let numeric = || comparer.keys.iter().filter(|key| key.is_numeric());
    let spans = given && numeric().any(Key::spans);
    let general = numeric().any(|key| key.settings.kind == Kind::General);
    match comparer.tab {
        Some(b'.') if spans => {
            ctx.complain("field separator ‘.’ is treated as a decimal point in numbers")?;
        }
        tab => {
            match tab {
                Some(b'-') if spans => {
                    ctx.complain("field separator ‘-’ is treated as a minus sign in numbers")?;
                }
                Some(b'+') if spans && general => {
                    ctx.complain("field separator ‘+’ is treated as a plus sign in numbers")?;
                }
                _ => {}
            }
            if numeric().next().is_some() {
                ctx.complain("note numbers use ‘.’ as a decimal point in this locale")?;
            }
        }
    }
    tell_unused(ctx, comparer, global)
}

/// Options for all that no key takes.
fn tell_unused(
    ctx: &mut Context<'_>,
    comparer: &Comparer,
    global: &Settings,
) -> Result<(), CommandError> {
    if comparer.keys.is_empty() {
        return Ok(());
    }
    let unused = |has: &dyn Fn(&Settings) -> bool| {
        has(global) && !comparer.keys.iter().any(|key| has(&key.settings))
    };
    let kind = |kind: Kind| move |settings: &Settings| settings.kind == kind;
    let reverse = unused(&|settings| settings.reverse);
    let letters: String = [
        ('b', unused(&|settings| settings.skip_start)),
        ('d', unused(&|settings| settings.dictionary)),
        ('f', unused(&|settings| settings.fold)),
        ('g', unused(&kind(Kind::General))),
        ('h', unused(&kind(Kind::Human))),
        ('i', unused(&|settings| settings.printing)),
        ('M', unused(&kind(Kind::Month))),
        ('n', unused(&kind(Kind::Numeric))),
        ('R', unused(&kind(Kind::Random))),
        ('r', reverse && !comparer.last_resort),
        ('V', unused(&kind(Kind::Version))),
    ]
    .into_iter()
    .filter_map(|(letter, unused)| unused.then_some(letter))
    .collect();
    match letters.len() {
        0 => {}
        1 => ctx.complain(format!("option '-{letters}' is ignored"))?,
        _ => ctx.complain(format!("options '-{letters}' are ignored"))?,
    }
    if reverse && comparer.last_resort {
        ctx.complain("option '-r' only applies to last-resort comparison")?;
    }
    Ok(())
}

/// A line, without its end, and a line below it for each comparison.
pub(super) fn annotated(comparer: &Comparer, line: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = line.replace("\t", ">");
    out.push(b'\n');
    for key in &comparer.keys {
        let (start, end) = key.compared(line, comparer.tab);
        mark(line, start, end, &mut out);
    }
    if comparer.keys.is_empty() || comparer.last_resort {
        mark(line, 0, line.len(), &mut out);
    }
    out
}

fn mark(line: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    let width = |part: Option<&[u8]>| part.map_or(0, |part| part.chars().count());
    let before = width(line.get(..start));
    out.extend(std::iter::repeat_n(b' ', before));
    match width(line.get(start..end)) {
        0 => out.extend_from_slice(b"^ no match for key"),
        width => out.extend(std::iter::repeat_n(b'_', width)),
    }
    out.push(b'\n');
}

fn digits(text: &[u8], from: usize) -> usize {
    text.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A sign, digits, and digits behind a point.
fn number_length(text: &[u8]) -> usize {
    let sign = usize::from(text.first() == Some(&b'-'));
    let whole = digits(text, sign);
    let mut end = sign + whole;
    let mut any = whole > 0;
    if text.get(end) == Some(&b'.') {
        let fraction = digits(text, end + 1);
        any |= fraction > 0;
        end += 1 + fraction;
    }
    if any { end } else { 0 }
}

/// What `strtold(3)` takes.
fn float_length(text: &[u8]) -> usize {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let rest = text.get(sign..).unwrap_or_default();
    let word = rest.get(..3).unwrap_or_default();
    if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"nan") {
        let long = rest.get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b"infinity"));
        return sign + if long { 8 } else { 3 };
    }
    if let [b'0', b'x' | b'X', hex @ ..] = rest {
        let digits = hex.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        return sign + if digits > 0 { 2 + digits } else { 1 };
    }
    let end = number_length(rest);
    if end == 0 || rest.starts_with(b"-") {
        return 0;
    }
    let power = usize::from(matches!(rest.get(end), Some(b'e' | b'E')));
    let signed = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
    let exponent = digits(rest, end + power + signed);
    sign + if power > 0 && exponent > 0 { end + power + signed + exponent } else { end }
}
