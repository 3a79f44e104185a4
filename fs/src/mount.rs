//! A mount: a live view of some repositories at some changes, under one token.

mod versions;

pub use versions::Versions;
