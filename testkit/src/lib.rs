//! What the tests of every crate share; never shipped.

pub mod cases;
pub mod conformance;
pub mod linear;
pub mod memory;
pub mod model;
pub mod packages;
pub mod proxy;
pub mod random;
pub mod signals;

pub use memory::{MemoryBackend, MemoryCheckout, MemoryMount, memory_fs, memory_fs_with};
