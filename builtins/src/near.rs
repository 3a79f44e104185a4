//! What may have been meant by a name that there is not.

/// A name that is further from what was typed is no suggestion: letters added, left out or swapped.
const DISTANCE_MAX: usize = 2;

/// The name of `known` that is most like `word`, if any is near it. What is there is not what was meant.
pub fn nearest<Name: AsRef<str> + Ord>(
    word: &str,
    known: impl IntoIterator<Item = Name>,
) -> Option<Name> {
    let known = known.into_iter().filter(|known| known.as_ref() != word);
    let distances = known.map(|known| (distance(word, known.as_ref()), known));
    let (distance, known) = distances.min()?;
    (distance <= limit(word)).then_some(known)
}

/// How far two words are from each other: letters added, left out, exchanged or swapped.
#[must_use]
pub fn distance(word: &str, other: &str) -> usize {
    strsim::osa_distance(word, other)
}

/// Up to which distance a name is near `word`. Of two letters, two that differ are another word.
#[must_use]
pub fn limit(word: &str) -> usize {
    DISTANCE_MAX.min(word.chars().count().saturating_sub(1) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_meant() {
        let of = |word: &str| nearest(word, ["main", "fix/parser", "release"]);
        assert_eq!(of("mian"), Some("main"));
        assert_eq!(of("fix/praser"), Some("fix/parser"));
        assert_eq!([of("ma"), of("nowhere"), of(""), of("main")], [None; 4]);
    }
}
