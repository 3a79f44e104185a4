//! JSON read so strictly that two readers cannot disagree about it.
//!
//! `serde_json::Value` keeps the last of two equal members and forgets that there were two; a
//! [`Json`] object keeps them all, in order, so that a duplicate can be refused at any depth.
//! Numbers keep the type in which they are written: `1.0` and `1e0` are no integers.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value with every member of its objects.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool,
    /// An integer below zero.
    Negative,
    Integer(u64),
    /// Any other number, among them integers beyond 64 bits.
    Float,
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value's type, in the words of messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Negative | Self::Integer(_) => "integer",
            Self::Float => "float",
            Self::Text(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

/// Decodes base64url without padding; `None` unless `text` is the one canonical form.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    // The engine itself refuses padding and stray bits in the last character.
    URL_SAFE_NO_PAD.decode(text).ok()
}

pub(super) fn encode_base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The members of the one JSON object that `bytes` is; `None` if it is anything else.
pub(super) fn parse_object(bytes: &[u8]) -> Option<Vec<(String, Json)>> {
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(members)) => Some(members),
        _ => None,
    }
}

/// The first name that stands twice.
pub(super) fn duplicate(members: &[(String, Json)]) -> Option<&str> {
    let mut rest = members;
    while let Some(((name, _), later)) = rest.split_first() {
        if later.iter().any(|(other, _)| other == name) {
            return Some(name);
        }
        rest = later;
    }
    None
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Bool)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(u64::try_from(number).map_or(Json::Negative, Json::Integer))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Integer(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Float)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            members.push(entry);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_seen_however_they_are_spelled() {
        let members = parse_object(br#"{"a":1,"b":2,"\u0061":3}"#);
        assert_eq!(members.as_deref().and_then(duplicate), Some("a"));
    }

    #[test]
    fn numbers_keep_their_type() {
        let kinds: Vec<_> =
            parse_object(br#"{"a":1,"b":1.0,"c":1e0,"d":-1,"e":99999999999999999999}"#)
                .into_iter()
                .flatten()
                .map(|(_, value)| value)
                .collect();
        let wanted = [Json::Integer(1), Json::Float, Json::Float, Json::Negative, Json::Float];
        assert_eq!(kinds, wanted);
    }

    #[test]
    fn only_one_whole_object_is_one() {
        for bad in ["", "[]", "1", "{", "{}x", "{} {}", "{\"a\":1,}", "\u{feff}{}", "{a:1}"] {
            assert_eq!(parse_object(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse_object(b"{}"), Some(Vec::new()));
        assert_eq!(parse_object(&b"{\"a\":".repeat(10_000)), None);
    }

    #[test]
    fn only_the_canonical_form_decodes() {
        assert_eq!(decode_base64("QQ"), Some(b"A".to_vec()));
        for bad in ["QR", "QQ==", "QQ=", "Q", "QQ\n", " QQ", "+A", "/A"] {
            assert_eq!(decode_base64(bad), None, "{bad}");
        }
    }
}
