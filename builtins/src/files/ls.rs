//! `ls`: list directory contents.

mod color;
mod columns;
mod list;
mod long;
pub(super) use long::human;
mod name;
mod options;

use crate::prelude::*;

pub const LS: Command = Command {
    name: "ls",
    synopsis: "ls [OPTION]... [FILE]...",
    summary: "List information about the FILEs (the current directory by default).\nSort entries alphabetically if none of -cftuvSUX nor --sort is specified.",
    options: options::OPTIONS,
    examples: &[
        Example {
            about: "Names with what they are.",
            script: "mkdir /tmp/l; cd /tmp/l; mkdir d; touch f; ls -F",
            prints: "d/\nf\n",
        },
        Example {
            about: "The largest first.",
            script: "mkdir /tmp/s; cd /tmp/s; echo a > a; echo bcd > b; ls -S",
            prints: "b\na\n",
        },
    ],
    usage_status: 2,
    run: list::ls,
    ..Command::BASE
};
