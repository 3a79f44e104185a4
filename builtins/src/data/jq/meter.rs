//! How many bytes the values of this thread hold.
//!
//! A run of `jq` lives on one thread and its values never leave it. Every string, array and object
//! adds its size here when it is made or grows and takes it off when it goes, so that no function
//! has to be handed an account; the evaluator compares the sum with its budget every few steps, and
//! asks before anything that may become big at once.

use std::cell::Cell;

use crate::budget::{Budget, Held, LimitReached, Resource};

thread_local! {
    static HELD_BYTES: Cell<u64> = const { Cell::new(0) };
}

/// Moves one owner's share from `before` to `after` bytes.
pub(super) fn change(before: usize, after: usize) {
    // At a thread's end the cell may be gone before the last value.
    let _ = HELD_BYTES.try_with(|held| {
        held.set(held.get().wrapping_add(after as u64).wrapping_sub(before as u64));
    });
}

/// The account of one run: what its values hold, charged to the budget in steps.
#[derive(Debug)]
pub(super) struct Meter {
    budget: Budget,
    held: Held,
    /// What other runs on this thread held when this one began.
    base: u64,
}

/// How far the account may lag behind.
const STEP_BYTES: u64 = 256 * 1024;

impl Meter {
    pub fn new(budget: &Budget) -> Result<Self, LimitReached> {
        let held = budget.hold(Resource::Memory, 0)?;
        Ok(Self { budget: budget.clone(), held, base: HELD_BYTES.with(Cell::get) })
    }

    /// Brings the account up to date.
    ///
    /// # Errors
    /// [`LimitReached`] if the values hold more than the budget has.
    pub fn settle(&mut self) -> Result<(), LimitReached> {
        let now = HELD_BYTES.with(Cell::get).saturating_sub(self.base);
        let charged = self.held.amount();
        if now > charged.saturating_add(STEP_BYTES) {
            self.held.grow(now - charged)?;
        } else if charged > now.saturating_add(STEP_BYTES) {
            self.held.shrink(charged - now);
        }
        Ok(())
    }

    /// Whether `bytes` more would fit now.
    ///
    /// # Errors
    /// [`LimitReached`] if they would not.
    pub fn room(&mut self, bytes: u64) -> Result<(), LimitReached> {
        self.settle()?;
        drop(self.budget.hold(Resource::Memory, bytes)?);
        Ok(())
    }
}
