//! The functions that awk and gawk have built in.

use bstr::ByteSlice;
use bytes::Bytes;

use super::super::ast::{Builtin, Expr, Special, Var};
use super::super::value::{Value, leading_number, looks_numeric, number_text};
use super::{Cell, Done, Machine, fields};
use crate::core::strftime;

impl<'p> Machine<'p, '_, '_, '_, '_> {
    pub(super) fn builtin(&mut self, function: Builtin, args: &'p [Expr]) -> Done<Value> {
        match function {
            Builtin::Length => self.length(args.first()),
            Builtin::Substr => self.substr(args),
            Builtin::Index => self.index(args),
            Builtin::Match => self.match_function(args),
            Builtin::Split => self.split_function(args),
            Builtin::Patsplit => self.patsplit(args),
            Builtin::Sub => self.sub(args, false),
            Builtin::Gsub => self.sub(args, true),
            Builtin::Gensub => self.gensub(args),
            Builtin::Sprintf => Ok(self.format(args)?.into()),
            Builtin::Tolower => self.map_case(args, char::to_lowercase, u8::to_ascii_lowercase),
            Builtin::Toupper => self.map_case(args, char::to_uppercase, u8::to_ascii_uppercase),
            Builtin::Asort => self.asort(args, false),
            Builtin::Asorti => self.asort(args, true),
            Builtin::Isarray => {
                let Some(arg) = args.first() else { return Ok(false.into()) };
                Ok(matches!(self.argument_cell(arg)?, Cell::Array(_)).into())
            }
            Builtin::Typeof => {
                let kind = self.kind(args.first());
                let kind = if kind.is_empty() { self.kind_of_value(args.first())? } else { kind };
                Ok(Value::Text(Bytes::from_static(kind.as_bytes())))
            }
            Builtin::Close => {
                let name = self.argument_text(args, 0)?;
                if args.get(1).is_some() {
                    return self.close_end(&name, args);
                }
                Ok(Value::Number(self.close(&name)?))
            }
            Builtin::Fflush => {
                let name = self.argument_text(args, 0)?;
                if name.is_empty() {
                    self.flush_all()?;
                    return Ok(Value::Number(0.0));
                }
                let known = self.flush_one(&name)?;
                if !known {
                    let what = "is not an open file, pipe or co-process";
                    let name = name.as_bstr();
                    self.warn(format!("fflush: `{name}' {what}"))?;
                }
                Ok(Value::Number(if known { 0.0 } else { -1.0 }))
            }
            Builtin::System => {
                let command = self.argument_text(args, 0)?;
                Ok(Value::Number(self.system(&command)?))
            }
            Builtin::Strftime => self.strftime(args),
            Builtin::Mktime => self.mktime(args),
            Builtin::Systime => Ok(Value::Number(self.ctx.clock.now_s() as f64)),
            Builtin::Rand => Ok(Value::Number(self.random.next())),
            Builtin::Srand => {
                let seed = match args.first() {
                    Some(seed) => self.number(seed)?,
                    None => self.ctx.clock.now_s() as f64,
                };
                Ok(Value::Number(self.random.seed(seed)))
            }
            Builtin::Strtonum => {
                let value = match args.first() {
                    Some(arg) => self.eval(arg)?,
                    None => Value::Uninit,
                };
                Ok(Value::Number(strtonum(&value)))
            }
            _ => self.numeric(function, args),
        }
    }

    fn argument(&mut self, args: &'p [Expr], at: usize) -> Done<f64> {
        args.get(at).map_or(Ok(0.0), |arg| self.number(arg))
    }

    pub(super) fn argument_text(&mut self, args: &'p [Expr], at: usize) -> Done<Bytes> {
        args.get(at).map_or(Ok(Bytes::new()), |arg| self.text(arg))
    }

