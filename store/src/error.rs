//! Why a call of the store failed.

use std::io;
use std::path::PathBuf;

use mesafs::error::{Errno, FsError, Operation};

use crate::engine::{EngineError, ExportError, ImportError};

/// Why a call of the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    #[error("store '{}' is in use by process {pid}", path.display())]
    Busy { path: PathBuf, pid: u32 },
    /// Another machine could open it at the same time.
    #[error("store '{}' is on a network file system ({kind}): serve it where it is, with 'mesash serve'", path.display())]
    Network { path: PathBuf, kind: &'static str },
    #[error("repository '{repo}' not found")]
    NoRepo { repo: String },
    #[error("repository '{repo}' already exists")]
    RepoExists { repo: String },
    /// A mount has it open.
    #[error("repository '{repo}' is mounted")]
    RepoMounted { repo: String },
    #[error("key '{key}' not found")]
    NoKey { key: String },
    #[error("key '{key}' is ambiguous")]
    AmbiguousKey { key: String },
    #[error("repository '{repo}' was never synced: say with which folder")]
    NeverSynced { repo: String },
    /// The store was closed, or the process was forked after it was opened.
    #[error("the store is closed")]
    Closed,
    /// Records of a closed segment are damaged: something changed the file.
    #[error("journal '{}' is damaged at byte {offset}", path.display())]
    JournalDamaged { path: PathBuf, offset: u64 },
    /// A later version made it.
    #[error("store '{}' has format {found}, this program knows {known}", path.display())]
    Format { path: PathBuf, found: u32, known: u32 },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("store database: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error("{0}")]
    Import(#[from] ImportError),
    #[error("{0}")]
    Export(#[from] ExportError),
    #[error("{0}")]
    Fs(#[from] FsError),
}

impl StoreError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// The same failure as a call of a mount tells it.
    pub(crate) fn to_fs(&self, operation: Operation) -> FsError {
        let errno = match self {
            Self::Fs(error) => return error.clone(),
            Self::Io { source, .. } => errno_of(source),
            Self::Busy { .. } | Self::RepoMounted { .. } => Errno::Busy,
            Self::NoRepo { .. } => Errno::NoEnt,
            Self::Engine(error) => return engine_to_fs(error, operation),
            _ => Errno::Io,
        };
        FsError::new(errno, operation, "").with_detail(self.to_string())
    }
}

/// The host's errno, EIO where mesash has none of it.
pub(crate) fn errno_of(error: &io::Error) -> Errno {
    let known = |code| Errno::ALL.iter().copied().find(|errno| errno.code() == code);
    error.raw_os_error().and_then(known).unwrap_or(Errno::Io)
}

/// A failure of the engine as a call on files tells it.
pub(crate) fn engine_to_fs(error: &EngineError, operation: Operation) -> FsError {
    let errno = match error {
        EngineError::Io { source, .. } | EngineError::System { source, .. } => errno_of(source),
        EngineError::Divergent { .. } | EngineError::ChangeMoved { .. } => Errno::Busy,
        EngineError::Immutable(_) => Errno::RoFs,
        _ => Errno::Io,
    };
    FsError::new(errno, operation, "").with_detail(error.to_string())
}
