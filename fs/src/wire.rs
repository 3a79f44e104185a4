//! How bytes and paths are told in serde's data model, for what goes over a wire.
//!
//! Names and ids are texts, paths and other bytes are bytes, and whatever comes in is checked as if a
//! caller had given it. Which format they are written in is for the sender to say.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::path::RepoPath;
use crate::tree::ObjectId;

/// No field is expected to be longer without being read in pieces.
const BYTES_TRUSTED: usize = 64 << 10;

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::with_capacity(items.size_hint().unwrap_or(0).min(BYTES_TRUSTED));
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

/// Reads bytes.
///
/// # Errors
/// Those of the format.
pub fn read_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_byte_buf(BytesVisitor)
}

/// `#[serde(with = "mesafs::wire::bstring")]`
pub mod bstring {
    use bstr::BString;
    use serde::{Deserializer, Serializer};

    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(bytes: &BString, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    /// # Errors
    /// Those of the format.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BString, D::Error> {
        super::read_bytes(deserializer).map(BString::from)
    }
}

/// `#[serde(with = "mesafs::wire::bytes")]`
pub mod bytes {
    use ::bytes::Bytes;
    use serde::{Deserializer, Serializer};

    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    /// # Errors
    /// Those of the format.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        super::read_bytes(deserializer).map(Bytes::from)
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bstr())
    }
}

impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(read_bytes(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = read_bytes(deserializer)?;
        let told = || D::Error::custom("an object id that is not 20 bytes");
        bytes.try_into().map(Self).map_err(|_| told())
    }
}
