//! API keys and their public halves.

use std::fmt;

use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::json::{decode_base64, encode_base64};
use crate::name::OrgName;

pub(super) const SEED_BYTES: usize = 32;
/// What 32 bytes are in base64url.
const ENCODED_CHARS: usize = 43;
const PREFIX: &str = "mesa_";

/// Why a text is no API key. Quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    #[error("API key does not start with 'mesa_'")]
    Prefix,
    #[error("API key is not mesa_ORG_ and 43 characters: it is too short")]
    TooShort,
    #[error("API key is not mesa_ORG_ and 43 characters: no '_' stands before the last 43")]
    Separator,
    #[error("API key names no possible org")]
    Org,
    #[error("API key does not end in 43 characters of canonical base64url")]
    Secret,
    #[error("public key is not 32 bytes of an Ed25519 key")]
    Public,
    #[error("public key is weak: anyone could sign for it")]
    Weak,
    #[error("key id is not 43 characters of base64url")]
    KeyId,
    #[error("the system gave no random numbers")]
    Random,
}

/// The secret that signs tokens: `mesa_ORG_` and 43 characters, the base64url of an Ed25519 seed.
///
/// It is wiped when dropped, and has no `Display`; [`ApiKey::expose`] is the only way to its text.
#[derive(Clone)]
pub struct ApiKey {
    org: OrgName,
    seed: Zeroizing<[u8; SEED_BYTES]>,
    public: PublicKey,
}

impl ApiKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong, without the key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix(PREFIX).ok_or(KeyError::Prefix)?;
        // An org may hold '_', and so may base64url: only the length tells them apart.
        let split = rest.len().checked_sub(ENCODED_CHARS).ok_or(KeyError::TooShort)?;
        let secret = rest.get(split..).ok_or(KeyError::Secret)?;
        let org = rest.get(..split).and_then(|org| org.strip_suffix('_'));
        let org = org.ok_or(KeyError::Separator)?;
        let org = OrgName::new(org).map_err(|_| KeyError::Org)?;
        let bytes = Zeroizing::new(decode_base64(secret).ok_or(KeyError::Secret)?);
        let seed = bytes.as_slice().try_into().map_err(|_| KeyError::Secret)?;
        Ok(Self::from_seed(org, seed))
    }

    /// Makes a new key from the system's random numbers.
    ///
    /// # Errors
    /// [`KeyError::Random`] if there are none.
    pub fn generate(org: OrgName) -> Result<Self, KeyError> {
        let mut seed = [0; SEED_BYTES];
        getrandom::fill(&mut seed).map_err(|_| KeyError::Random)?;
        Ok(Self::from_seed(org, seed))
    }

    /// The key that a seed is.
    #[must_use]
    pub fn from_seed(org: OrgName, seed: [u8; SEED_BYTES]) -> Self {
        let seed = Zeroizing::new(seed);
        let public = PublicKey(SigningKey::from_bytes(&seed).verifying_key().to_bytes());
        Self { org, seed, public }
    }

    #[must_use]
    pub fn org(&self) -> &OrgName {
        &self.org
    }

    /// The half that a backend keeps.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key's id: the thumbprint of its public half.
    #[must_use]
    pub fn thumbprint(&self) -> KeyId {
        self.public.thumbprint()
    }

    /// The author of changes made with this key where no other is given: `ORG key KID8`.
    #[must_use]
    pub fn author_name(&self) -> String {
        self.thumbprint().author_name(&self.org)
    }

    /// The text of the key, for writing it where its owner keeps it and nowhere else.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(encode_base64(self.seed.as_slice()));
        Zeroizing::new(format!("{PREFIX}{}_{}", self.org, *secret))
    }

    pub(super) fn seed(&self) -> &[u8; SEED_BYTES] {
        &self.seed
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, {})", self.org, self.thumbprint().short())
    }
}

/// The public half of an API key: a valid Ed25519 point of large order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes a public key from where keys are registered.
    ///
    /// # Errors
    /// [`KeyError::Public`] if it is no point of the curve, [`KeyError::Weak`] if its order is
    /// small, so that signatures could be made without its seed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| KeyError::Public)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Public)?;
        // A second encoding of the same point would have a second key id.
        if key.to_edwards().compress().to_bytes() != bytes {
            return Err(KeyError::Public);
        }
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self(bytes))
    }

    /// Reads the 43 characters that [`PublicKey::encoded`] writes.
    ///
    /// # Errors
    /// As [`PublicKey::from_bytes`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&decode_base64(text).ok_or(KeyError::Public)?)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Base64url, as in a JWK's `x`.
    #[must_use]
    pub fn encoded(&self) -> String {
        encode_base64(&self.0)
    }

    /// The SHA-256 thumbprint of the key as a JWK (RFC 7638, members as in RFC 8037).
    #[must_use]
    pub fn thumbprint(&self) -> KeyId {
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.encoded());
        KeyId(encode_base64(&Sha256::digest(jwk)))
    }
}

