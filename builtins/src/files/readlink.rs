//! `readlink`: print resolved symbolic links or canonical file names.
use super::realpath::{Missing, resolve};
use crate::prelude::*;

pub const READLINK: Command = Command {
    name: "readlink",
    synopsis: "readlink [OPTION]... FILE...",
    summary: "Print value of a symbolic link or canonical file name",
    options: &[
        flag(
            'f',
            "canonicalize",
            "canonicalize by following every symlink in every component of the given name recursively; all but the last component must exist",
        ),
        flag('e', "canonicalize-existing", "canonicalize, all components must exist"),
        flag(
            'm',
            "canonicalize-missing",
            "canonicalize, without requirements on components existence",
        ),
        flag('n', "no-newline", "do not output the trailing delimiter"),
        flag('q', "quiet", "suppress most error messages (default)"),
        flag('s', "silent", "suppress most error messages (default)"),
        flag('v', "verbose", "report error messages"),
        flag('z', "zero", "end each output line with NUL, not newline"),
    ],
    examples: &[Example {
        about: "Where a link leads.",
        script: "ln -s a/b l; readlink l",
        prints: "a/b\n",
    }],
    run: readlink,
    ..Command::BASE
};

fn readlink(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing operand"));
    }
    let mut no_newline = args.has('n');
    if no_newline && args.operands().len() > 1 {
        ctx.complain("ignoring --no-newline with multiple arguments")?;
        no_newline = false;
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in args.operands() {
        let name = operand.as_bstr();
        let value = match args.last_of("fem") {
            Some('f') => resolve(ctx, name, Missing::Last),
            Some('e') => resolve(ctx, name, Missing::None),
            Some(_) => resolve(ctx, name, Missing::Any),
            None => ctx.path(name).and_then(|path| ctx.read_link(&path)),
        };
        match value {
            Ok(value) => {
                ctx.stdout.put(&value)?;
                if !no_newline {
                    ctx.stdout.put(if args.has('z') { b"\0" } else { b"\n" })?;
                }
            }
            Err(error) => {
                if args.last_of("vqs") == Some('v') {
                    let shown = quoted_name(name);
                    ctx.complain(format_args!("{shown}: {error}"))?;
                }
                status = ExitStatus::FAILURE;
            }
        }
    }
    Ok(status)
}
