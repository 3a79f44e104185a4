//! Bracket expressions: `[a-z[:digit:]]`, `[!x]`.

use super::names::Class;
use super::text::fold;

/// The characters that one bracket expression matches.
#[derive(Debug, Default)]
pub(super) struct Bracket {
    pub negated: bool,
    nocase: bool,
    /// The single characters and ranges below 128.
    ascii: [u64; 2],
    ranges: Vec<(u32, u32)>,
    classes: Vec<Class>,
}

impl Bracket {
    pub fn new(negated: bool, nocase: bool) -> Self {
        Self { negated, nocase, ..Self::default() }
    }

    /// Adds the characters from `low` to `high`; none if they are the wrong way round.
    pub fn add_range(&mut self, low: u32, high: u32) {
        let (low, high) = if self.nocase { (fold(low), fold(high)) } else { (low, high) };
        for character in low..=high.min(127) {
            if let Some(word) = self.ascii.get_mut(character as usize / 64) {
                *word |= 1 << (character % 64);
            }
        }
        if low <= high && high > 127 {
            self.ranges.push((low.max(128), high));
        }
    }

    pub fn add_class(&mut self, class: Class) {
        self.classes.push(class);
    }

    pub fn matches(&self, character: u32) -> bool {
        let folded = if self.nocase { fold(character) } else { character };
        let listed = match self.ascii.get(folded as usize / 64) {
            Some(word) => word & (1 << (folded % 64)) != 0,
            None => self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&folded)),
        };
        let found = listed || self.classes.iter().any(|class| class.has(character));
        found != self.negated
    }
}
