//! Objects: keys in the order they came, found by a hash once there are more than a few.

use std::collections::HashMap;
use std::rc::Rc;

use super::meter;
use super::value::{Text, Value, unravel};

/// Above this many keys an index is kept.
const SCANNED_MAX: usize = 8;

#[derive(Clone, Debug, Default)]
pub(crate) struct Object(Rc<Node>);

#[derive(Debug, Default)]
struct Node {
    /// `None` where a key was removed.
    entries: Vec<Option<(Text, Value)>>,
    live: usize,
    /// Empty while all keys are scanned.
    index: HashMap<Text, usize>,
    charged: usize,
}

impl Clone for Node {
    fn clone(&self) -> Self {
        let (entries, index) = (self.entries.clone(), self.index.clone());
        let mut node = Self { entries, live: self.live, index, charged: 0 };
        node.settle();
        node
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        meter::change(self.charged, 0);
        let mut values = self.take_containers();
        unravel(&mut values);
    }
}

impl Node {
    fn settle(&mut self) {
        let entry = size_of::<Option<(Text, Value)>>();
        let charged = 96 + self.entries.capacity() * entry + self.index.capacity() * 24;
        if charged != self.charged {
            meter::change(self.charged, charged);
            self.charged = charged;
        }
    }

    fn take_containers(&mut self) -> Vec<Value> {
        let inner = |entry: &mut Option<(Text, Value)>| match entry {
            Some((_, value @ (Value::Array(_) | Value::Object(_)))) => Some(std::mem::take(value)),
            _ => None,
        };
        self.entries.iter_mut().filter_map(inner).collect()
    }

    fn find(&self, key: &str) -> Option<usize> {
        if self.index.is_empty() {
            let is = |entry: &Option<(Text, Value)>| {
                entry.as_ref().is_some_and(|(known, _)| known.as_str() == key)
            };
            return self.entries.iter().position(is);
        }
        self.index.get(key).copied()
    }

    fn insert(&mut self, key: Text, value: Value) {
        if let Some(at) = self.find(key.as_str()) {
            if let Some(Some(entry)) = self.entries.get_mut(at) {
                entry.1 = value;
            }
            return;
        }
        if !self.index.is_empty() {
            self.index.insert(key.clone(), self.entries.len());
        }
        self.entries.push(Some((key, value)));
        self.live += 1;
        if self.index.is_empty() && self.entries.len() > SCANNED_MAX {
            self.rebuild();
        }
        self.settle();
    }

    fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.find(key)?;
        let (_, value) = self.entries.get_mut(at)?.take()?;
        self.index.remove(key);
        self.live -= 1;
        if self.live * 2 < self.entries.len() {
            self.rebuild();
        }
        self.settle();
        Some(value)
    }

    fn rebuild(&mut self) {
        self.entries.retain(Option::is_some);
        self.index.clear();
        if self.entries.len() > SCANNED_MAX {
            let keys = self.entries.iter().flatten().enumerate();
            self.index.extend(keys.map(|(at, (key, _))| (key.clone(), at)));
        }
    }
}

impl Object {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.0.live
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.0.find(key)?;
        self.0.entries.get(at)?.as_ref().map(|(_, value)| value)
    }

    /// Sets a key; a known one keeps its place.
    pub fn insert(&mut self, key: Text, value: Value) {
        Rc::make_mut(&mut self.0).insert(key, value);
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.get(key)?;
        Rc::make_mut(&mut self.0).remove(key)
    }

    /// Takes a key's value out, leaving `null` in its place.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        let at = self.0.find(key)?;
        let entry = Rc::make_mut(&mut self.0).entries.get_mut(at)?.as_mut()?;
        Some(std::mem::take(&mut entry.1))
    }

    /// In the order that the keys came.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.0.entries.iter().flatten().map(|(key, value)| (key, value))
    }

    /// The entry in slot `at`, for those who go through all; `None` for a slot that is empty.
    pub fn slot(&self, at: usize) -> Option<(&Text, &Value)> {
        self.0.entries.get(at)?.as_ref().map(|(key, value)| (key, value))
    }

    pub fn slots(&self) -> usize {
        self.0.entries.len()
    }

    pub fn sorted(&self) -> Vec<(&Text, &Value)> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by(|one, two| one.0.as_str().cmp(two.0.as_str()));
        entries
    }

    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub fn take_if_last(&mut self) -> Option<Vec<Value>> {
        Rc::get_mut(&mut self.0).map(Node::take_containers)
    }
}

impl<K: Into<Text>> FromIterator<(K, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let mut object = Self::new();
        for (key, value) in entries {
            object.insert(key.into(), value);
        }
        object
    }
}
