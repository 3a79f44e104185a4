//! `echo`: display a line of text. What the shell has built in, as a program.
use crate::core::echo;
use crate::core::escape::Style;
use crate::prelude::*;

pub const ECHO: Command = Command {
    name: "echo",
    synopsis: "echo [SHORT-OPTION]... [STRING]...\necho LONG-OPTION",
    summary: "Echo the STRING(s) to standard output.",
    options: &[
        short('n', "do not output the trailing newline"),
        short('e', "enable interpretation of backslash escapes"),
        short('E', "disable interpretation of backslash escapes (default)"),
    ],
    examples: &[Example {
        about: "Two lines out of one word.",
        script: "/bin/echo -e 'a\\nb'",
        prints: "a\nb\n",
    }],
    order: Order::Raw,
    run: echo,
    ..Command::BASE
};

fn echo(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    // Only as the sole argument, and not for a strict POSIX environment.
    if let [only] = args.operands()
        && ctx.var("POSIXLY_CORRECT").is_none()
    {
        let text = match only.as_bytes() {
            b"--help" => Some(crate::args::help_text(&ECHO)),
            b"--version" => Some(crate::args::version_text(&ECHO)),
            _ => None,
        };
        if let Some(text) = text {
            ctx.stdout.put(text.as_bytes())?;
            return Ok(ExitStatus::SUCCESS);
        }
    }
    let mut out = Vec::new();
    echo::echo_as(Style::Program, args.operands(), false, &mut out);
    ctx.stdout.put(&out)?;
    Ok(ExitStatus::SUCCESS)
}
