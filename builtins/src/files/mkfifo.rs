//! `mkfifo`, `mknod`: there are no special files in a repository; the message says so.

use super::mode::Mode;
use crate::prelude::*;

pub const MKFIFO: Command = Command {
    name: "mkfifo",
    synopsis: "mkfifo [OPTION]... NAME...",
    summary: "Create named pipes (FIFOs) with the given NAMEs.\nA mounted file system holds files, folders and symbolic links: use a pipeline or <(...).",
    options: &[
        value('m', "mode", "MODE", "set file permission bits to MODE"),
        short('Z', "(ignored)"),
    ],
    examples: &[Example {
        about: "What it says.",
        script: "mkfifo p 2>&1 || echo \"status $?\"",
        prints: "mkfifo: cannot create fifo 'p': Operation not supported (repositories hold no pipes)\nstatus 1\n",
    }],
    run: mkfifo,
    ..Command::BASE
};

fn mkfifo(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    if args.value('m').is_some_and(|mode| Mode::parse(mode).is_none()) {
        return Err(failure("invalid mode"));
    }
    for name in args.operands() {
        let shown = quoted(name);
        let found = ctx.path(name).and_then(|path| ctx.fs.symlink_metadata(&path));
        let reason = match found {
            Ok(_) => Errno::Exist.to_string(),
            Err(_) => format!("{} (repositories hold no pipes)", Errno::NotSup),
        };
        ctx.complain(format_args!("cannot create fifo {shown}: {reason}"))?;
    }
    Ok(ExitStatus::FAILURE)
}
