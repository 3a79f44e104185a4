//! The embedded versioned store: repositories in a folder, one process at a time.
//!
//! A [`Store`] is a folder with a lock, a journal, a database, and one git and jj repository for
//! each repository. What lands is in the journal before anyone sees it; snapshots bring it into
//! commits. Deep inside are four contracts (`persist`); `engine` alone knows jj and git.

mod audit;
mod backend;
mod cause;
mod checkout;
mod core;
pub mod engine;
mod error;
mod journal;
mod lock;
mod options;
mod persist;
mod positions;
mod recent;
mod records;
mod repo;
mod store;
mod wire;
mod worker;

pub use engine::{
    Author, ExportReport, GcReport, ImportError, ImportReport, RefusedName, TakeReport,
};
pub use error::StoreError;
pub use options::{StoreOptions, Timer};
pub use store::{KeyInfo, RepoInfo, Store, SyncReport};
