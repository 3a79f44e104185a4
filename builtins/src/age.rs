//! How long ago something was, for a person.

/// How long before `now_ms` something was, in its largest unit.
#[must_use]
pub fn ago(now_ms: i64, then_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(then_ms).max(0) / 1000;
    let units = [
        ("year", 365 * 86_400),
        ("month", 30 * 86_400),
        ("week", 7 * 86_400),
        ("day", 86_400),
        ("hour", 3600),
        ("minute", 60),
        ("second", 1),
    ];
    for (name, length) in units {
        let count = seconds / length;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            return format!("{count} {name}{plural} ago");
        }
    }
    "now".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_largest_unit() {
        let told = |seconds: i64| ago(1_000_000_000_000, 1_000_000_000_000 - seconds * 1000);
        assert_eq!(told(0), "now");
        assert_eq!(told(-5), "now");
        assert_eq!(told(1), "1 second ago");
        assert_eq!(told(119), "1 minute ago");
        assert_eq!(told(3 * 86_400), "3 days ago");
        assert_eq!(told(800 * 86_400), "2 years ago");
    }
}
