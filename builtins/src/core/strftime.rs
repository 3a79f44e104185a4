//! Dates for `printf '%(…)T'` and prompts.

use jiff::tz::TimeZone;

use crate::time::format::{Moment, format as put};

/// The zone that `TZ` names, UTC if it is unset or unknown.
#[must_use]
pub fn zone(tz: Option<&[u8]>) -> TimeZone {
    let name = tz.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
    let name = name.strip_prefix(':').unwrap_or(name);
    if name.is_empty() {
        return TimeZone::UTC;
    }
    let known = TimeZone::get(name).or_else(|_| TimeZone::posix(name));
    // As in glibc a name that nothing is known of is UTC's.
    known.or_else(|_| TimeZone::posix(&format!("{}0", letters(name)))).unwrap_or(TimeZone::UTC)
}

fn letters(name: &str) -> &str {
    let end = name.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

/// `strftime(3)` in the C locale. An empty format means `%X`, as bash has it.
#[must_use]
pub fn strftime(format: &[u8], seconds: i64, zone: &TimeZone) -> Vec<u8> {
    let format = if format.is_empty() { b"%X" } else { format };
    let Some(moment) = Moment::from_parts(seconds, 0, zone) else { return Vec::new() };
    let mut out = Vec::new();
    put(format, &moment, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_the_c_locales() {
        let utc = zone(None);
        assert_eq!(
            strftime(b"%Y-%m-%d %H:%M:%S %s %j %a %b", 0, &utc),
            b"1970-01-01 00:00:00 0 001 Thu Jan"
        );
        assert_eq!(strftime(b"", 3661, &utc), b"01:01:01");
        assert_eq!(strftime(b"%H %Z", 0, &zone(Some(b"Europe/Berlin"))), b"01 CET");
    }
}
