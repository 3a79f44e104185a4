//! A mount: a live view of some repositories at some changes, under one token.

/// A live view of some repositories at some changes.
#[derive(Debug)]
pub struct Mount(());
