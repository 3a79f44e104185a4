//! `nproc` and `tty`: the machine that the shell shows has one processor and, at a prompt, a terminal.
use crate::prelude::*;

pub const NPROC: Command = Command {
    name: "nproc",
    synopsis: "nproc [OPTION]...",
    summary: "Print the number of processing units available to the current process,\nwhich may be less than the number of online processors.",
    options: &[
        long("all", "print the number of installed processors"),
        long("ignore", "if possible, exclude N processing units").takes(Takes::Value("N")),
    ],
    examples: &[Example { about: "The processors.", script: "nproc", prints: "1\n" }],
    run: nproc,
    ..Command::BASE
};

pub const TTY: Command = Command {
    name: "tty",
    synopsis: "tty [OPTION]...",
    summary: "Print the file name of the terminal connected to standard input.",
    options: &[
        flag('s', "silent", "print nothing, only return an exit status"),
        long("quiet", "the same as --silent"),
    ],
    examples: &[Example {
        about: "Standard input is no terminal.",
        script: "tty < /dev/null",
        prints: "not a tty\n",
    }],
    usage_status: 2,
    run: tty,
    ..Command::BASE
};

fn nproc(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if let Some(extra) = args.operands().first() {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    if let Some(ignored) = args.value("ignore")
        && ignored.to_str().ok().and_then(|text| text.parse::<u64>().ok()).is_none()
    {
        return Err(failure(format!("invalid number: {}", marked(ignored))));
    }
    ctx.stdout.put(b"1\n")?;
    Ok(ExitStatus::SUCCESS)
}

fn tty(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if let Some(extra) = args.operands().first() {
        return Err(usage(format!("extra operand {}", marked(extra))));
    }
    let terminal = ctx.stdin.stream().is_terminal();
    if !args.has('s') && !args.has("quiet") {
        ctx.stdout.put(if terminal { b"/dev/tty\n" } else { b"not a tty\n" })?;
    }
    Ok(if terminal { ExitStatus::SUCCESS } else { ExitStatus::FAILURE })
}
