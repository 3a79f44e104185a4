//! Commands that make, move, remove and describe files.

mod backup;
mod basename;
mod chmod;
mod chown;
mod copy;
mod cp;
mod dd;
mod destination;
mod df;
mod dirname;
mod du;
pub(crate) mod edit;
mod file;
mod find;
mod install;
mod ln;
mod ls;
mod mkdir;
mod mkfifo;
mod mktemp;
mod mode;
mod mv;
mod owner;
mod readlink;
mod realpath;
mod rm;
mod rmdir;
mod stat;
mod sync;
mod touch;
mod tree;
mod truncate;

use crate::command::Command;

pub(crate) use mode::letters;
pub(crate) use owner::{group_name, user_name};

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
    &chown::CHGRP,
    &chown::CHOWN,
    &dd::DD,
    &df::DF,
    &du::DU,
    &edit::EDIT,
    &file::FILE,
    &install::INSTALL,
    &mkfifo::MKFIFO,
    &sync::SYNC,
    &tree::TREE,
    &truncate::TRUNCATE,
];
