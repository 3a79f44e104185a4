//! `strptime(3)` in the C locale.

/// A broken-down time as `struct tm` has it, but for the year.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Broken {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub weekday: Option<i64>,
    pub day_of_year: Option<i64>,
    pub afternoon: Option<bool>,
    pub offset_seconds: i64,
}

const DAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Broken {
    /// Days since 1970 of the date; months and days beyond their bounds carry over.
    fn days(&self) -> i64 {
        let year = self.year.saturating_add(self.month.div_euclid(12)).clamp(-1_000_000, 1_000_000);
        let month = self.month.rem_euclid(12);
        // Counted from March, so that a leap day is a year's last.
        let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * month + 2) / 5;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
            + self.day.clamp(-1_000_000_000, 1_000_000_000)
            - 1
    }

    /// Seconds since 1970, as `timegm(3)` has them.
    pub fn seconds(&self) -> i64 {
        let clamp = |number: i64| number.clamp(-1_000_000_000_000, 1_000_000_000_000);
        self.days() * 86_400
            + clamp(self.hour) * 3600
            + clamp(self.minute) * 60
            + clamp(self.second)
    }

    fn dated(&self) -> bool {
        (1..=31).contains(&self.day)
    }

    /// From Sunday; 8 if no day is known.
    pub fn weekday(&self) -> i64 {
        match self.weekday {
            Some(day) if !self.dated() => day,
            _ if self.dated() => (self.days() + 4).rem_euclid(7),
            _ => 8,
        }
    }

    /// From 0; 367 if no day is known.
    pub fn day_of_year(&self) -> i64 {
        if let Some(day) = self.day_of_year {
            return day;
        }
        if !self.dated() {
            return 367;
        }
        let first = Self { month: 0, day: 1, ..*self };
        self.days() - first.days()
    }
}

/// Reads a time; `None` if it does not match the format to its end.
pub(super) fn parse(text: &str, format: &str) -> Option<Broken> {
    let mut broken = Broken { year: 1900, ..Broken::default() };
    let rest = within(text, format, &mut broken, 0)?;
    if let Some(afternoon) = broken.afternoon {
        broken.hour = broken.hour % 12 + if afternoon { 12 } else { 0 };
    }
    if let Some(day) = broken.day_of_year
        && !broken.dated()
    {
        // A day of the year alone tells the date.
        let first = Broken { month: 0, day: 1, ..broken };
        let (mut month, mut left) = (0, day);
        while month < 11 {
            let next = Broken { month: month + 1, day: 1, ..first };
            let length = next.days() - Broken { month, day: 1, ..first }.days();
            if left < length {
                break;
            }
            left -= length;
            month += 1;
        }
        broken.month = month;
        broken.day = left + 1;
    }
    rest.is_empty().then_some(broken)
}

fn within<'a>(text: &'a str, format: &str, broken: &mut Broken, depth: usize) -> Option<&'a str> {
    let mut text = text;
    let mut format = format.chars();
    while let Some(letter) = format.next() {
        if letter.is_ascii_whitespace() {
            text = text.trim_start();
            continue;
        }
        if letter != '%' {
            text = text.strip_prefix(letter)?;
            continue;
        }
        let mut conversion = format.next()?;
        while matches!(conversion, 'E' | 'O' | '-' | '_' | '0' | '^' | '#') {
            conversion = format.next()?;
        }
        text = field(text, conversion, broken, depth)?;
    }
    Some(text)
}

