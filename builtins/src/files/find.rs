//! `find`: search for files in a directory hierarchy.

mod action;
mod expression;
mod parse;
mod printf;
mod test;
mod walk;

use crate::prelude::*;

pub const FIND: Command = Command {
    name: "find",
    synopsis: "find [-H] [-L] [-P] [-Olevel] [-D debugopts] [path...] [expression]",
    summary: "Search each path for files and evaluate the expression on them.\n\nDefault path is the current directory; default expression is -print.",
    options: &[],
    examples: &[
        Example {
            about: "Regular files by name.",
            script: "mkdir -p /tmp/f/d; cd /tmp/f; touch d/a.rs d/b.txt; find . -type f -name '*.rs'",
            prints: "./d/a.rs\n",
        },
        Example {
            about: "Run a command on all of them at once.",
            script: "mkdir /tmp/g; cd /tmp/g; touch a b; find . -type f -exec echo {} +",
            prints: "./a ./b\n",
        },
    ],
    order: Order::Raw,
    run: walk::find,
    ..Command::BASE
};
