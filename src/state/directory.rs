//! The working directory as the shell knows it, and the stack of `pushd`.

use super::text::Str;
use mesafs::VPath;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Directories {
    /// The logical working directory: links that led here are still in it.
    pub cwd: VPath,
    /// Below the working directory, the top first.
    pub stack: Arc<Vec<Str>>,
}

impl Directories {
    pub fn new(cwd: VPath) -> Self {
        Self { cwd, stack: Arc::default() }
    }

    /// What `dirs -l` lists: the working directory and then the stack.
    pub fn all(&self) -> impl Iterator<Item = Str> {
        let cwd = Str::new(self.cwd.as_bstr());
        std::iter::once(cwd).chain(self.stack.iter().cloned())
    }
}
