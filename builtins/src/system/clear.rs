//! `clear`: clear the terminal screen.

use crate::prelude::*;

pub const CLEAR: Command = Command {
    name: "clear",
    synopsis: "clear [-x]",
    summary: "Clear the terminal's screen and, without -x, its scrollback.",
    options: &[
        short('x', "do not clear the scrollback buffer"),
        short('T', "(ignored)").takes(Takes::Value("TERM")),
    ],
    examples: &[Example {
        about: "What it writes.",
        script: "clear -x | od -An -c",
        prints: " 033   [   H 033   [   2   J\n",
    }],
    run: clear,
    ..Command::BASE
};

fn clear(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let all: &[u8] = if args.has('x') { b"\x1b[H\x1b[2J" } else { b"\x1b[H\x1b[2J\x1b[3J" };
    ctx.stdout.put(all)?;
    Ok(ExitStatus::SUCCESS)
}
