//! What operations say of where they come from: attributes of jj's, beside its own.

use std::collections::BTreeMap;

use jj_lib::operation::Operation;
use mesafs::backend::Cause;
use mesafs::name::ChangeId;

pub const WHO: &str = "mesa-author";
pub const EMAIL: &str = "mesa-email";
pub const SESSION: &str = "mesa-session";
pub const KEY: &str = "mesa-key";
pub const LINE: &str = "mesa-line";
/// The edits that a snapshot stored: change ids, each with `=` and the journal sequences before the
/// first and of the last, joined by `-`; separated by spaces.
pub(super) const EDITS: &str = "mesa-edits";

/// The journal sequences of a change's edits: after the first number, up to the second.
pub type Edits = (ChangeId, u64, u64);

/// `None` for an operation of another program.
pub(super) fn of(operation: &Operation) -> Option<Cause> {
    let attributes = &operation.metadata().attributes;
    let text = |name: &str| attributes.get(name).cloned().unwrap_or_default();
    attributes.contains_key(WHO).then(|| Cause {
        author: text(WHO),
        author_email: text(EMAIL),
        session: text(SESSION),
        key: text(KEY),
        line: text(LINE).into(),
    })
}

pub(super) fn format(edits: &[Edits]) -> String {
    let words: Vec<String> =
        edits.iter().map(|(change, after, last)| format!("{change}={after}-{last}")).collect();
    words.join(" ")
}

/// What cannot be read is left out: it only tells.
pub(super) fn edits(operation: &Operation) -> Vec<Edits> {
    let attributes: &BTreeMap<String, String> = &operation.metadata().attributes;
    let Some(text) = attributes.get(EDITS) else { return Vec::new() };
    let parse = |word: &str| {
        let (change, range) = word.split_once('=')?;
        let (after, last) = range.split_once('-')?;
        Some((ChangeId::new(change).ok()?, after.parse().ok()?, last.parse().ok()?))
    };
    text.split(' ').filter_map(parse).collect()
}
