//! Why a mount failed.

use std::fmt;

use mesa_store::StoreError;
use mesafs::backend::OpenError;
use mesafs::token::{MintError, TokenError};
use mesafs::{Errno, FsError, Operation};

/// Why a client or a mount could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// An option that can't be right, and what is allowed.
    #[error("{reason}")]
    InvalidOptions { option: &'static str, reason: String },
    #[error("{0}")]
    NotFound(Missing),
    #[error("{0}")]
    Unauthorized(#[from] TokenError),
    /// A server did not answer, or answered nonsense.
    #[error("{0}")]
    Transport(FsError),
    /// The store failed; [`StoreError::Busy`] names the process that has it open.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// What a mount did not find.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    #[error("repository '{repo}' not found")]
    Repo { repo: String },
    #[error("bookmark '{bookmark}' not found in '{repo}'")]
    Bookmark { repo: String, bookmark: String },
    #[error("change '{change}' not found in '{repo}'")]
    Change { repo: String, change: String },
}

impl MountError {
    pub(crate) fn invalid(option: &'static str, reason: impl fmt::Display) -> Self {
        Self::InvalidOptions { option, reason: reason.to_string() }
    }
}

impl From<OpenError> for MountError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NoRepo { repo } => Self::NotFound(Missing::Repo { repo }),
            OpenError::NoBookmark { repo, bookmark } => {
                Self::NotFound(Missing::Bookmark { repo, bookmark })
            }
            OpenError::NoChange { repo, change } => {
                Self::NotFound(Missing::Change { repo, change })
            }
            OpenError::Ambiguous { .. } => Self::invalid("change_id", error),
            OpenError::Unauthorized(error) => Self::Unauthorized(error),
            other => {
                let failed = FsError::new(Errno::Io, Operation::Mount, "");
                Self::Store(failed.with_detail(other.to_string()).into())
            }
        }
    }
}

impl From<MintError> for MountError {
    fn from(error: MintError) -> Self {
        let option = match error {
            MintError::Ttl { .. } => "ttl",
            MintError::Sign | MintError::Clock => "api_key",
            _ => "repos",
        };
        Self::invalid(option, error)
    }
}

impl From<FsError> for MountError {
    fn from(error: FsError) -> Self {
        Self::Store(error.into())
    }
}
