//! What the tests of every crate share; never shipped.

pub mod cases;
