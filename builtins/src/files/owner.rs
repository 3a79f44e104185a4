//! Users and groups: there is one of each here, and root.
use crate::prelude::*;

/// The name of a user; its number if it has none.
pub(crate) fn user_name(ctx: &Context<'_>, uid: u32) -> BString {
    match uid {
        0 => "root".into(),
        uid if uid == ctx.identity.uid => ctx.identity.user.clone(),
        uid => uid.to_string().into(),
    }
}

/// The name of a group; its number if it has none.
pub(crate) fn group_name(ctx: &Context<'_>, gid: u32) -> BString {
    match gid {
        0 => "root".into(),
        gid if gid == ctx.identity.gid => ctx.identity.user.clone(),
        gid => gid.to_string().into(),
    }
}

/// How many blocks of 512 bytes a file takes on a disk with blocks of 4096.
pub(crate) fn blocks(stat: &FsStat) -> u64 {
    match stat.kind {
        FileKind::File => stat.size.div_ceil(4096) * 8,
        _ => 0,
    }
}

/// What `ls -l` puts before the permissions.
pub(crate) fn kind_letter(kind: FileKind) -> char {
    match kind {
        FileKind::File => '-',
        FileKind::Directory => 'd',
        FileKind::Symlink => 'l',
        FileKind::CharDevice => 'c',
        FileKind::Pipe => 'p',
    }
}
