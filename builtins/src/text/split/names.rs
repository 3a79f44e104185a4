//! The names of the pieces: `xaa`, `xab`, …, and where nothing settles their length, `xzaaa` after
//! `xyz`, so that they keep their order.

use super::options::{Rules, SUFFIX_LETTERS};
use crate::prelude::*;

pub(super) struct Names {
    prefix: Vec<u8>,
    additional: BString,
    alphabet: &'static [u8],
    widens: bool,
    /// Places in the alphabet; `None` once all have been used.
    next: Option<Vec<usize>>,
}

impl Names {
    pub fn new(rules: &Rules) -> Self {
        let letters = rules.suffix_letters.unwrap_or(SUFFIX_LETTERS);
        let place = |digit: &u8| rules.alphabet.iter().position(|letter| letter == digit);
        let first: Vec<usize> =
            rules.first.iter().flat_map(|text| text.iter()).filter_map(place).collect();
        let mut next = vec![0; letters.saturating_sub(first.len())];
        next.extend(first);
        Self {
            prefix: rules.prefix.to_vec(),
            additional: rules.additional.clone(),
            alphabet: rules.alphabet,
            widens: rules.suffix_letters.is_none(),
            next: Some(next),
        }
    }

    pub fn next(&mut self) -> Result<BString, CommandError> {
        let Some(places) = &mut self.next else {
            return Err(failure("output file suffixes exhausted"));
        };
        let mut name = self.prefix.clone();
        name.extend(places.iter().filter_map(|&place| self.alphabet.get(place)));
        name.extend_from_slice(&self.additional);
        let last = self.alphabet.len() - 1;
        let full = places.iter().rposition(|&place| place < last);
        match full {
            Some(at) => {
                places[at] += 1;
                places[at + 1..].fill(0);
            }
            None => self.next = None,
        }
        // The last letter in front is kept for longer suffixes.
        if self.widens
            && let Some(places) = &mut self.next
            && places.first() == Some(&last)
        {
            self.prefix.extend(self.alphabet.last());
            places.push(0);
            places.fill(0);
        }
        Ok(name.into())
    }
}
