//! The least merge that tells two edits apart: each side's edit is one block of lines.

use bytes::Bytes;
use mesafs::FsResult;
use mesafs::live::{Merge, Merged};
use mesafs::tree::Body;

#[derive(Debug)]
pub(super) struct MergeLines;

impl Merge for MergeLines {
    fn merge(&self, base: &Body, ours: &Body, theirs: &Body) -> FsResult<Merged> {
        let texts = [base.read_all()?, ours.read_all()?, theirs.read_all()?];
        let [base, ours, theirs] = texts.each_ref().map(|text| lines(text));
        let (mine, yours) = (edited(&base, &ours), edited(&base, &theirs));
        // An insertion at the same place touches too: nobody knows which comes first.
        let apart = mine.end < yours.start || yours.end < mine.start;
        Ok(if apart {
            Merged::Clean(joined(&base, [(mine, &ours), (yours, &theirs)]))
        } else {
            let marked = [
                &[&b"<<<<<<< conflict 1 of 1\n+++++++ side #1\n"[..]][..],
                &ours,
                &[b"------- base\n"],
                &base,
                &[b"+++++++ side #2\n"],
                &theirs,
                &[b">>>>>>> conflict 1 of 1 ends\n"],
            ];
            Merged::Conflicted(marked.concat().concat().into())
        })
    }
}

/// The lines of `base` from `start` to `end` became what lies between as many lines of the side.
#[derive(Clone, Copy)]
struct Edited {
    start: usize,
    end: usize,
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

fn edited(base: &[&[u8]], side: &[&[u8]]) -> Edited {
    let shorter = base.len().min(side.len());
    let same = |(one, two): &(&&[u8], &&[u8])| one == two;
    let start = base.iter().zip(side).take_while(same).count();
    let both = base.iter().rev().zip(side.iter().rev());
    let after = both.take(shorter - start).take_while(same).count();
    Edited { start, end: base.len() - after }
}

fn joined(base: &[&[u8]], mut sides: [(Edited, &Vec<&[u8]>); 2]) -> Bytes {
    sides.sort_by_key(|(edited, _)| edited.start);
    let mut text: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    for (edited, side) in sides {
        text.extend(&base[at..edited.start]);
        text.extend(&side[edited.start..side.len() - (base.len() - edited.end)]);
        at = edited.end;
    }
    text.extend(&base[at..]);
    text.concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> String {
        let body = |text: &str| Body::from(Bytes::copy_from_slice(text.as_bytes()));
        match MergeLines.merge(&body(base), &body(ours), &body(theirs)) {
            Ok(Merged::Clean(text)) => String::from_utf8_lossy(&text).into_owned(),
            Ok(Merged::Conflicted(_)) => "conflict".into(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn edits_that_lie_apart_are_joined() {
        assert_eq!(merged("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\nd\n"), "A\nb\nC\nd\n");
        assert_eq!(merged("a\nb\nc\n", "a\nb\n", "x\na\nb\nc\n"), "x\na\nb\n");
        assert_eq!(merged("a\nb\n", "a\nB\n", "a\nX\n"), "conflict");
        assert_eq!(merged("a\n", "a\nb\n", "a\nc\n"), "conflict");
    }
}
