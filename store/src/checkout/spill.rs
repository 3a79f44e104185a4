//! Files without a name in the store's folder, for what a run has no memory for.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use bytes::Bytes;
use mesafs::error::{FsError, FsResult, Operation};
use mesafs::spill::SpillFile;

use crate::error::errno_of;

/// A file that was unlinked before anything was written to it.
#[derive(Debug)]
pub(super) struct Unlinked(File);

impl Unlinked {
    pub fn new(folder: &Path) -> FsResult<Self> {
        tempfile::tempfile_in(folder).map(Self).map_err(failed(Operation::Open))
    }
}

fn failed(operation: Operation) -> impl Fn(io::Error) -> FsError {
    move |error| FsError::new(errno_of(&error), operation, "").with_detail(error.to_string())
}

impl SpillFile for Unlinked {
    fn write_at(&self, offset: u64, data: &[u8]) -> FsResult<()> {
        self.0.write_all_at(data, offset).map_err(failed(Operation::Write))
    }

    fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        let mut content = vec![0; len];
        self.0.read_exact_at(&mut content, offset).map_err(failed(Operation::Read))?;
        Ok(content.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_in_the_folder() -> FsResult<()> {
        let folder = tempfile::tempdir().map_err(failed(Operation::Open))?;
        let file = Unlinked::new(folder.path())?;
        file.write_at(3, b"xyz")?;
        assert_eq!(file.read_at(2, 3)?, &b"\0xy"[..]);
        let listed = std::fs::read_dir(folder.path()).map_err(failed(Operation::Lookup))?;
        assert_eq!(listed.count(), 0);
        assert!(file.read_at(4, 3).is_err());
        Ok(())
    }
}
