//! What a command puts aside when it has no memory for it.

use bytes::Bytes;
use mesafs::{FsResult, SpillFile};

use crate::budget::{Held, Resource};
use crate::command::CommandError;
use crate::context::Context;

/// A file of the host's, without a name, that is written at its end and read anywhere. What it holds
/// counts against [`Resource::Spill`]; both are given back when it is dropped.
#[derive(Debug)]
pub struct Spill {
    file: Box<dyn SpillFile>,
    held: Held,
}

impl Context<'_> {
    /// An empty file for what memory is too small for; `None` where this mount has no room of that
    /// kind, and then the memory limit is all there is.
    ///
    /// # Errors
    /// Those of making it.
    pub fn spill(&self) -> Result<Option<Spill>, CommandError> {
        let Some(file) = self.fs.spill()? else { return Ok(None) };
        Ok(Some(Spill { file, held: self.budget.hold(Resource::Spill, 0)? }))
    }
}

impl Spill {
    /// How many bytes it holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.held.amount()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// # Errors
    /// The budget's limit; ENOSPC, EIO.
    pub fn append(&mut self, data: &[u8]) -> Result<(), CommandError> {
        let at = self.len();
        self.held.grow(data.len() as u64)?;
        Ok(self.file.write_at(at, data)?)
    }

    /// Exactly `len` bytes, which must be there.
    ///
    /// # Errors
    /// EIO.
    pub fn read_at(&self, offset: u64, len: usize) -> FsResult<Bytes> {
        self.file.read_at(offset, len)
    }
}
