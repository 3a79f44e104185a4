//! What `numfmt` is asked to do, and one number through it.

use num_bigint::BigInt;

use super::format::Format;
use super::number::{Ratio, Round, ten_to};
use crate::args::choice::choose;
use crate::prelude::*;
use crate::text::number::{integer, no_suffix};
use crate::text::ranges::Ranges;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    None,
    Auto,
    Si,
    Iec,
    IecI,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invalid {
    Abort,
    Fail,
    Warn,
    Ignore,
}

#[derive(Debug)]
pub(super) struct Rules {
    pub debug: bool,
    pub delimiter: Option<u8>,
    /// `None`: all.
    pub fields: Option<Ranges>,
    format: Format,
    from: Unit,
    to: Unit,
    from_unit: BigInt,
    to_unit: BigInt,
    pub header: u64,
    pub invalid: Invalid,
    /// Negative: to the left; `None`: as the input was padded.
    padding: Option<i64>,
    round: Round,
    suffix: BString,
    pub end: u8,
}

/// Digits that are read, and those that are written without a unit.
const DIGITS_MAX: usize = 27;
const UNSCALED_DIGITS_MAX: usize = 18;

/// The letters of the units, by powers of 1000 or 1024.
const LETTERS: &[u8] = b"KMGTPEZY";

pub(super) fn rules(ctx: &mut Context<'_>, args: &Args) -> Result<Rules, CommandError> {
    let mut rules = Rules {
        debug: args.has("debug"),
        delimiter: None,
        fields: Some(Ranges::parse(b"1", true).map_err(usage)?),
        format: Format::default(),
        from: Unit::None,
        to: Unit::None,
        from_unit: 1.into(),
        to_unit: 1.into(),
        header: 0,
        invalid: Invalid::Abort,
        padding: None,
        round: Round::FromZero,
        suffix: args.value("suffix").unwrap_or_default().into(),
        end: if args.has('z') { 0 } else { b'\n' },
    };
    let none = (&["none"][..], Unit::None);
    let units = [(&["si"][..], Unit::Si), (&["iec"][..], Unit::Iec), (&["iec-i"][..], Unit::IecI)];
    let mut fields_given = false;
    for given in args.given() {
        let text = given.value.clone().unwrap_or_default();
        match given.opt.long.unwrap_or_default() {
            "from" => {
                let all = [none, (&["auto"][..], Unit::Auto), units[0], units[1], units[2]];
                rules.from = choose("--from", &text, &all)?;
            }
            "to" => rules.to = choose("--to", &text, &[none, units[0], units[1], units[2]])?,
            "from-unit" => rules.from_unit = unit_size(&text)?,
            "to-unit" => rules.to_unit = unit_size(&text)?,
            "round" => {
                let words: &[(&'static [&'static str], Round)] = &[
                    (&["up"], Round::Up),
                    (&["down"], Round::Down),
                    (&["from-zero"], Round::FromZero),
                    (&["towards-zero"], Round::TowardsZero),
                    (&["nearest"], Round::Nearest),
                ];
                rules.round = choose("--round", &text, words)?;
            }
            "invalid" => {
                let words: &[(&'static [&'static str], Invalid)] = &[
                    (&["abort"], Invalid::Abort),
                    (&["fail"], Invalid::Fail),
                    (&["warn"], Invalid::Warn),
                    (&["ignore"], Invalid::Ignore),
                ];
                rules.invalid = choose("--invalid", &text, words)?;
            }
            "padding" => {
                let padding = integer(&text, no_suffix).ok().and_then(|n| i64::try_from(n).ok());
                rules.padding = match padding {
                    Some(padding) if padding != 0 && padding.abs() <= 1 << 20 => Some(padding),
                    _ => {
                        let shown = marked(&text);
                        return Err(failure(format!("invalid padding value {shown}")));
                    }
                };
            }
            "field" => {
                if std::mem::replace(&mut fields_given, true) {
                    return Err(failure("multiple field specifications"));
                }
                rules.fields = match &text[..] {
                    b"-" => None,
                    text => Some(Ranges::parse(text, true).map_err(usage)?),
                };
            }
            "delimiter" => {
                rules.delimiter = match &text[..] {
                    [] => Some(0),
                    [byte] => Some(*byte),
                    _ => return Err(failure("the delimiter must be a single character")),
                };
            }
            "header" => {
                let lines = match &given.value {
                    None => Ok(1),
                    Some(text) => integer(text, no_suffix),
                };
                let lines = lines.ok().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
                rules.header = lines
                    .ok_or_else(|| failure(format!("invalid header value {}", marked(&text))))?;
            }
            _ => {}
        }
    }
    let format = args.value("format");
    if format.is_some() && args.has("grouping") {
        return Err(failure("--grouping cannot be combined with --format"));
    }
    if rules.debug
        && rules.from == Unit::None
        && rules.to == Unit::None
        && !args.has("grouping")
        && rules.padding.is_none()
        && format.is_none()
    {
        ctx.complain("no conversion option specified")?;
    }
    if let Some(format) = format {
        rules.format = Format::parse(format)?;
        rules.padding = rules.format.padding.or(rules.padding);
    }
    let grouping = args.has("grouping") || rules.format.grouping;
    if grouping && rules.to != Unit::None {
        return Err(failure("grouping cannot be combined with --to"));
    }
    if grouping && rules.debug {
        ctx.complain("grouping has no effect in this locale")?;
    }
    Ok(rules)
}

