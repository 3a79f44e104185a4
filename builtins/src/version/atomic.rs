//! `atomic`: run a command whose edits land together or not at all.

use std::sync::Arc;

use mesafs::mount::LandError;

use super::place::{RACED, versions};
use crate::prelude::*;

pub const ATOMIC: Command = Command {
    name: "atomic",
    synopsis: "atomic [-n] [--] COMMAND [ARG]...",
    summary: "Run COMMAND on a throw-away copy of the mounted repositories, and put what it edited in place at\nonce if it succeeds. If it fails, nothing has happened; where somebody has changed the same meanwhile,\nnothing has either, and the status is 5. Changes and bookmarks are only looked at in there.",
    options: &[flag('n', "dry-run", "land nothing; only COMMAND sees what it does")],
    examples: &[Example {
        about: "All of it, or nothing.",
        script: "atomic bash -c 'echo 1 > a; false'; ls\natomic bash -c 'echo 2 > a; echo 3 > b'; cat a b",
        prints: "2\n3\n",
    }],
    order: Order::First,
    usage_status: 125,
    run: atomic,
    ..Command::BASE
};

fn atomic(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.operands().is_empty() {
        return Err(usage("missing command"));
    }
    let fork = versions(ctx)?.fork().map_err(|error| failure(error.to_string()))?;
    ctx.stdout.flush()?;
    let fs = Arc::new(fork.files().clone()) as Arc<dyn FileSystem>;
    let spawn = Spawn { fs: Some(fs), ..Spawn::new(args.operands().to_vec()) };
    let name = args.operands().first().cloned().unwrap_or_default();
    let refused = |reason: &str, status| {
        Err(CommandError::Fail(
            format!("{}: {reason}", quoted(&name)).into_bytes(),
            ExitStatus(status),
        ))
    };
    let status = match ctx.host.run(spawn) {
        Ok(status) => status,
        Err(SpawnError::NotFound) => return refused(Errno::NoEnt.text(), 127),
        Err(SpawnError::NotExecutable(error)) => return refused(error.errno().text(), 126),
        Err(SpawnError::Limit(limit)) => return Err(limit.into()),
    };
    // What is cancelled has not succeeded.
    ctx.check()?;
    if !status.success() || args.has('n') {
        return Ok(status);
    }
    fork.land().map_err(|error| match error {
        LandError::Raced { .. } => {
            CommandError::Fail(format!("nothing landed: {error}").into_bytes(), RACED)
        }
        error => failure(format!("nothing landed: {error}")),
    })?;
    Ok(status)
}
