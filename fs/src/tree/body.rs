//! File contents: ropes of chunks, so that an append costs its own bytes.
//!
//! Always true: the chunks of a body lie end to end from 0 to its length, none is empty. No edit
//! shifts what comes after it, so chunks are kept by their start and found by a range look-up.

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use imbl::OrdMap;
use parking_lot::RwLock;

use super::chunk::{Chunk, ReadAt};
use super::source::{ObjectId, Source};
use crate::error::FsResult;

/// The longest file, in bytes (EFBIG beyond it).
pub const FILE_BYTES_MAX: u64 = 2 << 30;
/// Small chunks are joined up to this size.
pub const CHUNK_BYTES_JOINED_MAX: usize = 64 << 10;
/// How much is held at once where contents are compared.
const COMPARE_BYTES: usize = 1 << 20;

/// The content of a file at one moment. Cheap to clone. Equal if both are known to be the same
/// content ([`Body::same_identity`]); contents are compared by [`Body::same_content`].
#[derive(Debug, Clone)]
pub struct Body(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    len: u64,
    /// Exchanged for the blob when the body has been stored; the content never changes.
    rope: RwLock<Rope>,
    stored: OnceLock<ObjectId>,
    /// See [`Body::tag`].
    tag: OnceLock<u64>,
}

#[derive(Debug, Clone)]
enum Rope {
    Empty,
    One(Chunk),
    /// By the offset that each chunk starts at.
    Many(OrdMap<u64, Chunk>),
    /// As `Many`, with the last chunk, which starts at `at`, apart: appends put it in its own place
    /// only when it grows no more.
    Tailed {
        before: OrdMap<u64, Chunk>,
        at: u64,
        last: Chunk,
    },
}

impl Rope {
    /// This rope with `bytes` in its last chunk, if that can grow.
    fn grown(&self, bytes: &[u8]) -> Option<Self> {
        let (before, at, last) = match self {
            Self::Empty => return None,
            Self::One(only) => return only.grown(bytes).map(Self::One),
            Self::Many(map) => {
                let (at, last) = map.get_max()?;
                let last = last.grown(bytes)?;
                (map.without(at), *at, last)
            }
            Self::Tailed { before, at, last } => (before.clone(), *at, last.grown(bytes)?),
        };
        Some(Self::Tailed { before, at, last })
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.same_identity(other)
    }
}
impl Eq for Body {}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::from_chunk(Chunk::Memory(bytes))
    }
}

