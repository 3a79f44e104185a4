//! Commands about the shell's surroundings: environment, time, identity.

mod env;
mod false_;
mod pwd;
mod sleep;
mod true_;
mod which;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] =
    &[&env::ENV, &false_::FALSE, &pwd::PWD, &sleep::SLEEP, &true_::TRUE, &which::WHICH];
