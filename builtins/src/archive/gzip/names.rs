//! The names of compressed files.

use super::{Call, Mode};
use crate::prelude::*;

/// Suffixes of compressed files, and what becomes of them.
const SUFFIXES: &[(&str, &str)] = &[
    (".gz", ""),
    (".z", ""),
    (".taz", ".tar"),
    (".tgz", ".tar"),
    ("-gz", ""),
    ("-z", ""),
    ("_z", ""),
    (".Z", ""),
];

/// What a name becomes.
pub(super) enum Renamed {
    To(BString),
    /// It has this suffix already.
    Has(BString),
    Unknown,
}

pub(super) fn compressed_name(call: &Call, name: &BString) -> Renamed {
    let known = SUFFIXES.iter().map(|(suffix, _)| suffix.as_bytes());
    let own = std::iter::once(call.suffix.as_slice());
    let base = name.rsplit_str("/").next().unwrap_or(name);
    let has = own.chain(known).find(|suffix| base.len() > suffix.len() && base.ends_with(suffix));
    match has {
        Some(suffix) if !call.force => Renamed::Has(suffix.into()),
        _ => Renamed::To([name.as_slice(), &call.suffix].concat().into()),
    }
}

pub(super) fn expanded_name(call: &Call, name: &BString) -> Renamed {
    let base = name.rsplit_str("/").next().unwrap_or(name);
    let own = std::iter::once((call.suffix.as_slice(), &b""[..]));
    let known = SUFFIXES.iter().map(|(suffix, to)| (suffix.as_bytes(), to.as_bytes()));
    for (suffix, to) in own.chain(known) {
        if base.len() > suffix.len() && base.ends_with(suffix) {
            let stem = name.get(..name.len() - suffix.len()).unwrap_or_default();
            return Renamed::To([stem, to].concat().into());
        }
    }
    Renamed::Unknown
}

/// Finds an operand; to be expanded it may lack its suffix. The name in an error is the one that
/// was looked for last.
pub(super) fn find(
    ctx: &Context<'_>,
    call: &Call,
    name: &BString,
) -> Result<(BString, VPath, FsStat), (BString, FsError)> {
    let look = |name: &BString| {
        let path = ctx.path(name)?;
        let stat = ctx.fs.metadata(&path)?;
        Ok((name.clone(), path, stat))
    };
    let error: FsError = match look(name) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    let bare = matches!(expanded_name(call, name), Renamed::Unknown);
    if call.mode == Mode::Compress || name.is_empty() || !bare || error.errno() != Errno::NoEnt {
        return Err((name.clone(), error));
    }
    let suffixes = [call.suffix.as_bytes(), b"-gz", b".z", b"-z", b"_z", b".Z"];
    let with = |suffix: &[u8]| BString::from([name.as_slice(), suffix].concat());
    let found = suffixes.iter().find_map(|suffix| look(&with(suffix)).ok());
    found.ok_or_else(|| (with(&call.suffix), error))
}