impl Body {
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Rope::Empty, 0)
    }

    #[must_use]
    pub fn from_chunk(chunk: Chunk) -> Self {
        let len = chunk.len();
        Self::new(if len == 0 { Rope::Empty } else { Rope::One(chunk) }, len)
    }

    /// A whole stored blob of `size` bytes.
    #[must_use]
    pub fn from_blob(source: Arc<dyn Source>, blob: ObjectId, size: u64) -> Self {
        let body = Self::from_chunk(Chunk::Blob { source, blob, offset: 0, len: size });
        body.mark_stored(blob);
        body
    }

    /// Bytes `offset..offset + len` of a journal segment or the like.
    #[must_use]
    pub fn from_reader(reader: Arc<dyn ReadAt>, offset: u64, len: u64) -> Self {
        Self::from_chunk(Chunk::External { reader, offset, len })
    }

    #[must_use]
    pub fn from_chunks(chunks: impl IntoIterator<Item = Chunk>) -> Self {
        let mut map = OrdMap::new();
        let mut len = 0_u64;
        for chunk in chunks {
            if !chunk.is_empty() {
                let chunk_len = chunk.len();
                map.insert(len, chunk);
                len += chunk_len;
            }
        }
        Self::from_map(map, len)
    }

    fn new(rope: Rope, len: u64) -> Self {
        let (stored, tag) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Inner { len, rope: RwLock::new(rope), stored, tag }))
    }

    fn from_map(map: OrdMap<u64, Chunk>, len: u64) -> Self {
        let rope = match map.get_min() {
            None => Rope::Empty,
            Some((_, only)) if map.len() == 1 => Rope::One(only.clone()),
            Some(_) => Rope::Many(map),
        };
        Self::new(rope, len)
    }

    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// Whether both are known, without reading, to hold the same bytes.
    #[must_use]
    pub fn same_identity(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.len() == other.len()
                && (self.is_empty()
                    || (self.stored().is_some() && self.stored() == other.stored())))
    }

    /// Whether both hold the same bytes; reads them if need be.
    ///
    /// # Errors
    /// EIO if they cannot be read.
    pub fn same_content(&self, other: &Self) -> FsResult<bool> {
        if self.same_identity(other) {
            return Ok(true);
        }
        if self.len() != other.len() {
            return Ok(false);
        }
        let mut offset = 0;
        while offset < self.len() {
            let ours = self.read_at(offset, COMPARE_BYTES)?;
            if ours != other.read_at(offset, COMPARE_BYTES)? {
                return Ok(false);
            }
            offset += ours.len() as u64;
        }
        Ok(true)
    }

    /// The git blob of this content, once it is known to be stored.
    #[must_use]
    pub fn stored(&self) -> Option<ObjectId> {
        self.0.stored.get().copied()
    }

    /// Notes that this content is stored as `blob`, for everything that shares it.
    pub fn mark_stored(&self, blob: ObjectId) {
        let _first_is_right = self.0.stored.set(blob);
    }

    /// A number that stays with this content, for who tells others of it: `fresh` makes it when it is
    /// asked for first.
    pub fn tag(&self, fresh: impl FnOnce() -> u64) -> u64 {
        *self.0.tag.get_or_init(fresh)
    }

    /// The number that [`Body::tag`] has given, if it has.
    #[must_use]
    pub fn tagged(&self) -> Option<u64> {
        self.0.tag.get().copied()
    }

    /// As [`Body::mark_stored`], and reads from the blob from now on, which lets memory and
    /// journal segments go.
    pub fn settle_as_blob(&self, source: Arc<dyn Source>, blob: ObjectId) {
        self.mark_stored(blob);
        if !self.is_empty() {
            let chunk = Chunk::Blob { source, blob, offset: 0, len: self.len() };
            *self.0.rope.write() = Rope::One(chunk);
        }
    }

    /// Bytes that only this process's memory has (shared ones counted again for each body).
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        match &*self.0.rope.read() {
            Rope::Empty => 0,
            Rope::One(chunk) => chunk.memory_bytes(),
            Rope::Many(map) => map.values().map(Chunk::memory_bytes).sum(),
            Rope::Tailed { before, last, .. } => {
                before.values().chain([last]).map(Chunk::memory_bytes).sum()
            }
        }
    }

    /// The chunks in order.
    #[must_use]
    pub fn chunks(&self) -> Vec<Chunk> {
        match &*self.0.rope.read() {
            Rope::Empty => Vec::new(),
            Rope::One(chunk) => vec![chunk.clone()],
            Rope::Many(map) => map.values().cloned().collect(),
            Rope::Tailed { before, last, .. } => before.values().chain([last]).cloned().collect(),
        }
    }

    /// The chunks of `offset..offset + len`, the first and the last one cut to it.
    #[must_use]
    pub fn chunks_within(&self, offset: u64, len: u64) -> Vec<Chunk> {
        let offset = offset.min(self.len());
        let end = offset.saturating_add(len).min(self.len());
        if offset == end {
            return Vec::new();
        }
        match &*self.0.rope.read() {
            Rope::Empty => Vec::new(),
            Rope::One(chunk) => vec![chunk.slice(offset, end - offset)],
            Rope::Many(map) => within(map, offset, end).collect(),
            Rope::Tailed { before, at, last } => {
                let mut chunks = Vec::new();
                if offset < *at {
                    chunks.extend(within(before, offset, end.min(*at)));
                }
                if end > *at {
                    let from = offset.saturating_sub(*at);
                    chunks.push(last.slice(from, end - (at + from)));
                }
                chunks
            }
        }
    }

    /// Reads at most `len` bytes from `offset`; fewer only at the end.
    ///
    /// # Errors
    /// EIO if the bytes cannot be had.
    pub fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        let chunks = self.chunks_within(offset, len as u64);
        if let [only] = &chunks[..] {
            return read_whole(only);
        }
        let total: u64 = chunks.iter().map(Chunk::len).sum();
        let mut bytes = BytesMut::with_capacity(usize::try_from(total).unwrap_or(0));
        for chunk in &chunks {
            bytes.extend_from_slice(&read_whole(chunk)?);
        }
        Ok(bytes.freeze())
    }

    /// Reads everything.
    ///
    /// # Errors
    /// EIO if the bytes cannot be had.
    pub fn read_all(&self) -> FsResult<Bytes> {
        self.read_at(0, usize::try_from(self.len()).unwrap_or(usize::MAX))
    }

    fn map(&self) -> OrdMap<u64, Chunk> {
        match &*self.0.rope.read() {
            Rope::Empty => OrdMap::new(),
            Rope::One(chunk) => OrdMap::unit(0, chunk.clone()),
            Rope::Many(map) => map.clone(),
            Rope::Tailed { before, at, last } => before.update(*at, last.clone()),
        }
    }

    /// This content with `chunk` at its end.
    #[must_use]
    pub fn append(&self, chunk: impl Into<Chunk>) -> Self {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return self.clone();
        }
        let len = self.len().saturating_add(chunk.len());
        if let Chunk::Memory(bytes) = &chunk
            && let Some(rope) = self.0.rope.read().grown(bytes)
        {
            return Self::new(rope, len);
        }
        let mut map = self.map();
        place(&mut map, self.len(), chunk);
        Self::from_map(map, len)
    }

    /// This content with `chunk` over what is at `offset`; a gap before it is filled with zeros.
    #[must_use]
    pub fn write_at(&self, offset: u64, chunk: impl Into<Chunk>) -> Self {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return self.clone();
        }
        if offset >= self.len() {
            return self.truncate(offset).append(chunk);
        }
        let end = offset.saturating_add(chunk.len());
        let mut map = self.map();
        let first = map.get_prev(&offset).map_or(0, |(start, _)| *start);
        let covered: Vec<(u64, Chunk)> =
            map.range(first..end).map(|(start, old)| (*start, old.clone())).collect();
        for (start, old) in covered {
            map.remove(&start);
            if start < offset {
                map.insert(start, old.slice(0, offset - start));
            }
            if start + old.len() > end {
                map.insert(end, old.slice(end - start, old.len()));
            }
        }
        place(&mut map, offset, chunk);
        Self::from_map(map, self.len().max(end))
    }

    /// This content cut, or extended with zeros, to `len` bytes.
    #[must_use]
    pub fn truncate(&self, len: u64) -> Self {
        if len == 0 {
            return Self::empty();
        }
        if len == self.len() {
            return self.clone();
        }
        if len > self.len() {
            return self.append(Chunk::Zeros(len - self.len()));
        }
        let mut map = self.map();
        let beyond: Vec<u64> = map.range(len..).map(|(start, _)| *start).collect();
        for start in beyond {
            map.remove(&start);
        }
        if let Some((start, last)) = map.get_max().cloned() {
            map.insert(start, last.slice(0, len - start));
        }
        Self::from_map(map, len)
    }
}

