//! `date +FORMAT`: strftime of the C locale with GNU's flags, widths, `%N`, `%q` and `%:z`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// How wide a field may be asked to be.
const WIDTH_MAX: usize = 1 << 16;

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A point in time, seen in a zone.
#[derive(Debug, Clone)]
pub struct Moment {
    pub civil: DateTime,
    pub seconds: i64,
    pub nanoseconds: u32,
    pub offset_seconds: i32,
    pub abbreviation: String,
}

impl Moment {
    /// `None` outside of the years -9999 to 9999.
    #[must_use]
    pub fn new(ns: i64, zone: &TimeZone) -> Option<Self> {
        Self::from_parts(ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000) as u32, zone)
    }

    /// As [`Moment::new`], for times that nanoseconds in 64 bits cannot hold.
    #[must_use]
    pub fn from_parts(seconds: i64, nanoseconds: u32, zone: &TimeZone) -> Option<Self> {
        let stamp = Timestamp::new(seconds, 0).ok()?;
        let info = zone.to_offset_info(stamp);
        Some(Self {
            civil: info.offset().to_datetime(stamp),
            seconds,
            nanoseconds,
            offset_seconds: info.offset().seconds(),
            abbreviation: info.abbreviation().to_owned(),
        })
    }

    fn weekday(&self) -> usize {
        usize::try_from(self.civil.weekday().to_sunday_zero_offset()).unwrap_or(0)
    }

    /// ISO 8601 year and week.
    fn iso(&self) -> (i64, i64) {
        let week = self.civil.date().iso_week_date();
        (i64::from(week.year()), i64::from(week.week()))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Spec {
    /// `-` none, `_` blanks, `0` zeros, `+` zeros and a sign for long years.
    pad: Option<u8>,
    upper: bool,
    swap: bool,
    width: Option<usize>,
    colons: usize,
}

/// Appends `format` filled in; what is no conversion is copied.
pub fn format(format: &[u8], moment: &Moment, out: &mut Vec<u8>) {
    let mut rest = format;
    while let Some(at) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let taken = conversion(rest, moment, out);
        rest = &rest[taken..];
    }
    out.extend_from_slice(rest);
}

fn conversion(text: &[u8], moment: &Moment, out: &mut Vec<u8>) -> usize {
    let mut spec = Spec::default();
    let mut at = 1;
    while let Some(&flag) = text.get(at) {
        match flag {
            b'-' | b'_' | b'0' | b'+' => spec.pad = Some(flag),
            b'^' => spec.upper = true,
            b'#' => spec.swap = true,
            _ => break,
        }
        at += 1;
    }
    while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        let width = spec.width.unwrap_or(0) * 10 + usize::from(digit - b'0');
        spec.width = Some(width.min(WIDTH_MAX));
        at += 1;
    }
    while text.get(at) == Some(&b':') {
        spec.colons += 1;
        at += 1;
    }
    if matches!(text.get(at), Some(b'E' | b'O'))
        && text.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
    {
        at += 1;
    }
    let Some(&letter) = text.get(at) else {
        out.extend_from_slice(&text[..at]);
        return at;
    };
    if !field(letter, spec, moment, out) {
        out.extend_from_slice(&text[..=at]);
    }
    at + 1
}

