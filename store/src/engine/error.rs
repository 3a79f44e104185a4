//! Why an engine call failed.

use std::io;
use std::path::PathBuf;

use mesafs::backend::ChangeError;
use mesafs::error::{Errno, FsError, Operation};

pub type EngineResult<T> = Result<T, EngineError>;

/// Why an engine call failed. [`From`] makes it a [`ChangeError`] for callers of a mount.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    #[error("bookmark '{0}' not found")]
    NoBookmark(String),
    #[error("bookmark '{0}' already exists")]
    BookmarkExists(String),
    #[error("bookmark '{0}' is conflicted")]
    BookmarkConflicted(String),
    #[error("change '{0}' not found")]
    NoChange(String),
    #[error("change '{prefix}' is ambiguous: {}", candidates.join(", "))]
    Ambiguous { prefix: String, candidates: Vec<String> },
    /// A write needs one commit, and the change has several.
    #[error("change '{change}' is divergent: {}", commits.join(", "))]
    Divergent { change: String, commits: Vec<String> },
    /// Somebody moved the bookmark meanwhile. Trying again may help.
    #[error("bookmark '{0}' moved meanwhile, try again")]
    BookmarkRaced(String),
    /// The change's commit is not the one that the caller built on: it must look again.
    #[error("change '{change}' moved meanwhile to {now}")]
    ChangeMoved { change: String, now: String },
    #[error("cannot move '{name}' {direction}: allow it with --allow-backwards")]
    MoveRefused { name: String, direction: &'static str },
    #[error("cannot put '{0}' onto itself or what comes after it")]
    Cycle(String),
    #[error("invalid revision '{text}': {reason}")]
    Revision { text: String, reason: String },
    #[error("bookmark '{0}' is the default one: set another first")]
    DefaultBookmark(String),
    #[error("operation '{0}' not found")]
    NoOperation(String),
    #[error("change '{0}' is immutable: start a new one with 'changes new {0}'")]
    Immutable(String),
    /// A file of the repository could not be read or written.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    /// The system refused something that jj or gix asked of it.
    #[error("{doing}: {source}")]
    System { doing: &'static str, source: io::Error },
    /// The git or jj data is missing something or damaged.
    #[error("{doing}: {reason}")]
    Data { doing: &'static str, reason: String },
}

impl EngineError {
    /// Wraps an error of the libraries below, whose types stay inside the engine.
    pub(super) fn data(doing: &'static str) -> impl FnOnce(Chain) -> Self {
        move |chain| match chain.errno {
            Some(code) => Self::System { doing, source: io::Error::from_raw_os_error(code) },
            None => Self::Data { doing, reason: chain.text },
        }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// An error with its causes, as text.
#[derive(Debug)]
pub(super) struct Chain {
    text: String,
    /// Of the cause, if it is the system's.
    errno: Option<i32>,
}

impl Chain {
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl<E: std::error::Error + 'static> From<E> for Chain {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

impl Chain {
    pub(super) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = String::new();
        let mut errno = None;
        let mut cause = Some(error);
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.ends_with(&more) {
                if !text.is_empty() {
                    text.push_str(": ");
                }
                text.push_str(&more);
            }
            errno = error.downcast_ref::<io::Error>().and_then(errno_of).or(errno);
            cause = error.source();
        }
        Self { text, errno }
    }
}

/// The number of the system's error; of the kind, where a library wrapped that.
fn errno_of(error: &io::Error) -> Option<i32> {
    let by_kind = || match error.kind() {
        io::ErrorKind::StorageFull => Some(Errno::NoSpc.code()),
        io::ErrorKind::QuotaExceeded => Some(Errno::DQuot.code()),
        io::ErrorKind::ReadOnlyFilesystem => Some(Errno::RoFs.code()),
        io::ErrorKind::PermissionDenied => Some(Errno::Acces.code()),
        _ => None,
    };
    error.raw_os_error().or_else(by_kind)
}

/// Puts what was being done beside an error of the libraries below.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> EngineResult<T>;
}

impl<T, E: Into<Chain>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> EngineResult<T> {
        self.map_err(|error| EngineError::data(doing)(error.into()))
    }
}

impl From<EngineError> for ChangeError {
    fn from(error: EngineError) -> Self {
        let failed = |errno, detail: String| {
            Self::Fs(FsError::new(errno, Operation::Change, "").with_detail(detail))
        };
        match error {
            EngineError::NoBookmark(name) => Self::NoBookmark(name),
            EngineError::BookmarkExists(name) => Self::BookmarkExists(name),
            EngineError::BookmarkConflicted(name) => Self::BookmarkConflicted(name),
            EngineError::NoChange(change) => Self::NoChange(change),
            EngineError::Ambiguous { prefix, candidates } => Self::Ambiguous { prefix, candidates },
            EngineError::BookmarkRaced(name) => Self::BookmarkRaced(name),
            EngineError::MoveRefused { name, direction } => Self::MoveRefused { name, direction },
            EngineError::Immutable(change) => Self::Immutable(change),
            EngineError::Divergent { change, commits } => Self::Divergent { change, commits },
            EngineError::ChangeMoved { change, .. } => Self::ChangeRaced(change),
            EngineError::Cycle(change) => Self::Cycle(change),
            EngineError::Revision { text, reason } => Self::Revision { text, reason },
            EngineError::DefaultBookmark(name) => Self::DefaultBookmark(name),
            EngineError::NoOperation(id) => Self::NoOperation(id),
            EngineError::Io { ref source, .. } | EngineError::System { ref source, .. } => {
                let errno = source
                    .raw_os_error()
                    .and_then(|code| Errno::ALL.iter().copied().find(|errno| errno.code() == code));
                failed(errno.unwrap_or(Errno::Io), error.to_string())
            }
            EngineError::Data { .. } => failed(Errno::Io, error.to_string()),
        }
    }
}