/// The id of an API key: 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// How many characters of an id stand for it where people read it.
    pub const SHORT_CHARS: usize = 8;

    /// # Errors
    /// [`KeyError::KeyId`] unless `text` is 32 bytes in canonical base64url.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        match decode_base64(text) {
            Some(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(KeyError::KeyId),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first [`KeyId::SHORT_CHARS`] characters.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..Self::SHORT_CHARS).unwrap_or(&self.0)
    }

    /// `ORG key KID8`: who made a change where no author is given.
    #[must_use]
    pub fn author_name(&self, org: &OrgName) -> String {
        format!("{org} key {}", self.short())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key pair of RFC 8037, appendix A.
    const SECRET: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

    fn key() -> ApiKey {
        ApiKey::parse(&format!("mesa_acme_{SECRET}")).unwrap()
    }

    #[test]
    fn the_thumbprint_is_rfc_8037_s() {
        let key = key();
        assert_eq!(key.public().encoded(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.thumbprint().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.author_name(), "acme key kPrK_qmx");
    }

    #[test]
    fn keys_parse_back_whatever_the_org() {
        for org in ["acme", "a_b", "a_", "a-b.c_d_", &"x".repeat(100)] {
            let key = ApiKey::generate(OrgName::new(org).unwrap()).unwrap();
            let again = ApiKey::parse(&key.expose()).unwrap();
            assert_eq!((again.org().as_str(), again.public()), (org, key.public()));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_key() {
        let flawed = [
            ("", KeyError::Prefix),
            ("MESA_acme_", KeyError::Prefix),
            ("mesa_", KeyError::TooShort),
            ("mesa_acme", KeyError::TooShort),
            (&format!("mesa_{SECRET}"), KeyError::Separator),
            (&format!("mesa_acme{SECRET}"), KeyError::Separator),
            (&format!("mesa_acme_{SECRET}A"), KeyError::Separator),
            (&format!("mesa__{SECRET}"), KeyError::Org),
            (&format!("mesa_Acme_{SECRET}"), KeyError::Org),
            (&format!("mesa_tmp_{SECRET}"), KeyError::Org),
            (&format!("mesa_{}_{SECRET}", "a".repeat(101)), KeyError::Org),
            (&format!("mesa_acme_{}B", &SECRET[..42]), KeyError::Secret),
            (&format!("mesa_acme_{}=", &SECRET[..42]), KeyError::Secret),
            (&format!("mesa_acme_{}+", &SECRET[..42]), KeyError::Secret),
            (&format!("mesa_acme_{}\u{e9}", &SECRET[..41]), KeyError::Secret),
            (&format!("mesa_acme_\u{e9}{}", &SECRET[..42]), KeyError::Secret),
        ];
        for (text, wanted) in flawed {
            let error = ApiKey::parse(text).unwrap_err();
            assert_eq!(error, wanted, "{text}");
            assert!(!error.to_string().contains(&SECRET[..4]));
        }
    }

    #[test]
    fn a_key_shows_only_its_org_and_id() {
        assert_eq!(format!("{:?}", key()), "ApiKey(acme, kPrK_qmx)");
    }

    #[test]
    fn weak_and_twice_encoded_public_keys_are_refused() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(PublicKey::from_bytes(&neutral), Err(KeyError::Weak));
        assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyError::Weak));
        // y = p + 3, the second encoding of y = 3.
        let mut twice = [0xff; 32];
        (twice[0], twice[31]) = (0xf0, 0x7f);
        assert_eq!(PublicKey::from_bytes(&twice), Err(KeyError::Public));
        assert_eq!(PublicKey::from_bytes(&[1; 31]), Err(KeyError::Public));
        assert!(PublicKey::parse(&key().public().encoded()).is_ok());
    }

    #[test]
    fn generated_keys_differ() {
        let make = || ApiKey::generate(OrgName::new("acme").unwrap()).unwrap();
        assert_ne!(make().public(), make().public());
    }
}
