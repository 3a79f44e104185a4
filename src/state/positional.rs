//! `$1` and up.

use super::text::Str;
use mesash_builtins::budget::{Budget, Held, LimitReached, Resource};
use std::sync::Arc;

/// Fewer parameters than this are not charged.
const CHARGED_MIN: usize = 256;

/// The positional parameters; copying and shifting cost nothing.
#[derive(Clone, Debug, Default)]
pub struct Positional {
    all: Arc<Words>,
    /// How many of `all` were shifted away.
    start: usize,
}

#[derive(Debug, Default)]
struct Words {
    words: Vec<Str>,
    /// What the list itself takes; each long word has been charged for.
    _held: Option<Held>,
}

impl Positional {
    /// # Errors
    /// [`LimitReached`] if the run may not hold so many.
    pub fn charged(words: Vec<Str>, budget: &Budget) -> Result<Self, LimitReached> {
        let bytes = words.capacity() * size_of::<Str>();
        let held = match words.len() {
            ..CHARGED_MIN => None,
            _ => Some(budget.hold(Resource::Memory, bytes as u64)?),
        };
        Ok(Self { all: Arc::new(Words { words, _held: held }), start: 0 })
    }

    pub fn as_slice(&self) -> &[Str] {
        self.all.words.get(self.start..).unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.all.words.len() - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `$number`; there is none for 0.
    pub fn get(&self, number: usize) -> Option<&Str> {
        self.as_slice().get(number.checked_sub(1)?)
    }

    /// Takes `count` from the front; false, changing nothing, if there are not so many.
    pub fn shift(&mut self, count: usize) -> bool {
        let enough = count <= self.len();
        if enough {
            self.start += count;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesash_builtins::budget::Limits;

    #[test]
    fn many_words_are_charged_while_they_are_there() {
        let budget = Budget::new(Limits { memory_bytes: 1 << 20, ..Limits::STANDARD });
        let words = |count| vec![Str::EMPTY; count];
        assert!(Positional::charged(words(1_000_000), &budget).is_err());
        let few = Positional::charged(words(10), &budget).unwrap();
        assert_eq!((few.len(), budget.used(Resource::Memory)), (10, 0));
        let many = Positional::charged(words(10_000), &budget).unwrap();
        let copy = many.clone();
        drop(many);
        assert!(budget.used(Resource::Memory) >= 200_000);
        drop(copy);
        assert_eq!(budget.used(Resource::Memory), 0);
    }
}
