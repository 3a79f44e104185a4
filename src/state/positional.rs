//! `$1` and up.

use super::text::Str;
use std::sync::Arc;

/// The positional parameters; copying and shifting cost nothing.
#[derive(Clone, Debug, Default)]
pub struct Positional {
    all: Arc<Vec<Str>>,
    /// How many of `all` were shifted away.
    start: usize,
}

impl From<Vec<Str>> for Positional {
    fn from(all: Vec<Str>) -> Self {
        Self { all: Arc::new(all), start: 0 }
    }
}

impl Positional {
    pub fn as_slice(&self) -> &[Str] {
        self.all.get(self.start..).unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.all.len() - self.start
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
