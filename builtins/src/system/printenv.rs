//! `printenv`: print all or part of the environment.
use crate::prelude::*;

pub const PRINTENV: Command = Command {
    name: "printenv",
    synopsis: "printenv [OPTION]... [VARIABLE]...",
    summary: "Print the values of the specified environment VARIABLE(s).\nIf no VARIABLE is specified, print name and value pairs for them all.",
    options: &[flag('0', "null", "end each output line with NUL, not newline")],
    examples: &[Example { about: "One.", script: "A=1 printenv A", prints: "1\n" }],
    order: Order::First,
    usage_status: 2,
    run: printenv,
    ..Command::BASE
};

fn printenv(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let end: &[u8] = if args.has('0') { b"\0" } else { b"\n" };
    if args.operands().is_empty() {
        for (name, value) in ctx.env {
            ctx.stdout.put(&[name.as_slice(), b"=", value, end].concat())?;
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let mut status = ExitStatus::SUCCESS;
    for name in args.operands() {
        match ctx.var(name).filter(|_| !name.contains(&b'=')) {
            Some(value) => {
                let line = [value.as_bytes(), end].concat();
                ctx.stdout.put(&line)?;
            }
            None => status = ExitStatus::FAILURE,
        }
    }
    Ok(status)
}