fn unit_size(text: &[u8]) -> Result<BigInt, CommandError> {
    let suffix = |suffix: &[u8]| {
        let (letter, base) = match suffix {
            [] => return Some(1),
            [letter] => (letter, 1000i128),
            [letter, b'i'] => (letter, 1024),
            _ => return None,
        };
        let power = LETTERS.iter().position(|known| known == letter)? + 1;
        base.checked_pow(u32::try_from(power).ok()?)
    };
    let digits = text.first().is_some_and(u8::is_ascii_digit);
    match integer(text, suffix) {
        Ok(size) if size > 0 && digits => Ok(size.into()),
        _ => Err(failure(format!("invalid unit size: {}", marked(text)))),
    }
}

impl Rules {
    /// One field, or what is wrong with it.
    pub fn convert(&self, field: &[u8], nth: usize) -> Result<Vec<u8>, String> {
        let stripped = match self.suffix.is_empty() || field.len() <= self.suffix.len() {
            true => field,
            false => field.strip_suffix(&self.suffix[..]).unwrap_or(field),
        };
        let blank = |letter: char| matches!(letter, ' ' | '\t' | '\n');
        let text = stripped.trim_start_with(blank);
        let (value, places) = self.read(text)?;
        let value = value.times(&self.from_unit).over(&self.to_unit);
        let number = self.write(&value, places)?;
        let padding = match self.padding {
            Some(padding) => padding,
            // The field keeps its width.
            None if self.delimiter.is_none() && (stripped.len() > text.len() || nth > 1) => {
                i64::try_from(stripped.len()).unwrap_or(0)
            }
            None => 0,
        };
        let mut out = self.format.prefix.clone();
        let mut body = number.into_bytes();
        body.extend_from_slice(&self.suffix);
        let shown = body.chars().count();
        let missing = usize::try_from(padding.unsigned_abs()).unwrap_or(0).saturating_sub(shown);
        let pad = std::iter::repeat_n(b' ', missing);
        if padding > 0 {
            out.extend(pad);
            out.extend(body);
        } else {
            out.extend(body);
            out.extend(pad);
        }
        out.extend_from_slice(&self.format.suffix);
        Ok(out)
    }