    fn numeric(&mut self, function: Builtin, args: &'p [Expr]) -> Done<Value> {
        let first = self.argument(args, 0)?;
        if matches!(function, Builtin::Log | Builtin::Sqrt) && first < 0.0 {
            let name = if function == Builtin::Log { "log" } else { "sqrt" };
            let number = number_text(first, b"%.6g");
            let number = number.as_bstr();
            self.warn(format!("{name}: received negative argument {number}"))?;
        }
        if function == Builtin::Exp && first.is_finite() {
            let power = first.exp();
            if power.is_infinite() || power == 0.0 {
                let number = number_text(first, b"%.6g");
                let number = number.as_bstr();
                self.warn(format!("exp: argument {number} is out of range"))?;
            }
        }
        Ok(Value::Number(match function {
            Builtin::Int => first.trunc(),
            Builtin::Mkbool => f64::from(u8::from(first != 0.0)),
            // As the host's library has it, with the sign of its NaN.
            Builtin::Sqrt | Builtin::Log if first < 0.0 => -f64::NAN.abs(),
            Builtin::Sqrt => first.sqrt(),
            Builtin::Exp => first.exp(),
            Builtin::Log => first.ln(),
            Builtin::Sin => first.sin(),
            Builtin::Cos => first.cos(),
            Builtin::Atan2 => first.atan2(self.argument(args, 1)?),
            Builtin::Compl => (((1u64 << 53) - 1) & !self.bits("compl", first)?) as f64,
            Builtin::Lshift => {
                let by = self.argument(args, 1)?;
                let (value, by) = (self.bits("lshift", first)?, self.bits("lshift", by)?);
                u32::try_from(by).ok().and_then(|by| value.checked_shl(by)).unwrap_or(0) as f64
            }
            Builtin::Rshift => {
                let by = self.argument(args, 1)?;
                let (value, by) = (self.bits("rshift", first)?, self.bits("rshift", by)?);
                u32::try_from(by).ok().and_then(|by| value.checked_shr(by)).unwrap_or(0) as f64
            }
            _ => {
                let (name, join): (_, fn(u64, u64) -> u64) = match function {
                    Builtin::And => ("and", |one, two| one & two),
                    Builtin::Or => ("or", |one, two| one | two),
                    _ => ("xor", |one, two| one ^ two),
                };
                let mut value = self.bits(name, first)?;
                for at in 1..args.len() {
                    let next = self.argument(args, at)?;
                    value = join(value, self.bits(name, next)?);
                }
                value as f64
            }
        }))
    }

    fn bits(&self, name: &str, number: f64) -> Done<u64> {
        if number < 0.0 {
            let number = String::from_utf8_lossy(&number_text(number, b"%.6g")).into_owned();
            return self
                .fatal(format!("{name}: argument 1 negative value {number} is not allowed"));
        }
        Ok(number as u64)
    }

