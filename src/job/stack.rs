//! How much of a thread's stack is left.
//!
//! Depth is counted by the budget, which gives a script the same answer everywhere; this is the
//! second line, for frames that turn out larger than the count assumes.

use std::cell::Cell;

/// The stack of each of the interpreter's threads: address space, committed as it is used.
pub const THREAD_BYTES: usize = 512 << 20;

/// What is never used, so that an error can still be told and commands can run.
const RESERVE_BYTES: usize = 4 << 20;

/// What is assumed of a thread that is not one of ours.
const FOREIGN_BYTES: usize = 1 << 20;

thread_local! {
    static FLOOR: Cell<usize> = const { Cell::new(0) };
}

fn here() -> usize {
    let marker = 0u8;
    std::hint::black_box(&raw const marker) as usize
}

/// Says that this thread's stack starts about here and is `bytes` long.
pub fn enter(bytes: usize) {
    FLOOR.set(here().saturating_sub(bytes.saturating_sub(RESERVE_BYTES)));
}

/// The address that frames of this thread must stay above.
#[must_use]
pub fn floor() -> usize {
    if FLOOR.get() == 0 {
        FLOOR.set(here().saturating_sub(FOREIGN_BYTES));
    }
    FLOOR.get()
}

/// Whether the calling frame is above `floor`.
#[must_use]
#[inline]
pub fn is_above(floor: usize) -> bool {
    here() > floor
}
