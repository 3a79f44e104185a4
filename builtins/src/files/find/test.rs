//! Tests: what is so of an entry.

use super::expression::{Bits, Found, Settings, Test};
use super::printf::{target, type_letter};
use crate::prelude::*;

/// What tests compare times with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub now_ns: i64,
    /// The end of today, for -daystart.
    pub day_end_ns: i64,
}

pub(super) fn holds(
    ctx: &Context<'_>,
    test: &Test,
    found: &Found,
    settings: &Settings,
    now: Now,
) -> Result<bool, CommandError> {
    let stat = &found.stat;
    let _ = settings;
    Ok(match test {
        Test::True => true,
        Test::False | Test::NoUser => false,
        Test::Name(pattern) => pattern.is_match(found.name()),
        Test::Path(pattern) => pattern.is_match(&found.path),
        Test::LinkName(pattern) => {
            target(ctx, found).is_some_and(|target| pattern.is_match(&target))
        }
        Test::Regex(regex) => regex.is_match(&found.path, &ctx.cancel)?,
        Test::Type(letters) => letters.contains(&type_letter(stat.kind)),
        Test::LinkedType(letters) => {
            let linked = ctx.path(&found.path).and_then(|path| ctx.metadata(&path));
            letters.contains(&type_letter(linked.map_or(stat.kind, |stat| stat.kind)))
        }
        Test::Size(count, unit) => count.holds(stat.size.div_ceil(*unit)),
        Test::Empty => is_empty(ctx, found),
        Test::Perm(mode, bits) => {
            let wanted = mode.of(0, stat.is_directory(), 0);
            match bits {
                Bits::Exactly => stat.mode == wanted,
                Bits::AllOf => stat.mode & wanted == wanted,
                Bits::AnyOf => wanted == 0 || stat.mode & wanted != 0,
            }
        }
        Test::Age(count, unit, day_start) => {
            let base = if *day_start { now.day_end_ns } else { now.now_ns };
            let age = base.saturating_sub(stat.mtime_ns).div_euclid(unit * 1_000_000_000);
            count.holds(u64::try_from(age).unwrap_or(0))
        }
        Test::Newer(than) => stat.mtime_ns > *than,
        Test::Links(count) => count.holds(stat.links),
        Test::Inode(count) => count.holds(stat.inode),
        Test::SameFile(device, inode) => (stat.device, stat.inode) == (*device, *inode),
        Test::User(count) => count.holds(u64::from(ctx.identity.uid)),
        Test::Group(count) => count.holds(u64::from(ctx.identity.gid)),
        // Read and write bits are not enforced here.
        Test::Readable | Test::Writable => {
            ctx.path(&found.path).and_then(|path| ctx.metadata(&path)).is_ok()
        }
        Test::Executable => {
            let linked = ctx.path(&found.path).and_then(|path| ctx.metadata(&path));
            linked.is_ok_and(|stat| stat.is_directory() || stat.mode & 0o111 != 0)
        }
        Test::FileSystem(name) => name == "mesafs",
        // Access times are not kept.
        Test::Used => false,
    })
}

fn is_empty(ctx: &Context<'_>, found: &Found) -> bool {
    match found.stat.kind {
        FileKind::File => found.stat.size == 0,
        FileKind::Directory => {
            let entries = ctx.path(&found.path).and_then(|path| ctx.fs.read_dir(&path));
            entries.is_ok_and(|entries| entries.is_empty())
        }
        _ => false,
    }
}