/// The chunks of `offset..end`, the first and the last one cut to it.
fn within(
    map: &OrdMap<u64, Chunk>,
    offset: u64,
    end: u64,
) -> impl Iterator<Item = Chunk> + use<'_> {
    let first = map.get_prev(&offset).map_or(0, |(start, _)| *start);
    map.range(first..end).map(move |(start, chunk)| {
        let from = offset.saturating_sub(*start);
        chunk.slice(from, end - (start + from))
    })
}

fn read_whole(chunk: &Chunk) -> FsResult<Bytes> {
    chunk.read(0, usize::try_from(chunk.len()).unwrap_or(usize::MAX))
}

/// Puts `chunk` at `at`, where nothing starts, joined with small chunks that end there. A chunk
/// joins only what is no longer than itself, so each byte is copied O(log) times however many
/// small writes make up a file.
fn place(map: &mut OrdMap<u64, Chunk>, at: u64, chunk: Chunk) {
    let (mut at, mut chunk) = (at, chunk);
    while let Some((start, before)) = at.checked_sub(1).and_then(|last| map.get_prev(&last)) {
        let start = *start;
        let joined = match (before, &chunk) {
            (Chunk::Zeros(before), Chunk::Zeros(len)) => Chunk::Zeros(before + len),
            (Chunk::Memory(before), Chunk::Memory(bytes))
                if before.len() <= bytes.len()
                    && before.len() + bytes.len() <= CHUNK_BYTES_JOINED_MAX =>
            {
                let mut joined = BytesMut::with_capacity(before.len() + bytes.len());
                joined.extend_from_slice(before);
                joined.extend_from_slice(bytes);
                Chunk::Memory(joined.freeze())
            }
            _ => break,
        };
        map.remove(&start);
        (at, chunk) = (start, joined);
    }
    map.insert(at, chunk);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        Body::from(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn text(body: &Body) -> FsResult<String> {
        Ok(String::from_utf8_lossy(&body.read_all()?).into_owned())
    }

    #[test]
    fn writes_cover_split_and_extend() -> FsResult<()> {
        let long = body("abc").append(Chunk::Zeros(70_000)).append(Bytes::from_static(b"xyz"));
        assert_eq!(long.len(), 70_006);
        let long = long.write_at(2, Bytes::from_static(b"123"));
        assert_eq!(&long.read_at(0, 6)?[..], b"ab123\0");
        assert_eq!(&long.read_at(70_002, 100)?[..], b"\0xyz");
        assert_eq!(text(&body("hello").write_at(1, Bytes::from_static(b"E")))?, "hEllo");
        assert_eq!(text(&body("ab").write_at(4, Bytes::from_static(b"c")))?, "ab\0\0c");
        assert_eq!(text(&body("abcdef").truncate(2).truncate(3))?, "ab\0");
        assert_eq!(text(&body("ab").truncate(0))?, "");
        Ok(())
    }

    #[test]
    fn small_appends_join_into_few_chunks() -> FsResult<()> {
        let mut body = Body::empty();
        for count in 0..100_000_u32 {
            body = body.append(Bytes::copy_from_slice(&count.to_le_bytes()));
        }
        assert_eq!(body.len(), 400_000);
        assert!(body.chunks().len() < 40, "{}", body.chunks().len());
        assert_eq!(&body.read_at(4 * 77_777, 4)?[..], &77_777_u32.to_le_bytes());
        Ok(())
    }

    #[test]
    fn a_body_stays_as_it_is_when_others_grow_from_it() -> FsResult<()> {
        let start = body("a").append(Bytes::from_static(b"b"));
        let one = start.append(Bytes::from_static(b"one"));
        let two = start.append(Bytes::from_static(b"two"));
        let cut = one.truncate(3).append(Bytes::from_static(b"!"));
        let mut long = two.clone();
        while long.len() < 200_000 {
            long = long.append(Bytes::from_static(b"0123456789"));
        }
        for (body, wanted) in [(&start, "ab"), (&one, "abone"), (&two, "abtwo"), (&cut, "abo!")] {
            assert_eq!(text(body)?, wanted);
        }
        assert_eq!(&long.read_at(3, 10)?[..], b"wo01234567");
        let whole = long.read_all()?;
        for at in [0, 65_530, 65_536, 131_070, 199_990] {
            assert_eq!(long.read_at(at as u64, 30)?, whole.slice(at..(at + 30).min(whole.len())));
        }
        let patched = long.write_at(65_000, Bytes::from(vec![b'-'; 1000]));
        assert_eq!(patched.len(), long.len());
        assert_eq!(&patched.read_at(64_999, 1002)?[1..1001], &[b'-'; 1000][..]);
        assert_eq!(long.memory_bytes(), long.len());
        Ok(())
    }

    #[test]
    fn data_that_settles_reads_as_before() -> FsResult<()> {
        #[derive(Debug)]
        struct Upper;
        impl ReadAt for Upper {
            fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
                Ok(Bytes::from_static(b"--abcdef").slice(offset as usize..offset as usize + len))
            }
        }
        let landed = Arc::new(crate::tree::Landed::new(Bytes::from_static(b"abcdef")));
        let chunk = Chunk::Landed { landed: Arc::clone(&landed), offset: 0, len: 6 };
        let body = body("x").append(chunk).write_at(3, Bytes::from_static(b"!"));
        assert_eq!(body.memory_bytes(), 7);
        landed.settle(Arc::new(Upper), 2);
        assert_eq!(text(&body)?, "xab!def");
        assert_eq!(body.memory_bytes(), 2);
        Ok(())
    }

    #[test]
    fn identity_is_known_without_reading() {
        let one = body("same");
        assert!(one.same_identity(&one.clone()));
        assert!(!one.same_identity(&body("same")));
        assert_eq!(one.same_content(&body("same")), Ok(true));
        assert_eq!(one.same_content(&body("sama")), Ok(false));
        let other = body("same");
        one.mark_stored(ObjectId([1; 20]));
        other.mark_stored(ObjectId([1; 20]));
        assert!(one.same_identity(&other));
        assert!(Body::empty().same_identity(&body("")));
    }
}
