//! `jq`: filters for JSON, with jq 1.7's language and options.
//!
//! A program is read (`lex`, `parse`), made ready (`compile`) and run by a machine that neither
//! recurses nor forgets its cancel and budget (`machine`). Values are in `value` and around it.

mod arith;
mod ast;
mod compile;
mod error;
mod format;
mod ir;
mod lex;
mod machine;
mod meter;
mod modules;
mod natives;
mod number;
mod object;
mod options;
mod order;
mod parse;
mod path;
mod prelude;
mod print;
mod read;
mod run;
mod runtime;
mod session;
mod value;
mod yq;

pub use yq::YQ;

use crate::prelude::*;

pub const JQ: Command = Command {
    name: "jq",
    synopsis: "jq [OPTION]... FILTER [FILE]...\njq [OPTION]... --args FILTER [STRING]...\njq [OPTION]... --jsonargs FILTER [JSON]...",
    summary: "Apply FILTER to the JSON texts in the FILEs, or in standard input, and print the results.",
    options: &[
        flag('n', "null-input", "use null as the single input"),
        flag('R', "raw-input", "read each line as a string"),
        flag('s', "slurp", "read all inputs into an array"),
        flag('c', "compact-output", "print each result on one line"),
        flag('r', "raw-output", "print strings without quotes"),
        long("raw-output0", "as -r, and a NUL after each result"),
        flag('j', "join-output", "as -r, and no newline after each result"),
        flag('a', "ascii-output", "print only ASCII"),
        flag('S', "sort-keys", "print the keys of objects in order"),
        flag('C', "color-output", "print in colours"),
        flag('M', "monochrome-output", "print without colours"),
        long("tab", "indent by tabs"),
        long("indent", "indent by N blanks, at most 7").takes(Takes::Value("N")),
        long("unbuffered", "write each result at once"),
        long("stream", "read inputs as paths and leaves"),
        long("stream-errors", "as --stream, and errors as values"),
        long("seq", "texts are marked by the RS character"),
        flag('f', "from-file", "the first operand is a file with the filter"),
        value('L', "library-path", "DIR", "look for modules in DIR"),
        flag('e', "exit-status", "let the last result set the status"),
        long("arg", "set $NAME to a string").takes(Takes::Value("NAME VALUE")),
        long("argjson", "set $NAME to a JSON value").takes(Takes::Value("NAME VALUE")),
        long("slurpfile", "set $NAME to the values in a file").takes(Takes::Value("NAME FILE")),
        long("rawfile", "set $NAME to the text of a file").takes(Takes::Value("NAME FILE")),
        long("args", "further operands are strings for $ARGS"),
        long("jsonargs", "further operands are JSON values for $ARGS"),
        flag('h', "help", "show this help"),
        flag('V', "version", "show the version"),
    ],
    words: &[],
    examples: &[
        Example {
            about: "Take a field of each element.",
            script: "echo '[{\"a\":1},{\"a\":2}]' | jq -c '.[] | .a'",
            prints: "1\n2\n",
        },
        Example {
            about: "Build an object from arguments.",
            script: "jq -n -c --arg who me '{hello: $who}'",
            prints: "{\"hello\":\"me\"}\n",
        },
    ],
    order: Order::Raw,
    usage_status: 2,
    subcommands: &[],
    usage_shows_synopsis: false,
    run: jq,
};

fn jq(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    match options::read(ctx, args.operands())? {
        options::Task::Help => {
            ctx.stdout.put(crate::args::help_text(&JQ).as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        options::Task::Version => {
            ctx.stdout.put(b"jq-1.7.1\n")?;
            Ok(ExitStatus::SUCCESS)
        }
        options::Task::Run(options) => run::run(ctx, *options),
    }
}
