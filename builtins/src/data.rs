//! Commands that work on structured data and numbers.

mod bc;
mod jq;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[&bc::BC, &jq::JQ, &jq::YQ];