fn field(letter: u8, spec: Spec, moment: &Moment, out: &mut Vec<u8>) -> bool {
    let civil = &moment.civil;
    let (year, month, day) =
        (i64::from(civil.year()), i64::from(civil.month()), i64::from(civil.day()));
    let (hour, minute, second) =
        (i64::from(civil.hour()), i64::from(civil.minute()), i64::from(civil.second()));
    let year_day = i64::from(civil.day_of_year());
    let weekday = moment.weekday() as i64;
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    if spec.colons > 0 && letter != b'z' {
        return false;
    }
    let mut composed = |inner: &[u8]| {
        let mut text = Vec::new();
        format(inner, moment, &mut text);
        put(&text, spec, b' ', 0, out);
    };
    match letter {
        b'%' if spec.width.is_none() => out.push(b'%'),
        b'n' => put(b"\n", spec, b' ', 0, out),
        b't' => put(b"\t", spec, b' ', 0, out),
        b'a' => name(&DAYS[moment.weekday()][..3], spec, out),
        b'A' => name(DAYS[moment.weekday()], spec, out),
        b'b' | b'h' => name(&month_name(month)[..3], spec, out),
        b'B' => name(month_name(month), spec, out),
        b'c' => composed(b"%a %b %e %H:%M:%S %Y"),
        b'C' => number(year.div_euclid(100), 2, b'0', spec, out),
        b'd' => number(day, 2, b'0', spec, out),
        b'D' | b'x' => composed(b"%m/%d/%y"),
        b'e' => number(day, 2, b' ', spec, out),
        b'F' => iso_date(moment, spec, out),
        b'g' => number(moment.iso().0.rem_euclid(100), 2, b'0', spec, out),
        b'G' => number(moment.iso().0, 4, b'0', spec, out),
        b'H' => number(hour, 2, b'0', spec, out),
        b'I' => number(hour12, 2, b'0', spec, out),
        b'j' => number(year_day, 3, b'0', spec, out),
        b'k' => number(hour, 2, b' ', spec, out),
        b'l' => number(hour12, 2, b' ', spec, out),
        b'm' => number(month, 2, b'0', spec, out),
        b'M' => number(minute, 2, b'0', spec, out),
        b'N' => nanoseconds(moment.nanoseconds, spec, out),
        b'p' | b'P' => {
            let text = if hour < 12 { "AM" } else { "PM" };
            let lower = letter == b'P' || spec.swap;
            let text = if lower { text.to_ascii_lowercase() } else { text.to_owned() };
            put(text.as_bytes(), Spec { swap: false, ..spec }, b' ', 0, out);
        }
        b'q' => number((month + 2) / 3, 1, b'0', spec, out),
        b'r' => composed(b"%I:%M:%S %p"),
        b'R' => composed(b"%H:%M"),
        b's' => number(moment.seconds, 1, b'0', spec, out),
        b'S' => number(second, 2, b'0', spec, out),
        b'T' | b'X' => composed(b"%H:%M:%S"),
        b'u' => number(if weekday == 0 { 7 } else { weekday }, 1, b'0', spec, out),
        b'U' => number((year_day - 1 + 7 - weekday) / 7, 2, b'0', spec, out),
        b'V' => number(moment.iso().1, 2, b'0', spec, out),
        b'w' => number(weekday, 1, b'0', spec, out),
        b'W' => number((year_day - 1 + 7 - (weekday + 6) % 7) / 7, 2, b'0', spec, out),
        b'y' => number(year.rem_euclid(100), 2, b'0', spec, out),
        b'Y' => number(year, 4, b'0', spec, out),
        b'z' => zone(moment.offset_seconds, spec, out),
        b'Z' => {
            let text = &moment.abbreviation;
            let text = if spec.swap { text.to_ascii_lowercase() } else { text.clone() };
            put(text.as_bytes(), Spec { swap: false, ..spec }, b' ', 0, out);
        }
        _ => return false,
    }
    true
}

fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or("?????")
}

fn name(text: &str, spec: Spec, out: &mut Vec<u8>) {
    let spec = Spec { upper: spec.upper || spec.swap, swap: false, ..spec };
    put(text.as_bytes(), spec, b' ', 0, out);
}

/// Text padded on the left to the width that was asked for.
fn put(text: &[u8], spec: Spec, pad: u8, width: usize, out: &mut Vec<u8>) {
    let pad = match spec.pad {
        Some(b'0' | b'+') => b'0',
        Some(b'_') => b' ',
        _ => pad,
    };
    let width = if spec.pad == Some(b'-') { 0 } else { spec.width.unwrap_or(width) };
    out.extend(std::iter::repeat_n(pad, width.saturating_sub(text.len())));
    if spec.upper {
        out.extend(text.iter().map(u8::to_ascii_uppercase));
    } else {
        out.extend_from_slice(text);
    }
}

fn number(value: i64, digits: usize, pad: u8, spec: Spec, out: &mut Vec<u8>) {
    let pad = match spec.pad {
        Some(b'0' | b'+') => b'0',
        Some(b'_') => b' ',
        _ => pad,
    };
    let width = match (spec.pad, spec.width) {
        (Some(b'-'), _) => 0,
        (_, Some(width)) => width,
        (_, None) => digits,
    };
    let text = value.unsigned_abs().to_string();
    let sign: &[u8] = if value < 0 {
        b"-"
    } else if spec.pad == Some(b'+') && (text.len() > digits || (digits == 4 && width > 4)) {
        b"+"
    } else {
        b""
    };
    let fill = width.saturating_sub(text.len() + sign.len());
    if pad == b' ' {
        out.extend(std::iter::repeat_n(b' ', fill));
        out.extend_from_slice(sign);
    } else {
        out.extend_from_slice(sign);
        out.extend(std::iter::repeat_n(b'0', fill));
    }
    out.extend_from_slice(text.as_bytes());
}

