//! Elements whose subscripts are texts: buckets with chains, the newest element first.

use bytes::Bytes;

use super::super::value::Value;
use super::{PER_BUCKET, next_size};

/// Marks the end of a chain.
const END: u32 = u32::MAX;

#[derive(Debug)]
struct Node {
    hash: u32,
    next: u32,
    key: Bytes,
    value: Value,
}

#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Where each bucket's chain starts in `nodes`.
    buckets: Vec<u32>,
    nodes: Vec<Node>,
    /// Nodes that hold nothing now.
    free: Vec<u32>,
    len: u32,
}

/// The hash of the sdbm library, in 32 bits.
fn hash(key: &[u8]) -> u32 {
    key.iter().fold(0u32, |hash, byte| hash.wrapping_mul(65_599).wrapping_add(u32::from(*byte)))
}

impl Texts {
    pub fn len(&self) -> usize {
        self.len as usize
    }

    fn bucket(&self, hash: u32) -> Option<usize> {
        let size = u32::try_from(self.buckets.len()).ok().filter(|size| *size > 0)?;
        Some((hash % size) as usize)
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = hash(key);
        let mut at = *self.buckets.get(self.bucket(hash)?)?;
        while let Some(node) = self.nodes.get(at as usize) {
            if node.hash == hash && node.key == key {
                return Some(at);
            }
            at = node.next;
        }
        None
    }

    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.nodes.get(self.find(key)? as usize).map(|node| &node.value)
    }

    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        let at = self.find(key)?;
        self.nodes.get_mut(at as usize).map(|node| &mut node.value)
    }

    /// Adds an element that is not there yet.
    pub fn insert(&mut self, key: &[u8], value: Value) {
        self.len += 1;
        let size = u32::try_from(self.buckets.len()).unwrap_or(END);
        if size == 0 || self.len / size > PER_BUCKET {
            self.grow(next_size(size));
        }
        // A copy: the key may be a piece of an input that would be kept as a whole.
        let key = Bytes::copy_from_slice(key);
        let node = Node { hash: hash(&key), next: END, key, value };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.nodes.get_mut(at as usize) {
                    *place = node;
                }
                at
            }
            None => {
                self.nodes.push(node);
                u32::try_from(self.nodes.len() - 1).unwrap_or(END)
            }
        };
        self.link(at);
    }

    /// Puts a node at the start of its chain.
    fn link(&mut self, at: u32) {
        let Some(hash) = self.nodes.get(at as usize).map(|node| node.hash) else { return };
        let Some(bucket) = self.bucket(hash) else { return };
        if let (Some(first), Some(node)) =
            (self.buckets.get_mut(bucket), self.nodes.get_mut(at as usize))
        {
            node.next = std::mem::replace(first, at);
        }
    }

    /// Deals the chains out again, from the first bucket on, which turns them round.
    fn grow(&mut self, size: u32) {
        let old = std::mem::replace(&mut self.buckets, vec![END; size as usize]);
        for first in old {
            let mut at = first;
            while let Some(next) = self.nodes.get(at as usize).map(|node| node.next) {
                self.link(at);
                at = next;
            }
        }
    }

    pub fn remove(&mut self, key: &[u8]) {
        let Some(found) = self.find(key) else { return };
        let Some(node) = self.nodes.get_mut(found as usize) else { return };
        let (hash, next) = (node.hash, node.next);
        (node.key, node.value) = (Bytes::new(), Value::Uninit);
        let Some(first) = self.bucket(hash).and_then(|bucket| self.buckets.get_mut(bucket)) else {
            return;
        };
        let mut at = *first;
        if at == found {
            *first = next;
        }
        while let Some(node) = self.nodes.get_mut(at as usize) {
            if node.next == found {
                node.next = next;
                break;
            }
            at = node.next;
        }
        self.free.push(found);
        self.len -= 1;
        if self.len == 0 {
            *self = Self::default();
        }
    }

    pub fn keys(&self) -> impl Iterator<Item = Bytes> {
        self.buckets.iter().flat_map(|first| {
            let node = |at: u32| self.nodes.get(at as usize);
            std::iter::successors(node(*first), move |last| node(last.next))
                .map(|node| node.key.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(texts: &Texts) -> String {
        texts.keys().map(|key| String::from_utf8_lossy(&key).into_owned()).collect()
    }

    #[test]
    fn elements_go_by_bucket_and_the_newest_first() {
        let mut texts = Texts::default();
        for letter in b'a'..=b'z' {
            texts.insert(&[letter], Value::Uninit);
        }
        assert_eq!(walk(&texts), "uhviwjxkylzmnaobpcqdresftg");
        for letter in b'b'..=b'y' {
            texts.remove(&[letter]);
        }
        assert_eq!((walk(&texts), texts.len()), ("za".to_owned(), 2));
        texts.insert(b"m", Value::Number(1.0));
        assert_eq!(walk(&texts), "mza");
        assert!(texts.get(b"m").is_some() && texts.get(b"b").is_none());
    }

    #[test]
    fn elements_survive_growth() {
        let mut texts = Texts::default();
        for number in 0..5000 {
            texts.insert(format!("k{number}").as_bytes(), Value::Number(f64::from(number)));
        }
        assert_eq!(texts.keys().count(), 5000);
        for number in 0..5000 {
            let value = texts.get(format!("k{number}").as_bytes()).map(Value::number);
            assert_eq!(value, Some(f64::from(number)));
        }
    }
}
