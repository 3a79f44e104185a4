//! The working directory as the shell knows it, and the stack of `pushd`.

use super::ledger::Ledger;
use super::text::Str;
use mesafs::VPath;
use mesash_builtins::budget::{Budget, LimitReached};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Directories {
    /// The logical working directory: links that led here are still in it.
    pub cwd: VPath,
    /// Below the working directory, the top first.
    pub stack: Arc<Vec<Str>>,
    ledger: Ledger,
}

impl Directories {
    pub fn new(cwd: VPath) -> Self {
        Self { cwd, stack: Arc::default(), ledger: Ledger::default() }
    }

    /// Puts `dir` on the stack.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so many.
    pub fn push(&mut self, dir: Str, budget: &Budget) -> Result<(), LimitReached> {
        self.ledger.account(self.stack.len() + 1, 2 * size_of::<Str>(), budget)?;
        Arc::make_mut(&mut self.stack).insert(0, dir);
        Ok(())
    }

    /// What `dirs -l` lists: the working directory and then the stack.
    pub fn all(&self) -> impl Iterator<Item = Str> {
        let cwd = Str::new(self.cwd.as_bstr());
        std::iter::once(cwd).chain(self.stack.iter().cloned())
    }
}
