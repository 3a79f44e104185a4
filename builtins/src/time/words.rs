//! The words of dates: months, days, units and zones, with their abbreviations.

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Month(i64),
    /// 0 is Sunday.
    Day(i64),
    Meridian(bool),
    Unit(Unit),
    /// `tomorrow`, `today`: so many days.
    Days(i64),
    /// `next`, `last`, `third`.
    Ordinal(i64),
    Ago,
    /// Seconds east of Greenwich, and whether an offset may follow (`UTC+3`).
    Zone(i32),
    DaylightSaving,
    Separator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Years,
    Months,
    Days(i64),
    Hours,
    Minutes,
    Seconds,
}

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
const DAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// Hours east of Greenwich.
const ZONES: &[(&str, f32)] = &[
    ("gmt", 0.0),
    ("ut", 0.0),
    ("utc", 0.0),
    ("wet", 0.0),
    ("west", 1.0),
    ("bst", 1.0),
    ("art", -3.0),
    ("brt", -3.0),
    ("brst", -2.0),
    ("nst", -3.5),
    ("ndt", -2.5),
    ("ast", -4.0),
    ("adt", -3.0),
    ("clt", -4.0),
    ("clst", -3.0),
    ("est", -5.0),
    ("edt", -4.0),
    ("cst", -6.0),
    ("cdt", -5.0),
    ("mst", -7.0),
    ("mdt", -6.0),
    ("pst", -8.0),
    ("pdt", -7.0),
    ("akst", -9.0),
    ("akdt", -8.0),
    ("hst", -10.0),
    ("hast", -10.0),
    ("hadt", -9.0),
    ("sst", -12.0),
    ("wat", 1.0),
    ("cet", 1.0),
    ("cest", 2.0),
    ("met", 1.0),
    ("mez", 1.0),
    ("mest", 2.0),
    ("mesz", 2.0),
    ("eet", 2.0),
    ("eest", 3.0),
    ("cat", 2.0),
    ("sast", 2.0),
    ("eat", 3.0),
    ("msk", 3.0),
    ("msd", 4.0),
    ("ist", 5.5),
    ("sgt", 8.0),
    ("kst", 9.0),
    ("jst", 9.0),
    ("gst", 10.0),
    ("nzst", 12.0),
    ("nzdt", 13.0),
];

/// Looks a word up; case does not matter, a full stop after an abbreviation neither.
pub(super) fn look_up(text: &str) -> Option<Word> {
    let lower = text.to_ascii_lowercase();
    let word = lower.trim_end_matches('.');
    let named = |names: &[&str]| {
        let is = |name: &&str| word == *name || (word.len() == 3 && name.starts_with(word));
        names.iter().position(is).map(|at| at as i64)
    };
    match word {
        "am" | "a.m" => return Some(Word::Meridian(false)),
        "pm" | "p.m" => return Some(Word::Meridian(true)),
        "sept" => return Some(Word::Month(9)),
        "tues" => return Some(Word::Day(2)),
        "wednes" => return Some(Word::Day(3)),
        "thur" | "thurs" => return Some(Word::Day(4)),
        "dst" => return Some(Word::DaylightSaving),
        "ago" => return Some(Word::Ago),
        "t" => return Some(Word::Separator),
        _ => {}
    }
    if let Some(month) = named(&MONTHS) {
        return Some(Word::Month(month + 1));
    }
    if let Some(day) = named(&DAYS) {
        return Some(Word::Day(day));
    }
    if let Some(hours) = ZONES.iter().find(|(name, _)| *name == word).map(|(_, hours)| *hours) {
        return Some(Word::Zone((hours * 3600.0) as i32));
    }
    if let Some(unit) = unit(word).or_else(|| unit(word.strip_suffix('s')?)) {
        return Some(Word::Unit(unit));
    }
    relative(word).or_else(|| military(word))
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "year" => Unit::Years,
        "month" => Unit::Months,
        "fortnight" => Unit::Days(14),
        "week" => Unit::Days(7),
        "day" => Unit::Days(1),
        "hour" => Unit::Hours,
        "minute" | "min" => Unit::Minutes,
        "second" | "sec" => Unit::Seconds,
        _ => return None,
    })
}

fn relative(word: &str) -> Option<Word> {
    Some(match word {
        "tomorrow" => Word::Days(1),
        "yesterday" => Word::Days(-1),
        "today" | "now" => Word::Days(0),
        "last" => Word::Ordinal(-1),
        "this" => Word::Ordinal(0),
        "next" | "first" => Word::Ordinal(1),
        "third" => Word::Ordinal(3),
        "fourth" => Word::Ordinal(4),
        "fifth" => Word::Ordinal(5),
        "sixth" => Word::Ordinal(6),
        "seventh" => Word::Ordinal(7),
        "eighth" => Word::Ordinal(8),
        "ninth" => Word::Ordinal(9),
        "tenth" => Word::Ordinal(10),
        "eleventh" => Word::Ordinal(11),
        "twelfth" => Word::Ordinal(12),
        _ => return None,
    })
}

/// One letter: `A` to `M` are east of Greenwich, `N` to `Y` west, `Z` is UTC, `J` none.
fn military(word: &str) -> Option<Word> {
    let [letter] = word.as_bytes() else { return None };
    let hours = match letter {
        b'a'..=b'i' => i32::from(letter - b'a') + 1,
        b'k'..=b'm' => i32::from(letter - b'k') + 10,
        b'n'..=b'y' => -(i32::from(letter - b'n') + 1),
        b'z' => 0,
        _ => return None,
    };
    Some(Word::Zone(hours * 3600))
}
