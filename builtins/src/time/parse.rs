//! `date -d`: dates as GNU's tools read them, absolute, relative and mixed.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::format::Moment;
use super::words::{Unit, Word, look_up};
use crate::core::strftime::zone as zone_named;

/// Reads a date as `date -d` does; the time in seconds and nanoseconds. `None` if it is none.
#[must_use]
pub fn parse_date(text: &[u8], now_ns: i64, zone: &TimeZone) -> Option<(i64, u32)> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t', '\n', '\r']);
    let (own_zone, text) = match zone_prefix(text) {
        Some((zone, rest)) => (Some(zone), rest),
        None => (None, text),
    };
    let zone = own_zone.as_ref().unwrap_or(zone);
    if let Some(stamp) = text.strip_prefix('@') {
        return seconds(stamp.trim_start());
    }
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0, found: Found::default(), zone, now_ns };
    reader.read()?;
    reader.found.resolve(now_ns, zone)
}

/// Reads `touch -t`'s `[[CC]YY]MMDDhhmm[.ss]`; the seconds since the epoch.
#[must_use]
pub fn parse_stamp(text: &[u8], now_ns: i64, zone: &TimeZone) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, second) = match text.split_once('.') {
        Some((digits, second)) if second.len() == 2 => (digits, second.parse().ok()?),
        Some(_) => return None,
        None => (text, 0i64),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !digits.is_ascii() {
        return None;
    }
    let this_year = i64::from(Moment::new(now_ns, zone)?.civil.year());
    let (year, rest) = match digits.len() {
        8 => (this_year, digits),
        10 => (two_digit_year(digits[..2].parse().ok()?), &digits[2..]),
        12 => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let field = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day, hour, minute) = (field(0)?, field(2)?, field(4)?, field(6)?);
    // POSIX: 60 is a leap second.
    if second > 60 {
        return None;
    }
    let date = civil(year, month, day)?;
    let time = clock(hour, minute, second.min(59))?;
    let at = local(DateTime::from_parts(date, time), zone)?;
    Some(at + i64::from(second == 60))
}

/// `TZ="Europe/Berlin" …`
fn zone_prefix(text: &str) -> Option<(TimeZone, &str)> {
    let rest = text.strip_prefix("TZ=\"")?;
    let (name, rest) = rest.split_once('"')?;
    Some((zone_named(Some(name.as_bytes())), rest.trim_start()))
}

/// `@1700000000.25`
fn seconds(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = match text.find(['.', ',']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let negative = whole.starts_with('-');
    let number: i64 = whole.strip_prefix('+').unwrap_or(whole).parse().ok()?;
    let nanos = match fraction {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            nanoseconds(digits)
        }
        Some(_) => return None,
        None => 0,
    };
    if negative && nanos > 0 {
        return Some((number - 1, 1_000_000_000 - nanos));
    }
    Some((number, nanos))
}

fn nanoseconds(digits: &str) -> u32 {
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().unwrap_or(0)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Value, how many digits, whether a sign stood before it, and a fraction in nanoseconds.
    Number {
        value: i64,
        digits: usize,
        signed: bool,
        fraction: Option<u32>,
    },
    Word(String),
    Mark(char),
}

