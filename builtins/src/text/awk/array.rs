//! Associative arrays.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;

use super::value::Value;

/// An array, shared by every name that it is passed under.
pub(super) type ArrayRef = Rc<RefCell<Array>>;

/// Elements by subscript. Walks go in the order of insertion, integers of a dense run included, so
/// that the same program prints the same each time.
#[derive(Debug, Default)]
pub(super) struct Array {
    elements: HashMap<Bytes, (u64, Value)>,
    next: u64,
}

impl Array {
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.elements.contains_key(key)
    }

    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.elements.get(key).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.elements.get_mut(key).map(|(_, value)| value)
    }

    /// Sets an element; true if it is new.
    pub fn insert(&mut self, key: &[u8], value: Value) -> bool {
        if let Some(old) = self.get_mut(key) {
            *old = value;
            return false;
        }
        // A copy: the key may be a piece of an input that would be kept as a whole.
        self.elements.insert(Bytes::copy_from_slice(key), (self.next, value));
        self.next += 1;
        true
    }

    pub fn remove(&mut self, key: &[u8]) {
        self.elements.remove(key);
    }

    pub fn clear(&mut self) {
        self.elements.clear();
    }

    /// The subscripts: whole numbers first by value, then the others in the order they came.
    pub fn keys(&self) -> Vec<Bytes> {
        let mut keys: Vec<(Option<u64>, u64, &Bytes)> =
            self.elements.iter().map(|(key, (order, _))| (index(key), *order, key)).collect();
        keys.sort_by(|one, two| match (one.0, two.0) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => one.1.cmp(&two.1),
        });
        keys.into_iter().map(|(_, _, key)| key.clone()).collect()
    }

    pub fn pairs(&self) -> Vec<(Bytes, Value)> {
        let value = |key: &Bytes| self.get(key).cloned().unwrap_or_default();
        self.keys().into_iter().map(|key| (key.clone(), value(&key))).collect()
    }

    /// Its elements become these texts, numbered from 1.
    pub fn fill(&mut self, values: impl IntoIterator<Item = Value>) -> usize {
        self.clear();
        let mut count = 0;
        for value in values {
            count += 1;
            self.insert(&super::value::number_text(count as f64, b"%d"), value);
        }
        count
    }
}

fn index(key: &[u8]) -> Option<u64> {
    let canonical = key == b"0" || key.first().is_some_and(|first| matches!(first, b'1'..=b'9'));
    if !canonical || key.len() > 18 || !key.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(key).ok()?.parse().ok()
}
