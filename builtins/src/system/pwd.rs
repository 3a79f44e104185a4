//! `pwd`: print the name of the working directory.
use crate::prelude::*;

pub const PWD: Command = Command {
    name: "pwd",
    synopsis: "pwd [OPTION]...",
    summary: "Print the full filename of the current working directory.",
    options: &[
        flag('L', "logical", "use PWD from environment, even if it contains symlinks"),
        flag('P', "physical", "avoid all symlinks"),
    ],
    examples: &[Example { about: "Where am I?", script: "cd /tmp; /bin/pwd", prints: "/tmp\n" }],
    run: pwd,
    ..Command::BASE
};

fn pwd(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if !args.operands().is_empty() {
        ctx.complain("ignoring non-option arguments")?;
    }
    let real = match ctx.fs.canonicalize(&ctx.cwd) {
        Ok(real) => real,
        Err(error) => {
            return Err(failure(format!("couldn't find directory entry in '..': {error}")));
        }
    };
    let logical = match ctx.var("PWD") {
        Some(path) if args.last_of("LP") == Some('L') => logical(ctx, path, &real),
        _ => None,
    };
    let path = logical.unwrap_or_else(|| real.into());
    ctx.stdout.put(&path)?;
    ctx.stdout.put(b"\n")?;
    Ok(ExitStatus::SUCCESS)
}

/// PWD, if it is an absolute path without dots that leads here (POSIX `pwd -L`).
fn logical(ctx: &Context<'_>, path: &BStr, real: &mesafs::RealPath) -> Option<BString> {
    let vpath = VPath::new(path).ok()?;
    let dots = vpath.components().any(|part| matches!(part, b"." | b".."));
    let here = !dots && ctx.fs.canonicalize(&vpath).is_ok_and(|leads| leads == *real);
    here.then(|| path.into())
}
