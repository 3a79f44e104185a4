//! The embedded versioned store: repositories in a folder, one process at a time.

pub mod engine;
mod error;
mod options;
mod store;

pub use engine::{Author, ExportReport, ImportError, ImportReport, RefusedName};
pub use error::StoreError;
pub use options::{StoreOptions, Timer};
pub use store::{KeyInfo, RepoInfo, Store};
