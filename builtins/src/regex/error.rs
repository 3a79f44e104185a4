//! Why a pattern or a search failed.

/// Why a pattern is none, in glibc's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    #[error("Invalid regular expression")]
    BadPattern,
    #[error("Invalid collation character")]
    Collation,
    #[error("Invalid character class name")]
    ClassName,
    #[error("Trailing backslash")]
    TrailingBackslash,
    #[error("Invalid back reference")]
    BackReference,
    #[error("Unmatched [, [^, [:, [., or [=")]
    Bracket,
    #[error("Unmatched ( or \\(")]
    Parenthesis,
    #[error("Unmatched \\{{")]
    Brace,
    #[error("Invalid content of \\{{\\}}")]
    BraceContent,
    #[error("Invalid range end")]
    RangeEnd,
    #[error("Invalid preceding regular expression")]
    Repeat,
    #[error("Regular expression too big")]
    TooBig,
    #[error("Unmatched ) or \\)")]
    RightParenthesis,
    /// GNU's matchers refuse `[:space:]` where `[[:space:]]` was meant.
    #[error("character class syntax is [[:space:]], not [:space:]")]
    BareClass,
    /// What PCRE2 says.
    #[error("{0}")]
    Perl(&'static str),
}

/// Why a search ended without an answer. Only patterns that need backtracking can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    #[error("Operation canceled")]
    Cancelled,
    /// Back-references took more steps than a search may take.
    #[error("regular expression takes too many steps")]
    TooManySteps,
}

impl From<MatchError> for crate::command::CommandError {
    fn from(error: MatchError) -> Self {
        match error {
            MatchError::Cancelled => Self::Stream(mesafs::FsError::new(
                mesafs::Errno::Canceled,
                mesafs::Operation::Read,
                "",
            )),
            MatchError::TooManySteps => {
                Self::Fail(error.to_string().into_bytes(), crate::command::ExitStatus(2))
            }
        }
    }
}
