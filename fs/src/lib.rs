//! mesafs: what a mounted file system is, apart from where its repositories live.
//!
//! Paths, errors, the [`FileSystem`] and [`Backend`] contracts, the immutable tree with its ops,
//! mounts, tokens and events. Nothing here knows a shell, a store's files or a network.

pub mod backend;
pub mod clock;
pub mod counters;
pub mod error;
pub mod event;
pub mod filesystem;
pub mod line;
pub mod live;
pub mod mount;
pub mod name;
pub mod op;
pub mod path;
pub mod scratch;
pub mod spill;
pub mod stat;
pub mod token;
pub mod tree;
pub mod wire;

pub use backend::{Access, Backend, Checkout, Pin, Volume};
pub use counters::{Counters, Counts};
pub use error::{Errno, FsError, FsResult, Operation};
pub use event::Invalidation;
pub use filesystem::{FileSystem, Follow, Handle, OpenOptions};
pub use name::{BookmarkName, ChangeId, CommitOid, OrgName, RepoId, RepoName};
pub use path::{RealPath, RepoPath, VPath, resolve_path};
pub use scratch::Scratch;
pub use spill::SpillFile;
pub use stat::{DirEntry, FileKind, FsStat};
