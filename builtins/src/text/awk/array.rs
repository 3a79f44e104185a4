//! Associative arrays, which are walked in the order in which gawk walks them.
//!
//! That order is no promise of gawk's, but scripts and what they are compared with show it: whole
//! numbers from 0 on count upwards if such a one came first into the array; everything else goes in
//! the order of hash tables that are kept here as gawk's are (`numbers.rs`, `texts.rs`).

mod numbers;
mod texts;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;

use super::value::{Value, number_text};
use numbers::Numbers;
use texts::Texts;

/// How many buckets the tables have, as they grow.
const SIZES: &[u32] = &[
    13,
    127,
    1021,
    8191,
    131_071,
    1_048_573,
    8_388_593,
    16_777_213,
    33_554_393,
    67_108_859,
    134_217_689,
    268_435_399,
    536_870_909,
];
/// A table grows when this many elements fall on a bucket and one more comes.
const PER_BUCKET: u32 = 2;

/// An array, shared by every name that it is passed under.
pub(super) type ArrayRef = Rc<RefCell<Array>>;

/// Elements by subscript.
#[derive(Debug, Default)]
pub(super) struct Array {
    /// Whether the first subscript was a whole number from 0 on: then all such ones are `counted`.
    counts: bool,
    counted: HashMap<u32, Value>,
    /// Whether the first of the others was a whole number: then all such ones are `numbers`.
    hashes_numbers: bool,
    numbers: Numbers,
    texts: Texts,
}

/// Where an element is kept.
enum Room {
    Counted(u32),
    Number(i32),
    Text,
}

impl Array {
    pub fn len(&self) -> usize {
        self.counted.len() + self.numbers.len() + self.texts.len()
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.get(key).is_some()
    }

    fn room(&self, key: &[u8]) -> Room {
        match whole_number(key) {
            Some(number) if self.counts && number >= 0 => Room::Counted(number.unsigned_abs()),
            Some(number) if self.hashes_numbers => Room::Number(number),
            _ => Room::Text,
        }
    }

    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        match self.room(key) {
            Room::Counted(number) => self.counted.get(&number),
            Room::Number(number) => self.numbers.get(number),
            Room::Text => self.texts.get(key),
        }
    }

    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        match self.room(key) {
            Room::Counted(number) => self.counted.get_mut(&number),
            Room::Number(number) => self.numbers.get_mut(number),
            Room::Text => self.texts.get_mut(key),
        }
    }

    /// Sets an element; true if it is new.
    pub fn insert(&mut self, key: &[u8], value: Value) -> bool {
        if let Some(old) = self.get_mut(key) {
            *old = value;
            return false;
        }
        if self.len() == 0 {
            self.counts = whole_number(key).is_some_and(|number| number >= 0);
        }
        if self.numbers.len() + self.texts.len() == 0 {
            self.hashes_numbers = whole_number(key).is_some();
        }
        match self.room(key) {
            Room::Counted(number) => drop(self.counted.insert(number, value)),
            Room::Number(number) => self.numbers.insert(number, value),
            Room::Text => self.texts.insert(key, value),
        }
        true
    }

    pub fn remove(&mut self, key: &[u8]) {
        match self.room(key) {
            Room::Counted(number) => drop(self.counted.remove(&number)),
            Room::Number(number) => self.numbers.remove(number),
            Room::Text => self.texts.remove(key),
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The subscripts in the order in which a loop walks them.
    pub fn keys(&self) -> Vec<Bytes> {
        let mut keys = Vec::with_capacity(self.len());
        keys.extend(self.texts.keys());
        keys.extend(self.numbers.keys().map(|number| number_text(f64::from(number), b"%d")));
        let mut counted: Vec<u32> = self.counted.keys().copied().collect();
        counted.sort_unstable();
        keys.extend(counted.into_iter().map(|number| number_text(f64::from(number), b"%d")));
        keys
    }

    pub fn pairs(&self) -> Vec<(Bytes, Value)> {
        let value = |key: &Bytes| self.get(key).cloned().unwrap_or_default();
        self.keys().into_iter().map(|key| (key.clone(), value(&key))).collect()
    }

    /// Its elements become these values, numbered from 1.
    pub fn fill(&mut self, values: impl IntoIterator<Item = Value>) -> usize {
        self.clear();
        self.counts = true;
        for (at, value) in (1..).zip(values) {
            self.counted.insert(at, value);
        }
        self.counted.len()
    }
}

/// The number that a subscript is, if it is written as `%d` prints it and fits 32 bits.
fn whole_number(key: &[u8]) -> Option<i32> {
    let digits = key.strip_prefix(b"-").unwrap_or(key);
    let canonical = match digits {
        [b'0'] => digits.len() == key.len(),
        [b'1'..=b'9', rest @ ..] => rest.len() <= 9 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !canonical {
        return None;
    }
    let size = digits.iter().fold(0i64, |number, digit| number * 10 + i64::from(digit - b'0'));
    i32::try_from(if digits.len() == key.len() { size } else { -size }).ok()
}

/// The number of buckets after `size`; the same when there is no larger one.
fn next_size(size: u32) -> u32 {
    SIZES.iter().copied().find(|next| *next > size).unwrap_or(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(keys: &[&str]) -> String {
        let mut array = Array::default();
        for key in keys {
            array.insert(key.as_bytes(), Value::Uninit);
        }
        let keys: Vec<String> =
            array.keys().iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
        keys.join(" ")
    }

    #[test]
    fn the_first_subscript_decides_how_numbers_are_kept() {
        assert_eq!(walk(&["5", "0", "-3", "7", "x", "-1", "3"]), "x -1 -3 0 3 5 7");
        assert_eq!(walk(&["-3", "0", "5", "7", "x", "-1", "3"]), "x 0 7 5 -1 3 -3");
        assert_eq!(walk(&["x", "0", "5", "10", "15", "3"]), "5 x 10 0 15 3");
        assert_eq!(walk(&["1", "x", "y", "-1"]), "-1 x y 1");
    }

    #[test]
    fn what_is_no_canonical_number_is_a_text() {
        for key in ["", "-", "-0", "01", "+1", " 1", "1 ", "1.0", "2147483648", "12345678901"] {
            assert_eq!(whole_number(key.as_bytes()), None, "{key}");
        }
        assert_eq!(whole_number(b"-2147483648"), Some(i32::MIN));
        assert_eq!(whole_number(b"0"), Some(0));
    }

    #[test]
    fn an_array_that_was_emptied_starts_anew() {
        let mut array = Array::default();
        array.insert(b"x", Value::Uninit);
        array.remove(b"x");
        for key in [&b"15"[..], b"3", b"y"] {
            array.insert(key, Value::Uninit);
        }
        assert_eq!(array.keys(), [&b"y"[..], b"3", b"15"]);
        assert_eq!(array.fill([Value::Uninit, Value::Uninit]), 2);
        assert!(array.contains(b"2") && !array.contains(b"y"));
    }
}
