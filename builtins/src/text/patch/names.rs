//! Which file a patch is for.

use bstr::{BStr, BString, ByteSlice};

use super::header::{Absent, Header};
use super::{Call, Kind};
use crate::prelude::*;

/// Reads a name between double quotes with C's escapes; what stands behind it.
pub(super) fn unquoted(text: &[u8]) -> Option<(BString, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = BString::default();
    loop {
        let (&byte, tail) = rest.split_first()?;
        rest = tail;
        match byte {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (&escape, tail) = rest.split_first()?;
                rest = tail;
                match escape {
                    b'0'..=b'7' => {
                        let digits = rest
                            .iter()
                            .take(2)
                            .take_while(|byte| (b'0'..=b'7').contains(byte))
                            .count();
                        let (more, tail) = rest.split_at(digits);
                        rest = tail;
                        let octal = |n: u32, byte: &u8| n * 8 + u32::from(byte - b'0');
                        name.push((more.iter().fold(u32::from(escape - b'0'), octal) & 0xff) as u8);
                    }
                    b'a' => name.push(7),
                    b'b' => name.push(8),
                    b'f' => name.push(12),
                    b'n' => name.push(b'\n'),
                    b'r' => name.push(b'\r'),
                    b't' => name.push(b'\t'),
                    b'v' => name.push(11),
                    other => name.push(other),
                }
            }
            byte => name.push(byte),
        }
    }
}

/// A name without its first `strip` parts, or its last part alone; `None` if it has too few.
pub(super) fn stripped(name: &BStr, strip: Option<usize>) -> Option<BString> {
    let mut left = strip.unwrap_or(usize::MAX);
    let mut start = 0;
    let mut at = 0;
    while let Some(found) = name.get(at..).and_then(|rest| rest.find_byte(b'/')) {
        at += found;
        while name.get(at) == Some(&b'/') {
            at += 1;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        start = at;
    }
    if strip.is_some() && left > 0 {
        return None;
    }
    let name = name.get(start..)?;
    (!name.is_empty()).then(|| name.into())
}

/// Whether a name stays below the working directory.
fn is_safe(name: &[u8]) -> bool {
    !name.starts_with(b"/") && !name.split(|&byte| byte == b'/').any(|part| part == b"..")
}

/// The file that a patch is for.
#[derive(Debug)]
pub(super) struct Chosen {
    pub name: BString,
    /// Where a renamed or copied file comes from.
    pub from: Option<BString>,
}

/// Chooses as POSIX and GNU have it; `None` if nobody knows.
pub(super) fn choose(
    ctx: &mut Context<'_>,
    call: &Call,
    header: &Header,
    reverse: bool,
) -> Result<Option<Chosen>, CommandError> {
    if let Some(name) = &call.original {
        return Ok(Some(Chosen { name: name.clone(), from: None }));
    }
    let strip = |name: &Option<BString>| {
        name.as_ref().and_then(|name| stripped(name.as_bstr(), call.strip))
    };
    let (old, new, index) =
        (strip(&header.old.name), strip(&header.new.name), strip(&header.index));
    if let Some(git) = header.git.as_ref().filter(|git| git.rename || git.copy)
        && let (Some(old), Some(new)) = (&old, &new)
        && is_safe(old)
        && is_safe(new)
    {
        let (from, to) = if reverse && git.rename { (new, old) } else { (old, new) };
        if exists(ctx, from) {
            return Ok(Some(Chosen { name: to.clone(), from: Some(from.clone()) }));
        }
    }
    let index = index.filter(|_| call.posix || (old.is_none() && new.is_none()));
    let mut candidates = Vec::new();
    let mut told = Vec::new();
    for name in [old, new, index].into_iter().flatten() {
        if is_safe(&name) {
            candidates.push(name);
        } else if !told.contains(&name) && exists(ctx, &name) && name.starts_with(b"/") {
            let line =
                format!("Ignoring potentially dangerous file name {}\n", quoted_as_needed(&name));
            ctx.stdout.put(line.as_bytes())?;
            told.push(name);
        }
    }
    let present: Vec<BString> =
        candidates.iter().filter(|name| exists(ctx, name)).cloned().collect();
    let name = if !present.is_empty() {
        if call.posix { present.into_iter().next() } else { best(present) }
    } else if header.kind != Kind::Ed && header.absent != [Absent::No; 2] {
        let missing = |ctx: &Context<'_>, name: &BString| {
            let parents = name.char_indices().filter(|(.., letter)| *letter == '/');
            parents.filter(|(at, ..)| !exists(ctx, &name[..*at])).count()
        };
        let fewest = candidates.iter().map(|name| missing(ctx, name)).min().unwrap_or(0);
        candidates.retain(|name| missing(ctx, name) == fewest);
        best(candidates)
    } else {
        None
    };
    Ok(name.map(|name| Chosen { name, from: None }))
}

fn exists(ctx: &Context<'_>, name: &[u8]) -> bool {
    ctx.path(name).is_ok_and(|path| ctx.fs.symlink_metadata(&path).is_ok())
}

/// The name with the fewest parts, of those the one with the shortest last part, of those the
/// shortest, of those the first.
fn best(names: Vec<BString>) -> Option<BString> {
    let parts = |name: &BString| name.split_str("/").filter(|part| !part.is_empty()).count();
    let last = |name: &BString| name.rsplit_str("/").next().map_or(0, <[u8]>::len);
    names.into_iter().min_by_key(|name| (parts(name), last(name), name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_stripped_as_patch_strips_them() {
        let cases: &[(&str, Option<usize>, Option<&str>)] = &[
            ("a/b/c", Some(0), Some("a/b/c")),
            ("a/b/c", Some(1), Some("b/c")),
            ("a//b/c", Some(1), Some("b/c")),
            ("a/b/c", Some(2), Some("c")),
            ("a/b/c", Some(3), None),
            ("a/b/c", None, Some("c")),
            ("c", None, Some("c")),
            ("/a/b", Some(0), Some("/a/b")),
            ("/a/b", Some(1), Some("a/b")),
        ];
        for (name, strip, result) in cases {
            let shown = stripped(BStr::new(name), *strip);
            assert_eq!(shown, result.map(BString::from), "{name} {strip:?}");
        }
    }

    #[test]
    fn quoted_names_have_escapes() {
        let (name, rest) = unquoted(b"\"a\\tb\\303\\274\\\"\" x").unwrap_or_default();
        assert_eq!((name, rest), ("a\tbü\"".into(), &b" x"[..]));
        assert!(unquoted(b"\"open").is_none());
    }
}
