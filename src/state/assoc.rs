//! Maps that are listed in bash's order: associative arrays and the table of hashed commands.
//!
//! Bash's order is visible in `${!a[@]}` and `declare -p`, so scripts' output depends on it. It was
//! found by experiment: FNV-1 (32 bits, bytes sign-extended) chooses one of 1024 chains, new keys
//! go to the head of theirs, and when there are twice as many keys as chains the chains are
//! quadrupled, each old chain being walked from its head and put at the head of the new ones.

use super::text::Str;

/// The chains of an associative array.
pub const ARRAY_CHAINS: usize = 1024;
/// Those of one that a scalar became.
pub const CONVERTED_CHAINS: usize = 128;
/// The chains of the table of hashed commands.
pub const COMMAND_CHAINS: usize = 256;
const CHAINS_GROW: usize = 4;
const ENTRIES_PER_CHAIN_MAX: usize = 2;

/// No further entry in a chain.
const END: u32 = u32::MAX;

pub type AssocArray = OrderedMap<Str>;

#[derive(Clone, Debug)]
pub struct OrderedMap<V> {
    /// The first entry of each chain. Empty until the first key comes.
    heads: Vec<u32>,
    entries: Vec<Entry<V>>,
    /// Entries that were removed, to be used again.
    free: Vec<u32>,
    chains: usize,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    hash: u32,
    next: u32,
    key: Str,
    /// `None` once removed.
    value: Option<V>,
}

impl<V> Default for OrderedMap<V> {
    fn default() -> Self {
        Self::with_chains(ARRAY_CHAINS)
    }
}

fn hash(key: &[u8]) -> u32 {
    key.iter().fold(2_166_136_261, |hash: u32, &byte| {
        hash.wrapping_mul(16_777_619) ^ (byte as i8 as i32 as u32)
    })
}

impl<V> OrderedMap<V> {
    /// `chains` is a power of two.
    pub fn with_chains(chains: usize) -> Self {
        Self { heads: Vec::new(), entries: Vec::new(), free: Vec::new(), chains }
    }

    /// Removes all entries; the chains stay as many as they are.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.entries.clear();
        self.free.clear();
    }

    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn chain(&self, hash: u32) -> usize {
        hash as usize & (self.chains - 1)
    }

    fn find(&self, hash: u32, key: &[u8]) -> Option<u32> {
        let mut at = *self.heads.get(self.chain(hash))?;
        loop {
            let entry = self.entries.get(at as usize)?;
            if entry.hash == hash && entry.key.as_bytes() == key {
                return Some(at);
            }
            at = entry.next;
        }
    }

    pub fn get(&self, key: &[u8]) -> Option<&V> {
        let at = self.find(hash(key), key)?;
        self.entries.get(at as usize)?.value.as_ref()
    }

    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        let at = self.find(hash(key), key)?;
        self.entries.get_mut(at as usize)?.value.as_mut()
    }

    /// Sets the value of `key`, which keeps its place if it is there already.
    pub fn insert(&mut self, key: Str, value: V) {
        let hash = hash(&key);
        if let Some(at) = self.find(hash, &key)
            && let Some(entry) = self.entries.get_mut(at as usize)
        {
            entry.value = Some(value);
            return;
        }
        if self.heads.is_empty() {
            self.heads = vec![END; self.chains];
        } else if self.len() >= self.chains * ENTRIES_PER_CHAIN_MAX {
            self.grow();
        }
        let chain = self.chain(hash);
        let Some(head) = self.heads.get_mut(chain) else { return };
        let entry = Entry { hash, next: *head, key, value: Some(value) };
        match self.free.pop().and_then(|at| Some((at, self.entries.get_mut(at as usize)?))) {
            Some((at, place)) => {
                *place = entry;
                *head = at;
            }
            None => {
                *head = self.entries.len() as u32;
                self.entries.push(entry);
            }
        }
    }

    fn grow(&mut self) {
        self.chains *= CHAINS_GROW;
        let old = std::mem::replace(&mut self.heads, vec![END; self.chains]);
        for mut at in old {
            while let Some(entry) = self.entries.get_mut(at as usize) {
                let next = entry.next;
                if let Some(head) = self.heads.get_mut(entry.hash as usize & (self.chains - 1)) {
                    entry.next = *head;
                    *head = at;
                }
                at = next;
            }
        }
    }

    pub fn remove(&mut self, key: &[u8]) -> Option<V> {
        let hash = hash(key);
        let found = self.find(hash, key)?;
        let next = self.entries.get(found as usize)?.next;
        let chain = self.chain(hash);
        let mut at = *self.heads.get(chain)?;
        if at == found {
            *self.heads.get_mut(chain)? = next;
        } else {
            loop {
                let entry = self.entries.get_mut(at as usize)?;
                if entry.next == found {
                    entry.next = next;
                    break;
                }
                at = entry.next;
            }
        }
        self.free.push(found);
        let entry = self.entries.get_mut(found as usize)?;
        entry.key = Str::EMPTY;
        entry.value.take()
    }

    /// All entries, in bash's order.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &V)> {
        self.heads.iter().flat_map(|&head| {
            std::iter::successors(self.entries.get(head as usize), |entry| {
                self.entries.get(entry.next as usize)
            })
            .filter_map(|entry| Some((&entry.key, entry.value.as_ref()?)))
        })
    }

    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each order is what bash 5.2 prints for `${!a[@]}`.
    #[test]
    fn keys_come_in_the_order_of_bash() {
        let mut array = AssocArray::default();
        let names = "one two three four five six seven eight nine ten";
        for name in names.split(' ') {
            array.insert(name.into(), Str::EMPTY);
        }
        let order = |array: &AssocArray| array.keys().map(Str::to_string).collect::<Vec<_>>();
        let first = "ten four nine seven two three six one five eight";
        assert_eq!(order(&array).join(" "), first);
        assert!(array.remove(b"nine").is_some());
        assert!(array.remove(b"nine").is_none());
        assert_eq!(array.len(), 9);
        array.insert("nine".into(), Str::EMPTY);
        assert_eq!(order(&array).join(" "), first);
    }

    #[test]
    fn it_grows_and_forgets() {
        let mut array = AssocArray::default();
        for number in 0..5000 {
            array.insert(Str::number(number), Str::number(number));
        }
        for number in 0..5000 {
            assert_eq!(array.remove(Str::number(number).as_bytes()), Some(Str::number(number)));
        }
        assert!(array.is_empty());
        assert_eq!(array.iter().count(), 0);
    }
}
