//! Commands that work on text and bytes.

mod cat;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[&cat::CAT];