    /// What a name stands for: `array`, or what is known of it without its value.
    fn kind(&mut self, arg: Option<&'p Expr>) -> &'static str {
        match arg {
            Some(Expr::Var(var)) => match self.cell_mut(*var) {
                Some(Cell::Array(_)) => "array",
                Some(Cell::Untyped) if *var == Var::Global(Special::Nf.slot()) => "number",
                Some(Cell::Untyped) => "untyped",
                _ => "",
            },
            _ => "",
        }
    }

    fn kind_of_value(&mut self, arg: Option<&'p Expr>) -> Done<&'static str> {
        let Some(arg) = arg else { return Ok("untyped") };
        let Cell::Value(value) = self.argument_cell(arg)? else { return Ok("array") };
        Ok(match value {
            Value::Array(_) => "array",
            Value::Uninit if matches!(arg, Expr::Element(..)) => "untyped",
            Value::Uninit => "unassigned",
            Value::Number(_) => "number",
            Value::Text(_) => "string",
            Value::Regex(_) => "regexp",
            Value::Input(text) if looks_numeric(&text).is_some() => "strnum",
            Value::Input(_) => "string",
        })
    }

    /// Says, once, that a text is none in UTF-8.
    fn told_of_bytes(&mut self, text: &[u8]) -> Done<()> {
        if self.bytes || self.told || text.is_ascii() || text.to_str().is_ok() {
            return Ok(());
        }
        self.told = true;
        let mismatch = "There may be a mismatch between your data and your locale";
        self.warn(format!("Invalid multibyte data detected. {mismatch}"))
    }

    fn length(&mut self, arg: Option<&'p Expr>) -> Done<Value> {
        let text = match arg {
            Some(arg) => match self.argument_cell(arg)? {
                Cell::Array(array) => return Ok(Value::Number(array.borrow().len() as f64)),
                Cell::Value(value) => value.text(&self.convfmt),
                Cell::Untyped => Bytes::new(),
            },
            None => self.whole_record(),
        };
        self.told_of_bytes(&text)?;
        Ok(Value::Number(count(&text, self.bytes) as f64))
    }

    fn substr(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.argument_text(args, 0)?;
        let start = self.argument(args, 1)?.trunc().max(1.0);
        let length = match args.get(2) {
            Some(length) => self.number(length)?.trunc(),
            None => f64::INFINITY,
        };
        if start.is_nan() || length.is_nan() || length <= 0.0 {
            return Ok(Value::Text(Bytes::new()));
        }
        let skip = (start - 1.0).min(1e18) as usize;
        let take = length.min(1e18) as usize;
        self.told_of_bytes(&text)?;
        let from = character_offset(&text, skip, self.bytes);
        let rest = text.slice(from..);
        let to = character_offset(&rest, take, self.bytes);
        Ok(Value::Text(rest.slice(..to)))
    }

    fn index(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.argument_text(args, 0)?;
        let wanted = self.argument_text(args, 1)?;
        let (text, wanted) = match self.ignore_case {
            true => (text.to_lowercase().into(), wanted.to_lowercase().into()),
            false => (text, wanted),
        };
        self.told_of_bytes(&text)?;
        let bytes = self.bytes;
        let at = memchr::memmem::find(&text, &wanted);
        let number = at.map_or(0, |at| count(text.get(..at).unwrap_or_default(), bytes) + 1);
        Ok(Value::Number(number as f64))
    }

    fn match_function(&mut self, args: &'p [Expr]) -> Done<Value> {
        let [subject, pattern, rest @ ..] = args else { return Ok(Value::Uninit) };
        let text = self.text(subject)?;
        let regex = self.pattern(pattern)?;
        let array = match rest.first() {
            Some(array) => match self.array_argument(array)? {
                Some(array) => Some(array),
                None => return self.fatal("match: third argument is not an array"),
            },
            None => None,
        };
        let groups = match &array {
            Some(_) => regex.captures_at(&text, 0),
            None => regex.find_at(&text, 0).map(|whole| vec![Some(whole)]),
        };
        let bytes = self.bytes;
        let position = |at: usize| (count(text.get(..at).unwrap_or_default(), bytes) + 1) as f64;
        let whole = groups.as_ref().and_then(|groups| groups.first().cloned().flatten());
        let (start, length) = match &whole {
            Some(span) => {
                let matched = text.get(span.clone()).unwrap_or_default();
                (position(span.start), count(matched, bytes) as f64)
            }
            None => (0.0, -1.0),
        };
        self.set_special(Special::Rstart, Value::Number(start));
        self.set_special(Special::Rlength, Value::Number(length));
        if let Some(array) = array {
            let mut array = array.borrow_mut();
            array.clear();
            for (group, span) in groups.iter().flatten().enumerate() {
                let Some(span) = span else { continue };
                let matched = text.slice(span.clone());
                let length = count(&matched, bytes) as f64;
                let key = number_text(group as f64, b"%d");
                let part = |name: &[u8]| Bytes::from([&key[..], &self.subsep, name].concat());
                array.insert(&part(b"start"), Value::Number(position(span.start)));
                array.insert(&part(b"length"), Value::Number(length));
                array.insert(&key, Value::Input(matched));
            }
        }
        Ok(Value::Number(start))
    }

    fn split_function(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.argument_text(args, 0)?;
        let separator = match args.get(2) {
            Some(pattern @ Expr::Regex(_)) => fields::Separator::Regex(self.pattern(pattern)?),
            Some(other) => {
                let text = self.text(other)?;
                self.separator(&text)?
            }
            None => {
                let text = self.special(Special::Fs).text(b"");
                self.separator(&text)?
            }
        };
        let mut between = Vec::new();
        let pieces = fields::split(&text, &separator, false, Some(&mut between));
        let leading = matches!(separator, fields::Separator::Blank);
        self.fill(args, pieces, between, leading)
    }

    fn patsplit(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.argument_text(args, 0)?;
        let regex = match args.get(2) {
            Some(pattern) => self.pattern(pattern)?,
            None => {
                let text = self.special(Special::Fpat).text(b"");
                self.regex(&text)?
            }
        };
        let mut between = Vec::new();
        let pieces = fields::matches_of(&text, &regex, Some(&mut between));
        self.fill(args, pieces, between, true)
    }

    /// Puts pieces into the array of the second argument, and separators into the fourth's:
    /// from 0 on where one may stand before the first piece.
    fn fill(
        &mut self,
        args: &'p [Expr],
        pieces: Vec<Bytes>,
        between: Vec<Bytes>,
        leading: bool,
    ) -> Done<Value> {
        let Some(target) = args.get(1) else { return Ok(Value::Uninit) };
        let bytes: usize = pieces.iter().map(|piece| piece.len() + 64).sum();
        self.stored(bytes)?;
        let Some(array) = self.array_argument(target)? else {
            return self.fatal("split: second argument is not an array");
        };
        let separators = match args.get(3) {
            Some(separators) => match self.array_argument(separators)? {
                Some(separators) => Some(separators),
                None => return self.fatal("split: fourth argument is not an array"),
            },
            None => None,
        };
        let count = array.borrow_mut().fill(pieces.into_iter().map(Value::Input));
        if let Some(separators) = separators {
            let mut separators = separators.borrow_mut();
            separators.clear();
            for (at, text) in between.into_iter().enumerate() {
                let number = at + usize::from(!leading);
                separators.insert(&number_text(number as f64, b"%d"), Value::Text(text));
            }
        }
        Ok(Value::Number(count as f64))
    }

    fn map_case<I: Iterator<Item = char>>(
        &mut self,
        args: &'p [Expr],
        map: fn(char) -> I,
        ascii: fn(&u8) -> u8,
    ) -> Done<Value> {
        let text = self.argument_text(args, 0)?;
        if text.is_ascii() {
            return Ok(text.iter().map(ascii).collect::<Vec<u8>>().into());
        }
        let mut out = Vec::with_capacity(text.len());
        for (start, end, letter) in text.char_indices() {
            let raw = text.get(start..end).unwrap_or_default();
            // One character becomes one character, as towupper(3) has it.
            let mut mapped = map(letter);
            match (mapped.next(), mapped.next()) {
                (Some(other), None) if letter != char::REPLACEMENT_CHARACTER => {
                    out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => out.extend_from_slice(raw),
            }
        }
        Ok(out.into())
    }

    fn zone(&self, utc: bool) -> jiff::tz::TimeZone {
        let tz = self.ctx.var("TZ").filter(|_| !utc);
        strftime::zone(tz.map(|tz| tz.as_bytes()))
    }

    fn strftime(&mut self, args: &'p [Expr]) -> Done<Value> {
        let format = match args.first() {
            Some(format) => self.text(format)?,
            None => Bytes::from_static(b"%a %b %e %H:%M:%S %Z %Y"),
        };
        let seconds = match args.get(1) {
            Some(seconds) => self.number(seconds)? as i64,
            None => self.ctx.clock.now_s(),
        };
        let utc = self.argument(args, 2)? != 0.0;
        if format.is_empty() {
            return Ok(Value::Text(Bytes::new()));
        }
        // gmtime(3)'s zone has a name of its own.
        let format = if utc { format.replace("%Z", "GMT").into() } else { format };
        Ok(strftime::strftime(&format, seconds, &self.zone(utc)).into())
    }

    /// `mktime("YYYY MM DD HH MM SS")`, -1 if that is no time.
    fn mktime(&mut self, args: &'p [Expr]) -> Done<Value> {
        let text = self.argument_text(args, 0)?;
        let utc = self.argument(args, 1)? != 0.0;
        let parts: Vec<i64> = text
            .split(u8::is_ascii_whitespace)
            .filter(|part| !part.is_empty())
            .map(|part| leading_number(part).0 as i64)
            .collect();
        let [year, month, day, hour, minute, second, ..] = parts.as_slice() else {
            return Ok(Value::Number(-1.0));
        };
        let seconds = seconds_of([*year, *month, *day, *hour, *minute, *second], &self.zone(utc));
        Ok(Value::Number(seconds.map_or(-1.0, |seconds| seconds as f64)))
    }
}

/// Fields beyond their range carry over, as mktime(3) has it.
fn seconds_of(parts: [i64; 6], zone: &jiff::tz::TimeZone) -> Option<i64> {
    use jiff::{Span, civil};
    let [year, month, day, hour, minute, second] = parts;
    let months = year.checked_mul(12)?.checked_add(month)?.checked_sub(1)?;
    let year = i16::try_from(months.div_euclid(12)).ok()?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    let first = civil::Date::new(year, month, 1).ok()?.to_datetime(civil::Time::midnight());
    let days = Span::new().try_days(day.checked_sub(1)?).ok()?;
    let clock =
        hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    let time =
        first.checked_add(days).ok()?.checked_add(Span::new().try_seconds(clock).ok()?).ok()?;
    Some(zone.to_ambiguous_zoned_datetime(time).compatible().ok()?.timestamp().as_second())
}

fn strtonum(value: &Value) -> f64 {
    let text = match value {
        Value::Text(text) | Value::Input(text) | Value::Regex(text) => text,
        other => return other.number(),
    };
    let trimmed = text.trim_ascii_start();
    // Behind a sign neither prefix means anything.
    let digits = trimmed;
    let radix = match digits {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'0'..=b'7', ..] if !digits.contains(&b'.') => 8,
        _ => return value.number(),
    };
    let digits = if radix == 16 { digits.get(2..).unwrap_or_default() } else { digits };
    digits
        .iter()
        .map_while(|digit| char::from(*digit).to_digit(radix))
        .fold(0.0, |number, digit| number * f64::from(radix) + f64::from(digit))
}

/// How many characters there are; bytes that are no UTF-8 count one each.
fn count(text: &[u8], bytes: bool) -> usize {
    if bytes || text.is_ascii() { text.len() } else { text.chars().count() }
}

/// Where the character with this number (from 0) starts; the end if there are fewer.
fn character_offset(text: &[u8], number: usize, bytes: bool) -> usize {
    if bytes || text.is_ascii() {
        return number.min(text.len());
    }
    text.char_indices().nth(number).map_or(text.len(), |(start, _, _)| start)
}
