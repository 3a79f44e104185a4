//! What differs: runs of lines of one side that stand for runs of the other.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::lines::{Lines, Rules};

/// Lines `old` of the first file became lines `new` of the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub old: Range<usize>,
    pub new: Range<usize>,
    /// It is no change by the rules, and is only shown as a part of others' context.
    pub overlooked: bool,
}

/// The changes from `one` to `two`, in order.
pub(super) fn changes(
    one: &Lines,
    two: &Lines,
    rules: &Rules,
    ignored: &dyn Fn(&[u8]) -> bool,
) -> Vec<Change> {
    let (old, new) = (one.keys(rules), two.keys(rules));
    let mut changes: Vec<Change> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (old, new) = (op.old_range(), op.new_range());
        match changes.last_mut() {
            Some(last) if last.old.end == old.start && last.new.end == new.start => {
                last.old.end = old.end;
                last.new.end = new.end;
            }
            _ => changes.push(Change { old, new, overlooked: false }),
        }
    }
    for change in &mut changes {
        slide(change, &old, &new);
        let lines = |lines: &Lines, range: &Range<usize>| {
            let lines = lines.lines.get(range.clone()).unwrap_or_default();
            lines.iter().all(|line| rules.overlooks(line) || ignored(line))
        };
        change.overlooked = lines(one, &change.old) && lines(two, &change.new);
    }
    changes
}

/// A pure insertion or deletion may often stand in several places; GNU's stands as far down as it
/// can.
fn slide(change: &mut Change, old: &[Vec<u8>], new: &[Vec<u8>]) {
    if change.old.is_empty() {
        while let (Some(first), Some(next)) = (new.get(change.new.start), new.get(change.new.end)) {
            if first != next || old.get(change.old.start) != Some(next) {
                break;
            }
            change.new = change.new.start + 1..change.new.end + 1;
            change.old = change.old.start + 1..change.old.end + 1;
        }
    } else if change.new.is_empty() {
        while let (Some(first), Some(next)) = (old.get(change.old.start), old.get(change.old.end)) {
            if first != next || new.get(change.new.start) != Some(next) {
                break;
            }
            change.old = change.old.start + 1..change.old.end + 1;
            change.new = change.new.start + 1..change.new.end + 1;
        }
    }
}

/// Changes that lie so near that they share their context.
pub(super) fn grouped(changes: &[Change], context: usize) -> Vec<&[Change]> {
    let mut groups = Vec::new();
    let mut start = 0;
    for at in 1..=changes.len() {
        let joined = match (changes.get(at - 1), changes.get(at)) {
            (Some(before), Some(after)) => after.old.start - before.old.end <= 2 * context,
            _ => false,
        };
        if !joined {
            let group = changes.get(start..at).unwrap_or_default();
            if group.iter().any(|change| !change.overlooked) {
                groups.push(group);
            }
            start = at;
        }
    }
    groups
}
