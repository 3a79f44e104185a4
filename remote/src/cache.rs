//! What was told before, for the next who has looked it up.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;

/// A bounded cache of two generations: when the young one is full, it is the old one, and what
/// nobody has asked for since the last time goes.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    weight_max: usize,
    kept: Mutex<Kept<K, V>>,
}

#[derive(Debug)]
struct Kept<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    weight: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// Keeps about `weight_max`, half of which is young.
    pub fn new(weight_max: usize) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self { weight_max, kept: Mutex::new(Kept { young, old, weight: 0 }) }
    }

    pub fn get(&self, key: &K) -> Option<V> {
        let mut kept = self.kept.lock();
        if let Some((value, _)) = kept.young.get(key) {
            return Some(value.clone());
        }
        let (value, weight) = kept.old.remove(key)?;
        self.add(&mut kept, key.clone(), value.clone(), weight);
        Some(value)
    }

    pub fn put(&self, key: K, value: V, weight: usize) {
        self.add(&mut self.kept.lock(), key, value, weight);
    }

    fn add(&self, kept: &mut Kept<K, V>, key: K, value: V, weight: usize) {
        if let Some((_, before)) = kept.young.insert(key, (value, weight)) {
            kept.weight -= before;
        }
        kept.weight += weight;
        if kept.weight > self.weight_max / 2 {
            kept.old = std::mem::take(&mut kept.young);
            kept.weight = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let cache = Cache::new(20);
        for count in 0..100 {
            cache.put(count, count, 1);
            assert_eq!(cache.get(&0), Some(0));
        }
        assert_eq!(cache.get(&99), Some(99));
        assert_eq!(cache.get(&50), None);
        let kept = cache.kept.lock();
        assert!(kept.young.len() + kept.old.len() <= 21);
    }
}
