//! `yes`: output a string repeatedly until killed.
use crate::prelude::*;

pub const YES: Command = Command {
    name: "yes",
    synopsis: "yes [STRING]...",
    summary: "Repeatedly output a line with all specified STRING(s), or 'y'.",
    examples: &[Example { about: "Twice.", script: "yes no | head -n 2", prints: "no\nno\n" }],
    run: yes,
    ..Command::BASE
};

fn yes(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let line = match args.operands() {
        [] => b"y\n".to_vec(),
        words => [bstr::join(b" ", words).as_slice(), b"\n"].concat(),
    };
    let block = Bytes::from(line.repeat((16 * 1024 / line.len()).max(1)));
    loop {
        ctx.check()?;
        ctx.stdout.put_bytes(block.clone())?;
    }
}
