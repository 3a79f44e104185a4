//! `false`: do nothing, unsuccessfully.
use crate::prelude::*;

pub const FALSE: Command = Command {
    name: "false",
    synopsis: "false [ignored command line arguments]",
    summary: "Exit with a status code indicating failure.",
    examples: &[Example { about: "Fail.", script: "false || echo no", prints: "no\n" }],
    order: Order::Raw,
    run: |_, _| Ok(ExitStatus::FAILURE),
    ..Command::BASE
};
