//! `-i inplace`: what a program prints while it reads a file becomes that file.

use bytes::Bytes;
use mesafs::tree::Body;

use super::{Done, Machine};
use crate::prelude::*;
use crate::stream::Capture;

/// The file that is being rewritten.
pub(super) struct Edit {
    path: VPath,
    /// What was read, so that an edit that somebody made meanwhile is merged and not lost.
    base: Body,
    printed: Capture,
    /// Standard output itself.
    outer: Output,
}

impl Machine<'_, '_, '_, '_, '_> {
    /// Catches what is printed from now on, for the file at `name`.
    pub(super) fn begin_edit(&mut self, name: &Bytes) -> Done<()> {
        if !self.in_place {
            return Ok(());
        }
        let path = self.ctx.path(name)?;
        let base = self.ctx.fs.read_edition(&path)?.base;
        let printed = Capture::new(self.ctx.budget.clone());
        let inner = Output::standard(printed.stream(), self.ctx.cancel.clone());
        let outer = std::mem::replace(&mut self.ctx.stdout, inner);
        self.edit = Some(Edit { path, base, printed, outer });
        Ok(())
    }

    /// Puts what was printed in the file's place.
    pub(super) fn commit_edit(&mut self) -> Done<()> {
        let Some(edit) = self.edit.take() else { return Ok(()) };
        let flushed = self.ctx.stdout.flush();
        self.ctx.stdout = edit.outer;
        flushed?;
        if let Some(suffix) = self.backup.as_ref().filter(|suffix| !suffix.is_empty()) {
            let kept = [edit.path.as_bstr().as_bytes(), suffix].concat();
            let mode = self.ctx.fs.metadata(&edit.path)?.mode;
            let whole = self.ctx.fs.read(&edit.path)?;
            self.ctx.fs.write(&self.ctx.path(&kept)?, whole, mode)?;
        }
        self.ctx.fs.replace(&edit.path, &edit.base, edit.printed.take().into())?;
        Ok(())
    }

    /// The file stays as it was: the program has failed.
    pub(super) fn drop_edit(&mut self) {
        if let Some(edit) = self.edit.take() {
            self.ctx.stdout = edit.outer;
        }
    }
}
