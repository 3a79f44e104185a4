//! The file of hunks that did not fit.

use bstr::BString;

use super::Kind;
use super::hunk::{Hunk, Side};

/// Both headings of a reject file: the names, with what stood behind them.
pub(super) fn heading(kind: Kind, names: [&[u8]; 2], out: &mut Vec<u8>) {
    let marks: [&[u8]; 2] =
        if kind == Kind::Unified { [b"--- ", b"+++ "] } else { [b"*** ", b"--- "] };
    for (mark, name) in marks.into_iter().zip(names) {
        out.extend_from_slice(mark);
        out.extend_from_slice(name);
        out.push(b'\n');
    }
}

/// One hunk. `moved` is how many lines the hunks before it added.
pub(super) fn hunk(kind: Kind, normal: bool, hunk: &Hunk, moved: isize, out: &mut Vec<u8>) {
    let at = |first: usize| (first.cast_signed() + moved).max(0).unsigned_abs();
    let (old, new) = (at(hunk.old_first), at(hunk.new_first));
    if kind == Kind::Unified {
        let (old, new) = (unified_range(old, hunk.old_len()), unified_range(new, hunk.new_len()));
        out.extend_from_slice(format!("@@ -{old} +{new} @@").as_bytes());
        out.extend_from_slice(&hunk.tail);
        out.push(b'\n');
        for (side, line) in &hunk.lines {
            let mark = match side {
                Side::Both => b' ',
                Side::Old => b'-',
                Side::New => b'+',
            };
            put(&[mark], line, out);
        }
        return;
    }
    out.extend_from_slice(b"***************");
    out.extend_from_slice(&hunk.tail);
    let (stars, dashes) = if normal { ("", " -----") } else { (" ****", " ----") };
    let head = format!("\n*** {}{stars}\n", context_range(old, hunk.old_len()));
    out.extend_from_slice(head.as_bytes());
    section(hunk, Side::Old, normal, out);
    let head = format!("--- {}{dashes}\n", context_range(new, hunk.new_len()));
    out.extend_from_slice(head.as_bytes());
    section(hunk, Side::New, normal, out);
}

/// One side of a hunk; what both sides change has a `!`.
fn section(hunk: &Hunk, side: Side, normal: bool, out: &mut Vec<u8>) {
    for group in hunk.lines.chunk_by(|a, b| (a.0 == Side::Both) == (b.0 == Side::Both)) {
        let has = |side: Side| group.iter().any(|(other, _)| *other == side);
        let mark: &[u8] = match side {
            _ if has(Side::Both) => b"  ",
            _ if has(Side::Old) && has(Side::New) && !normal => b"! ",
            Side::Old => b"- ",
            _ => b"+ ",
        };
        for (_, line) in group.iter().filter(|(other, _)| *other == side || *other == Side::Both) {
            put(mark, line, out);
        }
    }
}

fn put(mark: &[u8], line: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(mark);
    out.extend_from_slice(line);
}

fn unified_range(first: usize, len: usize) -> String {
    match len {
        0 => format!("{},0", first.saturating_sub(1)),
        1 => first.to_string(),
        len => format!("{first},{len}"),
    }
}

fn context_range(first: usize, len: usize) -> String {
    match len {
        0 => "0".to_owned(),
        1 => first.to_string(),
        len => format!("{first},{}", first + len - 1),
    }
}

/// The name of a reject file: the output's with `.rej`, unless one was given.
pub(super) fn name(given: Option<&BString>, output: &BString) -> BString {
    match given {
        Some(name) => name.clone(),
        None => [output.as_slice(), b".rej"].concat().into(),
    }
}
