//! Batches that landed lately, so that one that is sent again is not applied again.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use bytes::Bytes;
use mesafs::op::{Applied, BatchId, Replaced};
use parking_lot::Mutex;

use crate::wire::{Reader, Writer};

/// How many batches are remembered.
const BATCHES_MAX: usize = 16_384;
/// How many of them outlive the journal's segments.
const BATCHES_STORED_MAX: usize = 1024;

/// Batches that landed lately.
#[derive(Debug, Default)]
pub(crate) struct RecentBatches(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    landed: HashMap<BatchId, (u64, Box<[Replaced]>), BuildHasherDefault<IdHasher>>,
    order: VecDeque<BatchId>,
}

/// Hashes what is random already, and counted on from there: an id's neighbours stay neighbours, so
/// that one writer's batches lie side by side in memory. How bad others can make it is bounded by
/// how many are remembered.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        // The table takes the lowest bits for the place and the highest to tell entries apart.
        self.0 ^ self.0 << 57
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = id as u64 ^ (id >> 64) as u64;
    }
}

impl RecentBatches {
    pub fn get(&self, id: BatchId) -> Option<Applied> {
        let inner = self.0.lock();
        let (version, replaced) = inner.landed.get(&id)?;
        Some(Applied { version: *version, replaced: replaced.to_vec() })
    }

    pub fn add(&self, id: BatchId, version: u64, replaced: &[Replaced]) {
        let mut inner = self.0.lock();
        if inner.landed.insert(id, (version, replaced.into())).is_none() {
            inner.order.push_back(id);
        }
        if inner.order.len() > BATCHES_MAX
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.landed.remove(&oldest);
        }
    }

    /// The newest ones, as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let inner = self.0.lock();
        let skipped = inner.order.len().saturating_sub(BATCHES_STORED_MAX);
        let mut out = Writer::default();
        for id in inner.order.iter().skip(skipped) {
            let Some((version, replaced)) = inner.landed.get(id) else { continue };
            out.u128(id.0);
            out.len(*version);
            out.len(replaced.len() as u64);
            for replaced in replaced {
                out.u8(match replaced {
                    Replaced::Clean => 0,
                    Replaced::Merged => 1,
                    Replaced::Conflicted => 2,
                });
            }
        }
        out.0
    }

    /// Takes in what [`RecentBatches::encode`] gave; what does not read is left out.
    pub fn load(&self, bytes: Vec<u8>) {
        let mut reader = Reader::new(Bytes::from(bytes));
        while let Some((id, version, replaced)) = take(&mut reader) {
            self.add(id, version, &replaced);
        }
    }
}

fn take(reader: &mut Reader) -> Option<(BatchId, u64, Vec<Replaced>)> {
    let id = BatchId(reader.u128()?);
    let version = reader.len()?;
    let replaced = (0..reader.count(1)?)
        .map(|_| match reader.u8()? {
            0 => Some(Replaced::Clean),
            1 => Some(Replaced::Merged),
            2 => Some(Replaced::Conflicted),
            _ => None,
        })
        .collect::<Option<_>>()?;
    Some((id, version, replaced))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered() {
        let recent = RecentBatches::default();
        for id in 0..20_000 {
            recent.add(BatchId(id), id as u64 + 1, &[Replaced::Merged]);
        }
        assert!(recent.get(BatchId(0)).is_none());
        let again = RecentBatches::default();
        again.load(recent.encode());
        assert!(again.get(BatchId(18_000)).is_none());
        let newest = again.get(BatchId(19_999)).map(|applied| (applied.version, applied.replaced));
        assert_eq!(newest, Some((20_000, vec![Replaced::Merged])));
    }
}
