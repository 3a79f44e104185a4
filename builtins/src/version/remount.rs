//! `remount`: a new access token for whoever is at the prompt.

use mesafs::Errno;

use super::place::UNAUTHORIZED;
use super::subcommand::at_most;
use crate::prelude::*;

pub const REMOUNT: Command = Command {
    name: "remount",
    synopsis: "remount",
    summary: "Mount the same repositories again under a new access token, each at the change that it is on.\nOnly at a prompt. /tmp stays as it is; what was done before cannot be undone any more, and files\nthat are open keep the old token.",
    options: &[],
    examples: &[Example {
        about: "A script keeps the token that it was given.",
        script: "remount 2>&1 | cut -d : -f 2",
        prints: " only at a prompt\n",
    }],
    usage_status: 2,
    run: remount,
    ..Command::BASE
};

fn remount(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    at_most(args, 0)?;
    match ctx.fs.remount() {
        Ok(seconds) => {
            let line = format!("mounted anew: the access token is good for {seconds} seconds\n");
            ctx.stdout.put(line.as_bytes())?;
            Ok(ExitStatus::SUCCESS)
        }
        Err(error) if error.errno() == Errno::NotSup => {
            ctx.complain("only at a prompt: a script keeps the access token that it was given")?;
            Ok(ExitStatus::FAILURE)
        }
        Err(error) => {
            ctx.complain(error)?;
            Ok(UNAUTHORIZED)
        }
    }
}