/// How many tokens a date may have.
const TOKENS_MAX: usize = 1000;

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if tokens.len() > TOKENS_MAX {
            return None;
        }
        let signed = matches!(first, '+' | '-');
        let digits_at = if signed {
            let tail = rest[1..].trim_start();
            rest.len() - tail.len()
        } else {
            0
        };
        let digits = rest[digits_at..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && (signed || first.is_ascii_digit()) {
            let number = &rest[digits_at..digits_at + digits];
            let value: i64 = number.parse().ok()?;
            let value = if first == '-' { -value } else { value };
            rest = &rest[digits_at + digits..];
            let mut fraction = None;
            if let Some(tail) = rest.strip_prefix(['.', ',']) {
                let length = tail.bytes().take_while(u8::is_ascii_digit).count();
                if length > 0 {
                    fraction = Some(nanoseconds(&tail[..length]));
                    rest = &tail[length..];
                }
            }
            tokens.push(Token::Number { value, digits, signed, fraction });
        } else if signed {
            // A sign without a number means nothing: `17-JUN-1992`.
            rest = &rest[1..];
        } else if first.is_ascii_alphabetic() {
            let length =
                rest.bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'.').count();
            tokens.push(Token::Word(rest[..length].to_owned()));
            rest = &rest[length..];
        } else if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
        } else if first == '(' {
            let mut depth = 0usize;
            let end = rest.char_indices().find(|(_, letter)| {
                match letter {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            rest = &rest[end?.0 + 1..];
        } else {
            tokens.push(Token::Mark(first));
            rest = &rest[first.len_utf8()..];
        }
    }
    Some(tokens)
}

#[derive(Debug, Default)]
struct Found {
    date: Option<(Option<i64>, i64, i64)>,
    dates: u32,
    time: Option<(i64, i64, i64, u32)>,
    times: u32,
    offset: Option<i32>,
    zones: u32,
    /// Ordinal and day of the week.
    day: Option<(i64, i64)>,
    days: u32,
    relative: Relative,
    relatives: u32,
    year_digits: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Relative {
    years: i64,
    months: i64,
    days: i64,
    hours: i64,
    minutes: i64,
    seconds: i64,
    nanoseconds: i64,
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    found: Found,
    zone: &'a TimeZone,
    now_ns: i64,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn word(&self, ahead: usize) -> Option<Word> {
        match self.peek(ahead)? {
            Token::Word(text) => look_up(text),
            _ => None,
        }
    }

    fn mark(&self, ahead: usize) -> Option<char> {
        match self.peek(ahead)? {
            Token::Mark(mark) => Some(*mark),
            _ => None,
        }
    }

    /// An unsigned whole number and its digits.
    fn unsigned(&self, ahead: usize) -> Option<(i64, usize)> {
        match self.peek(ahead)? {
            Token::Number { value, digits, signed: false, fraction: None } => {
                Some((*value, *digits))
            }
            _ => None,
        }
    }

    fn signed(&self, ahead: usize) -> Option<(i64, usize)> {
        match self.peek(ahead)? {
            Token::Number { value, digits, signed: true, fraction: None } => {
                Some((*value, *digits))
            }
            _ => None,
        }
    }

    fn read(&mut self) -> Option<()> {
        while self.at < self.tokens.len() {
            let step = match self.peek(0)? {
                Token::Number { .. } => self.number()?,
                Token::Word(text) => {
                    let text = text.clone();
                    self.named(&text)?
                }
                Token::Mark(',') => 1,
                Token::Mark(_) => return None,
            };
            self.at += step;
        }
        let found = &self.found;
        let once = found.dates <= 1 && found.times <= 1 && found.zones <= 1 && found.days <= 1;
        once.then_some(())
    }

    fn set_date(&mut self, year: Option<(i64, usize)>, month: i64, day: i64) {
        let full = |(year, digits): (i64, usize)| {
            if digits <= 2 { two_digit_year(year) } else { year }
        };
        self.found.year_digits = year.is_some();
        self.found.date = Some((year.map(full), month, day));
        self.found.dates += 1;
    }

    /// What a number begins; how many tokens it took.
    fn number(&mut self) -> Option<usize> {
        let Token::Number { value, signed, fraction, .. } = *self.peek(0)? else { return None };
        if let Some(Word::Unit(unit)) = self.word(1) {
            return self.relative(value, fraction, unit, 2);
        }
        if let Some(Word::Day(day)) = self.word(1)
            && fraction.is_none()
        {
            // `3 monday`: the third one.
            self.found.day = Some((value, day));
            self.found.days += 1;
            return Some(2);
        }
        if signed || fraction.is_some() {
            return None;
        }
        let (value, digits) = self.unsigned(0)?;
        if self.mark(1) == Some(':') {
            return self.time_of_day(value);
        }
        if let Some(Word::Meridian(afternoon)) = self.word(1) {
            self.set_time(twelve_hours(value, afternoon)?, 0, 0, 0);
            return Some(2);
        }
        if self.mark(1) == Some('/') {
            let (second, second_digits) = self.unsigned(2)?;
            if self.mark(3) == Some('/') {
                let third = self.unsigned(4)?;
                if digits >= 4 {
                    self.set_date(Some((value, digits)), second, third.0);
                } else {
                    self.set_date(Some(third), value, second);
                }
                return Some(5);
            }
            let _ = second_digits;
            self.set_date(None, value, second);
            return Some(3);
        }
        if let (Some((month, _)), Some((day, _))) = (self.signed(1), self.signed(2))
            && month <= 0
            && day <= 0
        {
            self.set_date(Some((value, digits)), -month, -day);
            return Some(3);
        }
        if let Some(Word::Month(month)) = self.word(1) {
            if let Some((year, digits)) = self.signed(2)
                && year < 0
                && !matches!(self.word(3), Some(Word::Unit(_)))
            {
                self.set_date(Some((-year, digits)), month, value);
                return Some(3);
            }
            // `17 June 1992`, but not the `10` of `17 June 10:00`.
            if let Some(year) = self.unsigned(2)
                && self.mark(3) != Some(':')
                && !matches!(self.word(3), Some(Word::Unit(_) | Word::Meridian(_)))
            {
                self.set_date(Some(year), month, value);
                return Some(3);
            }
            self.set_date(None, month, value);
            return Some(2);
        }
        self.bare(value, digits)
    }

    /// A number on its own: a year after a date, else `YYYYMMDD`, else `HHMM`.
    fn bare(&mut self, value: i64, digits: usize) -> Option<usize> {
        let found = &mut self.found;
        let year = found.dates > 0 && !found.year_digits && found.relatives == 0;
        if year && (found.times > 0 || digits > 2) {
            let (_, month, day) = found.date?;
            let year = if digits <= 2 { two_digit_year(value) } else { value };
            found.date = Some((Some(year), month, day));
            found.year_digits = true;
            return Some(1);
        }
        if digits > 4 {
            let year_digits = digits - 4;
            self.set_date(Some((value / 10_000, year_digits)), value / 100 % 100, value % 100);
        } else if digits <= 2 {
            self.set_time(value, 0, 0, 0);
        } else {
            self.set_time(value / 100, value % 100, 0, 0);
        }
        Some(1)
    }

    fn set_time(&mut self, hour: i64, minute: i64, second: i64, nanos: u32) {
        self.found.time = Some((hour, minute, second, nanos));
        self.found.times += 1;
    }

    /// `HH:MM[:SS[.frac]] [am|pm]`, and a zone as a signed number right behind it.
    fn time_of_day(&mut self, hour: i64) -> Option<usize> {
        let (mut taken, minute, mut second, mut nanos) = (3, self.value(2)?, 0, 0);
        if self.mark(3) == Some(':') {
            let Token::Number { value, signed: false, fraction, .. } = *self.peek(4)? else {
                return None;
            };
            (second, nanos) = (value, fraction.unwrap_or(0));
            taken = 5;
        }
        let mut hour = hour;
        if let Some(Word::Meridian(afternoon)) = self.word(taken) {
            hour = twelve_hours(hour, afternoon)?;
            taken += 1;
        } else if let Some((value, digits)) = self.signed(taken) {
            taken += 1;
            taken += self.set_offset(value, digits, taken)?;
        }
        self.set_time(hour, minute, second, nanos);
        Some(taken)
    }

    fn value(&self, ahead: usize) -> Option<i64> {
        self.unsigned(ahead).map(|(value, _)| value)
    }

    /// `+0200`, `+02`, `+02:00`; how many further tokens it took.
    fn set_offset(&mut self, value: i64, digits: usize, at: usize) -> Option<usize> {
        let (minutes, taken) = match (self.mark(at), self.value(at + 1)) {
            (Some(':'), Some(minutes)) => {
                let signed = if value < 0 { -minutes } else { minutes };
                (value * 60 + signed, 2)
            }
            _ if digits <= 2 => (value * 60, 0),
            _ => (value / 100 * 60 + value % 100, 0),
        };
        if minutes.abs() > 24 * 60 {
            return None;
        }
        self.found.offset = Some(i32::try_from(minutes * 60).ok()?);
        self.found.zones += 1;
        Some(taken)
    }

    fn relative(
        &mut self,
        value: i64,
        fraction: Option<u32>,
        unit: Unit,
        taken: usize,
    ) -> Option<usize> {
        let ago = self.word(taken) == Some(Word::Ago);
        let value = if ago { value.checked_neg()? } else { value };
        let relative = &mut self.found.relative;
        let add = |to: &mut i64, amount: i64| -> Option<()> {
            *to = to.checked_add(amount)?;
            Some(())
        };
        if fraction.is_some() && unit != Unit::Seconds {
            return None;
        }
        match unit {
            Unit::Years => add(&mut relative.years, value)?,
            Unit::Months => add(&mut relative.months, value)?,
            Unit::Days(each) => add(&mut relative.days, value.checked_mul(each)?)?,
            Unit::Hours => add(&mut relative.hours, value)?,
            Unit::Minutes => add(&mut relative.minutes, value)?,
            Unit::Seconds => {
                add(&mut relative.seconds, value)?;
                let nanos = i64::from(fraction.unwrap_or(0));
                add(&mut relative.nanoseconds, if value < 0 { -nanos } else { nanos })?;
            }
        }
        self.found.relatives += 1;
        Some(taken + usize::from(ago))
    }

    /// What a word begins; how many tokens it took.
    fn named(&mut self, text: &str) -> Option<usize> {
        let word = self.known(text)?;
        match word {
            Word::Month(month) => self.month(month),
            Word::Day(day) => {
                self.found.day = Some((0, day));
                self.found.days += 1;
                Some(1)
            }
            Word::Unit(unit) => self.relative(1, None, unit, 1),
            Word::Days(_) if self.word(1) == Some(Word::Ago) => None,
            Word::Days(days) => self.relative(days, None, Unit::Days(1), 1),
            Word::Ordinal(ordinal) => match self.word(1)? {
                Word::Unit(unit) => self.relative(ordinal, None, unit, 2),
                Word::Day(day) => {
                    self.found.day = Some((ordinal, day));
                    self.found.days += 1;
                    Some(2)
                }
                _ => None,
            },
            Word::Zone(offset) => {
                self.found.offset = Some(offset);
                self.found.zones += 1;
                if self.word(1) == Some(Word::DaylightSaving) {
                    self.found.offset = Some(offset + 3600);
                    return Some(2);
                }
                if let Some((value, digits)) = self.signed(1)
                    && !matches!(self.word(2), Some(Word::Unit(_)))
                {
                    self.found.zones -= 1;
                    let taken = self.set_offset(value, digits, 2)?;
                    self.found.offset = self.found.offset.map(|more| more + offset);
                    return Some(2 + taken);
                }
                Some(1)
            }
            Word::Separator => {
                // `2024-01-02T03:04`; elsewhere the zone of that letter.
                if self.found.dates == 1 && self.unsigned(1).is_some() {
                    return Some(1);
                }
                self.found.offset = Some(-7 * 3600);
                self.found.zones += 1;
                Some(1)
            }
            Word::Ago | Word::DaylightSaving | Word::Meridian(_) => None,
        }
    }

    /// A known word, or the name of the zone's own abbreviations.
    fn known(&self, text: &str) -> Option<Word> {
        let moment = Moment::new(self.now_ns, self.zone)?;
        if moment.abbreviation.eq_ignore_ascii_case(text) {
            return Some(Word::Zone(moment.offset_seconds));
        }
        look_up(text)
    }

    fn month(&mut self, month: i64) -> Option<usize> {
        // `jun-17-1992`
        if let (Some((day, _)), Some((year, digits))) = (self.signed(1), self.signed(2))
            && day < 0
            && year < 0
        {
            self.set_date(Some((-year, digits)), month, -day);
            return Some(3);
        }
        let (day, _) = self.unsigned(1)?;
        if self.mark(2) == Some(',')
            && let Some(year) = self.unsigned(3)
            && self.mark(4) != Some(':')
        {
            self.set_date(Some(year), month, day);
            return Some(4);
        }
        self.set_date(None, month, day);
        Some(2)
    }
}

fn two_digit_year(year: i64) -> i64 {
    if year < 69 { year + 2000 } else { year + 1900 }
}

fn twelve_hours(hour: i64, afternoon: bool) -> Option<i64> {
    (1..=12).contains(&hour).then_some(hour % 12 + if afternoon { 12 } else { 0 })
}

fn civil(year: i64, month: i64, day: i64) -> Option<Date> {
    let year = i16::try_from(year).ok()?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn clock(hour: i64, minute: i64, second: i64) -> Option<jiff::civil::Time> {
    let part = |value: i64| i8::try_from(value).ok();
    jiff::civil::Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok()
}

/// The seconds of a local time.
fn local(at: DateTime, zone: &TimeZone) -> Option<i64> {
    Some(zone.to_ambiguous_timestamp(at).compatible().ok()?.as_second())
}

impl Found {
    fn resolve(&self, now_ns: i64, zone: &TimeZone) -> Option<(i64, u32)> {
        let fixed = self.offset.and_then(|offset| jiff::tz::Offset::from_seconds(offset).ok());
        if self.offset.is_some() && fixed.is_none() {
            return None;
        }
        let fixed = fixed.map(TimeZone::fixed);
        let zone = fixed.as_ref().unwrap_or(zone);
        let now = Moment::new(now_ns, zone)?;
        let today = now.civil.date();
        let mut date = match self.date {
            None => today,
            Some((year, month, day)) => {
                civil(year.unwrap_or_else(|| i64::from(today.year())), month, day)?
            }
        };
        let dated = self.dates > 0 || self.days > 0;
        let (time, nanos) = match self.time {
            Some((hour, minute, second, nanos)) => (clock(hour, minute, second)?, nanos),
            // Only what is purely relative keeps the time of day.
            None if !dated && self.relatives > 0 => (now.civil.time(), now.nanoseconds),
            None => (jiff::civil::Time::midnight(), 0),
        };
        if let Some((ordinal, day)) = self.day
            && self.dates == 0
        {
            let weekday = i64::from(date.weekday().to_sunday_zero_offset());
            let ahead = (day - weekday + 7) % 7;
            let weeks = ordinal - i64::from(ordinal > 0 && weekday != day);
            let span = Span::new().try_days(ahead + 7 * weeks).ok()?;
            date = date.checked_add(span).ok()?;
        }
        // A time that the clocks skip is none; what leads there from another is put right.
        let there = zone.to_ambiguous_timestamp(DateTime::from_parts(date, time)).offset();
        if matches!(there, jiff::tz::AmbiguousOffset::Gap { .. }) {
            return None;
        }
        let date = self.moved(date)?;
        let at = local(DateTime::from_parts(date, time), zone)?;
        let relative = &self.relative;
        let mut seconds = i128::from(at)
            + i128::from(relative.hours) * 3600
            + i128::from(relative.minutes) * 60
            + i128::from(relative.seconds);
        let nanos = i64::from(nanos) + relative.nanoseconds;
        seconds += i128::from(nanos.div_euclid(1_000_000_000));
        let seconds = i64::try_from(seconds).ok()?;
        Timestamp::from_second(seconds).ok()?;
        Some((seconds, u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?))
    }

    /// Years, months and days on the calendar; a day past the month's end runs into the next.
    fn moved(&self, date: Date) -> Option<Date> {
        let relative = &self.relative;
        let year = i64::from(date.year()).checked_add(relative.years)?;
        let months = (i64::from(date.month()) - 1).checked_add(relative.months)?;
        let year = year.checked_add(months.div_euclid(12))?;
        let first = civil(year, months.rem_euclid(12) + 1, 1)?;
        let days = (i64::from(date.day()) - 1).checked_add(relative.days)?;
        first.checked_add(Span::new().try_days(days).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-02-29 12:34:56.5 UTC, a Thursday.
    const NOW: i64 = 1_709_210_096_500_000_000;

    fn read(text: &str, zone: &str) -> String {
        let zone = zone_named(Some(zone.as_bytes()));
        let Some((seconds, nanos)) = parse_date(text.as_bytes(), NOW, &zone) else {
            return "invalid".into();
        };
        let moment = Moment::from_parts(seconds, nanos, &TimeZone::UTC).expect("in range");
        let mut out = Vec::new();
        super::super::format(b"%F %T.%1N", &moment, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn dates_are_read_as_gnu_reads_them() {
        for (text, wanted) in [
            ("", "2024-02-29 00:00:00.0"),
            ("now", "2024-02-29 12:34:56.5"),
            ("@1.5", "1970-01-01 00:00:01.5"),
            ("@-1.5", "1969-12-31 23:59:58.5"),
            ("2024-01-31 +1 month", "2024-03-02 00:00:00.0"),
            ("2022-07-29T03:04:05Z", "2022-07-29 03:04:05.0"),
            ("2022-07-29 03:04:05.25 +0200", "2022-07-29 01:04:05.2"),
            ("20220729", "2022-07-29 00:00:00.0"),
            ("2024-1-1 T 10:00", "2024-01-01 10:00:00.0"),
            ("UTC+3", "2024-02-28 21:00:00.0"),
            ("24:00", "invalid"),
            ("20220729 1405", "2022-07-29 14:05:00.0"),
            ("7/29", "2024-07-29 00:00:00.0"),
            ("7/29/22", "2022-07-29 00:00:00.0"),
            ("29 Jul 2022 3pm", "2022-07-29 15:00:00.0"),
            ("July 29, 1970", "1970-07-29 00:00:00.0"),
            ("17-JUN-1992", "1992-06-17 00:00:00.0"),
            ("tomorrow", "2024-03-01 12:34:56.5"),
            ("yesterday 10:00", "2024-02-28 10:00:00.0"),
            ("3 days ago", "2024-02-26 12:34:56.5"),
            ("next week", "2024-03-07 12:34:56.5"),
            ("last year", "2023-03-01 12:34:56.5"),
            ("monday", "2024-03-04 00:00:00.0"),
            ("next thursday", "2024-03-07 00:00:00.0"),
            ("last friday", "2024-02-23 00:00:00.0"),
            ("1 hour 30 min ago", "2024-02-29 13:04:56.5"),
            ("10:00 +1 day", "2024-03-01 09:00:00.0"),
            ("Thu Feb 29 12:00:00 UTC 2024", "2024-02-29 12:00:00.0"),
            ("2024-01-01 EST", "2024-01-01 05:00:00.0"),
            ("TZ=\"America/New_York\" 2024-01-01", "2024-01-01 05:00:00.0"),
            ("25:00", "invalid"),
            ("2024-13-01", "invalid"),
            ("2023-02-29", "invalid"),
            ("nonsense", "invalid"),
            ("2024-01-01 2024-01-02", "invalid"),
            ("13pm", "invalid"),
        ] {
            assert_eq!(read(text, ""), wanted, "{text}");
        }
        assert_eq!(read("2024-07-01 12:00", "Europe/Berlin"), "2024-07-01 10:00:00.0");
        assert_eq!(read("2024-07-01 12:00 CEST", "Europe/Berlin"), "2024-07-01 10:00:00.0");
    }

    #[test]
    fn stamps_are_touchs() {
        let stamp = |text: &str| parse_stamp(text.as_bytes(), NOW, &TimeZone::UTC);
        assert_eq!(stamp("197001010000.01"), Some(1));
        assert_eq!(stamp("7001010001"), Some(60));
        assert_eq!(stamp("01010000"), Some(1_704_067_200));
        assert_eq!(stamp("7013010001"), None);
        assert_eq!(stamp("x"), None);
    }
}
