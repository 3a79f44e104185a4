//! Which batches of the journal an operation holds: an attribute of every operation we make.
//!
//! It carries all positions that the journal may still ask for, so that recovery reads the newest
//! operation only, and a few more where others worked on the repository.

use std::collections::{BTreeMap, HashSet};

use jj_lib::operation::Operation;
use mesafs::name::ChangeId;
use pollster::FutureExt as _;

use super::error::{Doing, EngineError, EngineResult};

/// Change ids, each with `=` and a journal sequence, separated by spaces.
pub(super) const ATTRIBUTE: &str = "mesa-journal";

/// The highest positions in `head` or any operation before it.
pub(super) fn positions(head: &Operation) -> EngineResult<BTreeMap<ChangeId, u64>> {
    let mut positions = BTreeMap::new();
    let mut seen = HashSet::new();
    let mut stack = vec![head.clone()];
    while let Some(operation) = stack.pop() {
        if !seen.insert(operation.id().clone()) {
            continue;
        }
        match operation.metadata().attributes.get(ATTRIBUTE) {
            Some(text) => {
                for (change, sequence) in parse(text)? {
                    let known: &mut u64 = positions.entry(change).or_default();
                    *known = sequence.max(*known);
                }
            }
            None => stack.extend(operation.parents().block_on().doing("reading operations")?),
        }
    }
    Ok(positions)
}

pub(super) fn format(positions: &BTreeMap<ChangeId, u64>) -> String {
    let words: Vec<String> =
        positions.iter().map(|(change, sequence)| format!("{change}={sequence}")).collect();
    words.join(" ")
}

fn parse(text: &str) -> EngineResult<Vec<(ChangeId, u64)>> {
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.split_once('=')
                .and_then(|(change, sequence)| {
                    Some((ChangeId::new(change).ok()?, sequence.parse().ok()?))
                })
                .ok_or_else(|| EngineError::Data {
                    doing: "reading an operation's journal positions",
                    reason: format!("'{word}' is none"),
                })
        })
        .collect()
}
