//! What the tree of one command takes of the run's memory, while it is built and while it runs.

use super::ast::{Command, Simple, Word, WordPart};
use mesash_builtins::budget::{Budget, Held, LimitReached, Resource};

/// What isn't asked for, in bytes: the tree of nearly every command.
const FREE_BYTES: usize = 64 << 10;

/// A word with one part and two short texts beside its own bytes, as the allocator rounds them.
pub const WORD_BYTES: usize = size_of::<Word>() + size_of::<WordPart>() + 64;

/// A simple command without its words.
pub const COMMAND_BYTES: usize = size_of::<Command>() + size_of::<Simple>() + 128;

/// The size of a tree so far, estimated from its words and commands, and what is held for it.
#[derive(Debug, Default)]
pub struct TreeSize {
    bytes: usize,
    held: Option<Held>,
}

impl TreeSize {
    /// Notes that `bytes` more are needed; without a budget nothing is limited.
    ///
    /// # Errors
    /// [`LimitReached`] if the run may not hold so much.
    #[inline]
    pub fn add(&mut self, bytes: usize, budget: Option<&Budget>) -> Result<(), LimitReached> {
        self.bytes = self.bytes.saturating_add(bytes);
        match budget {
            Some(budget) if self.bytes > FREE_BYTES => self.charge(budget),
            _ => Ok(()),
        }
    }

    fn charge(&mut self, budget: &Budget) -> Result<(), LimitReached> {
        let bytes = self.bytes as u64;
        match &mut self.held {
            Some(held) if bytes <= held.amount() => Ok(()),
            Some(held) => held.grow(bytes - held.amount() + FREE_BYTES as u64),
            None => {
                self.held = Some(budget.hold(Resource::Memory, bytes + FREE_BYTES as u64)?);
                Ok(())
            }
        }
    }

    /// What is held for the tree: to be kept as long as it is.
    pub fn into_held(self) -> Option<Held> {
        self.held
    }
}
