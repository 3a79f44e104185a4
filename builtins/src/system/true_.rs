//! `true`: do nothing, successfully.
use crate::prelude::*;

pub const TRUE: Command = Command {
    name: "true",
    synopsis: "true [ignored command line arguments]",
    summary: "Exit with a status code indicating success.",
    examples: &[Example { about: "Succeed.", script: "true && echo yes", prints: "yes\n" }],
    order: Order::Raw,
    run: |_, _| Ok(ExitStatus::SUCCESS),
    ..Command::BASE
};
