//! Which of many candidates a typed text means.

/// How well something fits; the lowest first.
type Distance = (usize, usize);

/// The candidates that begin with `typed`; if none does, those that hold its letters, in whatever
/// case and with others between, the closest first.
pub fn select<T>(all: Vec<T>, typed: &str, text: impl Fn(&T) -> &str) -> (Vec<T>, Fit) {
    if typed.is_empty() || all.iter().any(|one| text(one).starts_with(typed)) {
        let mut all = all;
        all.retain(|one| text(one).starts_with(typed));
        return (all, Fit::Prefix);
    }
    let letters: Vec<char> = typed.chars().flat_map(char::to_lowercase).collect();
    let mut near: Vec<(Distance, T)> = all
        .into_iter()
        .filter_map(|one| distance(&letters, text(&one)).map(|distance| (distance, one)))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    (near.into_iter().map(|(_, one)| one).collect(), Fit::Fuzzy)
}

/// How the candidates of a selection fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Prefix,
    Fuzzy,
}

/// How many letters stand between those of `letters` in `text`, where they come in this order, and
/// where the first is.
fn distance(letters: &[char], text: &str) -> Option<Distance> {
    let mut wanted = letters.iter().peekable();
    let (mut first, mut last) = (None, 0);
    for (at, letter) in text.chars().enumerate() {
        let Some(&&next) = wanted.peek() else { break };
        if letter.to_lowercase().eq(std::iter::once(next)) {
            wanted.next();
            first.get_or_insert(at);
            last = at;
        }
    }
    let first = first.filter(|_| wanted.peek().is_none())?;
    Some(((last - first + 1).saturating_sub(letters.len()), first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(typed: &str) -> Vec<&'static str> {
        let all = vec!["README.md", "src", "main.rs", "mesa_reader", "stream.rs"];
        select(all, typed, |one| one).0
    }

    #[test]
    fn what_begins_so_comes_alone_and_else_what_is_close() {
        assert_eq!(of("s"), ["src", "stream.rs"]);
        assert_eq!(of("read"), ["README.md", "mesa_reader"]);
        assert_eq!(of("mrs"), ["stream.rs", "main.rs"]);
        assert_eq!(of("zz"), [""; 0]);
    }
}
