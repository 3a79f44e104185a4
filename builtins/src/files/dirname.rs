//! `dirname`: strip the last component from file names.
use crate::prelude::*;

pub const DIRNAME: Command = Command {
    name: "dirname",
    synopsis: "dirname [OPTION] NAME...",
    summary: "Output each NAME with its last non-slash component and trailing slashes\nremoved; if NAME contains no /'s, output '.' (meaning the current directory).",
    options: &[flag('z', "zero", "end each output line with NUL, not newline")],
    examples: &[Example {
        about: "Each name in turn.",
        script: "dirname dir1/str dir2/str stdio.h",
        prints: "dir1\ndir2\n.\n",
    }],
    run: dirname,
    ..Command::BASE
};

fn dirname(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    for name in args.operands() {
        ctx.stdout.put(parent_name(name))?;
        ctx.stdout.put(if args.has('z') { b"\0" } else { b"\n" })?;
    }
    Ok(ExitStatus::SUCCESS)
}

pub(super) fn parent_name(name: &[u8]) -> &[u8] {
    let slash = |letter| letter == '/';
    let trimmed = name.trim_end_with(slash);
    let Some(at) = trimmed.rfind_byte(b'/') else {
        return if trimmed.is_empty() && !name.is_empty() { b"/" } else { b"." };
    };
    match trimmed[..at].trim_end_with(slash) {
        // POSIX lets `//` stand for itself; GNU keeps the slashes as they came, one at least.
        b"" => b"/",
        parent => parent,
    }
}
