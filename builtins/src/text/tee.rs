//! `tee`: copy standard input to files and to standard output.
use std::sync::Arc;

use crate::args::choice::{Choice, choose};
use crate::prelude::*;
use crate::stream::Stream;

pub const TEE: Command = Command {
    name: "tee",
    synopsis: "tee [OPTION]... [FILE]...",
    summary: "Copy standard input to each FILE, and also to standard output.",
    options: &[
        flag('a', "append", "append to the given FILEs, do not overwrite"),
        flag('i', "ignore-interrupts", "(ignored)"),
        short('p', "(ignored)"),
        long("output-error", "(ignored)").takes(Takes::Optional("MODE")),
    ],
    examples: &[Example {
        about: "Keep what passes.",
        script: "echo hi | tee kept | tr a-z A-Z; cat kept",
        prints: "HI\nhi\n",
    }],
    run: tee,
    ..Command::BASE
};

/// What `--output-error` takes: what cannot be written is always told, and ends nothing.
const MODES: &[Choice<u8>] =
    &[(&["warn"], 0), (&["warn-nopipe"], 1), (&["exit"], 2), (&["exit-nopipe"], 3)];

fn tee(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if let Some(mode) = args.value("output-error") {
        choose("--output-error", mode, MODES)?;
    }
    let mode = 0o666 & !ctx.umask;
    let options =
        if args.has('a') { OpenOptions::appending(mode) } else { OpenOptions::writing(mode) };
    let mut status = ExitStatus::SUCCESS;
    let mut files: Vec<(BString, Arc<dyn Stream>)> = Vec::new();
    for operand in args.operands() {
        match ctx.open_stream(operand, &options) {
            Ok(stream) => files.push((operand.clone(), stream)),
            Err(error) => {
                let shown = quoted_name(operand);
                ctx.complain(format_args!("{shown}: {error}"))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    loop {
        let chunk = ctx.stdin.chunk()?;
        if chunk.is_empty() {
            return Ok(status);
        }
        // A file that cannot be written drops out; the others go on.
        let mut kept = Vec::with_capacity(files.len());
        for (name, stream) in files {
            match stream.write(chunk.clone(), &ctx.cancel) {
                Ok(()) => kept.push((name, stream)),
                Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
                Err(error) => {
                    let shown = quoted_name(&name);
                    ctx.complain(format_args!("{shown}: {error}"))?;
                    status = ExitStatus::FAILURE;
                }
            }
        }
        files = kept;
        ctx.stdout.put_bytes(chunk)?;
        ctx.stdout.flush()?;
    }
}
