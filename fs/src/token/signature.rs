//! Ed25519 signatures, by `jsonwebtoken` with an explicit provider.
//!
//! The crate's own `encode` and `decode` take a process-wide provider, and panic at first use where
//! another dependency has switched a second backend on; the one named here always works.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use zeroize::Zeroizing;

use super::key::{ApiKey, PublicKey, SEED_BYTES};

/// PKCS #8's frame around an Ed25519 seed (RFC 8410, section 7).
const PKCS8_FRAME: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Signs `message`; `None` if the provider refuses the key, which it never does for a whole seed.
pub(super) fn sign(key: &ApiKey, message: &[u8]) -> Option<Vec<u8>> {
    let mut der = Zeroizing::new(Vec::with_capacity(PKCS8_FRAME.len() + SEED_BYTES));
    der.extend_from_slice(&PKCS8_FRAME);
    der.extend_from_slice(key.seed());
    let key = EncodingKey::from_ed_der(&der);
    let signer = (DEFAULT_PROVIDER.signer_factory)(&Algorithm::EdDSA, &key).ok()?;
    signer.try_sign(message).ok()
}

/// Whether `signature` over `message` is by `key`.
pub(super) fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let key = DecodingKey::from_ed_der(key.as_bytes());
    (DEFAULT_PROVIDER.verifier_factory)(&Algorithm::EdDSA, &key)
        .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
}
