//! `ls -l`: one entry's line, and how sizes and times are written.

use jiff::tz::TimeZone;

use super::options::{TimeStyle, Units};
use crate::time::{Moment, format};

/// Half of a Gregorian year: older times show the year.
const RECENT_S: i64 = 31_556_952 / 2;

/// A size in the units asked for, rounded up.
pub(crate) fn size(bytes: u64, units: Units) -> String {
    match units {
        Units::Blocks(unit, suffix) => format!("{}{suffix}", bytes.div_ceil(unit.max(1))),
        Units::Human(base) => human(bytes, base),
    }
}

/// `1.2K`: two digits below ten, rounded up, as GNU's tools write it.
pub(crate) fn human(bytes: u64, base: u64) -> String {
    if bytes < base {
        return bytes.to_string();
    }
    let letters = if base == 1000 { "kMGTPE" } else { "KMGTPE" };
    let mut unit = u128::from(base);
    for letter in letters.chars() {
        let bytes = u128::from(bytes);
        let tenths = (bytes * 10).div_ceil(unit);
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        let whole = bytes.div_ceil(unit);
        if whole < u128::from(base) {
            return format!("{whole}{letter}");
        }
        unit *= u128::from(base);
    }
    bytes.to_string()
}

/// A time as `ls -l` shows it.
pub(super) fn time(ns: i64, now_ns: i64, style: &TimeStyle, zone: &TimeZone) -> Vec<u8> {
    let Some(moment) = Moment::new(ns, zone) else { return b"?".to_vec() };
    let age = now_ns.div_euclid(1_000_000_000) - moment.seconds;
    let recent = age < RECENT_S && (age > 0 || ns <= now_ns);
    let layout: &[u8] = match style {
        TimeStyle::FullIso => b"%Y-%m-%d %H:%M:%S.%N %z",
        TimeStyle::LongIso => b"%Y-%m-%d %H:%M",
        TimeStyle::Iso if recent => b"%m-%d %H:%M",
        TimeStyle::Iso => b"%Y-%m-%d ",
        TimeStyle::Locale if recent => b"%b %e %H:%M",
        TimeStyle::Locale => b"%b %e  %Y",
        TimeStyle::Formats(old, new) => {
            if recent {
                new
            } else {
                old
            }
        }
    };
    let mut out = Vec::new();
    format(layout, &moment, &mut out);
    out
}
