//! Why the program itself ends early: what it says, and its exit code.

use std::fmt;

use mesa_store::StoreError;

use crate::mesa::MountError;

/// Exit codes of the program itself. A script's are its own.
pub const FAILED: u8 = 1;
pub const USAGE: u8 = 2;
/// Two sides differ, and somebody has to say what is to be.
pub const CONFLICT: u8 = 3;
pub const UNAUTHORIZED: u8 = 4;
/// Another process has the store open: trying again may help.
pub const BUSY: u8 = 5;
/// A script that can't be read, as bash has it.
pub const NOT_EXECUTABLE: u8 = 126;
pub const NOT_FOUND: u8 = 127;

/// 128 + SIGINT
pub const INTERRUPTED: u8 = 130;

/// An early end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: u8,
    /// What stands before the message: the program, or a script that can't be run.
    pub who: String,
    /// Without newline; empty if there is nothing to say.
    pub message: String,
}

impl Failure {
    pub fn new(status: u8, message: impl fmt::Display) -> Self {
        Self { status, who: "mesash".to_owned(), message: message.to_string() }
    }

    /// An end that the user asked for.
    pub fn silent(status: u8) -> Self {
        Self::new(status, "")
    }

    /// Wrong usage.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(USAGE, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.who, self.message)
    }
}

impl std::error::Error for Failure {}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let status = if matches!(error, StoreError::Busy { .. }) { BUSY } else { FAILED };
        Self::new(status, error)
    }
}

impl From<MountError> for Failure {
    fn from(error: MountError) -> Self {
        match error {
            MountError::InvalidOptions { .. } => Self::usage(error),
            MountError::Unauthorized(_) => Self::new(UNAUTHORIZED, error),
            MountError::Store(error) => error.into(),
            other => Self::new(FAILED, other),
        }
    }
}
