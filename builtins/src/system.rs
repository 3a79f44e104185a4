//! Commands about the shell's surroundings: environment, time, identity.

mod false_;
mod pwd;
mod true_;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[&false_::FALSE, &pwd::PWD, &true_::TRUE];
