//! Commands that make, move, remove and describe files.

mod basename;
mod chmod;
mod copy;
mod cp;
mod destination;
mod dirname;
mod ln;
mod mkdir;
mod mktemp;
mod mode;
mod mv;
mod readlink;
mod realpath;
mod rm;
mod rmdir;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &basename::BASENAME,
    &chmod::CHMOD,
    &cp::CP,
    &dirname::DIRNAME,
    &ln::LN,
    &mkdir::MKDIR,
    &mktemp::MKTEMP,
    &mv::MV,
    &readlink::READLINK,
    &realpath::REALPATH,
    &rm::RM,
    &rmdir::RMDIR,
];
