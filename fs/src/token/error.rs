//! Why a token is refused: one variant per reason.

use bstr::BString;

use super::scope::Scope;
use crate::error::{Errno, FsError, Operation};

/// Why a token is refused. `Display` quotes nothing of the token but its members' names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    #[error("access token expired")]
    Expired,
    #[error("access token not yet valid")]
    NotYetValid,
    #[error("access token issued in the future")]
    IssuedInFuture,
    /// The claimed times allow no life, or one beyond [`super::TTL_S_MAX`].
    #[error("access token with a lifetime that is not 1 to 86400 seconds")]
    Lifetime,

    #[error("access token of {bytes} bytes, more than {max}")]
    TooLong { bytes: usize, max: usize },
    #[error("access token not of three parts")]
    Shape,
    /// Also where the text decodes but isn't the one canonical form.
    #[error("access token with a {part} that is not canonical base64url")]
    Base64 { part: &'static str },
    #[error("access token with a {part} that is not a JSON object")]
    Json { part: &'static str },

    #[error("access token with a duplicate header member {name}")]
    HeaderDuplicate { name: String },
    #[error("access token without header member {name}")]
    HeaderMissing { name: &'static str },
    #[error("access token with header member {name} of type {found}, not {wanted}")]
    HeaderType { name: &'static str, wanted: &'static str, found: &'static str },
    #[error("access token with an unexpected header member {name}")]
    HeaderUnexpected { name: String },
    #[error("access token with critical header extensions")]
    Critical,
    #[error("access token signed with {found}, not EdDSA")]
    Algorithm { found: String },
    #[error("token that is not an access token")]
    Typ,
    #[error("access token with an ill-formed key id")]
    KeyIdForm,
    #[error("access token with an unusable embedded key")]
    JwkForm,
    #[error("access token with an embedded key that is not its key id's")]
    JwkMismatch,

    #[error("access token of an unknown API key")]
    UnknownKey,
    #[error("access token of a revoked API key")]
    KeyRevoked,
    #[error("access token with a wrong signature")]
    Signature,

    #[error("access token with a duplicate claim {name}")]
    ClaimDuplicate { name: String },
    #[error("access token without claim {name}")]
    ClaimMissing { name: &'static str },
    #[error("access token with claim {name} of type {found}, not {wanted}")]
    ClaimType { name: &'static str, wanted: &'static str, found: &'static str },
    #[error("access token with a negative {name}")]
    ClaimNegative { name: &'static str },
    #[error("access token with a {name} beyond any date")]
    ClaimHuge { name: &'static str },
    #[error("access token with an unexpected claim {name}")]
    ClaimUnexpected { name: String },
    #[error("access token of another issuer")]
    Issuer,
    #[error("access token with a subject that is not its key")]
    Subject,
    #[error("access token for another audience")]
    Audience,
    #[error("access token with an ill-formed id")]
    Jti,

    #[error("access token without scopes")]
    ScopesEmpty,
    #[error("access token with an unknown scope")]
    ScopeUnknown,
    #[error("access token with a scope named twice")]
    ScopeTwice,
    #[error("access token with scope {asked}, beyond its key's {allowed}")]
    ScopeBeyondKey { asked: Scope, allowed: Scope },
    #[error("access token without repositories")]
    ReposEmpty,
    #[error("access token with an ill-formed repository name")]
    RepoForm,
    #[error("access token with a repository named twice")]
    RepoTwice,
    #[error("access token for a repository of another org")]
    RepoOtherOrg,
    #[error("access token for a repository beyond its key's")]
    RepoBeyondKey,

    /// It opens repositories, and was used to administer their org.
    #[error("access token that does not administer its org")]
    NotAdmin,

    /// A refusal as another process told it.
    #[error("{0}")]
    Told(String),
}

impl TokenError {
    /// The refusal as a file system call tells it: `Permission denied (access token expired)`.
    #[must_use]
    pub fn at(&self, operation: Operation, path: impl Into<BString>) -> FsError {
        FsError::new(Errno::Acces, operation, path).with_detail(self.to_string())
    }
}

/// A name out of a token as a message may show it: short and printable.
pub(super) fn label(name: &str) -> String {
    const CHARS_MAX: usize = 32;
    let mut label: String = name.escape_debug().take(CHARS_MAX).collect();
    if name.escape_debug().nth(CHARS_MAX).is_some() {
        label.push_str("...");
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_as_an_errno_with_its_reason() {
        let error = TokenError::Expired.at(Operation::Read, "/acme/app/a");
        assert_eq!(error.to_string(), "Permission denied (access token expired)");
        assert_eq!(error.errno(), Errno::Acces);
    }

    #[test]
    fn labels_are_short_and_printable() {
        assert_eq!(label("a\n\u{1b}b"), "a\\n\\u{1b}b");
        assert_eq!(label(&"x".repeat(33)), format!("{}...", "x".repeat(32)));
    }
}
