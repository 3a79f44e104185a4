//! Commands that work on structured data and numbers.

mod jq;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[&jq::JQ];
