//! Three-way merging of text, by jj's rules.

/// The outcome of a three-way merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergedText {
    Clean(Vec<u8>),
    /// The text with jj-style markers; the sides are the caller's inputs.
    Conflicted(Vec<u8>),
}

/// Merges two edits of `base`.
#[must_use]
pub fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8]) -> MergedText {
    todo!()
}
