//! A backend in memory: the contracts of `mesafs` without a store, for tests of what stands on them.
//!
//! Files are the real thing (the live tree that stores use too); history is as little as the calls
//! need: a change is a tree with a parent, and nothing is ever merged but text. Each call can be
//! made to fail ([`MemoryBackend::fail_call`]).

mod backend;
mod changes;
mod checkout;
mod faults;
mod merge;
mod mounted;

pub use backend::MemoryBackend;
pub use checkout::MemoryCheckout;
pub use mounted::{MemoryMount, memory_fs, memory_fs_with};
