//! Files that handles hold.

use std::sync::Arc;

use mesafs::backend::OpenFile;
use mesafs::error::{FsResult, Operation};
use mesafs::live::LiveFile;
use mesafs::op::OpenId;
use mesafs::path::RepoPath;
use mesafs::tree::File;

use super::Guard;

/// A file held open, as long as its checkout's token lasts.
#[derive(Debug)]
pub(super) struct HeldFile {
    pub file: LiveFile,
    pub guard: Arc<Guard>,
}

impl OpenFile for HeldFile {
    fn id(&self) -> OpenId {
        self.file.id()
    }

    fn file(&self) -> FsResult<File> {
        self.guard.check(Operation::Read)?;
        self.file.file()
    }

    fn path(&self) -> Option<RepoPath> {
        self.file.path()
    }
}
