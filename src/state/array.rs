//! Indexed arrays: dense as a vector, sparse as an ordered map.

use super::text::Str;
use std::collections::BTreeMap;

/// How many holes a dense array may be given by one assignment past its end.
const HOLES_MAX: usize = 1024;

/// The elements of an indexed array, in the order of their subscripts, which are never negative.
#[derive(Clone, Debug)]
pub struct IndexedArray(Elements);

#[derive(Clone, Debug)]
enum Elements {
    /// `values[i]` is element `i`. The last one is set.
    Dense {
        values: Vec<Option<Str>>,
        set: usize,
    },
    Sparse(BTreeMap<i64, Str>),
}

impl Default for IndexedArray {
    fn default() -> Self {
        Self(Elements::Dense { values: Vec::new(), set: 0 })
    }
}

impl FromIterator<Str> for IndexedArray {
    fn from_iter<I: IntoIterator<Item = Str>>(values: I) -> Self {
        let values: Vec<_> = values.into_iter().map(Some).collect();
        let set = values.len();
        Self(Elements::Dense { values, set })
    }
}

impl IndexedArray {
    /// How many elements are set.
    pub fn len(&self) -> usize {
        match &self.0 {
            Elements::Dense { set, .. } => *set,
            Elements::Sparse(map) => map.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, index: i64) -> Option<&Str> {
        match &self.0 {
            Elements::Dense { values, .. } => values.get(usize::try_from(index).ok()?)?.as_ref(),
            Elements::Sparse(map) => map.get(&index),
        }
    }

    pub fn get_mut(&mut self, index: i64) -> Option<&mut Str> {
        match &mut self.0 {
            Elements::Dense { values, .. } => {
                values.get_mut(usize::try_from(index).ok()?)?.as_mut()
            }
            Elements::Sparse(map) => map.get_mut(&index),
        }
    }

    /// The highest subscript in use.
    pub fn last_index(&self) -> Option<i64> {
        match &self.0 {
            Elements::Dense { values, .. } => values.len().checked_sub(1).map(|last| last as i64),
            Elements::Sparse(map) => map.last_key_value().map(|(index, _)| *index),
        }
    }

    /// Where `a+=(x)` puts its first element; wraps past the last possible subscript.
    pub fn next_index(&self) -> i64 {
        self.last_index().map_or(0, |last| last.wrapping_add(1))
    }

    /// Sets element `index`, which the caller has checked not to be negative.
    pub fn set(&mut self, index: i64, value: Str) {
        if let Elements::Dense { values, set } = &mut self.0 {
            let at = usize::try_from(index).unwrap_or(usize::MAX);
            if let Some(place) = values.get_mut(at) {
                *set += usize::from(place.is_none());
                *place = Some(value);
                return;
            }
            if at == values.len() {
                values.push(Some(value));
                *set += 1;
                return;
            }
            if at <= values.len().saturating_add(HOLES_MAX) {
                values.resize(at, None);
                values.push(Some(value));
                *set += 1;
                return;
            }
        }
        self.sparse().insert(index, value);
    }

    pub fn push(&mut self, value: Str) {
        self.set(self.next_index().max(0), value);
    }

    /// Removes an element; true if it was set.
    pub fn remove(&mut self, index: i64) -> bool {
        match &mut self.0 {
            Elements::Dense { values, set } => {
                let place = usize::try_from(index).ok().and_then(|at| values.get_mut(at));
                let removed = place.is_some_and(|place| place.take().is_some());
                *set -= usize::from(removed);
                while values.last().is_some_and(Option::is_none) {
                    values.pop();
                }
                removed
            }
            Elements::Sparse(map) => map.remove(&index).is_some(),
        }
    }

    fn sparse(&mut self) -> &mut BTreeMap<i64, Str> {
        if let Elements::Dense { values, .. } = &mut self.0 {
            let values = std::mem::take(values).into_iter().enumerate();
            let map = values.filter_map(|(at, value)| Some((at as i64, value?))).collect();
            self.0 = Elements::Sparse(map);
        }
        match &mut self.0 {
            Elements::Sparse(map) => map,
            Elements::Dense { .. } => unreachable!("it was made sparse above"),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (i64, &Str)> {
        self.iter_from(0)
    }

    /// The elements from subscript `start` on.
    pub fn iter_from(&self, start: i64) -> impl Iterator<Item = (i64, &Str)> {
        let start = start.max(0);
        let (dense, sparse) = match &self.0 {
            Elements::Dense { values, .. } => {
                let at = usize::try_from(start).unwrap_or(usize::MAX).min(values.len());
                (Some(values.iter().enumerate().skip(at)), None)
            }
            Elements::Sparse(map) => (None, Some(map.range(start..))),
        };
        let dense = dense.into_iter().flatten();
        let dense = dense.filter_map(|(at, value)| Some((at as i64, value.as_ref()?)));
        dense.chain(sparse.into_iter().flatten().map(|(index, value)| (*index, value)))
    }

    pub fn values(&self) -> impl Iterator<Item = &Str> {
        self.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_an_ordered_map(ops in prop::collection::vec((0i64..6000, any::<bool>()), 0..200)) {
            let (mut array, mut model) = (IndexedArray::default(), BTreeMap::new());
            for (index, set) in ops {
                if set {
                    array.set(index, Str::number(index));
                    model.insert(index, Str::number(index));
                } else {
                    prop_assert_eq!(array.remove(index), model.remove(&index).is_some());
                }
                prop_assert_eq!(array.len(), model.len());
                prop_assert_eq!(array.last_index(), model.keys().last().copied());
            }
            let array: Vec<_> = array.iter_from(100).map(|(i, v)| (i, v.clone())).collect();
            let model: Vec<_> = model.range(100..).map(|(i, v)| (*i, v.clone())).collect();
            prop_assert_eq!(array, model);
        }
    }
}