fn field<'a>(
    text: &'a str,
    conversion: char,
    broken: &mut Broken,
    depth: usize,
) -> Option<&'a str> {
    let composed = |format: &str, broken: &mut Broken| {
        if depth > 2 { None } else { within(text, format, broken, depth + 1) }
    };
    let number = |width: usize, range: std::ops::RangeInclusive<i64>, to: &mut i64| {
        let (value, rest) = digits(text.trim_start(), width)?;
        *to = value;
        range.contains(&value).then_some(rest)
    };
    match conversion {
        '%' => text.strip_prefix('%'),
        'n' | 't' => Some(text.trim_start()),
        'a' | 'A' => {
            let (day, rest) = name(text, &DAYS)?;
            broken.weekday = Some(day);
            Some(rest)
        }
        'b' | 'B' | 'h' => {
            let (month, rest) = name(text, &MONTHS)?;
            broken.month = month;
            Some(rest)
        }
        'd' | 'e' => number(2, 1..=31, &mut broken.day),
        'H' | 'k' => number(2, 0..=23, &mut broken.hour),
        'I' | 'l' => number(2, 1..=12, &mut broken.hour),
        'M' => number(2, 0..=59, &mut broken.minute),
        'S' => number(2, 0..=61, &mut broken.second),
        'm' => {
            let mut month = 0;
            let rest = number(2, 1..=12, &mut month)?;
            broken.month = month - 1;
            Some(rest)
        }
        'j' => {
            let mut day = 0;
            let rest = number(3, 1..=366, &mut day)?;
            broken.day_of_year = Some(day - 1);
            Some(rest)
        }
        'y' => {
            let mut year = 0;
            let rest = number(2, 0..=99, &mut year)?;
            broken.year = year + if year < 69 { 2000 } else { 1900 };
            Some(rest)
        }
        'C' => {
            let mut century = 0;
            let rest = number(2, 0..=99, &mut century)?;
            broken.year = century * 100 + broken.year % 100;
            Some(rest)
        }
        'Y' | 'G' => number(4, 0..=9999, &mut broken.year),
        'u' | 'w' | 'U' | 'W' | 'V' | 'g' => {
            let mut value = 0;
            let width = if matches!(conversion, 'u' | 'w') { 1 } else { 2 };
            let rest = number(width, 0..=99, &mut value)?;
            if matches!(conversion, 'u' | 'w') {
                broken.weekday = Some(value % 7);
            }
            Some(rest)
        }
        'p' | 'P' => {
            let (half, rest) = name(text, &["am", "pm"])?;
            broken.afternoon = Some(half == 1);
            Some(rest)
        }
        's' => {
            let negative = text.starts_with('-');
            let (seconds, rest) = digits(text.strip_prefix('-').unwrap_or(text), 18)?;
            *broken = of_seconds(if negative { -seconds } else { seconds });
            Some(rest)
        }
        'z' => {
            let (offset, rest) = offset(text.trim_start())?;
            broken.offset_seconds = offset;
            Some(rest)
        }
        'Z' => Some(text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic())),
        'T' => composed("%H:%M:%S", broken),
        'R' => composed("%H:%M", broken),
        'r' => composed("%I:%M:%S %p", broken),
        'D' | 'x' => composed("%m/%d/%y", broken),
        'F' => composed("%Y-%m-%d", broken),
        'X' => composed("%H:%M:%S", broken),
        'c' => composed("%a %b %e %H:%M:%S %Y", broken),
        _ => None,
    }
}

fn digits(text: &str, width: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(count);
    Some((digits.parse().ok()?, rest))
}

/// A name in full or its first three letters (two for halves of the day).
fn name<'a>(text: &'a str, names: &[&str]) -> Option<(i64, &'a str)> {
    let starts = |prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    for (at, name) in names.iter().enumerate() {
        let short = name.get(..3).unwrap_or(name);
        let found = [*name, short].into_iter().find(|name| starts(name));
        if let Some(found) = found {
            return Some((i64::try_from(at).ok()?, text.get(found.len()..)?));
        }
    }
    None
}

/// `+hh`, `+hhmm`, `+hh:mm` or `Z`.
fn offset(text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((0, rest));
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(text.get(1..)?, 2)?;
    let after = rest.strip_prefix(':').unwrap_or(rest);
    match digits(after, 2) {
        Some((minutes, rest)) => Some((sign * (hours * 3600 + minutes * 60), rest)),
        None => Some((sign * hours * 3600, rest)),
    }
}

fn of_seconds(seconds: i64) -> Broken {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 2, 0) } else { (month - 10, 1) };
    Broken {
        year: era * 400 + year + carry,
        month,
        day,
        hour: of_day / 3600,
        minute: of_day / 60 % 60,
        second: of_day % 60,
        ..Broken::default()
    }
}