fn iso_date(moment: &Moment, spec: Spec, out: &mut Vec<u8>) {
    let mut text = Vec::new();
    let width = spec.width.map(|width| width.saturating_sub(6));
    let pad = spec.pad.or(Some(b'+').filter(|_| moment.civil.year() > 9999));
    let year = Spec { pad, width, ..Spec::default() };
    number(i64::from(moment.civil.year()), 4, b'0', year, &mut text);
    format(b"-%m-%d", moment, &mut text);
    out.extend_from_slice(&text);
}

/// `%N`: nine digits, or as many as the width says; `%-N` drops trailing zeros.
fn nanoseconds(value: u32, spec: Spec, out: &mut Vec<u8>) {
    let mut digits = format!("{value:09}");
    match spec.pad {
        Some(b'-') => {
            digits.truncate(spec.width.unwrap_or(9).min(9));
            // What is nothing but zeros stays whole.
            let kept = match digits.trim_end_matches('0').len() {
                0 => spec.width.map_or(digits.len(), |_| 1),
                kept => kept,
            };
            out.extend_from_slice(&digits.as_bytes()[..kept]);
        }
        pad => {
            let width = spec.width.unwrap_or(9);
            digits.truncate(width.min(9));
            let blank = pad == Some(b'_');
            let kept = if blank { digits.trim_end_matches('0').len() } else { digits.len() };
            out.extend_from_slice(&digits.as_bytes()[..kept]);
            out.extend(std::iter::repeat_n(if blank { b' ' } else { b'0' }, width - kept));
        }
    }
}

/// `%z`: `+hhmm`; `%:z` `+hh:mm`; `%::z` `+hh:mm:ss`; `%:::z` as short as it can be.
fn zone(offset: i32, spec: Spec, out: &mut Vec<u8>) {
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes, seconds) =
        (offset.abs() / 3600, offset.abs() / 60 % 60, offset.abs() % 60);
    let tail = match spec.colons {
        0 => format!("{minutes:02}"),
        1 => format!(":{minutes:02}"),
        2 => format!(":{minutes:02}:{seconds:02}"),
        _ if seconds != 0 => format!(":{minutes:02}:{seconds:02}"),
        _ if minutes != 0 => format!(":{minutes:02}"),
        _ => String::new(),
    };
    let width = spec.width.map(|width| width.saturating_sub(1 + tail.len()));
    // `%_z` and `%-z` take `+0030` for a number, as GNU's do.
    let joined = spec.colons == 0 && hours == 0 && matches!(spec.pad, Some(b'-' | b'_'));
    let tail = if joined { minutes.to_string() } else { tail };
    let text = match spec.pad {
        _ if joined => match spec.pad {
            Some(b'-') => format!("{sign}{tail}"),
            _ => format!("{:>1$}", format!("{sign}{tail}"), spec.width.unwrap_or(5)),
        },
        Some(b'-') => format!("{sign}{hours}{tail}"),
        Some(b'_') => {
            let hours = format!("{sign}{hours}");
            format!("{hours:>0$}{tail}", width.unwrap_or(2) + 1)
        }
        _ => format!("{sign}{hours:00$}{tail}", width.unwrap_or(2)),
    };
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_gnus() {
        let utc = TimeZone::UTC;
        let moment = Moment::new(1_700_000_001_012_345_678, &utc).expect("in range");
        for (text, wanted) in [
            ("%F %T %s %j %q", "2023-11-14 22:13:21 1700000001 318 4"),
            ("%a %A %b %B %h %^a %#p", "Tue Tuesday Nov November Nov TUE pm"),
            (
                "%c|%x|%X|%r|%R|%D",
                "Tue Nov 14 22:13:21 2023|11/14/23|22:13:21|10:13:21 PM|22:13|11/14/23",
            ),
            ("%-d %_m %05H %e %k %l", "14 11 00022 14 22 10"),
            ("%N %3N %-N %6N", "012345678 012 012345678 012345"),
            ("%z %:z %::z %:::z %Z", "+0000 +00:00 +00:00:00 +00 UTC"),
            ("%G-W%V-%u %g %U %W %w %C %y", "2023-W46-2 23 46 46 2 20 23"),
            ("%5Y %_5d|%10A|%Q %", "02023    14|   Tuesday|%Q %"),
        ] {
            let mut out = Vec::new();
            format(text.as_bytes(), &moment, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), wanted, "{text}");
        }
    }
}
