//! How a content is known again without being read.
//!
//! What is stored in commits has the ids that git gives it, the same on every server and for ever.
//! What is not stored yet has a number of the server that told of it, which no other content gets.
//! Neither is a capability: no call takes one alone.

use std::fmt;

use mesafs::tree::{ObjectId, StoredDir};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names an open checkout on a server. It is of use only together with the token that opened it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId(pub u128);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The first digits will do for a log.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({:08x}..)", self.0 >> 96)
    }
}

/// The id of a node of the facts tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash32(pub [u8; 32]);

impl Serialize for Hash32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Hash32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = mesafs::wire::read_bytes(deserializer)?;
        let told = |_| D::Error::custom("a hash that is not 32 bytes");
        bytes.try_into().map(Self).map_err(told)
    }
}

/// What a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DirKey {
    Stored { tree: Option<ObjectId>, facts: Option<Hash32> },
    Fresh { server: u64, tag: u64 },
}

impl DirKey {
    /// As a client's tree keeps it: two directories are the same exactly if this is.
    #[must_use]
    pub fn to_stored(self) -> StoredDir {
        match self {
            Self::Stored { tree, facts } => StoredDir { tree, facts: facts.map(|facts| facts.0) },
            Self::Fresh { server, tag } => {
                let mut facts = [0xff; 32];
                for (at, byte) in
                    server.to_le_bytes().into_iter().chain(tag.to_le_bytes()).enumerate()
                {
                    if let Some(place) = facts.get_mut(at) {
                        *place = byte;
                    }
                }
                StoredDir { tree: None, facts: Some(facts) }
            }
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BodyKey {
    /// A git blob.
    Blob(ObjectId),
    Fresh {
        server: u64,
        tag: u64,
    },
}
