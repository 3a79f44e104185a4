//! What git cannot hold: mode bits beyond x, mtimes, empty directories.
//!
//! A persistent tree of content-addressed nodes beside the git trees, one root per commit. A node
//! has an entry for each name of its directory of which git holds too little. Entries say which
//! content they were noted for: a rewrite that changed a file leaves its mode and drops its time.

pub(crate) mod weave;

use bstr::BString;
use bytes::Bytes;
use mesafs::tree::{Attributes, ObjectId, Sums};
use sha2::{Digest, Sha256};

use crate::wire::{Reader, Writer};

/// The mode of a directory of which nothing else is known.
pub(crate) const DIR_MODE: u32 = 0o755;
/// The mode that every symbolic link has.
pub(crate) const LINK_MODE: u32 = 0o777;

pub(crate) fn file_mode(executable: bool) -> u32 {
    if executable { 0o755 } else { 0o644 }
}

pub(crate) fn is_executable(mode: u32) -> bool {
    mode & 0o100 != 0
}

/// What is noted of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FactsEntry {
    /// Empty for the root of a commit.
    pub name: BString,
    /// Where it is not the one that git's says.
    pub mode: Option<u32>,
    pub mtime_ns: Option<i64>,
    pub of: FactsOf,
}

/// The content that an entry was noted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactsOf {
    File(ObjectId),
    Symlink(ObjectId),
    /// `tree` is `None` where git has nothing.
    Dir {
        tree: Option<ObjectId>,
        facts: Option<[u8; 32]>,
        sums: Sums,
    },
}

impl FactsEntry {
    /// Notes of an entry whose git mode is `git_mode`; `None` if git holds all of it.
    pub fn new(name: &[u8], attributes: Attributes, git_mode: u32, of: FactsOf) -> Option<Self> {
        let mode = (attributes.mode != git_mode).then_some(attributes.mode);
        let beyond_git = match of {
            FactsOf::Dir { tree, facts, .. } => tree.is_none() || facts.is_some(),
            FactsOf::File(_) | FactsOf::Symlink(_) => false,
        };
        let needed = mode.is_some() || attributes.mtime_ns.is_some() || beyond_git;
        needed.then(|| Self { name: name.into(), mode, mtime_ns: attributes.mtime_ns, of })
    }

    pub fn attributes(&self, git_mode: u32) -> Attributes {
        Attributes { mode: self.mode.unwrap_or(git_mode), mtime_ns: self.mtime_ns }
    }

    fn put(&self, out: &mut Writer) {
        out.bytes(&self.name);
        let kind = match self.of {
            FactsOf::File(_) => 0,
            FactsOf::Symlink(_) => 1,
            FactsOf::Dir { .. } => 2,
        };
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        out.u8(kind | flag(self.mode.is_some(), 4) | flag(self.mtime_ns.is_some(), 8));
        if let Some(mode) = self.mode {
            out.len(u64::from(mode));
        }
        if let Some(mtime_ns) = self.mtime_ns {
            out.i64(mtime_ns);
        }
        match self.of {
            FactsOf::File(ObjectId(blob)) | FactsOf::Symlink(ObjectId(blob)) => out.raw(&blob),
            FactsOf::Dir { tree, facts, sums } => {
                out.object(tree);
                out.facts(facts);
                out.sums(sums);
            }
        }
    }

    fn take(reader: &mut Reader) -> Option<Self> {
        let name = BString::from(&reader.bytes()?[..]);
        let flags = reader.u8()?;
        let mode = match flags & 4 {
            0 => None,
            _ => Some(u32::try_from(reader.len()?).ok().filter(|mode| *mode <= 0o7777)?),
        };
        let mtime_ns = if flags & 8 == 0 { None } else { Some(reader.i64()?) };
        let of = match flags & !12 {
            0 => FactsOf::File(ObjectId(reader.array()?)),
            1 => FactsOf::Symlink(ObjectId(reader.array()?)),
            2 => FactsOf::Dir {
                tree: reader.object()?,
                facts: reader.facts()?,
                sums: reader.sums()?,
            },
            _ => return None,
        };
        Some(Self { name, mode, mtime_ns, of })
    }

    /// The bytes of a commit's root.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.put(&mut out);
        out.0
    }

    /// `None` if the bytes are none of [`FactsEntry::encode`].
    pub fn decode(bytes: Bytes) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        Self::take(&mut reader).filter(|_| reader.is_done())
    }
}

/// The id and the bytes of the node with these entries, which are sorted by name.
pub(crate) fn encode_node(entries: &[FactsEntry]) -> ([u8; 32], Vec<u8>) {
    let mut out = Writer::default();
    out.len(entries.len() as u64);
    entries.iter().for_each(|entry| entry.put(&mut out));
    (Sha256::digest(&out.0).into(), out.0)
}

/// `None` if the bytes are none of [`encode_node`].
pub(crate) fn decode_node(bytes: Bytes) -> Option<Vec<FactsEntry>> {
    let mut reader = Reader::new(bytes);
    let count = reader.count(2)?;
    let entries = (0..count).map(|_| FactsEntry::take(&mut reader)).collect::<Option<_>>()?;
    reader.is_done().then_some(entries)
}

/// The nodes that a commit's root or a node leads to at once; `None` if the bytes are neither.
pub(crate) fn below_root(bytes: Vec<u8>) -> Option<Vec<[u8; 32]>> {
    Some(below(&[FactsEntry::decode(bytes.into())?]))
}

/// As [`below_root`], of a node.
pub(crate) fn below_node(bytes: Vec<u8>) -> Option<Vec<[u8; 32]>> {
    Some(below(&decode_node(bytes.into())?))
}

fn below(entries: &[FactsEntry]) -> Vec<[u8; 32]> {
    let node = |entry: &FactsEntry| match entry.of {
        FactsOf::Dir { facts, .. } => facts,
        FactsOf::File(_) | FactsOf::Symlink(_) => None,
    };
    entries.iter().filter_map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_read_back() {
        let sums = Sums { entries: 1, bytes: 2, depth: 3, longest_path: 4 };
        let dir = FactsOf::Dir { tree: None, facts: Some([7; 32]), sums };
        let private = Attributes { mode: 0o600, mtime_ns: Some(-1) };
        let plain = Attributes { mode: 0o755, mtime_ns: None };
        let entries: Vec<FactsEntry> = [
            FactsEntry::new(b"a", private, 0o644, FactsOf::File(ObjectId([1; 20]))),
            FactsEntry::new(b"empty", plain, DIR_MODE, dir),
            FactsEntry::new(b"x", plain, 0o755, FactsOf::File(ObjectId([2; 20]))),
        ]
        .into_iter()
        .flatten()
        .collect();
        assert_eq!(entries.len(), 2, "git holds all of the third");
        let (id, bytes) = encode_node(&entries);
        assert_eq!(decode_node(bytes.clone().into()), Some(entries.clone()));
        assert_eq!(encode_node(&entries).0, id);
        for len in 0..bytes.len() {
            assert_eq!(decode_node(Bytes::copy_from_slice(&bytes[..len])), None, "{len}");
        }
    }
}
