//! What subscribers are told: which paths may read differently now.

use crate::path::RealPath;

/// One change of what a mount shows, told after it is visible through that mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    pub path: RealPath,
    /// Whether anything below `path` may have changed too.
    pub recursive: bool,
    /// The journal sequence of the batch, which only grows.
    pub version: u64,
    /// Whether this mount made the change itself.
    pub own: bool,
}
