//! `bc`: arbitrary-precision arithmetic, as GNU's has it.
//!
//! Each unit of input (a line, or what braces hold together) is compiled to instructions
//! (`parse`) and run (`run`) before the next is read. Nothing recurses at run time.

mod lex;
mod math;
mod number;
mod output;
mod parse;
mod run;

use crate::prelude::*;

pub const BC: Command = Command {
    name: "bc",
    synopsis: "bc [OPTION]... [FILE]...",
    summary: "Calculate with numbers of any precision: run the statements in the FILEs, then those in standard input.",
    options: &[
        flag('l', "mathlib", "define s, c, a, l, e and j, and set scale to 20"),
        flag('q', "quiet", "print no banner"),
        flag('i', "interactive", "(accepted)"),
        flag('s', "standard", "(accepted)"),
        flag('w', "warn", "(accepted)"),
        flag('h', "help", "show this help"),
        flag('v', "version", "show the version"),
    ],
    examples: &[
        Example {
            about: "Powers of any size.",
            script: "echo '2^70' | bc",
            prints: "1180591620717411303424\n",
        },
        Example { about: "With a scale.", script: "echo 'scale=5; 2/3' | bc", prints: ".66666\n" },
    ],
    run: bc,
    ..Command::BASE
};

fn bc(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    if args.has('h') {
        ctx.stdout.put(crate::args::help_text(&BC).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    if args.has('v') {
        ctx.stdout.put(crate::args::version_text(&BC).as_bytes())?;
        return Ok(ExitStatus::SUCCESS);
    }
    let width = match ctx.var("BC_LINE_LENGTH").and_then(|width| width.to_str().ok()?.parse().ok())
    {
        Some(0) => 0,
        Some(width) if width > 2 => width,
        _ => 70,
    };
    let mut session = run::Session::new(ctx, args.has('l'), width);
    for name in args.operands() {
        let text = match session.ctx.open(name).and_then(|mut input| input.rest()) {
            Ok(text) => text,
            Err(error) if error.errno() == Errno::Canceled => return Err(error.into()),
            Err(_) => {
                session.ctx.stderr.put(format!("File {name} is unavailable.\n").as_bytes())?;
                return Ok(ExitStatus::FAILURE);
            }
        };
        let name = String::from_utf8_lossy(name).into_owned();
        if session.text(&name, &text)? == run::Flow::Quit {
            return Ok(ExitStatus::SUCCESS);
        }
    }
    session.stdin()?;
    Ok(ExitStatus::SUCCESS)
}
