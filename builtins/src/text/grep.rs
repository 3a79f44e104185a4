//! `grep`, `egrep`, `fgrep`: print lines that match patterns.

mod color;
mod matcher;
mod options;
mod search;
mod walk;

use crate::prelude::*;
use crate::registry;
use options::OPTIONS;

pub const GREP: Command = Command {
    name: "grep",
    synopsis: "grep [OPTION]... PATTERNS [FILE]...",
    summary: "Search for PATTERNS in each FILE.\nPATTERNS can contain multiple patterns separated by newlines.\nWith no FILE, read the working directory if recursive, standard input otherwise.",
    options: OPTIONS,
    words: &[],
    examples: &[
        Example {
            about: "Lines with their numbers.",
            script: "printf 'a\\nb\\nab\\n' | grep -n b",
            prints: "2:b\n3:ab\n",
        },
        Example {
            about: "Only what matched.",
            script: "echo 'key=value' | grep -oE '[a-z]+$'",
            prints: "value\n",
        },
    ],
    order: Order::Permute,
    usage_status: 2,
    subcommands: &[],
    usage_shows_synopsis: true,
    run: walk::grep,
};

pub const EGREP: Command = Command {
    name: "egrep",
    synopsis: "egrep [OPTION]... PATTERNS [FILE]...",
    summary: "Search for extended regular expressions, as grep -E does.",
    examples: &[Example {
        about: "Either of two words.",
        script: "printf 'cat\\ndog\\ncow\\n' | egrep 'cat|dog'",
        prints: "cat\ndog\n",
    }],
    order: Order::Raw,
    run: |ctx, args| grep_with(ctx, args, "-E"),
    ..GREP
};

pub const FGREP: Command = Command {
    name: "fgrep",
    synopsis: "fgrep [OPTION]... PATTERNS [FILE]...",
    summary: "Search for fixed strings, as grep -F does.",
    examples: &[Example {
        about: "A string with special characters.",
        script: "printf 'a.c\\nabc\\n' | fgrep a.c",
        prints: "a.c\n",
    }],
    order: Order::Raw,
    run: |ctx, args| grep_with(ctx, args, "-F"),
    ..GREP
};

/// GNU's `egrep` and `fgrep` are scripts that run grep: so is what they say.
fn grep_with(ctx: &mut Context<'_>, args: &Args, kind: &str) -> CommandResult {
    ctx.name = GREP.name.into();
    let argv: Vec<_> =
        std::iter::once(kind.into()).chain(args.operands().iter().cloned()).collect();
    Ok(registry::run(&GREP, ctx, &argv))
}