    /// Reads a number; with it, how many places it has after the point.
    fn read(&self, text: &[u8]) -> Result<(Ratio, usize), String> {
        let shown = marked(text);
        let invalid = || format!("invalid number: {shown}");
        let (negative, rest) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, rest) = rest.split_at(digits(rest));
        let (fraction, rest) = match rest.strip_prefix(b".") {
            Some(rest) => {
                let (fraction, rest) = rest.split_at(digits(rest));
                if fraction.is_empty() {
                    return Err(invalid());
                }
                (fraction, rest)
            }
            None => (&b""[..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let significant = |digits: &[u8]| digits.trim_start_with(|digit| digit == '0').len();
        if significant(whole) > DIGITS_MAX || significant(fraction) > DIGITS_MAX {
            return Err(format!("value too large to be converted: {shown}"));
        }
        let all = [whole, fraction].concat();
        let value = BigInt::parse_bytes(&all, 10).unwrap_or_default();
        let mut value = Ratio::decimal(if negative { -value } else { value }, fraction.len());
        let mut places = fraction.len();
        let rest = rest.trim_start_with(|letter| matches!(letter, ' ' | '\t'));
        let Some((letter, mut rest)) = rest.split_first() else { return Ok((value, places)) };
        let Some(power) = LETTERS.iter().position(|known| known == letter) else {
            return Err(format!("invalid suffix in input: {shown}"));
        };
        let mut base = 1024;
        match self.from {
            Unit::None => {
                return Err(format!("rejecting suffix in input: {shown} (consider using --from)"));
            }
            Unit::Auto => match rest.strip_prefix(b"i") {
                Some(tail) => rest = tail,
                None => base = 1000,
            },
            Unit::Si => base = 1000,
            Unit::Iec => {}
            Unit::IecI => match rest.strip_prefix(b"i") {
                Some(tail) => rest = tail,
                None => {
                    return Err(format!("missing 'i' suffix in input: {shown} (e.g Ki/Mi/Gi)"));
                }
            },
        }
        if !rest.is_empty() {
            return Err(format!("invalid suffix in input {shown}: {}", marked(rest)));
        }
        places = 0;
        value = value.times(&BigInt::from(base).pow(u32::try_from(power + 1).unwrap_or(0)));
        Ok((value, places))
    }

    fn write(&self, value: &Ratio, places: usize) -> Result<String, String> {
        let precision = self.format.precision.unwrap_or(places);
        let magnitude = value.magnitude();
        if self.to == Unit::None && magnitude + precision > UNSCALED_DIGITS_MAX {
            let shown = value.general();
            let (what, shown) = match precision {
                0 => ("value", shown),
                precision => ("value/precision", format!("{shown}/{precision}")),
            };
            return Err(format!("{what} too large to be printed: '{shown}' (consider using --to)"));
        }
        let beyond = || {
            let shown = value.general();
            format!("value too large to be printed: '{shown}' (cannot handle values > 999Y)")
        };
        if magnitude > DIGITS_MAX - 1 {
            return Err(beyond());
        }
        let rounded = |value: &Ratio, places: usize| {
            let whole = value.clone().times(&ten_to(places)).round(self.round);
            Ratio::decimal(whole, places)
        };
        if self.to == Unit::None {
            return Ok(self.zeros(rounded(value, precision).fixed(precision), ""));
        }
        let base = if self.to == Unit::Si { 1000u32 } else { 1024 };
        let mut scaled = value.clone();
        let mut power = 0;
        while !scaled.is_below(base) {
            scaled = scaled.over(&base.into());
            power += 1;
        }
        let places = match self.format.precision {
            Some(precision) => precision.min(power * 3),
            None => usize::from(scaled.is_below(10)),
        };
        scaled = rounded(&scaled, places);
        if !scaled.is_below(base) {
            scaled = scaled.over(&base.into());
            power += 1;
        }
        if power > LETTERS.len() {
            return Err(beyond());
        }
        let pointed = !scaled.is_zero() && scaled.is_below(10) && power > 0;
        let precision = self.format.precision.unwrap_or(usize::from(pointed));
        let mut unit = String::new();
        if power > 0 {
            unit.push(LETTERS.get(power - 1).map_or('?', |letter| char::from(*letter)));
            if self.to == Unit::IecI {
                unit.push('i');
            }
        }
        Ok(self.zeros(scaled.fixed(precision), &unit))
    }

    /// Zeros in front as `--format` wants them, and the unit behind.
    fn zeros(&self, mut number: String, unit: &str) -> String {
        let missing = self.format.zeros.saturating_sub(number.len());
        let at = usize::from(number.starts_with('-'));
        number.insert_str(at, &"0".repeat(missing));
        number + unit
    }
}
