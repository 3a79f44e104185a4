//! The embedded versioned store.

pub mod engine;
