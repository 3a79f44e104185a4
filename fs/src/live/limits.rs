//! How much one tree may hold.

use crate::error::{Errno, FsError, FsResult, Operation};
use crate::path::{PATH_BYTES_MAX, RepoPath};
use crate::tree::Dir;

/// Bounds of one tree. They hold by its sums, whatever shares what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub entries_max: u64,
    /// Logical bytes of all files, those that only handles still hold included.
    pub bytes_max: u64,
    /// Bytes of the longest path inside the tree.
    pub path_bytes_max: usize,
    /// What an op that would exceed `entries_max` or `bytes_max` fails with.
    pub exceeded: Errno,
}

impl Default for Limits {
    /// Those of a repository: 10 million entries, 1 TiB.
    fn default() -> Self {
        Self {
            entries_max: 10_000_000,
            bytes_max: 1 << 40,
            path_bytes_max: PATH_BYTES_MAX,
            exceeded: Errno::DQuot,
        }
    }
}

impl Limits {
    /// Whether going from `before` to `after` breaks a bound. What is beyond one already may stay
    /// and shrink.
    pub(super) fn check(
        &self,
        (before, private_before): (&Dir, u64),
        (after, private_after): (&Dir, u64),
        operation: Operation,
        path: &RepoPath,
    ) -> FsResult<()> {
        let fail = |errno| Err(FsError::new(errno, operation, path.as_bstr()));
        let (old, new) = (before.sums(), after.sums());
        if new.entries > self.entries_max && new.entries > old.entries {
            return fail(self.exceeded);
        }
        let bytes = new.bytes.saturating_add(private_after);
        if bytes > self.bytes_max && bytes > old.bytes.saturating_add(private_before) {
            return fail(self.exceeded);
        }
        if new.longest_path as usize > self.path_bytes_max {
            let longest = after.tightened()?.longest_path;
            if longest as usize > self.path_bytes_max && longest > before.tightened()?.longest_path
            {
                return fail(Errno::NameTooLong);
            }
        }
        Ok(())
    }
}
