//! What a token says of itself, unproven: to count by and to notice its end, never to allow anything.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// What a token says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// The key that is said to have signed it.
    #[serde(rename = "sub")]
    pub key: String,
    /// The first second at which it is no longer valid.
    #[serde(rename = "exp")]
    pub expires_s: i64,
}

/// Reads a token without verifying it; `None` if it is none.
#[must_use]
pub fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
