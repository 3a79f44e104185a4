//! Commands that make, move, remove and describe files.

mod basename;
mod chmod;
mod copy;
mod cp;
mod destination;
mod dirname;
mod find;
mod ln;
mod ls;
mod mkdir;
mod mktemp;
mod mode;
mod mv;
mod owner;
mod readlink;
mod realpath;
mod rm;
mod rmdir;
mod stat;
mod touch;
mod truncate;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &basename::BASENAME,
    &chmod::CHMOD,
    &cp::CP,
    &dirname::DIRNAME,
    &find::FIND,
    &ln::LN,
    &ls::LS,
    &mkdir::MKDIR,
    &mktemp::MKTEMP,
    &mv::MV,
    &readlink::READLINK,
    &realpath::REALPATH,
    &rm::RM,
    &rmdir::RMDIR,
    &stat::STAT,
    &touch::TOUCH,
    &truncate::TRUNCATE,
];
