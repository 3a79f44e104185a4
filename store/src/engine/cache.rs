//! A bounded cache that forgets the least lately used half at a time.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;

/// Keeps at most about `weight_max` of what was used last. Each operation costs a look-up or two.
pub(super) struct Cache<K, V> {
    generations: Mutex<Generations<K, V>>,
    weight_max: usize,
    weigh: fn(&V) -> usize,
}

struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// Of the young ones.
    weight: usize,
}

impl<K: Eq + Hash + Copy, V: Clone> Cache<K, V> {
    /// `weigh` says how much of `weight_max` a value takes.
    pub fn new(weight_max: usize, weigh: fn(&V) -> usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new(), weight: 0 };
        Self { generations: Mutex::new(generations), weight_max, weigh }
    }

    pub fn get(&self, key: K) -> Option<V> {
        let mut generations = self.generations.lock();
        if let Some(value) = generations.young.get(&key) {
            return Some(value.clone());
        }
        let value = generations.old.remove(&key)?;
        self.put_young(&mut generations, key, value.clone());
        Some(value)
    }

    pub fn put(&self, key: K, value: V) {
        self.put_young(&mut self.generations.lock(), key, value);
    }

    fn put_young(&self, generations: &mut Generations<K, V>, key: K, value: V) {
        let weight = (self.weigh)(&value);
        if generations.weight + weight > self.weight_max / 2 {
            generations.old = std::mem::take(&mut generations.young);
            generations.weight = 0;
        }
        if generations.young.insert(key, value).is_none() {
            generations.weight += weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let cache = Cache::new(20, |_: &u32| 1);
        cache.put(0_u32, 7_u32);
        for key in 1..100 {
            cache.put(key, key);
            assert_eq!(cache.get(0), Some(7));
        }
        assert_eq!((cache.get(99), cache.get(50)), (Some(99), None));
        let generations = cache.generations.lock();
        assert!(generations.young.len() + generations.old.len() <= 20);
    }
}
