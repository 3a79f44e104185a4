//! Elements whose subscripts are whole numbers, hashed: buckets of pairs, the newest pair first.

use super::super::value::Value;
use super::{PER_BUCKET, next_size};

/// One or two elements of a bucket.
#[derive(Debug)]
struct Pair {
    first: (i32, Value),
    second: Option<(i32, Value)>,
}

#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The last pair of a bucket is the newest, and the only one that may have room.
    buckets: Vec<Vec<Pair>>,
    len: u32,
}

/// The mixing at the end of Hsieh's SuperFastHash.
fn hash(number: i32) -> u32 {
    let mut hash = number.cast_unsigned();
    hash ^= hash << 3;
    hash = hash.wrapping_add(hash >> 5);
    hash ^= hash << 4;
    hash = hash.wrapping_add(hash >> 17);
    hash ^= hash << 25;
    hash.wrapping_add(hash >> 6)
}

impl Numbers {
    pub fn len(&self) -> usize {
        self.len as usize
    }

    fn bucket(&self, number: i32) -> Option<usize> {
        let size = u32::try_from(self.buckets.len()).ok().filter(|size| *size > 0)?;
        Some((hash(number) % size) as usize)
    }

    pub fn get(&self, number: i32) -> Option<&Value> {
        let pairs = self.buckets.get(self.bucket(number)?)?;
        let mut elements =
            pairs.iter().flat_map(|pair| std::iter::once(&pair.first).chain(pair.second.as_ref()));
        elements.find(|element| element.0 == number).map(|element| &element.1)
    }

    pub fn get_mut(&mut self, number: i32) -> Option<&mut Value> {
        let bucket = self.bucket(number)?;
        let mut elements = self
            .buckets
            .get_mut(bucket)?
            .iter_mut()
            .flat_map(|pair| std::iter::once(&mut pair.first).chain(pair.second.as_mut()));
        elements.find(|element| element.0 == number).map(|element| &mut element.1)
    }

    /// Adds an element that is not there yet.
    pub fn insert(&mut self, number: i32, value: Value) {
        self.len += 1;
        let size = u32::try_from(self.buckets.len()).unwrap_or(u32::MAX);
        if size == 0 || self.len / size > PER_BUCKET {
            let larger = (0..next_size(size)).map(|_| Vec::new()).collect();
            for pairs in std::mem::replace(&mut self.buckets, larger) {
                for pair in pairs.into_iter().rev() {
                    self.put(pair.first);
                    pair.second.into_iter().for_each(|element| self.put(element));
                }
            }
        }
        self.put((number, value));
    }

    fn put(&mut self, element: (i32, Value)) {
        let Some(bucket) = self.bucket(element.0) else { return };
        let Some(pairs) = self.buckets.get_mut(bucket) else { return };
        match pairs.last_mut() {
            Some(pair) if pair.second.is_none() => pair.second = Some(element),
            _ => pairs.push(Pair { first: element, second: None }),
        }
    }

    /// A hole in an older pair is filled by the newest element of the bucket.
    pub fn remove(&mut self, number: i32) {
        let Some(bucket) = self.bucket(number) else { return };
        let Some(pairs) = self.buckets.get_mut(bucket) else { return };
        let has = |pair: &Pair| {
            pair.first.0 == number || pair.second.as_ref().is_some_and(|second| second.0 == number)
        };
        let Some(at) = pairs.iter().position(has) else { return };
        let Some(pair) = pairs.get_mut(at) else { return };
        match pair.second.take() {
            Some(second) => {
                if pair.first.0 == number {
                    pair.first = second;
                }
            }
            None => drop(pairs.remove(at)),
        }
        let newest = pairs.len().saturating_sub(1);
        if at < newest
            && let Some(last) = pairs.last_mut()
        {
            let moved = match last.second.take() {
                Some(second) => Some(second),
                None => pairs.pop().map(|pair| pair.first),
            };
            if let Some(pair) = pairs.get_mut(at) {
                pair.second = moved;
            }
        }
        self.len -= 1;
        if self.len == 0 {
            *self = Self::default();
        }
    }

    /// Bucket by bucket, the newest pair of each first.
    pub fn keys(&self) -> impl Iterator<Item = i32> {
        let pairs = self.buckets.iter().flat_map(|pairs| pairs.iter().rev());
        pairs
            .flat_map(|pair| std::iter::once(&pair.first).chain(pair.second.as_ref()))
            .map(|element| element.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(numbers: impl IntoIterator<Item = i32>) -> Vec<i32> {
        let mut table = Numbers::default();
        numbers.into_iter().for_each(|number| table.insert(number, Value::Uninit));
        table.keys().collect()
    }

    #[test]
    fn elements_go_by_bucket_in_pairs() {
        let walked = [
            0, -9, -6, -14, -13, -8, -4, -18, -12, -1, -20, -16, -17, -7, -3, -2, -10, -15, -11,
            -5, -19,
        ];
        assert_eq!(walk(-20..=0), walked);
    }

    #[test]
    fn elements_survive_growth_and_removal() {
        let mut table = Numbers::default();
        (-3000..0).for_each(|number| table.insert(number, Value::Number(f64::from(number))));
        (-3000..0).filter(|number| number % 3 == 0).for_each(|number| table.remove(number));
        assert_eq!((table.len(), table.keys().count()), (2000, 2000));
        for number in -3000..0 {
            let value = table.get(number).map(Value::number);
            assert_eq!(value, (number % 3 != 0).then(|| f64::from(number)));
        }
    }
}
