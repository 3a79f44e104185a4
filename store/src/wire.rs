//! How numbers, texts and bytes are laid out in journal records and facts nodes.
//!
//! Little-endian; lengths are LEB128. A [`Reader`] takes nothing on trust: every length is checked
//! against what is left, so damaged input ends in `None` and never in a panic or a huge allocation.

use bytes::Bytes;
use mesafs::tree::{Attributes, ObjectId, Sums};

/// Writes into a buffer that only grows.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u128(&mut self, value: u128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// LEB128.
    pub fn len(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Bytes with their length before them.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.len(bytes.len() as u64);
        self.raw(bytes);
    }

    pub fn object(&mut self, object: Option<ObjectId>) {
        match object {
            Some(ObjectId(id)) => {
                self.u8(1);
                self.raw(&id);
            }
            None => self.u8(0),
        }
    }

    pub fn facts(&mut self, facts: Option<[u8; 32]>) {
        match facts {
            Some(id) => {
                self.u8(1);
                self.raw(&id);
            }
            None => self.u8(0),
        }
    }

    pub fn sums(&mut self, sums: Sums) {
        self.len(sums.entries);
        self.len(sums.bytes);
        self.len(u64::from(sums.depth));
        self.len(u64::from(sums.longest_path));
    }

    pub fn attributes(&mut self, attributes: Attributes) {
        self.u32(attributes.mode << 1 | u32::from(attributes.mtime_ns.is_some()));
        if let Some(mtime_ns) = attributes.mtime_ns {
            self.i64(mtime_ns);
        }
    }
}

/// Reads what a [`Writer`] wrote. `None` is "not what was written".
#[derive(Debug)]
pub(crate) struct Reader {
    bytes: Bytes,
    at: usize,
}

impl Reader {
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next read starts.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn take(&mut self, len: usize) -> Option<Bytes> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        let taken = self.bytes.slice(self.at..end);
        self.at = end;
        Some(taken)
    }

    pub fn skip(&mut self, len: usize) -> Option<()> {
        self.take(len).map(drop)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let end = self.at.checked_add(N)?;
        let array = self.bytes.get(self.at..end)?.try_into().ok()?;
        self.at = end;
        Some(array)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub fn u128(&mut self) -> Option<u128> {
        self.array().map(u128::from_le_bytes)
    }

    pub fn len(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return None;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub fn bytes(&mut self) -> Option<Bytes> {
        let len = usize::try_from(self.len()?).ok()?;
        self.take(len)
    }

    /// How many items follow, each of at least `item_bytes_min` bytes.
    pub fn count(&mut self, item_bytes_min: usize) -> Option<usize> {
        let count = usize::try_from(self.len()?).ok()?;
        let left = self.bytes.len() - self.at;
        (count <= left / item_bytes_min.max(1)).then_some(count)
    }

    pub fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    pub fn object(&mut self) -> Option<Option<ObjectId>> {
        match self.u8()? {
            0 => Some(None),
            1 => self.array().map(|id| Some(ObjectId(id))),
            _ => None,
        }
    }

    pub fn facts(&mut self) -> Option<Option<[u8; 32]>> {
        match self.u8()? {
            0 => Some(None),
            1 => self.array().map(Some),
            _ => None,
        }
    }

    pub fn sums(&mut self) -> Option<Sums> {
        Some(Sums {
            entries: self.len()?,
            bytes: self.len()?,
            depth: u32::try_from(self.len()?).ok()?,
            longest_path: u32::try_from(self.len()?).ok()?,
        })
    }

    pub fn attributes(&mut self) -> Option<Attributes> {
        let mode = self.u32()?;
        let mtime_ns = if mode & 1 == 1 { Some(self.i64()?) } else { None };
        (mode >> 1 <= 0o7777).then_some(Attributes { mode: mode >> 1, mtime_ns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_cuts_do_not() {
        let sums = Sums { entries: u64::MAX, bytes: 300, depth: 7, longest_path: 127 };
        let attributes = Attributes { mode: 0o4755, mtime_ns: Some(-5) };
        let mut writer = Writer::default();
        writer.sums(sums);
        writer.attributes(attributes);
        writer.object(Some(ObjectId([9; 20])));
        writer.facts(None);
        writer.bytes(b"name");
        let whole = Bytes::from(writer.0);
        let read = |bytes: Bytes| {
            let mut reader = Reader::new(bytes);
            let fields = (
                reader.sums()?,
                reader.attributes()?,
                reader.object()?,
                reader.facts()?,
                reader.bytes()?,
            );
            reader.is_done().then_some(fields)
        };
        let name = Bytes::from_static(b"name");
        assert_eq!(
            read(whole.clone()),
            Some((sums, attributes, Some(ObjectId([9; 20])), None, name))
        );
        for len in 0..whole.len() {
            assert_eq!(read(whole.slice(..len)), None, "{len}");
        }
    }

    #[test]
    fn lengths_are_not_trusted() {
        let huge = Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1]);
        assert_eq!(Reader::new(huge.clone()).bytes(), None);
        assert_eq!(Reader::new(huge).count(1), None);
        let over = Bytes::from_static(&[0xff; 10]);
        assert_eq!(Reader::new(over).len(), None);
    }
}
