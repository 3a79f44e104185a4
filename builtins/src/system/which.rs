//! `which`: locate a command.
use crate::prelude::*;

pub const WHICH: Command = Command {
    name: "which",
    synopsis: "which [-as] command ...",
    summary: "Print the path of each command, as PATH look-up finds it.",
    options: &[
        short('a', "print all matching pathnames of each argument"),
        short('s', "print nothing, only set the exit status"),
    ],
    examples: &[Example { about: "Where is cat?", script: "which cat", prints: "/usr/bin/cat\n" }],
    run: which,
    ..Command::BASE
};

fn which(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let mut status = ExitStatus::SUCCESS;
    if args.operands().is_empty() {
        return Ok(ExitStatus::FAILURE);
    }
    for name in args.operands() {
        let found = ctx.host.which(name.as_bstr(), args.has('a'));
        if found.is_empty() {
            status = ExitStatus::FAILURE;
        }
        for path in found.iter().filter(|_| !args.has('s')) {
            ctx.stdout.put(path)?;
            ctx.stdout.put(b"\n")?;
        }
    }
    Ok(status)
}
