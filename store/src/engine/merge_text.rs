//! Three-way merging of text, by jj's rules.

use jj_lib::conflicts::{
    ConflictMarkerStyle, ConflictMaterializeOptions, materialize_merge_result_to_bytes,
};
use jj_lib::files::{self, FileMergeHunkLevel};
use jj_lib::merge::{Merge, SameChange};
use jj_lib::tree_merge::MergeOptions;

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
    let sides = Merge::from_removes_adds([base], [ours, theirs]);
    match files::try_merge(&sides, &merge_options()) {
        Some(clean) => MergedText::Clean(clean.into()),
        None => MergedText::Conflicted(with_markers(&sides)),
    }
}

/// The sides as one text with markers: what a conflicted file reads as. The same sides always make
/// the same text, which is how a file that nobody touched is known.
pub(super) fn with_markers<T: AsRef<[u8]>>(sides: &Merge<T>) -> Vec<u8> {
    let options = ConflictMaterializeOptions {
        marker_style: ConflictMarkerStyle::Diff,
        marker_len: None,
        merge: merge_options(),
    };
    let labels = jj_lib::conflict_labels::ConflictLabels::unlabeled();
    materialize_merge_result_to_bytes(sides, &labels, &options).into()
}

/// jj's defaults.
fn merge_options() -> MergeOptions {
    MergeOptions { hunk_level: FileMergeHunkLevel::Line, same_change: SameChange::Accept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_of_different_lines_merge() {
        let merged = merge_text(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC\n");
        assert_eq!(merged, MergedText::Clean(b"A\nb\nC\n".into()));
        let merged = merge_text(b"a\n", b"a\n", b"b\n");
        assert_eq!(merged, MergedText::Clean(b"b\n".into()));
    }

    #[test]
    fn edits_of_one_line_become_markers() {
        let MergedText::Conflicted(text) = merge_text(b"a\n", b"b\n", b"c\n") else { panic!() };
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("<<<<<<< conflict 1 of 1\n"), "{text}");
        assert!(
            text.contains("\nc\n") && text.ends_with(">>>>>>> conflict 1 of 1 ends\n"),
            "{text}"
        );
    }
}
