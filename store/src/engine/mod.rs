//! The history of one repository: commits, changes, bookmarks and their objects, in a plain git
//! and jj repository on disk.
//!
//! The only module that names `jj_lib` and `gix`; nothing above it sees their types. A repository
//! is a folder that jj itself made the way `jj git init` does: `.jj/repo/store/git` is a bare git
//! repository (`git -C DIR/.jj/repo/store/git log`, `fsck`), and `jj --ignore-working-copy -R DIR
//! log` opens the whole. jj's own working-copy pointer is never used.
//!
//! Always true:
//! - A [`Repository`] is shared freely between threads. Reading goes through [`Objects`], which
//!   never waits for the writer; every call that changes history takes the repository's one writer
//!   lock, loads the newest operation (merging those that `jj` made meanwhile), and lands as one
//!   jj operation.
//! - No call rewrites the root, or a commit that was imported or tagged: the set of immutable
//!   commits is stored beside the repository and checked here.
//! - Nothing reads the user's jj configuration. jj's git backend opens its repository as git does,
//!   with the user's git configuration, which must be well formed but decides nothing here; what we
//!   open ourselves looks at the repository's own alone.
//!
//! Not here: facts that git cannot hold, live trees, and when to snapshot.

mod bookmarks;
mod cache;
pub(crate) mod cause;
mod changes;
mod conflict;
mod counters;
mod diff;
mod disk;
mod draft;
mod error;
mod export;
mod gc;
mod history;
mod ids;
mod import;
mod journal;
mod known;
mod large;
mod merge;
mod merge_text;
mod objects;
mod operations;
mod pack;
mod refs;
mod repository;
mod revisions;
mod rewrite;
mod settings;
mod snapshot;
mod sums;
mod tidy;
mod touched;
mod types;
mod writer;

pub use cause::Edits;
pub use counters::Counters;
pub use diff::Difference;
pub use error::{EngineError, EngineResult};
pub use export::{ExportError, ExportReport};
pub use gc::{Cleaned, GcReport, Kept};
pub use import::{ImportError, ImportReport, RefusedName, TakeReport, Taken};
pub use merge::{MergeOptions, MergeOutcome, MergeStrategy, Merged};
pub use merge_text::{MergedText, merge_text};
pub use objects::Objects;
pub use operations::OperationInfo;
pub use repository::Repository;
pub use rewrite::{Emptied, Moved};
pub use snapshot::ChangeSnapshot;
pub use tidy::{Tidy, TidyReport};
pub use touched::Touched;
pub use types::{
    Author, Bookmark, Commit, ConflictedFile, Durability, Resolved, Rewritten, RootTree, Side,
    Target, Transacted, TreeEntry, TreeEntryKind,
};
pub use writer::ObjectWriter;
